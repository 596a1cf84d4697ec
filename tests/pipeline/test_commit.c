/* A commit that cannot take a batch is as it was before it. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/factset.h"
#include "src/pipeline/commit.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

/* The facts of a record as "SECURITY/DAY@TX.ATTRIBUTE=VALUE ". */
static enum visit
put_record(void *context, const struct record *record)
{
    struct out *out = context;
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    while (factset_next(&payload, &item, &err))
        out_print(out, "%ld/%d@%lu.%u=%.*s ", record->security_id,
                  record->effective.days, record->tx, item.attribute,
                  STR_ARG(item.value.text));
    cr_expect_eq(err, OK);
    return VISIT_NEXT;
}

static void
put_store(struct out *out, struct store *store)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct view view;

    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_expect_eq(store_scan(&view, &all, put_record, out, NULL), OK);
    store_view_end(&view);
}

/* Memory fails at each growth of the payload that a large batch needs. */
Test(commit, without_memory_forgets_a_batch_whole)
{
    enum { FACTS = 5000 };
    struct out facts;
    size_t failures = 0;
    enum err err = ERR_BUSY;

    out_init(&facts, 1 << 20);
    for (int i = 0; i < FACTS; i++)
        out_print(&facts, "+n%d#%d@s%d ", i, i, i);
    out_char(&facts, '\0');
    cr_assert_eq(out_finish(&facts), OK);

    for (size_t fail_after = 1; err != OK; fail_after++) {
        struct store *store = store_memory_new();
        struct test_job *small = test_job_new("+a +b");
        struct test_job *large = test_job_new(facts.data);
        struct test_job *last = test_job_new("+c#2 +a#2");
        const struct instant now = { 5 };
        struct commit commit;
        struct out seen;

        cr_assert_eq(commit_init(&commit, store, NULL), OK);
        cr_assert_eq(commit_admit(&commit, &small->job, now), OK);
        commit.payload.fail_after = fail_after;
        err = commit_admit(&commit, &large->job, now);
        commit.payload.fail_after = 0;
        if (err != OK) {
            failures++;
            cr_expect_eq(err, ERR_BUSY, "err %d", err);
            cr_expect_str_eq(large->job.why.text, "out of memory");
            cr_expect_eq(commit_admit(&commit, &last->job, now), OK);
            cr_expect_eq(last->job.tx, 2);
            cr_expect_eq(commit_append(&commit, NULL), OK);
            out_init(&seen, 1 << 16);
            put_store(&seen, store);
            cr_expect(
                str_equal(out_text(&seen), STR("1/1@1.0=0 1/1@1.1=1 2/1@2.2=0 "
                                               "2/1@2.0=1 ")),
                "growth %zu: %.*s", fail_after, STR_ARG(out_text(&seen)));
            out_fini(&seen);
            cr_expect_eq(names_count(store->attributes), 3);
            cr_expect_eq(names_count(store->sources), 1);
        }
        commit_fini(&commit);
        test_job_free(small);
        test_job_free(large);
        test_job_free(last);
        store_close(store);
    }
    cr_expect_geq(failures, 3, "%zu growths", failures);
    out_fini(&facts);
}
