/* Which origins may be listed, and what each gets. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/cors.h"
#include "tests/api/exchanging.h"

static const struct {
    const char *text;
    enum err err;
} origins[] = {
    { "http://localhost:3000", OK },
    { "http://localhost", OK },
    { "https://app.example.com", OK },
    { "https://app.example.com:80", OK },
    { "http://a_b-c.example:65535", OK },
    { "http://[::1]:8000", OK },
    { "https://[2001:db8::1]", OK },
    { "http://127.0.0.1:8080", OK },
    { "http://[::1]:443", OK },
    { "https://_.example", OK },
    { "https://a_", OK },
    { "https://example.com?q", ERR_INVALID },
    { "https://example.com#f", ERR_INVALID },
    { "https://[2001:DB8::1]", ERR_INVALID },
    { "http://[::1]:80", ERR_INVALID },
    { "http://[::80", ERR_INVALID },
    { "http://127.1", ERR_INVALID },
    { "https://a..b", ERR_INVALID },
    { "http://example.com:65536", ERR_INVALID },
    { "http://example.com:6_", ERR_INVALID },
    { "http_://example.com", ERR_INVALID },
    { "", ERR_INVALID },
    { "*", ERR_INVALID },
    { "null", ERR_INVALID },
    { "localhost:3000", ERR_INVALID },
    { "file:///x", ERR_INVALID },
    { "ftp://example.com", ERR_INVALID },
    { "https://", ERR_INVALID },
    { "https://:8000", ERR_INVALID },
    { "https://example.com/", ERR_INVALID },
    { "https://example.com/app", ERR_INVALID },
    { "https://Example.com", ERR_INVALID },
    { "HTTPS://example.com", ERR_INVALID },
    { "https://*.example.com", ERR_INVALID },
    { "https://u@example.com", ERR_INVALID },
    { "https://example.com ", ERR_INVALID },
    { "https://example.com\r\nX: y", ERR_INVALID },
    { "https://example.com:443", ERR_INVALID },
    { "http://example.com:80", ERR_INVALID },
    { "http://example.com:", ERR_INVALID },
    { "http://example.com:x", ERR_INVALID },
    { "http://example.com:080", ERR_INVALID },
    { "http://example.com:123456", ERR_INVALID },
    { "https://example.com:8000/", ERR_INVALID },
};

Test(cors, lists_origins_as_browsers_write_them)
{
    char longest[ORIGIN_BYTES_MAX + 2] = "http://";
    struct why why;

    for (size_t i = 0; i < sizeof origins / sizeof origins[0]; i++) {
        enum err err = cors_origin_check(origins[i].text, &why);

        cr_expect_eq(err, origins[i].err, "%s: err %d", origins[i].text, err);
    }
    memset(longest + 7, 'a', ORIGIN_BYTES_MAX - 7);
    cr_expect_eq(cors_origin_check(longest, &why), OK);
    longest[ORIGIN_BYTES_MAX] = 'a';
    cr_expect_eq(cors_origin_check(longest, &why), ERR_INVALID);
}

#define APP "https://app.example.com"
#define LOCAL "http://localhost:3000"
#define ASKS "Access-Control-Request-Method: GET\r\n"

static const struct {
    const char *row, *method, *target, *headers;
    int status;
    const char *origin; /* it gets; "": nothing at all */
    const char *methods;
} rows[] = {
    { "a read", "GET", "/v1/master", "Origin: " APP "\r\n", 200, APP, "" },
    { "another origin", "GET", "/v1/master", "Origin: " LOCAL "\r\n", 200,
      LOCAL, "" },
    { "HEAD", "HEAD", "/v1/master", "Origin: " APP "\r\n", 200, APP, "" },
    { "an error", "GET", "/v1/nope", "Origin: " APP "\r\n", 404, APP, "" },
    { "a refused head", "GET", "/v1/master?x=1", "Origin: " APP "\r\n", 400,
      APP, "" },
    { "a probe", "GET", "/livez", "Origin: " APP "\r\n", 200, APP, "" },
    { "not modified", "GET", "/v1/master",
      "If-None-Match: *\r\nOrigin: " APP "\r\n", 304, APP, "" },
    { "a preflight", "OPTIONS", "/v1/master", "Origin: " APP "\r\n" ASKS, 204,
      APP, "GET, HEAD, OPTIONS" },
    { "a preflight of a write", "OPTIONS", "/v1/facts",
      "Origin: " APP "\r\n" ASKS, 204, APP, "POST, OPTIONS" },
    { "a preflight of nothing", "OPTIONS", "/v1/nope",
      "Origin: " APP "\r\n" ASKS, 404, APP, "" },
    { "OPTIONS that is no preflight", "OPTIONS", "/v1/master",
      "Origin: " APP "\r\n", 204, APP, "" },
    { "no origin", "GET", "/v1/master", "", 200, "", "" },
    { "not listed", "GET", "/v1/master", "Origin: https://example.com\r\n", 200,
      "", "" },
    { "a preflight, not listed", "OPTIONS", "/v1/master",
      "Origin: https://example.com\r\n" ASKS, 204, "", "" },
    { "null", "GET", "/v1/master", "Origin: null\r\n", 200, "", "" },
    { "another scheme", "GET", "/v1/master",
      "Origin: http://app.example.com\r\n", 200, "", "" },
    { "another port", "GET", "/v1/master", "Origin: " APP ":8000\r\n", 200, "",
      "" },
    { "longer", "GET", "/v1/master", "Origin: " APP ".evil.example\r\n", 200,
      "", "" },
    { "shorter", "GET", "/v1/master", "Origin: https://app.example.co\r\n", 200,
      "", "" },
    { "in capitals", "GET", "/v1/master", "Origin: https://APP.example.com\r\n",
      200, "", "" },
    { "two of them", "GET", "/v1/master",
      "Origin: " APP "\r\nOrigin: " APP "\r\n", 200, "", "" },
    { "a list", "GET", "/v1/master", "Origin: " APP " " LOCAL "\r\n", 200, "",
      "" },
    { "nothing in it", "GET", "/v1/master", "Origin: \r\n", 200, "", "" },
};

static void
expect_row(struct exchanging *at, size_t i, bool is_on)
{
    struct exchange *exchange =
        exchanging_ask(at, rows[i].method, rows[i].target, rows[i].headers);
    const char *origin = is_on ? rows[i].origin : "";
    const char *methods = is_on ? rows[i].methods : "";
    bool is_shown = origin[0] != '\0' && methods[0] == '\0';
    const char *vary = is_on ? "Accept, Accept-Encoding, Origin"
                       : rows[i].status == 204 ? ""
                                               : "Accept, Accept-Encoding";

    cr_expect_eq(exchange->response.status, rows[i].status, "%s: %d",
                 rows[i].row, exchange->response.status);
    cr_expect_str_eq(exchanging_header(exchange, "Access-Control-Allow-Origin"),
                     origin, "%s", rows[i].row);
    cr_expect_str_eq(
        exchanging_header(exchange, "Access-Control-Allow-Methods"), methods,
        "%s", rows[i].row);
    cr_expect_eq(*exchanging_header(exchange, "Access-Control-Allow-Headers") !=
                     '\0',
                 methods[0] != '\0', "%s: headers taken", rows[i].row);
    cr_expect_eq(*exchanging_header(exchange, "Access-Control-Max-Age") != '\0',
                 methods[0] != '\0', "%s: max age", rows[i].row);
    cr_expect_eq(
        *exchanging_header(exchange, "Access-Control-Expose-Headers") != '\0',
        is_shown, "%s: headers shown", rows[i].row);
    cr_expect_str_eq(
        exchanging_header(exchange, "Access-Control-Allow-Credentials"), "",
        "%s", rows[i].row);
    cr_expect_str_eq(exchanging_header(exchange, "Vary"), vary, "%s",
                     rows[i].row);
    exchanging_end(exchange);
}

Test(cors, answers_listed_origins_alone)
{
    static const char *const listed[] = { LOCAL, APP };

    for (int is_on = 0; is_on < 2; is_on++) {
        struct exchanging at;

        exchanging_init(&at);
        at.asking.service.cors_origins = listed;
        at.asking.service.cors_origin_count = is_on ? 2 : 0;
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
            expect_row(&at, i, is_on);
        exchanging_fini(&at);
    }
}

/* All that an answer's head may hold at once fits what is kept free for it. */
Test(cors, leaves_room_in_the_head)
{
    static char origin[ORIGIN_BYTES_MAX + 1] = "https://";
    static const char *const listed[] = { origin };
    char headers[1024], id[REQUEST_ID_BYTES_MAX + 1] = "";
    struct exchange *exchange;
    struct exchanging at;
    size_t bytes = 0;

    memset(origin + 8, 'a', ORIGIN_BYTES_MAX - 8);
    memset(id, 'i', REQUEST_ID_BYTES_MAX);
    exchanging_init(&at);
    at.asking.service.cors_origins = listed;
    at.asking.service.cors_origin_count = 1;
    snprintf(headers, sizeof headers,
             "Origin: %s\r\nX-Request-Id: %s\r\nAccept-Encoding: gzip, "
             "identity;q=0\r\n",
             origin, id);
    exchange = exchanging_ask(&at, "GET", "/v1/master?known_tx=0", headers);
    cr_expect_str_eq(exchanging_header(exchange, "Access-Control-Allow-Origin"),
                     origin);
    for (size_t i = 0; i < exchange->response.header_count; i++)
        bytes += exchange->response.headers[i].name.len +
                 exchange->response.headers[i].value.len + strlen(": \r\n");
    /* And a link, a line of the status, the type, the date, the length. */
    cr_expect_lt(bytes + NEXT_LINK_BYTES_MAX + 512, ANSWER_HEAD_BYTES_MAX,
                 "%zu", bytes);
    exchanging_end(exchange);
    exchanging_fini(&at);
}
