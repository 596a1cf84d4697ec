/* Names of a batch: each text has one index, the default's is never found. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/batch_names.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define SEED 99

/* By their ends and length alike ones must not be mixed. */
Test(batch_names, a_text_keeps_its_index)
{
    static const struct {
        const char *name;
        uint32_t index;
    } cases[] = {
        { "MSFT", 0 }, { "msft", 1 },  { "MSFT", 0 }, { "MXXT", 2 },
        { "MSFT", 0 }, { "MXXT", 2 },  { "M", 3 },    { "MM", 4 },
        { "M", 3 },    { "MSFTT", 5 }, { "MXXT", 2 }, { "MSFT", 0 },
    };
    struct batch_names names = { 0 };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str name = str_of(cases[i].name);
        uint32_t got = BATCH_END;

        cr_assert_eq(batch_names_intern(&names, SEED, name, &got), OK);
        cr_expect_eq(got, cases[i].index, "row %zu, %s: %u", i, cases[i].name,
                     got);
        cr_expect_eq(batch_names_recent(&names, name), got, "row %zu, %s", i,
                     cases[i].name);
    }
    cr_expect_eq(names.count, 6);
    cr_expect_eq(batch_names_recent(&names, STR("MYYT")), BATCH_END);
    cr_expect_eq(batch_names_recent(&names, STR("")), BATCH_END);
    batch_names_fini(&names);
}

Test(batch_names, many_are_found_again_and_are_copies)
{
    enum { MANY = 10000 };
    struct batch_names names = { 0 };
    char text[16];

    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < MANY; i++) {
            uint32_t got = BATCH_END;

            snprintf(text, sizeof text, "n%u", i);
            cr_assert_eq(batch_names_intern(&names, SEED, str_of(text), &got),
                         OK);
            cr_assert_eq(got, i, "round %d, %s: %u", round, text, got);
        }
    }
    cr_assert_eq(names.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "n%u", i);
        cr_assert(str_equal(names.items[i], str_of(text)), "%s", text);
    }
    batch_names_fini(&names);
}

Test(batch_names, the_default_is_never_found_by_its_text)
{
    enum { MANY = 200 }; /* past a growth of the table */
    struct batch_names names = { 0 };
    char text[16];
    uint32_t got;

    cr_assert_eq(batch_names_init_default(&names, SEED, DEFAULT_SOURCE), OK);
    cr_expect_eq(names.count, 1);
    for (uint32_t i = 1; i <= MANY; i++) {
        snprintf(text, sizeof text, "n%u", i);
        cr_assert_eq(batch_names_intern(&names, SEED, str_of(text), &got), OK);
        cr_expect_eq(got, i, "%s: %u", text, got);
    }
    cr_assert_eq(batch_names_intern(&names, SEED, DEFAULT_SOURCE, &got), OK);
    cr_expect_eq(got, MANY + 1);
    cr_assert_eq(batch_names_set_default(&names, STR("polygon")), OK);
    cr_expect(str_equal(names.items[0], STR("polygon")));
    cr_expect(str_equal(names.items[MANY + 1], DEFAULT_SOURCE));
    cr_assert_eq(batch_names_intern(&names, SEED, STR("polygon"), &got), OK);
    cr_expect_eq(got, MANY + 2);
    batch_names_fini(&names);
}
