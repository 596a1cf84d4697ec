/* Weeks, months, quarters and years of the calendar. */
#include "secmaster/period.h"

#include <assert.h>

#define DAYS_OF_WEEK 7
#define MONTHS_OF_YEAR 12
#define MONTHS_OF_QUARTER 3
#define TO_THURSDAY 3 /* from Monday */
#define WEEKS_OF_YEAR_MIN 52

const char *const period_names[PERIODS] = {
    [PERIOD_WEEK] = "week",
    [PERIOD_MONTH] = "month",
    [PERIOD_QUARTER] = "quarter",
    [PERIOD_YEAR] = "year",
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

/* The span of so many months that day falls in, a whole part of a year. */
static struct period_span
months_of(struct date day, unsigned months)
{
    struct civil civil = date_civil(day);
    unsigned index = (civil.month - 1) / months;
    struct civil start = { civil.year, index * months + 1, 1 };
    struct civil end = { civil.year, start.month + months, 1 };

    if (end.month > MONTHS_OF_YEAR)
        end = (struct civil){ civil.year + 1, 1, 1 };
    return (struct period_span){
        .start = date_of_civil(start),
        .end = end_of(date_of_civil(end).days),
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

struct period_span
period_behind(enum period period, const struct period_span *span,
              struct date day)
{
    struct period_span next = *span;

    /* Every year has so many weeks: the next one is of the same year. */
    if (period != PERIOD_WEEK || span->number == 0 ||
        span->number >= WEEKS_OF_YEAR_MIN || day.days < span->end.days ||
        day.days >= span->end.days + DAYS_OF_WEEK)
        return period_of(period, day);
    next.start = span->end;
    next.end = end_of(span->end.days + DAYS_OF_WEEK);
    next.number++;
    return next;
}
