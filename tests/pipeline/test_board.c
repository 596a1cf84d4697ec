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
