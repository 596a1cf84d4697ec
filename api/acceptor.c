/* Accept, count, refuse above the limit, deal out in turn. */
#include "acceptor.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "listener.h"
#include "metrics.h"
#include "secmaster/entropy.h"
#include "secmaster/out.h"

#define SLEEP_MS 10             /* until a descriptor may be free again */
#define DESCRIPTORS_RESERVED 64 /* for the store, the log, the loops */

struct acceptor {
    int listen_fd;
    int stop_fd; /* readable: stop */
    uint16_t port;
    unsigned connections_max;
    struct metrics *metrics;
    atomic_uint open;
    struct inbox *const *inboxes;
    unsigned inbox_count, next;
    uint64_t id_prefix, refused; /* of requests that are refused here */
    bool is_started;
    pthread_t thread;
};

/* By itself: the loops, who would answer as to any request, are full. */
static void
write_refusal(struct acceptor *acceptor, struct out *out)
{
    char id[REQUEST_ID_BYTES_MAX], body[512];
    int len;

    snprintf(id, sizeof id, "%016llx-%llu",
             (unsigned long long)acceptor->id_prefix,
             (unsigned long long)++acceptor->refused);
    len = snprintf(body, sizeof body,
                   "{\"type\":\"/problems/unavailable\",\"title\":"
                   "\"The server cannot take this now\",\"status\":503,"
                   "\"detail\":\"too many connections are open\","
                   "\"instance\":\"\",\"request_id\":\"%s\"}",
                   id);
    out_print(out,
              "HTTP/1.1 503 Service Unavailable\r\n"
              "Content-Type: application/problem+json\r\n"
              "X-Request-Id: %s\r\n"
              "X-Content-Type-Options: nosniff\r\n"
              "Retry-After: 1\r\n"
              "Connection: close\r\n"
              "Content-Length: %d\r\n\r\n%s",
              id, len, body);
}

/* What the client has sent is read first: closing over unread bytes would
 * reset the connection and take our words with it. */
static void
refuse(struct acceptor *acceptor, int fd)
{
    char dropped[4096];
    struct out text;

    out_init(&text, sizeof dropped);
    write_refusal(acceptor, &text);
    (void)recv(fd, dropped, sizeof dropped, MSG_DONTWAIT);
    (void)send(fd, text.data, text.len, MSG_DONTWAIT | MSG_NOSIGNAL);
    out_fini(&text);
    shutdown(fd, SHUT_WR);
    close(fd);
}

static void
deal_out(struct acceptor *acceptor, struct arrival *arrival)
{
    struct inbox *inbox = acceptor->inboxes[acceptor->next];

    acceptor->next = (acceptor->next + 1) % acceptor->inbox_count;
    atomic_fetch_add(&acceptor->open, 1);
    metrics_connections(acceptor->metrics, +1);
    arrival->item.home = inbox;
    inbox_push(inbox, &arrival->item, &arrival->item);
}

static void
take_one(struct acceptor *acceptor, int fd, const struct sockaddr_storage *peer,
         socklen_t peer_len)
{
    struct arrival *arrival = NULL;

    if (atomic_load(&acceptor->open) < acceptor->connections_max)
        arrival = calloc(1, sizeof *arrival);
    if (arrival == NULL) {
        refuse(acceptor, fd);
        return;
    }
    arrival->fd = fd;
    arrival->peer = *peer;
    arrival->peer_len = peer_len;
    deal_out(acceptor, arrival);
}

static bool
is_scarcity(int number)
{
    return number == EMFILE || number == ENFILE || number == ENOBUFS ||
           number == ENOMEM;
}

/* False: it is time to stop. */
static bool
wait_for(const struct acceptor *acceptor, bool is_scarce)
{
    struct pollfd fds[2] = {
        { .fd = acceptor->stop_fd, .events = POLLIN },
        { .fd = acceptor->listen_fd, .events = POLLIN },
    };

    /* Out of descriptors, the listening socket stays readable: looking at it
     * would spin. */
    (void)poll(fds, is_scarce ? 1 : 2, is_scarce ? SLEEP_MS : -1);
    return (fds[0].revents & POLLIN) == 0;
}

static void *
run(void *context)
{
    struct acceptor *acceptor = context;
    bool is_scarce = false;

    while (wait_for(acceptor, is_scarce)) {
        struct sockaddr_storage peer;
        socklen_t peer_len = sizeof peer;
        int fd = accept4(acceptor->listen_fd, (struct sockaddr *)&peer,
                         &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        is_scarce = fd < 0 && is_scarcity(errno);
        if (fd >= 0)
            take_one(acceptor, fd, &peer, peer_len);
    }
    return NULL;
}

/* As many as the kernel lets a process have, and a part of them for what is
 * no connection. */
static unsigned
connections_that_fit(unsigned wanted)
{
    struct rlimit limit;
    rlim_t reserved = DESCRIPTORS_RESERVED;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (reserved > limit.rlim_cur / 2)
        reserved = limit.rlim_cur / 2;
    if (limit.rlim_cur - reserved < wanted)
        return (unsigned)(limit.rlim_cur - reserved);
    return wanted;
}

enum err
acceptor_open(const struct acceptor_options *options, struct acceptor **out,
              struct why *why)
{
    struct listener_address address;
    struct acceptor *acceptor;
    uint64_t id_prefix;
    enum err err;

    assert(options->connections_max > 0);

    TRY(listener_parse(options->listen, &address, why));
    TRY(entropy_draw(&id_prefix, why));
    acceptor = calloc(1, sizeof *acceptor);
    if (acceptor == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    acceptor->connections_max = connections_that_fit(options->connections_max);
    acceptor->metrics = options->metrics;
    acceptor->id_prefix = id_prefix;
    atomic_init(&acceptor->open, 0);
    acceptor->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (acceptor->stop_fd < 0)
        err = why_set(why, ERR_BUSY, "eventfd: %s", strerrordesc_np(errno));
    else
        err =
            listener_open(&address, &acceptor->listen_fd, &acceptor->port, why);
    if (err != OK) {
        if (acceptor->stop_fd >= 0)
            close(acceptor->stop_fd);
        free(acceptor);
        return err;
    }
    *out = acceptor;
    return OK;
}

uint16_t
acceptor_port(const struct acceptor *acceptor)
{
    return acceptor->port;
}

unsigned
acceptor_connections_max(const struct acceptor *acceptor)
{
    return acceptor->connections_max;
}

enum err
acceptor_start(struct acceptor *acceptor, struct inbox *const *inboxes,
               unsigned inbox_count, struct why *why)
{
    int number;

    assert(inbox_count > 0);
    assert(!acceptor->is_started);

    acceptor->inboxes = inboxes;
    acceptor->inbox_count = inbox_count;
    number = pthread_create(&acceptor->thread, NULL, run, acceptor);
    if (number != 0)
        return why_set(why, ERR_BUSY, "acceptor: %s", strerrordesc_np(number));
    acceptor->is_started = true;
    return OK;
}

void
acceptor_release(struct acceptor *acceptor)
{
    unsigned before = atomic_fetch_sub(&acceptor->open, 1);

    assert(before > 0);
    metrics_connections(acceptor->metrics, -1);
}

void
acceptor_stop(struct acceptor *acceptor)
{
    const uint64_t one = 1;
    ssize_t written;

    if (!acceptor->is_started)
        return;
    written = write(acceptor->stop_fd, &one, sizeof one);
    assert(written == (ssize_t)sizeof one);
    pthread_join(acceptor->thread, NULL);
    acceptor->is_started = false;
    /* From now on a client learns at once that nobody is there. */
    close(acceptor->listen_fd);
    acceptor->listen_fd = -1;
}

void
acceptor_free(struct acceptor *acceptor)
{
    if (acceptor == NULL)
        return;
    assert(!acceptor->is_started);

    if (acceptor->listen_fd >= 0)
        close(acceptor->listen_fd);
    close(acceptor->stop_fd);
    free(acceptor);
}
