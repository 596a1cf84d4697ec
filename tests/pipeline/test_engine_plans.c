/* The engine and what it plans: what has changed, fails, or finds no memory. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/pipeline/engine_inside.h"
#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MASSIVE(host, datasets)                                                \
    "{\"vendors\":[{\"name\":\"polygon\",\"adapter\":\"massive\","             \
    "\"base_url\":\"https://" host ".massive.com\",\"key_env\":\"POLYGON\","   \
    "\"requests_per_minute\":60,\"datasets\":{" datasets "}}]}"
#define LIST(host, tickers)                                                    \
    MASSIVE(host, "\"open-close\":{\"universe\":" tickers "}")
#define BENZINGA(path)                                                         \
    "{\"vendors\":[{\"name\":\"polygon\",\"adapter\":\"benzinga\","            \
    "\"base_url\":\"https://api.benzinga.com\",\"key_env\":\"BENZINGA\","      \
    "\"path\":\"" path "\",\"requests_per_minute\":60,\"datasets\":{"          \
    "\"trades\":{}}}]}"

/* So many engines' runs find no memory from now on. */
static int starved;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
    if (starved > 0 && size == sizeof(struct live)) {
        starved--;
        return NULL;
    }
    return __real_calloc(count, size);
}

/* The market's, wherever it is: links stay where they were asked for. */
static const char *
serve(const char *url)
{
    static char text[16384];
    const char *body = market_serve(url);
    char *host = text;

    if (body == NULL || strstr(url, "//new.") == NULL)
        return body;
    snprintf(text, sizeof text, "%s", body);
    while ((host = strstr(host, "//api.")) != NULL)
        memcpy(host, "//new.", 6);
    return text;
}

static void
begin(const char *config)
{
    polling_start(config, "2024-12-17T07:00:00Z");
    polling.serve = serve;
}

/* A run is stopped behind its first page, and goes on by another
 * configuration. */
Test(engine_plans, a_run_goes_on_only_with_what_it_was_asked_for)
{
    static const struct scripted odd[] = {
        { "AAA/2024-12-10", 1, 1, 200, FETCH_OK, NULL, "{}" },
    };
    static const struct {
        const char *row, *dataset, *before, *after;
        size_t bad;          /* pages */
        const char *request; /* the first one then; NULL: none */
        enum run_state state;
        const char *error;
        uint64_t total;
    } rows[] = {
        { "the same list", "open-close", LIST("api", "[\"AAA\",\"BBB\"]"),
          LIST("api", "[\"AAA\",\"BBB\"]"), 0, "BBB/2024-12-10", RUN_SUCCEEDED,
          "", 4 },
        { "another list as long", "open-close",
          LIST("api", "[\"AAA\",\"BBB\"]"), LIST("api", "[\"AAA\",\"CCC\"]"), 0,
          "AAA/2024-12-10", RUN_SUCCEEDED, "", 4 },
        { "a shorter list", "open-close", LIST("api", "[\"AAA\",\"BBB\"]"),
          LIST("api", "[\"AAA\"]"), 0, "AAA/2024-12-10", RUN_SUCCEEDED, "", 2 },
        { "the whole market", "open-close", LIST("api", "[\"AAA\"]"),
          LIST("api", "\"all\""), 0,
          "grouped/locale/us/market/stocks/2024-12-10", RUN_SUCCEEDED, "", 2 },
        { "the same list elsewhere", "open-close",
          LIST("api", "[\"AAA\",\"BBB\"]"), LIST("new", "[\"AAA\",\"BBB\"]"), 0,
          "//new.massive.com/v1/open-close/BBB/2024-12-10", RUN_SUCCEEDED, "",
          4 },
        { "the same list, a page of it bad", "open-close",
          LIST("api", "[\"AAA\",\"BBB\"]"), LIST("api", "[\"AAA\",\"BBB\"]"), 1,
          "BBB/2024-12-10", RUN_QUARANTINED, "", 4 },
        { "another list, a page of the first one bad", "open-close",
          LIST("api", "[\"AAA\",\"BBB\"]"), LIST("api", "[\"AAA\",\"CCC\"]"), 1,
          NULL, RUN_FAILED,
          "the configuration has changed what it asks for, and pages of it are "
          "in quarantine",
          4 },
        { "the same pages", "trades",
          BENZINGA("/a/api/v1/gov/usa/congress/trades"),
          BENZINGA("/a/api/v1/gov/usa/congress/trades"), 0, "&page=1",
          RUN_SUCCEEDED, "", 2 },
        { "other pages", "trades",
          BENZINGA("/a/api/v1/gov/usa/congress/trades"),
          BENZINGA("/b/api/v1/gov/usa/congress/trades"), 0,
          "/b/api/v1/gov/usa/congress/trades?pagesize=1000&page=0",
          RUN_SUCCEEDED, "", 2 },
        { "the same listing", "tickers", MASSIVE("api", "\"tickers\":{}"),
          MASSIVE("api", "\"tickers\":{}"), 0,
          "//api.massive.com/v3/reference/tickers?cursor=2", RUN_SUCCEEDED, "",
          2 },
        { "a listing elsewhere", "tickers", MASSIVE("api", "\"tickers\":{}"),
          MASSIVE("new", "\"tickers\":{}"), 0,
          "//new.massive.com/v3/reference/tickers?market=stocks", RUN_SUCCEEDED,
          "", 2 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct poller_vendor vendor;
        struct run_info run;
        size_t asked;

        begin(rows[i].before);
        polling.script = odd;
        polling.script_count = rows[i].bad;
        cr_assert_eq(polling_request("polygon", rows[i].dataset, "2024-12-10",
                                     "2024-12-11"),
                     OK, "%s", rows[i].row);
        polling_run_until(0.5);
        asked = polling.request_count;
        cr_assert_eq(asked, 1, "%s: %zu", rows[i].row, asked);
        polling_restart_with(rows[i].after);
        polling_run_until(60);
        if (rows[i].request == NULL)
            cr_expect_eq(polling.request_count, asked, "%s", rows[i].row);
        else
            cr_expect(strstr(polling.requests[asked].url, rows[i].request) !=
                          NULL,
                      "%s: %s", rows[i].row, polling.requests[asked].url);
        run = polling_run_info(1);
        cr_expect_eq(run.state, rows[i].state, "%s: %s", rows[i].row,
                     run_state_name(run.state));
        cr_expect_str_eq(run.error, rows[i].error, "%s: %s", rows[i].row,
                         run.error);
        cr_expect_eq(run.total, rows[i].total, "%s: %lu", rows[i].row,
                     run.total);
        cr_expect_eq(board_vendors(polling.board, &vendor), 1);
        cr_expect_eq(vendor.consecutive_failures, 0, "%s", rows[i].row);
        polling_stop();
    }
}

/* What was archived of the old asks is nothing of the new ones, at however many
 * starts. */
Test(engine_plans, pages_of_other_asks_are_never_taken_for_these)
{
    static const char before[] = MASSIVE("api", "\"tickers\":{}");
    static const char after[] = MASSIVE("new", "\"tickers\":{}");
    struct run_info run;

    begin(before);
    market_listed = 6;
    cr_assert_eq(
        polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"), OK);
    polling_run_until(1.5);
    cr_assert_eq(polling.request_count, 2, "%zu", polling.request_count);
    for (size_t start = 1; start <= 3; start++) {
        polling_restart_with(after);
        polling_run_until(1.5 + 1.1 * (double)start);
        cr_assert_eq(polling.request_count, 2 + start, "start %zu: %zu", start,
                     polling.request_count);
    }
    polling_run_until(60);
    market_listed = 3;
    for (size_t i = 2; i < polling.request_count; i++)
        cr_expect(strstr(polling.requests[i].url, "//new.") != NULL, "%s",
                  polling.requests[i].url);
    run = polling_run_info(1);
    cr_expect_eq(run.state, RUN_SUCCEEDED, "%s", run_state_name(run.state));
    cr_expect_eq(run.pages, 3, "%lu", run.pages);
    polling_stop();
}

/* Two hundred tickers, of a century: more than a run may ask for. */
static const char *
many_tickers(void)
{
    static char config[8192], list[4096];
    size_t len = 0;

    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s\"T%d\"",
                                i == 0 ? "" : ",", i);
    snprintf(config, sizeof config, LIST("api", "[%s]"), list);
    return config;
}

/* A plan that cannot be made says nothing of the vendor. */
Test(engine_plans, our_own_faults_open_no_breaker)
{
    static const struct {
        const char *row, *from;
        int status; /* of all answers */
        const char *error;
        uint32_t failures;
        const char *breaker;
    } rows[] = {
        { "too long a plan", "1924-12-18", 200,
          "5217600 requests are more than the 4000000 of a run", 0, "closed" },
        { "an answer", "2024-12-16", 403, "the vendor answered 403", 5,
          "open" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct scripted all[] = {
            { NULL, 1, 99, rows[i].status, FETCH_OK, NULL, "{}" },
        };
        struct poller_vendor vendor;

        begin(many_tickers());
        polling.script = all;
        polling.script_count = 1;
        for (int run = 1; run <= 5; run++) {
            cr_assert_eq(polling_request("polygon", "open-close", rows[i].from,
                                         "2024-12-16"),
                         OK, "%s, run %d", rows[i].row, run);
            polling_run_until(run * 10);
            cr_expect_str_eq(polling_run_info((uint64_t)run).error,
                             rows[i].error, "%s, run %d: %s", rows[i].row, run,
                             polling_run_info((uint64_t)run).error);
        }
        cr_expect_eq(board_vendors(polling.board, &vendor), 1);
        cr_expect_eq(vendor.consecutive_failures, rows[i].failures, "%s: %u",
                     rows[i].row, vendor.consecutive_failures);
        cr_expect_str_eq(vendor.breaker, rows[i].breaker, "%s: %s", rows[i].row,
                         vendor.breaker);
        polling_stop();
    }
}

/* The run that tries behind a breaker may have no plan, or nothing to ask for:
 * then another tries. */
Test(engine_plans, a_run_that_asks_nothing_leaves_the_trial_to_another)
{
    static const struct scripted refused[] = {
        { NULL, 1, 5, 403, FETCH_OK, NULL, "{}" },
    };
    static const struct {
        const char *from, *to;
        enum run_state state;
        const char *breaker;
        uint32_t failures;
    } trials[] = {
        { "1924-12-18", "2024-12-16", RUN_FAILED, "open", 5 },
        { "2024-12-14", "2024-12-15", RUN_UNCHANGED, "open", 5 },
        { "2024-12-16", "2024-12-16", RUN_RUNNING, "half-open", 5 },
    };
    struct poller_vendor vendor;
    double at = 0;

    begin(many_tickers());
    polling.script = refused;
    polling.script_count = 1;
    for (int run = 1; run <= 5; run++) {
        cr_assert_eq(polling_request("polygon", "open-close", "2024-12-16",
                                     "2024-12-16"),
                     OK);
        polling_run_until(at += 10);
    }
    polling_run_until(at += 60);
    for (size_t i = 0; i < COUNT(trials); i++) {
        cr_assert_eq(polling_request("polygon", "open-close", trials[i].from,
                                     trials[i].to),
                     OK, "trial %zu", i);
        polling_run_until(at += 1);
        cr_expect_eq(polling_run_info(6 + i).state, trials[i].state,
                     "trial %zu: %s", i,
                     run_state_name(polling_run_info(6 + i).state));
        cr_expect_eq(board_vendors(polling.board, &vendor), 1);
        cr_expect_str_eq(vendor.breaker, trials[i].breaker, "trial %zu: %s", i,
                         vendor.breaker);
        cr_expect_eq(vendor.consecutive_failures, trials[i].failures,
                     "trial %zu: %u", i, vendor.consecutive_failures);
    }
    polling_stop();
}

/* A plan that could not be kept is made again, in the memory of the first. */
Test(engine_plans, a_full_disk_is_waited_for)
{
    struct run_info run;

    begin(LIST("api", "\"all\""));
    cr_assert_eq(
        polling_request("polygon", "open-close", "1924-12-18", "2024-12-16"),
        OK);
    polling.refusals = 500;
    polling_run_until(10 * 500 - 1);
    cr_expect_eq(polling_run_info(1).state, RUN_QUEUED, "%s",
                 polling_run_info(1).error);
    cr_expect_eq(polling.refusals, 0);
    polling_run_until(10 * 500 + 1);
    run = polling_run_info(1);
    cr_expect_eq(run.state, RUN_RUNNING, "%s", run.error);
    cr_expect_eq(run.total, 26088, "%lu", run.total);
    polling_stop();
}

/* The run behind the one that ends begins, as soon as there is memory. */
Test(engine_plans, memory_that_is_short_costs_no_run)
{
    static const char config[] =
        MASSIVE("api", "\"tickers\":{\"at\":\"07:01\"},"
                       "\"open-close\":{\"after\":\"tickers\","
                       "\"universe\":\"all\"}");

    for (int times = 0; times < 3; times++) {
        struct run_info run;

        begin(config);
        polling_run_until(60.5);
        cr_assert_eq(polling_run_info(1).state, RUN_RUNNING);
        starved = times;
        polling_run_until(70);
        cr_expect_eq(polling_run_info(2).id == 0, times > 0, "%d times", times);
        polling_run_until(100);
        run = polling_run_info(2);
        cr_expect(run_state_is_end(run.state), "%d times: %s", times,
                  run_state_name(run.state));
        cr_expect_eq(run.done, 3, "%d times: %lu", times, run.done);
        cr_expect_eq(polling_run_info(3).id, 0, "%d times", times);
        polling_stop();
    }
}

/* A run that takes long, and the dataset's turn comes meanwhile: it waits for
 * its own, on disk. */
Test(engine_plans, a_turn_that_comes_amid_a_run_is_not_lost)
{
    static const char config[] =
        MASSIVE("api", "\"tickers\":{\"at\":\"07:01\"},"
                       "\"open-close\":{\"after\":\"tickers\","
                       "\"universe\":\"all\"}");
    static const struct {
        const char *row;
        bool is_restarted;
        uint64_t cancelled; /* the run that is; 0: none */
        enum run_state ends[3];
    } rows[] = {
        { "no restart",
          false,
          0,
          { RUN_UNCHANGED, RUN_SUCCEEDED, RUN_UNCHANGED } },
        { "a restart",
          true,
          0,
          { RUN_UNCHANGED, RUN_SUCCEEDED, RUN_UNCHANGED } },
        { "the older one is cancelled",
          false,
          1,
          { RUN_CANCELLED, RUN_SUCCEEDED, RUN_UNCHANGED } },
        { "the newer one is cancelled",
          false,
          3,
          { RUN_UNCHANGED, RUN_SUCCEEDED, RUN_CANCELLED } },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = { "" };

        begin(config);
        cr_assert_eq(polling_request("polygon", "open-close", "2024-01-01",
                                     "2024-10-31"),
                     OK);
        polling_run_until(75);
        cr_expect_eq(polling_run_info(1).state, RUN_RUNNING, "%s: %s",
                     rows[i].row, run_state_name(polling_run_info(1).state));
        cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED, "%s",
                     rows[i].row);
        cr_expect_eq(polling_run_info(3).id, 3, "%s", rows[i].row);
        cr_expect_eq(polling_run_info(3).state, RUN_QUEUED, "%s", rows[i].row);
        if (rows[i].is_restarted)
            polling_restart();
        if (rows[i].cancelled != 0)
            cr_expect_eq(engine_cancel(polling.engine, STR("polygon"),
                                       rows[i].cancelled, &why),
                         OK, "%s: %s", rows[i].row, why.text);
        polling_run_until(600);
        for (uint64_t run = 1; run <= 3; run++)
            cr_expect_eq(polling_run_info(run).state, rows[i].ends[run - 1],
                         "%s, run %lu: %s", rows[i].row, run,
                         run_state_name(polling_run_info(run).state));
        cr_expect_eq(polling_run_info(4).id, 0, "%s", rows[i].row);
        polling_stop();
    }
}

/* A listing need not wait for the end of a backfill. */
Test(engine_plans, runs_of_a_vendor_take_turns)
{
    static const char config[] =
        MASSIVE("api", "\"tickers\":{},\"open-close\":{\"universe\":\"all\"}");
    bool was_listing = false;
    size_t listings = 0;

    begin(config);
    market_listed = 20;
    cr_assert_eq(
        polling_request("polygon", "open-close", "2024-01-01", "2024-10-31"),
        OK);
    polling_run_until(5.5);
    cr_assert_eq(polling.request_count, 6, "%zu", polling.request_count);
    cr_assert_eq(
        polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"), OK);
    polling_run_until(30);
    market_listed = 3;
    for (size_t i = 6; i < 26; i++) {
        bool is_listing = strstr(polling.requests[i].url, "tickers") != NULL;

        cr_expect_neq(is_listing, was_listing, "request %zu: %s", i,
                      polling.requests[i].url);
        was_listing = is_listing;
        listings += is_listing;
    }
    cr_expect_eq(listings, 10, "%zu", listings);
    cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED, "%s",
                 run_state_name(polling_run_info(2).state));
    cr_expect_eq(polling_run_info(1).state, RUN_RUNNING);
    polling_stop();
}
