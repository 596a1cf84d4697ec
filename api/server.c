/*
 * The event loops: one thread, one libmicrohttpd daemon, one inbox each. All
 * that libmicrohttpd is told and tells is here; what it means is exchange.c's.
 */
#include "server.h"

#include <assert.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "exchange.h"
#include "loop.h"
#include "secmaster/clock.h"
#include "secmaster/log.h"

struct server {
    struct loops loops;
};

static struct link *
link_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection,
                                   MHD_CONNECTION_INFO_SOCKET_CONTEXT)
        ->socket_context;
}

/* libmicrohttpd takes no answer in the middle of a body; the socket does. The
 * send buffer is empty: the one before was answered in full. */
static void
send_early(struct exchange *exchange)
{
    const struct link *link = exchange->link;
    const char *reason =
        MHD_get_reason_phrase_for((unsigned)exchange->response.status);
    struct out text;
    ssize_t sent = 0;

    out_init(&text, ANSWER_BYTES_MAX);
    answer_early(exchange, reason, &text);
    if (out_finish(&text) == OK)
        sent = send(link->fd, text.data, text.len, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent; /* we close in any case */
    shutdown(link->fd, SHUT_WR);
    out_fini(&text);
}

/* Called with the request line as it came, before anything is decoded. */
static void *
on_target(void *context, const char *target, struct MHD_Connection *connection)
{
    struct loop *loop = context;
    struct link *link = link_of(connection);

    loop_asked(loop);
    link->target_at = target == NULL ? "" : target;
    link->exchange = exchange_new(&loop->origin, str_of(link->target_at));
    if (link->exchange == NULL)
        return NULL;
    link->exchange->link = link;
    if (!exchange_target(link->exchange))
        send_early(link->exchange);
    return link->exchange;
}

struct collected {
    struct pair *headers;
    size_t count, capacity;
};

static enum MHD_Result
collect_header(void *context, enum MHD_ValueKind kind, const char *name,
               size_t name_len, const char *value, size_t value_len)
{
    struct collected *collected = context;

    (void)kind;
    if (collected->count == collected->capacity)
        return MHD_NO;
    collected->headers[collected->count++] =
        (struct pair){ { name, name_len }, { value, value_len } };
    return MHD_YES;
}

static bool
take_head(struct exchange *exchange, struct MHD_Connection *connection,
          const char *method, const char *version)
{
    const struct link *link = exchange->link;
    struct collected collected = {
        .capacity = (size_t)MHD_get_connection_values(
            connection, MHD_HEADER_KIND, NULL, NULL)
    };
    struct gate_head head = {
        .method = str_of(method),
        .version = str_of(version),
        .target_at = link->target_at,
        .head_bytes = MHD_get_connection_info(
                          connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)
                          ->header_size,
    };

    collected.headers = arena_zalloc(&exchange->arena, collected.capacity,
                                     sizeof *collected.headers);
    if (collected.headers == NULL)
        return false;
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND,
                                      collect_header, &collected);
    head.headers = collected.headers;
    head.header_count = collected.count;
    return exchange_head(exchange, &head);
}

/* The item that ends a wait is taken by this thread, so not before it is back.
 */
static ssize_t
read_stream(void *context, uint64_t position, char *data, size_t size)
{
    const struct link *link = ((const struct exchange *)context)->link;
    ssize_t got = answer_stream(context, data, size);

    (void)position;
    if (got == ANSWER_WAITS) {
        MHD_suspend_connection(link->connection);
        return 0;
    }
    if (got == ANSWER_END)
        return MHD_CONTENT_READER_END_OF_STREAM;
    return got == ANSWER_CUT ? MHD_CONTENT_READER_END_WITH_ERROR : got;
}

static struct MHD_Response *
make_stream(struct exchange *exchange)
{
    uint64_t length = exchange->response.length;
    bool has_body = exchange->response.status != 304 &&
                    exchange->request.method != METHOD_HEAD;
    struct MHD_Response *response = MHD_create_response_from_callback(
        length > 0 ? length : MHD_SIZE_UNKNOWN, STREAM_CHUNK_BYTES, read_stream,
        exchange, NULL);

    /* libmicrohttpd ends even what has no body with the last chunk, which
     * would be read as the next answer: no chunks there, and close. */
    if (response != NULL && !has_body && length == 0)
        (void)MHD_set_response_options(
            response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return response;
}

static struct MHD_Response *
make_response(struct exchange *exchange)
{
    struct str text;

    if (exchange->response.stream != NULL || exchange->response.status == 304)
        return make_stream(exchange);
    /* The text lives until the exchange ends, and so longer than it is sent:
     * PERSISTENT spares a copy. */
    text = answer_text(exchange);
    return MHD_create_response_from_buffer(
        text.len, text.len == 0 ? "" : (void *)text.data,
        MHD_RESPMEM_PERSISTENT);
}

static bool
add_headers(struct MHD_Response *response, const struct exchange *exchange)
{
    const struct response *from = &exchange->response;
    const char *type = answer_content_type(exchange);
    bool is_added =
        type == NULL || MHD_add_response_header(response, "Content-Type", type);

    for (size_t i = 0; i < from->header_count; i++)
        is_added = is_added &&
                   MHD_add_response_header(response, from->headers[i].name.data,
                                           from->headers[i].value.data);
    if (exchange->close)
        is_added = is_added &&
                   MHD_add_response_header(response, "Connection", "close");
    return is_added;
}

static enum MHD_Result
answer(struct MHD_Connection *connection, struct exchange *exchange)
{
    struct MHD_Response *response = make_response(exchange);
    enum MHD_Result result = MHD_NO;

    if (response == NULL)
        return MHD_NO;
    if (add_headers(response, exchange))
        result = MHD_queue_response(
            connection, (unsigned)exchange->response.status, response);
    MHD_destroy_response(response);
    return result;
}

/* What is left of a piece is for the next turn, behind the others': the library
 * itself would wait for the socket, which may have given everything. */
static enum MHD_Result
take_piece(struct loop *loop, struct MHD_Connection *connection,
           struct exchange *exchange, struct str *piece)
{
    bool was_early = exchange->early;

    if (!exchange_piece(exchange, piece))
        return MHD_NO;
    if (exchange->early && !was_early)
        send_early(exchange);
    if (exchange->has_rest) {
        MHD_suspend_connection(connection);
        MHD_resume_connection(connection);
        loop->is_due = true;
    }
    return MHD_YES;
}

static enum MHD_Result
add_field(void *context, enum MHD_ValueKind kind, const char *name,
          size_t name_len, const char *value, size_t value_len)
{
    size_t *bytes = context;

    (void)kind, (void)name, (void)value;
    *bytes += gate_field_bytes(name_len, value_len);
    return MHD_YES;
}

/* The request is whole, with what may stand behind a chunked body. */
static void
take_end(struct exchange *exchange, struct MHD_Connection *connection)
{
    size_t bytes = 0;

    (void)MHD_get_connection_values_n(connection, MHD_FOOTER_KIND, add_field,
                                      &bytes);
    exchange_whole(exchange, bytes);
}

/*
 * Called for the head, for each piece of the body, when all is there, and
 * again after a resume. The job is submitted before the suspension: its item
 * is taken by this thread only, and so not before we are back.
 */
static enum MHD_Result
/* NOLINTNEXTLINE(readability-function-size): the library's parameters */
on_request(void *context, struct MHD_Connection *connection, const char *url,
           const char *method, const char *version, const char *data,
           size_t *size, void **request_context)
{
    struct loop *loop = context;
    struct exchange *exchange = *request_context;

    (void)url; /* decoded before it was split: of no use */
    if (exchange == NULL)
        return MHD_NO;
    if (exchange->state == EXCHANGE_NEW) {
        if (!take_head(exchange, connection, method, version))
            return MHD_NO;
        if (exchange->early)
            send_early(exchange);
        else if (exchange->state == EXCHANGE_ANSWERED)
            return answer(connection, exchange);
        return MHD_YES;
    }
    if (*size > 0) {
        struct str piece = { data, *size };
        enum MHD_Result result = take_piece(loop, connection, exchange, &piece);

        *size = piece.len;
        return result;
    }
    if (exchange->early)
        return MHD_NO;
    if (exchange->state == EXCHANGE_READING) {
        take_end(exchange, connection);
        if (exchange->early) {
            send_early(exchange);
            return MHD_NO;
        }
        if (exchange->state == EXCHANGE_WAITING) {
            MHD_suspend_connection(connection);
            loop_suspended(loop, exchange->link);
        }
    }
    return exchange->state == EXCHANGE_WAITING ? MHD_YES
                                               : answer(connection, exchange);
}

static void
on_completed(void *context, struct MHD_Connection *connection,
             void **request_context, enum MHD_RequestTerminationCode code)
{
    struct loop *loop = context;

    (void)code;
    loop_asked(loop);
    *request_context = NULL;
    loop_link_done(link_of(connection));
}

static void
on_connection(void *context, struct MHD_Connection *connection,
              void **socket_context, enum MHD_ConnectionNotificationCode code)
{
    struct loop *loop = context;
    int fd;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        loop_link_close(loop, *socket_context);
        return;
    }
    fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
             ->connect_fd;
    *socket_context = loop_link_open(loop, connection, fd);
    if (*socket_context == NULL)
        abort(); /* out of memory, and there is no way to refuse here */
}

/*
 * libmicrohttpd refuses a Content-Length that is no number before we see the
 * head, and garbles its answer (the head twice). It has only logged, so far:
 * answer for it, and let its own words go nowhere. A head that is whole and
 * was not shown to us belongs to that request; there is one at most.
 */
static void
answer_unseen(struct loop *loop)
{
    for (struct link *link = loop->links; link != NULL; link = link->next) {
        struct MHD_Connection *connection = link->connection;

        if (link->exchange == NULL || link->exchange->state != EXCHANGE_NEW ||
            MHD_get_connection_info(
                connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE) == NULL)
            continue;
        exchange_unseen(link->exchange,
                        MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                    "Content-Length"));
        send_early(link->exchange);
        return;
    }
}

static void
on_log(void *context, const char *format, va_list arguments)
{
    struct loop *loop = context;
    char text[256];

    answer_unseen(loop);
    if (!loop_may_log(loop))
        return;
    vsnprintf(text, sizeof text, format, arguments);
    text[strcspn(text, "\n")] = '\0';
    log_event(LOG_DEBUG, "libmicrohttpd", "%s", text);
}

static enum err
open_daemon(struct loop *loop, int *fd, struct why *why)
{
    const struct loops *loops = loop->loops;
    const union MHD_DaemonInfo *info;
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, loop, MHD_OPTION_EXTERNAL_LOGGER, on_log,
        loop, MHD_OPTION_CONNECTION_LIMIT,
        acceptor_connections_max(loops->acceptor),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL_BYTES,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, loop,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop, MHD_OPTION_END);

    if (daemon == NULL)
        return why_set(why, ERR_BUSY, "libmicrohttpd does not start");
    info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    *fd = info->epoll_fd;
    loop->library = daemon;
    return OK;
}

static void
close_daemon(struct loop *loop)
{
    MHD_stop_daemon(loop->library);
    loop->library = NULL;
}

static bool
add_connection(struct loop *loop, const struct arrival *arrival)
{
    return MHD_add_connection(loop->library, arrival->fd,
                              (const struct sockaddr *)&arrival->peer,
                              arrival->peer_len) == MHD_YES;
}

static void
resume(struct link *link)
{
    MHD_resume_connection(link->connection);
}

static int64_t
due_ms(struct loop *loop)
{
    unsigned long long ms;

    if (MHD_get_timeout(loop->library, &ms) != MHD_YES)
        return -1;
    return ms > INT32_MAX ? INT32_MAX : (int64_t)ms;
}

static void
run(struct loop *loop)
{
    MHD_run(loop->library);
}

static const struct loop_ops ops = {
    .open = open_daemon,
    .add = add_connection,
    .resume = resume,
    .due_ms = due_ms,
    .run = run,
    .close = close_daemon,
};

static unsigned
or_default(unsigned given, unsigned otherwise)
{
    return given == 0 ? otherwise : given;
}

enum err
server_start(const struct server_options *options, struct server **out,
             struct why *why)
{
    struct acceptor_options front = {
        .listen = options->listen,
        .connections_max =
            or_default(options->connections, CONNECTIONS_DEFAULT),
        .metrics = options->service->metrics,
    };
    struct server *server = calloc(1, sizeof *server);
    struct loops *loops = &server->loops;
    enum err err;

    if (server == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    loops->ops = &ops;
    loops->service = options->service;
    loops->idle_seconds =
        or_default(options->idle_seconds, CONNECTION_IDLE_SECONDS);
    loops->request_seconds =
        or_default(options->request_seconds, REQUEST_SECONDS_MAX);
    /* A client that leaves in the middle of an answer is no reason to die. */
    signal(SIGPIPE, SIG_IGN);
    err = acceptor_open(&front, &loops->acceptor, why);
    if (err == OK)
        err = loops_start(loops, loops_fit(options->loops), why);
    if (err != OK) {
        acceptor_free(loops->acceptor);
        free(server);
        return err;
    }
    *out = server;
    return OK;
}

uint16_t
server_port(const struct server *server)
{
    return acceptor_port(server->loops.acceptor);
}

enum err
server_stop(struct server *server)
{
    atomic_store(&server->loops.service->draining, true);
    return loops_stop(&server->loops);
}

void
server_free(struct server *server)
{
    if (server == NULL)
        return;
    loops_fini(&server->loops);
    acceptor_free(server->loops.acceptor);
    free(server);
}
