/* What a vendor asks for itself, above its pace. */
#include <criterion/criterion.h>

#include "src/pipeline/rate_limit.h"

#define S INT64_C(1000000)

static struct rate_limit
limit_of_five(void)
{
    struct rate_limit limit;

    cr_assert_eq(rate_limit_init(&limit, 5, 5), OK);
    return limit;
}

/* Encode at one moment, decode at another. */
static struct rate_limit
restarted(struct rate_limit *limit, int64_t now_us, int64_t then_us)
{
    struct rate_limit again = limit_of_five();
    struct why why = { "" };
    struct out kept;

    out_init(&kept, SIZE_MAX);
    rate_limit_encode(limit, now_us, &kept);
    cr_assert_eq(out_finish(&kept), OK);
    cr_assert_eq(rate_limit_decode(&again, out_text(&kept), then_us, &why), OK,
                 "%s", why.text);
    out_fini(&kept);
    return again;
}

Test(rate_limit_hold, nothing_goes_before_a_hold_is_over)
{
    static const struct {
        const char *name;
        struct {
            int64_t at_us, wait_us;
        } holds[2];
        int64_t now_us, wait_us;
    } rows[] = {
        { "none", { { 100 * S, 0 } }, 100 * S, 0 },
        { "at once", { { 100 * S, 30 * S } }, 100 * S, 30 * S },
        { "a microsecond before", { { 100 * S, 30 * S } }, 130 * S - 1, 1 },
        { "when it is over", { { 100 * S, 30 * S } }, 130 * S, 0 },
        { "a shorter one does not end it",
          { { 100 * S, 30 * S }, { 101 * S, 5 * S } },
          106 * S,
          24 * S },
        { "a longer one goes on from its own moment",
          { { 100 * S, 30 * S }, { 101 * S, 60 * S } },
          106 * S,
          55 * S },
        { "the longest", { { 0, 3600 * S } }, 1, 3600 * S - 1 },
        { "a clock that goes back takes it along",
          { { 100 * S, 30 * S } },
          3 * S,
          30 * S },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of_five();
        int64_t held_us, wait_us;

        for (size_t h = 0; h < 2 && rows[i].holds[h].wait_us > 0; h++)
            rate_limit_hold(&limit, rows[i].holds[h].at_us,
                            rows[i].holds[h].wait_us);
        held_us = rate_limit_held_us(&limit, rows[i].now_us);
        cr_expect_eq(rate_limit_tokens_left(&limit, rows[i].now_us), 5,
                     "%s: a hold takes no token", rows[i].name);
        wait_us = rate_limit_take(&limit, rows[i].now_us);
        cr_expect_eq(held_us, rows[i].wait_us, "%s: held for %lld us",
                     rows[i].name, (long long)held_us);
        cr_expect_eq(wait_us, rows[i].wait_us, "%s: waits %lld us",
                     rows[i].name, (long long)wait_us);
        rate_limit_fini(&limit);
    }
}

Test(rate_limit_hold, a_hold_is_kept_across_restarts)
{
    static const struct {
        const char *name;
        int64_t hold_us;          /* from 100 s on */
        int64_t kept_us, then_us; /* by two clocks */
        int64_t wait_us;          /* then */
    } rows[] = {
        { "at once", 90 * S, 100 * S, 100 * S, 90 * S },
        { "later", 90 * S, 150 * S, 150 * S, 40 * S },
        { "when it is over", 90 * S, 190 * S, 190 * S, 0 },
        { "a clock that began anew", 90 * S, 150 * S, 0, 40 * S },
        { "a clock that is far ahead", 90 * S, 150 * S, 900000 * S, 40 * S },
        { "the longest", 3600 * S, 100 * S, 0, 3600 * S },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of_five(), again;
        int64_t wait_us;

        rate_limit_hold(&limit, 100 * S, rows[i].hold_us);
        again = restarted(&limit, rows[i].kept_us, rows[i].then_us);
        wait_us = rate_limit_take(&again, rows[i].then_us);
        cr_expect_eq(wait_us, rows[i].wait_us, "%s: waits %lld us",
                     rows[i].name, (long long)wait_us);
        rate_limit_fini(&limit);
        rate_limit_fini(&again);
    }
}
