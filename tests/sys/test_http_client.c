/* The HTTP client against a server that says what the table tells it to. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "secmaster/http_client.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int listener;
static char base[64];
static char asked[4096]; /* the request, whole */

static void
listen_somewhere(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof address;

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, len), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(address.sin_port));
}

/* Take one request that ends with '!' or an empty line, answer, close. */
static void *
answer_once(void *argument)
{
    const char *answer = argument;
    int fd = accept(listener, NULL, NULL);
    size_t len = 0;

    do {
        ssize_t got = read(fd, asked + len, sizeof asked - 1 - len);

        if (got <= 0)
            break;
        len += (size_t)got;
        asked[len] = '\0';
    } while (asked[len - 1] != '!' && (strncmp(asked, "GET", 3) != 0 ||
                                       strstr(asked, "\r\n\r\n") == NULL));
    if (write(fd, answer, strlen(answer)) < 0)
        perror("answer");
    close(fd);
    return NULL;
}

static const struct {
    const char *name, *answer;
    enum err err;
    int status, retry_after;
    const char *body;
} cases[] = {
    { "an answer", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", OK, 200,
      0, "hello" },
    { "a problem", "HTTP/1.1 422 No\r\nContent-Length: 2\r\n\r\n{}", OK, 422, 0,
      "{}" },
    { "asked to wait",
      "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", OK,
      503, 7, "" },
    { "asked to wait for ever",
      "HTTP/1.1 503 Busy\r\nRetry-After: 99999999\r\n"
      "Content-Length: 0\r\n\r\n",
      OK, 503, 3600, "" },
    { "a redirect is an answer",
      "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n"
      "Content-Length: 0\r\n\r\n",
      OK, 302, 0, "" },
    { "chunks are bounded",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "14\r\n01234567890123456789\r\n0\r\n\r\n",
      ERR_UPSTREAM, 0, 0, NULL },
    { "compressed bytes stay so",
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
      "Content-Length: 4\r\n\r\nzzzz",
      OK, 200, 0, "zzzz" },
    { "cut short", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
      ERR_UPSTREAM, 0, 0, NULL },
    { "no answer", "", ERR_UPSTREAM, 0, 0, NULL },
    { "no HTTP", "hello\r\n\r\n", ERR_UPSTREAM, 0, 0, NULL },
};

static const struct http_post post_of_csv = {
    .path = "/x",
    .media_type = "text/csv",
    .body = { "a,b!", 4 },
};

static void
run_case(size_t c, bool post)
{
    struct http_client *client = http_client_new(base, 5);
    struct http_answer answer = { 0 };
    struct why why = { "" };
    pthread_t server;
    enum err err;

    out_init(&answer.body, 16);
    pthread_create(&server, NULL, answer_once, (void *)cases[c].answer);
    if (post)
        err = http_client_post(client, &post_of_csv, &answer, &why);
    else
        err = http_client_get(client, "/x?y=1", &answer, &why);
    pthread_join(server, NULL);
    cr_expect_eq(err, cases[c].err, "%s: err %d %s", cases[c].name, err,
                 why.text);
    if (err == OK) {
        cr_expect_eq(answer.status, cases[c].status, "%s", cases[c].name);
        cr_expect_eq(answer.retry_after_seconds, cases[c].retry_after, "%s: %d",
                     cases[c].name, answer.retry_after_seconds);
        cr_expect(str_equal(out_text(&answer.body), str_of(cases[c].body)),
                  "%s", cases[c].name);
    } else {
        cr_expect_not(answer.is_unsent, "%s", cases[c].name);
        cr_expect_eq(strncmp(why.text, base, strlen(base)), 0, "%s: %s",
                     cases[c].name, why.text);
    }
    out_fini(&answer.body);
    http_client_free(client);
}

Test(http_client, takes_answers_within_bounds)
{
    listen_somewhere();
    for (size_t c = 0; c < COUNT(cases); c++) {
        run_case(c, true);
        cr_expect_eq(strncmp(asked, "POST /x HTTP/1.1\r\n", 18), 0);
        cr_expect_neq(strstr(asked, "\r\nContent-Type: text/csv\r\n"), NULL);
        cr_expect_neq(strstr(asked, "\r\nContent-Length: 4\r\n"), NULL);
        cr_expect_neq(strstr(asked, "\r\n\r\na,b!"), NULL);
        cr_expect_eq(strstr(asked, "Expect"), NULL);
        run_case(c, false);
        cr_expect_eq(strncmp(asked, "GET /x?y=1 HTTP/1.1\r\n", 21), 0);
    }
    close(listener);
}

Test(http_client, slashes_behind_the_base_do_not_count)
{
    static const char *const ends[] = { "/", "//" };

    listen_somewhere();
    for (size_t i = 0; i < COUNT(ends); i++) {
        size_t len = strlen(base);

        cr_assert_lt(len + strlen(ends[i]), sizeof base);
        memcpy(base + len, ends[i], strlen(ends[i]) + 1);
        run_case(0, false);
        base[len] = '\0';
        cr_expect_eq(strncmp(asked, "GET /x?y=1 HTTP/1.1\r\n", 21), 0, "%s: %s",
                     ends[i], asked);
    }
    close(listener);
}

/* Only what speaks HTTP, and only where we point; no proxy by the way. */
Test(http_client, goes_nowhere_else)
{
    static const char *const bases[] = {
        "file://", "ftp://127.0.0.1:1", "gopher://127.0.0.1:1",
        "http://127.0.0.1:1", /* nobody listens */
    };

    setenv("http_proxy", "http://127.0.0.1:2", 1);
    for (size_t c = 0; c < COUNT(bases); c++) {
        struct http_client *client = http_client_new(bases[c], 5);
        struct http_answer answer = { 0 };
        struct why why = { "" };

        out_init(&answer.body, 100000);
        cr_expect_eq(http_client_get(client, "/etc/passwd", &answer, &why),
                     ERR_UPSTREAM, "%s", bases[c]);
        cr_expect_eq(answer.body.len, 0, "%s", bases[c]);
        cr_expect(answer.is_unsent, "%s", bases[c]);
        cr_expect_eq(strstr(why.text, "port 2"), NULL, "%s", why.text);
        out_fini(&answer.body);
        http_client_free(client);
    }
}
