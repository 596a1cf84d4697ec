/* Requests to handlers without sockets. */
#include "tests/api/asking.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/catalogue.h"
#include "api/coding.h"
#include "api/column_memory.h"
#include "api/metrics.h"
#include "api/problem.h"
#include "api/route.h"
#include "api/trade_books.h"
#include "tests/support/store_memory.h"

#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);    \
            abort();                                                           \
        }                                                                      \
    } while (0)

#define BODY_BYTES_MAX (64UL << 20)
#define CHUNKS_MAX 10000 /* a stream that never ends is a fault */

static struct instant
noon(void)
{
    return (struct instant){ 1718452800000000 };
}

static void
no_failure(void *context, const char *why)
{
    (void)context;
    (void)why;
}

void
asking_init(struct asking *asking)
{
    asking_init_on(asking, store_memory_new());
}

void
asking_init_on(struct asking *asking, struct store *store)
{
    struct writer_options options = { .now = noon, .failed = no_failure };
    struct why why;

    memset(asking, 0, sizeof *asking);
    asking->service.store = store;
    asking->service.now = noon;
    asking->service.metrics = metrics_new();
    asking->service.catalogues = catalogues_new();
    asking->service.trade_books = trade_books_new();
    MUST(asking->service.trade_books != NULL);
    asking->service.column_memory = column_memory_new(0);
    MUST(asking->service.column_memory != NULL);
    options.store = asking->service.store;
    MUST(writer_start(&options, &asking->service.writer, &why) == OK);
    MUST(workers_start(1, &asking->service.workers, &why) == OK);
    MUST(inbox_init(&asking->home, &why) == OK);
    arena_init(&asking->arena, REQUEST_ARENA_BYTES_MAX);
    out_init(&asking->response.body, BODY_BYTES_MAX);
    out_init(&asking->body, BODY_BYTES_MAX);
}

static void
forget(struct asking *asking)
{
    struct response *response = &asking->response;
    struct out body = response->body;

    if (asking->request.state != NULL)
        asking->request.route->endpoint->drop(&asking->request);
    if (response->stream != NULL)
        response->stream->free(response->stream);
    *response = (struct response){ .body = body, .media = MEDIA_NONE };
    out_reset(&response->body);
    out_reset(&asking->body);
    arena_reset(&asking->arena);
}

void
asking_fini(struct asking *asking)
{
    forget(asking);
    out_fini(&asking->response.body);
    out_fini(&asking->body);
    arena_fini(&asking->arena);
    writer_stop(asking->service.writer);
    workers_stop(asking->service.workers);
    inbox_fini(&asking->home);
    column_memory_free(asking->service.column_memory);
    metrics_free(asking->service.metrics);
    catalogues_free(asking->service.catalogues);
    trade_books_free(asking->service.trade_books);
    store_close(asking->service.store);
}

void
asking_prepare(struct asking *asking, enum method method, const char *target,
               const char *accept)
{
    static struct pair header = { { "Accept", 6 }, { NULL, 0 } };
    struct request *request = &asking->request;
    size_t path_len = strcspn(target, "?");

    forget(asking);
    *request = (struct request){
        .arena = &asking->arena,
        .service = &asking->service,
        .method = method,
        .target = str_of(target),
        .path = { target, path_len },
        .id = STR("test-1"),
        .media = MEDIA_JSON,
        .body_media = MEDIA_NONE,
        .home = &asking->home,
    };
    if (target[path_len] == '?')
        request->query = str_of(target + path_len + 1);
    if (accept != NULL) {
        header.value = str_of(accept);
        request->headers = &header;
        request->header_count = 1;
    }
    asking->allow = NULL;
    asking->chunks = 0;
    memset(&asking->why, 0, sizeof asking->why);
}

/* Route the request; 0: a handler may be asked. */
static int
find(struct asking *asking)
{
    enum err err = route_find(&asking->request, &asking->allow, &asking->why);

    if (err != OK)
        return err == ERR_NOT_FOUND ? 404 : err == ERR_CONFLICT ? 405 : 400;
    if (route_params(&asking->request, &asking->why) != OK)
        return 400;
    err = route_media(&asking->request, &asking->why);
    (void)coding_accepted(&asking->request);
    return err == OK ? 0 : err == ERR_INVALID ? 406 : 400;
}

/* Jobs of a stream come home. */
static void
asking_home(struct asking *asking)
{
    struct stream *stream = asking->response.stream;
    struct inbox_item *item = inbox_wait(&asking->home);

    while (item != NULL) {
        struct inbox_item *next = item->next;

        stream->home(stream, item);
        item = next;
    }
}

/* Gather the answer, chunk by chunk where it is a stream; as in the server, a
 * chunk is gone when the next one is made. */
static void
gather(struct asking *asking)
{
    struct response *response = &asking->response;
    bool done = false;

    if (response->stream == NULL) {
        out_str(&asking->body, response->fixed.data != NULL
                                   ? response->fixed
                                   : out_text(&response->body));
        return;
    }
    while (!done) {
        out_reset(&response->body);
        MUST(response->stream->fill(response->stream, &response->body, &done) ==
             OK);
        if (response->stream->waits) {
            asking_home(asking);
            continue;
        }
        out_str(&asking->body, out_text(&response->body));
        if (response->body.len > 0)
            memset(response->body.data, '?', response->body.len);
        MUST(++asking->chunks < CHUNKS_MAX);
    }
}

static int
handle(struct asking *asking)
{
    const struct endpoint *endpoint = asking->request.route->endpoint;
    struct response *response = &asking->response;

    if (response->status == 0)
        endpoint->handle(&asking->request, response);
    while (response->status == 0) {
        struct inbox_item *item = inbox_wait(&asking->home);

        MUST(item->owner == &asking->request);
        endpoint->resume(&asking->request, response);
    }
    gather(asking);
    MUST(out_finish(&asking->body) == OK);
    return response->status;
}

int
ask(struct asking *asking, const char *target)
{
    int status;

    asking_prepare(asking, METHOD_GET, target, NULL);
    status = find(asking);
    return status != 0 ? status : handle(asking);
}

int
ask_post(struct asking *asking, const char *target, enum media media,
         const char *body, size_t piece_bytes)
{
    const struct endpoint *endpoint;
    struct response *response = &asking->response;
    struct str rest = str_of(body);
    int status;

    asking_prepare(asking, METHOD_POST, target, NULL);
    status = find(asking);
    if (status != 0)
        return status;
    asking->request.body_media = media;
    endpoint = asking->request.route->endpoint;
    endpoint->begin(&asking->request, response);
    while (rest.len > 0 && response->status == 0) {
        struct str piece = rest;

        if (piece_bytes != 0 && piece.len > piece_bytes)
            piece.len = piece_bytes;
        endpoint->body(&asking->request, response, piece);
        rest.data += piece.len;
        rest.len -= piece.len;
    }
    return handle(asking);
}

const char *
asking_text(struct asking *asking)
{
    struct out *body = &asking->body;

    out_char(body, '\0');
    MUST(out_finish(body) == OK);
    body->len--;
    return body->data;
}

const char *
asking_header(const struct asking *asking, const char *name)
{
    for (size_t i = 0; i < asking->response.header_count; i++) {
        const struct pair *header = &asking->response.headers[i];

        if (str_equal(header->name, str_of(name)))
            return header->value.data;
    }
    return NULL;
}

void
asking_facts(struct asking *asking, const char *lines)
{
    int status = ask_post(asking, "/v1/facts", MEDIA_NDJSON, lines, 0);

    if (status != 201)
        fprintf(stderr, "%s\n", asking_text(asking));
    MUST(status == 201);
}
