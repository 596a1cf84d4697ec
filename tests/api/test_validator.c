/* Entity tags: whom they belong to, and what If-None-Match makes of them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "tests/api/exchanging.h"
#include "tests/support/store_memory.h"

#define FACTS                                                                  \
    "{\"security_id\":1,\"attribute\":\"k\",\"value\":1,"                      \
    "\"effective_date\":\"2024-01-01\"}\n"
#define OTHER_FACTS                                                            \
    "{\"security_id\":1,\"attribute\":\"k\",\"value\":2,"                      \
    "\"effective_date\":\"2024-01-01\"}\n"
#define ROW "/v1/securities/1"
#define HEAD_BYTES 1024

static struct exchanging at;

static void
start(void)
{
    exchanging_init(&at);
    asking_facts(&at.asking, FACTS);
}

static void
stop(void)
{
    exchanging_fini(&at);
}

TestSuite(validator, .init = start, .fini = stop);

/* The ETag of a target, "" where there is none. */
static const char *
tag_of(const char *method, const char *target, const char *headers)
{
    static char tags[4][ETAG_BYTES_MAX];
    static size_t next;
    char *tag = tags[next++ % 4];
    struct exchange *exchange = exchanging_ask(&at, method, target, headers);

    snprintf(tag, ETAG_BYTES_MAX, "%s", exchanging_header(exchange, "ETag"));
    exchanging_end(exchange);
    return tag;
}

/* %s stands for the tag without its quotes; a line feed parts two headers. */
static void
write_header(char out[HEAD_BYTES], const char *pattern, const char *tag)
{
    struct str bare = { tag + 1, strlen(tag) - 2 };
    size_t len = 0;

    len += (size_t)snprintf(out, HEAD_BYTES, "If-None-Match: ");
    for (const char *c = pattern; *c != '\0'; c++) {
        if (*c == '%')
            len += (size_t)snprintf(out + len, HEAD_BYTES - len, "%.*s",
                                    STR_ARG(bare));
        else if (*c == '\n')
            len += (size_t)snprintf(out + len, HEAD_BYTES - len,
                                    "\r\nIf-None-Match: ");
        else
            len += (size_t)snprintf(out + len, HEAD_BYTES - len, "%c", *c);
    }
    snprintf(out + len, HEAD_BYTES - len, "\r\n");
}

Test(validator, reads_if_none_match)
{
    static const struct {
        const char *value; /* % stands for the tag */
        int status;
    } rows[] = {
        { "\"%\"", 304 },
        { "W/\"%\"", 304 },
        { "  \"%\"  ", 304 },
        { "\"a\", \"%\"", 304 },
        { "\"a\",\"b\"\t, ,W/\"%\",\"c\"", 304 },
        { "\"a\"\n\"%\"", 304 },
        { "\"a,b\", \"%\"", 304 },
        { "\"\", \"%\"", 304 },
        { "*", 304 },
        { " * ", 304 },
        { "\"a\"\n*", 304 },
        { "", 200 },
        { "%", 200 },
        { "\"%", 200 },
        { "%\"", 200 },
        { "'%'", 200 },
        { "w/\"%\"", 200 },
        { "W/ \"%\"", 200 },
        { "\"%x\"", 200 },
        { "\"x%\"", 200 },
        { "\"%-\"", 200 },
        { "\"%-0\"", 200 },
        { "\"%-1\"", 200 },
        { "\"%-gzip\"", 200 }, /* not asked for */
        { "\" %\"", 200 },
        { "\"*\"", 200 },
        { "*, \"a\"", 200 },
        { "\"%\"x", 200 },
        { "\"%\"\"a\"", 200 },
        { "\"a\"x, \"%\"", 200 },
        { "\"%\"\t,x", 304 },
        { "\"a\" \"b", 200 },
        { "W/", 200 },
        { "W/\"", 200 },
        { ",,,", 200 },
    };
    const char *tag = tag_of("GET", ROW, "");

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int m = 0; m < 2; m++) {
            const char *method = m == 0 ? "GET" : "HEAD";
            struct exchange *exchange;
            char header[HEAD_BYTES];
            int status;

            write_header(header, rows[i].value, tag);
            exchange = exchanging_ask(&at, method, ROW, header);
            status = exchange->response.status;
            cr_expect_eq(status, rows[i].status, "%s %s: %d", method,
                         rows[i].value, status);
            cr_expect_str_eq(exchanging_header(exchange, "ETag"), tag, "%s",
                             rows[i].value);
            cr_expect_str_eq(exchanging_header(exchange, "Vary"),
                             "Accept, Accept-Encoding");
            cr_expect_str_eq(exchanging_header(exchange, "Secmaster-Tx"), "1");
            if (status == 304)
                cr_expect_eq(exchange->response.body.len, 0, "%s",
                             rows[i].value);
            exchanging_end(exchange);
        }
    }
}

/* A 304 says how long the 200 was, or nothing; no digit of a tag can be
 * another.
 */
Test(validator, remembers_lengths)
{
    static const char *const targets[] = { ROW, "/v1/master?format=csv",
                                           "/openapi.yaml" };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct exchange *exchange = exchanging_ask(&at, "GET", targets[i], "");
        uint64_t length = answer_text(exchange).len;
        char tag[ETAG_BYTES_MAX], header[HEAD_BYTES];
        size_t len;

        snprintf(tag, sizeof tag, "%s", exchanging_header(exchange, "ETag"));
        len = strlen(tag);
        exchanging_end(exchange);
        /* As it is, then each character another in turn, then one less. */
        for (size_t j = 0; j < len; j++) {
            char other[ETAG_BYTES_MAX];

            memcpy(other, tag, sizeof other);
            if (j == len - 1)
                memcpy(other + len - 2, "\"", 2);
            else if (j > 0)
                other[j] = other[j] == '1' ? '2' : '1';
            snprintf(header, sizeof header, "If-None-Match: %s\r\n", other);
            exchange = exchanging_ask(&at, "GET", targets[i], header);
            cr_expect_eq(exchange->response.status, j == 0 ? 304 : 200, "%s",
                         other);
            if (j == 0)
                cr_expect_eq(exchange->response.length, length, "%s", other);
            exchanging_end(exchange);
        }
    }
}

/* Lists that were never given, each in memory of its own length. */
Test(validator, survives_any_list)
{
    static const char *const parts[] = {
        "\"", "W/", ",", " ", "*", "-gzip", "0123456789abcdef", "-", "1f", "w"
    };
    unsigned seed = 1;

    for (int i = 0; i < 20000; i++) {
        char text[256] = "", *copy;
        struct pair header;
        struct request request = { .headers = &header,
                                   .header_count = 1,
                                   .method = METHOD_GET,
                                   .codings = { true, true } };
        struct response response = { 0 };
        size_t len;

        for (int j = rand_r(&seed) % 12; j > 0; j--)
            strncat(
                text,
                parts[(size_t)rand_r(&seed) % (sizeof parts / sizeof parts[0])],
                sizeof text - strlen(text) - 1);
        len = strlen(text);
        copy = malloc(len == 0 ? 1 : len);
        memcpy(copy, text, len);
        header = (struct pair){ STR("If-None-Match"), { copy, len } };
        cr_assert(validator_begin_fixed(&request, &response, "name"), "%s",
                  text);
        cr_assert_eq(response.status, 0, "%s", text);
        free(copy);
    }
}

Test(validator, names_differ_where_answers_may)
{
    static const struct {
        const char *a, *b;
        bool is_same;
    } rows[] = {
        { ROW, ROW, true },
        { ROW, ROW "?as_of=2024-06-15", false },
        { ROW, ROW "?format=csv", false },
        { ROW, ROW "/history", false },
        { "/v1/master", "/v1/master?limit=1", false },
        { "/v1/master?known_tx=1", "/v1/master?known_tx=0", false },
        { "/v1/transactions/1", "/v1/transactions/1", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *a = tag_of("GET", rows[i].a, "");
        const char *b = tag_of("GET", rows[i].b, "");

        cr_expect_neq(a[0], '\0', "%s", rows[i].a);
        cr_expect_neq(b[0], '\0', "%s", rows[i].b);
        cr_expect_eq(strcmp(a, b) == 0, rows[i].is_same, "%s is %s, %s is %s",
                     rows[i].a, a, rows[i].b, b);
        cr_expect_str_eq(tag_of("HEAD", rows[i].a, ""), a, "HEAD %s",
                         rows[i].a);
    }
    cr_expect_str_neq(tag_of("GET", "/v1/master", "Accept: text/csv\r\n"),
                      tag_of("GET", "/v1/master", ""));
}

Test(validator, errors_have_no_name)
{
    static const char *const targets[] = {
        "/v1/securities/2", "/v1/securities/x",     "/v1/nope",
        "/v1/master?x=1",   "/v1/master?limit=0",   "/v1/transactions/9",
        "/livez",           "/v1/master?known_tx=9"
    };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        struct exchange *exchange =
            exchanging_ask(&at, "GET", targets[i], "If-None-Match: *\r\n");

        cr_expect_neq(exchange->response.status, 304, "%s", targets[i]);
        cr_expect_str_eq(exchanging_header(exchange, "ETag"), "", "%s",
                         targets[i]);
        cr_expect_str_eq(exchanging_header(exchange, "Cache-Control"),
                         "private, no-cache", "%s", targets[i]);
        exchanging_end(exchange);
    }
}

/* The same number of transactions at the same moments, as a restored backup
 * might have. */
Test(validator, another_history_has_another_name)
{
    struct exchanging other;
    char ours[3][ETAG_BYTES_MAX];
    static const char *const targets[] = { "/v1/transactions/1", ROW,
                                           ROW "?known_tx=1" };

    for (size_t i = 0; i < 3; i++)
        snprintf(ours[i], sizeof ours[i], "%s", tag_of("GET", targets[i], ""));
    exchanging_init(&other);
    asking_facts(&other.asking, OTHER_FACTS);
    for (size_t i = 0; i < 3; i++) {
        struct exchange *exchange =
            exchanging_ask(&other, "GET", targets[i], "");

        cr_expect_str_neq(exchanging_header(exchange, "ETag"), ours[i], "%s",
                          targets[i]);
        exchanging_end(exchange);
    }
    exchanging_fini(&other);
}

/* It may answer otherwise, whatever version it says it is. */
Test(validator, another_build_has_another_name)
{
    const char *ours = tag_of("GET", ROW, "");

    at.asking.service.build++;
    cr_expect_str_neq(tag_of("GET", ROW, ""), ours);
    at.asking.service.build--;
    cr_expect_str_eq(tag_of("GET", ROW, ""), ours);
}

/* "Now" is 2024-06-15T12:00:00Z, and so is the first transaction; the second is
 * a microsecond later, as no two have one moment. */
Test(validator, says_for_ever_only_what_cannot_change)
{
    static const struct {
        const char *target;
        bool before, after; /* the second transaction: is it for ever? */
    } rows[] = {
        { ROW, false, false },
        { ROW "?as_of=2024-06-14", false, false },
        { ROW "?known_tx=1", false, false },
        { ROW "?known_tx=1&as_of=2024-06-14", true, true },
        { ROW "?known_tx=1&as_of=2024-06-15", false, false },
        { ROW "?known_tx=1&as_of=2030-01-01", false, false },
        { "/v1/master", false, false },
        { "/v1/master?known_tx=0", true, true },
        { "/v1/master?known_tx=1", true, true },
        { "/v1/master?known_tx=1&format=csv", true, true },
        { "/v1/securities?known_tx=1", false, false },
        { "/v1/securities?known_tx=1&as_of=2024-06-14", true, true },
        { "/v1/asset-classes?known_tx=1&as_of=2024-06-14", true, true },
        { "/v1/asset-classes/x?known_tx=1", true, true },
        { ROW "/history?known_tx=1", true, true },
        { "/v1/transactions/1", false, false },
        /* Before all: nothing can be recorded there any more. */
        { "/v1/master?known_at=2024-06-15T11:59:59.999999Z", true, true },
        /* The newest's own moment, which no other will have. */
        { "/v1/master?known_at=2024-06-15T12:00:00Z", true, true },
        /* Behind the newest: the next one may be recorded there. */
        { "/v1/master?known_at=2024-06-15T12:00:00.000001Z", false, true },
        { "/v1/master?known_at=2024-06-15T12:00:00.000002Z", false, false },
        { ROW "?as_of=2024-06-14&known_at=2024-06-15T12:00:00.000001Z", false,
          true },
        { "/v1/master?known_at=2030-01-01T00:00:00Z", false, false },
    };

    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            bool is_final = round == 0 ? rows[i].before : rows[i].after;
            struct exchange *exchange =
                exchanging_ask(&at, "GET", rows[i].target, "");

            cr_expect_eq(exchange->response.status, 200, "%s", rows[i].target);
            cr_expect_str_eq(exchanging_header(exchange, "Cache-Control"),
                             is_final ? "private, max-age=31536000, immutable"
                                      : "private, no-cache",
                             "round %d, %s", round, rows[i].target);
            exchanging_end(exchange);
        }
        if (round == 0)
            asking_facts(&at.asking, OTHER_FACTS);
    }
}

/* A page's cursor has no day that the page was not asked for by. */
Test(validator, pages_of_all_days_are_the_same_on_every_day)
{
    struct exchange *exchange;
    struct str text;

    asking_facts(&at.asking, OTHER_FACTS);
    asking_facts(&at.asking,
                 "{\"security_id\":2,\"attribute\":\"k\",\"value\":1,"
                 "\"effective_date\":\"2024-01-01\"}\n");
    exchange = exchanging_ask(&at, "GET", "/v1/master?limit=1&known_tx=3", "");
    text = out_text(&exchange->response.body);
    /* Format 1, tx 3, day 0, security 1. */
    cr_expect_not_null(
        memmem(text.data, text.len, "\"AQAAAAAAAAADAAAAAAAAAAAAAAAB", 29),
        "%.*s", STR_ARG(text));
    exchanging_end(exchange);
}
