/* Where the fetcher goes when it is sent elsewhere, and what it brings back
 * beside the body. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "fetching.h"

static struct raw_server server;

#define TO(status, where)                                                      \
    TEXT("HTTP/1.1 " status " Go\r\nLocation: " where                          \
         "\r\nContent-Length: 2\r\n\r\n{}")

#define LONGEST                                                                \
    "0123456789012345678901234567890123456789012345678901234567890123"         \
    "012345678901234567890123456789012345678901234567890123456789012"

/* What the caller needs beside the body, as it was sent. */
Test(fetcher_redirects, hands_over_headers)
{
    static const struct {
        struct raw_script script;
        const char *retry_after, *content_type;
    } heads[] = {
        { { "/none", TEXT(HELLO LENGTH("0")), 0, 0, RAW_CLOSE }, "", "" },
        { { "/both",
            TEXT("HTTP/1.1 429 No\r\nretry-after:  120 \r\nCONTENT-TYPE: "
                 "text/html; charset=utf-8\r\n" LENGTH("0")),
            0, 0, RAW_CLOSE },
          "120",
          "text/html; charset=utf-8" },
        { { "/date",
            TEXT("HTTP/1.1 503 No\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 "
                 "GMT\r\n" LENGTH("0")),
            0, 0, RAW_CLOSE },
          "Wed, 21 Oct 2015 07:28:00 GMT",
          "" },
        { { "/longest", TEXT(HELLO "Retry-After: " LONGEST "\r\n" LENGTH("0")),
            0, 0, RAW_CLOSE },
          LONGEST,
          "" },
        { { "/longer", TEXT(HELLO "Retry-After: " LONGEST "x\r\n" LENGTH("0")),
            0, 0, RAW_CLOSE },
          "",
          "" },
        { { "/last-head",
            TEXT("HTTP/1.1 103 Hint\r\nRetry-After: 1\r\n\r\n" HELLO LENGTH(
                "0")),
            0, 0, RAW_CLOSE },
          "",
          "" },
        { { "/cut-behind", TEXT(HELLO "Retry-After: 5\r\n" LENGTH("9") "x"), 0,
            0, RAW_CLOSE },
          "5",
          "" },
    };

    for (size_t i = 0; i < COUNT(heads); i++) {
        const char *path = heads[i].script.path;
        struct fetch_answer answer;
        struct fetch fetch;

        raw_server_listen(&server);
        raw_server_start(&server, &heads[i].script, 1);
        fetch = fetch_of(server.base, path);
        answer = fetch_one(&plain_options, &fetch);
        raw_server_stop(&server);
        cr_expect_eq(strcmp(answer.retry_after, heads[i].retry_after), 0,
                     "%s: %s", path, answer.retry_after);
        cr_expect_eq(strcmp(answer.content_type, heads[i].content_type), 0,
                     "%s: %s", path, answer.content_type);
        cr_expect_eq(raw_server_asked(&server, path,
                                      "\r\nUser-Agent: secmaster/test\r\n"),
                     1, "%s", path);
        cr_expect_eq(
            raw_server_asked(&server, path, "\r\nAccept: application/json\r\n"),
            1, "%s", path);
        fetch_answer_fini(&answer);
    }
}

/* The key goes on with a redirect within the origin, and nowhere else: who
 * stands at the other place is not even asked. */
Test(fetcher_redirects, follows_within_the_origin_only)
{
    static struct raw_server other;
    static const struct {
        const char *path;
        enum fetch_outcome outcome;
        int status, requests;
    } expected[] = {
        { "/here", FETCH_OK, 200, 1 },
        { "/301", FETCH_OK, 200, 2 },
        { "/302", FETCH_OK, 200, 2 },
        { "/303", FETCH_OK, 200, 2 },
        { "/307", FETCH_OK, 200, 2 },
        { "/308", FETCH_OK, 200, 2 },
        { "/dir/relative", FETCH_OK, 200, 2 },
        { "/absolute", FETCH_OK, 200, 2 },
        { "/three", FETCH_OK, 200, 4 },
        { "/four", FETCH_REDIRECTED, 302, 4 },
        { "/itself", FETCH_REDIRECTED, 302, 4 },
        { "/other-port", FETCH_REDIRECTED, 302, 1 },
        { "/other-port-later", FETCH_REDIRECTED, 302, 2 },
        { "/other-host", FETCH_REDIRECTED, 302, 1 },
        { "/other-scheme", FETCH_REDIRECTED, 302, 1 },
        { "/user", FETCH_REDIRECTED, 302, 1 },
        { "/file", FETCH_REDIRECTED, 302, 1 },
        { "/no-scheme", FETCH_REDIRECTED, 302, 1 },
        { "/nowhere", FETCH_OK, 302, 1 },
        { "/300", FETCH_OK, 300, 1 },
        { "/cut", FETCH_RESET, 302, 1 },
        { "/to-endless", FETCH_TOO_LARGE, 0, 2 },
    };
    static char to[6][256];
    struct raw_script scripts[] = {
        { "/here", TEXT(HELLO LENGTH("4") "here"), 0, 0, RAW_CLOSE },
        { "/301", TO("301", "/here"), 0, 0, RAW_CLOSE },
        { "/302", TO("302", "/here?a=b"), 0, 0, RAW_HOLD },
        { "/303", TO("303", "/here"), 0, 0, RAW_CLOSE },
        { "/307", TO("307", "/here"), 0, 0, RAW_CLOSE },
        { "/308", TO("308", "/here"), 0, 0, RAW_CLOSE },
        { "/dir/relative", TO("302", "../here"), 0, 0, RAW_CLOSE },
        { "/two", TO("302", "/302"), 0, 0, RAW_CLOSE },
        { "/three", TO("302", "/two"), 0, 0, RAW_CLOSE },
        { "/four", TO("302", "/three"), 0, 0, RAW_CLOSE },
        { "/itself", TO("302", "/itself"), 0, 0, RAW_CLOSE },
        { "/file", TO("302", "file:///etc/passwd"), 0, 0, RAW_CLOSE },
        { "/no-scheme", TO("302", "//localhost/here"), 0, 0, RAW_CLOSE },
        { "/other-port-later", TO("302", "/other-port"), 0, 0, RAW_CLOSE },
        { "/nowhere", TEXT("HTTP/1.1 302 Go\r\n" LENGTH("0")), 0, 0,
          RAW_CLOSE },
        { "/300", TO("300", "/here"), 0, 0, RAW_CLOSE },
        { "/cut",
          TEXT("HTTP/1.1 302 Go\r\nLocation: /here\r\n" LENGTH("9") "x"), 0, 0,
          RAW_CLOSE },
        { "/to-endless", TO("302", "/endless"), 0, 0, RAW_CLOSE },
        { "/endless", TEXT("HTTP/1.1 200 x"), 0, 1 << 30, RAW_CLOSE },
        { .path = "/absolute" },
        { .path = "/other-port" },
        { .path = "/other-host" },
        { .path = "/other-scheme" },
        { .path = "/user" },
    };
    const size_t made = COUNT(scripts) - 5;

    raw_server_listen(&server);
    raw_server_listen(&other);
    for (size_t i = made; i < COUNT(scripts); i++) {
        static const char *const urls[] = {
            "http://127.0.0.1:%d/here",          "http://127.0.0.1:%d/here",
            "http://localhost:%d/here",          "https://127.0.0.1:%d/here",
            "http://a@127.0.0.1:%d/here?SESAME",
        };
        bool is_port = strcmp(scripts[i].path, "/other-port") == 0;
        char url[64];

        snprintf(url, sizeof url, urls[i - made],
                 is_port ? other.port : server.port);
        snprintf(to[i - made], sizeof to[0],
                 "HTTP/1.1 302 Go\r\nLocation: %s\r\n" LENGTH("0"), url);
        scripts[i].bytes = to[i - made];
        scripts[i].len = strlen(to[i - made]);
    }
    raw_server_start(&server, scripts, COUNT(scripts));
    raw_server_start(&other, scripts, 1);

    for (size_t i = 0; i < COUNT(expected); i++) {
        const char *path = expected[i].path;
        size_t before = atomic_load(&server.heads_read);
        struct fetch fetch = fetch_of(server.base, path);
        struct fetch_answer answer = fetch_one(&plain_options, &fetch);

        cr_expect_eq(answer.outcome, expected[i].outcome, "%s: %s: %s", path,
                     fetch_outcome_name(answer.outcome), answer.why.text);
        cr_expect_eq(answer.status, expected[i].status, "%s: %d", path,
                     answer.status);
        cr_expect_eq(answer.requests, expected[i].requests, "%s: %d", path,
                     answer.requests);
        cr_expect_eq(atomic_load(&server.heads_read) - before,
                     (size_t)expected[i].requests, "%s", path);
        if (expected[i].outcome == FETCH_OK && expected[i].status == 200)
            cr_expect(str_equal(out_text(&answer.body), STR("here")), "%s",
                      path);
        if (expected[i].outcome != FETCH_OK)
            cr_expect_eq(answer.body.len, 0, "%s", path);
        cr_expect_eq(strstr(answer.why.text, KEY), NULL, "%s: %s", path,
                     answer.why.text);
        fetch_answer_fini(&answer);
    }
    raw_server_stop(&server);
    raw_server_stop(&other);
    cr_expect_eq(atomic_load(&other.count), 0);
    cr_expect_eq(
        raw_server_asked(&server, "/", "\r\nAuthorization: Bearer " KEY), 0);
    cr_expect_eq(raw_server_asked(&server, "/here",
                                  "\r\nAuthorization: Bearer " KEY "\r\n"),
                 raw_server_asked(&server, "/here", ""));
}

/* Who paces its requests follows by itself: it is told where to, if that is
 * within the origin, and nothing more is sent. */
Test(fetcher_redirects, a_single_one_is_handed_back)
{
    static const struct {
        const char *path;
        enum fetch_outcome outcome;
        bool is_within;
        const char *to; /* behind the base */
    } rows[] = {
        { "/here", FETCH_OK, false, NULL },
        { "/moved", FETCH_REDIRECTED, true, "/here?a=b" },
        { "/away", FETCH_REDIRECTED, false, NULL },
    };
    static const struct raw_script scripts[] = {
        { "/here", TEXT(HELLO LENGTH("4") "here"), 0, 0, RAW_CLOSE },
        { "/moved", TO("302", "/here?a=b"), 0, 0, RAW_CLOSE },
        { "/away", TO("302", "http://192.0.2.1/here"), 0, 0, RAW_CLOSE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fetch_answer answer;
        struct fetch fetch;
        char to[256] = "";

        raw_server_listen(&server);
        raw_server_start(&server, &scripts[i], 1);
        fetch = fetch_of(server.base, rows[i].path);
        fetch.is_single = true;
        answer = fetch_one(&plain_options, &fetch);
        raw_server_stop(&server);
        cr_expect_eq(answer.outcome, rows[i].outcome, "%s: %s", rows[i].path,
                     fetch_outcome_name(answer.outcome));
        cr_expect_eq(answer.is_within, rows[i].is_within, "%s", rows[i].path);
        cr_expect_eq(answer.requests, 1, "%s: %d", rows[i].path,
                     answer.requests);
        if (rows[i].to != NULL)
            snprintf(to, sizeof to, "%s%s", server.base, rows[i].to);
        if (answer.outcome == FETCH_REDIRECTED)
            cr_expect(str_equal(out_text(&answer.body), str_of(to)),
                      "%s: to %.*s", rows[i].path,
                      STR_ARG(out_text(&answer.body)));
        fetch_answer_fini(&answer);
    }
}
