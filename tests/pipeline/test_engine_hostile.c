/* The engine and vendors that go astray: circles, cut listings, odd words. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/utf8.h"
#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

/* Seconds from 05:59 of the first day to a time of the same day. */
#define AT(hour, minute) ((hour)*3600 + (minute)*60 - (5 * 3600 + 59 * 60))
#define DAY 86400

#define E10 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define E50 E10 E10 E10 E10 E10

#define TRADE(id, date) TRADE_OF(id, date, "1734009999")
#define TRADE_OF(id, date, updated)                                            \
    "{\"data\":[{\"id\":\"1\",\"transaction_id\":\"" id                        \
    "\",\"updated\":" updated ",\"transaction_date\":\"" date                  \
    "\",\"amount\":\"$1,001 - $15,000\",\"security\":{\"ticker\":\"AAA\"},"    \
    "\"filer_info\":{\"member_id\":\"M1\",\"member_name\":\"M\","              \
    "\"updated\":1734000000}}]}"

#define LISTED(ticker, next)                                                   \
    "{\"status\":\"OK\",\"results\":[{\"ticker\":\"" ticker                    \
    "\",\"name\":\"N\",\"active\":true,\"cik\":\"7\",\"market\":\"stocks\","   \
    "\"locale\":\"us\",\"primary_exchange\":\"XNYS\",\"type\":\"CS\"}],"       \
    "\"next_url\":\"https://" next "\"}"
#define NEXT "api.massive.com/v3/reference/tickers?cursor="

/* Begin on 2024-12-17, a Tuesday, at 05:59. */
static void
begin(const struct scripted *script, size_t count)
{
    polling_start(market_config, "2024-12-17T05:59:00Z");
    polling.serve = market_serve;
    polling.script = script;
    polling.script_count = count;
}

/* What is kept as JSON must be JSON again at the next start. */
Test(engine_hostile, a_reason_is_cut_between_characters)
{
    static const struct {
        const char *row, *body;
    } rows[] = {
        { "cut before", TRADE("x" E50 E50 E50 E50, "2099-01-01") },
        { "cut within", TRADE("xy" E50 E50 E50 E50, "2099-01-01") },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scripted odd[] = {
            { "page=0", 1, 1, 200, FETCH_OK, NULL, rows[i].body },
        };
        struct quarantine_info entry;

        begin(odd, 1);
        polling_run_until(AT(8, 0));
        entry = polling_entry(1);
        cr_expect_eq(utf8_span(str_of(entry.reasons[0])),
                     strlen(entry.reasons[0]), "%s: %s", rows[i].row,
                     entry.reasons[0]);
        polling_restart();
        cr_expect_str_eq(polling_entry(1).reasons[0], entry.reasons[0], "%s",
                         rows[i].row);
        polling_stop();
    }
}

/* Slow down is what the status says, whatever the body is. */
Test(engine_hostile, patience_needs_no_body)
{
    static const struct {
        const char *row;
        int status;
        enum fetch_outcome outcome;
        enum run_state state;
    } rows[] = {
        { "packed oddly", 429, FETCH_BAD_ENCODING, RUN_SUCCEEDED },
        { "too large", 503, FETCH_TOO_LARGE, RUN_SUCCEEDED },
        { "cut off", 429, FETCH_RESET, RUN_SUCCEEDED },
        { "too large a page", 200, FETCH_TOO_LARGE, RUN_FAILED },
        { "forbidden oddly", 403, FETCH_BAD_ENCODING, RUN_FAILED },
        { "too slow, it says", 408, FETCH_OK, RUN_FAILED },
        { "out of order", 500, FETCH_OK, RUN_SUCCEEDED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scripted odd[] = {
            { "market=stocks", 1, 1, rows[i].status, rows[i].outcome, "30",
              NULL },
        };
        struct run_info run;

        begin(odd, 1);
        polling_run_until(AT(6, 20));
        run = polling_run_info(1);
        cr_expect_eq(run.state, rows[i].state, "%s: %s, %s", rows[i].row,
                     run_state_name(run.state), run.error);
        polling_stop();
    }
}

/* Each redirect is a request of the vendor's five a minute. */
Test(engine_hostile, redirects_go_by_the_pace)
{
    static const struct {
        int redirects;
        enum run_state state;
        const char *error;
        size_t requests;
    } rows[] = {
        { 0, RUN_SUCCEEDED, "", 2 },
        { 1, RUN_SUCCEEDED, "", 2 },
        { 3, RUN_SUCCEEDED, "", 4 },
        { 4, RUN_FAILED, "redirected too often", 4 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_info run;

        begin(NULL, 0);
        polling.sent_on = rows[i].redirects;
        polling_run_until(AT(6, 20));
        run = polling_run_info(1);
        cr_expect_eq(run.state, rows[i].state, "%d redirects: %s",
                     rows[i].redirects, run_state_name(run.state));
        cr_expect_str_eq(run.error, rows[i].error, "%d redirects: %s",
                         rows[i].redirects, run.error);
        cr_expect_eq(polling.request_count, rows[i].requests,
                     "%d redirects: %zu requests", rows[i].redirects,
                     polling.request_count);
        for (size_t k = 1; k < polling.request_count; k++)
            cr_expect_geq(
                polling.requests[k].at_us - polling.requests[k - 1].at_us,
                12400000, "%d redirects: request %zu", rows[i].redirects, k);
        if (rows[i].redirects > 0)
            cr_expect(strstr(polling.requests[1].url, "cursor=2") != NULL,
                      "%d redirects: %s", rows[i].redirects,
                      polling.requests[1].url);
        polling_stop();
    }
}

/* A listing that does not come to its end is not believed. */
Test(engine_hostile, a_listing_without_an_end)
{
    static const struct {
        const char *row;
        struct scripted script[3];
        enum run_state state;
        const char *error, *reason;
        size_t requests;
    } rows[] = {
        { "a circle of two",
          { { "cursor=2", 1, 99, 200, FETCH_OK, NULL, LISTED("CCC", NEXT "4") },
            { "cursor=4", 1, 99, 200, FETCH_OK, NULL,
              LISTED("DDD", NEXT "2") } },
          RUN_QUARANTINED,
          "",
          "the page is an earlier one once more",
          4 },
        { "the same page again",
          { { "cursor=2", 1, 99, 200, FETCH_OK, NULL, LISTED("CCC", NEXT "4") },
            { "cursor=4", 1, 99, 200, FETCH_OK, NULL,
              LISTED("CCC", NEXT "6") } },
          RUN_QUARANTINED,
          "",
          "the page is an earlier one once more",
          3 },
        { "a page that is not there",
          { { "cursor=2", 1, 99, 404, FETCH_OK, NULL,
              "{\"status\":\"NOT_FOUND\",\"message\":\"Data not found.\"}" } },
          RUN_FAILED,
          "the vendor answered 404 to page 2",
          NULL,
          2 },
        { "a page elsewhere",
          { { "cursor=2", 1, 99, 200, FETCH_OK, NULL,
              LISTED("CCC", "evil.example/?cursor=4") } },
          RUN_QUARANTINED,
          "",
          "the next page is on another server",
          2 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct why why = { "" };
        struct run_info run;
        uint64_t newest;

        begin(rows[i].script, 3);
        newest = store_newest(polling.store);
        polling_run_until(AT(6, 20));
        run = polling_run_info(1);
        cr_expect_eq(run.state, rows[i].state, "%s: %s", rows[i].row,
                     run_state_name(run.state));
        cr_expect_str_eq(run.error, rows[i].error, "%s: %s", rows[i].row,
                         run.error);
        cr_expect_eq(polling.request_count, rows[i].requests,
                     "%s: %zu requests", rows[i].row, polling.request_count);
        if (rows[i].reason != NULL) {
            cr_expect_str_eq(polling_entry(1).reasons[0], rows[i].reason,
                             "%s: %s", rows[i].row,
                             polling_entry(1).reasons[0]);
            cr_expect_eq(polling_release(1, &why), ERR_INVALID, "%s",
                         rows[i].row);
            cr_expect_str_eq(why.text, "the listing stops before its end",
                             "%s: %s", rows[i].row, why.text);
        }
        cr_expect_eq(store_newest(polling.store), newest, "%s: published",
                     rows[i].row);
        polling_stop();
    }
}

/* Rows behind the page that failed were never seen: the next run must ask for
 * them, whatever is released. */
Test(engine_hostile, a_release_does_not_end_a_run_that_was_cut_short)
{
    static const struct {
        const char *row;
        int status; /* of the second page */
        enum run_state before, after;
        const char *watermark;
    } rows[] = {
        { "whole", 200, RUN_QUARANTINED, RUN_SUCCEEDED, "1734009999" },
        { "cut short", 403, RUN_FAILED, RUN_FAILED, "" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scripted odd[] = {
            { "page=0", 1, 1, 200, FETCH_OK, NULL, TRADE("t9", "2099-01-01") },
            { "page=1", 1, 1, rows[i].status, FETCH_OK, NULL, "{\"data\":[]}" },
        };
        struct poller_vendor vendors[VENDORS_MAX];
        struct why why = { "" };
        size_t count;

        begin(odd, 2);
        polling_run_until(AT(8, 0));
        cr_expect_eq(polling_run_info(2).state, rows[i].before, "%s: %s",
                     rows[i].row, run_state_name(polling_run_info(2).state));
        cr_expect_eq(polling_release(1, &why), OK, "%s: %s", rows[i].row,
                     why.text);
        cr_expect_eq(polling_entry(1).state, QUARANTINE_RELEASED, "%s",
                     rows[i].row);
        cr_expect_eq(polling_run_info(2).state, rows[i].after, "%s: %s",
                     rows[i].row, run_state_name(polling_run_info(2).state));
        cr_expect_eq(polling_run_info(2).stored, 1, "%s", rows[i].row);
        polling_restart();
        count = board_vendors(polling.board, vendors);
        for (size_t v = 0; v < count; v++)
            if (str_equal(vendors[v].name, STR("benzinga")))
                cr_expect_str_eq(vendors[v].watermark, rows[i].watermark,
                                 "%s: %s", rows[i].row, vendors[v].watermark);
        polling_stop();
    }
}

/* Late listings of earlier days, which have less, are no measure of today's,
 * nor is today's of them. */
Test(engine_hostile, a_listing_is_measured_by_those_of_its_own_past)
{
    static const struct {
        const char *row, *day;
        int listed;
        const char *reason; /* NULL: it is published */
    } rows[] = {
        { "the first", "2024-12-10", 3, NULL },
        { "a year before it, fewer", "2023-12-11", 1, NULL },
        { "later than both, cut", "2024-12-11", 2,
          "the listing shrank from 3 to 2" },
        { "the same day, cut", "2024-12-10", 2,
          "the listing shrank from 3 to 2" },
        { "between them, more", "2024-06-10", 2, NULL },
        { "between those", "2024-03-11", 1, NULL },
        { "behind the one in between", "2024-07-10", 1,
          "the listing shrank from 2 to 1" },
        { "whole", "2024-12-11", 3, NULL },
    };
    uint64_t entries = 0;

    polling_start(market_config, "2024-12-17T07:00:00Z");
    polling.serve = market_serve;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct run_info run;

        market_listed = rows[i].listed;
        cr_assert_eq(
            polling_request("polygon", "tickers", rows[i].day, rows[i].day), OK,
            "%s", rows[i].row);
        polling_run_until((double)(i + 1) * 60);
        run = polling_run_info(i + 1);
        if (rows[i].reason == NULL) {
            cr_expect(run.state == RUN_SUCCEEDED || run.state == RUN_UNCHANGED,
                      "%s: %s", rows[i].row, run_state_name(run.state));
            continue;
        }
        cr_assert_eq(run.state, RUN_QUARANTINED, "%s: %s", rows[i].row,
                     run_state_name(run.state));
        cr_expect_str_eq(polling_entry(++entries).reasons[0], rows[i].reason,
                         "%s: %s", rows[i].row,
                         polling_entry(entries).reasons[0]);
    }
    market_listed = 3;
    polling_stop();
}

/* What a vendor changes until a day that one of its rows is dated ahead is
 * asked for all the same, also where a person has let the row in. */
Test(engine_hostile, a_row_of_the_future_hides_no_other)
{
    static const struct {
        const char *row, *page, *since; /* what the next day's run asks */
        bool is_released;
    } rows[] = {
        { "of last week", TRADE("t9", "2024-12-02"), "since=1734009994",
          false },
        { "20 h ahead", TRADE_OF("t9", "2024-12-02", "1734489000"),
          "since=1734416995", false },
        { "of 2033, released", TRADE_OF("t9", "2024-12-02", "2000000000"),
          "since=1734416995", true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct scripted odd[] = {
            { "trades?", 1, 1, 200, FETCH_OK, NULL, rows[i].page },
            { "trades?", 2, 9, 200, FETCH_OK, NULL, "{\"data\":[]}" },
        };
        struct why why = { "" };
        const char *asked;

        begin(odd, 2);
        polling_run_until(AT(8, 0));
        cr_expect_eq(polling_run_info(2).started_at.us,
                     INT64_C(1734417000000000), "%s", rows[i].row);
        cr_expect_eq(polling_run_info(2).state,
                     rows[i].is_released ? RUN_QUARANTINED : RUN_SUCCEEDED,
                     "%s: %s", rows[i].row,
                     run_state_name(polling_run_info(2).state));
        if (rows[i].is_released)
            cr_expect_eq(polling_release(1, &why), OK, "%s: %s", rows[i].row,
                         why.text);
        cr_expect_eq(polling_run_info(2).stored, 1, "%s", rows[i].row);
        polling_run_until(DAY + AT(8, 0));
        asked = NULL;
        for (size_t r = 0; r < polling.request_count; r++)
            if (strstr(polling.requests[r].url, "trades?") != NULL)
                asked = polling.requests[r].url;
        cr_assert(asked != NULL, "%s", rows[i].row);
        cr_expect(strstr(asked, rows[i].since) != NULL, "%s: %s", rows[i].row,
                  asked);
        polling_stop();
    }
}

/* Those after it go by the newest listing, which has failed. */
Test(engine_hostile, an_old_run_released_does_not_speak_for_a_new_one)
{
    static const struct scripted refused[] = {
        { "date=2024-12-19", 1, 99, 403, FETCH_OK, NULL, "{}" },
    };
    struct why why = { "" };

    begin(refused, 1);
    polling_run_until(AT(8, 0));
    market_listed = 2;
    polling_run_until(2 * DAY + AT(8, 0));
    market_listed = 3;
    cr_expect_eq(polling_run_info(4).state, RUN_QUARANTINED);
    cr_expect_eq(polling_run_info(7).state, RUN_FAILED);
    cr_expect_eq(polling_release(1, &why), OK, "%s", why.text);
    cr_expect_eq(polling_run_info(4).state, RUN_SUCCEEDED);
    cr_assert_eq(polling_request("benzinga", "trades", "", ""), OK);
    polling_run_until(2 * DAY + AT(9, 0));
    cr_expect_eq(polling_run_info(10).state, RUN_FAILED, "%s",
                 run_state_name(polling_run_info(10).state));
    cr_expect_str_eq(polling_run_info(10).error, "upstream");
    polling_stop();
}
