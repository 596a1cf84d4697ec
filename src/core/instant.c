/* Moments of knowledge time: RFC 3339 text to microseconds and back. */
#include "secmaster/instant.h"

#include <assert.h>
#include <stdbool.h>

#include "digits.h"

#define US_PER_SECOND 1000000
#define US_PER_DAY (86400LL * US_PER_SECOND)

/* Where the parts of "YYYY-MM-DDTHH:MM:SS.ffffffZ" stand. */
#define HOUR_AT 11
#define MINUTE_AT 14
#define SECOND_AT 17
#define POINT_AT 19
#define FRACTION_AT 20
#define FRACTION_DIGITS_MAX 6

/* "HH:MM:SS" as seconds of the day. */
static bool
read_clock(const char *from, unsigned *out)
{
    unsigned hour, minute, second;

    if (from[2] != ':' || from[5] != ':')
        return false;
    if (!digits_read(from, 2, &hour) || !digits_read(from + 3, 2, &minute) ||
        !digits_read(from + 6, 2, &second))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *out = hour * 3600 + minute * 60 + second;
    return true;
}

/* "" or ".f" to ".ffffff" as microseconds. */
static bool
read_fraction(struct str text, unsigned *out)
{
    size_t digits;

    *out = 0;
    if (text.len == 0)
        return true;
    digits = text.len - 1;
    if (text.data[0] != '.' || digits < 1 || digits > FRACTION_DIGITS_MAX)
        return false;
    if (!digits_read(text.data + 1, digits, out))
        return false;
    for (; digits < FRACTION_DIGITS_MAX; digits++)
        *out *= 10;
    return true;
}

enum err
instant_parse(struct str text, struct instant *out)
{
    struct date date;
    unsigned seconds, us;

    assert(out != NULL);

    if (text.len <= POINT_AT || text.data[text.len - 1] != 'Z')
        return ERR_INVALID;
    if (text.data[DATE_TEXT_BYTES] != 'T')
        return ERR_INVALID;
    TRY(date_parse((struct str){ text.data, DATE_TEXT_BYTES }, &date));
    if (!read_clock(text.data + HOUR_AT, &seconds))
        return ERR_INVALID;
    if (!read_fraction(
            (struct str){ text.data + POINT_AT, text.len - POINT_AT - 1 }, &us))
        return ERR_INVALID;
    out->us = date.days * US_PER_DAY + (int64_t)seconds * US_PER_SECOND + us;
    return OK;
}

void
instant_format(struct instant at, char out[static INSTANT_TEXT_BYTES])
{
    struct date date = instant_date(at);
    int64_t of_day = at.us - date.days * US_PER_DAY;
    unsigned seconds = (unsigned)(of_day / US_PER_SECOND);
    unsigned us = (unsigned)(of_day % US_PER_SECOND);

    date_format(date, out);
    out[DATE_TEXT_BYTES] = 'T';
    digits_put_two(out + HOUR_AT, seconds / 3600);
    out[MINUTE_AT - 1] = ':';
    digits_put_two(out + MINUTE_AT, seconds / 60 % 60);
    out[SECOND_AT - 1] = ':';
    digits_put_two(out + SECOND_AT, seconds % 60);
    out[POINT_AT] = '.';
    digits_put_two(out + FRACTION_AT, us / 10000);
    digits_put_two(out + FRACTION_AT + 2, us / 100 % 100);
    digits_put_two(out + FRACTION_AT + 4, us % 100);
    out[INSTANT_TEXT_BYTES - 1] = 'Z';
}

struct date
instant_date(struct instant at)
{
    int64_t days = at.us / US_PER_DAY;

    /* Division rounds to zero; a day begins below its moments. */
    if (at.us % US_PER_DAY < 0)
        days--;
    assert(days >= DATE_FIRST_DAYS);
    assert(days <= DATE_LAST_DAYS);
    return (struct date){ (int32_t)days };
}
