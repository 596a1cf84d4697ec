/* The dictionary of names. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/names.h"

Test(names, gives_ids_from_zero_and_finds_them_again)
{
    struct names *names = names_new(0);
    enum { MANY = 20000 };
    char text[32];

    for (uint32_t i = 0; i < MANY; i++) {
        int len = snprintf(text, sizeof text, "attribute_%u", i);

        cr_assert_eq(names_find(names, (struct str){ text, (size_t)len }),
                     NAME_NONE, "%s before", text);
        cr_assert_eq(names_add(names, (struct str){ text, (size_t)len }), OK);
    }
    cr_expect_eq(names_count(names), MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        int len = snprintf(text, sizeof text, "attribute_%u", i);
        struct str name = { text, (size_t)len };

        cr_assert_eq(names_find(names, name), i, "%s", text);
        cr_assert(str_equal(names_text(names, i), name), "%s", text);
    }
    cr_expect_eq(names_find(names, STR("attribute_20000")), NAME_NONE);
    cr_expect_eq(names_find(names, STR("attribute_")), NAME_NONE);
    names_free(names);
}

Test(names, member_form_is_escaped_json_with_its_colon)
{
    static const struct {
        struct str name, member;
    } cases[] = {
        { { "ticker", 6 }, { "\"ticker\":", 9 } },
        { { "a\"b\\c", 5 }, { "\"a\\\"b\\\\c\":", 10 } },
        { { "\xc3\xa9", 2 }, { "\"\xc3\xa9\":", 5 } },
    };
    struct names *names = names_new(0);

    for (uint32_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_assert_eq(names_add(names, cases[i].name), OK);
        cr_expect(str_equal(names_member(names, i), cases[i].member), "%.*s",
                  STR_ARG(names_member(names, i)));
    }
    names_free(names);
}

/* Asset classes are counted by name, and a value is longer than any name. */
Test(names, takes_a_text_of_any_length)
{
    struct names *names = names_new(0);
    char text[64 * 1024];

    for (size_t len = 1; len <= sizeof text; len *= 4) {
        struct str name = { text, len };

        memset(text, '\x01', len); /* six bytes each when escaped */
        cr_assert_eq(names_add(names, name), OK, "%zu bytes", len);
        cr_expect_eq(names_member(names, names_find(names, name)).len,
                     6 * len + 3, "%zu bytes", len);
    }
    names_free(names);
}

Test(names, milestones_are_never_until_marked)
{
    struct names *names = names_new(0);

    cr_assert_eq(names_add(names, STR("a")), OK);
    cr_expect_eq(names_first_assertion(names, 0), TX_NEVER);
    cr_expect_eq(names_first_retraction(names, 0), TX_NEVER);
    names_mark(names, 0, 3, 9);
    cr_expect_eq(names_first_assertion(names, 0), 3);
    cr_expect_eq(names_first_retraction(names, 0), 9);
    names_free(names);
}
