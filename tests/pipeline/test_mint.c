/* Ids for new securities: each given once, none that is taken, none in vain. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "src/pipeline/mint.h"
#include "tests/pipeline/writing.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEPS_MAX 8

/* What a store keeps as the next id; 0: nothing. */
static struct store *
store_with_next(uint64_t next)
{
    struct store *store = store_memory_new();
    struct state_change change = { STATE_MINT, MINT_KEY, { NULL, 0 } };
    struct batch_maker maker;

    if (next == 0)
        return store;
    change.value = (struct str){ (const char *)&next, sizeof next };
    maker_init(&maker, 1, 0);
    maker_first_names(&maker);
    maker_fact(&maker, 5, 5, "1");
    maker.batch.state = &change;
    maker.batch.state_count = 1;
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
    return store;
}

/*
 * Batches between bars, and what each was given above MINTED_FIRST by label,
 * or 'x' refused, 'f' for want of ids. A '?' is a dry run, '!' one that the
 * store refuses, '.' a restart of the writer. # and a number above 10^12
 * counts from there.
 */
static const struct {
    const char *name;
    uint64_t next; /* 0: MINTED_FIRST */
    const char *batches, *given;
} cases[] = {
    { "labels in order of appearance", 0, "+t#b +t#a +u#b|+t#a", "0 1|2" },
    { "an id with a record", 0, "+t#1000000000000|+t#a +t#b", "|1 2" },
    { "an id with a record behind others", 0,
      "+t#1000000000001|+t#a +t#b +t#c|+t#a", "|0 2 3|4" },
    { "an id that the batch names", 0, "+t#a +t#1000000000000 +t#b", "1 2" },
    { "one that it names later", 0, "+t#a +t#b +t#1000000000001|+t#a",
      "0 2|3" },
    { "two dates of a security are one", 0, "+t#a +t#a/2|+t#a", "0|1" },
    { "many taken in a row", 0,
      "+t#1000000000000 +t#1000000000001 +t#1000000000002 "
      "+t#1000000000004|+t#a +t#b",
      "|3 5" },
    { "ids far off and below do not matter", 0,
      "+t#999999999999 +t#9007199254740992 +t#9223372036854775807|+t#a", "|0" },
    { "a refused batch uses none", 0, "+t#a -gone|+t#a +t#b", "x|0 1" },
    { "a dry run uses none", 0, "?+t#a +t#b|+t#a", "0 1|0" },
    { "nor do several, behind ids that are taken", 0,
      "+t#1000000000000|?+t#a|?+t#b|+t#a", "|1|1|1" },
    { "nor does what a dry run would keep stay", 0, "?+t#a +t#b|+t#a|.|+t#a",
      "0 1|0||1" },
    { "a failed commit uses none", 0, "!+t#a|+t#a|+t#b", "x|0|1" },
    { "a refused batch's own names are free", 0,
      "+t#a +t#1000000000000 -gone|+t#a", "x|0" },
    { "an id that has a record since", 0, "+t#a|+t#1000000000001|+t#a",
      "0||2" },
    { "a security that was given is named later", 0,
      "+t#a|+u#1000000000000|+t#a", "0||1" },
    { "a restart", 0, "+t#a|.|+t#a|.|.|+t#a", "0||1|||2" },
    { "a restart behind a refused one", 0, "+t#a|+t#a -gone|.|+t#a", "0|x||1" },
    { "retracted in its own batch", 0, "+t#a -t#a|+t#a", "0|1" },
    { "a retraction of a new security", 0, "-t#a|+t#a", "x|0" },
    { "a retraction beside its assertion", 0, "+t#a -u#a|+t#a", "x|0" },
    { "where the store left off", MINTED_FIRST + 7, "+t#a", "7" },
    { "passed over once and for all", MINTED_FIRST + 7, "+t#1000000000000|+t#a",
      "|7" },
    { "the last one", MINTED_LAST, "+t#a|+t#a|+t", "9006199254740991|f|" },
    { "one too many", MINTED_LAST, "+t#a +t#b|+t#a", "f|9006199254740991" },
    { "the last one is taken", MINTED_LAST, "+t#9007199254740991|+t#a", "|f" },
    { "the last one is named", MINTED_LAST, "+t#9007199254740991 +t#a|+t#a",
      "f|9006199254740991" },
    { "a dry run of too many", MINTED_LAST, "?+t#a +t#b", "f" },
    { "none is left", MINTED_LAST + 1, "+t#a|+t", "f|" },
};

static void
put_given(struct out *out, const struct write_job *job)
{
    const struct batch *batch = job->batch;

    if (job->err == ERR_FULL && job->why.text[1] == 'l') {
        out_char(out, 'f');
    } else if (job->err != OK) {
        out_char(out, 'x');
    } else {
        for (uint32_t i = 0; i < batch->labels.count; i++)
            out_print(out, "%s%ld", i == 0 ? "" : " ",
                      batch->minted[i] - MINTED_FIRST);
    }
}

static void
run_step(const char *text, struct out *out)
{
    struct test_job *job;

    if (text[0] == '.') {
        writing_restart();
        return;
    }
    if (text[0] == '!')
        writing.err[atomic_load(&writing.calls)] = ERR_FULL;
    job = test_job_new(text + (text[0] == '!' || text[0] == '?'));
    job->job.dry_run = text[0] == '?';
    test_job_submit_and_wait(job);
    put_given(out, &job->job);
    test_job_free(job);
}

Test(mint, gives_each_new_security_the_next_free_id)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        const char *rest = cases[c].batches;
        struct out given;

        writing_start(store_with_next(cases[c].next));
        out_init(&given, 4096);
        while (*rest != '\0') {
            char step[256];
            size_t len = strcspn(rest, "|");

            snprintf(step, sizeof step, "%.*s", (int)len, rest);
            run_step(step, &given);
            rest += len;
            if (*rest == '|') {
                out_char(&given, '|');
                rest++;
            }
        }
        cr_expect(str_equal(out_text(&given), str_of(cases[c].given)),
                  "%s: %.*s", cases[c].name, STR_ARG(out_text(&given)));
        out_fini(&given);
        writing_stop();
    }
}

/* The records are about the ids that were given. */
static enum visit
see_record(void *context, const struct record *record)
{
    out_print(context, "%ld/%d ", record->security_id, record->effective.days);
    return VISIT_NEXT;
}

Test(mint, stores_records_of_the_ids_it_gave)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct test_job *job;
    struct view view;
    struct out seen;

    writing_start(store_memory_new());
    job = test_job_run("+t#b +t#7 +t#a +t#b/3 +u#b");
    cr_expect_eq(job->job.securities, 3);
    cr_expect_eq(job->job.facts, 5);
    out_init(&seen, 4096);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_expect_eq(store_scan(&view, &all, see_record, &seen, NULL), OK);
    store_view_end(&view);
    cr_expect(
        str_equal(out_text(&seen), STR("7/1 1000000000000/1 1000000000000/3 "
                                       "1000000000001/1 ")),
        "%.*s", STR_ARG(out_text(&seen)));
    out_fini(&seen);
    test_job_free(job);
    writing_stop();
}

/* Batches of one commit: what one of them names or was given is taken for the
 * others; what the store refused is not. */
Test(mint, gives_no_id_twice_in_one_commit)
{
    static const struct {
        const char *batches[4];
        int64_t first[4]; /* what label a is given, above MINTED_FIRST; -1 */
        int64_t after;    /* what the next commit gives */
    } groups[] = {
        { { "+t#a", "+t#a", "+t#a +t#b", "+t#a" }, { 0, 1, 2, 4 }, 5 },
        { { "+t#a", "+t#1000000000001", "+t#a", "+t#a" }, { 0, -1, 2, 3 }, 4 },
        { { "+t#1000000000000 +t#1000000000002", "+t#a", "+t#a", "+t#a" },
          { -1, 1, 3, 4 },
          5 },
        { { "+t#1000000000001 +t#a", "+t#a", "+t#1000000000004", "+t#a" },
          { 0, 2, -1, 3 },
          5 },
    };

    for (size_t g = 0; g < COUNT(groups); g++) {
        for (int refused = 0; refused < 2; refused++) {
            struct test_job *held = test_job_new("+t"), *jobs[4], *back[5];
            struct test_job *after;

            writing_start(store_memory_new());
            writing.held = true;
            writing.err[1] = refused ? ERR_FULL : OK;
            test_job_submit(held);
            writing_entered();
            for (size_t i = 0; i < COUNT(jobs); i++) {
                jobs[i] = test_job_new(groups[g].batches[i]);
                test_job_submit(jobs[i]);
            }
            writing_release();
            test_jobs_wait(back, COUNT(back));
            cr_expect_eq(writing.batches[1], 4);
            for (size_t i = 0; i < COUNT(jobs); i++) {
                const struct batch *batch = jobs[i]->job.batch;

                cr_expect_eq(jobs[i]->job.err, refused ? ERR_FULL : OK);
                if (batch->labels.count > 0)
                    cr_expect_eq(batch->minted[0] - MINTED_FIRST,
                                 groups[g].first[i],
                                 "group %zu, batch %zu: "
                                 "%ld",
                                 g, i, batch->minted[0]);
                test_job_free(jobs[i]);
            }
            after = test_job_run("+t#a");
            cr_expect_eq(after->job.batch->minted[0] - MINTED_FIRST,
                         refused ? 0 : groups[g].after, "group %zu: %ld", g,
                         after->job.batch->minted[0]);
            test_job_free(after);
            test_job_free(held);
            writing_stop();
        }
    }
}

/* The first waits in the store, so that the others are one commit: what label
 * a of the last is given, above MINTED_FIRST. */
static int64_t
give_behind(const char *first, const char *second, const char *last)
{
    struct test_job *jobs[] = { test_job_new(first), test_job_new(second),
                                test_job_new(last) };
    struct test_job *back[COUNT(jobs)];
    int64_t given;

    writing.held = true;
    test_job_submit(jobs[0]);
    writing_entered();
    test_job_submit(jobs[1]);
    test_job_submit(jobs[2]);
    writing_release();
    test_jobs_wait(back, COUNT(back));
    given = jobs[2]->job.batch->minted[0] - MINTED_FIRST;
    for (size_t i = 0; i < COUNT(jobs); i++)
        test_job_free(jobs[i]);
    return given;
}

Test(mint, looks_at_each_commit_from_its_beginning)
{
    int64_t given;

    writing_start(store_memory_new());
    given = give_behind("+t", "+t +t#2 +t#3", "+t#a");
    cr_expect_eq(given, 0, "%ld", given);
    given = give_behind("+t", "+t#1000000000001", "+t#a");
    cr_expect_eq(given, 2, "%ld", given);
    writing_stop();
}

/* Thousands of labels among thousands of ids that are taken. */
Test(mint, passes_over_all_that_is_taken)
{
    enum { LABELS = 3000 };
    struct test_job *taken, *own;
    struct out facts;

    writing_start(store_memory_new());
    out_init(&facts, 1 << 20);
    for (int i = 0; i < LABELS; i++)
        out_print(&facts, "+t#%ld ", MINTED_FIRST + 3 * i);
    out_char(&facts, '\0');
    taken = test_job_run(facts.data);
    out_reset(&facts);
    for (int i = 0; i < LABELS; i++)
        out_print(&facts, "+t#n%d +t#%ld ", i, MINTED_FIRST + 3 * i + 1);
    out_char(&facts, '\0');
    own = test_job_run(facts.data);
    cr_assert_eq(own->job.err, OK);
    for (int i = 0; i < LABELS; i++)
        cr_assert_eq(own->job.batch->minted[i], MINTED_FIRST + 3 * i + 2,
                     "label %d: %ld", i, own->job.batch->minted[i]);
    test_job_free(taken);
    test_job_free(own);
    out_fini(&facts);
    writing_stop();
}

Test(mint, a_damaged_next_id_is_refused)
{
    static const struct {
        uint64_t next;
        enum err err;
    } nexts[] = {
        { MINTED_FIRST, OK },
        { MINTED_LAST + 1, OK },
        { MINTED_FIRST - 1, ERR_STORE },
        { MINTED_LAST + 2, ERR_STORE },
        { UINT64_MAX, ERR_STORE },
    };

    for (size_t c = 0; c < COUNT(nexts); c++) {
        struct store *store = store_with_next(nexts[c].next);
        struct mint mint;
        struct why why = { "" };
        enum err err = mint_init(&mint, store, &why);

        cr_expect_eq(err, nexts[c].err, "%lu: err %d", nexts[c].next, err);
        if (err != OK)
            cr_expect_str_eq(why.text, "the next id to be minted is damaged");
        mint_fini(&mint);
        store_close(store);
    }
}

/* What a job gave and named in vain is as if it had never been. */
Test(mint, takes_back_what_a_job_of_several_batches_did)
{
    struct record record = { .kind = RECORD_FACTS,
                             .security_id = MINTED_FIRST };
    struct fact fact = { .attribute = STR("a"), .value = VALUE_OF_NULL };
    struct store *store = store_memory_new();
    struct batch *batch = batch_new(0);
    struct mint mint;

    cr_assert_eq(batch_label(batch, STR("x"), &fact.security_id), OK);
    cr_assert_eq(batch_add(batch, &fact, 0), OK);
    cr_assert_eq(batch_seal(batch), OK);
    cr_assert_eq(mint_init(&mint, store, NULL), OK);
    cr_expect_eq(mint_batch(&mint, batch, &record, 1, NULL), OK);
    cr_expect_eq(batch->minted[0], MINTED_FIRST + 1, "%ld", batch->minted[0]);
    mint_cut(&mint, MINTED_FIRST, 0);
    record.security_id = MINTED_FIRST + 1;
    cr_expect_eq(mint_batch(&mint, batch, &record, 1, NULL), OK);
    cr_expect_eq(batch->minted[0], MINTED_FIRST, "%ld", batch->minted[0]);
    cr_expect_eq(mint_batch(&mint, batch, &record, 1, NULL), OK);
    cr_expect_eq(batch->minted[0], MINTED_FIRST + 2, "%ld", batch->minted[0]);
    mint_fini(&mint);
    batch_free(batch);
    store_close(store);
}
