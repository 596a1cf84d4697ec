/* Borrowed runs of bytes. */
#include <criterion/criterion.h>

#include "secmaster/str.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

static const struct {
    struct str a, b;
    int order; /* sign of a before b */
} pairs[] = {
    { S("ticker"), S("ticker"), 0 }, { S(""), S(""), 0 },
    { S(""), { NULL, 0 }, 0 },       { S(""), S("a"), -1 },
    { { NULL, 0 }, S("\0"), -1 },    { S("a"), S("b"), -1 },
    { S("a"), S("aa"), -1 },         { S("b"), S("aa"), 1 },
    { S("a\0b"), S("a\0c"), -1 },    { S("a\0b"), S("a"), 1 },
    { S("z"), S("\xc3\xa9"), -1 },   { S("\x7f"), S("\x80"), -1 },
};

static int
sign(int n)
{
    return (n > 0) - (n < 0);
}

Test(str, compares_by_bytes_and_a_prefix_is_first)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        int there = sign(str_compare(pairs[i].a, pairs[i].b));
        int back = sign(str_compare(pairs[i].b, pairs[i].a));

        cr_expect_eq(there, pairs[i].order, "pair %zu: %d", i, there);
        cr_expect_eq(back, -pairs[i].order, "pair %zu back: %d", i, back);
    }
}

Test(str, equals_same_bytes_only)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        bool equal = str_equal(pairs[i].a, pairs[i].b);

        cr_expect_eq(equal, pairs[i].order == 0, "pair %zu: %d", i, equal);
    }
}

Test(str, of_text_ends_at_its_terminator)
{
    cr_expect_eq(str_of("").len, 0);
    cr_expect_eq(str_of("name").len, 4);
    cr_expect(str_equal(str_of("a\0b"), STR("a")));
    cr_expect_not(str_equal(str_of("a\0b"), STR("a\0b")));
}
