/* Weeks, months, quarters and years: the spans that bars are summed up over. */
#ifndef SECMASTER_PERIOD_H
#define SECMASTER_PERIOD_H

#include "secmaster/date.h"

enum period {
    PERIOD_WEEK, /* of ISO 8601: from a Monday, of the year of its Thursday */
    PERIOD_MONTH,
    PERIOD_QUARTER,
    PERIOD_YEAR,
};
#define PERIODS 4

/* As the parameter and the number's column are called. */
extern const char *const period_names[PERIODS];

/* The days that each has at least. */
extern const int32_t period_days_least[PERIODS];

/*
 * [start, end) of the calendar, whatever days have bars. Every start is a date:
 * 0001-01-01 was a Monday. An end behind 9999-12-31 is no date, and nothing
 * comes after it: it is DATE_OPEN_DAYS, which is written as null.
 */
struct period_span {
    struct date start, end;
    unsigned year;   /* a week's is its ISO year */
    unsigned number; /* of the week, month, quarter in it, from 1; a year's 0 */
};

/* The span that day falls in, from 0001-01-01 to 9999-12-31. */
struct period_span period_of(enum period period, struct date day);

/* The same, quicker where day is in the span behind this one, which is of the
 * same period or all zero. */
struct period_span period_behind(enum period period,
                                 const struct period_span *span,
                                 struct date day);

#endif
