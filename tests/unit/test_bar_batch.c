/* Bars of a request: what is kept of them, and where complaints point. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bar_batch.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct bar_row
row_of(int64_t security_id, int64_t close)
{
    struct bar_row row = { .security_id = security_id, .line = 3 };

    for (unsigned i = BAR_OPEN; i <= BAR_CLOSE; i++)
        bar_set(&row.bar, (enum bar_field)i, (struct decimal){ close, 2 });
    return row;
}

Test(bar_batch, keeps_rows_in_order_of_arrival)
{
    enum { ROWS = 1000 };
    struct bar_batch *batch = bar_batch_new(0);

    cr_assert_eq(batch->count, 0);
    for (uint32_t i = 0; i < ROWS; i++) {
        struct bar_row row = row_of(i % 7, 1 + (int64_t)i);

        row.line = i + 1;
        cr_assert_eq(bar_batch_add(batch, &row), OK);
    }
    cr_assert_eq(batch->count, ROWS);
    for (uint32_t i = 0; i < ROWS; i++) {
        const struct bar_row *row = &batch->rows[i];

        cr_assert(row->security_id == i % 7 && row->line == i + 1 &&
                      row->bar.mantissas[BAR_CLOSE] == 1 + (int64_t)i,
                  "row %u", i);
    }
    bar_batch_free(batch);
    bar_batch_free(NULL);
}

Test(bar_batch, tickers_stand_for_ids_below_zero)
{
    static const struct {
        const char *ticker;
        int64_t id;
    } cases[] = { { "MSFT", -1 },
                  { "msft", -2 },
                  { "MSFT", -1 },
                  { "BRK.B", -3 },
                  { "msft", -2 } };
    struct bar_batch *batch = bar_batch_new(0);

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar_row row;
        int64_t id = 0;

        cr_assert_eq(bar_batch_ticker(batch, str_of(cases[i].ticker), &id), OK);
        cr_expect_eq(id, cases[i].id, "%s: %ld", cases[i].ticker, id);
        row = row_of(id, 100);
        cr_expect_eq(bar_batch_add(batch, &row), OK);
    }
    cr_assert_eq(batch->tickers.count, 3);
    cr_expect(str_equal(batch->tickers.items[2], STR("BRK.B")));
    bar_batch_free(batch);
}

Test(bar_batch, a_late_default_source_leaves_named_sources_alone)
{
    struct bar_batch *batch = bar_batch_new(0);
    uint32_t named, again;

    cr_expect(str_equal(batch->sources.items[0], STR("default")));
    cr_assert_eq(bar_batch_source(batch, STR("default"), &named), OK);
    cr_assert_eq(bar_batch_default_source(batch, STR("polygon")), OK);
    cr_assert_eq(bar_batch_source(batch, STR("default"), &again), OK);
    cr_expect_eq(named, 1);
    cr_expect_eq(again, 1);
    cr_expect(str_equal(batch->sources.items[0], STR("polygon")));
    cr_expect(str_equal(batch->sources.items[1], STR("default")));
    bar_batch_free(batch);
}

Test(bar_batch, complaints_name_the_place_of_the_ticker)
{
    static const struct {
        const char *prefix, *member, *ticker_pointer;
        const char *pointer; /* NULL: the line */
        const char *detail;
    } cases[] = {
        { "/prices", "ticker", NULL, "/prices/1/ticker", "is odd" },
        { "/results", "T", NULL, "/results/1/T", "is odd" },
        { "/prices", NULL, NULL, "/prices/1", "is odd" },
        { "", "ticker", NULL, "/1/ticker", "is odd" },
        { "", "ticker", "/symbol", "/symbol", "is odd" },
        { NULL, "ticker", NULL, NULL, "ticker: is odd" },
        { NULL, NULL, NULL, NULL, "is odd" },
    };
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar_batch *batch = bar_batch_new(0);
        struct bar_row row = row_of(1, 100);
        const struct complaint *got;
        struct complaints complaints;

        cr_expect_str_eq(batch->ticker_member, "ticker");
        complaints_init(&complaints, &arena);
        batch->pointer_prefix = cases[i].prefix;
        batch->ticker_member = cases[i].member;
        batch->ticker_pointer = cases[i].ticker_pointer;
        for (row.line = 11; row.line <= 12; row.line++)
            cr_assert_eq(bar_batch_add(batch, &row), OK);
        bar_batch_complain_ticker(batch, &complaints, 1, "is odd");
        cr_assert_eq(complaints.total, 1, "row %zu", i);
        got = &complaints.items[0];
        cr_expect_str_eq(got->detail, cases[i].detail, "row %zu: %s", i,
                         got->detail);
        if (cases[i].pointer != NULL) {
            cr_expect_eq(got->line, 0, "row %zu", i);
            cr_expect_str_eq(got->pointer, cases[i].pointer, "row %zu: %s", i,
                             got->pointer);
        } else {
            cr_expect_eq(got->line, 12, "row %zu", i);
            cr_expect_null(got->pointer, "row %zu", i);
        }
        bar_batch_free(batch);
    }
    arena_fini(&arena);
}
