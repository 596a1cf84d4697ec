/*
 * What libmicrohttpd costs by itself: the server's loops, pool and hand-over
 * of sockets, and a handler that does nothing but answer with a body of the
 * size asked for in the path. It is the denominator of our rates.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "secmaster/bounds.h"

#define LOOPS 2
#define BODY_BYTES_MAX (1UL << 20)

struct loop {
    struct MHD_Daemon *daemon;
    int epoll_fd;
    int arrivals[2]; /* a pipe of accepted sockets */
};

static char body[BODY_BYTES_MAX];

static void
fail(const char *what)
{
    fprintf(stderr, "bench_empty_handler: %s: %s\n", what,
            strerrordesc_np(errno));
    exit(1);
}

/* A response a request, as any handler must that has something to say. */
static enum MHD_Result
on_request(void *unused, struct MHD_Connection *connection, const char *path,
           const char *method, const char *version, const char *data,
           size_t *data_len, void **state)
{
    static int head_seen;
    size_t len = strtoul(path + 1, NULL, 10);
    struct MHD_Response *response;
    enum MHD_Result queued;

    (void)unused;
    (void)method;
    (void)version;
    (void)data;
    (void)data_len;
    if (*state == NULL) {
        *state = &head_seen;
        return MHD_YES;
    }
    response = MHD_create_response_from_buffer(
        len < BODY_BYTES_MAX ? len : BODY_BYTES_MAX, body,
        MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    (void)MHD_add_response_header(response, "Content-Type", "application/json");
    queued = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return queued;
}

static void
watch(const struct loop *loop, int fd)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll");
}

static void
take_arrival(const struct loop *loop)
{
    struct sockaddr_in from = { .sin_family = AF_INET };
    int fd;

    if (read(loop->arrivals[0], &fd, sizeof fd) == (ssize_t)sizeof fd)
        (void)MHD_add_connection(loop->daemon, fd, (struct sockaddr *)&from,
                                 sizeof from);
}

static void *
run(void *context)
{
    struct loop *loop = context;

    for (;;) {
        struct epoll_event events[2];
        MHD_UNSIGNED_LONG_LONG due_ms;
        int wait_ms = -1, count;

        if (MHD_get_timeout(loop->daemon, &due_ms) == MHD_YES)
            wait_ms = (int)due_ms;
        count = epoll_wait(loop->epoll_fd, events, 2, wait_ms);
        for (int i = 0; i < count; i++)
            if (events[i].data.fd == loop->arrivals[0])
                take_arrival(loop);
        MHD_run(loop->daemon);
    }
    return NULL;
}

static void
start_loop(struct loop *loop)
{
    pthread_t thread;

    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
            MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, NULL, MHD_OPTION_CONNECTION_LIMIT, 1024U,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_POOL_BYTES,
        MHD_OPTION_CONNECTION_TIMEOUT, 30U, MHD_OPTION_END);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->daemon == NULL || loop->epoll_fd < 0 || pipe(loop->arrivals) != 0)
        fail("start");
    watch(loop, loop->arrivals[0]);
    watch(
        loop,
        MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd);
    if (pthread_create(&thread, NULL, run, loop) != 0)
        fail("thread");
}

/* Prints its port. */
static int
listen_anywhere(void)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_addr = { htonl(INADDR_LOOPBACK) },
    };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &len) != 0)
        fail("listen");
    printf("listening on http://127.0.0.1:%u\n", ntohs(at.sin_port));
    fflush(stdout);
    return fd;
}

int
main(void)
{
    static struct loop loops[LOOPS];
    const int one = 1;
    int listen_fd;

    signal(SIGPIPE, SIG_IGN);
    memset(body, 'x', sizeof body);
    for (unsigned i = 0; i < LOOPS; i++)
        start_loop(&loops[i]);
    listen_fd = listen_anywhere();
    for (unsigned turn = 0;; turn++) {
        int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0)
            fail("accept");
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (write(loops[turn % LOOPS].arrivals[1], &fd, sizeof fd) !=
            (ssize_t)sizeof fd)
            fail("hand over");
    }
}
