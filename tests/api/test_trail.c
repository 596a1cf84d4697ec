/* The audit trail as a stream: what is read for a chunk of it, and what it and
 * others hold while nobody reads. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <string.h>

#include "api/answer.h"
#include "secmaster/bounds.h"
#include "tests/api/exchanging.h"

#define DAY_COUNT (2 * (int)STREAM_RECORDS_MAX + 100)

/* A fact on each day, and one of another attribute on the first and last. */
static void
load(struct asking *a)
{
    struct out lines;

    asking_init(a);
    out_init(&lines, 16UL << 20);
    for (int i = 0; i < DAY_COUNT; i++) {
        bool is_rare = i == 0 || i == DAY_COUNT - 1;

        out_print(&lines,
                  "{\"security_id\":1,\"attribute\":\"%s\",\"value\":%d,"
                  "\"effective_date\":\"",
                  is_rare ? "rare" : "k", i);
        out_date(&lines, (struct date){ i });
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

/* What is passed over is read too. The first turn is before the first chunk. */
Test(trail, a_chunk_has_a_bound_of_records)
{
    static const struct {
        const char *target;
        size_t lines, chunks_min;
    } cases[] = {
        { "/v1/securities/1/facts?attribute=rare&format=ndjson", 2, 2 },
        { "/v1/securities/1/facts?attribute=k&format=ndjson", DAY_COUNT - 2,
          3 },
        { "/v1/securities/1/facts?format=ndjson", DAY_COUNT, 3 },
    };
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t lines;

        cr_expect_eq(ask(&a, cases[i].target), 200, "%s", cases[i].target);
        lines = count_lines(asking_text(&a));
        cr_expect_eq(lines, cases[i].lines, "%s: %zu lines", cases[i].target,
                     lines);
        cr_expect_geq(a.chunks, cases[i].chunks_min, "%s: %zu chunks",
                      cases[i].target, a.chunks);
    }
    cr_expect_eq(ask(&a, "/v1/securities/1/facts?attribute=rare"), 200);
    cr_expect_not_null(strstr(asking_text(&a), "\"next_cursor\":null"), "%s",
                       asking_text(&a));
    asking_fini(&a);
}

#define VALUE_BYTES 60000
#define VALUES 40

/* Security 1: a day of a fact, one of many large ones, and one of a fact; 2: a
 * row of so many large values, and a small one. */
static void
load_large(struct asking *a)
{
    struct out lines;

    out_init(&lines, 16UL << 20);
    for (int i = 0; i < 2 * VALUES; i++)
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"k%d\",\"value\":"
                  "\"%0*d\",\"effective_date\":\"2024-01-02\"}\n",
                  1 + i % 2, i / 2, VALUE_BYTES, i);
    for (int i = 0; i < 2; i++)
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"k0\",\"value\":1,"
                  "\"effective_date\":\"2024-01-0%d\"}\n",
                  1, 1 + 2 * i);
    for (int i = 0; i < VALUES; i++)
        out_print(&lines,
                  "{\"security_id\":2,\"attribute\":\"k%d\",\"value\":1,"
                  "\"effective_date\":\"2024-01-03\"}\n",
                  i);
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

static const struct {
    const char *target, *headers;
    bool is_begun; /* it holds much before its first chunk */
} large[] = {
    { "/v1/securities/1/facts?format=ndjson", "", true },
    { "/v1/securities/1/facts?format=ndjson", "Accept-Encoding: gzip\r\n",
      true },
    { "/v1/securities/2/history?format=ndjson", "", false },
    { "/v1/securities/2/history?format=ndjson", "Accept-Encoding: gzip\r\n",
      true },
};

/* Read on; returns the end, ANSWER_END or ANSWER_CUT. *most: of what was
 * counted before and in between. */
static ssize_t
read_on(struct exchange *exchange, atomic_uint_least64_t *in_flight,
        uint64_t *most)
{
    char piece[5000];
    ssize_t got;

    *most = atomic_load(in_flight);
    while ((got = answer_stream(exchange, piece, sizeof piece)) >= 0) {
        uint64_t now = atomic_load(in_flight);

        *most = now > *most ? now : *most;
    }
    return got;
}

Test(trail, what_a_stream_holds_is_counted)
{
    const uint64_t bytes = (uint64_t)VALUES * VALUE_BYTES;
    struct exchanging at;
    atomic_uint_least64_t *in_flight =
        &at.asking.service.answer_bytes_in_flight;

    exchanging_init(&at);
    load_large(&at.asking);
    for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) {
        const char *headers = large[i].headers;
        struct exchange *exchange =
            exchanging_ask(&at, "GET", large[i].target, headers);
        uint64_t most;

        cr_expect_eq(exchange->response.status, 200, "row %zu", i);
        cr_expect_eq(atomic_load(in_flight) >= bytes, large[i].is_begun,
                     "row %zu", i);
        cr_expect_eq(read_on(exchange, in_flight, &most), ANSWER_END);
        cr_expect_geq(most, bytes, "row %zu", i);
        cr_expect_lt(atomic_load(in_flight), bytes / 2, "row %zu", i);
        exchanging_end(exchange);
        cr_expect_eq(atomic_load(in_flight), 0, "row %zu", i);

        atomic_store(in_flight, ANSWER_BYTES_IN_FLIGHT_MAX - bytes);
        exchange = exchanging_ask(&at, "GET", large[i].target, headers);
        cr_expect_eq(exchange->response.status, large[i].is_begun ? 503 : 200,
                     "row %zu", i);
        if (!large[i].is_begun)
            cr_expect_eq(read_on(exchange, in_flight, &most), ANSWER_CUT);
        exchanging_end(exchange);
        cr_expect_eq(atomic_load(in_flight), ANSWER_BYTES_IN_FLIGHT_MAX - bytes,
                     "row %zu", i);
        atomic_store(in_flight, 0);
    }
    exchanging_fini(&at);
}
