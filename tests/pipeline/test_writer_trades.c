/* Trades among other batches: what is new, and what their filers then are. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEP_BYTES_MAX 512

/*
 * Batches between bars, of facts where they begin with +, else of trades
 * (writing.h); '?' is a dry run, '!' one that the store refuses, '.' a restart
 * of the writer. What each of them is answered: "tx=stored+unchanged,members",
 * or x. Then what the store has: "ID/day#tx" and of each version
 * ":ordinal.amendment=amount"; and "MEMBER/day#tx=updated text".
 */
static const struct {
    const char *name, *batches, *answers, *trades, *members;
} cases[] = {
    { "two trades", "t/20.0=A u/21.0=B", "1=2+0,0",
      "t/20#1:0.0=A u/21#1:1.0=B ", "" },
    { "none at all", "", "0=0+0,0", "", "" },
    { "versions of one are a record, in order of arrival",
      "t/20.2=A u/20.0=B t/20.0=C t/20.1=A", "1=4+0,0",
      "t/20#1:0.2=A:2.0=C:3.1=A u/20#1:1.0=B ", "" },
    { "of another day another one", "t/21.0=A t/20.0=A", "1=2+0,0",
      "t/20#1:1.0=A t/21#1:0.0=A ", "" },
    { "all of it again", "t/20.0=A u/21.0=B|u/21.0=B t/20.0=A|v/1.0=C",
      "1=2+0,0|0=0+2,0|2=1+0,0", "t/20#1:0.0=A u/21#1:1.0=B v/1#2:0.0=C ", "" },
    { "some of it again", "t/20.0=A|t/20.0=A t/20.1=A t/21.0=A",
      "1=1+0,0|2=2+1,0", "t/20#1:0.0=A t/20#2:1.1=A t/21#2:2.0=A ", "" },
    { "twice in a batch", "t/20.0=A t/20.0=A t/20.0=B t/20.0=A", "1=2+2,0",
      "t/20#1:0.0=A:2.0=B ", "" },
    { "what it once was is held", "t/20.0=A|t/20.0=B|t/20.0=A",
      "1=1+0,0|2=1+0,0|0=0+1,0", "t/20#1:0.0=A t/20#2:0.0=B ", "" },
    { "one that is held among new ones of its record",
      "t/20.1=A|t/20.0=A t/20.1=A t/20.2=A|t/20.2=A t/20.0=A",
      "1=1+0,0|2=2+1,0|0=0+2,0", "t/20#1:0.1=A t/20#2:0.0=A:2.2=A ", "" },
    { "a dry run", "?t/20.0=A@M/5:7=x|t/20.0=A|?t/20.0=A t/20.0=A",
      "0=1+0,1|1=1+0,0|0=0+2,0", "t/20#1:0.0=A ", "" },
    { "one that the store has no room for",
      "!t/20.0=A@M/5:7=x|t/20.0=A@M/5:7=x", "x|1=1+0,1", "t/20#1:0.0=A ",
      "M/5#1=7 x " },
    { "a restart", "t/20.0=A@M/5:7=x|.|t/20.0=A@M/5:7=x u/2.0=B@M/5:7=x",
      "1=1+0,1||2=1+1,0", "t/20#1:0.0=A u/2#2:1.0=B ", "M/5#1=7 x " },
    { "among facts", "+ticker|t/20.0=A|+ticker|t/20.0=A|u/1.0=B",
      "|2=1+0,0||0=0+1,0|4=1+0,0", "t/20#2:0.0=A u/1#4:0.0=B ", "" },

    { "filers", "t/20.0=A@N/5:7=x u/20.0=A@M/5:7=y v/1.0=C@N/6:8=x", "1=3+0,3",
      "t/20#1:0.0=A u/20#1:1.0=A v/1#1:2.0=C ",
      "N/5#1=7 x N/6#1=8 x M/5#1=7 y " },
    { "the last update of a day",
      "t/1.0=A@M/5:7=x u/1.0=A@M/5:9=y v/1.0=A@M/5:8=z", "1=3+0,1",
      "t/1#1:0.0=A u/1#1:1.0=A v/1#1:2.0=A ", "M/5#1=9 y " },
    { "of equal ones the last row's", "t/1.0=A@M/5:7=x u/1.0=A@M/5:7=y",
      "1=2+0,1", "t/1#1:0.0=A u/1#1:1.0=A ", "M/5#1=7 y " },
    { "what a member was is not stored again",
      "t/1.0=A@M/5:7=x|u/1.0=A@M/5:7=x|v/1.0=A@M/5:7=y|w/1.0=A@M/5:7=x",
      "1=1+0,1|2=1+0,0|3=1+0,1|4=1+0,0",
      "t/1#1:0.0=A u/1#2:0.0=A v/1#3:0.0=A w/1#4:0.0=A ",
      "M/5#1=7 x M/5#3=7 y " },
    { "another day, another update",
      "t/1.0=A@M/5:7=x|u/1.0=A@M/6:7=x|v/1.0=A@M/5:8=x",
      "1=1+0,1|2=1+0,1|3=1+0,1", "t/1#1:0.0=A u/1#2:0.0=A v/1#3:0.0=A ",
      "M/5#1=7 x M/5#3=8 x M/6#2=7 x " },
    { "the filer of a held row is not asked",
      "t/1.0=A@M/5:7=x|t/1.0=A@M/5:9=y u/1.0=A@M/5:8=z|t/1.0=A@M/5:9=y",
      "1=1+0,1|2=1+1,1|0=0+1,0", "t/1#1:0.0=A u/1#2:1.0=A ",
      "M/5#1=7 x M/5#2=8 z " },
};

static void
put_answer(struct out *out, const struct test_job *job)
{
    const struct trade_batch *trades = job->job.trades;

    if (job->job.err != OK)
        out_char(out, 'x');
    else
        out_print(out, "%lu=%u+%u,%u", job->job.tx, trades->stored,
                  trades->unchanged, trades->members_stored);
}

static void
run_step(const char *text, struct out *out)
{
    const bool is_dry = text[0] == '?', is_failing = text[0] == '!';
    struct test_job *job;

    if (text[0] == '.') {
        writing_restart();
        return;
    }
    if (is_failing)
        writing.err[atomic_load(&writing.calls)] = ERR_FULL;
    text += is_dry || is_failing;
    job = text[0] == '+' ? test_job_new(text) : test_trades_new(text);
    job->job.dry_run = is_dry;
    test_job_submit_and_wait(job);
    if (job->job.kind == BATCH_TRADES)
        put_answer(out, job);
    else
        cr_expect_eq(job->job.err, OK, "%s", text);
    test_job_free(job);
}

static void
run_steps(const char *batches, struct out *answers)
{
    const char *rest = batches;

    while (rest != NULL) {
        char step[STEP_BYTES_MAX];
        const char *bar = strchr(rest, '|');

        snprintf(step, sizeof step, "%.*s",
                 bar == NULL ? (int)strlen(rest) : (int)(bar - rest), rest);
        run_step(step, answers);
        if (bar != NULL)
            out_char(answers, '|');
        rest = bar == NULL ? NULL : bar + 1;
    }
}

static void
put_record(struct out *out, const struct names *names,
           const struct record *record)
{
    out_print(out, "%.*s/%d#%lu",
              STR_ARG(names_text(names, (uint32_t)record->security_id)),
              record->effective.days, record->tx);
}

static enum visit
put_trades(void *context, const struct record *record)
{
    struct str payload = record->payload;
    struct out *out = context;
    struct trade trade;
    enum err err;

    put_record(out, writing.store->trades, record);
    while (tradeset_next(&payload, &trade, &err))
        out_print(out, ":%u.%u=%.*s", trade.ordinal, trade.amendment_number,
                  STR_ARG(trade.fields[TRADE_AMOUNT].text));
    cr_expect_eq(err, OK);
    out_char(out, ' ');
    return VISIT_NEXT;
}

static enum visit
put_member(void *context, const struct record *record)
{
    struct member_version member = { 0 };
    struct out *out = context;

    put_record(out, writing.store->members, record);
    cr_expect(member_read(record->payload, &member));
    out_print(out, "=%ld %.*s ", member.updated, STR_ARG(member.text));
    return VISIT_NEXT;
}

static void
expect_records(enum record_kind kind, record_visitor *put, const char *expected,
               const char *name)
{
    const struct scan_range all = SCAN_ALL(kind);
    struct view view;
    struct out out;

    out_init(&out, 4096);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_assert_eq(store_scan(&view, &all, put, &out, NULL), OK);
    store_view_end(&view);
    cr_expect(str_equal(out_text(&out), str_of(expected)),
              "%s: there are %.*s, not %s", name, STR_ARG(out_text(&out)),
              expected);
    out_fini(&out);
}

Test(writer_trades, stores_what_is_new_and_who_filed_it)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct out answers;

        out_init(&answers, 4096);
        writing_start(store_memory_new());
        run_steps(cases[i].batches, &answers);
        cr_expect(str_equal(out_text(&answers), str_of(cases[i].answers)),
                  "%s: answered %.*s, not %s", cases[i].name,
                  STR_ARG(out_text(&answers)), cases[i].answers);
        expect_records(RECORD_TRADES, put_trades, cases[i].trades,
                       cases[i].name);
        expect_records(RECORD_MEMBERS, put_member, cases[i].members,
                       cases[i].name);
        writing_stop();
        out_fini(&answers);
    }
}

/* A batch that is known makes no transaction, so it keeps no key. */
Test(writer_trades, a_transaction_of_them_has_no_facts_and_keeps_its_key)
{
    struct arena arena;
    struct tx_info info;
    struct test_job *job;

    writing_start(store_memory_new());
    for (int i = 0; i < 2; i++) {
        job = test_trades_new("t/20.0=A@M/5:7=x");
        test_job_key(job, i == 0 ? "first" : "second", "same");
        test_job_submit_and_wait(job);
        cr_expect_eq(job->job.err, OK);
        cr_expect_eq(job->job.is_known, i == 1, "batch %d", i);
        test_job_free(job);
    }
    job = test_trades_new("u/20.0=A");
    test_job_key(job, "second", "other");
    test_job_submit_and_wait(job);
    cr_expect_eq(job->job.once.found, ONCE_FIRST);
    cr_expect_eq(job->job.tx, 2, "%lu", job->job.tx);
    test_job_free(job);
    arena_init(&arena, 1 << 16);
    cr_assert_eq(store_transaction(writing.store, 1, &arena, &info, NULL), OK);
    cr_expect_eq(info.kind, BATCH_TRADES);
    cr_expect_eq(info.facts, 0);
    cr_expect_eq(info.securities, 0);
    cr_expect_eq(info.source_count, 0);
    cr_expect(str_equal(info.idempotency_key, STR("first")));
    arena_fini(&arena);
    cr_expect_eq(names_first_assertion(writing.store->trades, 0), 1);
    cr_expect_eq(names_first_assertion(writing.store->trades, 1), 2);
    cr_expect_eq(names_first_assertion(writing.store->members, 0), 1);
    writing_stop();
}

/* Of what was stored: neither held rows nor refused batches count. */
Test(writer_trades, texts_that_say_nothing_are_counted)
{
    static const struct {
        const char *trades;
        enum err err;
    } batches[] = {
        { "t/1.0=? u/1.0=$5 v/1.0=?", OK },
        { "t/1.0=? w/1.0=?? w/1.0=??", OK },
        { "x/1.0=?", ERR_FULL },
    };
    struct writer_stats stats;

    writing_start(store_memory_new());
    writing.err[2] = ERR_FULL;
    for (size_t i = 0; i < COUNT(batches); i++) {
        struct test_job *job = test_trades_new(batches[i].trades);

        test_job_submit_and_wait(job);
        cr_expect_eq(job->job.err, batches[i].err, "batch %zu: %d", i,
                     (int)job->job.err);
        test_job_free(job);
    }
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.trades, 4, "%lu", stats.trades);
    cr_expect_eq(stats.trades_unknown[TRADE_UNKNOWN_AMOUNT], 3, "%lu",
                 stats.trades_unknown[TRADE_UNKNOWN_AMOUNT]);
    cr_expect_eq(stats.trades_unknown[TRADE_UNKNOWN_TYPE], 0);
    cr_expect_eq(stats.trades_unknown[TRADE_UNKNOWN_OWNER], 0);
    writing_stop();
}
