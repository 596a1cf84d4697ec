/* Publications: facts, bars, trades and state in one commit, or nothing. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "tests/pipeline/publishing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEP_BYTES_MAX 512

/*
 * Steps between bars: a batch of facts where it begins with + or -, else a
 * publication (publishing.h); '!' is one that the store refuses, '.' a restart
 * of the writer.
 *
 * What each publication is answered: "tx" and of each part " F1+0", stored and
 * unchanged, then " label:id" of new securities, ids counted from MINTED_FIRST
 * with an m; "same" where nothing was stored, "again" where the guard was
 * there, or x and what is complained about. Then what the store has, records as
 * "F1/20#tx", with facts "=attribute:value@source"; its state; and of each
 * commit the number of its transactions.
 */
static const struct {
    const char *name, *steps, *answers, *records, *state, *commits;
} cases[] = {
    { "all parts", "F+a=7;B#1/20=7;Tt/20.0=A;S1=x", "3 F1+0 B1+0 T1+0",
      "F1/1#1=a:7@default B1/0#2 T0/20#3 ", "1=x ", "3" },
    { "facts alone", "F+a=7", "1 F1+0", "F1/1#1=a:7@default ", "", "1" },
    { "bars alone", "B#1/20=7;S1=x", "1 B1+0", "B1/0#1 ", "1=x ", "1" },
    { "trades alone", "Tt/20.0=A;S1=x", "1 T1+0", "T0/20#1 ", "1=x ", "1" },
    { "state alone", "S1=x 2=y|S2=z 1-", "0|0", "", "2=z ", "00" },
    { "nothing at all", "", "same", "", "", "" },
    { "all of it again",
      "F+a=7;B#1/20=7;Tt/20.0=A;S1=x|F+a=7;B#1/20=7;"
      "Tt/20.0=A;S1=y",
      "3 F1+0 B1+0 T1+0|0 F0+1 B0+1 T0+1", "F1/1#1=a:7@default B1/0#2 T0/20#3 ",
      "1=y ", "30" },
    { "again without state",
      "F+a=7;B#1/20=7;Tt/20.0=A|F+a=7;B#1/20=7;"
      "Tt/20.0=A",
      "3 F1+0 B1+0 T1+0|same F0+1 B0+1 T0+1",
      "F1/1#1=a:7@default B1/0#2 T0/20#3 ", "", "3" },
    { "each part new behind others that are not",
      "F+a;B#1/1=7;Tt/1.0=A|"
      "F+b;B#1/1=7;Tt/1.0=A;S1=b|F+a;B#1/1=8;Tt/1.0=A;S1=c|"
      "F+a;B#1/1=8;Tt/1.0=B;S1=d",
      "3 F1+0 B1+0 T1+0|4 F1+0 B0+1 T0+1|5 F0+1 B1+0 T0+1|6 F0+1 B0+1 T1+0",
      "F1/1#1=a:0@default F1/1#4=b:0@default B1/0#2 B1/0#5 T0/1#3 T0/1#6 ",
      "1=d ", "3111" },
    { "the first and the last", "F+a;B#1/1=7;Tt/1.0=A|F+b;B#1/1=7;Tt/2.0=A",
      "3 F1+0 B1+0 T1+0|5 F1+0 B0+1 T1+0",
      "F1/1#1=a:0@default F1/1#4=b:0@default B1/0#2 T0/1#3 T0/2#5 ", "", "32" },

    { "another value", "F+a=7|F+a=8|F+a=8", "1 F1+0|2 F1+0|same F0+1",
      "F1/1#1=a:7@default F1/1#2=a:8@default ", "", "11" },
    { "put back", "F+a=7|F+a=8|F+a=7", "1 F1+0|2 F1+0|3 F1+0",
      "F1/1#1=a:7@default F1/1#2=a:8@default F1/1#3=a:7@default ", "", "111" },
    { "another key", "F+a=7|F+a=7#2|F+a=7/2|F+a=7@s|F+b=7|F+a=7 +a=7@s +b=7",
      "1 F1+0|2 F1+0|3 F1+0|4 F1+0|5 F1+0|same F0+3",
      "F1/1#1=a:7@default F1/1#4=a:7@s F1/1#5=b:7@default F1/2#3=a:7@default "
      "F2/1#2=a:7@default ",
      "", "11111" },
    { "the default source by name", "F+a=7|F+a=7@default +a=7",
      "1 F1+0|same F0+2", "F1/1#1=a:7@default ", "", "1" },
    { "some of a record", "F+a=7 +b=8 +c=9|F+c=9@s +a=7 +b=0 +c=9 +a=7@s",
      "1 F3+0|2 F3+2",
      "F1/1#1=a:7@default,b:8@default,c:9@default "
      "F1/1#2=c:9@s,b:0@default,a:7@s ",
      "", "11" },
    { "some of several records", "F+a=7 +a=7#2|F+a=8#2 +a=7 +a=9#3 +a=7#2",
      "1 F2+0|2 F3+1",
      "F1/1#1=a:7@default F2/1#1=a:7@default "
      "F2/1#2=a:8@default,a:7@default F3/1#2=a:9@default ",
      "", "11" },
    { "twice in a batch", "F+a=7 +a=7 +b=1 +a=7", "1 F2+2",
      "F1/1#1=a:7@default,b:1@default ", "", "1" },
    { "back and forth in a batch", "F+a=7 +a=8 +a=7 +a=7|F+a=8 +a=7",
      "1 F3+1|2 F2+0",
      "F1/1#1=a:7@default,a:8@default,a:7@default "
      "F1/1#2=a:8@default,a:7@default ",
      "", "11" },
    { "retracted", "F+a=7|F-a|F+a=7", "1 F1+0|2 F1+0|3 F1+0",
      "F1/1#1=a:7@default F1/1#2-a F1/1#3=a:7@default ", "", "111" },
    { "retracted in the batch", "F+a=7|F+a=7 -a +a=7 +a=7", "1 F1+0|2 F2+2",
      "F1/1#1=a:7@default F1/1#2-a=a:7@default ", "", "11" },
    { "null is a value, retracted is none",
      "F+a=null|F+a=null|F-a|F+a=null|F-a +a=null +a=null",
      "1 F1+0|same F0+1|2 F1+0|3 F1+0|4 F2+1",
      "F1/1#1=a:null@default F1/1#2-a F1/1#3=a:null@default "
      "F1/1#4-a=a:null@default ",
      "", "1111" },
    { "a retraction of nothing", "F+a=7;S1=x|F+a=7 -b;S1=y|F-a -a",
      "1 F1+0|x/facts/1|x/facts/1", "F1/1#1=a:7@default ", "1=x ", "1" },
    { "posted facts are stored as sent", "+a=7|+a=7|F+a=7|+a=7", "||same F0+1|",
      "F1/1#1=a:7@default F1/1#2=a:7@default F1/1#3=a:7@default ", "", "111" },
    { "a label among what is there",
      "F+a=7|F+a=7 +t=1#N +t=1#N +t=2#M|F+a=7 +t=1#N",
      "1 F1+0|2 F2+2 N:m0 M:m1|3 F1+1 N:m2",
      "F1/1#1=a:7@default Fm0/1#2=t:1@default Fm1/1#2=t:2@default "
      "Fm2/1#3=t:1@default ",
      "", "111" },

    { "labels and created securities", "F+a=7#N;B*X/20=7;S1=x",
      "3 F1+0 B1+0 N:m0 X:m1",
      "Fm0/1#1=a:7@default Fm1/20#2=ticker:X@default Bm1/0#3 ", "1=x ", "3" },
    { "an id that the facts name", "F+a=7#1000000000000;B*X/20=7",
      "3 F1+0 B1+0 X:m1",
      "Fm0/1#1=a:7@default Fm1/20#2=ticker:X@default Bm1/0#3 ", "", "3" },
    { "a ticker is nobody's that the facts bring", "F+ticker=0;B0/20=7",
      "x/prices/0/ticker", "", "", "" },
    { "a refused part refuses all, and uses no id up",
      "F+a=7#N;BX/20=7;Tt/1.0=A;S1=x;G9=x|F+b=7#M;G9=y",
      "x/prices/0/ticker|1 F1+0 M:m0", "Fm0/1#1=b:7@default ", "9=y ", "1" },
    { "nor does one that the store refuses",
      "!F+a=7#N;B*X/1=7;Tt/1.0=A;S1=x;G9=x|F+a=7#N;B*X/1=7;Tt/1.0=A;S1=y;G9=y",
      "x|4 F1+0 B1+0 T1+0 N:m0 X:m1",
      "Fm0/1#1=a:7@default Fm1/1#2=ticker:X@default Bm1/0#3 T0/1#4 ",
      "1=y 9=y ", "44" },
    { "state that the store refuses", "!S1=x|S2=x|F+a=7", "x|0|1 F1+0",
      "F1/1#1=a:7@default ", "2=x ", "001" },

    { "a guard", "F+a=7;G9=x;S1=x|F+a=8;G9=y;S1=y|F+a=9;G8=y",
      "1 F1+0|again F0+0|2 F1+0", "F1/1#1=a:7@default F1/1#2=a:9@default ",
      "1=x 8=y 9=x ", "11" },
    { "a guard of nothing new", "F+a=7|F+a=7;G9=x|F+b=7;G9=y",
      "1 F1+0|0 F0+1|again F0+0", "F1/1#1=a:7@default ", "9=x ", "10" },
    { "a guard alone, behind a restart", "G9=|.|G9=y|G8=x", "0||again|0", "",
      "8=x 9= ", "00" },
    { "a guard that is gone again", "G9=x|S9-|F+a=7;G9=y", "0|0|1 F1+0",
      "F1/1#1=a:7@default ", "9=y ", "001" },
    { "a restart", "F+a=7#N;S1=x|.|F+a=7#N;S1=y", "1 F1+0 N:m0||2 F1+0 N:m1",
      "Fm0/1#1=a:7@default Fm1/1#2=a:7@default ", "1=y ", "11" },
};

static void
put_id(struct out *out, int64_t id)
{
    if (id >= MINTED_FIRST)
        out_print(out, "m%ld", id - MINTED_FIRST);
    else
        out_print(out, "%ld", id);
}

static void
put_minted(struct out *out, const struct batch *facts)
{
    for (uint32_t i = 0; facts != NULL && i < facts->labels.count; i++) {
        out_print(out, " %.*s:", STR_ARG(facts->labels.items[i]));
        put_id(out, facts->minted[i]);
    }
}

static void
put_answer(struct out *out, const struct test_job *job)
{
    const struct publication *publication = job->job.publication;
    const struct batch *facts = publication->facts;
    const struct bar_batch *bars = publication->bars;
    const struct trade_batch *trades = publication->trades;

    if (job->job.err != OK) {
        out_char(out, 'x');
        cr_expect_eq(job->job.err == ERR_INVALID, job->complaints.listed > 0);
        for (size_t i = 0; i < job->complaints.listed; i++)
            out_print(out, "%s", job->complaints.items[i].pointer);
        return;
    }
    if (job->job.is_known)
        out_print(out, publication->is_repeated ? "again" : "same");
    else
        out_print(out, "%lu", job->job.tx);
    cr_expect(job->job.tx == 0 || !job->job.is_known);
    if (facts != NULL)
        out_print(out, " F%u+%u", facts->stored, facts->unchanged);
    if (bars != NULL)
        out_print(out, " B%u+%u", bars->stored, bars->unchanged);
    if (trades != NULL)
        out_print(out, " T%u+%u", trades->stored, trades->unchanged);
    put_minted(out, facts);
    put_minted(out, bars != NULL ? bars->created : NULL);
}

static void
run_step(char *text, struct out *out)
{
    struct published published;
    struct test_job *job;

    if (text[0] == '.') {
        writing_restart();
        return;
    }
    if (text[0] == '+' || text[0] == '-') {
        job = test_job_run(text);
        cr_expect_eq(job->job.err, OK, "%s", text);
        test_job_free(job);
        return;
    }
    if (text[0] == '!')
        writing.err[atomic_load(&writing.calls)] = ERR_FULL;
    job = publication_new(&published, text + (text[0] == '!'));
    test_job_submit_and_wait(job);
    put_answer(out, job);
    publication_free(&published, job);
}

static void
run_steps(const char *rest, struct out *answers)
{
    while (rest != NULL) {
        char step[STEP_BYTES_MAX];
        const size_t len = strcspn(rest, "|");

        snprintf(step, sizeof step, "%.*s", (int)len, rest);
        run_step(step, answers);
        rest = rest[len] == '|' ? rest + len + 1 : NULL;
        if (rest != NULL)
            out_char(answers, '|');
    }
}

static void
put_facts(struct out *out, struct str payload)
{
    struct factset_item item;
    char mark = '=';
    enum err err;

    while (factset_next(&payload, &item, &err)) {
        struct str name = names_text(writing.store->attributes, item.attribute);

        if (item.op == FACT_RETRACT) {
            out_print(out, "-%.*s", STR_ARG(name));
            continue;
        }
        out_print(out, "%c%.*s:%.*s@%.*s", mark, STR_ARG(name),
                  STR_ARG(item.value.text),
                  STR_ARG(names_text(writing.store->sources, item.source)));
        mark = ',';
    }
    cr_expect_eq(err, OK);
}

static enum visit
put_record(void *context, const struct record *record)
{
    struct out *out = context;

    out_char(out, "?FPBTM"[record->kind]);
    put_id(out, record->security_id);
    out_print(out, "/%d#%lu", record->effective.days, record->tx);
    if (record->kind == RECORD_FACTS)
        put_facts(out, record->payload);
    out_char(out, ' ');
    return VISIT_NEXT;
}

static void
put_records(struct out *out)
{
    struct view view;

    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    for (unsigned kind = RECORD_FACTS; kind <= RECORD_MEMBERS; kind++) {
        const struct scan_range all = SCAN_ALL((enum record_kind)kind);

        cr_assert_eq(store_scan(&view, &all, put_record, out, NULL), OK);
    }
    store_view_end(&view);
}

static enum visit
put_key(void *context, struct str key, struct str value)
{
    out_print(context, "%.*s=%.*s ", STR_ARG(key), STR_ARG(value));
    return VISIT_NEXT;
}

static void
put_state(struct out *out)
{
    cr_assert_eq(
        store_state_scan(writing.store, STATE_RUNS, put_key, out, NULL), OK);
}

static void
put_commits(struct out *out)
{
    for (size_t i = 0; i < atomic_load(&writing.calls); i++)
        out_print(out, "%zu", writing.batches[i]);
}

static void
expect_text(struct out *out, const char *expected, const char *name)
{
    cr_expect(str_equal(out_text(out), str_of(expected)), "%s: %.*s, not %s",
              name, STR_ARG(out_text(out)), expected);
    out_reset(out);
}

Test(writer_publications, store_what_is_new_and_state_together)
{
    struct out out;

    out_init(&out, 4096);
    for (size_t i = 0; i < COUNT(cases); i++) {
        writing_start(store_memory_new());
        run_steps(cases[i].steps, &out);
        expect_text(&out, cases[i].answers, cases[i].name);
        put_records(&out);
        expect_text(&out, cases[i].records, cases[i].name);
        put_state(&out);
        expect_text(&out, cases[i].state, cases[i].name);
        put_commits(&out);
        expect_text(&out, cases[i].commits, cases[i].name);
        writing_stop();
    }
    out_fini(&out);
}

static void
expect_transaction(uint64_t tx, const struct tx_info *expected)
{
    struct arena arena;
    struct tx_info info;

    arena_init(&arena, 1 << 16);
    cr_assert_eq(store_transaction(writing.store, tx, &arena, &info, NULL), OK,
                 "tx %lu", tx);
    cr_expect_eq(info.kind, expected->kind, "tx %lu: %d", tx, info.kind);
    cr_expect_eq(info.facts, expected->facts, "tx %lu: %u", tx, info.facts);
    cr_expect_eq(info.securities, expected->securities, "tx %lu: %u", tx,
                 info.securities);
    cr_expect_eq(info.recorded_at.us, expected->recorded_at.us, "tx %lu: %ld",
                 tx, info.recorded_at.us);
    cr_expect_eq(info.source_count, expected->source_count, "tx %lu: %u", tx,
                 info.source_count);
    cr_expect_eq(info.idempotency_key.len, 0, "tx %lu", tx);
    arena_fini(&arena);
}

/* A part is what a batch of its kind would be that has what is new alone. */
Test(writer_publications, each_part_is_a_transaction_of_its_kind)
{
    char text[] = "F+a=7@s +b=7@t +b=8#2@t +b=9#X@t;"
                  "B*#1/20=7@s #1/21=7@t Y/20=7@t;Tt/20.0=A";
    struct published published;
    struct writer_stats stats;
    struct test_job *job;

    writing_start(store_memory_new());
    writing.clock_us = 50;
    job = test_job_run("+a=7@s");
    test_job_free(job);
    job = publication_new(&published, text);
    test_job_submit_and_wait(job);
    cr_expect_eq(job->job.err, OK);
    cr_expect_eq(job->job.tx, 5, "%lu", job->job.tx);
    cr_expect_eq(job->job.recorded_at.us, 54, "%ld", job->job.recorded_at.us);
    cr_expect_eq(job->job.facts, 4, "%u", job->job.facts);
    expect_transaction(2, &(struct tx_info){ .kind = BATCH_FACTS,
                                             .facts = 3,
                                             .securities = 3,
                                             .recorded_at = { 51 },
                                             .source_count = 1 });
    expect_transaction(3, &(struct tx_info){ .kind = BATCH_FACTS,
                                             .facts = 1,
                                             .securities = 1,
                                             .recorded_at = { 52 },
                                             .source_count = 1 });
    expect_transaction(4, &(struct tx_info){ .kind = BATCH_PRICES,
                                             .recorded_at = { 53 },
                                             .source_count = 2 });
    expect_transaction(
        5, &(struct tx_info){ .kind = BATCH_TRADES, .recorded_at = { 54 } });
    publication_free(&published, job);
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.batches, 2, "%lu", stats.batches);
    cr_expect_eq(stats.facts, 5, "%lu", stats.facts);
    cr_expect_eq(stats.bars, 3, "%lu", stats.bars);
    cr_expect_eq(stats.trades, 1, "%lu", stats.trades);
    cr_expect_eq(stats.commits, 2, "%lu", stats.commits);
    writing_stop();
}

/* What waits with one is committed before it or behind it: it is judged by all
 * that came before, and what comes behind it by that. */
Test(writer_publications, keep_their_turn)
{
    char texts[][32] = { "F+a=7 +b=7;G1=x", "F+a=8;G1=y", "F+c=7", "S2=x" };
    struct published published[COUNT(texts)];
    struct test_job *jobs[4 + COUNT(texts)], *back[COUNT(jobs)];
    struct out commits;

    writing_start(store_memory_new());
    writing.held = true;
    jobs[0] = test_job_new("+x");
    jobs[1] = test_job_new("+a=7");
    jobs[2] = test_job_new("+c=7");
    for (size_t i = 0; i < COUNT(texts); i++)
        jobs[3 + i] = publication_new(&published[i], texts[i]);
    jobs[7] = test_job_new("+d=7");
    test_job_submit(jobs[0]);
    writing_entered();
    for (size_t i = 1; i < COUNT(jobs); i++)
        test_job_submit(jobs[i]);
    writing_release();
    test_jobs_wait(back, COUNT(back));
    cr_expect_eq(jobs[3]->job.tx, 4, "%lu", jobs[3]->job.tx);
    cr_expect_eq(published[0].publication.facts->unchanged, 1);
    cr_expect(published[1].publication.is_repeated);
    cr_expect(jobs[5]->job.is_known);
    cr_expect_eq(jobs[6]->job.tx, 0);
    cr_expect(!jobs[6]->job.is_known);
    cr_expect_eq(jobs[7]->job.tx, 5, "%lu", jobs[7]->job.tx);
    out_init(&commits, 100);
    put_commits(&commits);
    expect_text(&commits, "12101", "commits");
    put_state(&commits);
    expect_text(&commits, "1=x 2=x ", "state");
    out_fini(&commits);
    test_job_free(jobs[7]);
    for (size_t i = 0; i < 3; i++)
        test_job_free(jobs[i]);
    for (size_t i = 0; i < COUNT(texts); i++)
        publication_free(&published[i], jobs[3 + i]);
    writing_stop();
}
