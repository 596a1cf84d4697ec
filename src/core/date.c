/* Days of the proleptic Gregorian calendar: text to day number and back. */
#include "secmaster/date.h"

#include <assert.h>
#include <stdbool.h>

#include "digits.h"

/*
 * Years are counted from 1 March here, so that the leap day is a year's last
 * and months have a closed form; eras of 400 years repeat exactly.
 */
#define DAYS_PER_ERA 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static bool
read_ymd(struct str text, struct civil *out)
{
    if (text.len != DATE_TEXT_BYTES)
        return false;
    if (text.data[4] != '-' || text.data[7] != '-')
        return false;
    return digits_read(text.data, 4, &out->year) &&
           digits_read(text.data + 5, 2, &out->month) &&
           digits_read(text.data + 8, 2, &out->day);
}

static bool
is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned
date_month_days(struct civil date)
{
    static const unsigned char days[] = { 31, 28, 31, 30, 31, 30,
                                          31, 31, 30, 31, 30, 31 };

    assert(date.month >= 1 && date.month <= 12);

    return date.month == 2 && is_leap(date.year) ? 29U : days[date.month - 1];
}

static bool
is_day(struct civil date)
{
    return date.year >= 1 && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= date_month_days(date);
}

enum err
date_parse(struct str text, struct date *out)
{
    struct civil date;

    assert(out != NULL);

    if (!read_ymd(text, &date) || !is_day(date))
        return ERR_INVALID;
    *out = date_of_civil(date);
    return OK;
}

void
date_format(struct date date, char out[static DATE_TEXT_BYTES])
{
    assert(date.days >= DATE_FIRST_DAYS);
    assert(date.days <= DATE_LAST_DAYS);

    date_format_civil(date_civil(date), out);
}

void
date_format_civil(struct civil date, char out[static DATE_TEXT_BYTES])
{
    digits_put_two(out, date.year / 100);
    digits_put_two(out + 2, date.year % 100);
    out[4] = '-';
    digits_put_two(out + 5, date.month);
    out[7] = '-';
    digits_put_two(out + 8, date.day);
}

/*
 * Quotients by products, after Neri and Schneider, "Euclidean affine functions
 * and their application to calendar algorithms" (2022). The high half of a
 * quarter day of the century times YEAR_FACTOR is the year, the low half the
 * part of it that has gone by; a day of the year times MONTH_FACTOR likewise.
 */
#define YEAR_FACTOR 2939745U /* 2^32 / 1461, rounded up */
#define MONTH_FACTOR 2141U   /* 2^16 / 30.6, about */
#define MONTH_OFFSET 197913U /* so that March is 3 */

struct civil
date_civil(struct date date)
{
    unsigned quarters = 4 * (unsigned)(date.days + DAYS_TO_1970) + 3;
    unsigned century = quarters / DAYS_PER_ERA;
    uint64_t years =
        (uint64_t)YEAR_FACTOR * (quarters % DAYS_PER_ERA | UINT64_C(3));
    unsigned year = 100 * century + (unsigned)(years >> 32);
    unsigned day = (uint32_t)years / YEAR_FACTOR / 4;
    unsigned months = MONTH_FACTOR * day + MONTH_OFFSET;
    unsigned month = months >> 16;

    day = (months & UINT16_MAX) / MONTH_FACTOR + 1;
    if (month <= 12)
        return (struct civil){ year, month, day };
    return (struct civil){ year + 1, month - 12, day };
}

struct date
date_of_civil(struct civil date)
{
    unsigned year = date.month <= 2 ? date.year - 1 : date.year;
    unsigned month = date.month <= 2 ? date.month + 9 : date.month - 3;
    unsigned era = year / 400;
    unsigned of_era = year % 400;
    unsigned of_year = (153 * month + 2) / 5 + date.day - 1;

    of_year += of_era * 365 + of_era / 4 - of_era / 100;
    return (struct date){ (int32_t)(era * DAYS_PER_ERA + of_year) -
                          DAYS_TO_1970 };
}
