/* What every answer carries, and its bytes one after the other. */
#include "answer.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

#include "admission.h"
#include "cors.h"
#include "number.h"
#include "secmaster/log.h"
#include "secmaster/store.h"
#include "service.h"

static bool
has_header(const struct response *response, const char *name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (str_equal(response->headers[i].name, str_of(name)))
            return true;
    return false;
}

/* Takes no memory: the answer that there is none has these headers too. */
static void
stamp(struct response *response, const char *name, struct str value)
{
    assert(response->header_count < RESPONSE_HEADERS_MAX);
    response->headers[response->header_count++] =
        (struct pair){ str_of(name), value };
}

/* Errors pass; and what has no name is made anew each time. */
static struct str
cache_control(const struct response *response)
{
    return response->is_final && response->has_tag
               ? STR("private, max-age=31536000, immutable")
               : STR("private, no-cache");
}

/* Answers to other origins are told apart by caches, whoever asks. */
static void
stamp_cors(const struct request *request, struct response *response)
{
    bool is_on = request->service->cors_origin_count > 0;
    struct pair headers[CORS_HEADERS_MAX];
    size_t count = cors_headers(request, response, headers);

    for (size_t i = 0; i < count; i++)
        stamp(response, headers[i].name.data, headers[i].value);
    if (is_on)
        stamp(response, "Vary", STR("Accept, Accept-Encoding, Origin"));
    else if (response->status != 204)
        stamp(response, "Vary", STR("Accept, Accept-Encoding"));
}

void
answer_stamp(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct response *response = &exchange->response;
    uint64_t tx = response->tx;

    stamp(response, "X-Request-Id", request->id);
    stamp(response, "X-Content-Type-Options", STR("nosniff"));
    if (response->status == 503 && !has_header(response, "Retry-After"))
        stamp(response, "Retry-After", STR("1"));
    stamp_cors(request, response);
    if (response->coding == CODING_GZIP && response->status != 304)
        stamp(response, "Content-Encoding", STR("gzip"));
    if (validator_print(response, exchange->etag))
        stamp(response, "ETag", str_of(exchange->etag));
    if (request->method == METHOD_GET || request->method == METHOD_HEAD)
        stamp(response, "Cache-Control", cache_control(response));
    if (!admission_is_versioned(request))
        return;
    if (!response->tx_set)
        tx = store_newest(request->service->store);
    stamp(response, "Secmaster-Tx", number_text(tx, exchange->tx));
}

const char *
answer_content_type(const struct exchange *exchange)
{
    const struct response *response = &exchange->response;

    if (response->status == 204 || response->status == 304)
        return NULL;
    if (response->content_type != NULL)
        return response->content_type;
    return response->media == MEDIA_NONE ? NULL : media_type(response->media);
}

struct str
answer_text(const struct exchange *exchange)
{
    const struct response *response = &exchange->response;

    return response->fixed.data != NULL ? response->fixed
                                        : out_text(&response->body);
}

void
answer_early(struct exchange *exchange, const char *reason, struct out *out)
{
    const struct response *response = &exchange->response;
    const char *type = answer_content_type(exchange);
    struct str text = answer_text(exchange);

    assert(response->stream == NULL);

    out_print(out, "HTTP/1.1 %d %s\r\n", response->status, reason);
    if (type != NULL)
        out_print(out, "Content-Type: %s\r\n", type);
    for (size_t i = 0; i < response->header_count; i++)
        out_print(out, "%s: %s\r\n", response->headers[i].name.data,
                  response->headers[i].value.data);
    out_print(out, "Connection: close\r\nContent-Length: %zu\r\n\r\n",
              text.len);
    out_str(out, text);
}

/* Of a stream, two chunks: its body's memory is doubled up to one and a row. */
static uint64_t
bytes_held(const struct response *response)
{
    uint64_t bytes = response->body.capacity, small = STREAM_CHUNK_BYTES;

    if (response->stream != NULL) {
        bytes += response->stream->bytes_held;
        small = 2 * STREAM_CHUNK_BYTES;
    }
    return bytes <= small || response->status != 200 ? 0 : bytes;
}

/* A slow reader holds its answer: all of them together have a bound. Small
 * ones are bounded by the number of connections. What is stored is told. */
bool
answer_count(struct exchange *exchange)
{
    atomic_uint_least64_t *in_flight =
        &exchange->request.service->answer_bytes_in_flight;
    uint64_t before = exchange->answer_counted;
    uint64_t bytes = bytes_held(&exchange->response);

    if (bytes <= before) {
        atomic_fetch_sub(in_flight, before - bytes);
    } else if (atomic_fetch_add(in_flight, bytes - before) + bytes - before >
               ANSWER_BYTES_IN_FLIGHT_MAX) {
        atomic_fetch_sub(in_flight, bytes - before);
        return false;
    }
    exchange->answer_counted = bytes;
    return true;
}

static bool
fill(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    enum err err;

    /* A row is written whole, however wide; that memory is not kept. */
    out_empty(&response->body, 2 * STREAM_CHUNK_BYTES);
    exchange->stream_at = 0;
    if (exchange->stream_done)
        return true;
    exchange->stream_turns++;
    exchange_note(exchange);
    err = response->stream->fill(response->stream, &response->body,
                                 &exchange->stream_done);
    exchange_note_end();
    if (err == OK)
        err = out_finish(&response->body);
    if (err != OK)
        return false;
    if (answer_count(exchange))
        return true;
    log_event(LOG_WARN, "stream-cut", "too many large answers are being read");
    return false;
}

ssize_t
answer_stream(struct exchange *exchange, char *data, size_t size)
{
    struct out *body = &exchange->response.body;
    size_t left;

    assert(size > 0);

    if (exchange->origin->is_over)
        return ANSWER_CUT;
    if (exchange->stream_at == body->len && !fill(exchange))
        return ANSWER_CUT;
    left = body->len - exchange->stream_at;
    if (left == 0 && exchange->stream_done)
        return ANSWER_END;
    if (left == 0)
        return answer_waits(exchange) ? ANSWER_WAITS : ANSWER_LATER;
    if (size > left)
        size = left;
    memcpy(data, body->data + exchange->stream_at, size);
    exchange->stream_at += size;
    exchange->bytes_out += size;
    return (ssize_t)size;
}

bool
answer_waits(const struct exchange *exchange)
{
    const struct stream *stream;

    /* Before that the response is whose turn it is: a worker's, maybe. */
    if (exchange->state != EXCHANGE_ANSWERED)
        return false;
    stream = exchange->response.stream;
    return stream != NULL && stream->waits;
}

bool
answer_part_home(struct exchange *exchange, struct inbox_item *item)
{
    struct stream *stream = exchange->response.stream;
    bool waited = stream->waits;

    assert(exchange->state == EXCHANGE_ANSWERED);

    stream->home(stream, item);
    if (!exchange->is_left)
        return waited && !stream->waits;
    if (stream->jobs == 0)
        exchange_free(exchange);
    return false;
}
