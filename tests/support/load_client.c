/*
 * Many HTTP/1.1 clients in one thread: each sends, waits for its answer and
 * sends again until time or bodies are up; then one line of JSON tells how it
 * went.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "load_answer.h"
#include "load_bodies.h"
#include "load_options.h"
#include "load_samples.h"
#include "load_sign.h"
#include "load_text.h"

#define REQUEST_BYTES 16384
#define RECEIVE_BYTES (256 * 1024)
#define PARTS                                                                  \
    3 /* head and small body, the file's header, a body of the file            \
       */
#define EVENTS 512
#define GRACE_US 20000000 /* for the last answers */
#define STATUS_MAX 600

struct client {
    int fd;
    bool is_waiting; /* for an answer */
    int64_t began_us, first_us;
    struct load_piece body; /* of the file; kept while it may go again */
    struct iovec parts[PARTS];
    struct load_answer answer;
    char *request;
};

static struct {
    struct load_options options;
    struct load_bodies bodies;
    struct client *clients;
    int epoll_fd;
    bool is_over, is_idle;
    uint64_t random;
    uint64_t sent, answered, cut, reconnects, newest_tx;
    uint64_t body_bytes, body_lines;
    uint64_t statuses[STATUS_MAX];
    struct load_samples whole,
        first; /* of each answer: its last, its first byte */
    char received[RECEIVE_BYTES];
} load;

static int64_t
now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
fail(const char *what)
{
    fprintf(stderr, "load_client: %s: %s\n", what, strerrordesc_np(errno));
    exit(2);
}

/* False: nobody listens any more. */
static bool
open_client(struct client *client)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)load.options.port),
        .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = client };
    const int one = 1;

    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        fail("socket");
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) != 0) {
        if (errno == ECONNREFUSED)
            return false;
        fail("connect");
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(client->fd, F_SETFL, O_NONBLOCK);
    if (epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, client->fd, &event) != 0)
        fail("epoll");
    return true;
}

static size_t
print_head(struct client *client, const char *path, struct str body,
           size_t body_len)
{
    const char *accept = load.options.accept;
    char type[128] = "", signs[LOAD_SIGN_BYTES] = "";
    int len;

    if (strcmp(load.options.mode, "post") == 0)
        snprintf(type, sizeof type,
                 "Content-Type: %s\r\nContent-Length: %zu\r\n",
                 load.options.type, body_len);
    if (load.options.sign != NULL)
        load_sign_put(load.sent, body, signs);
    len =
        snprintf(client->request, REQUEST_BYTES,
                 "%s %s HTTP/1.1\r\nHost: x\r\n%s%s%s%s%s\r\n",
                 type[0] == '\0' ? "GET" : "POST", path,
                 accept == NULL ? "" : "Accept: ", accept == NULL ? "" : accept,
                 accept == NULL ? "" : "\r\n", type, signs);
    assert(len > 0 && len < REQUEST_BYTES);
    return (size_t)len;
}

static void
print_request(struct client *client)
{
    char path[REQUEST_BYTES / 4], body[REQUEST_BYTES / 2];
    const struct load_piece *header = &load.bodies.header;
    size_t body_len = 0, len;

    (void)load_text_fill(load.options.path, load.sent, &load.random, path,
                         sizeof path);
    if (strcmp(load.options.mode, "post") == 0)
        body_len = load_text_fill(load.options.body, load.sent, &load.random,
                                  body, sizeof body);
    len = print_head(client, path, (struct str){ body, body_len },
                     body_len + header->len + client->body.len);
    assert(len + body_len <= REQUEST_BYTES);
    memcpy(client->request + len, body, body_len);
    client->parts[0] = (struct iovec){ client->request, len + body_len };
    client->parts[1] = (struct iovec){ (void *)header->data, header->len };
    client->parts[2] =
        (struct iovec){ (void *)client->body.data, client->body.len };
}

static void
watch(struct client *client, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = client };

    if (epoll_ctl(load.epoll_fd, EPOLL_CTL_MOD, client->fd, &event) != 0)
        fail("epoll");
}

/* What of the request is still to go; false: it is all on its way. */
static bool
drop_sent(struct client *client, size_t sent)
{
    bool is_left = false;

    for (unsigned i = 0; i < PARTS; i++) {
        struct iovec *part = &client->parts[i];
        size_t used = sent < part->iov_len ? sent : part->iov_len;

        part->iov_base = (char *)part->iov_base + used;
        part->iov_len -= used;
        sent -= used;
        is_left = is_left || part->iov_len > 0;
    }
    return is_left;
}

static void
push_request(struct client *client)
{
    struct msghdr message = { .msg_iov = client->parts, .msg_iovlen = PARTS };
    ssize_t sent = sendmsg(client->fd, &message, MSG_NOSIGNAL);

    /* What went wrong shows when the answer is read. */
    if (drop_sent(client, sent > 0 ? (size_t)sent : 0))
        watch(client, EPOLLIN | EPOLLOUT);
}

static void
send_request(struct client *client)
{
    print_request(client);
    load.sent++;
    load_answer_begin(&client->answer);
    client->is_waiting = true;
    client->began_us = now_us();
    client->first_us = 0;
    push_request(client);
}

/* Whatever there still is to ask. */
static void
send_next(struct client *client)
{
    if (load.is_over || (load.is_idle && load.sent >= load.options.clients) ||
        load.sent == load.options.requests)
        return;
    if (load.options.bodies != NULL &&
        !load_bodies_next(&load.bodies, &client->body))
        return;
    send_request(client);
}

/* A server that is gone ends the run: what was answered is what counts. */
static void
reopen(struct client *client)
{
    if (client->is_waiting)
        load.cut++;
    close(client->fd);
    client->is_waiting = false;
    load.reconnects++;
    if (load.is_over || !open_client(client))
        load.is_over = true;
    else
        send_next(client);
}

static void
end_answer(struct client *client)
{
    const struct load_answer *answer = &client->answer;

    if (answer->part == LOAD_UNREADABLE || answer->status < 100 ||
        answer->status >= STATUS_MAX) {
        fprintf(stderr, "load_client: cannot read '%s'\n", answer->head);
        exit(2);
    }
    load_samples_note(&load.whole, now_us() - client->began_us);
    load_samples_note(&load.first, client->first_us - client->began_us);
    load.answered++;
    load.statuses[answer->status]++;
    load.body_bytes += answer->body_bytes;
    load.body_lines += answer->body_lines;
    if (answer->tx > load.newest_tx)
        load.newest_tx = answer->tx;
    client->is_waiting = false;
    if (answer->must_close)
        reopen(client);
    else if (answer->status == 503 && client->body.len > 0 && !load.is_over)
        send_request(client);
    else
        send_next(client);
}

static void
take_bytes(struct client *client, const char *data, size_t len)
{
    if (client->first_us == 0)
        client->first_us = now_us();
    while (len > 0 && client->is_waiting) {
        size_t used = load_answer_take(&client->answer, data, len);

        data += used;
        len -= used;
        if (client->answer.part == LOAD_WHOLE ||
            client->answer.part == LOAD_UNREADABLE)
            end_answer(client);
    }
}

static void
pull_answer(struct client *client)
{
    ssize_t got = recv(client->fd, load.received, sizeof load.received, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        take_bytes(client, load.received, (size_t)got);
        return;
    }
    reopen(client);
}

static void
serve_events(int64_t until_us)
{
    struct epoll_event events[EVENTS];
    int64_t left_ms = (until_us - now_us()) / 1000 + 1;
    int wait_ms = left_ms > INT32_MAX ? -1 : left_ms < 0 ? 0 : (int)left_ms;
    int count = epoll_wait(load.epoll_fd, events, EVENTS, wait_ms);

    for (int i = 0; i < count; i++) {
        struct client *client = events[i].data.ptr;

        if (events[i].events & EPOLLOUT) {
            watch(client, EPOLLIN);
            push_request(client);
        }
        if (events[i].events & ~(uint32_t)EPOLLOUT)
            pull_answer(client);
    }
}

static bool
is_all_answered(void)
{
    return load.answered + load.cut == load.sent;
}

static void
run(void)
{
    int64_t until_us = INT64_MAX;
    bool is_ready = false;

    if (load.options.seconds > 0)
        until_us = now_us() + (int64_t)load.options.seconds * 1000000;
    for (uint64_t i = 0; i < load.options.clients; i++)
        send_next(&load.clients[i]);
    while (!load.is_over && now_us() < until_us) {
        if (is_all_answered() && !load.is_idle)
            break;
        serve_events(until_us);
        if (load.is_idle && !is_ready && is_all_answered()) {
            is_ready = true;
            puts("ready");
            fflush(stdout);
        }
    }
    load.is_over = true;
    until_us = now_us() + GRACE_US;
    while (!is_all_answered() && now_us() < until_us)
        serve_events(until_us);
}

/* Of this process. */
static int64_t
cpu_us(void)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

static void
report_statuses(void)
{
    const char *comma = "";

    for (int status = 0; status < STATUS_MAX; status++) {
        if (load.statuses[status] == 0)
            continue;
        printf("%s\"%d\":%" PRIu64, comma, status, load.statuses[status]);
        comma = ",";
    }
}

static void
report(double seconds, int64_t used_us)
{
    load_samples_sort(&load.whole);
    load_samples_sort(&load.first);
    printf("{\"mode\":\"%s\",\"clients\":%" PRIu64 ",\"seconds\":%.6f,"
           "\"sent\":%" PRIu64 ",\"answered\":%" PRIu64 ",\"cut\":%" PRIu64
           ",\"reconnects\":%" PRIu64 ",\"newest_tx\":%" PRIu64
           ",\"body_bytes\":%" PRIu64 ",\"body_lines\":%" PRIu64
           ",\"cpu_us\":%" PRId64 ",\"statuses\":{",
           load.options.mode, load.options.clients, seconds, load.sent,
           load.answered, load.cut, load.reconnects, load.newest_tx,
           load.body_bytes, load.body_lines, used_us);
    report_statuses();
    printf(
        "},\"first_p50_us\":%u,\"first_max_us\":%u,\"p50_us\":%u,"
        "\"p99_us\":%u,\"p999_us\":%u,\"max_us\":%u}\n",
        load_samples_at(&load.first, 500), load_samples_at(&load.first, 1000),
        load_samples_at(&load.whole, 500), load_samples_at(&load.whole, 990),
        load_samples_at(&load.whole, 999), load_samples_at(&load.whole, 1000));
}

static void
open_clients(void)
{
    load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load.clients = calloc(load.options.clients, sizeof *load.clients);
    if (load.epoll_fd < 0 || load.clients == NULL)
        fail("start");
    for (uint64_t i = 0; i < load.options.clients; i++) {
        load.clients[i].request = malloc(REQUEST_BYTES);
        if (load.clients[i].request == NULL)
            fail("start");
        if (!open_client(&load.clients[i]))
            fail("connect");
    }
}

int
main(int argc, char **argv)
{
    struct rlimit limit;
    int64_t began_us, used_us;

    load_options_read(argc, argv, &load.options);
    load.is_idle = strcmp(load.options.mode, "idle") == 0;
    load.random = load.options.seed;
    if (load.options.bodies != NULL &&
        !load_bodies_open(&load.bodies, load.options.bodies, load.options.lines,
                          strcmp(load.options.type, "text/csv") == 0))
        fail(load.options.bodies);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (load.options.sign != NULL)
        load_sign_open(load.options.sign);
    open_clients();
    used_us = cpu_us();
    began_us = now_us();
    run();
    report((double)(now_us() - began_us) / 1e6, cpu_us() - used_us);
    for (uint64_t i = 0; i < load.options.clients; i++) {
        close(load.clients[i].fd);
        free(load.clients[i].request);
    }
    free(load.clients);
    free(load.whole.us);
    free(load.first.us);
    return 0;
}
