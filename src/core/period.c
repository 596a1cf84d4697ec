/* Weeks, months, quarters and years of the calendar. */
#include "secmaster/period.h"

#include <assert.h>

#define DAYS_OF_WEEK 7
#define MONTHS_OF_YEAR 12
#define MONTHS_OF_QUARTER 3
#define TO_THURSDAY 3 /* from Monday */

const char *const period_names[PERIODS] = {
    [PERIOD_WEEK] = "week",
    [PERIOD_MONTH] = "month",
    [PERIOD_QUARTER] = "quarter",
    [PERIOD_YEAR] = "year",
};

const int32_t period_days_least[PERIODS] = {
    [PERIOD_WEEK] = DAYS_OF_WEEK,
    [PERIOD_MONTH] = 28,
    [PERIOD_QUARTER] = 90,
    [PERIOD_YEAR] = 365,
};

static struct date
end_of(int32_t days)
{
    return (struct date){ days > DATE_LAST_DAYS ? DATE_OPEN_DAYS : days };
}

static struct period_span
week_of(struct date day)
{
    /* The calendar's first day is a Monday. */
    int32_t monday = day.days - (day.days - DATE_FIRST_DAYS) % DAYS_OF_WEEK;
    struct date thursday = { monday + TO_THURSDAY };
    unsigned year = date_civil(thursday).year;
    struct date first = date_of_civil((struct civil){ year, 1, 1 });

    return (struct period_span){
        .start = { monday },
        .end = end_of(monday + DAYS_OF_WEEK),
        .year = year,
        .number = (unsigned)(thursday.days - first.days) / DAYS_OF_WEEK + 1,
    };
}

/* The first of a month, from 1 to one behind the year's last. */
static struct date
begin_of(unsigned year, unsigned month)
{
    struct civil first = { year, month, 1 };

    if (month > MONTHS_OF_YEAR)
        first = (struct civil){ year + 1, 1, 1 };
    return end_of(date_of_civil(first).days);
}

/* The span of so many months that day falls in, a whole part of a year. */
static struct period_span
months_of(struct date day, unsigned months)
{
    struct civil civil = date_civil(day);
    unsigned index = (civil.month - 1) / months;

    return (struct period_span){
        .start = begin_of(civil.year, index * months + 1),
        .end = begin_of(civil.year, index * months + months + 1),
        .year = civil.year,
        .number = months == MONTHS_OF_YEAR ? 0 : index + 1,
    };
}

struct period_span
period_of(enum period period, struct date day)
{
    assert(day.days >= DATE_FIRST_DAYS);
    assert(day.days <= DATE_LAST_DAYS);

    switch (period) {
    case PERIOD_WEEK:
        return week_of(day);
    case PERIOD_MONTH:
        return months_of(day, 1);
    case PERIOD_QUARTER:
        return months_of(day, MONTHS_OF_QUARTER);
    case PERIOD_YEAR:
        break;
    }
    assert(period == PERIOD_YEAR);
    return months_of(day, MONTHS_OF_YEAR);
}

/* How many of them a year has at least, and how many months one has. */
static const struct {
    unsigned of_year, months;
} least[PERIODS] = {
    [PERIOD_WEEK] = { 52, 0 },
    [PERIOD_MONTH] = { MONTHS_OF_YEAR, 1 },
    [PERIOD_QUARTER] = { MONTHS_OF_YEAR / MONTHS_OF_QUARTER,
                         MONTHS_OF_QUARTER },
    [PERIOD_YEAR] = { 0, MONTHS_OF_YEAR },
};

struct period_span
period_behind(enum period period, const struct period_span *span,
              struct date day)
{
    struct period_span next = *span;

    /* A year's last one is left to period_of, and years are. */
    if (span->number == 0 || span->number >= least[period].of_year ||
        day.days < span->end.days ||
        day.days >= span->end.days + period_days_least[period])
        return period_of(period, day);
    next.start = span->end;
    next.number++;
    if (period == PERIOD_WEEK)
        next.end = end_of(span->end.days + DAYS_OF_WEEK);
    else
        next.end = begin_of(span->year, next.number * least[period].months + 1);
    return next;
}
