/* Rules of precedence among batches of facts: names, order, failure, restart.
 */
#include <criterion/criterion.h>

#include "tests/pipeline/writing.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
put_sources(struct out *out, const struct rule_list *list)
{
    for (uint32_t i = 0; i < list->source_count; i++)
        out_print(
            out, "%.*s,",
            STR_ARG(names_text(writing.store->sources, list->sources[i])));
}

/* The rule as known at tx, as test_rule_new has it. */
static void
expect_rule(uint64_t tx, const char *expected)
{
    const struct rule *rule = rulebook_at(writing.store->rules, tx);
    const struct rule_list *lists;
    uint32_t count = 0;
    struct out out;

    out_init(&out, 4096);
    if (rule != NULL) {
        lists = rule_lists(rule, &count);
        put_sources(&out, &lists[0]);
        for (uint32_t i = 1; i < count; i++) {
            out_print(&out, " %.*s:",
                      STR_ARG(names_text(writing.store->attributes,
                                         lists[i].attribute)));
            put_sources(&out, &lists[i]);
        }
    }
    cr_expect(str_equal(out_text(&out), str_of(expected)), "tx %lu: %.*s", tx,
              STR_ARG(out_text(&out)));
    out_fini(&out);
}

static void
expect_done(struct test_job *job, uint64_t tx)
{
    cr_expect_eq(job->job.err, OK, "tx %lu: err %d: %s", tx, job->job.err,
                 job->job.why.text);
    cr_expect_eq(job->job.tx, tx, "tx %lu, not %lu", job->job.tx, tx);
    test_job_free(job);
}

Test(writer_rules, rule_from_their_transaction_on)
{
    struct tx_info info;
    struct arena arena;

    writing_start(store_memory_new());
    expect_done(test_job_run("+ticker"), 1);
    expect_done(test_rule_run("manual,vendor ticker:vendor name:"), 2);
    expect_done(test_job_run("+ticker@vendor"), 3);
    expect_done(test_rule_run("vendor"), 4);
    expect_done(test_rule_run(""), 5);
    for (int round = 0; round < 2; round++) {
        expect_rule(0, "");
        expect_rule(1, "");
        expect_rule(2, "manual,vendor, ticker:vendor, name:");
        expect_rule(3, "manual,vendor, ticker:vendor, name:");
        expect_rule(4, "vendor,");
        expect_rule(5, "");
        writing_restart();
    }
    arena_init(&arena, 1 << 16);
    cr_assert_eq(store_transaction(writing.store, 2, &arena, &info, NULL), OK);
    cr_expect_eq(info.kind, BATCH_PRECEDENCE);
    cr_expect_eq(info.facts, 0);
    cr_expect_eq(info.securities, 0);
    cr_expect_eq(info.source_count, 0);
    arena_fini(&arena);
    writing_stop();
}

static uint64_t
first_assertion(const char *name)
{
    const struct names *names = writing.store->attributes;
    uint32_t id = names_find(names, str_of(name));

    cr_assert_neq(id, NAME_NONE, "%s", name);
    return names_first_assertion(names, id);
}

static uint64_t
first_retraction(const char *name)
{
    const struct names *names = writing.store->attributes;

    return names_first_retraction(names, names_find(names, str_of(name)));
}

/* An attribute that only a rule names was never asserted. */
Test(writer_rules, bring_in_names_that_nobody_has_asserted)
{
    struct test_job *jobs[4], *back[4];

    writing_start(store_memory_new());
    expect_done(test_rule_run("a name:a,b sector:c ipo:"), 1);
    cr_expect_eq(names_count(writing.store->attributes), 3);
    cr_expect_eq(names_count(writing.store->sources), 3);
    cr_expect_eq(first_assertion("name"), TX_NEVER);
    cr_expect_eq(first_assertion("sector"), TX_NEVER);
    expect_done(test_job_run("+ticker@a"), 2);
    cr_expect_eq(names_count(writing.store->sources), 3);

    /* Two batches of one commit assert it: the first one counts. */
    writing.held = true;
    jobs[0] = test_job_new("+ticker");
    jobs[1] = test_job_new("+name#1@b +ticker");
    jobs[2] = test_job_new("+name#2 +sector");
    jobs[3] = test_job_new("+sector#2 +ipo");
    for (size_t i = 0; i < COUNT(jobs); i++) {
        test_job_submit(jobs[i]);
        if (i == 0)
            writing_entered();
    }
    writing_release();
    test_jobs_wait(back, COUNT(back));
    for (size_t i = 0; i < COUNT(jobs); i++)
        expect_done(jobs[i], i + 3);
    cr_expect_eq(first_assertion("name"), 4);
    cr_expect_eq(first_assertion("sector"), 5);
    cr_expect_eq(first_assertion("ipo"), 6);
    cr_expect_eq(names_count(writing.store->attributes), 4);

    /* A rule changes no milestone. */
    expect_done(test_rule_run(" name:a country:a"), 7);
    expect_done(test_job_run("+country -country"), 8);
    cr_expect_eq(first_assertion("name"), 4);
    cr_expect_eq(first_retraction("name"), TX_NEVER);
    cr_expect_eq(first_assertion("country"), 8);
    cr_expect_eq(first_retraction("country"), 8);
    writing_stop();
}

/* A refused batch takes its milestones along. */
Test(writer_rules, let_a_refused_batch_assert_nothing)
{
    struct test_job *refused;

    writing_start(store_memory_new());
    expect_done(test_rule_run(" name:a"), 1);
    refused = test_job_run("+name -ticker");
    cr_expect_eq(refused->job.err, ERR_INVALID);
    test_job_free(refused);
    cr_expect_eq(first_assertion("name"), TX_NEVER);
    expect_done(test_job_run("+name"), 2);
    cr_expect_eq(first_assertion("name"), 2);
    writing_stop();
}

/* What comes behind a rule goes by its names, so it ends its commit. */
Test(writer_rules, end_their_commit)
{
    struct test_job *jobs[5], *back[5];

    writing_start(store_memory_new());
    writing.held = true;
    jobs[0] = test_job_new("+ticker");
    jobs[1] = test_job_new("+name@vendor");
    jobs[2] = test_rule_new("vendor name:vendor sector:vendor");
    jobs[3] = test_job_new("+sector");
    jobs[4] = test_rule_new("vendor2");
    for (size_t i = 0; i < COUNT(jobs); i++) {
        test_job_submit(jobs[i]);
        if (i == 0)
            writing_entered();
    }
    writing_release();
    test_jobs_wait(back, COUNT(back));
    for (size_t i = 0; i < COUNT(jobs); i++)
        expect_done(jobs[i], i + 1);
    cr_expect_eq(atomic_load(&writing.calls), 3);
    cr_expect_eq(writing.batches[1], 2);
    cr_expect_eq(writing.batches[2], 2);
    expect_rule(3, "vendor, name:vendor, sector:vendor,");
    expect_rule(4, "vendor, name:vendor, sector:vendor,");
    expect_rule(5, "vendor2,");
    cr_expect_eq(first_assertion("name"), 2);
    cr_expect_eq(first_assertion("sector"), 4);
    writing_stop();
}

Test(writer_rules, are_taken_back_when_their_commit_fails)
{
    struct test_job *job;

    writing_start(store_memory_new());
    writing.err[1] = ERR_FULL;
    expect_done(test_rule_run("a"), 1);
    job = test_rule_run("b name:b");
    cr_expect_eq(job->job.err, ERR_FULL);
    test_job_free(job);
    expect_rule(2, "a,");
    cr_expect_eq(names_count(writing.store->attributes), 0);
    expect_done(test_rule_run("c,b"), 2);
    expect_rule(1, "a,");
    expect_rule(2, "c,b,");
    writing_stop();
}

static struct instant
no_time(void)
{
    return (struct instant){ 0 };
}

static void
no_failure(void *unused, const char *why)
{
    (void)unused;
    (void)why;
}

#define BYTES(text)                                                            \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

/* Rules of a store with one attribute and one source, and one transaction. */
Test(writer_rules, that_are_damaged_are_named_at_the_start)
{
    static const struct {
        const char *name;
        struct str key, value;
        const char *words; /* NULL: it is sound */
    } cases[] = {
        { "sound", BYTES("\0\0\0\0\0\0\0\1"), BYTES("\1\2\1\0\0\1\0"), NULL },
        { "a source that is missing", BYTES("\0\0\0\0\0\0\0\1"),
          BYTES("\1\2\1\1\0\1\0"),
          "the rule of precedence of tx 1 is damaged: a source is missing" },
        { "an attribute that is missing", BYTES("\0\0\0\0\0\0\0\1"),
          BYTES("\1\2\1\0\1\1\0"),
          "the rule of precedence of tx 1 is damaged: an attribute is "
          "missing" },
        { "cut", BYTES("\0\0\0\0\0\0\0\1"), BYTES("\1\2\1\0\0\1"),
          "the rule of precedence of tx 1 is damaged: its bytes are "
          "malformed" },
        { "a transaction that is missing", BYTES("\0\0\0\0\0\0\0\2"),
          BYTES("\1\1\0"),
          "the rule of precedence of tx 2 is damaged: its tx is not there" },
        { "transaction 0", BYTES("\0\0\0\0\0\0\0\0"), BYTES("\1\1\0"),
          "the rule of precedence of tx 0 is damaged: its tx is not there" },
        { "another key", BYTES("key"), BYTES("\1\1\0"),
          "the rule of precedence of tx 0 is damaged: its key is malformed" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct store *store = store_memory_new();
        const struct writer_options options = { store, no_time, no_failure,
                                                NULL, NULL };
        const struct state_change state = { STATE_PRECEDENCE, cases[i].key,
                                            cases[i].value };
        struct writer *writer = NULL;
        struct batch_maker maker;
        struct why why = { "" };
        enum err err;

        maker_init(&maker, 1, 0);
        maker_first_names(&maker);
        maker.batch.state = &state;
        maker.batch.state_count = 1;
        cr_assert_eq(maker_append(store, &maker, NULL), OK);
        maker_fini(&maker);
        err = writer_start(&options, &writer, &why);
        cr_expect_eq(err, cases[i].words == NULL ? OK : ERR_STORE, "%s: err %d",
                     cases[i].name, (int)err);
        cr_expect_str_eq(why.text, cases[i].words == NULL ? "" : cases[i].words,
                         "%s: %s", cases[i].name, why.text);
        writer_stop(writer);
        store_close(store);
    }
}
