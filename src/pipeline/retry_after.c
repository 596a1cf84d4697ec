/* Retry-After as seconds, or as a date written in one of three ways. */
#include "retry_after.h"

#include <assert.h>
#include <stdio.h>

#include "secmaster/date.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY (86400 * US_PER_SECOND)

/* What a form leaves of a date; year in full. */
struct stamp {
    unsigned year, month, day, hour, minute, second;
};

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
take_text(struct str *from, struct str text)
{
    if (from->len < text.len ||
        !str_equal((struct str){ from->data, text.len }, text))
        return false;
    from->data += text.len;
    from->len -= text.len;
    return true;
}

static bool
take_number(struct str *from, size_t digits, unsigned *out)
{
    unsigned number = 0;

    if (from->len < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(from->data[i]))
            return false;
        number = number * 10 + (unsigned)(from->data[i] - '0');
    }
    from->data += digits;
    from->len -= digits;
    *out = number;
    return true;
}

/* Which of the names comes next, from 1; 0: none. */
static unsigned
take_name(struct str *from, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (take_text(from, str_of(names[i])))
            return (unsigned)i + 1;
    return 0;
}

static bool
take_month(struct str *from, unsigned *out)
{
    static const char *const names[] = { "Jan", "Feb", "Mar", "Apr",
                                         "May", "Jun", "Jul", "Aug",
                                         "Sep", "Oct", "Nov", "Dec" };

    *out = take_name(from, names, sizeof names / sizeof names[0]);
    return *out > 0;
}

static bool
take_short_day(struct str *from)
{
    static const char *const names[] = { "Mon", "Tue", "Wed", "Thu",
                                         "Fri", "Sat", "Sun" };

    return take_name(from, names, sizeof names / sizeof names[0]) > 0;
}

static bool
take_long_day(struct str *from)
{
    static const char *const names[] = { "Monday",   "Tuesday", "Wednesday",
                                         "Thursday", "Friday",  "Saturday",
                                         "Sunday" };

    return take_name(from, names, sizeof names / sizeof names[0]) > 0;
}

static bool
take_clock(struct str *from, struct stamp *out)
{
    return take_number(from, 2, &out->hour) && take_text(from, STR(":")) &&
           take_number(from, 2, &out->minute) && take_text(from, STR(":")) &&
           take_number(from, 2, &out->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static bool
read_fixdate(struct str from, struct stamp *out)
{
    return take_short_day(&from) && take_text(&from, STR(", ")) &&
           take_number(&from, 2, &out->day) && take_text(&from, STR(" ")) &&
           take_month(&from, &out->month) && take_text(&from, STR(" ")) &&
           take_number(&from, 4, &out->year) && take_text(&from, STR(" ")) &&
           take_clock(&from, out) && take_text(&from, STR(" GMT")) &&
           from.len == 0;
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; out->year is of a century. */
static bool
read_rfc850(struct str from, struct stamp *out)
{
    return take_long_day(&from) && take_text(&from, STR(", ")) &&
           take_number(&from, 2, &out->day) && take_text(&from, STR("-")) &&
           take_month(&from, &out->month) && take_text(&from, STR("-")) &&
           take_number(&from, 2, &out->year) && take_text(&from, STR(" ")) &&
           take_clock(&from, out) && take_text(&from, STR(" GMT")) &&
           from.len == 0;
}

/* "Sun Nov  6 08:49:37 1994" */
static bool
read_asctime(struct str from, struct stamp *out)
{
    if (!take_short_day(&from) || !take_text(&from, STR(" ")) ||
        !take_month(&from, &out->month) || !take_text(&from, STR(" ")))
        return false;
    if (!take_number(&from, take_text(&from, STR(" ")) ? 1 : 2, &out->day))
        return false;
    return take_text(&from, STR(" ")) && take_clock(&from, out) &&
           take_text(&from, STR(" ")) && take_number(&from, 4, &out->year) &&
           from.len == 0;
}

/* A second of 60 is a leap second, and ends where the next minute begins. */
static bool
stamp_instant(const struct stamp *stamp, struct instant *out)
{
    char text[DATE_TEXT_BYTES + 1];
    struct date date;
    unsigned seconds;

    if (stamp->hour > 23 || stamp->minute > 59 || stamp->second > 60)
        return false;
    (void)snprintf(text, sizeof text, "%04u-%02u-%02u", stamp->year % 10000,
                   stamp->month % 100, stamp->day % 100);
    if (date_parse(str_of(text), &date) != OK)
        return false;
    seconds = stamp->hour * 3600 + stamp->minute * 60 + stamp->second;
    out->us = date.days * US_PER_DAY + seconds * US_PER_SECOND;
    return true;
}

static unsigned
year_of(struct instant at)
{
    char text[DATE_TEXT_BYTES];
    struct str from = { text, sizeof text };
    unsigned year = 0;

    date_format(instant_date(at), text);
    (void)take_number(&from, 4, &year);
    return year;
}

/* Two digits mean the latest such year that is not over 50 years ahead. A clock
 * may stand so early that there is none; no date is of year 0. */
static unsigned
full_year(unsigned of_century, struct instant now)
{
    unsigned last = year_of(now) + 50;
    unsigned back = (last % 100 + 100 - of_century) % 100;

    return back < last ? last - back : 0;
}

static bool
read_date(struct str value, struct instant now, struct instant *out)
{
    struct stamp stamp;

    if (read_fixdate(value, &stamp) || read_asctime(value, &stamp))
        return stamp_instant(&stamp, out);
    if (!read_rfc850(value, &stamp))
        return false;
    stamp.year = full_year(stamp.year, now);
    return stamp_instant(&stamp, out);
}

/* Digits only; so many of them that they no longer fit are max_us as well. */
static bool
read_seconds(struct str value, int64_t max_us, int64_t *out_us)
{
    int64_t seconds = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.data[i]))
            return false;
        if (seconds <= max_us / US_PER_SECOND)
            seconds = seconds * 10 + (value.data[i] - '0');
    }
    if (value.len == 0)
        return false;
    *out_us =
        seconds > max_us / US_PER_SECOND ? max_us : seconds * US_PER_SECOND;
    return true;
}

static struct str
trim(struct str value)
{
    while (value.len > 0 && (*value.data == ' ' || *value.data == '\t')) {
        value.data++;
        value.len--;
    }
    while (value.len > 0 && (value.data[value.len - 1] == ' ' ||
                             value.data[value.len - 1] == '\t'))
        value.len--;
    return value;
}

bool
retry_after_read(struct str value, struct instant now, int64_t max_us,
                 int64_t *out_us)
{
    struct instant until;

    assert(max_us >= 0);
    assert(max_us <= INT64_MAX / 100);

    value = trim(value);
    if (read_seconds(value, max_us, out_us))
        return true;
    if (!read_date(value, now, &until))
        return false;
    *out_us = until.us - now.us;
    if (*out_us < 0)
        *out_us = 0;
    if (*out_us > max_us)
        *out_us = max_us;
    return true;
}
