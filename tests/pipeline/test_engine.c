/* The engine by a clock of our own: a day of runs, and days that go wrong. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define MASSIVE "https://api.massive.com"
#define LISTING MASSIVE "/v3/reference/tickers?"
#define TRADES                                                                 \
    "https://api.benzinga.com/api/v1/gov/usa/congress/trades?pagesize=1000"

/* Seconds from 05:59 of the 17th to a time of the same day. */
#define AT(hour, minute, second)                                               \
    ((hour)*3600 + (minute)*60 + (second) - (5 * 3600 + 59 * 60))
#define DAY 86400

/* Begin on 2024-12-17, a Tuesday, at 05:59. */
static void
begin(const struct scripted *script, size_t count)
{
    polling_start(market_config, "2024-12-17T05:59:00Z");
    polling.serve = market_serve;
    polling.script = script;
    polling.script_count = count;
}

struct request {
    double at;
    const char *url;
};

static void
expect_requests(const char *row, const struct request *wanted, size_t count)
{
    for (size_t i = 0; i < count && i < polling.request_count; i++) {
        double at = (double)polling.requests[i].at_us / 1e6;

        cr_expect(at == wanted[i].at, "%s: request %zu at %.6f, not %.6f", row,
                  i, at, wanted[i].at);
        cr_expect_str_eq(polling.requests[i].url, wanted[i].url,
                         "%s: request %zu is %s", row, i,
                         polling.requests[i].url);
    }
    cr_expect_eq(polling.request_count, count, "%s: %zu requests", row,
                 polling.request_count);
}

struct wanted_run {
    const char *dataset;
    enum run_state state;
    uint64_t done, total, pages, stored, unchanged;
    const char *error;
};

static void
expect_runs(const char *row, const struct wanted_run *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct run_info run = polling_run_info(i + 1);

        cr_assert(run.id == i + 1, "%s: no run %zu", row, i + 1);
        cr_expect(str_equal(run.dataset, str_of(wanted[i].dataset)),
                  "%s: run %zu is of %.*s", row, i + 1, STR_ARG(run.dataset));
        cr_expect_eq(run.state, wanted[i].state, "%s: run %zu %s", row, i + 1,
                     run_state_name(run.state));
        cr_expect(run.done == wanted[i].done && run.total == wanted[i].total &&
                      run.pages == wanted[i].pages &&
                      run.stored == wanted[i].stored &&
                      run.unchanged == wanted[i].unchanged,
                  "%s: run %zu: done %lu of %lu, pages %lu, stored %lu, "
                  "unchanged %lu",
                  row, i + 1, run.done, run.total, run.pages, run.stored,
                  run.unchanged);
        cr_expect_str_eq(run.error, wanted[i].error, "%s: run %zu: %s", row,
                         i + 1, run.error);
    }
    cr_expect_eq(polling_run_info(count + 1).id, 0, "%s: run %zu", row,
                 count + 1);
}

#define EXPECT_REQUESTS(row, wanted)                                           \
    expect_requests(row, wanted, sizeof(wanted) / sizeof(wanted)[0])
#define EXPECT_RUNS(row, wanted)                                               \
    expect_runs(row, wanted, sizeof(wanted) / sizeof(wanted)[0])

/*
 * Two days. The first has no day whose bars are whole that anybody was known to
 * be listed on; the second asks for it. Five a minute are 12.4 s apart.
 */
Test(engine, a_day_asks_in_order_at_its_times_and_pace)
{
    static const struct request requests[] = {
        { AT(6, 0, 0), LISTING "market=stocks&active=true&date=2024-12-17"
                               "&limit=1000" },
        { AT(6, 0, 12) + 0.4, LISTING "cursor=2" },
        { AT(6, 30, 0),
          TRADES "&page=0&updated_since=1728345600&token=key-two" },
        { AT(6, 30, 1) + 0.033334,
          TRADES "&page=1&updated_since=1728345600&token=key-two" },
        { AT(6, 30, 2) + 0.066668,
          TRADES "&page=2&updated_since=1728345600&token=key-two" },
        { DAY + AT(6, 0, 0), LISTING "market=stocks&active=true"
                                     "&date=2024-12-18&limit=1000" },
        { DAY + AT(6, 0, 12) + 0.4, LISTING "cursor=2" },
        { DAY + AT(6, 30, 0),
          TRADES "&page=0&updated_since=1733999997&token=key-two" },
        { DAY + AT(6, 30, 1) + 0.033334,
          TRADES "&page=1&updated_since=1733999997&token=key-two" },
        { DAY + AT(6, 30, 2) + 0.066668,
          TRADES "&page=2&updated_since=1733999997&token=key-two" },
        { DAY + AT(6, 30, 2) + 0.066668,
          MASSIVE "/v1/open-close/AAA/2024-12-17?adjusted=false" },
        { DAY + AT(6, 30, 14) + 0.466668,
          MASSIVE "/v1/open-close/BBB/2024-12-17?adjusted=false" },
        { DAY + AT(6, 30, 26) + 0.866668,
          MASSIVE "/v1/open-close/CCC/2024-12-17?adjusted=false" },
    };
    static const struct wanted_run runs[] = {
        { "tickers", RUN_SUCCEEDED, 2, 2, 2, 21, 0, "" },
        { "trades", RUN_SUCCEEDED, 2, 2, 2, 3, 0, "" },
        { "open-close", RUN_UNCHANGED, 0, 0, 0, 0, 0, "" },
        { "tickers", RUN_UNCHANGED, 2, 2, 2, 0, 0, "" },
        { "trades", RUN_UNCHANGED, 2, 2, 2, 0, 3, "" },
        { "open-close", RUN_SUCCEEDED, 3, 3, 2, 2, 0, "" },
    };

    begin(NULL, 0);
    polling_run_until(DAY + AT(8, 0, 0));
    EXPECT_REQUESTS("two days", requests);
    EXPECT_RUNS("two days", runs);
    for (size_t i = 0; i < polling.request_count; i++)
        cr_expect_eq(polling.requests[i].has_bearer,
                     strstr(polling.requests[i].url, "massive") != NULL,
                     "request %zu: the key goes the vendor's way", i);
    polling_stop();
}

/* A start behind the time of day is too late for that day. */
Test(engine, a_time_that_was_missed_is_not_caught_up)
{
    static const struct {
        const char *start;
        double first; /* seconds to the first request */
    } cases[] = {
        { "2024-12-17T05:59:59Z", 1 },
        { "2024-12-17T06:00:01Z", 1799 }, /* trades, at half past */
        { "2024-12-17T06:30:01Z", DAY - 1801 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        polling_start(market_config, cases[i].start);
        polling.serve = market_serve;
        polling_run_until(DAY);
        cr_assert_gt(polling.request_count, 0);
        cr_expect_eq(polling.requests[0].at_us, (int64_t)(cases[i].first * 1e6),
                     "%s: %ld", cases[i].start, polling.requests[0].at_us);
        polling_stop();
    }
}

/* What is asked again: what was missing. What is new: a day. */
Test(engine, a_missing_bar_is_asked_for_again_for_some_days)
{
    size_t asked[10] = { 0 };

    begin(NULL, 0);
    polling_run_until(9 * DAY + AT(8, 0, 0));
    for (size_t i = 0; i < polling.request_count; i++)
        if (strstr(polling.requests[i].url, "BBB/2024-12-17") != NULL)
            asked[polling.requests[i].at_us / 1000000 / DAY]++;
    for (size_t day = 0; day < 10; day++)
        cr_expect_eq(asked[day], day >= 1 && day <= 5, "day %zu: %zu times",
                     day, asked[day]);
    for (size_t i = 0; i < polling.request_count; i++)
        cr_expect(strstr(polling.requests[i].url, "/2024-12-21") == NULL &&
                      strstr(polling.requests[i].url, "/2024-12-22") == NULL,
                  "no bar of a weekend: %s", polling.requests[i].url);
    polling_stop();
}

/* A clock's half stands for the draw: 11.5 s, 23, 46, ...; a Retry-After
 * holds the whole vendor up. */
Test(engine, a_storm_is_waited_out_to_the_microsecond)
{
    static const struct scripted storm[] = {
        { LISTING "market", 1, 2, 429, FETCH_OK, NULL, NULL },
        { LISTING "market", 3, 3, 429, FETCH_OK, "100", NULL },
        { LISTING "market", 4, 4, 503, FETCH_OK, NULL, NULL },
        { LISTING "market", 5, 5, 0, FETCH_RESET, NULL, NULL },
    };
    const double first = AT(6, 0, 0);
    double wanted[6];

    begin(storm, sizeof storm / sizeof storm[0]);
    polling_run_until(AT(6, 20, 0));
    wanted[0] = first;
    wanted[1] = first + 12.4; /* 11.5 s, but no token before */
    wanted[2] = wanted[1] + 23;
    wanted[3] = wanted[2] + 100;
    wanted[4] = wanted[3] + 92;
    wanted[5] = wanted[4] + 184;
    cr_assert_eq(polling.request_count, 7, "%zu requests",
                 polling.request_count);
    for (size_t i = 0; i < 6; i++)
        cr_expect_eq(polling.requests[i].at_us, (int64_t)(wanted[i] * 1e6),
                     "request %zu at %ld", i, polling.requests[i].at_us);
    cr_expect_eq(polling_run_info(1).state, RUN_SUCCEEDED);
    polling_stop();
}

/* Ten tries are made; what comes after it does not run on stale input. */
Test(engine, a_failed_run_fails_those_after_it)
{
    static const struct scripted always[] = {
        { "/congress/", 1, 100, 500, FETCH_OK, NULL, NULL },
        { "/tickers", 2, 2, 401, FETCH_OK, NULL, NULL },
    };
    static const struct wanted_run runs[] = {
        { "tickers", RUN_FAILED, 1, 1, 1, 0, 0, "the vendor answered 401" },
        { "trades", RUN_FAILED, 0, 0, 0, 0, 0, "upstream" },
        { "open-close", RUN_FAILED, 0, 0, 0, 0, 0, "upstream" },
        { "tickers", RUN_SUCCEEDED, 2, 2, 2, 21, 0, "" },
        { "trades", RUN_FAILED, 0, 0, 0, 0, 0,
          "the vendor answered 500, 10 times in a row" },
        { "open-close", RUN_FAILED, 0, 0, 0, 0, 0, "upstream" },
        { "open-close", RUN_FAILED, 0, 0, 0, 0, 0, "upstream" },
    };

    begin(always, 2);
    polling_run_until(DAY + AT(10, 0, 0));
    cr_expect_eq(
        polling_request("polygon", "open-close", "2024-12-17", "2024-12-17"),
        OK);
    polling_run_until(DAY + AT(10, 1, 0));
    EXPECT_RUNS("failures", runs);
    polling_stop();
}

/* A listing that shrank is not believed before somebody says so. */
Test(engine, a_shrunken_listing_waits_for_its_release)
{
    struct why why;
    uint64_t newest;

    begin(NULL, 0);
    polling_run_until(AT(8, 0, 0));
    newest = store_newest(polling.store);
    market_listed = 2;
    polling_run_until(DAY + AT(8, 0, 0));
    cr_expect_eq(polling_run_info(4).state, RUN_QUARANTINED);
    cr_expect_str_eq(polling_run_info(5).error, "upstream");
    cr_expect_str_eq(polling_entry(1).reasons[0],
                     "the listing shrank from 3 to 2");
    cr_expect_eq(polling_entry(1).run, 4);
    cr_expect_eq(store_newest(polling.store), newest, "nothing has changed");

    polling_restart();
    cr_expect_eq(polling_release(1, &why), OK, "%s", why.text);
    cr_expect_eq(polling_entry(1).state, QUARANTINE_RELEASED);
    cr_expect_eq(polling_run_info(4).state, RUN_SUCCEEDED);
    cr_expect_eq(polling_run_info(4).stored, 1, "CCC is active no more");
    cr_expect_eq(store_newest(polling.store), newest + 1);
    cr_expect_eq(polling_release(1, &why), ERR_CONFLICT);
    polling_run_until(2 * DAY + AT(8, 0, 0));
    cr_expect_eq(polling_run_info(7).state, RUN_UNCHANGED, "%s",
                 polling_run_info(7).error);
    market_listed = 3;
    polling_stop();
}

/* A page that is none holds up no other, but the watermark stays. */
Test(engine, a_bad_page_is_kept_and_the_others_are_published)
{
    static const struct scripted bad[] = {
        { "page=0", 1, 1, 200, FETCH_OK, NULL, "<html>busy</html>" },
    };
    struct why why;

    begin(bad, 1);
    polling_run_until(AT(8, 0, 0));
    cr_expect_eq(polling_run_info(2).state, RUN_QUARANTINED);
    cr_expect_eq(polling_run_info(2).stored, 1, "the row of the second page");
    cr_expect_eq(polling_run_info(3).state, RUN_FAILED);
    cr_expect_eq(polling_entry(1).page, 1);
    cr_expect(polling_entry(1).reason_count > 0);
    cr_expect_eq(polling_release(1, &why), ERR_INVALID);
    cr_expect_eq(polling_entry(1).state, QUARANTINE_OPEN);
    cr_expect_eq(engine_discard(polling.engine, 1, &why), OK);
    cr_expect_eq(polling_entry(1).state, QUARANTINE_DISCARDED);
    cr_expect_eq(engine_discard(polling.engine, 1, &why), ERR_CONFLICT);
    polling_run_until(DAY + AT(8, 0, 0));
    cr_expect(strstr(polling.requests[polling.request_count - 4].url,
                     "updated_since=1728432000") != NULL,
              "as if for the first time: %s",
              polling.requests[polling.request_count - 4].url);
    cr_expect_eq(polling_run_info(5).state, RUN_SUCCEEDED);
    cr_expect_eq(polling_run_info(5).stored, 2);
    polling_stop();
}

/* A page that fails its audit can be published all the same, with its run. */
Test(engine, a_page_is_released_into_its_run)
{
    static const struct scripted odd[] = {
        { "AAA/2024-12-17", 1, 1, 200, FETCH_OK, NULL,
          "{\"status\":\"OK\",\"from\":\"2024-12-18\",\"symbol\":\"AAA\","
          "\"open\":10,\"high\":12,\"low\":9,\"close\":11}" },
    };
    struct run_info run;
    struct why why;

    begin(odd, 1);
    polling_run_until(DAY + AT(8, 0, 0));
    run = polling_run_info(6);
    cr_expect_eq(run.state, RUN_QUARANTINED, "%s", run_state_name(run.state));
    cr_expect(run.done == 3 && run.stored == 1, "the others are published");
    cr_expect_eq(polling_entry(1).page, 1);
    cr_expect_eq(polling_entry(1).date.days, 20074, "the day asked for: %d",
                 polling_entry(1).date.days);
    cr_expect_eq(polling_release(1, &why), OK, "%s", why.text);
    run = polling_run_info(6);
    cr_expect_eq(run.state, RUN_SUCCEEDED);
    cr_expect_eq(run.stored, 2);
    cr_expect_eq(polling_entry(1).state, QUARANTINE_RELEASED);
    polling_restart();
    cr_expect_eq(polling_run_info(6).stored, 2, "it is on disk");
    cr_expect_eq(polling_entry(1).state, QUARANTINE_RELEASED);
    polling_stop();
}

/* A market has more than a listing: what nobody bears that day is left out. */
Test(engine, the_whole_market_a_request_a_day)
{
    static const struct wanted_run runs[] = {
        { "tickers", RUN_SUCCEEDED, 2, 2, 2, 21, 0, "" },
        { "open-close", RUN_UNCHANGED, 3, 3, 3, 0, 0, "" },
        { "tickers", RUN_UNCHANGED, 2, 2, 2, 0, 0, "" },
        { "open-close", RUN_SUCCEEDED, 3, 3, 3, 3, 0, "" },
    };

    polling_start(market_all_config, "2024-12-17T05:59:00Z");
    polling.serve = market_serve;
    polling_run_until(DAY + AT(8, 0, 0));
    EXPECT_RUNS("the market", runs);
    polling_stop();
}

/* Bars wait for trades, and trades for a listing, but not in a circle. */
Test(engine, a_default_order_gives_way_to_a_configured_one)
{
    static const char config[] =
        "{\"vendors\":[{\"name\":\"polygon\",\"adapter\":\"massive\","
        "\"base_url\":\"https://api.massive.com\",\"key_env\":\"POLYGON\","
        "\"requests_per_minute\":60,\"datasets\":{"
        "\"tickers\":{\"after\":\"open-close\"},\"open-close\":{}}},"
        "{\"name\":\"benzinga\",\"adapter\":\"benzinga\","
        "\"base_url\":\"https://api.benzinga.com\","
        "\"key_env\":\"BENZINGA\",\"datasets\":{\"trades\":{}}}]}";
    static const struct {
        const char *vendor, *dataset;
    } asks[] = {
        { "polygon", "tickers" },
        { "benzinga", "trades" },
        { "polygon", "open-close" },
    };

    polling_start(config, "2024-12-17T08:00:00Z");
    polling.serve = market_serve;
    for (size_t i = 0; i < 3; i++)
        cr_expect_eq(polling_request(asks[i].vendor, asks[i].dataset, "", ""),
                     OK);
    polling_run_until(600);
    for (uint64_t id = 1; id <= 3; id++)
        cr_expect(run_state_is_end(polling_run_info(id).state), "run %lu", id);
    polling_stop();
}

/* What is asked for by hand: one at a time, in ranges that are some. */
Test(engine, requests_and_cancels)
{
    static const struct {
        const char *dataset, *from, *to;
        enum err err;
    } cases[] = {
        { "nothing", "", "", ERR_INVALID },
        { "tickers", "2024-12-02", "", ERR_INVALID },
        { "tickers", "", "2024-12-02", ERR_INVALID },
        { "tickers", "2024-12-03", "2024-12-02", ERR_INVALID },
        { "tickers", "2024-12-03", "2024-12-18", ERR_INVALID },
        { "tickers", "2024-12-02", "2024-12-02", OK },
        { "tickers", "2024-12-02", "2024-12-02", ERR_CONFLICT },
    };
    struct why why;

    begin(NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(polling_request("polygon", cases[i].dataset, cases[i].from,
                                     cases[i].to),
                     cases[i].err, "case %zu", i);
    polling_run_until(1);
    cr_expect_eq(polling_run_info(1).state, RUN_RUNNING);
    cr_expect_eq(polling.request_count, 1);
    cr_expect_eq(engine_cancel(polling.engine, STR("polygon"), 1, &why), OK);
    cr_expect_eq(engine_cancel(polling.engine, STR("polygon"), 1, &why),
                 ERR_CONFLICT);
    cr_expect_eq(engine_cancel(polling.engine, STR("polygon"), 9, &why),
                 ERR_NOT_FOUND);
    cr_expect_eq(engine_cancel(polling.engine, STR("benzinga"), 1, &why),
                 ERR_NOT_FOUND);
    polling_run_until(50);
    cr_expect_eq(polling_run_info(1).state, RUN_CANCELLED);
    cr_expect_eq(polling.request_count, 1, "nothing more is asked");
    cr_expect_eq(
        polling_request("polygon", "tickers", "2024-12-02", "2024-12-02"), OK);
    polling_stop();
}

/* Five failed runs, and the vendor is left alone for a minute. */
Test(engine, a_breaker_refuses_runs_for_a_minute)
{
    static const struct scripted always[] = {
        { "massive", 1, 5, 403, FETCH_OK, NULL, NULL },
    };

    polling_start(market_config, "2024-12-17T08:00:00Z");
    polling.serve = market_serve;
    polling.script = always;
    polling.script_count = 1;
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(
            polling_request("polygon", "tickers", "2024-12-02", "2024-12-02"),
            OK, "run %d", i + 1);
        polling_run_until(13 * (i + 1));
    }
    cr_expect_eq(polling_request("polygon", "tickers", "", ""), ERR_BUSY);
    polling_restart();
    cr_expect_eq(polling_request("polygon", "tickers", "", ""), ERR_BUSY,
                 "a restart does not close it");
    polling_run_until(13 * 5 + 61);
    cr_expect_eq(polling_request("polygon", "tickers", "", ""), OK);
    polling_run_until(13 * 5 + 140);
    cr_expect_eq(polling_run_info(6).state, RUN_SUCCEEDED, "%s",
                 polling_run_info(6).error);
    polling_stop();
}
