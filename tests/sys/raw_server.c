/* A server of bytes, for clients that must bear anything. */
#include "raw_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_SECONDS 20 /* then a test hangs that should not */
#define BURST_BYTES 16384

struct visit {
    struct raw_server *server;
    size_t number;
};

static struct visit visits[RAW_REQUESTS_MAX * 4];
static atomic_size_t visits_count;

static void
be_patient(int fd)
{
    const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };

    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

/* A client of TLS is not going to end its head. */
static bool
read_head(int fd, char head[static RAW_HEAD_BYTES])
{
    size_t len = 0;

    while (len < RAW_HEAD_BYTES - 1) {
        ssize_t got = recv(fd, head + len, RAW_HEAD_BYTES - 1 - len, 0);

        if (got <= 0)
            return false;
        len += (size_t)got;
        head[len] = '\0';
        if (head[0] == '\x16' || strstr(head, "\r\n\r\n") != NULL)
            return true;
    }
    return false;
}

static bool
has_path(const char *head, const char *path)
{
    size_t len = strlen(path);

    return strncmp(head, "GET ", 4) == 0 && strncmp(head + 4, path, len) == 0 &&
           (head[4 + len] == ' ' || head[4 + len] == '?');
}

static bool
say(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        bytes += sent;
        len -= (size_t)sent;
    }
    return true;
}

static bool
perform(int fd, const struct raw_script *script)
{
    char burst[BURST_BYTES];
    size_t left = script->repeat;

    if (script->drip_ms == 0 && !say(fd, script->bytes, script->len))
        return false;
    for (size_t i = 0; script->drip_ms > 0 && i < script->len; i++) {
        if (!say(fd, script->bytes + i, 1))
            return false;
        usleep((useconds_t)script->drip_ms * 1000);
    }
    if (left > 0)
        memset(burst, script->bytes[script->len - 1], sizeof burst);
    while (left > 0) {
        size_t now = left < sizeof burst ? left : sizeof burst;

        if (!say(fd, burst, now))
            return false;
        left -= now;
    }
    return true;
}

static void
part(int fd, enum raw_end end)
{
    const struct linger at_once = { .l_onoff = 1 };
    char rest[64];

    switch (end) {
    case RAW_CLOSE:
        break;
    case RAW_HOLD:
        while (recv(fd, rest, sizeof rest, 0) > 0)
            ;
        break;
    case RAW_RESET:
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        break;
    }
    close(fd);
}

static void *
serve(void *argument)
{
    const struct visit *visit = argument;
    struct raw_server *server = visit->server;
    int fd = server->sockets[visit->number];
    char *head = server->heads[visit->number];

    be_patient(fd);
    if (!read_head(fd, head)) {
        close(fd);
        return NULL;
    }
    atomic_fetch_add(&server->heads_read, 1);
    for (size_t i = 0; i < server->scripts_count; i++) {
        const struct raw_script *script = &server->scripts[i];

        if (!has_path(head, script->path))
            continue;
        if (perform(fd, script))
            part(fd, script->end);
        else
            close(fd);
        return NULL;
    }
    /* To a client of TLS it is as strange as to any other. */
    say(fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 45);
    part(fd, RAW_CLOSE);
    return NULL;
}

static void *
accept_all(void *argument)
{
    struct raw_server *server = argument;
    int fd;

    while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
        size_t number = atomic_load(&server->count);
        struct visit *visit = &visits[atomic_fetch_add(&visits_count, 1)];

        assert(number < RAW_REQUESTS_MAX);
        assert(visit < visits + sizeof visits / sizeof visits[0]);
        *visit = (struct visit){ server, number };
        server->sockets[number] = fd;
        if (pthread_create(&server->threads[number], NULL, serve, visit) != 0)
            assert(false && "a thread for each request");
        atomic_store(&server->count, number + 1);
    }
    return NULL;
}

void
raw_server_listen(struct raw_server *server)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof address;

    memset(server, 0, sizeof *server);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, len) != 0 ||
        listen(server->listener, RAW_REQUESTS_MAX) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0)
        assert(false && "a port");
    server->port = ntohs(address.sin_port);
    snprintf(server->base, sizeof server->base, "http://127.0.0.1:%d",
             server->port);
}

void
raw_server_start(struct raw_server *server, const struct raw_script *scripts,
                 size_t count)
{
    server->scripts = scripts;
    server->scripts_count = count;
    if (pthread_create(&server->acceptor, NULL, accept_all, server) != 0)
        assert(false && "a thread to accept");
}

void
raw_server_stop(struct raw_server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    for (size_t i = 0; i < atomic_load(&server->count); i++)
        pthread_join(server->threads[i], NULL);
    close(server->listener);
}

void
raw_server_knock(const struct raw_server *server, int *sockets, size_t count)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr = { htonl(INADDR_LOOPBACK) },
        .sin_port = htons((uint16_t)server->port),
    };

    for (size_t i = 0; i < count; i++) {
        sockets[i] =
            socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(sockets[i], (const struct sockaddr *)&address,
                      sizeof address);
    }
}

size_t
raw_server_asked(const struct raw_server *server, const char *path,
                 const char *text)
{
    size_t asked = 0;

    for (size_t i = 0; i < atomic_load(&server->count); i++)
        asked += has_path(server->heads[i], path) &&
                 strstr(server->heads[i], text) != NULL;
    return asked;
}
