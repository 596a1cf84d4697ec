/* What the poller tells: pages of runs, and what is forgotten. */
#include <criterion/criterion.h>

#include "src/pipeline/board.h"

static void
put(struct board *board, uint64_t id, const char *vendor, enum run_state state)
{
    const struct run_info info = { .id = id,
                                   .vendor = str_of(vendor),
                                   .dataset = STR("trades"),
                                   .state = state };
    struct board_forgotten forgotten;
    enum err err = board_put_run(board, &info, &forgotten);

    cr_assert_eq(err, OK);
    cr_expect_eq(forgotten.id, 0, "run %lu forgets %lu", id, forgotten.id);
}

Test(board, runs_are_told_newest_first_page_by_page)
{
    static const struct {
        const char *vendor;
        uint64_t before;
        size_t limit, count;
        uint64_t ids[4];
    } cases[] = {
        { "a", 0, 4, 3, { 5, 3, 1 } }, { "a", 0, 2, 2, { 5, 3 } },
        { "a", 3, 4, 1, { 1 } },       { "a", 4, 4, 2, { 3, 1 } },
        { "a", 1, 4, 0, { 0 } },       { "b", 0, 4, 2, { 4, 2 } },
        { "c", 0, 4, 0, { 0 } },       { "a", 99, 4, 3, { 5, 3, 1 } },
    };
    struct board *board = board_new();
    struct run_info runs[4];

    cr_assert(board != NULL);
    for (uint64_t id = 1; id <= 5; id++)
        put(board, id, id % 2 == 1 ? "a" : "b", RUN_QUEUED);
    put(board, 3, "a", RUN_FAILED);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct poller_run_page page = { str_of(cases[i].vendor),
                                              cases[i].before, cases[i].limit };
        size_t count = board_runs(board, &page, runs);

        cr_assert_eq(count, cases[i].count, "case %zu: %zu", i, count);
        for (size_t k = 0; k < count; k++)
            cr_expect_eq(runs[k].id, cases[i].ids[k], "case %zu", i);
    }
    cr_expect_eq(board_run(board, STR("a"), 3, &runs[0]), OK);
    cr_expect_eq(runs[0].state, RUN_FAILED, "as it was put last");
    cr_expect_eq(board_run(board, STR("b"), 3, &runs[0]), ERR_NOT_FOUND);
    cr_expect_eq(board_run(board, STR("a"), 6, &runs[0]), ERR_NOT_FOUND);
    board_free(board);
}

Test(board, the_oldest_run_that_has_ended_is_forgotten)
{
    struct board *board = board_new();
    struct board_forgotten forgotten;
    struct run_info info;

    cr_assert(board != NULL);
    for (uint64_t id = 1; id <= RUNS_KEPT_MAX; id++)
        put(board, id, "a", id == 1 ? RUN_RUNNING : RUN_SUCCEEDED);
    info = (struct run_info){ .id = RUNS_KEPT_MAX + 1, .vendor = STR("a") };
    cr_assert_eq(board_put_run(board, &info, &forgotten), OK);
    cr_expect_eq(forgotten.id, 2, "%lu", forgotten.id);
    cr_expect_eq(board_run(board, STR("a"), 1, &info), OK);
    cr_expect_eq(board_run(board, STR("a"), 2, &info), ERR_NOT_FOUND);
    cr_expect_eq(board_run(board, STR("a"), 3, &info), OK);
    board_free(board);
}

/* Nor is what somebody must still decide on, nor the newest one. */
Test(board, what_is_open_is_never_forgotten)
{
    struct board *board = board_new();
    struct board_forgotten forgotten;
    struct quarantine_info entry = { .vendor = STR("a"),
                                     .dataset = STR("trades") };
    struct run_info run = { .vendor = STR("a"),
                            .dataset = STR("trades"),
                            .state = RUN_QUARANTINED };

    cr_assert(board != NULL);
    for (uint64_t id = 1; id <= RUNS_KEPT_MAX; id++) {
        run.id = entry.id = id;
        run.open = id != 5;
        entry.state = id == 5 ? QUARANTINE_DISCARDED : QUARANTINE_OPEN;
        cr_assert_eq(board_put_run(board, &run, &forgotten), OK);
        cr_assert_eq(forgotten.id, 0, "run %lu", id);
        cr_assert_eq(board_put_entry(board, &entry, &forgotten), OK);
        cr_assert_eq(forgotten.id, 0, "entry %lu", id);
    }
    for (uint64_t more = 1; more <= 2; more++) {
        run.id = entry.id = RUNS_KEPT_MAX + more;
        run.open = 0;
        entry.state = QUARANTINE_RELEASED;
        cr_assert_eq(board_put_run(board, &run, &forgotten), OK);
        cr_expect_eq(forgotten.id, more == 1 ? 5 : RUNS_KEPT_MAX + 1,
                     "run %lu forgets %lu", run.id, forgotten.id);
        cr_assert_eq(board_put_entry(board, &entry, &forgotten), OK);
        cr_expect_eq(forgotten.id, more == 1 ? 5 : RUNS_KEPT_MAX + 1,
                     "entry %lu forgets %lu", entry.id, forgotten.id);
    }
    board_free(board);
}

Test(board, open_entries_of_a_run_the_oldest_first)
{
    struct board *board = board_new();
    struct board_forgotten forgotten;
    struct quarantine_info entry = { .vendor = STR("a"),
                                     .dataset = STR("trades") },
                           out[3];

    cr_assert(board != NULL);
    for (uint64_t id = 1; id <= 12; id++) {
        entry.id = id;
        entry.run = id % 2;
        entry.state = id == 3 ? QUARANTINE_RELEASED : QUARANTINE_OPEN;
        cr_assert_eq(board_put_entry(board, &entry, &forgotten), OK);
    }
    cr_expect_eq(board_open_entries(board, 1, 3, out), 3);
    cr_expect(out[0].id == 1 && out[1].id == 5 && out[2].id == 7,
              "%lu, %lu, %lu", out[0].id, out[1].id, out[2].id);
    cr_expect_eq(board_open_entries(board, 1, 2, out), 2);
    cr_expect_eq(board_open_entries(board, 2, 3, out), 0);
    board_free(board);
}
