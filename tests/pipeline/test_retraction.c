/* A retraction is judged in order of arrival, inside a batch too. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/store_lmdb.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BATCHES_MAX 8

/* Batches between bars; for each 'o' stored or 'x' refused. */
static const struct {
    const char *batches, *outcome;
} cases[] = {
    { "-t", "x" },
    { "+t", "o" },
    { "+t|-t", "oo" },
    { "+t|-u", "ox" },
    { "+t -t", "o" },
    { "-t +t", "x" },
    { "+t -t -t", "x" },
    { "+t -t +t -t", "o" },
    { "+t|-t -t", "ox" },
    { "+t|-t|-t", "oox" },
    { "+t|-t|+t|-t", "oooo" },
    { "+t|-t -t|-t", "oxo" },
    { "+t|+t|-t|-t", "ooox" }, /* what was superseded does not come back */
    { "+t|-t +t|-t", "ooo" },
    { "+t|-t +t -t|-t", "oox" },

    /* Another key in one respect only. */
    { "+t|-t@manual", "ox" },
    { "+t@manual|-t", "ox" },
    { "+t@manual|-t@manual", "oo" },
    { "+t|-t/2", "ox" },
    { "+t/2|-t/2", "oo" },
    { "+t|-t#2", "ox" },
    { "+t#2|-t#2", "oo" },
    { "+t +u|-t -u|-u", "oox" },
    { "+t|-t +u -u", "oo" },
    { "+t|+u -t/2", "ox" },

    /* The default source is the source of that name. */
    { "+t@default|-t", "oo" },
    { "+t -t@default", "o" },
    { "+t -t@default -t", "x" },

    /* A refused batch is as if never sent, its assertions and names too. */
    { "+t -u|-t", "xx" },
    { "-n +t|+t|-t -n|-t", "xoxo" },
    { "+t|+u@m -v@m|+v@n|-v@n -u@m|-v@n", "oxoxo" },
};

static size_t
split(const char *batches, char texts[BATCHES_MAX][64])
{
    size_t count = 0;

    while (*batches != '\0') {
        size_t len = strcspn(batches, "|");

        cr_assert_lt(count, BATCHES_MAX);
        snprintf(texts[count++], 64, "%.*s", (int)len, batches);
        batches += len + (batches[len] == '|');
    }
    return count;
}

static void
expect_outcome(const char *batches, const char *outcome, struct test_job **jobs,
               size_t count)
{
    uint64_t tx = store_newest(writing.store);

    for (size_t i = count; i-- > 0;) {
        const struct write_job *job = &jobs[i]->job;

        cr_expect_eq(job->err, outcome[i] == 'o' ? OK : ERR_INVALID,
                     "%s: batch %zu: err %d", batches, i, job->err);
        cr_expect_eq(jobs[i]->complaints.total > 0, outcome[i] == 'x',
                     "%s: batch %zu: complaints", batches, i);
        cr_expect_eq(job->tx, outcome[i] == 'o' ? tx-- : 0, "%s: batch %zu",
                     batches, i);
    }
}

/* With the batches sent one after the other, or all while one is held. */
enum sending { ONE_BY_ONE, TOGETHER };

static void
run_case(const char *batches, const char *outcome, enum sending sending)
{
    char texts[BATCHES_MAX][64];
    struct test_job *jobs[BATCHES_MAX + 1];
    size_t count = split(batches, texts);

    atomic_store(&writing.held, sending == TOGETHER);
    jobs[0] = test_job_new("+first#77");
    test_job_submit(jobs[0]);
    if (sending == TOGETHER)
        writing_entered();
    else
        test_jobs_wait(jobs, 1);
    for (size_t i = 1; i <= count; i++) {
        jobs[i] = test_job_new(texts[i - 1]);
        test_job_submit(jobs[i]);
        if (sending == ONE_BY_ONE)
            test_jobs_wait(&jobs[i], 1);
    }
    if (sending == TOGETHER) {
        writing_release();
        test_jobs_wait(jobs, count + 1);
    }
    expect_outcome(batches, outcome, jobs + 1, count);
    for (size_t i = 0; i <= count; i++)
        test_job_free(jobs[i]);
}

Test(retraction, needs_a_live_assertion)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        for (enum sending s = ONE_BY_ONE; s <= TOGETHER; s++) {
            writing_start(store_memory_new());
            run_case(cases[c].batches, cases[c].outcome, s);
            writing_stop();
        }
    }
}

Test(retraction, needs_a_live_assertion_in_the_embedded_store)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct temp_dir dir;
        struct store_lmdb_options options = { .dir = dir.path,
                                              .map_bytes = 64UL << 20 };
        struct store *store;
        struct why why;

        temp_dir_make(&dir);
        enum err err = store_lmdb_open(&options, &store, &why);

        cr_assert_eq(err, OK, "%s", why.text);
        writing_start(store);
        run_case(cases[c].batches, cases[c].outcome, TOGETHER);
        writing_stop();
        temp_dir_remove(&dir);
    }
}

/* Which facts are named, in order of arrival. */
Test(retraction, complaints_name_each_place)
{
    static const struct {
        const char *facts, *places;
    } refused[] = {
        { "+t -u +w -v", "/facts/1 /facts/3 " },
        { "-z -a", "/facts/0 /facts/1 " },
        { "-z -z/2 -a", "/facts/0 /facts/1 /facts/2 " },
        { "+t -t -t", "/facts/2 " },
        { "-t/2 +t +t/2 -t -t", "/facts/0 /facts/4 " },
    };

    writing_start(store_memory_new());
    for (size_t c = 0; c < COUNT(refused); c++) {
        struct test_job *job = test_job_run(refused[c].facts);
        struct out places;

        out_init(&places, 4096);
        for (size_t i = 0; i < job->complaints.listed; i++) {
            const struct complaint *complaint = &job->complaints.items[i];

            out_print(&places, "%s ", complaint->pointer);
            cr_expect_str_eq(complaint->detail,
                             "there is no live assertion of this security, "
                             "attribute, date and source to retract");
        }
        cr_expect_eq(job->job.err, ERR_INVALID, "%s", refused[c].facts);
        cr_expect(str_equal(out_text(&places), str_of(refused[c].places)),
                  "%s: %.*s", refused[c].facts, STR_ARG(out_text(&places)));
        out_fini(&places);
        test_job_free(job);
    }
    cr_expect_eq(store_newest(writing.store), 0);
    cr_expect_eq(names_count(writing.store->attributes), 0);
    cr_expect_eq(names_count(writing.store->sources), 0);
    writing_stop();
}

/* One record with very many keys must not take quadratic time. */
Test(retraction, of_many_attributes_at_once)
{
    enum { KEYS = 50000 };
    struct out asserts, retracts;

    out_init(&asserts, 64UL << 20);
    out_init(&retracts, 64UL << 20);
    for (int i = 0; i < KEYS; i++) {
        out_print(&asserts, "+a%d ", i);
        out_print(&retracts, "-a%d ", i);
    }
    out_char(&asserts, '\0');
    out_char(&retracts, '\0');
    cr_assert_eq(out_finish(&asserts), OK);
    cr_assert_eq(out_finish(&retracts), OK);
    writing_start(store_memory_new());
    struct test_job *first = test_job_run(asserts.data);
    struct test_job *second = test_job_run(retracts.data);
    struct test_job *third = test_job_run(retracts.data);

    cr_expect_eq(first->job.err, OK);
    cr_expect_eq(second->job.err, OK);
    cr_expect_eq(third->job.err, ERR_INVALID);
    cr_expect_eq(third->complaints.total, KEYS);
    test_job_free(first);
    test_job_free(second);
    test_job_free(third);
    out_fini(&asserts);
    out_fini(&retracts);
    writing_stop();
}
