/* The sticky writer: numbers, dates, limits. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/out.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

Test(out, int_writes_every_width)
{
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        { 0, "0" },
        { 7, "7" },
        { -7, "-7" },
        { 10, "10" },
        { 99, "99" },
        { 100, "100" },
        { 109, "109" },
        { -1000, "-1000" },
        { 12345, "12345" },
        { 9007199254740993, "9007199254740993" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out out;

        out_init(&out, 100);
        out_int(&out, cases[i].number);
        cr_expect_eq(out_finish(&out), OK, "%s", cases[i].text);
        cr_expect(str_equal(out_text(&out), str_of(cases[i].text)), "%s: %.*s",
                  cases[i].text, STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

Test(out, int_agrees_with_printf_at_each_length)
{
    uint64_t number = 1;
    struct out ours, theirs;

    out_init(&ours, 1 << 20);
    out_init(&theirs, 1 << 20);
    for (int digits = 1; digits <= 19; digits++, number *= 10) {
        for (int64_t step = -2; step <= 2; step++) {
            out_int(&ours, (int64_t)number * 9 / 10 + step * 7);
            out_char(&ours, ' ');
            out_print(&theirs, "%lld ",
                      (long long)((int64_t)number * 9 / 10 + step * 7));
            if (number > UINT64_MAX / 90)
                break;
        }
    }
    cr_expect(str_equal(out_text(&ours), out_text(&theirs)), "%.*s\n%.*s",
              STR_ARG(out_text(&ours)), STR_ARG(out_text(&theirs)));
    out_fini(&ours);
    out_fini(&theirs);
}

Test(out, writes_one_behind_the_other)
{
    struct out out;

    out_init(&out, 1000);
    out_str(&out, STR("a"));
    out_str(&out, (struct str){ NULL, 0 });
    out_bytes(&out, "b\0c", 3);
    out_char(&out, ',');
    out_date(&out, (struct date){ 19782 });
    out_print(&out, "[%s %d]", "x", 42);
    out_print(&out, "%s", "");
    out_int(&out, -3);
    out_json(&out, STR("q\"\n"));
    cr_expect_eq(out_finish(&out), OK);
    cr_expect(
        str_equal(out_text(&out), STR("ab\0c,2024-02-29[x 42]-3\"q\\\"\\n\"")),
        "%.*s", STR_ARG(out_text(&out)));
    out_fini(&out);
}

Test(out, json_quotes_and_escapes)
{
    static const struct {
        struct str text, json;
    } cases[] = {
        { S(""), S("\"\"") },
        { S("ab\x01\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"),
          S("\"ab\\u0001\\\"\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80\"") },
        { S("a\0b"), S("\"a\\u0000b\"") },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out out;

        out_init(&out, 100);
        out_json(&out, cases[i].text);
        cr_expect(str_equal(out_text(&out), cases[i].json), "row %zu: %.*s", i,
                  STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

Test(out, takes_its_limit_and_not_a_byte_more)
{
    static const size_t limits[] = { 0, 1, 255, 256, 257, 1000 };

    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        struct out out;

        out_init(&out, limits[i]);
        for (size_t written = 0; written < limits[i]; written++)
            out_char(&out, 'x');
        cr_expect_eq(out_finish(&out), OK, "limit %zu", limits[i]);
        out_str(&out, STR(""));
        out_print(&out, "%s", "");
        cr_expect_eq(out_finish(&out), OK, "limit %zu, empty", limits[i]);
        out_char(&out, 'y');
        cr_expect_eq(out_finish(&out), ERR_TOO_LARGE, "limit %zu", limits[i]);
        cr_expect_eq(out_text(&out).len, limits[i], "limit %zu", limits[i]);
        out_fini(&out);
    }
}

Test(out, print_fits_exactly)
{
    static const struct {
        size_t limit;
        enum err err;
    } cases[] = {
        { 300, OK },
        { 299, ERR_TOO_LARGE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out out;

        out_init(&out, cases[i].limit);
        out_print(&out, "%300d", 7);
        cr_expect_eq(out_finish(&out), cases[i].err, "limit %zu",
                     cases[i].limit);
        cr_expect_eq(out_text(&out).len, cases[i].err == OK ? 300 : 0,
                     "limit %zu", cases[i].limit);
        out_fini(&out);
    }
}

Test(out, an_error_sticks_until_reset)
{
    struct out out;

    out_init(&out, 4);
    out_str(&out, STR("abc"));
    out_str(&out, STR("de"));
    out_char(&out, 'f');
    cr_expect_eq(out_finish(&out), ERR_TOO_LARGE);
    cr_expect(str_equal(out_text(&out), STR("abc")), "%.*s",
              STR_ARG(out_text(&out)));
    cr_expect_null(out_reserve(&out, 0));
    out_reset(&out);
    cr_expect_eq(out_finish(&out), OK);
    out_str(&out, STR("wxyz"));
    cr_expect_eq(out_finish(&out), OK);
    cr_expect(str_equal(out_text(&out), STR("wxyz")));
    out_fini(&out);
}

/* Each has the other's text and memory, and its own limit. */
Test(out, swap_leaves_the_limits)
{
    struct out a, b;
    const char *data;

    out_init(&a, 300);
    out_init(&b, 400);
    out_str(&a, STR("of a"));
    data = a.data;
    out_swap(&a, &b);
    cr_expect_eq(a.len, 0U);
    cr_expect_eq(b.data, data);
    cr_expect(str_equal(out_text(&b), STR("of a")));
    cr_expect_null(out_grow(&a, 301));
    out_swap(&a, &b);
    cr_expect_eq(out_finish(&b), ERR_TOO_LARGE, "the error goes with it");
    cr_expect_eq(out_finish(&a), OK);
    out_reset(&b);
    cr_expect_not_null(out_grow(&b, 400));
    cr_expect_null(out_grow(&a, 297));
    out_fini(&a);
    out_fini(&b);
}

Test(out, empty_keeps_so_much)
{
    static const struct {
        size_t kept_max;
        bool is_kept;
    } cases[] = { { 256, true }, { 255, false }, { 0, false } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out out;

        out_init(&out, 1000);
        out_str(&out, STR("x"));
        cr_assert_eq(out.capacity, 256U);
        out_empty(&out, cases[i].kept_max);
        cr_expect_eq(out.len, 0U);
        cr_expect_eq(out.capacity, cases[i].is_kept ? 256U : 0U, "keep %zu",
                     cases[i].kept_max);
        out_fini(&out);
    }
}

Test(out, any_limit_bounds_a_huge_request)
{
    struct out out;

    out_init(&out, SIZE_MAX);
    cr_expect_null(out_reserve(&out, SIZE_MAX));
    cr_expect_eq(out_finish(&out), ERR_TOO_LARGE);
    out_reset(&out);
    out_char(&out, 'a');
    cr_expect_null(out_reserve(&out, SIZE_MAX - 1));
    cr_expect_eq(out_finish(&out), ERR_TOO_LARGE);
    cr_expect(str_equal(out_text(&out), STR("a")));
    out_fini(&out);
}

static void
write_all(struct out *out)
{
    for (int64_t i = 0; i < 300; i++) {
        out_int(out, i);
        out_date(out, (struct date){ (int32_t)i });
        out_print(out, "%s", "text");
        out_json(out, STR("a\"b"));
    }
}

Test(out, torture_fails_the_nth_growth_and_leaves_whole_writes)
{
    struct out whole;
    size_t n = 0;
    enum err err;

    out_init(&whole, 1 << 20);
    write_all(&whole);
    cr_assert_eq(out_finish(&whole), OK);
    do {
        struct out out;
        struct str text;

        out_init(&out, 1 << 20);
        out.fail_after = ++n;
        write_all(&out);
        err = out_finish(&out);
        text = out_text(&out);
        cr_expect(err == OK || err == ERR_BUSY, "growth %zu: err %d", n, err);
        cr_assert(text.len <= out_text(&whole).len);
        cr_expect(text.len == 0 || memcmp(text.data, whole.data, text.len) == 0,
                  "growth %zu: another text", n);
        out_fini(&out);
    } while (err != OK && n < 100);
    cr_expect(n > 5, "only %zu growths", n);
    cr_expect_eq(err, OK, "never succeeded");
    out_fini(&whole);
}
