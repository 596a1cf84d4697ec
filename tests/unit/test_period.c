/* Periods: the spans of days known, and every day against its neighbour. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/period.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct date
day_of(const char *text)
{
    struct date day = { 0 };

    cr_assert_eq(date_parse(str_of(text), &day), OK, "%s", text);
    return day;
}

Test(period, spans_of_known_days)
{
    static const struct {
        enum period period;
        const char *day, *start, *end; /* NULL: open */
        unsigned year, number;
    } cases[] = {
        { PERIOD_WEEK, "2020-12-31", "2020-12-28", "2021-01-04", 2020, 53 },
        { PERIOD_WEEK, "2021-01-03", "2020-12-28", "2021-01-04", 2020, 53 },
        { PERIOD_WEEK, "2021-01-04", "2021-01-04", "2021-01-11", 2021, 1 },
        { PERIOD_WEEK, "2024-12-29", "2024-12-23", "2024-12-30", 2024, 52 },
        { PERIOD_WEEK, "2024-12-30", "2024-12-30", "2025-01-06", 2025, 1 },
        { PERIOD_WEEK, "2005-01-01", "2004-12-27", "2005-01-03", 2004, 53 },
        { PERIOD_WEEK, "1969-12-31", "1969-12-29", "1970-01-05", 1970, 1 },
        { PERIOD_WEEK, "0001-01-01", "0001-01-01", "0001-01-08", 1, 1 },
        { PERIOD_WEEK, "9999-12-26", "9999-12-20", "9999-12-27", 9999, 51 },
        { PERIOD_WEEK, "9999-12-27", "9999-12-27", NULL, 9999, 52 },
        { PERIOD_WEEK, "9999-12-31", "9999-12-27", NULL, 9999, 52 },
        { PERIOD_MONTH, "2024-02-29", "2024-02-01", "2024-03-01", 2024, 2 },
        { PERIOD_MONTH, "2023-12-01", "2023-12-01", "2024-01-01", 2023, 12 },
        { PERIOD_MONTH, "0001-01-01", "0001-01-01", "0001-02-01", 1, 1 },
        { PERIOD_MONTH, "9999-11-30", "9999-11-01", "9999-12-01", 9999, 11 },
        { PERIOD_MONTH, "9999-12-31", "9999-12-01", NULL, 9999, 12 },
        { PERIOD_QUARTER, "2024-03-31", "2024-01-01", "2024-04-01", 2024, 1 },
        { PERIOD_QUARTER, "2024-04-01", "2024-04-01", "2024-07-01", 2024, 2 },
        { PERIOD_QUARTER, "2024-09-30", "2024-07-01", "2024-10-01", 2024, 3 },
        { PERIOD_QUARTER, "2024-12-31", "2024-10-01", "2025-01-01", 2024, 4 },
        { PERIOD_QUARTER, "9999-10-01", "9999-10-01", NULL, 9999, 4 },
        { PERIOD_YEAR, "2024-02-29", "2024-01-01", "2025-01-01", 2024, 0 },
        { PERIOD_YEAR, "0001-12-31", "0001-01-01", "0002-01-01", 1, 0 },
        { PERIOD_YEAR, "9998-12-31", "9998-01-01", "9999-01-01", 9998, 0 },
        { PERIOD_YEAR, "9999-01-01", "9999-01-01", NULL, 9999, 0 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *name = period_names[cases[i].period];
        struct period_span got =
            period_of(cases[i].period, day_of(cases[i].day));
        int32_t end =
            cases[i].end == NULL ? DATE_OPEN_DAYS : day_of(cases[i].end).days;

        cr_expect_eq(got.start.days, day_of(cases[i].start).days,
                     "%s of %s: start %d", name, cases[i].day, got.start.days);
        cr_expect_eq(got.end.days, end, "%s of %s: end %d", name, cases[i].day,
                     got.end.days);
        cr_expect_eq(got.year, cases[i].year, "%s of %s: year %u", name,
                     cases[i].day, got.year);
        cr_expect_eq(got.number, cases[i].number, "%s of %s: number %u", name,
                     cases[i].day, got.number);
    }
}

Test(period, names_are_those_of_the_columns)
{
    static const char *const names[] = { "week", "month", "quarter", "year" };

    for (size_t i = 0; i < PERIODS; i++)
        cr_expect_str_eq(period_names[i], names[i]);
}

static bool
is_same(const struct period_span *a, const struct period_span *b)
{
    return a->start.days == b->start.days && a->end.days == b->end.days &&
           a->year == b->year && a->number == b->number;
}

/* Whether a new span may begin on a day, by its date and its count alone. */
static bool
begins(enum period period, struct date day)
{
    struct civil civil = date_civil(day);

    switch (period) {
    case PERIOD_WEEK: /* 1970-01-01 was a Thursday */
        return ((int64_t)day.days + 700003) % 7 == 0;
    case PERIOD_MONTH:
        return civil.day == 1;
    case PERIOD_QUARTER:
        return civil.day == 1 && civil.month % 3 == 1;
    case PERIOD_YEAR:
        break;
    }
    return civil.day == 1 && civil.month == 1;
}

/* The number and year that follow: a week's by the days of its year. */
static bool
follows(enum period period, const struct period_span *last,
        const struct period_span *next)
{
    static const unsigned greatest[] = { 53, 12, 4, 0 };

    if (next->start.days != last->end.days)
        return false;
    if (period != PERIOD_YEAR && next->year == last->year)
        return next->number == last->number + 1 &&
               next->number <= greatest[period];
    if (next->year != last->year + 1)
        return false;
    if (period == PERIOD_YEAR)
        return next->number == 0;
    if (period != PERIOD_WEEK)
        return next->number == 1 && last->number == greatest[period];
    /* ISO 8601: week 1 is the one with 4 January. */
    return next->number == 1 &&
           next->start.days <=
               date_of_civil((struct civil){ next->year, 1, 4 }).days &&
           next->end.days >
               date_of_civil((struct civil){ next->year, 1, 4 }).days;
}

Test(period, every_day_of_the_calendar_is_in_one_span_of_each)
{
    for (enum period period = PERIOD_WEEK; period <= PERIOD_YEAR; period++) {
        struct period_span last =
            period_of(period, (struct date){ DATE_FIRST_DAYS });

        cr_assert_eq(last.start.days, DATE_FIRST_DAYS);
        for (int32_t days = DATE_FIRST_DAYS + 1; days <= DATE_LAST_DAYS;
             days++) {
            struct date day = { days };
            struct period_span span = period_of(period, day);
            bool is_good =
                begins(period, day)
                    ? span.start.days == days && follows(period, &last, &span)
                    : is_same(&last, &span);

            if (!is_good || span.start.days > days || span.end.days <= days)
                cr_assert_fail("%s: day %d in [%d, %d), %u of %u",
                               period_names[period], days, span.start.days,
                               span.end.days, span.number, span.year);
            last = span;
        }
        cr_expect_eq(last.end.days, DATE_OPEN_DAYS, "%s", period_names[period]);
    }
}

Test(period, goes_on_from_any_span_to_that_of_a_day)
{
    static const int32_t apart[] = { -8, -1, 0, 1, 6, 7, 8, 13, 14, 400 };
    const struct period_span none = { 0 };

    for (enum period period = PERIOD_WEEK; period <= PERIOD_YEAR; period++) {
        for (int32_t days = DATE_FIRST_DAYS; days <= DATE_LAST_DAYS;
             days += 61) {
            struct period_span span = period_of(period, (struct date){ days });

            for (size_t i = 0; i < COUNT(apart); i++) {
                struct date day = { days + apart[i] };
                struct period_span got, expected;

                if (day.days < DATE_FIRST_DAYS || day.days > DATE_LAST_DAYS)
                    continue;
                expected = period_of(period, day);
                got = period_behind(period, &span, day);
                cr_assert(is_same(&got, &expected), "%s: day %d and %d",
                          period_names[period], days, apart[i]);
                got = period_behind(period, &none, day);
                cr_assert(is_same(&got, &expected), "%s: day %d",
                          period_names[period], day.days);
            }
        }
    }
}
