/* Retry-After in all its forms, and what is none of them. */
#include <criterion/criterion.h>

#include "src/pipeline/retry_after.h"

#define S INT64_C(1000000)
#define NONE (-1)
#define MAX_US (600 * S)

Test(retry_after, reads_seconds_and_dates_only)
{
    static const struct {
        const char *value;
        int64_t wait_us;
    } rows[] = {
        { "0", 0 },
        { "1", S },
        { "007", 7 * S },
        { "120", 120 * S },
        { " \t120\t ", 120 * S },
        { "600", MAX_US },
        { "601", MAX_US },
        { "315360000", MAX_US },
        { "9223372036854775808", MAX_US },
        { "99999999999999999999999999999999999999999999", MAX_US },
        { "-1", NONE },
        { "+1", NONE },
        { "1.5", NONE },
        { "1 2", NONE },
        { "120, 60", NONE },
        { "0x10", NONE },
        { "1s", NONE },
        { "", NONE },
        { "  ", NONE },
        { "soon", NONE },

        /* Now is Sunday, 6 November 1994, 08:49:37.25. */
        { "Sun, 06 Nov 1994 08:49:38 GMT", S * 3 / 4 },
        { "Sun, 06 Nov 1994 08:50:37 GMT", 60 * S - S / 4 },
        { "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
        { "Sat, 05 Nov 1994 23:59:59 GMT", 0 },
        { "Mon, 01 Jan 0001 00:00:00 GMT", 0 },
        { "Sun, 06 Nov 1994 08:59:38 GMT", MAX_US },
        { "Fri, 31 Dec 9999 23:59:59 GMT", MAX_US },
        { "Sun, 06 Nov 1994 08:49:60 GMT", 23 * S - S / 4 },
        { "Tue, 06 Nov 1994 08:49:38 GMT", S * 3 / 4 },
        { " Sun, 06 Nov 1994 08:49:38 GMT ", S * 3 / 4 },
        { "Sun, 06 Nov 1994 08:49:61 GMT", NONE },
        { "Sun, 06 Nov 1994 08:60:00 GMT", NONE },
        { "Sun, 06 Nov 1994 24:00:00 GMT", NONE },
        { "Tue, 29 Feb 2000 00:00:00 GMT", MAX_US },
        { "Wed, 29 Feb 1995 00:00:00 GMT", NONE },
        { "Sun, 00 Nov 1994 08:49:38 GMT", NONE },
        { "Sun, 31 Nov 1994 08:49:38 GMT", NONE },
        { "Sat, 01 Jan 0000 00:00:00 GMT", NONE },
        { "Sun, 6 Nov 1994 08:49:38 GMT", NONE },
        { "Sun, 06 Nov 94 08:49:38 GMT", NONE },
        { "Sun, 06 Nov 1994 08:49:38", NONE },
        { "Sun, 06 Nov 1994 08:49:38 UTC", NONE },
        { "Sun, 06 Nov 1994 08:49:38 +0000", NONE },
        { "Sun, 06 Nov 1994 08:49:38 GMT x", NONE },
        { "sun, 06 Nov 1994 08:49:38 GMT", NONE },
        { "Sun, 06 nov 1994 08:49:38 GMT", NONE },
        { "Sun 06 Nov 1994 08:49:38 GMT", NONE },
        { "Sun, 06 Nov 1994 8:49:38 GMT", NONE },
        { "Sun, 06 Nov", NONE },
        { "1994-11-06T08:49:38Z", NONE },

        { "Sunday, 06-Nov-94 08:49:38 GMT", S * 3 / 4 },
        { "Sunday, 06-Nov-94 08:50:37 GMT", 60 * S - S / 4 },
        { "Saturday, 05-Nov-94 08:50:37 GMT", 0 },
        { "Wednesday, 01-Jan-44 00:00:00 GMT", MAX_US },
        { "Sunday, 01-Jan-45 00:00:00 GMT", 0 },
        { "Sunday, 06-Nov-93 08:49:38 GMT", 0 },
        { "Sunday, 06-Nov-00 08:49:38 GMT", MAX_US },
        { "Sun, 06-Nov-94 08:49:38 GMT", NONE },
        { "Sunday, 06 Nov 94 08:49:38 GMT", NONE },
        { "Sunday, 06-Nov-1994 08:49:38 GMT", NONE },
        { "Sunday, 06-Nov-94 08:49:38", NONE },
        { "Sunday, 31-Feb-94 08:49:38 GMT", NONE },

        { "Sun Nov  6 08:49:38 1994", S * 3 / 4 },
        { "Sun Nov 06 08:49:38 1994", S * 3 / 4 },
        { "Sun Nov 16 08:49:38 1994", MAX_US },
        { "Sat Nov  5 08:49:38 1994", 0 },
        { "Sun Nov 6 08:49:38 1994", NONE },
        { "Sun Nov   6 08:49:38 1994", NONE },
        { "Sun Nov  6 08:49:38 1994 GMT", NONE },
        { "Sun Nov  6 08:49:38 94", NONE },
        { "Sunday Nov  6 08:49:38 1994", NONE },
    };
    struct instant now;

    cr_assert_eq(instant_parse(STR("1994-11-06T08:49:37.25Z"), &now), OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t got_us = NONE;
        bool is_read =
            retry_after_read(str_of(rows[i].value), now, MAX_US, &got_us);

        cr_expect_eq(is_read, rows[i].wait_us != NONE, "\"%s\": read",
                     rows[i].value);
        cr_expect_eq(got_us, rows[i].wait_us, "\"%s\": %lld us", rows[i].value,
                     (long long)got_us);
    }
}

Test(retry_after, is_not_there_without_a_header)
{
    int64_t got_us = NONE;

    cr_expect_not(retry_after_read((struct str){ NULL, 0 },
                                   (struct instant){ 0 }, MAX_US, &got_us));
    cr_expect_eq(got_us, NONE);
}

/* A year of two digits, on both sides of a century. */
Test(retry_after, finds_the_century)
{
    static const struct {
        const char *now, *value;
        int64_t wait_us;
    } rows[] = {
        { "1999-12-31T23:59:50Z", "Saturday, 01-Jan-00 00:00:00 GMT", 10 * S },
        { "2000-01-01T00:00:00Z", "Friday, 31-Dec-99 23:59:50 GMT", 0 },
        { "2026-11-20T00:00:00Z", "Friday, 20-Nov-26 00:00:05 GMT", 5 * S },
        { "2026-11-20T00:00:00Z", "Friday, 20-Nov-76 00:00:05 GMT", MAX_US },
        { "2026-11-20T00:00:00Z", "Friday, 20-Nov-77 00:00:05 GMT", 0 },
        { "2000-01-01T00:00:00Z", "Friday, 01-Jan-50 00:00:00 GMT", MAX_US },
        { "2000-01-01T00:00:00Z", "Friday, 01-Jan-51 00:00:00 GMT", 0 },
        { "1950-01-01T00:00:00Z", "Friday, 01-Jan-00 00:00:00 GMT", MAX_US },
        { "0025-01-01T00:00:00Z", "Friday, 01-Jan-75 00:00:00 GMT", MAX_US },
        { "0025-01-01T00:00:00Z", "Friday, 01-Jan-76 00:00:00 GMT", NONE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct instant now;
        int64_t got_us = NONE;

        cr_assert_eq(instant_parse(str_of(rows[i].now), &now), OK);
        cr_expect_eq(
            retry_after_read(str_of(rows[i].value), now, MAX_US, &got_us),
            rows[i].wait_us != NONE, "%s at %s", rows[i].value, rows[i].now);
        cr_expect_eq(got_us, rows[i].wait_us, "%s at %s: %lld us",
                     rows[i].value, rows[i].now, (long long)got_us);
    }
}
