/* Exact decimals: what is read, what is written, order, sums, averages. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/decimal.h"

#define GREATEST INT64_C(999999999999999999)
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct decimal
of(int64_t mantissa, uint8_t scale)
{
    return (struct decimal){ mantissa, scale };
}

/* What is read is written as the plain decimal that it means. */
Test(decimal, keeps_the_digits_it_was_sent_with)
{
    static const struct {
        const char *text;
        int64_t mantissa;
        uint8_t scale;
        const char *plain; /* NULL: as sent */
    } cases[] = {
        { "0", 0, 0, NULL },
        { "0.0", 0, 1, NULL },
        { "0.000000000", 0, 9, NULL },
        { "0.000000001", 1, 9, NULL },
        { "7", 7, 0, NULL },
        { "10", 10, 0, NULL },
        { "99", 99, 0, NULL },
        { "100", 100, 0, NULL },
        { "0.05", 5, 2, NULL },
        { "1.50", 150, 2, NULL },
        { "1.5", 15, 1, NULL },
        { "130.465", 130465, 3, NULL },
        { "70790813", 70790813, 0, NULL },
        { "999999999999999999", GREATEST, 0, NULL },
        { "999999999.999999999", GREATEST, 9, NULL },
        { "100000000000000000", 100000000000000000, 0, NULL },
        { "12345678901234567.8", 123456789012345678, 1, NULL },
        { "7.0790813e+07", 70790813, 0, "70790813" },
        { "1.50e1", 150, 1, "15.0" },
        { "1e3", 1000, 0, "1000" },
        { "1E3", 1000, 0, "1000" },
        { "5e-1", 5, 1, "0.5" },
        { "5e-9", 5, 9, "0.000000005" },
        { "50e-1", 50, 1, "5.0" },
        { "1.5e0", 15, 1, "1.5" },
        { "1.5e-0", 15, 1, "1.5" },
        { "1e000000000000000000000000000000002", 100, 0, "100" },
        { "1e17", 100000000000000000, 0, "100000000000000000" },
        { "9.99999999999999999e17", GREATEST, 0, "999999999999999999" },
        { "0e0", 0, 0, "0" },
        { "0e99999999999999999999", 0, 0, "0" },
        { "0.00e1", 0, 1, "0.0" },
        { "0.0000000000e1", 0, 9, "0.000000000" },
        { "0.000000000000000000000000001e27", 1, 0, "1" },
        { "0.000000000000000000000000001e18", 1, 9, "0.000000001" },
    };
    struct out out;

    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *text = cases[i].text;
        const char *plain = cases[i].plain == NULL ? text : cases[i].plain;
        struct decimal got = { -7, 77 };
        struct why why = { "" };
        enum err err = decimal_parse(str_of(text), &got, &why);

        cr_expect_eq(err, OK, "%s: err %d, %s", text, (int)err, why.text);
        cr_expect_eq(got.mantissa, cases[i].mantissa, "%s: %ld", text,
                     got.mantissa);
        cr_expect_eq(got.scale, cases[i].scale, "%s: scale %d", text,
                     got.scale);
        out_reset(&out);
        decimal_put(&out, of(cases[i].mantissa, cases[i].scale));
        cr_expect(str_equal(out_text(&out), str_of(plain)), "%s: %.*s", text,
                  STR_ARG(out_text(&out)));
    }
    out_fini(&out);
}

#define NO_NUMBER "must be a number"
#define NEGATIVE "must not be negative"
#define LONG "must not have more than 18 digits"
#define FINE "must not have more than 9 digits behind the point"

Test(decimal, refuses_what_it_cannot_keep_and_says_why)
{
    static const struct {
        struct str text;
        const char *why;
    } cases[] = {
        { { NULL, 0 }, NO_NUMBER },
        { { "1\0", 2 }, NO_NUMBER },
        { { "-", 1 }, NO_NUMBER },
        { { "+1", 2 }, NO_NUMBER },
        { { "01", 2 }, NO_NUMBER },
        { { "00", 2 }, NO_NUMBER },
        { { ".5", 2 }, NO_NUMBER },
        { { "5.", 2 }, NO_NUMBER },
        { { "5.e1", 4 }, NO_NUMBER },
        { { "1e", 2 }, NO_NUMBER },
        { { "1e+", 3 }, NO_NUMBER },
        { { "1e-", 3 }, NO_NUMBER },
        { { "e1", 2 }, NO_NUMBER },
        { { "1e1.", 4 }, NO_NUMBER },
        { { "1e1e1", 5 }, NO_NUMBER },
        { { "1.2.3", 5 }, NO_NUMBER },
        { { " 1", 2 }, NO_NUMBER },
        { { "1 ", 2 }, NO_NUMBER },
        { { "1,5", 3 }, NO_NUMBER },
        { { "0x1", 3 }, NO_NUMBER },
        { { "NaN", 3 }, NO_NUMBER },
        { { "null", 4 }, NO_NUMBER },
        { { "-x", 2 }, NO_NUMBER },
        { { "-0", 2 }, NEGATIVE },
        { { "-0.0", 4 }, NEGATIVE },
        { { "-0e5", 4 }, NEGATIVE },
        { { "-1", 2 }, NEGATIVE },
        { { "-1e-99", 6 }, NEGATIVE },
        { { "1000000000000000000", 19 }, LONG },
        { { "100000000.0000000000", 20 }, FINE },
        { { "1000000000.000000000", 20 }, LONG },
        { { "1e18", 4 }, LONG },
        { { "10e17", 5 }, LONG },
        { { "0.1e19", 6 }, LONG },
        { { "1e99999999999999999999", 22 }, LONG },
        { { "1e18446744073709551617", 22 }, LONG }, /* 2^64 + 1 */
        { { "1000000000000000000e-1", 22 }, LONG },
        { { "0.0000000000", 12 }, FINE },
        { { "0.0000000001", 12 }, FINE },
        { { "0.0000000010", 12 }, FINE },
        { { "1e-10", 5 }, FINE },
        { { "0e-10", 5 }, FINE },
        { { "1.5e-9", 6 }, FINE },
        { { "1e-99999999999999999999", 23 }, FINE },
        { { "1e-18446744073709551617", 23 }, FINE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decimal got = { -7, 77 };
        struct why why = { "" };

        cr_expect_eq(decimal_parse(cases[i].text, &got, &why), ERR_INVALID,
                     "%.*s", STR_ARG(cases[i].text));
        cr_expect_str_eq(why.text, cases[i].why, "%.*s: %s",
                         STR_ARG(cases[i].text), why.text);
        cr_expect(got.mantissa == -7 && got.scale == 77, "%.*s: set",
                  STR_ARG(cases[i].text));
        cr_expect_eq(decimal_parse(cases[i].text, &got, NULL), ERR_INVALID);
    }
}

Test(decimal, orders_by_value_whatever_the_digits)
{
    static const struct {
        struct decimal a, b;
        int order;
    } cases[] = {
        { { 15, 1 }, { 150, 2 }, 0 },
        { { 0, 0 }, { 0, 9 }, 0 },
        { { 1, 0 }, { 1000000000, 9 }, 0 },
        { { 1, 0 }, { 1000000001, 9 }, -1 },
        { { 1, 0 }, { 999999999, 9 }, 1 },
        { { 149, 2 }, { 150, 2 }, -1 },
        { { GREATEST, 0 }, { GREATEST, 0 }, 0 },
        { { GREATEST, 0 }, { GREATEST, 9 }, 1 },
        { { GREATEST, 1 }, { GREATEST - 1, 0 }, -1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        int got = decimal_compare(cases[i].a, cases[i].b);
        int back = decimal_compare(cases[i].b, cases[i].a);

        cr_expect_eq(got, cases[i].order, "row %zu: %d", i, got);
        cr_expect_eq(back, -cases[i].order, "row %zu back: %d", i, back);
    }
}

static void
expect_average(const struct decimal_sum *sum, int64_t count, const char *text,
               const char *row)
{
    struct out out;

    out_init(&out, SIZE_MAX);
    decimal_sum_put_average(&out, sum, count);
    cr_expect(str_equal(out_text(&out), str_of(text)), "%s: %.*s, not %s", row,
              STR_ARG(out_text(&out)), text);
    out_fini(&out);
}

Test(decimal, sums_are_put_whole)
{
    static const struct {
        struct decimal parts[2];
        int64_t times; /* each of them */
        uint8_t scale;
        const char *text;
    } cases[] = {
        { { { 0, 0 }, { 0, 0 } }, 1, 0, "0" },
        { { { 1001, 0 }, { 15001, 0 } }, 1, 0, "16002" },
        { { { 72163, 2 }, { 1, 0 } }, 1, 2, "722.63" },
        { { { 5, 1 }, { 5, 1 } }, 1, 1, "1.0" },
        { { { 5, 1 }, { 0, 0 } }, 1, 3, "0.500" },
        { { { 1, 9 }, { 0, 0 } }, 1, 9, "0.000000001" },
        { { { 999999999999999999, 0 }, { 999999999, 9 } },
          DECIMAL_SUM_MAX / 2,
          9,
          "1073741822999999999999999998.926258177" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decimal_sum sum = { 0 };
        struct out out;

        for (size_t k = 0; k < 2; k++)
            sum.units += decimal_units(cases[i].parts[k]) * cases[i].times;
        out_init(&out, SIZE_MAX);
        decimal_sum_put(&out, &sum, cases[i].scale);
        cr_expect(str_equal(out_text(&out), str_of(cases[i].text)),
                  "row %zu: %.*s", i, STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

/* All are sums of one decimal over a count, which is all a quotient knows. */
Test(decimal, averages_are_rounded_half_to_even_at_eight_places)
{
    static const struct {
        struct decimal sum;
        int64_t count;
        const char *text;
    } cases[] = {
        { { 0, 0 }, 1, "0" },
        { { 0, 9 }, 7, "0" },
        { { 66, 0 }, 1, "66" },
        { { 660, 1 }, 1, "66" },
        { { 100, 0 }, 1, "100" },
        { { 131, 0 }, 2, "65.5" },
        { { 196, 0 }, 3, "65.33333333" },
        { { 2, 0 }, 3, "0.66666667" },
        { { 1, 8 }, 1, "0.00000001" },
        { { 5, 9 }, 1, "0" },
        { { 15, 9 }, 1, "0.00000002" },
        { { 25, 9 }, 1, "0.00000002" },
        { { 35, 9 }, 1, "0.00000004" },
        { { 6, 9 }, 1, "0.00000001" },
        { { 4, 9 }, 1, "0" },
        { { 10, 9 }, 2, "0" },
        { { 11, 9 }, 2, "0.00000001" },
        { { 30, 9 }, 2, "0.00000002" },
        { { 29, 9 }, 2, "0.00000001" },
        { { 1999999999, 9 }, 1, "2" },
        { { 1999999995, 9 }, 1, "2" },
        { { 1999999985, 9 }, 1, "1.99999998" },
        { { 999999995, 9 }, 1, "1" },
        { { GREATEST, 0 }, 1, "999999999999999999" },
        { { GREATEST, 9 }, 1, "1000000000" },
        { { GREATEST, 0 }, 7, "142857142857142857" },
        { { GREATEST, 0 }, 11, "90909090909090909" },
        { { GREATEST, 0 }, 16, "62499999999999999.9375" },
        { { 1, 0 }, DECIMAL_SUM_MAX, "0" },
        { { DECIMAL_SUM_MAX, 0 }, DECIMAL_SUM_MAX, "1" },
        { { DECIMAL_SUM_MAX, 8 }, DECIMAL_SUM_MAX, "0.00000001" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decimal_sum sum = { 0 };
        char row[64];

        decimal_sum_add(&sum, cases[i].sum);
        snprintf(row, sizeof row, "%ld scale %d over %ld",
                 cases[i].sum.mantissa, cases[i].sum.scale, cases[i].count);
        expect_average(&sum, cases[i].count, cases[i].text, row);
    }
}

Test(decimal, sums_are_exact_across_scales_and_far_past_64_bits)
{
    struct decimal_sum sum = { 0 };

    for (int i = 0; i < 30000; i++) {
        decimal_sum_add(&sum, of(GREATEST, 0));
        decimal_sum_add(&sum, of(1, 9));
    }
    cr_expect(sum.units == 30000 * ((wide_int)GREATEST * 1000000000 + 1));
    expect_average(&sum, 30000, "999999999999999999", "all");
    for (int i = 0; i < 30000; i++)
        decimal_sum_subtract(&sum, of(GREATEST, 0));
    expect_average(&sum, 3, "0.00001", "the small ones");
    for (int i = 0; i < 3; i++)
        decimal_sum_subtract(&sum, of(10, 6));
    cr_expect(sum.units == 0);
}

/* As many of the greatest as a sum may have, in a few additions. */
Test(decimal, the_greatest_sum_fits)
{
    struct decimal_sum sum = { decimal_units(of(GREATEST, 0)) *
                               DECIMAL_SUM_MAX };

    cr_expect(sum.units / DECIMAL_SUM_MAX / 1000000000 == GREATEST);
    expect_average(&sum, DECIMAL_SUM_MAX, "999999999999999999", "greatest");
}

Test(decimal, writes_up_to_a_limit_and_not_a_byte_more)
{
    struct out out;

    for (size_t limit = 4; limit <= 6; limit++) {
        out_init(&out, limit);
        decimal_put(&out, of(1234, 2));
        cr_expect_eq(out_finish(&out), limit < 5 ? ERR_TOO_LARGE : OK,
                     "limit %zu", limit);
        out_fini(&out);
    }
}
