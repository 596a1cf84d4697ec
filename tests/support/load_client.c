/*
 * Many HTTP/1.1 clients in one thread: each sends, waits for its answer and
 * sends again until time is up; then one line of JSON tells how it went.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_BYTES 2048
#define REQUEST_BYTES 16384
#define EVENTS 512
#define GRACE_US 20000000 /* for the last answers */
#define STATUS_MAX 600

static const char help[] =
    "Usage: load_client --port P [OPTION]...\n"
    "  --clients N   connections kept open (1)\n"
    "  --seconds S   how long (1)\n"
    "  --mode M      post, get, or idle: one GET each, then silence (get)\n"
    "  --path PATH   (/livez)\n"
    "  --body TEXT   of a post; {n} is a number that grows\n"
    "  --type TYPE   Content-Type of a post (application/json)\n";

struct options {
    const char *mode, *path, *body, *type;
    uint16_t port;
    unsigned clients;
    int64_t seconds;
};

struct client {
    int fd;
    bool is_waiting; /* for an answer */
    bool in_body;
    bool must_close; /* behind this answer */
    int status;
    int64_t began_us;
    uint64_t body_left;
    size_t head_len, request_len, request_at;
    char head[HEAD_BYTES];
    char *request;
};

static struct {
    struct options options;
    struct client *clients;
    int epoll_fd;
    bool is_over;
    uint64_t sent, answered, cut, reconnects, newest_tx;
    uint64_t statuses[STATUS_MAX];
    uint32_t *us; /* of each answer */
    size_t us_count, us_capacity;
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

static void
note_latency(int64_t us)
{
    if (load.us_count == load.us_capacity) {
        load.us_capacity = load.us_capacity == 0 ? 4096 : load.us_capacity * 2;
        load.us = reallocarray(load.us, load.us_capacity, sizeof *load.us);
        if (load.us == NULL)
            fail("samples");
    }
    load.us[load.us_count++] = us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* False: nobody listens any more. */
static bool
open_client(struct client *client)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(load.options.port),
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

/* The body with each {n} replaced; its length. */
static size_t
print_body(char *to, size_t size)
{
    const char *from = load.options.body, *mark;
    size_t len = 0;

    while ((mark = strstr(from, "{n}")) != NULL) {
        len += (size_t)snprintf(to + len, size - len, "%.*s%llu",
                                (int)(mark - from), from,
                                (unsigned long long)load.sent);
        assert(len < size);
        from = mark + 3;
    }
    len += (size_t)snprintf(to + len, size - len, "%s", from);
    assert(len < size);
    return len;
}

static void
print_request(struct client *client)
{
    char body[REQUEST_BYTES / 2];
    int len;

    if (strcmp(load.options.mode, "post") != 0) {
        len = snprintf(client->request, REQUEST_BYTES,
                       "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", load.options.path);
    } else {
        size_t body_len = print_body(body, sizeof body);

        len = snprintf(client->request, REQUEST_BYTES,
                       "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\n"
                       "Content-Length: %zu\r\n\r\n%s",
                       load.options.path, load.options.type, body_len, body);
    }
    assert(len > 0 && len < REQUEST_BYTES);
    client->request_len = (size_t)len;
}

static void
watch(struct client *client, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = client };

    if (epoll_ctl(load.epoll_fd, EPOLL_CTL_MOD, client->fd, &event) != 0)
        fail("epoll");
}

static void
push_request(struct client *client)
{
    size_t left = client->request_len - client->request_at;
    ssize_t sent = send(client->fd, client->request + client->request_at, left,
                        MSG_NOSIGNAL);

    if (sent > 0)
        client->request_at += (size_t)sent;
    /* What went wrong shows when the answer is read. */
    if (client->request_at < client->request_len)
        watch(client, EPOLLIN | EPOLLOUT);
}

static void
send_request(struct client *client)
{
    print_request(client);
    load.sent++;
    client->request_at = 0;
    client->is_waiting = true;
    client->began_us = now_us();
    push_request(client);
}

/* A server that is gone ends the run: what was answered is what counts. */
static void
reopen(struct client *client)
{
    if (client->is_waiting)
        load.cut++;
    close(client->fd);
    client->is_waiting = false;
    client->in_body = false;
    client->must_close = false;
    client->head_len = 0;
    load.reconnects++;
    if (load.is_over || !open_client(client))
        load.is_over = true;
    else
        send_request(client);
}

static void
end_answer(struct client *client)
{
    note_latency(now_us() - client->began_us);
    load.answered++;
    load.statuses[client->status]++;
    client->is_waiting = false;
    client->in_body = false;
    client->head_len = 0;
    if (client->must_close)
        reopen(client);
    else if (!load.is_over && strcmp(load.options.mode, "idle") != 0)
        send_request(client);
}

/* The value of a header in a terminated head; NULL: not there. */
static const char *
find_header(const char *head, const char *name)
{
    const char *at = strcasestr(head, name);

    return at == NULL ? NULL : at + strlen(name);
}

static void
read_head(struct client *client)
{
    const char *length = find_header(client->head, "\r\nContent-Length: ");
    const char *tx = find_header(client->head, "\r\nSecmaster-Tx: ");
    uint64_t number = tx == NULL ? 0 : strtoull(tx, NULL, 10);

    client->status = (int)strtol(client->head + 9, NULL, 10);
    if (strncmp(client->head, "HTTP/1.1 ", 9) != 0 || client->status < 100 ||
        client->status >= STATUS_MAX || length == NULL) {
        fprintf(stderr, "load_client: cannot read '%s'\n", client->head);
        exit(2);
    }
    client->body_left = strtoull(length, NULL, 10);
    client->in_body = true;
    client->must_close =
        find_header(client->head, "\r\nConnection: close") != NULL;
    if (number > load.newest_tx)
        load.newest_tx = number;
}

static void
take_bytes(struct client *client, const char *data, size_t len)
{
    while (len > 0 && client->is_waiting) {
        size_t used = len;

        if (client->in_body) {
            if (used > client->body_left)
                used = client->body_left;
            client->body_left -= used;
        } else {
            used = 1;
            if (client->head_len == HEAD_BYTES - 1)
                fail("a head too long");
            client->head[client->head_len++] = *data;
            client->head[client->head_len] = '\0';
            if (client->head_len >= 4 &&
                memcmp(client->head + client->head_len - 4, "\r\n\r\n", 4) == 0)
                read_head(client);
        }
        data += used;
        len -= used;
        if (client->in_body && client->body_left == 0)
            end_answer(client);
    }
}

static void
pull_answer(struct client *client)
{
    char data[65536];
    ssize_t got = recv(client->fd, data, sizeof data, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got > 0) {
        take_bytes(client, data, (size_t)got);
        return;
    }
    reopen(client);
}

static void
serve_events(int64_t until_us)
{
    struct epoll_event events[EVENTS];
    int64_t left_ms = (until_us - now_us()) / 1000;
    int count = epoll_wait(load.epoll_fd, events, EVENTS,
                           left_ms < 0 ? 0 : (int)left_ms + 1);

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

static void
run(void)
{
    int64_t until_us = now_us() + load.options.seconds * 1000000;
    bool is_idle = strcmp(load.options.mode, "idle") == 0, is_ready = false;

    for (unsigned i = 0; i < load.options.clients; i++)
        send_request(&load.clients[i]);
    while (!load.is_over && now_us() < until_us) {
        serve_events(until_us);
        if (is_idle && !is_ready && load.answered == load.options.clients) {
            is_ready = true;
            puts("ready");
            fflush(stdout);
        }
    }
    load.is_over = true;
    until_us = now_us() + GRACE_US;
    while (load.answered + load.cut < load.sent && now_us() < until_us)
        serve_events(until_us);
}

static int
compare_us(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

    return (left > right) - (left < right);
}

static unsigned
percentile(size_t percent)
{
    return load.us_count == 0 ? 0
                              : load.us[(load.us_count - 1) * percent / 100];
}

static void
report(double seconds)
{
    const char *comma = "";

    qsort(load.us, load.us_count, sizeof *load.us, compare_us);
    printf("{\"mode\":\"%s\",\"clients\":%u,\"seconds\":%.3f,\"sent\":%llu,"
           "\"answered\":%llu,\"cut\":%llu,\"reconnects\":%llu,"
           "\"newest_tx\":%llu,\"statuses\":{",
           load.options.mode, load.options.clients, seconds,
           (unsigned long long)load.sent, (unsigned long long)load.answered,
           (unsigned long long)load.cut, (unsigned long long)load.reconnects,
           (unsigned long long)load.newest_tx);
    for (int status = 0; status < STATUS_MAX; status++) {
        if (load.statuses[status] == 0)
            continue;
        printf("%s\"%d\":%llu", comma, status,
               (unsigned long long)load.statuses[status]);
        comma = ",";
    }
    printf("},\"p50_us\":%u,\"p99_us\":%u,\"max_us\":%u}\n", percentile(50),
           percentile(99), percentile(100));
}

static uint64_t
number_of(const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0' || number > 1000000) {
        fputs(help, stderr);
        exit(2);
    }
    return number;
}

static void
read_options(int argc, char **argv)
{
    static const struct option options[] = {
        { "port", required_argument, NULL, 'p' },
        { "clients", required_argument, NULL, 'c' },
        { "seconds", required_argument, NULL, 's' },
        { "mode", required_argument, NULL, 'm' },
        { "path", required_argument, NULL, 'a' },
        { "body", required_argument, NULL, 'b' },
        { "type", required_argument, NULL, 't' },
        { 0 },
    };
    const char **texts[] = { ['m'] = &load.options.mode,
                             ['a'] = &load.options.path,
                             ['b'] = &load.options.body,
                             ['t'] = &load.options.type };
    int option;

    load.options = (struct options){ .mode = "get",
                                     .path = "/livez",
                                     .body = "",
                                     .type = "application/json",
                                     .clients = 1,
                                     .seconds = 1 };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p')
            load.options.port = (uint16_t)number_of(optarg);
        else if (option == 'c')
            load.options.clients = (unsigned)number_of(optarg);
        else if (option == 's')
            load.options.seconds = (int64_t)number_of(optarg);
        else if (option != '?')
            *texts[option] = optarg;
        else
            exit(2);
    }
    if (load.options.port == 0) {
        fputs(help, stderr);
        exit(2);
    }
}

int
main(int argc, char **argv)
{
    struct rlimit limit;
    int64_t began_us;

    read_options(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load.clients = calloc(load.options.clients, sizeof *load.clients);
    if (load.epoll_fd < 0 || load.clients == NULL)
        fail("start");
    for (unsigned i = 0; i < load.options.clients; i++) {
        load.clients[i].request = malloc(REQUEST_BYTES);
        if (load.clients[i].request == NULL)
            fail("start");
        if (!open_client(&load.clients[i]))
            fail("connect");
    }
    began_us = now_us();
    run();
    report((double)(now_us() - began_us) / 1e6);
    for (unsigned i = 0; i < load.options.clients; i++) {
        close(load.clients[i].fd);
        free(load.clients[i].request);
    }
    free(load.clients);
    free(load.us);
    return 0;
}
