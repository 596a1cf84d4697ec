/* What a vendor has asked for, over restarts and the ends of runs. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define MASSIVE "https://api.massive.com"
#define LISTING MASSIVE "/v3/reference/tickers?"

/* Seconds from 05:59 of the 17th to a time of the same day. */
#define AT(hour, minute, second)                                               \
    ((hour)*3600 + (minute)*60 + (second) - (5 * 3600 + 59 * 60))

/* Begin on 2024-12-17, a Tuesday, at 05:59. */
static void
begin(const struct scripted *script, size_t count)
{
    polling_start(market_config, "2024-12-17T05:59:00Z");
    polling.serve = market_serve;
    polling.script = script;
    polling.script_count = count;
}

/* What a vendor has asked for, by a new engine over what the old one kept. */
Test(engine_hold, a_restart_does_not_ask_before_the_moment_a_vendor_named)
{
    static const struct {
        const char *name;
        struct scripted first;
        int stop_s;    /* after the answer, ... */
        bool is_clean; /* or it is killed */
        double next_s; /* after the answer */
    } rows[] = {
        { "429, killed at once",
          { LISTING "market", 1, 1, 429, FETCH_OK, "300", NULL },
          0,
          false,
          300 },
        { "429, killed later: no time has passed",
          { LISTING "market", 1, 1, 429, FETCH_OK, "300", NULL },
          120,
          false,
          420 },
        { "429, stopped",
          { LISTING "market", 1, 1, 429, FETCH_OK, "300", NULL },
          120,
          true,
          300 },
        { "a date",
          { LISTING "market", 1, 1, 429, FETCH_OK,
            "Tue, 17 Dec 2024 06:05:00 GMT", NULL },
          1,
          true,
          300 },
        { "503",
          { LISTING "market", 1, 1, 503, FETCH_OK, "300", NULL },
          1,
          true,
          300 },
        { "429 without a word: the wait that was drawn",
          { LISTING "market", 1, 1, 429, FETCH_OK, NULL, NULL },
          0,
          true,
          12.4 },
        { "500 without a word: by the pace alone",
          { LISTING "market", 1, 1, 500, FETCH_OK, NULL, NULL },
          0,
          true,
          12.4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const int64_t first_us = (int64_t)(AT(6, 0, 0) * 1e6);
        int64_t waited_us;

        begin(&rows[i].first, 1);
        polling_run_until(AT(6, 0, 0) + rows[i].stop_s);
        cr_assert_eq(polling.request_count, 1, "%s: %zu", rows[i].name,
                     polling.request_count);
        if (rows[i].is_clean)
            engine_rest(polling.engine);
        polling_restart();
        polling_run_until(AT(6, 20, 0));
        cr_assert_gt(polling.request_count, 1, "%s", rows[i].name);
        cr_expect_eq(polling.requests[0].at_us, first_us, "%s", rows[i].name);
        waited_us = polling.requests[1].at_us - first_us;
        cr_expect_eq(waited_us, (int64_t)(rows[i].next_s * 1e6),
                     "%s: asked after %ld us", rows[i].name, waited_us);
        cr_expect_eq(polling_run_info(1).state, RUN_SUCCEEDED, "%s",
                     rows[i].name);
        polling_stop();
    }
}

/* Ten more tries: those before the restart are not counted. */
Test(engine_hold, a_restart_counts_a_pages_tries_anew)
{
    static const struct scripted always[] = {
        { LISTING "market", 1, 100, 500, FETCH_OK, NULL, NULL },
    };

    begin(always, 1);
    polling_run_until(AT(6, 1, 0));
    cr_expect_eq(polling.request_count, 3, "%zu", polling.request_count);
    polling_restart();
    polling_run_until(AT(9, 0, 0));
    cr_expect_eq(polling.request_count, 13, "%zu", polling.request_count);
    cr_expect_str_eq(polling_run_info(1).error,
                     "the vendor answered 500, 10 times in a row");
    polling_stop();
}

/* The last answer of a run that gives up holds the next one back too. */
Test(engine_hold, a_run_that_gives_up_leaves_the_vendors_word_behind)
{
    static const struct scripted ten[] = {
        { LISTING "market", 1, 9, 429, FETCH_OK, "1", NULL },
        { LISTING "market", 10, 10, 429, FETCH_OK, "500", NULL },
    };
    int64_t tenth_us;

    begin(ten, 2);
    polling_run_until(AT(6, 5, 0));
    cr_assert_eq(polling.request_count, 10, "%zu", polling.request_count);
    tenth_us = polling.requests[9].at_us;
    cr_expect_eq(polling_run_info(1).state, RUN_FAILED);
    cr_expect_eq(
        polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"), OK);
    polling_run_until(AT(6, 30, 0));
    cr_assert_gt(polling.request_count, 10);
    cr_expect_eq(polling.requests[10].at_us - tenth_us, 500000000, "%ld us",
                 polling.requests[10].at_us - tenth_us);
    polling_stop();
}
