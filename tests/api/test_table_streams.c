/* Tables as streams: chunks that together are the whole. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/api/asking.h"

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

Test(table_streams, streams_come_in_chunks_and_are_whole)
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
Test(table_streams, rows_are_the_same_in_whatever_chunk_they_come)
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
Test(table_streams, one_security_is_never_folded_in_two_parts)
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
