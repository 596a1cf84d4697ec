/* Column order and spreading. */
#include <criterion/criterion.h>

#include "secmaster/columns.h"

static const char *const names_in[] = { "zeta",   "name",        "Alpha",
                                        "ticker", "asset_class", "\xc3\xa9",
                                        "alpha",  "name2" };
static const char *const names_out[] = { "asset_class", "ticker",  "name",
                                         "Alpha",       "alpha",   "name2",
                                         "zeta",        "\xc3\xa9" };
#define COUNT (sizeof names_in / sizeof names_in[0])

Test(columns, three_stand_first_and_the_rest_in_byte_order)
{
    struct names *names = names_new(0);
    struct columns columns;

    columns_init(&columns);
    for (uint32_t i = 0; i < COUNT; i++) {
        cr_assert_eq(names_add(names, str_of(names_in[i])), OK);
        cr_assert_eq(columns_add(&columns, i), OK);
        cr_assert_eq(columns_add(&columns, i), OK, "twice is once");
    }
    cr_assert_eq(columns_sort(&columns, names), OK);
    cr_assert_eq(columns.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        cr_expect(str_equal(names_text(names, columns.attributes[i]),
                            str_of(names_out[i])),
                  "place %u", i);
    columns_fini(&columns);
    names_free(names);
}

Test(columns, spread_leaves_null_where_a_row_has_no_cell)
{
    struct names *names = names_new(0);
    struct columns columns;
    struct cell cells[] = { { .attribute = 900 }, { .attribute = 0 } };
    struct row row = { .cells = cells, .cell_count = 2 };
    const struct cell *out[2] = { &cells[0], &cells[0] };

    columns_init(&columns);
    cr_assert_eq(names_add(names, STR("b")), OK);
    cr_assert_eq(names_add(names, STR("a")), OK);
    cr_assert_eq(columns_add(&columns, 0), OK);
    cr_assert_eq(columns_add(&columns, 1), OK);
    cr_assert_eq(columns_sort(&columns, names), OK);
    columns_spread(&columns, &row, out);
    cr_expect_null(out[0], "a: the row has none");
    cr_expect_eq(out[1], &cells[1], "b");
    cr_expect(columns_has(&columns, 1));
    cr_expect_not(columns_has(&columns, 900));
    columns_fini(&columns);
    names_free(names);
}
