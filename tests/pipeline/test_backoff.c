/* What is tried again, and after exactly how long. */
#include <criterion/criterion.h>

#include "src/pipeline/backoff.h"

#define S INT64_C(1000000)
#define HALF (UINT64_C(1) << 63)

Test(backoff, tries_again_only_what_may_pass)
{
    static const struct {
        enum backoff_end end;
        int status;
        bool is_retried;
    } rows[] = {
        { BACKOFF_TIMEOUT, 0, true },      { BACKOFF_CONNECTION, 0, true },
        { BACKOFF_CONNECTION, 200, true }, { BACKOFF_ANSWERED, 429, true },
        { BACKOFF_ANSWERED, 500, true },   { BACKOFF_ANSWERED, 502, true },
        { BACKOFF_ANSWERED, 503, true },   { BACKOFF_ANSWERED, 504, true },
        { BACKOFF_ANSWERED, 599, true },   { BACKOFF_ANSWERED, 600, false },
        { BACKOFF_ANSWERED, 499, false },  { BACKOFF_ANSWERED, 200, false },
        { BACKOFF_ANSWERED, 204, false },  { BACKOFF_ANSWERED, 301, false },
        { BACKOFF_ANSWERED, 400, false },  { BACKOFF_ANSWERED, 401, false },
        { BACKOFF_ANSWERED, 403, false },  { BACKOFF_ANSWERED, 404, false },
        { BACKOFF_ANSWERED, 408, false },  { BACKOFF_ANSWERED, 428, false },
        { BACKOFF_ANSWERED, 430, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(backoff_is_retried(rows[i].end, rows[i].status),
                     rows[i].is_retried, "end %d, status %d", (int)rows[i].end,
                     rows[i].status);
}

/* uniform(initial - 1, initial) * 2^n at its least, its middle, its most. */
Test(backoff, doubles_its_waits_up_to_the_longest)
{
    static const struct {
        const char *name;
        struct backoff backoff;
        uint64_t draw;
        int64_t waits_us[BACKOFF_TRIES - 1];
    } rows[] = {
        { "the least",
          { 12 * S, 600 * S },
          0,
          { 11 * S, 22 * S, 44 * S, 88 * S, 176 * S, 352 * S, 600 * S, 600 * S,
            600 * S } },
        { "the middle",
          { 12 * S, 600 * S },
          HALF,
          { 11500000, 23 * S, 46 * S, 92 * S, 184 * S, 368 * S, 600 * S,
            600 * S, 600 * S } },
        { "the most",
          { 12 * S, 600 * S },
          UINT64_MAX,
          { 11999999, 23999999, 47999999, 95999999, 191999999, 383999999,
            600 * S, 600 * S, 600 * S } },
        { "a third",
          { 12 * S, 600 * S },
          UINT64_MAX / 3,
          { 11333333, 22666666, 45333333, 90666666, 181333333, 362666666,
            600 * S, 600 * S, 600 * S } },
        { "one microsecond of jitter",
          { 12 * S, 600 * S },
          UINT64_C(18446744073710), /* 2^64 / 10^6, rounded up */
          { 11 * S, 22000001, 44000003, 88000007, 176000015, 352000031, 600 * S,
            600 * S, 600 * S } },
        { "a second to begin with",
          { 1 * S, 60 * S },
          HALF,
          { 500000, 1 * S, 2 * S, 4 * S, 8 * S, 16 * S, 32 * S, 60 * S,
            60 * S } },
        { "no wait at all",
          { 1 * S, 60 * S },
          0,
          { 0, 0, 0, 0, 0, 0, 0, 0, 0 } },
        { "longest below the first",
          { 12 * S, 5 * S },
          0,
          { 5 * S, 5 * S, 5 * S, 5 * S, 5 * S, 5 * S, 5 * S, 5 * S, 5 * S } },
        { "as long as can be",
          { 3600 * S, 3600 * S },
          UINT64_MAX,
          { 3599999999, 3600 * S, 3600 * S, 3600 * S, 3600 * S, 3600 * S,
            3600 * S, 3600 * S, 3600 * S } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int tries = 1; tries < BACKOFF_TRIES; tries++) {
            struct backoff_failure failure = { .tries = tries,
                                               .draw = rows[i].draw };
            int64_t got_us = backoff_wait_us(&rows[i].backoff, &failure);

            cr_expect_eq(got_us, rows[i].waits_us[tries - 1],
                         "%s: %lld us behind try %d", rows[i].name,
                         (long long)got_us, tries);
        }
}

Test(backoff, waits_as_it_is_told_where_that_can_be_read)
{
    static const struct {
        const char *retry_after;
        int tries;
        int64_t wait_us;
    } rows[] = {
        { "7", 1, 7 * S },
        { "7", 9, 7 * S },
        { "0", 3, 0 },
        { "600", 1, 600 * S },
        { "601", 1, 600 * S },
        { "315360000", 1, 600 * S },
        { "Thu, 01 Jan 1970 00:00:30 GMT", 1, 20 * S },
        { "Thu, 01 Jan 1970 00:00:05 GMT", 1, 0 },
        { "Fri, 01 Jan 2100 00:00:00 GMT", 1, 600 * S },
        { "-5", 1, 11500000 },
        { "later", 2, 23 * S },
        { "", 3, 46 * S },
        { NULL, 4, 92 * S },
    };
    static const struct backoff backoff = { 12 * S, 600 * S };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct backoff_failure failure = {
            .tries = rows[i].tries,
            .now = { 10 * S },
            .draw = HALF,
        };
        const char *name =
            rows[i].retry_after == NULL ? "(none)" : rows[i].retry_after;
        int64_t got_us;

        if (rows[i].retry_after != NULL)
            failure.retry_after = str_of(rows[i].retry_after);
        got_us = backoff_wait_us(&backoff, &failure);
        cr_expect_eq(got_us, rows[i].wait_us, "\"%s\" behind try %d: %lld us",
                     name, rows[i].tries, (long long)got_us);
    }
}
