/* Days of portfolios among batches of facts: names, order, failure. */
#include <criterion/criterion.h>

#include "secmaster/positionset.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

static void
expect_done(struct test_job *job, enum err err, uint64_t tx)
{
    cr_expect_eq(job->job.err, err, "tx %lu: err %d: %s", tx, job->job.err,
                 job->job.why.text);
    cr_expect_eq(job->job.tx, tx, "tx %lu, not %lu", job->job.tx, tx);
    cr_expect_eq(job->job.facts, 0, "tx %lu", tx);
    test_job_free(job);
}

/* Submit jobs that go into one commit, behind a batch of facts that makes them
 * wait, and take all of them home. */
static void
run_together(struct test_job **jobs, size_t count)
{
    struct test_job *facts = test_job_new("+ticker"), *back[8];

    atomic_store(&writing.held, true);
    test_job_submit(facts);
    writing_entered();
    for (size_t i = 0; i < count; i++)
        test_job_submit(jobs[i]);
    writing_release();
    test_jobs_wait(back, count + 1);
    test_job_free(facts);
}

/* Records as "NAME/day#tx=quantity ", "-" for none. */
static enum visit
note(void *context, const struct record *record)
{
    struct names *names = writing.store->portfolios;
    struct str payload = record->payload;
    struct positionset_item item = { 0, STR("-") };
    struct out *seen = context;
    enum err err;

    (void)positionset_next(&payload, &item, &err);
    cr_expect_eq(err, OK);
    out_print(seen, "%.*s/%d#%lu=%.*s ",
              STR_ARG(names_text(names, (uint32_t)record->security_id)),
              record->effective.days, record->tx, STR_ARG(item.quantity));
    return VISIT_NEXT;
}

static void
expect_records(const char *expected)
{
    const struct scan_range all = SCAN_ALL(RECORD_POSITIONS);
    struct view view;
    struct out seen;

    out_init(&seen, 4096);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_assert_eq(store_scan(&view, &all, note, &seen, NULL), OK);
    store_view_end(&view);
    cr_expect(str_equal(out_text(&seen), str_of(expected)), "%.*s",
              STR_ARG(out_text(&seen)));
    out_fini(&seen);
}

Test(writer_positions, days_of_one_commit_share_a_new_name)
{
    struct test_job *jobs[4];
    const struct names *names;

    writing_start(store_memory_new());
    jobs[0] = test_day_new("core", 5, "1.50");
    jobs[1] = test_day_new("other", 5, "2");
    jobs[2] = test_day_new("core", 5, "3");
    jobs[3] = test_day_new("core", 4, "");
    run_together(jobs, 4);
    for (size_t i = 0; i < 4; i++)
        expect_done(jobs[i], OK, i + 2);
    cr_expect_eq(writing.batches[1], 4, "%zu", writing.batches[1]);
    expect_records("core/4#5=- core/5#2=1.50 core/5#4=3 other/5#3=2 ");
    names = writing.store->portfolios;
    cr_assert_eq(names_count(names), 2);
    cr_expect_eq(names_first_assertion(names, 0), 2);
    cr_expect_eq(names_first_assertion(names, 1), 3);
    writing_stop();
}

Test(writer_positions, what_a_transaction_of_them_is)
{
    struct test_job *job;
    struct arena arena;
    struct tx_info info;

    writing_start(store_memory_new());
    job = test_day_new("core", 5, "1");
    run_together(&job, 1);
    expect_done(job, OK, 2);
    arena_init(&arena, 1 << 16);
    cr_assert_eq(store_transaction(writing.store, 2, &arena, &info, NULL), OK);
    cr_expect_eq(info.kind, BATCH_POSITIONS);
    cr_expect_eq(info.facts, 0);
    cr_expect_eq(info.securities, 0);
    cr_expect_eq(info.source_count, 0);
    arena_fini(&arena);
    writing_stop();
}

/* A name is known once its commit is. */
Test(writer_positions, a_failed_commit_leaves_no_portfolio)
{
    struct test_job *job;

    writing_start(store_memory_new());
    writing.err[1] = ERR_FULL;
    job = test_day_new("lost", 5, "1");
    run_together(&job, 1);
    expect_done(job, ERR_FULL, 0);
    cr_expect_eq(names_count(writing.store->portfolios), 0);
    job = test_day_new("kept", 5, "1");
    run_together(&job, 1);
    expect_done(job, OK, 3);
    cr_expect_eq(names_find(writing.store->portfolios, STR("kept")), 0);
    cr_expect_eq(names_first_assertion(writing.store->portfolios, 0), 3);
    expect_records("kept/5#3=1 ");
    writing_stop();
}
