/* Moments of knowledge time. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/instant.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

static const struct {
    const char *text;
    int64_t us;
    const char *canonical;
    const char *day;
} moments[] = {
    { "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000000Z", "1970-01-01" },
    { "2026-11-20T20:00:00.000001Z", 1795204800000001,
      "2026-11-20T20:00:00.000001Z", "2026-11-20" },
    { "2024-02-29T12:34:56.7Z", 1709210096700000, "2024-02-29T12:34:56.700000Z",
      "2024-02-29" },
    { "2024-02-29T12:34:56.07Z", 1709210096070000,
      "2024-02-29T12:34:56.070000Z", "2024-02-29" },
    { "2024-02-29T12:34:56.987654Z", 1709210096987654,
      "2024-02-29T12:34:56.987654Z", "2024-02-29" },
    { "2024-02-29T00:00:00.0Z", 1709164800000000, "2024-02-29T00:00:00.000000Z",
      "2024-02-29" },
    { "1969-12-31T23:59:59.999999Z", -1, "1969-12-31T23:59:59.999999Z",
      "1969-12-31" },
    { "1969-12-31T00:00:00Z", -86400000000, "1969-12-31T00:00:00.000000Z",
      "1969-12-31" },
    { "1969-12-30T23:59:59.999999Z", -86400000001,
      "1969-12-30T23:59:59.999999Z", "1969-12-30" },
    { "0001-01-01T00:00:00Z", -62135596800000000, "0001-01-01T00:00:00.000000Z",
      "0001-01-01" },
    { "9999-12-31T23:59:59.999999Z", 253402300799999999,
      "9999-12-31T23:59:59.999999Z", "9999-12-31" },
};

Test(instant, parse_counts_microseconds)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct instant got = { -99 };
        enum err err = instant_parse(str_of(moments[i].text), &got);

        cr_expect_eq(err, OK, "%s: err %d", moments[i].text, err);
        cr_expect_eq(got.us, moments[i].us, "%s: %lld", moments[i].text,
                     (long long)got.us);
    }
}

Test(instant, format_writes_six_digits_and_z)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        char got[INSTANT_TEXT_BYTES];

        instant_format((struct instant){ moments[i].us }, got);
        cr_expect_eq(memcmp(got, moments[i].canonical, sizeof got), 0,
                     "%s: %.27s", moments[i].canonical, got);
    }
}

Test(instant, date_is_the_utc_day_before_1970_too)
{
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        struct date got = instant_date((struct instant){ moments[i].us });
        struct date expected;

        cr_assert_eq(date_parse(str_of(moments[i].day), &expected), OK);
        cr_expect_eq(got.days, expected.days, "%s: day %d", moments[i].text,
                     got.days);
    }
}

Test(instant, parse_refuses_every_other_shape)
{
    static const struct str cases[] = {
        S("2024-02-29"),
        S("2024-02-29T12:34:56"),
        S("2024-02-29T12:34Z"),
        S("2024-02-29T12:34:5Z"),
        S("2024-02-29T12:34:56.Z"),
        S("2024-02-29T12:34:56.1234567Z"),
        S("2024-02-29T12:34:56,5Z"),
        S("2024-02-29T12:34:56.5xZ"),
        S("2024-02-29T12:34:56.-5Z"),
        S("2024-02-29T12:34:56z"),
        S("2024-02-29t12:34:56Z"),
        S("2024-02-29 12:34:56Z"),
        S("2024-02-29T12:34:56+00:00"),
        S("2024-02-29T12:34:56.5+0Z"),
        S("2024-02-29T12:34:56ZZ"),
        S("2024-02-29T12:34:56Z "),
        S(" 2024-02-29T12:34:56Z"),
        S("2024-02-29T24:00:00Z"),
        S("2024-02-29T23:60:00Z"),
        S("2016-12-31T23:59:60Z"),
        S("2024-02-29T1a:34:56Z"),
        S("2024-02-29T12:3a:56Z"),
        S("2024-02-29T12:34:5aZ"),
        S("2024-02-29T12-34:56Z"),
        S("2024-02-29T12:34-56Z"),
        S("2023-02-29T12:34:56Z"),
        S("0000-01-01T00:00:00Z"),
        S("10000-01-01T00:00:00Z"),
        S("2024-02-29T12:34:56.\0Z"),
        S("Z"),
        S(""),
        { NULL, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct instant got = { -99 };
        enum err err = instant_parse(cases[i], &got);

        cr_expect_eq(err, ERR_INVALID, "row %zu (%.*s): err %d", i,
                     STR_ARG(cases[i]), err);
        cr_expect_eq(got.us, -99, "row %zu (%.*s): set", i, STR_ARG(cases[i]));
    }
}
