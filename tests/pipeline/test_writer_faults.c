/* The writer when the store, the clock or the queue's limits are against it. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The store refuses once: all of that commit are told, nothing remains. */
Test(writer_faults, a_refused_commit_leaves_nothing)
{
    static const enum err codes[] = { ERR_FULL, ERR_BUSY };

    for (size_t c = 0; c < COUNT(codes); c++) {
        struct test_job *jobs[3], *back[3], *after;

        writing_start(store_memory_new());
        writing.held = true;
        writing.err[1] = codes[c];
        jobs[0] = test_job_new("+ticker");
        jobs[1] = test_job_new("+name@manual");
        jobs[2] = test_job_new("+name +sector@other");
        test_job_submit(jobs[0]);
        writing_entered();
        test_job_submit(jobs[1]);
        test_job_submit(jobs[2]);
        writing_release();
        test_jobs_wait(back, COUNT(back));
        cr_expect_eq(jobs[0]->job.err, OK);
        for (size_t i = 1; i < COUNT(jobs); i++) {
            cr_expect_eq(jobs[i]->job.err, codes[c], "job %zu: err %d", i,
                         jobs[i]->job.err);
            cr_expect_str_eq(jobs[i]->job.why.text, "as scripted");
            cr_expect_eq(jobs[i]->job.tx, 0, "job %zu", i);
        }

        after = test_job_run("+country@vendor");
        cr_expect_eq(after->job.err, OK);
        cr_expect_eq(after->job.tx, 2);
        cr_expect_eq(names_find(writing.store->attributes, STR("country")), 1);
        cr_expect_eq(names_count(writing.store->attributes), 2);
        cr_expect_eq(names_find(writing.store->sources, STR("vendor")), 1);
        cr_expect_eq(names_count(writing.store->sources), 2);
        cr_expect_eq(atomic_load(&writing.failures), 0);
        for (size_t i = 0; i < COUNT(jobs); i++)
            test_job_free(jobs[i]);
        test_job_free(after);
        writing_stop();
    }
}

/* An unknown outcome ends all writing, and says so once. */
Test(writer_faults, a_failed_store_is_not_written_again)
{
    struct test_job *jobs[4], *back[4];

    writing_start(store_memory_new());
    writing.held = true;
    writing.err[0] = ERR_STORE;
    jobs[0] = test_job_new("+ticker");
    jobs[1] = test_job_new("+name");
    jobs[2] = test_job_new("-name");
    jobs[3] = test_job_new("+name");
    test_job_submit(jobs[0]);
    writing_entered();
    for (size_t i = 1; i < COUNT(jobs); i++)
        test_job_submit(jobs[i]);
    writing_release();
    test_jobs_wait(back, COUNT(back));
    for (size_t i = 0; i < COUNT(jobs); i++) {
        cr_expect_eq(back[i], jobs[i], "job %zu came out of turn", i);
        cr_expect_eq(jobs[i]->job.err, ERR_STORE, "job %zu: err %d", i,
                     jobs[i]->job.err);
        test_job_free(jobs[i]);
    }
    jobs[0] = test_job_run("+ticker");
    cr_expect_eq(jobs[0]->job.err, ERR_STORE);
    cr_expect_str_eq(jobs[0]->job.why.text, "the store has failed");
    test_job_free(jobs[0]);
    cr_expect_eq(atomic_load(&writing.calls), 1);
    cr_expect_eq(atomic_load(&writing.failures), 1);
    writing_stop();
}

/* Also behind a restart, which reads the last transaction. */
Test(writer_faults, recorded_at_always_goes_on)
{
    static const struct {
        int64_t clock_us, recorded_us;
        bool restart;
    } cases[] = {
        { -5, -5, false },     { 2000, 2000, false }, { 1500, 2001, false },
        { 2002, 2002, false }, { 2002, 2003, false }, { 10, 2004, true },
        { 2005, 2005, false }, { 3000, 3000, true },
    };

    writing_start(store_memory_new());
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *job;

        if (cases[c].restart)
            writing_restart();
        writing.clock_us = cases[c].clock_us;
        job = test_job_run("+ticker");
        cr_expect_eq(job->job.recorded_at.us, cases[c].recorded_us,
                     "row %zu: %ld", c, job->job.recorded_at.us);
        cr_expect_eq(job->job.tx, c + 1, "row %zu", c);
        test_job_free(job);
    }
    writing_stop();
}

/* Starting reads the last transaction, and its sources with it. */
Test(writer_faults, starts_behind_a_batch_of_very_many_sources)
{
    enum { SOURCES = 300000 };
    struct test_job *job;
    struct out facts;

    out_init(&facts, 1UL << 24);
    for (int i = 0; i < SOURCES; i++)
        out_print(&facts, "+a@s%d ", i);
    out_char(&facts, '\0');
    cr_assert_eq(out_finish(&facts), OK);
    writing_start(store_memory_new());
    for (int i = 0; i < 2; i++) {
        job = test_job_run(facts.data);
        cr_expect_eq(job->job.err, OK, "batch %d: err %d", i, job->job.err);
        test_job_free(job);
        writing_restart();
    }
    writing_stop();
    out_fini(&facts);
}

Test(writer_faults, the_queue_is_bounded_by_jobs)
{
    struct test_job **jobs = calloc(WRITE_QUEUE_JOBS_MAX + 1, sizeof *jobs);
    struct test_job *more;

    cr_assert_neq(jobs, NULL);
    writing_start(store_memory_new());
    more = test_job_new("+ticker");
    writing.held = true;
    jobs[0] = test_job_new("+ticker");
    test_job_submit(jobs[0]);
    writing_entered();
    for (size_t i = 1; i <= WRITE_QUEUE_JOBS_MAX; i++) {
        jobs[i] = test_job_new("+ticker");
        test_job_submit(jobs[i]);
    }
    cr_expect_eq(writer_submit(writing.writer, &more->job), ERR_BUSY);
    writing_release();
    test_jobs_wait(jobs, WRITE_QUEUE_JOBS_MAX + 1);
    for (size_t i = 0; i <= WRITE_QUEUE_JOBS_MAX; i++) {
        cr_expect_eq(jobs[i]->job.tx, i + 1);
        test_job_free(jobs[i]);
    }
    cr_expect_eq(writer_submit(writing.writer, &more->job), OK);
    test_jobs_wait(&more, 1);
    test_job_free(more);
    free(jobs);
    writing_stop();
}

/* The size of a second job that waits behind one of so many bytes. */
Test(writer_faults, the_queue_is_bounded_by_bytes)
{
    static const struct {
        size_t first, second;
        enum err err;
    } cases[] = {
        { 1, WRITE_QUEUE_BYTES_MAX - 1, OK },
        { 1, WRITE_QUEUE_BYTES_MAX, ERR_BUSY },
        { WRITE_QUEUE_BYTES_MAX + 1, 1, ERR_BUSY }, /* but alone it may */
    };

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *held, *first, *second, *back[3];

        writing_start(store_memory_new());
        writing.held = true;
        held = test_job_new("+ticker");
        first = test_job_new("+ticker");
        second = test_job_new("+ticker");
        first->job.bytes = cases[c].first;
        second->job.bytes = cases[c].second;
        test_job_submit(held);
        writing_entered();
        test_job_submit(first);

        enum err err = writer_submit(writing.writer, &second->job);

        cr_expect_eq(err, cases[c].err, "row %zu: err %d", c, err);
        writing_release();
        test_jobs_wait(back, err == OK ? 3 : 2);
        test_job_free(held);
        test_job_free(first);
        test_job_free(second);
        writing_stop();
    }
}
