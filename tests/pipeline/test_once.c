/* A request under a key is stored once, however often it is sent. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/bounds.h"
#include "secmaster/store_lmdb.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define KEPT_US (IDEMPOTENCY_KEPT_SECONDS * 1000000LL)

/* What became of a request: stored, the first answer again, refused for its
 * key or for its facts, found good by a dry run. */
enum outcome { STORED, AGAIN, OTHER, REFUSED, GOOD };

static enum outcome
outcome_of(const struct write_job *job)
{
    if (job->err == ERR_INVALID)
        return job->once.found == ONCE_OTHER ? OTHER : REFUSED;
    cr_assert_eq(job->err, OK, "err %d: %s", job->err, job->why.text);
    if (job->once.found == ONCE_AGAIN)
        return AGAIN;
    return job->tx == 0 ? GOOD : STORED;
}

static const struct {
    const char *facts, *key; /* facts NULL: the writer is started anew */
    int64_t at_us;           /* since the table before */
    bool dry_run;
    enum outcome outcome;
    uint64_t tx; /* of the answer */
} steps[] = {
    { "+t", "a", 0, false, STORED, 1 },
    { "+t", "a", 0, false, AGAIN, 1 },
    { "+t +u", "a", 0, false, OTHER, 0 },
    { "+t", "A", 0, false, STORED, 2 },
    { "+t", "aa", 0, false, STORED, 3 },
    { "+t", "", 0, false, STORED, 4 },
    { "+t", "", 0, false, STORED, 5 },

    /* Only what is stored keeps its key. */
    { "-gone", "b", 0, false, REFUSED, 0 },
    { "+t", "b", 0, false, STORED, 6 },
    { "-gone", "b", 0, false, OTHER, 0 },
    { "+t", "c", 0, true, GOOD, 0 },
    { "+u", "c", 0, false, STORED, 7 },
    { "+v", "c", 0, true, GOOD, 0 },
    { "-v", "c", 0, true, REFUSED, 0 },

    /* A retraction that was stored is not judged again. */
    { "-u", "d", 0, false, STORED, 8 },
    { "-u", "d", 0, false, AGAIN, 8 },
    { "-u", "e", 0, false, REFUSED, 0 },

    { NULL, NULL, 0, false, STORED, 0 },
    { "+t", "a", 0, false, AGAIN, 1 },
    { "+u", "c", 0, false, AGAIN, 7 },
    { "-u", "d", 0, false, AGAIN, 8 },
    { "-gone", "b", 0, false, OTHER, 0 },

    /* For so long, whether somebody has asked for it meanwhile or not. */
    { "+t", "a", KEPT_US - 1, false, AGAIN, 1 },
    { "+t +u", "a", KEPT_US - 1, false, OTHER, 0 },
    { "+t +u", "a", KEPT_US, false, STORED, 9 },
    { "+t +u", "a", KEPT_US, false, AGAIN, 9 },
    { "+t", "a", KEPT_US, false, OTHER, 0 },
    { "+t", "aa", KEPT_US + 100, false, STORED, 10 },
    { NULL, NULL, KEPT_US, false, STORED, 0 },
    { "+t +u", "a", KEPT_US, false, AGAIN, 9 },
    { "+t +u", "a", 2 * KEPT_US - 1, false, AGAIN, 9 },
    { "+t +u", "a", 2 * KEPT_US, false, STORED, 11 },
};

static void
run_steps(const char *store)
{
    for (size_t i = 0; i < COUNT(steps); i++) {
        struct test_job *job;
        char answer[64];

        if (steps[i].facts == NULL) {
            writing_restart();
            continue;
        }
        writing.clock_us = 7 * KEPT_US + steps[i].at_us;
        job = test_job_keyed(steps[i].facts, steps[i].key);
        job->job.dry_run = steps[i].dry_run;
        test_job_submit_and_wait(job);
        cr_expect_eq(outcome_of(&job->job), steps[i].outcome,
                     "%s, step %zu (%s under \"%s\"): %d", store, i,
                     steps[i].facts, steps[i].key, outcome_of(&job->job));
        cr_expect_eq(job->job.tx, steps[i].tx, "%s, step %zu: tx %lu", store, i,
                     job->job.tx);
        if (steps[i].outcome == AGAIN) {
            snprintf(answer, sizeof answer, "tx %lu of %u facts", steps[i].tx,
                     job->job.batch->fact_count);
            cr_expect(
                str_equal(out_text(&job->job.once.answer), str_of(answer)),
                "%s, step %zu: %.*s", store, i,
                STR_ARG(out_text(&job->job.once.answer)));
            cr_expect_eq(job->job.once.status, 201);
        }
        test_job_free(job);
    }
}

Test(once, is_stored_once_for_as_long_as_its_key_is_kept)
{
    writing_start(store_memory_new());
    run_steps("memory");
    writing_stop();
}

Test(once, is_stored_once_on_disk_too)
{
    struct temp_dir dir;
    const struct store_lmdb_options options = { .dir = dir.path,
                                                .map_bytes = 64UL << 20 };
    struct store *store;
    struct why why = { "" };

    temp_dir_make(&dir);
    cr_assert_eq(store_lmdb_open(&options, &store, &why), OK, "%s", why.text);
    writing_start(store);
    run_steps("disk");
    writing_stop();
    temp_dir_remove(&dir);
}

Test(once, names_the_key_in_its_transaction)
{
    static const struct {
        const char *key, *kept;
    } cases[] = { { "a", "a" }, { "", "" } };
    struct arena arena;

    writing_start(store_memory_new());
    arena_init(&arena, 1 << 16);
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *job = test_job_keyed("+t", cases[c].key);
        struct tx_info info;

        test_job_submit_and_wait(job);
        cr_assert_eq(
            store_transaction(writing.store, c + 1, &arena, &info, NULL), OK);
        cr_expect(str_equal(info.idempotency_key, str_of(cases[c].kept)),
                  "\"%s\": %.*s", cases[c].key, STR_ARG(info.idempotency_key));
        test_job_free(job);
    }
    arena_fini(&arena);
    writing_stop();
}

/* In flight is what has been queued and is not answered. */
Test(once, is_in_flight_until_it_is_answered)
{
    struct test_job *first = test_job_keyed("+t", "a");
    struct test_job *queued = test_job_keyed("+t", "b");
    struct test_job *refused = test_job_keyed("-gone", "c");
    struct test_job *later[3] = { test_job_keyed("+t", "a"),
                                  test_job_keyed("+u", "b"),
                                  test_job_keyed("+t", "c") };
    static const enum outcome outcomes[] = { AGAIN, OTHER, STORED };
    struct test_job *back[3];

    writing_start(store_memory_new());
    writing.held = true;
    test_job_submit(first);
    writing_entered();
    test_job_submit(queued);
    test_job_submit(refused);
    for (size_t i = 0; i < COUNT(later); i++)
        cr_expect_eq(writer_submit(writing.writer, &later[i]->job),
                     ERR_CONFLICT, "key %.*s", STR_ARG(later[i]->job.once.key));
    writing_release();
    test_jobs_wait(back, COUNT(back));
    cr_expect_eq(outcome_of(&first->job), STORED);
    cr_expect_eq(outcome_of(&queued->job), STORED);
    cr_expect_eq(outcome_of(&refused->job), REFUSED);
    for (size_t i = 0; i < COUNT(later); i++) {
        test_job_submit_and_wait(later[i]);
        cr_expect_eq(outcome_of(&later[i]->job), outcomes[i], "job %zu: %d", i,
                     outcome_of(&later[i]->job));
        test_job_free(later[i]);
    }
    test_job_free(first);
    test_job_free(queued);
    test_job_free(refused);
    writing_stop();
}

Test(once, a_full_queue_leaves_the_key_free)
{
    struct test_job *held = test_job_keyed("+t", "a");
    struct test_job *large = test_job_keyed("+t", "b");
    struct test_job *again = test_job_keyed("+t", "c");
    struct test_job *back[2];

    writing_start(store_memory_new());
    writing.held = true;
    test_job_submit(held);
    writing_entered();
    large->job.bytes = WRITE_QUEUE_BYTES_MAX;
    test_job_submit(large);
    cr_expect_eq(writer_submit(writing.writer, &again->job), ERR_BUSY);
    cr_expect_eq(writer_submit(writing.writer, &again->job), ERR_BUSY);
    writing_release();
    test_jobs_wait(back, COUNT(back));
    test_job_submit_and_wait(again);
    cr_expect_eq(outcome_of(&again->job), STORED);
    test_job_free(held);
    test_job_free(large);
    test_job_free(again);
    writing_stop();
}

/* A commit of several, each repeated; and one that the store refuses. */
Test(once, keys_of_one_commit_are_kept_or_not_at_all)
{
    static const enum err codes[] = { OK, ERR_FULL, ERR_BUSY };

    for (size_t c = 0; c < COUNT(codes); c++) {
        struct test_job *jobs[4], *back[4];
        char keys[4][2] = { "a", "b", "c", "d" };

        writing_start(store_memory_new());
        writing.held = true;
        writing.err[1] = codes[c];
        for (size_t i = 0; i < COUNT(jobs); i++) {
            jobs[i] = test_job_keyed("+t", keys[i]);
            test_job_submit(jobs[i]);
            if (i == 0)
                writing_entered();
        }
        writing_release();
        test_jobs_wait(back, COUNT(back));
        cr_expect_eq(writing.batches[1], 3);
        for (size_t i = 0; i < COUNT(jobs); i++) {
            bool kept = i == 0 || codes[c] == OK;

            cr_expect_eq(jobs[i]->job.err, i == 0 ? OK : codes[c]);
            test_job_free(jobs[i]);
            jobs[i] = test_job_keyed("+t", keys[i]);
            test_job_submit_and_wait(jobs[i]);
            cr_expect_eq(outcome_of(&jobs[i]->job), kept ? AGAIN : STORED,
                         "err %d, key %s: %d", codes[c], keys[i],
                         outcome_of(&jobs[i]->job));
            cr_expect_eq(jobs[i]->job.tx, i + 1, "err %d, key %s", codes[c],
                         keys[i]);
        }
        for (size_t i = 0; i < COUNT(jobs); i++)
            test_job_free(jobs[i]);
        writing_stop();
    }
}

static enum visit
count_key(void *context, struct str key, struct str value)
{
    size_t *count = context;

    (void)key;
    (void)value;
    ++*count;
    return VISIT_NEXT;
}

static size_t
keys_held(enum state_space space)
{
    size_t count = 0;

    cr_assert_eq(
        store_state_scan(writing.store, space, count_key, &count, NULL), OK);
    return count;
}

static void
post(const char *key, int64_t at_us)
{
    struct test_job *job = test_job_keyed("+t", key);

    writing.clock_us = at_us;
    test_job_submit_and_wait(job);
    cr_expect_eq(outcome_of(&job->job), STORED, "key \"%s\"", key);
    test_job_free(job);
}

/* Keys that are too old go by and by, whoever commits, and leave nothing. */
Test(once, old_keys_are_removed_a_few_at_a_time)
{
    enum { KEYS = 50 };
    const int64_t start = 3 * KEPT_US;
    size_t before = KEYS, commits = 0;

    writing_start(store_memory_new());
    for (int i = 0; i < KEYS; i++) {
        char key[16];

        snprintf(key, sizeof key, "key-%d", i);
        post(key, start + i);
    }
    post("", start + KEPT_US - 1);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), KEYS, "all are young enough");
    post("", start + KEPT_US + 9);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), KEYS - 10);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), KEYS - 10);
    writing_restart();
    for (before = KEYS - 10; before > 0 && commits < KEYS; commits++) {
        size_t left;

        post("", start + KEPT_US + KEYS);
        left = keys_held(STATE_IDEMPOTENCY);
        cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), left);
        cr_expect_lt(left, before, "commit %zu", commits);
        cr_expect_leq(before - left, 20, "commit %zu", commits);
        before = left;
    }
    cr_expect_eq(before, 0);
    cr_expect_gt(commits, 1);

    /* A key of the next commit is the oldest again. */
    post("last", start + 2 * KEPT_US);
    post("", start + 3 * KEPT_US - 1);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 1);
    post("", start + 3 * KEPT_US);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 0);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), 0);
    writing_stop();
}

/* Used anew by the commit that removes what was old, it stays. */
Test(once, a_key_used_anew_outlives_its_older_self)
{
    const int64_t start = 3 * KEPT_US;

    writing_start(store_memory_new());
    post("a", start);
    post("b", start + 1);
    post("a", start + KEPT_US);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 2);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), 2);
    post("", start + KEPT_US + 1);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 1);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), 1);

    struct test_job *job = test_job_keyed("+t", "a");

    test_job_submit_and_wait(job);
    cr_expect_eq(outcome_of(&job->job), AGAIN);
    cr_expect_eq(job->job.tx, 3);
    test_job_free(job);
    writing_stop();
}

/* Also where the turn of its older self to be removed comes later only. */
Test(once, a_key_used_anew_is_not_removed_for_its_older_self)
{
    enum { KEYS = 40 };
    const int64_t start = 3 * KEPT_US;
    struct test_job *job;

    writing_start(store_memory_new());
    for (int i = 0; i < KEYS; i++) {
        char key[16];

        snprintf(key, sizeof key, "key-%d", i);
        post(key, start + i);
    }
    post("key-39", start + KEPT_US + KEYS);
    cr_expect_gt(keys_held(STATE_IDEMPOTENCY), 1);
    for (int i = 0; i < 5; i++)
        post("", start + KEPT_US + 2 * KEYS);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 1);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), 1);
    job = test_job_keyed("+t", "key-39");
    test_job_submit_and_wait(job);
    cr_expect_eq(outcome_of(&job->job), AGAIN);
    test_job_free(job);
    writing_stop();
}

/* A commit that was refused has removed nothing. */
Test(once, old_keys_are_removed_by_what_is_stored_only)
{
    const int64_t start = 3 * KEPT_US;
    struct test_job *job;

    writing_start(store_memory_new());
    post("a", start);
    writing.err[1] = ERR_FULL;
    writing.clock_us = start + KEPT_US;
    job = test_job_run("+t");
    cr_expect_eq(job->job.err, ERR_FULL);
    test_job_free(job);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 1);
    post("", start + KEPT_US);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY), 0);
    cr_expect_eq(keys_held(STATE_IDEMPOTENCY_AGE), 0);
    writing_stop();
}

Test(once, dry_runs_count_and_store_nothing)
{
    static const struct {
        const char *facts;
        enum outcome outcome;
        uint32_t count, securities;
    } cases[] = {
        { "+t +u#2", GOOD, 2, 2 }, { "-t", REFUSED, 0, 0 },
        { "+t -t", GOOD, 2, 1 },   { "-t +t", REFUSED, 0, 0 },
        { "-kept", GOOD, 1, 1 },   { "+name@source", GOOD, 1, 1 },
    };
    struct writer_stats stats;

    writing_start(store_memory_new());
    test_job_free(test_job_run("+kept"));
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *job = test_job_new(cases[c].facts);

        job->job.dry_run = true;
        test_job_submit_and_wait(job);
        cr_expect_eq(outcome_of(&job->job), cases[c].outcome, "%s: %d",
                     cases[c].facts, outcome_of(&job->job));
        if (cases[c].outcome == GOOD) {
            cr_expect_eq(job->job.facts, cases[c].count, "%s", cases[c].facts);
            cr_expect_eq(job->job.securities, cases[c].securities, "%s",
                         cases[c].facts);
        }
        test_job_free(job);
    }
    cr_expect_eq(store_newest(writing.store), 1);
    cr_expect_eq(names_count(writing.store->attributes), 1);
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.batches, 1);
    cr_expect_eq(stats.commits, 1);
    writing_stop();
}

/* What waits in front of a dry run is there when it is judged. */
Test(once, dry_runs_are_judged_in_the_queues_order)
{
    struct test_job *held = test_job_new("+a");
    struct test_job *assertion = test_job_new("+t");
    struct test_job *retraction = test_job_new("-t");
    struct test_job *last = test_job_new("+t +u@s");
    struct test_job *back[4];

    writing_start(store_memory_new());
    writing.held = true;
    retraction->job.dry_run = last->job.dry_run = true;
    test_job_submit(held);
    writing_entered();
    test_job_submit(assertion);
    test_job_submit(retraction);
    test_job_submit(last);
    writing_release();
    test_jobs_wait(back, COUNT(back));
    cr_expect_eq(outcome_of(&retraction->job), GOOD);
    cr_expect_eq(outcome_of(&last->job), GOOD);
    cr_expect_eq(store_newest(writing.store), 2);
    cr_expect_eq(names_count(writing.store->attributes), 2);
    for (size_t i = 0; i < COUNT(back); i++)
        test_job_free(back[i]);
    writing_stop();
}
