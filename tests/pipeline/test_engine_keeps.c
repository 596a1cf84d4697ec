/* What the engine keeps, for how long, and for whom that is configured no
 * more. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "src/pipeline/engine_inside.h"
#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DAY 86400

#define POLYGON(datasets)                                                      \
    "{\"name\":\"polygon\",\"adapter\":\"massive\","                           \
    "\"base_url\":\"https://api.massive.com\",\"key_env\":\"POLYGON\","        \
    "\"requests_per_minute\":60,\"datasets\":{" datasets "}}"
#define BENZINGA                                                               \
    "{\"name\":\"benzinga\",\"adapter\":\"benzinga\","                         \
    "\"base_url\":\"https://api.benzinga.com\",\"key_env\":\"BENZINGA\","      \
    "\"requests_per_minute\":60,\"datasets\":{\"trades\":{}}}"
#define LISTING "\"tickers\":{}"
#define BARS "\"open-close\":{\"universe\":[\"AAA\",\"BBB\"]}"

static const char both[] =
    "{\"vendors\":[" POLYGON(LISTING "," BARS) "," BENZINGA "]}";

/* Pages of the archive that a run has, or what came without one. */
static size_t
count_pages(const char *dataset, uint64_t run)
{
    size_t count = 0;

    for (size_t i = 0; i < polling.page_count; i++)
        count += polling.pages[i].page.run == run &&
                 str_equal(polling.pages[i].page.dataset, str_of(dataset));
    return count;
}

/* Run 1 has listed three securities, run 2 but two: entry 1 waits. */
static void
begin(const char *config)
{
    static const char *const days[] = { "2024-12-10", "2024-12-11" };

    polling_start(config, "2024-12-17T07:00:00Z");
    polling.serve = market_serve;
    for (int run = 0; run < 2; run++) {
        market_listed = 3 - run;
        cr_assert_eq(
            polling_request("polygon", "tickers", days[run], days[run]), OK);
        polling_run_until(60 * (run + 1));
    }
    market_listed = 3;
    cr_assert_eq(polling_run_info(1).state, RUN_SUCCEEDED);
    cr_assert_eq(polling_run_info(2).state, RUN_QUARANTINED);
    cr_assert_eq(count_pages("tickers", 1), 2);
    cr_assert_eq(count_pages("tickers", 2), 1);
}

/* Entries that are open, or runs that have ended, from one number to another,
 * both included; the engine must be begun anew to see them. */
static void
put_many(enum state_space space, uint64_t from, uint64_t to)
{
    while (from <= to) {
        struct publication publication = { 0 };
        struct changes changes;

        changes_init(&changes);
        for (int i = 0; i < 2000 && from <= to; i++, from++) {
            struct quarantine_record entry = {
                .info = { .id = from,
                          .vendor = STR("polygon"),
                          .dataset = STR("webhook"),
                          .page = 1 },
            };
            struct run_record run = { .info = { .id = from,
                                                .vendor = STR("polygon"),
                                                .dataset = STR("tickers"),
                                                .state = RUN_UNCHANGED } };

            if (space == STATE_RUNS)
                changes_run(&changes, &run);
            else
                changes_entry(&changes, &entry);
        }
        cr_assert_eq(changes.err, OK);
        publication.state = changes.items;
        publication.state_count = changes.count;
        cr_assert_eq(engine_put(polling.engine, &publication, NULL, NULL), OK);
        changes_fini(&changes);
    }
}

/* Pages go after seven days, but those that somebody has to decide on. */
Test(engine_keeps, pages_of_an_open_entry_as_long_as_it_is)
{
    static const struct {
        const char *row;
        uint64_t others; /* entries that are open, and newer */
        enum quarantine_state decision;
        size_t kept; /* pages of run 2, the day after */
    } rows[] = {
        { "open", 0, QUARANTINE_OPEN, 1 },
        { "discarded", 0, QUARANTINE_DISCARDED, 0 },
        { "released", 0, QUARANTINE_RELEASED, 0 },
        { "released among many", RUNS_KEPT_MAX + 50, QUARANTINE_RELEASED, 0 },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct quarantine_info entry;
        struct why why = { "" };
        enum err err = OK;

        begin(both);
        put_many(STATE_QUARANTINE, 2, 1 + rows[i].others);
        polling_restart();
        polling_run_until(7 * DAY);
        cr_expect_eq(count_pages("tickers", 1), 2, "%s: for a week",
                     rows[i].row);
        polling_run_until(9 * DAY);
        cr_expect_eq(count_pages("tickers", 1), 0, "%s: good ones",
                     rows[i].row);
        cr_expect_eq(count_pages("tickers", 2), 1, "%s: those in quarantine",
                     rows[i].row);
        if (rows[i].decision == QUARANTINE_DISCARDED)
            err = engine_discard(polling.engine, 1, &why);
        if (rows[i].decision == QUARANTINE_RELEASED)
            err = polling_release(1, &why);
        cr_expect_eq(err, OK, "%s: %s", rows[i].row, why.text);
        cr_expect_eq(board_entry(polling.board, 1, &entry), OK);
        cr_expect_eq(entry.state, rows[i].decision, "%s: %s", rows[i].row,
                     quarantine_state_name(entry.state));
        polling_restart();
        polling_run_until(10 * DAY);
        cr_expect_eq(count_pages("tickers", 2), rows[i].kept, "%s: then",
                     rows[i].row);
        polling_stop();
    }
}

/* As figures have it, of polygon. */
static uint64_t
strays_told(void)
{
    struct poller_stats stats;

    engine_tell_all(polling.engine);
    board_stats(polling.board, &stats);
    cr_assert(str_equal(stats.vendors[0].vendor, STR("polygon")));
    return stats.vendors[0].strays_open;
}

/* What came by another way has its entry's number, which may be a run's. */
Test(engine_keeps, the_page_of_a_stray_as_long_as_it_is_open)
{
    const struct poller_stray stray = { .vendor = STR("polygon"),
                                        .dataset = STR("webhook"),
                                        .body = STR("odd"),
                                        .reason = "no rows" };
    struct why why;
    uint64_t id;

    polling_start(both, "2024-12-17T07:00:00Z");
    polling.serve = market_serve;
    cr_assert_eq(
        polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"), OK);
    polling_run_until(60);
    cr_assert_eq(engine_stray(polling.engine, &stray, &id, &why), OK);
    cr_assert_eq(id, 1);
    cr_expect_eq(strays_told(), 1);
    polling_restart();
    cr_expect_eq(strays_told(), 1, "behind a restart");
    polling_run_until(9 * DAY);
    cr_expect_eq(count_pages("tickers", 1), 0, "run 1 is another's");
    cr_expect_eq(count_pages("webhook", 1), 1);
    cr_expect_eq(engine_discard(polling.engine, 1, &why), OK, "%s", why.text);
    polling_run_until(10 * DAY);
    cr_expect_eq(count_pages("webhook", 1), 0);
    cr_expect_eq(strays_told(), 0);
    polling_stop();
}

static enum visit
count_key(void *count, struct str key, struct str value)
{
    (void)key;
    (void)value;
    ++*(size_t *)count;
    return VISIT_NEXT;
}

static bool
is_kept(uint64_t run)
{
    struct run_record record;
    struct arena arena;
    enum err err;

    arena_init(&arena, 1 << 16);
    err = engine_read_run(polling.engine, run, &arena, &record, NULL);
    arena_fini(&arena);
    cr_assert(err == OK || err == ERR_NOT_FOUND);
    return err == OK;
}

/* A run too many takes the oldest one's place, on disk as well. */
Test(engine_keeps, so_many_runs_and_those_with_open_entries)
{
    size_t count = 0;
    struct why why;

    begin(both);
    put_many(STATE_RUNS, 3, RUNS_KEPT_MAX);
    polling_restart();
    cr_assert_eq(
        polling_request("polygon", "tickers", "2024-12-10", "2024-12-10"), OK);
    cr_assert_eq(
        polling_request("benzinga", "trades", "2024-12-10", "2024-12-10"), OK);
    cr_expect_eq(
        store_state_scan(polling.store, STATE_RUNS, count_key, &count, &why),
        OK);
    cr_expect_eq(count, RUNS_KEPT_MAX, "%zu", count);
    cr_expect_not(is_kept(1));
    cr_expect(is_kept(2), "its entry is open");
    cr_expect_not(is_kept(3));
    cr_expect(is_kept(4));
    polling_stop();
}

/* While its run goes on, and behind a restart amid it. */
Test(engine_keeps, an_entry_is_discarded_amid_its_run)
{
    static const struct scripted odd[] = {
        { "AAA/2024-12-10", 1, 1, 200, FETCH_OK, NULL, "{}" },
    };

    for (int is_restarted = 0; is_restarted < 2; is_restarted++) {
        struct run_info run;
        struct why why;

        begin(both);
        polling.script = odd;
        polling.script_count = 1;
        cr_assert_eq(polling_request("polygon", "open-close", "2024-12-10",
                                     "2024-12-11"),
                     OK);
        polling_run_until(120.5);
        run = polling_run_info(3);
        cr_assert(run.state == RUN_RUNNING && run.done == 1, "%s, %lu",
                  run_state_name(run.state), run.done);
        cr_expect_eq(run.open, 1);
        cr_assert_eq(engine_discard(polling.engine, 2, &why), OK, "%s",
                     why.text);
        cr_expect_eq(polling_run_info(3).open, 0);
        if (is_restarted)
            polling_restart();
        polling_run_until(180);
        run = polling_run_info(3);
        cr_expect(run.state == RUN_QUARANTINED && run.done == 4 &&
                      run.open == 0,
                  "%d: %s, %lu done, %lu open", is_restarted,
                  run_state_name(run.state), run.done, run.open);
        polling_run_until(9 * DAY);
        cr_expect_eq(count_pages("open-close", 3), 0, "%d", is_restarted);
        polling_stop();
    }
}

/* A vendor, or one of its datasets, is taken out of the configuration, with a
 * run under way and an entry open. */
Test(engine_keeps, who_is_configured_no_more_is_told_of_still)
{
    static const struct {
        const char *row, *config;
        bool is_back; /* then it is configured again */
    } rows[] = {
        { "a vendor", "{\"vendors\":[" BENZINGA "]}", false },
        { "a dataset", "{\"vendors\":[" POLYGON(BARS) "," BENZINGA "]}",
          false },
        { "a vendor for a while", "{\"vendors\":[" BENZINGA "]}", true },
    };
    const struct poller_quarantine_page all = { .limit = 9 };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct quarantine_info entries[9];
        struct run_info run;
        struct why why;

        begin(both);
        polling.is_silent = true;
        cr_assert_eq(
            polling_request("polygon", "tickers", "2024-12-12", "2024-12-12"),
            OK);
        polling_run_until(130);
        cr_assert_eq(polling_run_info(3).state, RUN_RUNNING);
        polling.is_silent = false;
        polling.ended = 0;
        polling_restart_with(rows[i].config);
        cr_assert_eq(board_run(polling.board, STR("polygon"), 3, &run), OK,
                     "%s", rows[i].row);
        cr_expect_eq(run.state, RUN_FAILED, "%s: %s", rows[i].row,
                     run_state_name(run.state));
        cr_expect_str_eq(run.error, "its dataset is not configured any more",
                         "%s: %s", rows[i].row, run.error);
        cr_expect_eq(polling.ended, 1, "%s: it is logged", rows[i].row);
        polling_restart_with(rows[i].config);
        cr_expect_eq(polling.ended, 1, "%s: once", rows[i].row);
        cr_expect_eq(board_entries(polling.board, &all, entries), 1, "%s",
                     rows[i].row);
        cr_expect(str_equal(entries[0].vendor, STR("polygon")) &&
                      entries[0].state == QUARANTINE_OPEN,
                  "%s", rows[i].row);
        cr_expect_eq(polling_release(1, &why), ERR_INVALID, "%s", rows[i].row);
        cr_expect_str_eq(why.text, "polygon/tickers is not configured any more",
                         "%s: %s", rows[i].row, why.text);
        polling_run_until(9 * DAY);
        cr_expect_eq(count_pages("tickers", 1), 0, "%s", rows[i].row);
        cr_expect_eq(count_pages("tickers", 2), 1, "%s", rows[i].row);
        if (rows[i].is_back) {
            polling_restart_with(both);
            cr_expect_eq(polling_release(1, &why), OK, "%s: %s", rows[i].row,
                         why.text);
            cr_expect_eq(polling_run_info(2).state, RUN_SUCCEEDED, "%s",
                         rows[i].row);
        } else {
            cr_expect_eq(engine_discard(polling.engine, 1, &why), OK, "%s: %s",
                         rows[i].row, why.text);
        }
        polling_run_until(10 * DAY);
        cr_expect_eq(count_pages("tickers", 2), 0, "%s", rows[i].row);
        polling_stop();
    }
}

/* Whoever has a webhook's secret, or a vendor that changes its form, must not
 * take all memory: somebody has to decide first. */
Test(engine_keeps, so_many_open_entries_and_no_more)
{
    static const struct scripted odd[] = {
        { "AAA/2024-12-10", 1, 9, 200, FETCH_OK, NULL, "{}" },
    };
    static const char full[] =
        "10000 entries of quarantine are open: some must "
        "be released or discarded first";
    const struct state_change guards[] = {
        { STATE_WEBHOOKS, STR("polygon/1"), STR("then") },
        { STATE_WEBHOOKS, STR("polygon/2"), STR("then") },
    };
    struct poller_stray stray = { .vendor = STR("polygon"),
                                  .dataset = STR("webhook"),
                                  .body = STR("odd"),
                                  .reason = "no rows",
                                  .guard = &guards[0] };
    struct poller_vendor vendors[VENDORS_MAX];
    struct run_info run;
    struct why why = { "" };
    uint64_t id = 9;

    begin(both);
    put_many(STATE_QUARANTINE, 2, QUARANTINE_OPEN_MAX - 1);
    polling_restart();
    cr_expect_eq(engine_stray(polling.engine, &stray, &id, &why), OK, "%s",
                 why.text);
    cr_expect_eq(id, QUARANTINE_OPEN_MAX, "the last one: %lu", id);
    cr_expect_eq(engine_stray(polling.engine, &stray, &id, &why), OK, "%s",
                 why.text);
    cr_expect_eq(id, 0, "the same one again: %lu", id);
    stray.guard = &guards[1];
    cr_expect_eq(engine_stray(polling.engine, &stray, &id, &why), ERR_FULL);
    cr_expect_str_eq(why.text, full, "%s", why.text);
    cr_expect_eq(count_pages("webhook", QUARANTINE_OPEN_MAX + 1), 0);

    polling.script = odd;
    polling.script_count = 1;
    for (uint64_t of = 3; of <= 4; of++) {
        cr_assert_eq(polling_request("polygon", "open-close", "2024-12-10",
                                     "2024-12-10"),
                     OK);
        polling_run_until((double)(60 * of));
        run = polling_run_info(of);
        cr_expect_eq(run.state, of == 3 ? RUN_FAILED : RUN_QUARANTINED,
                     "run %lu: %s", of, run_state_name(run.state));
        cr_expect_str_eq(run.error, of == 3 ? full : "", "run %lu: %s", of,
                         run.error);
        cr_expect_eq(board_vendors(polling.board, vendors), 2);
        cr_expect_eq(vendors[0].consecutive_failures, 0, "run %lu", of);
        if (of == 3)
            cr_expect_eq(engine_discard(polling.engine, 5, &why), OK, "%s",
                         why.text);
    }
    cr_expect_eq(engine_stray(polling.engine, &stray, &id, &why), ERR_FULL);
    polling_stop();
}
