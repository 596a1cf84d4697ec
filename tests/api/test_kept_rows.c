/* Rows come out of memory as they went in, those that share values too. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/kept_rows.h"

#define COLUMNS 3

/* A row: of each column the tx of its value, 0: it has none; the date and the
 * source stand for what else tells assertions apart. */
static const struct {
    int64_t security_id;
    uint64_t tx[COLUMNS];
    int32_t days[COLUMNS];
    uint32_t source[COLUMNS];
    const char *texts[COLUMNS]; /* strings; NULL: no value */
} rows[] = {
    { 1, { 1, 0, 1 }, { 5, 0, 5 }, { 0 }, { "a", NULL, "c" } },
    { 1, { 1, 2, 1 }, { 5, 6, 5 }, { 0 }, { "a", "b", "c" } },
    { 1, { 1, 2, 3 }, { 5, 6, 7 }, { 0 }, { "a", "b", "longer than c" } },
    { 1, { 4, 2, 3 }, { 8, 6, 7 }, { 0 }, { "", "b", "longer than c" } },
    /* The same again, then a date, a source, a tx alone. */
    { 1, { 4, 2, 3 }, { 8, 6, 7 }, { 0 }, { "", "b", "longer than c" } },
    { 1, { 4, 2, 3 }, { 8, 9, 7 }, { 0 }, { "", "date", "longer than c" } },
    { 1, { 4, 2, 3 }, { 8, 9, 7 }, { 0, 0, 1 }, { "", "date", "source" } },
    { 1, { 5, 2, 3 }, { 8, 9, 7 }, { 0, 0, 1 }, { "tx", "date", "source" } },
    /* Another security, all else alike. */
    { 2, { 5, 2, 3 }, { 8, 9, 7 }, { 0, 0, 1 }, { "x", "y", "z" } },
    { 3, { 0 }, { 0 }, { 0 }, { NULL, NULL, NULL } },
    { 2, { 5, 2, 3 }, { 8, 9, 7 }, { 0, 0, 1 }, { "x", "y", "z" } },
};
#define ROWS (sizeof rows / sizeof rows[0])

static uint32_t
keep(struct kept_rows *kept, size_t i)
{
    struct cell cells[COLUMNS];
    struct row row = { .security_id = rows[i].security_id, .cells = cells };

    for (uint32_t c = 0; c < COLUMNS; c++) {
        if (rows[i].texts[c] == NULL)
            continue;
        cells[row.cell_count++] = (struct cell){
            .attribute = c,
            .source = rows[i].source[c],
            .effective = { rows[i].days[c] },
            .tx = rows[i].tx[c],
            .value = { VALUE_STRING, str_of(rows[i].texts[c]) },
        };
    }
    return kept_rows_add(kept, &row);
}

static void
expect_row(struct kept_rows *kept, size_t i, uint32_t at)
{
    const struct cell *const *cells = kept_rows_cells(kept, at);

    for (uint32_t c = 0; c < COLUMNS; c++) {
        const char *text = rows[i].texts[c];
        char wanted[32] = "null";

        if (text != NULL)
            snprintf(wanted, sizeof wanted, "\"%s\"", text);
        cr_expect(str_equal(cells[c]->value.text, str_of(wanted)),
                  "row %zu column %u: %.*s", i, c,
                  STR_ARG(cells[c]->value.text));
    }
}

static void
open_kept(struct kept_rows *kept, struct columns *columns, size_t bytes_max)
{
    columns_init(columns);
    for (uint32_t c = 0; c < COLUMNS; c++)
        cr_assert_eq(columns_add(columns, c), OK);
    kept_rows_init(kept);
    cr_assert_eq(
        kept_rows_open(kept, columns, rows_format(MEDIA_JSON), bytes_max), OK);
}

Test(kept_rows, come_out_as_they_went_in)
{
    struct columns columns;
    struct kept_rows kept;
    uint32_t at[ROWS], nulls;

    open_kept(&kept, &columns, 4096);
    nulls = kept_rows_add(&kept, NULL);
    for (size_t i = 0; i < ROWS; i++)
        at[i] = keep(&kept, i);
    cr_assert_eq(out_finish(&kept.bytes), OK);
    for (size_t i = 0; i < ROWS; i++)
        expect_row(&kept, i, at[i]);
    expect_row(&kept, 9, nulls);
    kept_rows_fini(&kept);
    columns_fini(&columns);
}

Test(kept_rows, say_when_there_is_no_room_and_begin_anew)
{
    struct columns columns;
    struct kept_rows kept;

    open_kept(&kept, &columns, 40);
    (void)keep(&kept, 0);
    cr_expect_eq(out_finish(&kept.bytes), OK);
    (void)keep(&kept, 1);
    cr_expect_eq(out_finish(&kept.bytes), OK);
    (void)keep(&kept, 2);
    cr_expect_eq(out_finish(&kept.bytes), ERR_TOO_LARGE);
    kept_rows_reset(&kept);
    expect_row(&kept, 2, keep(&kept, 2));
    cr_expect_eq(out_finish(&kept.bytes), OK);
    kept_rows_fini(&kept);
    columns_fini(&columns);
}
