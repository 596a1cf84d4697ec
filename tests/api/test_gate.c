/* Heads that two parsers could read in two ways are refused. */
#include "api/gate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/out.h"
#include "tests/api/heads.h"

#define LINE "GET /v1/master?limit=1 HTTP/1.1\r\n"
#define HOST "Host: x\r\n"
#define END "\r\n"
#define ACCEPTED PROBLEM_COUNT
#define TEXT(text) text, sizeof text - 1

static const struct {
    const char *row, *text;
    size_t len;
    enum problem problem;
} heads[] = {
    { "plain", TEXT(LINE HOST END), ACCEPTED },
    { "HTTP/1.0 without a host", TEXT("GET / HTTP/1.0\r\n\r\n"), ACCEPTED },
    { "an empty value", TEXT(LINE HOST "X-A:\r\n" END), ACCEPTED },
    { "spaces around a value", TEXT(LINE HOST "X-A: \t b \r\n" END), ACCEPTED },
    { "no space before a value", TEXT(LINE "Host:x\r\n" END), ACCEPTED },
    { "a tab in a value", TEXT(LINE HOST "X-A: a\tb\r\n" END), ACCEPTED },
    { "UTF-8 in a value", TEXT(LINE HOST "X-A: \xc3\xa9\r\n" END), ACCEPTED },
    { "UTF-8 in the target", TEXT("GET /\xc3\xa9 HTTP/1.1\r\n" HOST END),
      ACCEPTED },
    { "an IPv6 host", TEXT(LINE "Host: [::1]:80\r\n" END), ACCEPTED },
    { "a length", TEXT(LINE HOST "Content-Length: 3\r\n" END), ACCEPTED },
    { "a length and a space", TEXT(LINE HOST "content-length: 3 \r\n" END),
      ACCEPTED },
    { "chunked", TEXT(LINE HOST "Transfer-Encoding: Chunked\r\n" END),
      ACCEPTED },
    { "a type", TEXT(LINE HOST "Content-Type: text/csv\r\n" END), ACCEPTED },
    { "OPTIONS *", TEXT("OPTIONS * HTTP/1.1\r\n" HOST END), ACCEPTED },
    { "PATCH", TEXT("PATCH / HTTP/1.1\r\n" HOST END), ACCEPTED },

    { "GET *", TEXT("GET * HTTP/1.1\r\n" HOST END), PROBLEM_MALFORMED_REQUEST },
    { "an absolute target", TEXT("GET http://x/ HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "an authority", TEXT("CONNECT x:80 HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a space in the target", TEXT("GET /a b HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "two spaces", TEXT("GET  / HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a tab in the target", TEXT("GET /a\tb HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a fragment", TEXT("GET /a#b HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "%00", TEXT("GET /a%00 HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "NUL in the target", TEXT("GET /a\0b HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "no UTF-8 in the target", TEXT("GET /\xff HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a method of signs", TEXT("G@T{} / HTTP/1.1\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "an unknown method", TEXT("FETCH / HTTP/1.1\r\n" HOST END),
      PROBLEM_NOT_IMPLEMENTED },
    { "get", TEXT("get / HTTP/1.1\r\n" HOST END), PROBLEM_NOT_IMPLEMENTED },
    { "HTTP/1.2", TEXT("GET / HTTP/1.2\r\n" HOST END), PROBLEM_HTTP_VERSION },
    { "http/1.1", TEXT("GET / http/1.1\r\n" HOST END), PROBLEM_HTTP_VERSION },

    { "a folded header", TEXT(LINE HOST "X-A: one\r\n two\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "a fold in the middle", TEXT(LINE "X-A: 1\r\n\t2\r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "an empty fold", TEXT(LINE "X-A: 1\r\n \r\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a space before the first header", TEXT(LINE " Host: x\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "a bare LF behind the line", TEXT("GET / HTTP/1.1\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a bare LF behind a header", TEXT(LINE "X-A: 1\n" HOST END),
      PROBLEM_MALFORMED_REQUEST },
    { "a bare LF at the end", TEXT(LINE HOST "\n"), PROBLEM_MALFORMED_REQUEST },
    { "a bare CR in a value", TEXT(LINE HOST "X-A: 1\rX-B: 2\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "NUL in a value", TEXT(LINE HOST "X-A: 1\0002\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "NUL in the last value", TEXT(LINE "Host: x\0\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "a control character", TEXT(LINE HOST "X-A: \x01\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "DEL", TEXT(LINE HOST "X-A: \x7f\r\n" END), PROBLEM_MALFORMED_REQUEST },
    { "an empty name", TEXT(LINE HOST ": x\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "a space before the colon", TEXT(LINE HOST "Content-Length : 3\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "brackets in a name", TEXT(LINE HOST "X(A): 3\r\n" END),
      PROBLEM_MALFORMED_REQUEST },

    { "no host", TEXT(LINE END), PROBLEM_MALFORMED_REQUEST },
    { "two hosts", TEXT(LINE HOST "host: x\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "hosts in a list", TEXT(LINE "Host: x, y\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "a host with a path", TEXT(LINE "Host: x/y\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "two lengths",
      TEXT(LINE HOST "Content-Length: 3\r\nContent-length: 3\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "lengths in a list", TEXT(LINE HOST "Content-Length: 3, 3\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "length +3", TEXT(LINE HOST "Content-Length: +3\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "no length", TEXT(LINE HOST "Content-Length:\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "two types",
      TEXT(LINE HOST "Content-Type: text/csv\r\n"
                     "content-type: text/csv\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "length and chunked",
      TEXT(LINE HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "chunked twice",
      TEXT(LINE HOST
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "chunked and a space",
      TEXT(LINE HOST "Transfer-Encoding: chunked \r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "chunked in HTTP/1.0",
      TEXT("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n" END),
      PROBLEM_MALFORMED_REQUEST },
    { "gzip, chunked",
      TEXT(LINE HOST "Transfer-Encoding: gzip, chunked\r\n" END),
      PROBLEM_NOT_IMPLEMENTED },
    { "identity", TEXT(LINE HOST "Transfer-Encoding: identity\r\n" END),
      PROBLEM_NOT_IMPLEMENTED },
    { "xchunked", TEXT(LINE HOST "Transfer-Encoding: xchunked\r\n" END),
      PROBLEM_NOT_IMPLEMENTED },
};

static struct parsed_head parsed;

Test(gate, refuses_what_could_be_read_in_two_ways)
{
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        enum problem problem = ACCEPTED;
        const char *detail = NULL;
        bool is_accepted;

        head_parse(&parsed, heads[i].text, heads[i].len);
        is_accepted = gate_check(&parsed.head, &problem, &detail);
        cr_expect_eq(is_accepted, heads[i].problem == ACCEPTED, "%s: %s",
                     heads[i].row, detail == NULL ? "accepted" : detail);
        cr_expect_eq(problem, heads[i].problem, "%s: problem %d", heads[i].row,
                     problem);
        cr_expect_eq(detail == NULL, is_accepted, "%s: detail", heads[i].row);
    }
}

/* "GET /aaa HTTP/1.1", Host and a header, the head so many bytes long. */
static void
parse_sized(size_t target_len, size_t head_bytes)
{
    static char text[HEAD_TEST_BYTES];
    int len;

    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    len = snprintf(text + 4 + target_len, 64, " HTTP/1.1\r\nHost: x\r\nX-A: ");
    text[4 + target_len + (size_t)len] = 'a';
    memcpy(text + head_bytes - 4, "\r\n\r\n", 4);
    head_parse(&parsed, text, head_bytes);
    cr_assert_eq(parsed.head.head_bytes, head_bytes);
}

Test(gate, bounds_the_head)
{
    static const struct {
        size_t target_len, head_bytes;
        enum problem problem;
    } sizes[] = {
        { 100, HEAD_BYTES_MAX, ACCEPTED },
        { 100, HEAD_BYTES_MAX + 1, PROBLEM_HEAD_TOO_LARGE },
        { HEAD_BYTES_MAX / 2 + 100, HEAD_BYTES_MAX, ACCEPTED },
        { HEAD_BYTES_MAX / 2 + 100, HEAD_BYTES_MAX + 1, PROBLEM_URI_TOO_LONG },
    };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        enum problem problem = ACCEPTED;
        const char *detail = NULL;

        parse_sized(sizes[i].target_len, sizes[i].head_bytes);
        gate_check(&parsed.head, &problem, &detail);
        cr_expect_eq(problem, sizes[i].problem, "row %zu: %s", i,
                     detail == NULL ? "accepted" : detail);
    }
}

/* "GET /?a&a.. HTTP/1.1", Host and as many headers and cookies, and then a
 * header to make the head so many bytes long. */
static void
parse_fields(size_t params, size_t headers, size_t cookies, size_t head_bytes)
{
    struct out text;

    out_init(&text, HEAD_TEST_BYTES);
    out_str(&text, STR("GET /?"));
    for (size_t i = 0; i < params; i++)
        out_str(&text, STR("a&"));
    out_str(&text, STR(" HTTP/1.1\r\nHost: x\r\nCookie: "));
    for (size_t i = 0; i < cookies; i++)
        out_str(&text, STR("a;"));
    out_str(&text, STR("b\r\n"));
    for (size_t i = 0; i < headers; i++)
        out_str(&text, STR("a:b\r\n"));
    out_str(&text, STR("c: "));
    while (text.len < head_bytes - 4)
        out_char(&text, 'c');
    out_str(&text, STR("\r\n\r\n"));
    cr_assert_eq(out_finish(&text), OK);
    head_parse(&parsed, text.data, text.len);
    out_fini(&text);
}

/* The parser keeps a struct for each, in the pool the answer's head needs. */
Test(gate, bounds_what_is_in_a_head)
{
    static const struct {
        size_t params, headers, cookies, head_bytes;
        enum problem problem;
    } rows[] = {
        { 0, 20, 0, HEAD_BYTES_MAX, ACCEPTED },
        { 20, 0, 0, HEAD_BYTES_MAX, ACCEPTED },
        { 0, 0, 20, HEAD_BYTES_MAX, ACCEPTED },
        { 0, 120, 0, 2000, ACCEPTED },
        { 0, 40, 0, HEAD_BYTES_MAX, PROBLEM_HEAD_TOO_LARGE },
        { 40, 0, 0, HEAD_BYTES_MAX, PROBLEM_HEAD_TOO_LARGE },
        { 0, 0, 40, HEAD_BYTES_MAX, PROBLEM_HEAD_TOO_LARGE },
        { 0, 160, 0, 2000, PROBLEM_HEAD_TOO_LARGE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum problem problem = ACCEPTED;
        const char *detail = NULL;

        parse_fields(rows[i].params, rows[i].headers, rows[i].cookies,
                     rows[i].head_bytes);
        gate_check(&parsed.head, &problem, &detail);
        cr_expect_eq(problem, rows[i].problem, "row %zu: %s", i,
                     detail == NULL ? "accepted" : detail);
    }
}
