/* Days of the proleptic Gregorian calendar, 0001-01-01 to 9999-12-31. */
#ifndef SECMASTER_DATE_H
#define SECMASTER_DATE_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

struct date {
    int32_t days; /* since 1970-01-01 */
};

#define DATE_FIRST_DAYS (-719162) /* 0001-01-01 */
#define DATE_LAST_DAYS 2932896    /* 9999-12-31 */
#define DATE_OPEN_DAYS INT32_MAX  /* the open end of an interval */
#define DATE_TEXT_BYTES 10

/* Read exactly "YYYY-MM-DD". ERR_INVALID: another shape, or no such day. */
enum err date_parse(struct str text, struct date *out);

/* Write the ten characters of a date in range; no terminator. */
void date_format(struct date date, char out[static DATE_TEXT_BYTES]);

struct civil {
    unsigned year, month, day; /* from 1 */
};

struct civil date_civil(struct date date);

/* Of a day that exists. */
struct date date_of_civil(struct civil date);
unsigned date_month_days(struct civil date); /* that its month has */
void date_format_civil(struct civil date, char out[static DATE_TEXT_BYTES]);

#endif
