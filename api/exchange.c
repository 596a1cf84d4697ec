/* The life of a request: head, body, handler, perhaps a wait, answer. */
#include "exchange.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admission.h"
#include "answer.h"
#include "field.h"
#include "intake.h"
#include "metrics.h"
#include "packing.h"
#include "route.h"
#include "secmaster/clock.h"
#include "secmaster/log.h"
#include "secmaster/panic.h"
#include "service.h"
#include "submission.h"

struct exchange *
exchange_new(struct origin *origin, struct str target)
{
    struct exchange *exchange = calloc(1, sizeof *exchange);
    struct request *request;

    if (exchange == NULL)
        return NULL;
    exchange->origin = origin;
    exchange->began_us = clock_monotonic_us();
    arena_init(&exchange->arena, REQUEST_ARENA_BYTES_MAX);
    out_init(&exchange->response.body, ANSWER_BYTES_MAX);
    exchange->response.media = MEDIA_NONE;
    origin->in_flight++;

    request = &exchange->request;
    request->arena = &exchange->arena;
    request->service = origin->service;
    request->home = origin->home;
    request->method = METHOD_OTHER;
    request->media = MEDIA_JSON;
    request->body_media = MEDIA_NONE;
    request->target = arena_copy(&exchange->arena, target);
    if (request->target.data == NULL) {
        exchange_free(exchange);
        return NULL;
    }
    /* A head that is refused before it is looked into names its path too. */
    request->path = request->target;
    request->path.len = strcspn(request->path.data, "?");
    return exchange;
}

/* Whether some are out that cannot be taken back. */
static bool
has_jobs(struct stream *stream)
{
    if (stream == NULL || stream->jobs == 0)
        return false;
    stream->leave(stream);
    return stream->jobs > 0;
}

void
exchange_free(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct response *response = &exchange->response;

    assert(exchange->state != EXCHANGE_WAITING);

    if (has_jobs(response->stream)) {
        exchange->is_left = true;
        return;
    }
    if (request->state != NULL)
        request->route->endpoint->drop(request);
    if (response->stream != NULL)
        response->stream->free(response->stream);
    submission_end(request);
    atomic_fetch_sub(&request->service->body_bytes_in_flight,
                     exchange->bytes_counted);
    atomic_fetch_sub(&request->service->answer_bytes_in_flight,
                     exchange->answer_counted);
    exchange->origin->in_flight--;
    intake_fini(exchange);
    out_fini(&response->body);
    arena_fini(&exchange->arena);
    free(exchange);
}

struct exchange *
exchange_of(struct inbox_item *item)
{
    assert(item->owner != NULL);

    return item->owner;
}

/* A dying process says which request it was busy with. */
void
exchange_note(const struct exchange *exchange)
{
    const struct route *route = exchange->request.route;

    panic_note(exchange->request.id.data, route == NULL ? NULL : route->path);
}

void
exchange_note_end(void)
{
    panic_note(NULL, NULL);
}

/* Give up an answer that is whole, and its memory. */
static void
refuse_answer(struct exchange *exchange)
{
    struct response *response = &exchange->response;

    out_fini(&response->body);
    out_init(&response->body, ANSWER_BYTES_MAX);
    response->header_count = 0;
    problem_set(&exchange->request, response, PROBLEM_UNAVAILABLE,
                "too many large answers are being read");
}

static void
finish(struct exchange *exchange)
{
    struct request *request = &exchange->request;
    struct response *response = &exchange->response;
    enum err err = out_finish(&response->body);

    assert(response->status != 0);
    assert(exchange->state != EXCHANGE_ANSWERED);

    if (err != OK)
        problem_err(request, response, err, NULL);
    packing_apply(exchange);
    validator_end(request, response);
    if (!answer_count(exchange))
        refuse_answer(exchange);
    answer_stamp(exchange);
    if (response->close || atomic_load(&request->service->draining))
        exchange->close = true;
    exchange->state = EXCHANGE_ANSWERED;
}

static bool
is_sane_id(struct str id)
{
    static const char marks[] = "._-";

    for (size_t i = 0; i < id.len; i++) {
        char c = id.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool digit = c >= '0' && c <= '9';

        if (!letter && !digit && (c == '\0' || strchr(marks, c) == NULL))
            return false;
    }
    return id.len > 0 && id.len <= REQUEST_ID_BYTES_MAX;
}

static bool
set_id(struct exchange *exchange)
{
    struct str id = request_header(&exchange->request, "X-Request-Id");

    if (!is_sane_id(id))
        id = origin_new_id(exchange->origin, &exchange->arena);
    exchange->request.id = id;
    return id.data != NULL;
}

/* The parser's buffer is used again for the body. */
static bool
copy_head(struct exchange *exchange, const struct gate_head *head)
{
    struct request *request = &exchange->request;
    struct arena *arena = &exchange->arena;
    struct pair *copies =
        arena_zalloc(arena, head->header_count, sizeof *copies);

    request->method_text = arena_copy(arena, head->method);
    if (copies == NULL || request->method_text.data == NULL)
        return false;
    for (size_t i = 0; i < head->header_count; i++) {
        const struct pair *header = &head->headers[i];

        copies[i].name = arena_copy(arena, header->name);
        copies[i].value = arena_copy(arena, field_trim(header->value));
        if (copies[i].name.data == NULL || copies[i].value.data == NULL)
            return false;
    }
    request->headers = copies;
    request->header_count = head->header_count;
    return true;
}

static void
end_early(struct exchange *exchange)
{
    exchange->early = true;
    exchange->response.close = true;
    finish(exchange);
}

/*
 * A client in the middle of its body must not be reset before it has seen the
 * answer. A small rest is read and dropped, and the connection lives on; of a
 * large one only as much as it takes the client to notice; one that waits for
 * leave to send has sent nothing.
 */
static void
refuse_head(struct exchange *exchange)
{
    struct request *request = &exchange->request;

    if (request->body_length >= 0 && request->body_length <= DROPPED_BYTES_MAX)
        return;
    if (request_header(request, "Expect").data == NULL) {
        end_early(exchange);
        return;
    }
    exchange->response.close = true;
    finish(exchange);
}

/* A head past its size may have left the parser no room for an answer's. */
static void
refuse_doubt(struct exchange *exchange, enum problem problem)
{
    if (problem == PROBLEM_HEAD_TOO_LARGE || problem == PROBLEM_URI_TOO_LONG) {
        end_early(exchange);
        return;
    }
    exchange->response.close = true;
    finish(exchange);
}

bool
exchange_head(struct exchange *exchange, struct gate_head *head)
{
    struct request *request = &exchange->request;
    struct response *response = &exchange->response;
    enum problem problem;
    const char *detail;

    assert(exchange->state == EXCHANGE_NEW);

    head->target = request->target;
    if (!copy_head(exchange, head) || !set_id(exchange))
        return false;
    if (!gate_check(head, &problem, &detail)) {
        metrics_refused(request->service->metrics);
        problem_set(request, response, problem, "%s", detail);
        refuse_doubt(exchange, problem);
        return true;
    }
    exchange->state = EXCHANGE_READING;
    exchange_note(exchange);
    admission_check(request, response);
    if (response->status == 0) {
        response->media = request->media;
        if (request->route->endpoint->bodies != 0)
            request->route->endpoint->begin(request, response);
    }
    exchange_note_end();
    if (response->status != 0)
        refuse_head(exchange);
    return true;
}

/* The head is not there. */
static void
refuse_unseen(struct exchange *exchange, enum problem problem,
              const char *detail)
{
    struct request *request = &exchange->request;

    assert(exchange->state == EXCHANGE_NEW);

    if (!set_id(exchange))
        request->id = STR("");
    request->method_text = STR("");
    metrics_refused(request->service->metrics);
    problem_set(request, &exchange->response, problem, "%s", detail);
    end_early(exchange);
}

bool
exchange_target(struct exchange *exchange)
{
    enum problem problem;
    const char *detail;

    if (gate_check_target(exchange->request.target, &problem, &detail))
        return true;
    refuse_unseen(exchange, problem, detail);
    return false;
}

void
exchange_unseen(struct exchange *exchange, const char *content_length)
{
    bool is_number = content_length != NULL && content_length[0] != '\0' &&
                     content_length[strspn(content_length, "0123456789")] == 0;

    if (is_number)
        refuse_unseen(exchange, PROBLEM_TOO_LARGE,
                      "the Content-Length is past any limit");
    else
        refuse_unseen(exchange, PROBLEM_MALFORMED_REQUEST,
                      "the head cannot be parsed");
}

static bool
take_piece(struct exchange *exchange, struct str piece)
{
    struct request *request = &exchange->request;
    bool is_in_bounds;

    request->body_bytes += piece.len;
    if (exchange->early)
        return request->body_bytes <=
               request->service->body_bytes_max + DRAINED_BYTES_MAX;
    assert(exchange->state == EXCHANGE_READING);
    submission_piece(request, piece);

    exchange_note(exchange);
    is_in_bounds = intake_piece(exchange, piece);
    exchange_note_end();
    if (!is_in_bounds)
        end_early(exchange);
    return true;
}

/* Of a packed body so little that what it unpacks to has a bound, too. */
static struct str
cut_slice(const struct exchange *exchange, struct str *rest)
{
    struct str slice = *rest;

    if (exchange->request.body_coding == CODING_GZIP &&
        exchange->response.status == 0 && slice.len > PACKED_SLICE_BYTES)
        slice.len = PACKED_SLICE_BYTES;
    rest->data += slice.len;
    rest->len -= slice.len;
    return slice;
}

bool
exchange_piece(struct exchange *exchange, struct str *rest)
{
    uint64_t before = exchange->unpacked_bytes;

    do {
        if (!take_piece(exchange, cut_slice(exchange, rest)))
            return false;
    } while (rest->len > 0 &&
             exchange->unpacked_bytes - before < UNPACKED_TURN_BYTES);
    exchange->has_rest = rest->len > 0;
    return true;
}

static void
run_on_worker(struct worker_job *job)
{
    struct exchange *exchange = exchange_of(&job->item);

    exchange_note(exchange);
    exchange->request.route->endpoint->handle(&exchange->request,
                                              &exchange->response);
    exchange_note_end();
    assert(exchange->response.status != 0);
    if (exchange->response.stream == NULL)
        packing_apply(exchange);
}

static void
pack_on_worker(struct worker_job *job)
{
    packing_apply(exchange_of(&job->item));
}

static enum err
send_to_worker(struct exchange *exchange, void (*run)(struct worker_job *job))
{
    struct request *request = &exchange->request;
    struct worker_job *job = &exchange->job;
    enum exchange_state before = exchange->state;
    enum err err;

    job->item.home = request->home;
    job->item.owner = request;
    job->run = run;
    exchange->state = EXCHANGE_WAITING;
    err = workers_submit(request->service->workers, job);
    if (err != OK)
        exchange->state = before;
    return err;
}

static void
finish_or_wait(struct exchange *exchange)
{
    if (exchange->response.status != 0) {
        if (!packing_takes_long(exchange) ||
            send_to_worker(exchange, pack_on_worker) != OK)
            finish(exchange);
        return;
    }
    assert(exchange->request.route->endpoint->resume != NULL);
    exchange->state = EXCHANGE_WAITING;
}

void
exchange_whole(struct exchange *exchange, size_t trailer_bytes)
{
    const struct route *route = exchange->request.route;

    assert(exchange->state == EXCHANGE_READING);

    if (trailer_bytes > TRAILER_BYTES_MAX) {
        problem_set(&exchange->request, &exchange->response,
                    PROBLEM_HEAD_TOO_LARGE, "the trailers are too large");
        end_early(exchange);
        return;
    }
    if (exchange->response.status == 0)
        intake_end(exchange);
    if (exchange->response.status != 0) {
        finish(exchange);
        return;
    }
    if (route->endpoint->place == ON_WORKER) {
        enum err err = send_to_worker(exchange, run_on_worker);

        if (err == OK)
            return;
        problem_err(&exchange->request, &exchange->response, err, NULL);
        finish(exchange);
        return;
    }
    exchange_note(exchange);
    route->endpoint->handle(&exchange->request, &exchange->response);
    exchange_note_end();
    finish_or_wait(exchange);
}

void
exchange_home(struct exchange *exchange)
{
    const struct endpoint *endpoint = exchange->request.route->endpoint;

    assert(exchange->state == EXCHANGE_WAITING);

    if (exchange->response.status == 0) {
        exchange_note(exchange);
        endpoint->resume(&exchange->request, &exchange->response);
        exchange_note_end();
    }
    finish_or_wait(exchange);
}

void
exchange_end(const struct exchange *exchange)
{
    const struct request *request = &exchange->request;
    const struct response *response = &exchange->response;
    const struct route *route = request->route;
    bool has_body = response->stream == NULL && request->method != METHOD_HEAD;
    struct log_request line = {
        .id = request->id,
        .method = request->method_text,
        .route = route == NULL ? STR("") : str_of(route->path),
        .status = response->status,
        .bytes_in = request->body_bytes,
        .bytes_out = has_body ? answer_text(exchange).len : exchange->bytes_out,
        .us = clock_monotonic_us() - exchange->began_us,
    };

    /* No head was seen: the client left, or libmicrohttpd answered. */
    if (exchange->state == EXCHANGE_NEW)
        return;
    log_request(&line);
    if (exchange->state == EXCHANGE_ANSWERED)
        metrics_request(request->service->metrics, route, response->status,
                        line.us);
}
