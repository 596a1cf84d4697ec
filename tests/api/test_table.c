/* Tables of rows: columns, clocks, pages, streams and refusals, by handlers
 * over the store in memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/knowledge.h"

#include "tests/api/asking.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

/* Three transactions; security 3 begins after "today", 2024-06-15. */
static void
load(struct asking *a)
{
    asking_init(a);
    asking_facts(a, FACT(1, "asset_class", "\"equity\"", "2024-01-01")
                        FACT(1, "ticker", "\"A\"", "2024-01-01")
                            FACT(1, "ticker", "\"B\"", "2024-02-01")
                                FACT(1, "price", "1.50", "2024-02-01")
                                    FACT(5, "lost", "1", "2024-01-01"));
    asking_facts(a, FACT(2, "asset_class", "null", "2024-01-15")
                        FACT(2, "alpha", "true", "2024-01-15")
                            FACT(3, "asset_class", "1.0", "2024-07-01")
                                RETRACT(5, "lost", "2024-01-01"));
    asking_facts(a, FACT(1, "asset_class", "\"bond\"", "2024-03-01")
                        FACT(1, "price", "null", "2024-03-01"));
}

/* What most answers are made of. */
#define FIXED "\"security_id\",\"effective_start_date\",\"effective_end_date\""
#define KEY(id, start, end)                                                    \
    "{\"security_id\":" #id ",\"effective_start_date\":\"" start               \
    "\",\"effective_end_date\":" end
#define TABLE(columns, rows)                                                   \
    "{\"columns\":[" FIXED columns "],\"rows\":[" rows "],\"next_cursor\":"    \
    "null}"
#define ONE_A                                                                  \
    KEY(1, "2024-01-01", "\"2024-02-01\"")                                     \
    ",\"asset_class\":\"equity\",\"ticker\":\"A\""
#define ONE_B                                                                  \
    KEY(1, "2024-02-01", "\"2024-03-01\"")                                     \
    ",\"asset_class\":\"equity\",\"ticker\":\"B\""
#define ONE_C                                                                  \
    KEY(1, "2024-03-01", "null")                                               \
    ",\"asset_class\":\"bond\",\"ticker\":\"B\""

static const struct {
    const char *target;
    int status;
    uint64_t tx;
    const char *body;
} answers[] = {
    { "/v1/securities/1", 200, 3, ONE_C ",\"price\":null}" },
    { "/v1/securities/1?as_of=2024-01-31", 200, 3, ONE_A "}" },
    { "/v1/securities/1?known_tx=1", 200, 1,
      KEY(1, "2024-02-01", "null") ",\"asset_class\":\"equity\","
                                   "\"ticker\":\"B\",\"price\":1.50}" },
    { "/v1/securities/1?format=ndjson", 200, 3, ONE_C ",\"price\":null}\n" },
    { "/v1/securities/1?format=csv&as_of=2024-02-01", 200, 3,
      "security_id,effective_start_date,effective_end_date,asset_class,"
      "ticker,price\r\n1,2024-02-01,2024-03-01,equity,B,1.50\r\n" },
    { "/v1/securities/1/history?to=2024-02-01", 200, 3,
      TABLE(",\"asset_class\",\"ticker\"", ONE_A "}") },
    { "/v1/securities/1/history?from=2024-01-31&to=2024-02-02", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"price\"",
            ONE_A ",\"price\":null}," ONE_B ",\"price\":1.50}") },
    { "/v1/securities/1/history?to=2024-01-01", 200, 3, TABLE("", "") },
    { "/v1/securities/3/history?to=0001-01-01", 200, 3, TABLE("", "") },
    { "/v1/securities", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
            ONE_C ",\"alpha\":null,\"price\":null}," KEY(
                2, "2024-01-15", "null") ",\"asset_class\":null,"
                                         "\"ticker\":null,\"alpha\":true,"
                                         "\"price\":null}") },
    { "/v1/securities?as_of=2024-01-01&known_tx=1", 200, 1,
      TABLE(",\"asset_class\",\"ticker\",\"lost\"",
            KEY(1, "2024-01-01",
                "\"2024-02-01\"") ",\"asset_class\":\"equity\","
                                  "\"ticker\":\"A\",\"lost\":null}," KEY(
                                      5, "2024-01-01",
                                      "null") ",\"asset_class\":null,"
                                              "\"ticker\":null,\"lost\":1}") },
    { "/v1/securities?as_of=2023-12-31", 200, 3, TABLE("", "") },
    { "/v1/master?known_tx=0", 200, 0, TABLE("", "") },
    { "/v1/master?from=2024-02-10&to=2024-02-11", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
            ONE_B ",\"alpha\":null,\"price\":1.50}," KEY(
                2, "2024-01-15", "null") ",\"asset_class\":null,"
                                         "\"ticker\":null,\"alpha\":true,"
                                         "\"price\":null}") },
    { "/v1/master?format=csv", 200, 3,
      "security_id,effective_start_date,effective_end_date,asset_class,"
      "ticker,alpha,price\r\n"
      "1,2024-01-01,2024-02-01,equity,A,,\r\n"
      "1,2024-02-01,2024-03-01,equity,B,,1.50\r\n"
      "1,2024-03-01,,bond,B,,\r\n"
      "2,2024-01-15,,,,true,\r\n"
      "3,2024-07-01,,1.0,,,\r\n" },
    { "/v1/master?known_tx=1&format=ndjson&limit=1", 200, 1,
      ONE_A ",\"lost\":null,\"price\":null}\n" },
    { "/v1/securities/5/history", 200, 3, TABLE("", "") },
    { "/v1/asset-classes/equity", 200, 3,
      TABLE(",\"asset_class\",\"ticker\",\"price\"",
            ONE_A ",\"price\":null}," ONE_B ",\"price\":1.50}") },
    { "/v1/asset-classes/bond", 200, 3,
      TABLE(",\"asset_class\",\"ticker\"", ONE_C "}") },
    { "/v1/asset-classes/none", 200, 3,
      TABLE(",\"alpha\"", KEY(2, "2024-01-15", "null") ",\"alpha\":true}") },
    { "/v1/asset-classes/1.0", 200, 3,
      TABLE(",\"asset_class\"",
            KEY(3, "2024-07-01", "null") ",\"asset_class\":1.0}") },
    { "/v1/asset-classes/1", 200, 3, TABLE("", "") },
    { "/v1/asset-classes/Equity?format=csv", 200, 3,
      "security_id,effective_start_date,effective_end_date\r\n" },
    { "/v1/asset-classes/equity?format=ndjson&to=2024-01-31", 200, 3,
      ONE_A "}\n" },
    { "/v1/asset-classes", 200, 3,
      "{\"asset_classes\":[{\"asset_class\":\"bond\",\"securities\":1},"
      "{\"asset_class\":null,\"securities\":1}]}" },
    { "/v1/asset-classes?as_of=2025-01-01", 200, 3,
      "{\"asset_classes\":[{\"asset_class\":\"bond\",\"securities\":1},"
      "{\"asset_class\":1.0,\"securities\":1},"
      "{\"asset_class\":null,\"securities\":1}]}" },
    { "/v1/asset-classes?known_tx=0", 200, 0, "{\"asset_classes\":[]}" },
};

Test(table, answers_are_these)
{
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        int status = ask(&a, answers[i].target);

        cr_expect_eq(status, answers[i].status, "%s: %d %s", answers[i].target,
                     status, a.why.text);
        cr_expect_str_eq(asking_text(&a), answers[i].body, "%s:\n  %s\n  %s",
                         answers[i].target, asking_text(&a), answers[i].body);
        cr_expect(a.response.tx_set, "%s", answers[i].target);
        cr_expect_eq(a.response.tx, answers[i].tx, "%s: tx %llu",
                     answers[i].target, (unsigned long long)a.response.tx);
    }
    asking_fini(&a);
}

static const struct {
    const char *target;
    int status;
    const char *said; /* in the body, where a handler was asked */
} refusals[] = {
    { "/v1/securities/4", 404, "security 4 is unknown" },
    { "/v1/securities/5", 404, "every fact about security 5 was withdrawn" },
    { "/v1/securities/3", 404, "security 3 has not yet begun" },
    { "/v1/securities/1?as_of=2023-12-31", 404, "has not yet begun" },
    { "/v1/securities/1?known_tx=0", 404, "security 1 is unknown" },
    { "/v1/securities/4/history", 404, "security 4 is unknown" },
    { "/v1/securities/-1", 400, "security_id" },
    { "/v1/securities/1.5", 400, "security_id" },
    { "/v1/securities/1e3", 400, "security_id" },
    { "/v1/securities/01", 400, "security_id" },
    { "/v1/securities/9223372036854775808", 400, "security_id" },
    { "/v1/securities/9223372036854775807", 404, "is unknown" },
    { "/v1/securities/x/history", 400, "security_id" },
    { "/v1/securities/1?as_of=2023-02-29", 400, "as_of" },
    { "/v1/securities/1?as_of=24-01-01", 400, "as_of" },
    { "/v1/securities/1?known_tx=4", 400, "known_tx" },
    { "/v1/securities/1?known_tx=-1", 400, "known_tx" },
    { "/v1/securities/1?known_tx=18446744073709551616", 400, "known_tx" },
    { "/v1/securities/1?known_at=2024-01-01", 400, "known_at" },
    { "/v1/securities/1?known_at=2024-01-01T00:00:00%2B00:00", 400,
      "known_at" },
    { "/v1/securities/1?known_tx=1&known_at=2024-01-01T00:00:00Z", 400,
      "exclude" },
    { "/v1/master?from=2024-01-01&to=2024-01-01", 400, "from" },
    { "/v1/master?from=2024-01-02&to=2024-01-01", 400, "from" },
    { "/v1/master?from=2024-1-1", 400, "from" },
    { "/v1/master?to=x", 400, "to must" },
    { "/v1/master?limit=0", 400, "limit" },
    { "/v1/master?limit=-1", 400, "limit" },
    { "/v1/master?limit=abc", 400, "limit" },
    { "/v1/master?limit=1.0", 400, "limit" },
    { "/v1/master?cursor=abc", 400, "cursor" },
    { "/v1/asset-classes?as_of=x", 400, "as_of" },
    { "/v1/master?as_of=2024-01-01", 400, NULL },
    { "/v1/securities?from=2024-01-01", 400, NULL },
    { "/v1/securities/1?limit=1", 400, NULL },
    { "/v1/asset-classes?format=csv", 406, NULL },
    { "/v1/master?format=arrow", 406, NULL },
    { "/v1/master?format=xml", 400, NULL },
};

Test(table, refusals_say_why)
{
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        int status = ask(&a, refusals[i].target);

        cr_expect_eq(status, refusals[i].status, "%s: %d", refusals[i].target,
                     status);
        if (refusals[i].said == NULL)
            continue;
        cr_expect(strstr(asking_text(&a), refusals[i].said) != NULL, "%s: %s",
                  refusals[i].target, asking_text(&a));
        cr_expect_str_eq(a.response.content_type, "application/problem+json",
                         "%s", refusals[i].target);
    }
    asking_fini(&a);
}

/* The text of next_cursor, in place; NULL: null. */
static char *
next_cursor(char *body)
{
    char *at = strstr(body, "\"next_cursor\":\"");

    if (at == NULL)
        return NULL;
    at += strlen("\"next_cursor\":\"");
    at[strcspn(at, "\"")] = '\0';
    return at;
}

/* The rows of a JSON page, as they stand between the brackets. */
static void
append_rows(char *to, size_t size, const char *body)
{
    const char *from = strstr(body, "\"rows\":[");
    const char *end = strstr(body, "],\"next_cursor\"");

    cr_assert_not_null(from);
    cr_assert_not_null(end);
    from += strlen("\"rows\":[");
    if (to[0] != '\0')
        strncat(to, ",", size - strlen(to) - 1);
    cr_assert_lt(strlen(to) + (size_t)(end - from), size - 1);
    strncat(to, from, (size_t)(end - from));
}

/* Go through all pages of a target and gather their rows. */
static void
walk(struct asking *a, const char *target, char *rows, size_t size,
     size_t *pages)
{
    char next[512], *cursor;

    rows[0] = '\0';
    snprintf(next, sizeof next, "%s", target);
    for (*pages = 0; *pages < 100; (*pages)++) {
        char *body;
        int status = ask(a, next);

        cr_assert_eq(status, 200, "%s: %d %s", next, status, asking_text(a));
        body = strdup(asking_text(a));
        append_rows(rows, size, body);
        cursor = next_cursor(body);
        cr_expect_eq(asking_header(a, "Link") != NULL, cursor != NULL, "%s",
                     next);
        if (cursor != NULL)
            snprintf(next, sizeof next, "%s&cursor=%s", target, cursor);
        free(body);
        if (cursor == NULL)
            break;
    }
    (*pages)++;
}

Test(table, pages_together_are_the_whole)
{
    static const struct {
        const char *target, *whole;
        size_t pages;
    } cases[] = {
        { "/v1/master?limit=1", "/v1/master?limit=10000", 5 },
        { "/v1/master?limit=2", "/v1/master?limit=99999999999999999999", 3 },
        { "/v1/master?limit=5", "/v1/master?limit=6", 1 },
        { "/v1/securities?limit=1", "/v1/securities?limit=3", 2 },
        { "/v1/securities/1/history?limit=1",
          "/v1/securities/1/history?limit=3", 3 },
        { "/v1/asset-classes/equity?limit=1",
          "/v1/asset-classes/equity?limit=2", 2 },
        { "/v1/master?from=2024-02-01&limit=1",
          "/v1/master?from=2024-02-01&limit=9", 4 },
    };
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char rows[65536], whole[65536];
        size_t pages;

        walk(&a, cases[i].whole, whole, sizeof whole, &pages);
        cr_expect_eq(pages, 1, "%s: %zu pages", cases[i].whole, pages);
        walk(&a, cases[i].target, rows, sizeof rows, &pages);
        cr_expect_eq(pages, cases[i].pages, "%s: %zu pages", cases[i].target,
                     pages);
        cr_expect_str_eq(rows, whole, "%s:\n  %s\n  %s", cases[i].target, rows,
                         whole);
    }
    asking_fini(&a);
}

Test(table, a_cursor_pins_what_is_known_and_the_columns_with_it)
{
    char target[512], *body, *cursor;
    struct asking a;

    load(&a);
    cr_assert_eq(ask(&a, "/v1/master?limit=4"), 200);
    body = strdup(asking_text(&a));
    cursor = next_cursor(body);
    cr_assert_not_null(cursor);
    asking_facts(&a, FACT(2, "beta", "1", "2024-02-15"));

    snprintf(target, sizeof target, "/v1/master?cursor=%s", cursor);
    cr_expect_eq(ask(&a, target), 200);
    cr_expect_eq(a.response.tx, 3);
    cr_expect_str_eq(asking_text(&a),
                     TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
                           KEY(3, "2024-07-01",
                               "null") ",\"asset_class\":1.0,\"ticker\":null,"
                                       "\"alpha\":null,\"price\":null}"));
    snprintf(target, sizeof target, "/v1/master?from=2024-01-01&cursor=%s",
             cursor);
    cr_expect_eq(ask(&a, target), 400, "another query");
    snprintf(target, sizeof target, "/v1/securities?cursor=%s", cursor);
    cr_expect_eq(ask(&a, target), 400, "another route");
    free(body);
    asking_fini(&a);
}

/* A cursor is checked, not signed: whoever makes one reads no other rows. */
Test(table, a_forged_cursor_does_not_leave_its_security)
{
    static const int64_t forged[] = { 0, 1, 3, INT64_MAX };
    char target[512];
    struct asking a;

    load(&a);
    cr_assert_eq(ask(&a, "/v1/securities/2/history"), 200);
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        struct cursor cursor = { .known_tx = 3, .key = forged[i] };
        struct str text = cursor_text(&a.request, &cursor);

        snprintf(target, sizeof target, "/v1/securities/2/history?cursor=%.*s",
                 STR_ARG(text));
        cr_expect_eq(ask(&a, target), 400, "%lld: %s", (long long)forged[i],
                     asking_text(&a));
    }
    asking_fini(&a);
}

Test(table, the_link_repeats_the_query_encoded)
{
    static const struct {
        const char *target, *link; /* up to the cursor */
    } cases[] = {
        { "/v1/asset-classes/equity?limit=1&from=2024-01-01",
          "</v1/asset-classes/equity?limit=1&from=2024-01-01&cursor=" },
        { "/v1/%6daster?%6cimit=1&format=csv",
          "</v1/%6daster?limit=1&format=csv&cursor=" },
        { "/v1/master?known_at=2027-01-01T00%3A00:00Z&limit=1",
          "</v1/master?known_at=2027-01-01T00%3A00%3A00Z&limit=1&cursor=" },
    };
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *link;

        cr_expect_eq(ask(&a, cases[i].target), 200, "%s", cases[i].target);
        link = asking_header(&a, "Link");
        cr_expect_not_null(link, "%s", cases[i].target);
        if (link == NULL)
            continue;
        cr_expect_eq(strncmp(link, cases[i].link, strlen(cases[i].link)), 0,
                     "%s: %s", cases[i].target, link);
        cr_expect_str_eq(link + strlen(link) - 13, ">; rel=\"next\"", "%s",
                         link);
    }
    asking_fini(&a);
}

/* Many facts of one security and many securities of one fact. */
static void
load_many(struct asking *a, int security_count, int day_count)
{
    struct out lines;

    asking_init(a);
    out_init(&lines, 64UL << 20);
    for (int i = 0; i < security_count; i++)
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"asset_class\",\"value\":"
                  "\"%s\",\"effective_date\":\"2024-01-01\"}\n",
                  i, i % 1000 == 0 ? "rare" : "common");
    for (int i = 0; i < day_count; i++) {
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"k\",\"value\":%d,"
                  "\"effective_date\":\"",
                  security_count / 2, i);
        out_date(&lines, (struct date){ 1000 + i });
        out_str(&lines, STR("\"}\n"));
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

static size_t
count_lines(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

Test(table, streams_come_in_chunks_and_are_whole)
{
    static const struct {
        const char *target;
        size_t lines, chunks_min;
    } cases[] = {
        { "/v1/master?format=csv", 1 + 45000 + 5000, 20 },
        { "/v1/master?format=ndjson", 45000 + 5000, 50 },
        { "/v1/securities/22500/history?format=csv", 1 + 5001, 2 },
        { "/v1/asset-classes/rare?format=csv", 1 + 45, 1 },
        { "/v1/asset-classes/common?format=csv", 1 + 44955, 15 },
    };
    struct asking a;

    load_many(&a, 45000, 5000);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t lines;

        cr_expect_eq(ask(&a, cases[i].target), 200, "%s", cases[i].target);
        cr_expect_not_null(a.response.stream, "%s", cases[i].target);
        lines = count_lines(asking_text(&a));
        cr_expect_eq(lines, cases[i].lines, "%s: %zu lines", cases[i].target,
                     lines);
        cr_expect_geq(a.chunks, cases[i].chunks_min, "%s: %zu chunks",
                      cases[i].target, a.chunks);
        cr_expect_leq(a.body.len / a.chunks, 66 * 1024, "%s", cases[i].target);
    }
    asking_fini(&a);
}

/* Most of a row is as in the one before it, which may be in another chunk. */
Test(table, rows_are_the_same_in_whatever_chunk_they_come)
{
    struct out lines, wanted;
    struct asking a;

    asking_init(&a);
    out_init(&lines, 1UL << 20);
    out_init(&wanted, 1UL << 20);
    out_str(&lines, STR("{\"security_id\":7,\"attribute\":\"same\",\"value\":"
                        "\"all the time\",\"effective_date\":\""));
    out_date(&lines, (struct date){ 1000 });
    out_str(&lines, STR("\"}\n"));
    for (int i = 0; i < 5000; i++) {
        struct date start = { 1000 + i }, end = { 1001 + i };

        out_print(&lines,
                  "{\"security_id\":7,\"attribute\":\"k\",\"value\":%d,"
                  "\"effective_date\":\"",
                  i);
        out_date(&lines, start);
        out_str(&lines, STR("\"}\n"));
        out_str(&wanted, STR("{\"security_id\":7,\"effective_start_date\":\""));
        out_date(&wanted, start);
        out_str(&wanted, STR("\",\"effective_end_date\":"));
        if (i < 4999)
            out_char(&wanted, '"');
        if (i < 4999)
            out_date(&wanted, end);
        out_str(&wanted, i < 4999 ? STR("\"") : STR("null"));
        out_print(&wanted, ",\"k\":%d,\"same\":\"all the time\"}\n", i);
    }
    out_char(&lines, '\0');
    asking_facts(&a, lines.data);
    cr_expect_eq(ask(&a, "/v1/securities/7/history?format=ndjson"), 200);
    cr_expect_geq(a.chunks, 5);
    cr_expect(str_equal(out_text(&a.body), out_text(&wanted)));
    out_fini(&lines);
    out_fini(&wanted);
    asking_fini(&a);
}

/* More records than a chunk reads: the days reach past 2024-01-01. */
Test(table, one_security_is_never_folded_in_two_parts)
{
    struct asking a;
    size_t lines;

    load_many(&a, 10, STREAM_RECORDS_MAX + 5000);
    cr_expect_eq(ask(&a, "/v1/asset-classes/common?format=csv"), 200);
    lines = count_lines(asking_text(&a));
    cr_expect_eq(lines, 1 + 8 + 1000 + STREAM_RECORDS_MAX + 5000 - 19723,
                 "%zu lines", lines);
    cr_expect_not_null(strstr(asking_text(&a), "\r\n6,2024-01-01,,common,"));
    asking_fini(&a);
}

static struct instant
next_year(void)
{
    return (struct instant){ 1750000000000000 };
}

Test(table, a_cursor_pins_the_day_that_as_of_defaulted_to)
{
    char target[512], *body, *cursor;
    struct asking a;

    load(&a);
    cr_assert_eq(ask(&a, "/v1/securities?limit=1"), 200);
    body = strdup(asking_text(&a));
    cursor = next_cursor(body);
    cr_assert_not_null(cursor);
    a.service.now = next_year;
    snprintf(target, sizeof target, "/v1/securities?format=csv&cursor=%s",
             cursor);
    cr_expect_eq(ask(&a, target), 200);
    cr_expect_str_eq(asking_text(&a),
                     "security_id,effective_start_date,effective_end_date,"
                     "asset_class,ticker,alpha,price\r\n"
                     "2,2024-01-15,,,,true,\r\n",
                     "%s", asking_text(&a));
    free(body);
    asking_fini(&a);
}
