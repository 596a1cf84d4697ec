/* The audit trail as a stream: how much is read for a chunk of it. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "tests/api/asking.h"

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
