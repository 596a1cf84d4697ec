/* Days of the calendar as text and as numbers. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/date.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

Test(date, parse_knows_the_day_number)
{
    static const struct {
        const char *text;
        int32_t days;
    } cases[] = {
        { "0001-01-01", DATE_FIRST_DAYS },
        { "1600-02-29", -135081 },
        { "1900-02-28", -25509 },
        { "1900-03-01", -25508 },
        { "1969-12-31", -1 },
        { "1970-01-01", 0 },
        { "2000-02-29", 11016 },
        { "2024-02-29", 19782 },
        { "2024-12-31", 20088 },
        { "9999-12-31", DATE_LAST_DAYS },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct date got = { -99 };
        enum err err = date_parse(str_of(cases[i].text), &got);

        cr_expect_eq(err, OK, "%s: err %d", cases[i].text, err);
        cr_expect_eq(got.days, cases[i].days, "%s: %d", cases[i].text,
                     got.days);
    }
}

Test(date, parse_refuses_what_is_no_day)
{
    static const struct str cases[] = {
        S("2023-02-29"),       S("1900-02-29"),  S("2100-02-29"),
        S("2024-02-30"),       S("2024-04-31"),  S("2024-06-31"),
        S("2024-09-31"),       S("2024-11-31"),  S("2024-01-32"),
        S("2024-12-32"),       S("2024-01-00"),  S("2024-00-10"),
        S("2024-13-01"),       S("0000-01-01"),  S("0000-02-29"),
        S("24-01-01"),         S("2024-1-1"),    S("2024-01-1"),
        S("10000-01-01"),      S("2024-01-011"), S("2024-01-01T"),
        S("2024-01-01\0"),     S("2024/01/01"),  S("2024-01/01"),
        S("2024.01-01"),       S("20240101"),    S("2024-0a-01"),
        S("2024-01-0:"),       S("2024-01-/1"),  S("+024-01-01"),
        S("-024-01-01"),       S(" 024-01-01"),  S("2024- 1-01"),
        S("2024-01-\xd9\xa1"), S("202\0-01-01"), S(""),
        { NULL, 0 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct date got = { -99 };
        enum err err = date_parse(cases[i], &got);

        cr_expect_eq(err, ERR_INVALID, "row %zu (%.*s): err %d", i,
                     STR_ARG(cases[i]), err);
        cr_expect_eq(got.days, -99, "row %zu (%.*s): set to %d", i,
                     STR_ARG(cases[i]), got.days);
    }
}

/* A calendar turned by hand, as a wheel counter turns. */
struct wheels {
    int year, month, day;
};

static int
month_length(int year, int month)
{
    switch (month) {
    case 2:
        return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    case 4:
    case 6:
    case 9:
    case 11:
        return 30;
    default:
        return 31;
    }
}

static void
turn(struct wheels *wheels)
{
    if (++wheels->day <= month_length(wheels->year, wheels->month))
        return;
    wheels->day = 1;
    if (++wheels->month <= 12)
        return;
    wheels->month = 1;
    wheels->year++;
}

static void
spell(const struct wheels *wheels, char out[static DATE_TEXT_BYTES])
{
    int rest[] = { wheels->year, wheels->month, wheels->day };
    static const int ends[] = { 4, 7, 10 };
    static const int widths[] = { 4, 2, 2 };

    memset(out, '-', DATE_TEXT_BYTES);
    for (int part = 0; part < 3; part++) {
        for (int i = 1; i <= widths[part]; i++, rest[part] /= 10)
            out[ends[part] - i] = (char)('0' + rest[part] % 10);
    }
}

Test(date, every_day_is_written_and_read_in_calendar_order)
{
    struct wheels wheels = { 1, 1, 1 };

    for (int32_t days = DATE_FIRST_DAYS; days <= DATE_LAST_DAYS; days++) {
        char expected[DATE_TEXT_BYTES], got[DATE_TEXT_BYTES];
        struct date back = { -99 };
        enum err err;

        spell(&wheels, expected);
        date_format((struct date){ days }, got);
        err = date_parse((struct str){ expected, sizeof expected }, &back);
        if (memcmp(got, expected, sizeof got) != 0 || err != OK ||
            back.days != days)
            cr_assert_fail("day %d: %.10s for %.10s, read as %d, err %d", days,
                           got, expected, back.days, err);
        turn(&wheels);
    }
    cr_expect_eq(wheels.year, 10000, "ended in year %d", wheels.year);
}

Test(date, civil_days_are_those_of_the_text)
{
    struct wheels wheels = { 1, 1, 1 };

    for (int32_t days = DATE_FIRST_DAYS; days <= DATE_LAST_DAYS; days++) {
        struct civil civil = date_civil((struct date){ days });

        if (civil.year != (unsigned)wheels.year ||
            civil.month != (unsigned)wheels.month ||
            civil.day != (unsigned)wheels.day ||
            date_of_civil(civil).days != days)
            cr_assert_fail("day %d: %u-%u-%u, back %d", days, civil.year,
                           civil.month, civil.day, date_of_civil(civil).days);
        turn(&wheels);
    }
}
