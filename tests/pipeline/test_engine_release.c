/* A release goes page by page: others go on, and it may end between any two. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

/* The bars of AAA are of another day than is asked for. */
#define BAD 5
static const struct scripted odd[] = {
    { "open-close/AAA", 1, 99, 200, FETCH_OK, NULL,
      "{\"status\":\"OK\",\"from\":\"2024-12-09\",\"symbol\":\"AAA\","
      "\"open\":10,\"high\":12,\"low\":9,\"close\":11}" },
};

static struct run_info
newest_run(const char *vendor, const char *dataset)
{
    const struct poller_run_page page = { str_of(vendor), 0, 16 };
    struct run_info runs[16];
    size_t count = board_runs(polling.board, &page, runs);

    for (size_t i = 0; i < count; i++)
        if (str_equal(runs[i].dataset, str_of(dataset)))
            return runs[i];
    return (struct run_info){ 0 };
}

/* Five bars are in quarantine, as entries 1 to 5, ten are published. */
static struct run_info
begin(void)
{
    static const struct {
        const char *vendor, *dataset, *from, *to;
    } asks[] = {
        { "polygon", "tickers", "2024-12-02", "2024-12-02" },
        { "benzinga", "trades", "2024-12-01", "2024-12-16" },
        { "polygon", "open-close", "2024-12-10", "2024-12-16" },
    };
    struct run_info run;

    polling_start(market_config, "2024-12-17T07:00:00Z");
    polling.serve = market_serve;
    polling.script = odd;
    polling.script_count = 1;
    for (size_t i = 0; i < sizeof asks / sizeof asks[0]; i++)
        cr_assert_eq(polling_request(asks[i].vendor, asks[i].dataset,
                                     asks[i].from, asks[i].to),
                     OK, "ask %zu", i);
    polling_run_until(600);
    run = newest_run("polygon", "open-close");
    cr_assert(run.state == RUN_QUARANTINED && run.stored == 10, "%s, %lu",
              run_state_name(run.state), run.stored);
    return run;
}

static unsigned
count_entries(enum quarantine_state state)
{
    struct quarantine_info entry;
    unsigned count = 0;

    for (uint64_t id = 1; id <= BAD; id++) {
        cr_assert_eq(board_entry(polling.board, id, &entry), OK);
        count += entry.state == state;
    }
    return count;
}

/* Each turn publishes a page, and takes a step of the other vendor's run. */
Test(engine_release, others_go_on_while_pages_are_released)
{
    const uint64_t id = begin().id;
    const size_t asked = polling.request_count;
    struct engine_release release = { .id = 3 }, second = { .id = 4 };
    struct poller_request again = { .vendor = STR("polygon"),
                                    .dataset = STR("open-close") };
    struct poller_vendor vendors[VENDORS_MAX];
    struct poller_answer answer;
    struct why why;

    cr_assert_eq(polling_request("benzinga", "trades", "", ""), OK);
    engine_release(polling.engine, &release);
    for (unsigned turn = 1; turn <= BAD; turn++) {
        cr_expect_not(release.is_over, "turn %u", turn);
        cr_expect_eq(newest_run("polygon", "open-close").state, RUN_QUARANTINED,
                     "turn %u", turn);
        engine_release(polling.engine, &second);
        cr_expect(second.is_over && second.err == ERR_CONFLICT, "turn %u",
                  turn);
        cr_expect_eq(engine_request(polling.engine, &again, &answer, &why),
                     ERR_CONFLICT, "turn %u", turn);
        cr_expect_eq(answer.run, id, "turn %u: run %lu", turn, answer.run);
        cr_expect_eq(engine_discard(polling.engine, BAD, &why), ERR_CONFLICT,
                     "turn %u", turn);
        cr_expect_eq(engine_cancel(polling.engine, STR("polygon"), id, &why),
                     ERR_CONFLICT, "turn %u", turn);
        cr_expect_eq(board_vendors(polling.board, vendors), 2);
        cr_expect(turn == 1 || vendors[0].state == VENDOR_RUNNING, "turn %u",
                  turn);
        (void)engine_turn(polling.engine);
        cr_expect_eq(count_entries(QUARANTINE_RELEASED), turn, "turn %u: %u",
                     turn, count_entries(QUARANTINE_RELEASED));
    }
    cr_expect(release.is_over && release.err == OK, "%s", release.why.text);
    cr_expect_gt(polling.request_count, asked, "trades were asked for");
    cr_expect_eq(newest_run("polygon", "open-close").state, RUN_SUCCEEDED);
    cr_expect_eq(newest_run("polygon", "open-close").stored, 11);
    cr_expect_eq(engine_request(polling.engine, &again, &answer, &why), OK);
    polling_stop();
}

/* What was released stays so, what was not is in quarantine as before. */
Test(engine_release, it_can_be_broken_off_between_two_pages)
{
    for (unsigned pages = 0; pages < BAD; pages++) {
        struct engine_release release = { .id = 1 };
        struct why why;
        uint64_t id = begin().id;
        struct run_info run;

        engine_release(polling.engine, &release);
        for (unsigned page = 0; page < pages; page++)
            (void)engine_turn(polling.engine);
        engine_break_off(polling.engine, ERR_BUSY, "the end");
        cr_expect(release.is_over && release.err == ERR_BUSY, "%u pages",
                  pages);
        cr_expect_str_eq(release.why.text, "the end", "%u pages", pages);
        for (int start = 0; start < 2; start++) {
            cr_expect_eq(count_entries(QUARANTINE_RELEASED), pages,
                         "%u pages, start %d", pages, start);
            cr_expect_eq(count_entries(QUARANTINE_OPEN), BAD - pages,
                         "%u pages, start %d", pages, start);
            run = newest_run("polygon", "open-close");
            cr_expect(run.id == id && run.state == RUN_QUARANTINED,
                      "%u pages, start %d: %s", pages, start,
                      run_state_name(run.state));
            cr_expect_eq(run.stored, 10 + (pages > 0),
                         "%u pages, start %d: %lu", pages, start, run.stored);
            polling_restart();
        }
        cr_expect_eq(polling_release(BAD, &why), OK, "%u pages: %s", pages,
                     why.text);
        cr_expect_eq(count_entries(QUARANTINE_RELEASED), BAD, "%u pages",
                     pages);
        run = newest_run("polygon", "open-close");
        cr_expect(run.state == RUN_SUCCEEDED && run.stored == 11 &&
                      run.unchanged == BAD - 1,
                  "%u pages: %s, %lu stored, %lu unchanged", pages,
                  run_state_name(run.state), run.stored, run.unchanged);
        polling_stop();
    }
}

/* Cut off at any door and begun anew, it comes to the same. */
Test(engine_release, what_is_cut_off_is_still_in_quarantine)
{
    struct arena arena;
    const char *whole, *got;
    bool is_cut = true;
    struct why why;

    arena_init(&arena, 64 << 20);
    (void)begin();
    cr_assert_eq(polling_release(1, &why), OK, "%s", why.text);
    whole = polling_contents(&arena);
    polling_stop();
    for (int fuse = 0; is_cut; fuse++) {
        unsigned released;

        (void)begin();
        polling.fuse = fuse;
        (void)!polling_release(1, &why);
        is_cut = polling.is_over;
        polling_restart();
        released = count_entries(QUARANTINE_RELEASED);
        /* A page is read, then published: two doors each. */
        cr_expect_eq(released, fuse / 2 < BAD ? (unsigned)fuse / 2 : BAD,
                     "cut at door %d: %u", fuse, released);
        cr_expect_eq(newest_run("polygon", "open-close").state,
                     released < BAD ? RUN_QUARANTINED : RUN_SUCCEEDED,
                     "cut at door %d", fuse);
        if (released < BAD)
            cr_expect_eq(polling_release(BAD, &why), OK, "cut at door %d: %s",
                         fuse, why.text);
        cr_expect_eq(count_entries(QUARANTINE_RELEASED), BAD, "cut at door %d",
                     fuse);
        got = polling_contents(&arena);
        cr_expect_str_eq(got, whole, "cut at door %d: %s", fuse, got);
        polling_stop();
        cr_assert_lt(fuse, 100, "it never was whole");
    }
    arena_fini(&arena);
}

/* What was archived may be gone, or not be what it was. */
Test(engine_release, a_raw_page_that_cannot_be_read_stays_open)
{
    static const struct {
        enum err recalled, err;
        const char *why;
    } rows[] = {
        { ERR_NOT_FOUND, ERR_INVALID, "its raw pages are gone" },
        { ERR_MALFORMED, ERR_INVALID, "as asked for" },
        { ERR_TOO_LARGE, ERR_INVALID, "as asked for" },
        { ERR_BUSY, ERR_BUSY, "as asked for" },
        { ERR_STORE, ERR_STORE, "as asked for" },
        { OK, OK, "" },
    };

    (void)begin();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct why why = { "" };
        enum err err;

        polling.recalled = rows[i].recalled;
        err = polling_release(1, &why);
        cr_expect_eq(err, rows[i].err, "row %zu: %d", i, err);
        cr_expect_str_eq(why.text, rows[i].why, "row %zu: %s", i, why.text);
        cr_expect_eq(count_entries(QUARANTINE_OPEN), err == OK ? 0 : BAD,
                     "row %zu", i);
    }
    polling_stop();
}

/* Whoever waits hears of it, though no page is turned any more. */
Test(engine_release, it_ends_with_the_store)
{
    struct engine_release release = { .id = 1 };

    (void)begin();
    engine_release(polling.engine, &release);
    polling.fails = true;
    cr_assert_eq(polling_request("benzinga", "trades", "", ""), ERR_STORE);
    (void)engine_turn(polling.engine);
    cr_expect(release.is_over && release.err == ERR_STORE, "%d", release.err);
    polling_stop();
}
