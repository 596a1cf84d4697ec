/* The engine stopped between any two things that it does, and begun again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define START "2024-12-17T05:59:00Z"

/* Runs stand before their schedule here: a start does not catch up. */
static void
ask_for_all(void)
{
    static const struct {
        const char *vendor, *dataset, *from, *to;
    } asks[] = {
        { "polygon", "tickers", "2024-12-10", "2024-12-10" },
        { "benzinga", "trades", "", "" },
        { "polygon", "open-close", "2024-12-10", "2024-12-16" },
    };

    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++) {
        enum err err = polling_request(asks[i].vendor, asks[i].dataset,
                                       asks[i].from, asks[i].to);

        cr_assert(err == OK || err == ERR_CONFLICT, "ask %zu: %d", i, err);
    }
}

static void
begin(void)
{
    polling_start(market_config, START);
    polling.serve = market_serve;
}

/* Whether each of the runs has ended well. */
static void
expect_ends(const char *row, uint64_t from, uint64_t to)
{
    for (uint64_t id = from; id <= to; id++) {
        struct run_info run = polling_run_info(id);

        cr_expect(
            run.state == RUN_SUCCEEDED || run.state == RUN_UNCHANGED,
            "%s: run %lu of %.*s is %s: %s", row, id, STR_ARG(run.dataset),
            run.id == 0 ? "not there" : run_state_name(run.state), run.error);
    }
}

/* The three runs, asked for one by one as each is on disk. */
static uint64_t
make_asks(void)
{
    uint64_t asked = 0;

    while (asked < 3 && polling_run_info(asked + 1).id != 0)
        asked++;
    return asked;
}

Test(engine_resume, whatever_is_cut_off_comes_to_the_same)
{
    struct arena arena;
    const char *whole, *got;
    int doors = 0, cuts = 0;
    char row[32];

    arena_init(&arena, 256 << 20);
    begin();
    polling.fuse = 1000000;
    ask_for_all();
    polling_run_until(3000);
    doors = 1000000 - polling.fuse;
    expect_ends("uninterrupted", 1, 3);
    whole = polling_contents(&arena);
    polling_stop();

    for (int fuse = 3; fuse < doors; fuse++, cuts++) {
        snprintf(row, sizeof row, "cut at door %d", fuse);
        begin();
        polling.fuse = fuse;
        ask_for_all();
        polling_run_until(3000);
        cr_assert(polling.is_over, "%s: it was not cut", row);
        polling_restart();
        cr_expect_eq(make_asks(), 3, "%s", row);
        polling_run_until((double)polling.now_us / 1e6 + 3000);
        expect_ends(row, 1, 3);
        got = polling_contents(&arena);
        cr_expect_str_eq(got, whole, "%s: %s", row, got);
        polling_stop();
    }
    cr_expect_gt(cuts, 60, "%d doors", cuts);
    arena_fini(&arena);
}

/* A cut between what is put into quarantine and the end of its run. */
Test(engine_resume, what_is_bad_is_quarantined_once)
{
    static const struct scripted bad[] = {
        { "cursor=", 1, 1000, 200, FETCH_OK, NULL, "<html>busy</html>" },
    };
    struct quarantine_info entry;
    struct run_info run;
    bool is_cut = true;

    for (int fuse = 3; is_cut; fuse++) {
        polling_start(market_config, "2024-12-17T07:00:00Z");
        polling.serve = market_serve;
        polling.script = bad;
        polling.script_count = 1;
        polling.fuse = fuse;
        cr_assert_eq(
            polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"),
            OK);
        polling_run_until(600);
        is_cut = polling.is_over;
        polling_restart();
        polling_run_until(1200);
        run = polling_run_info(1);
        cr_expect_eq(run.state, RUN_QUARANTINED, "cut at door %d: %s", fuse,
                     run_state_name(run.state));
        cr_expect_eq(run.done, 2, "cut at door %d: %lu", fuse, run.done);
        cr_expect_eq(run.pages, 2, "cut at door %d: %lu", fuse, run.pages);
        cr_expect_eq(board_entry(polling.board, 1, &entry), OK,
                     "cut at door %d", fuse);
        cr_expect_eq(board_entry(polling.board, 2, &entry), ERR_NOT_FOUND,
                     "cut at door %d: another entry", fuse);
        polling_stop();
        cr_assert_lt(fuse, 100, "it never was whole");
    }
}

/* A cut amid a release: it is done as if there had been none. */
Test(engine_resume, what_is_released_is_told_once)
{
    struct quarantine_info entry;
    struct run_info run;
    struct why why;
    bool is_cut = true;
    enum err err;

    for (int fuse = 0; is_cut; fuse++) {
        polling_start(market_config, "2024-12-17T07:00:00Z");
        polling.serve = market_serve;
        cr_assert_eq(
            polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"),
            OK);
        polling_run_until(300);
        market_listed = 2;
        cr_assert_eq(
            polling_request("polygon", "tickers", "2024-12-11", "2024-12-11"),
            OK);
        polling_run_until(600);
        cr_assert_eq(polling_run_info(2).state, RUN_QUARANTINED);
        polling.fuse = fuse;
        (void)!polling_release(1, &why);
        is_cut = polling.is_over;
        polling_restart();
        err = polling_release(1, &why);
        cr_expect(err == OK || err == ERR_CONFLICT, "cut at door %d: %s", fuse,
                  why.text);
        run = polling_run_info(2);
        cr_expect_eq(run.state, RUN_SUCCEEDED, "cut at door %d: %s", fuse,
                     run_state_name(run.state));
        cr_expect_eq(run.stored, 1, "cut at door %d: %lu", fuse, run.stored);
        cr_expect_eq(board_entry(polling.board, 1, &entry), OK);
        cr_expect_eq(entry.state, QUARANTINE_RELEASED, "cut at door %d", fuse);
        market_listed = 3;
        polling_stop();
        cr_assert_lt(fuse, 100, "it never was whole");
    }
}

/* The newest run of bars that was asked for. */
static struct run_info
newest_asked(void)
{
    struct run_info found = { 0 };

    for (uint64_t id = 1; polling_run_info(id).id != 0; id++) {
        struct run_info run = polling_run_info(id);

        if (str_equal(run.dataset, STR("open-close")) && run.total == 15)
            found = run;
    }
    return found;
}

/* Run again for the same days it changes nothing, and no transaction is. */
Test(engine_resume, a_second_time_writes_no_transaction)
{
    struct run_info first, again;
    uint64_t newest;

    begin();
    ask_for_all();
    polling_run_until(3000);
    first = newest_asked();
    newest = store_newest(polling.store);
    polling_run_until(2 * 3600);
    ask_for_all();
    polling_run_until(3 * 3600);
    again = newest_asked();
    cr_expect_eq(first.state, RUN_SUCCEEDED);
    cr_expect_eq(first.stored, 15);
    cr_expect_gt(again.id, first.id);
    cr_expect_eq(again.state, RUN_UNCHANGED, "%s: %s",
                 run_state_name(again.state), again.error);
    cr_expect_eq(again.unchanged, 15, "%lu", again.unchanged);
    cr_expect_eq(store_newest(polling.store), newest, "%lu, not %lu",
                 store_newest(polling.store), newest);
    polling_stop();
}

/* A run without a range asks since the same moment to its end. */
Test(engine_resume, a_run_keeps_its_first_updated_since)
{
    begin();
    cr_expect_eq(polling_request("benzinga", "trades", "", ""), OK);
    polling_run_until(0);
    cr_expect_eq(polling.request_count, 1);
    polling_restart();
    polling_run_until(600);
    for (size_t i = 0; i < 3; i++)
        cr_expect(strstr(polling.requests[i].url, "updated_since=1728345600") !=
                      NULL,
                  "request %zu: %s", i, polling.requests[i].url);
    polling_stop();
}
