/* Bars among batches of facts: what is new, and whose it is. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bar_fold.h"
#include "secmaster/bounds.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STEP_BYTES_MAX 512

/*
 * Batches between bars, of facts where they begin with + or -, else of prices
 * (writing.h); '?' is a dry run, '!' one that the store refuses, '.' a restart
 * of the writer. The value of a fact is the number of its place in its batch,
 * so that is what a ticker is called here.
 *
 * What each batch of prices is answered: "tx=stored+unchanged", and behind it
 * " ticker:id" of new securities, ids counted from MINTED_FIRST with an m; or x
 * and the rows that are refused, n for nobody's, m for several's. Last, the
 * bars that the store then has, by security and day.
 */
static const struct {
    const char *name, *batches, *answers, *bars;
} cases[] = {
    { "days of two months", "#1/20=7 #1/40=8 #2/20=9", "1=3+0",
      "#1/20=7@default #1/40=8@default #2/20=9@default " },
    { "in any order", "#2/20=9 #1/40=8 #1/20=7 #1/21=1", "1=4+0",
      "#1/20=7@default #1/21=1@default #1/40=8@default #2/20=9@default " },
    { "all of it again", "#1/20=7 #1/40=8|#1/40=8 #1/20=7|#1/50=1",
      "1=2+0|0=0+2|2=1+0", "#1/20=7@default #1/40=8@default #1/50=1@default " },
    { "some of it again", "#1/20=7 #1/40=8|#1/20=7 #1/40=9 #1/41=1",
      "1=2+0|2=2+1", "#1/20=7@default #1/40=9@default #1/41=1@default " },
    { "restated and put back", "#1/20=7|#1/20=8|#1/20=7", "1=1+0|2=1+0|3=1+0",
      "#1/20=7@default " },
    { "the source alone", "#1/20=7@a|#1/20=7@b|#1/20=7@b", "1=1+0|2=1+0|0=0+1",
      "#1/20=7@b " },
    { "the source that is the default, by name", "#1/20=7|#1/20=7@default",
      "1=1+0|0=0+1", "#1/20=7@default " },
    { "a day twice, alike", "#1/20=7 #1/20=7", "1=1+1", "#1/20=7@default " },
    { "a day twice, otherwise", "#1/20=7 #1/20=8@b|#1/20=8@b", "1=2+0|0=0+1",
      "#1/20=8@b " },
    { "a day thrice, back and forth", "#1/20=7 #1/20=8 #1/20=7", "1=3+0",
      "#1/20=7@default " },
    { "the default source, named and not", "#1/20=7@default #1/20=7", "1=1+1",
      "#1/20=7@default " },
    { "another security, another day", "#1/20=7|#2/20=7|#1/21=7",
      "1=1+0|2=1+0|3=1+0", "#1/20=7@default #1/21=7@default #2/20=7@default " },
    { "the last day and the first", "#1/-719162=1 #1/2932896=2|#1/-719162=1",
      "1=2+0|0=0+1", "#1/-719162=1@default #1/2932896=2@default " },
    { "a dry run", "?#1/20=7 #1/20=7|#1/20=7", "0=1+1|1=1+0",
      "#1/20=7@default " },
    { "a dry run of nothing new", "#1/20=7|?#1/20=7", "1=1+0|0=0+1",
      "#1/20=7@default " },
    { "one that the store has no room for", "!#1/20=7|#1/20=7", "x|1=1+0",
      "#1/20=7@default " },
    { "a restart", "#1/20=7|.|#1/20=7 #1/21=8", "1=1+0||2=1+1",
      "#1/20=7@default #1/21=8@default " },

    { "a ticker", "+ticker#5/10|0/10=1 0/40=2", "|2=2+0",
      "#5/10=1@default #5/40=2@default " },
    { "a ticker and the id", "+ticker#5/10|#5/10=1|0/10=1 0/11=1",
      "|2=1+0|3=1+1", "#5/10=1@default #5/11=1@default " },
    { "the day before it is borne", "+ticker#5/10|0/9=1 0/10=2", "|x0n", "" },
    { "nobody has any ticker", "0/9=1 #1/1=1", "x0n", "" },
    { "nobody has this one", "+ticker#5/10|1/10=1", "|x0n", "" },
    { "the text has to be the same", "+ticker#5/10|00/10=1 0.0/10=1", "|x0n1n",
      "" },
    { "another attribute's value", "+name#5/10 +ticker#5/10|0/10=1", "|x0n",
      "" },
    { "borne by two, one behind the other",
      "+ticker#5/10|+ticker#6/20 +ticker#5/20|0/15=1 0/20=2 1/20=3", "||3=3+0",
      "#5/15=1@default #5/20=3@default #6/20=2@default " },
    { "borne by two at once", "+ticker#5/10|+ticker#6/20|0/19=1 0/20=2 0/30=3",
      "||x1m2m", "" },
    { "borne again after another one",
      "+ticker#5/10|+x#5/20 +ticker#5/20|+ticker#5/30|0/19=1 0/30=2",
      "|||4=2+0", "#5/19=1@default #5/30=2@default " },
    { "not borne in between",
      "+ticker#5/10|+x#5/20 +ticker#5/20|+ticker#5/30|0/20=1 0/29=2 1/25=3",
      "|||x0n1n", "" },
    { "other facts in between do not end it",
      "+ticker#5/10|+x#5/11 +y#5/12 +z#5/13|0/12=1 0/13=2", "||3=2+0",
      "#5/12=1@default #5/13=2@default " },
    { "retracted", "+ticker#5/10|-ticker#5/10|0/10=1", "||x0n", "" },
    { "retracted, so that an older one is borne",
      "+ticker#5/10|+x#5/20 +ticker#5/20|-ticker#5/20|0/25=1", "|||4=1+0",
      "#5/25=1@default " },
    { "retracted from one of two",
      "+ticker#5/10|+ticker#6/10|-ticker#6/10|"
      "0/10=1",
      "|||4=1+0", "#5/10=1@default " },
    { "a refused batch stores nothing", "#1/1=1 0/1=1|#1/1=1", "x1n|1=1+0",
      "#1/1=1@default " },

    { "created", "*MS/20=7 MS/10=8@b|MS/10=8@b MS/30=9", "2=2+0 MS:m0|3=1+1",
      "m0/10=8@b m0/20=7@default m0/30=9@default " },
    { "created by a text that is no label", "*BRK&B/1=1|BRK&B/2=2",
      "2=1+0 BRK&B:m0|3=1+0", "m0/1=1@default m0/2=2@default " },
    { "two created, in order of appearance", "*B/20=7 A/10=8 B/20=7",
      "2=2+1 B:m0 A:m1", "m0/20=7@default m1/10=8@default " },
    { "created, and borne on other days only",
      "+ticker#5/10|*0/9=1 0/5=2 0/10=3|0/9=1", "|3=3+0 0:m0|0=0+1",
      "#5/10=3@default m0/5=2@default m0/9=1@default " },
    { "created where it is borne already", "+ticker#5/10|*0/10=1", "|2=1+0",
      "#5/10=1@default " },
    { "several bear it", "+ticker#5/10|+ticker#6/10|*0/9=1 0/10=2 N/1=1",
      "||x1m", "" },
    { "a retracted ticker is created", "+ticker#5/10|-ticker#5/10|*0/10=1",
      "||4=1+0 0:m0", "m0/10=1@default " },
    { "created in a dry run", "?*N/1=1|*N/1=1", "0=1+0 N:m0|2=1+0 N:m0",
      "m0/1=1@default " },
    { "a refused one uses no id up",
      "+ticker#5/10|+ticker#6/10|*N/1=1 0/10=2|"
      "*N/1=1",
      "||x1m|4=1+0 N:m0", "m0/1=1@default " },
    { "nor does one that fails", "!*N/1=1|*K/1=1|.|*N/1=1",
      "x|2=1+0 K:m0||4=1+0 N:m1", "m0/1=1@default m1/1=1@default " },
    { "an id that the batch names", "*N/1=1 #1000000000000/1=2", "2=2+0 N:m1",
      "m0/1=2@default m1/1=1@default " },
    { "an id that has bars alone", "#1000000000000/1=2|*N/1=1",
      "1=1+0|3=1+0 N:m1", "m0/1=2@default m1/1=1@default " },
    { "ids that have bars and facts in turn",
      "#1000000000000/1=2 #1000000000002/1=2|+x#1000000000001 "
      "+x#1000000000003|*N/1=1 M/1=1",
      "1=2+0||4=2+0 N:m4 M:m5",
      "m0/1=2@default m2/1=2@default m4/1=1@default m5/1=1@default " },
};

static void
put_id(struct out *out, int64_t id)
{
    if (id >= MINTED_FIRST)
        out_print(out, "m%ld", id - MINTED_FIRST);
    else
        out_print(out, "#%ld", id);
}

/* "/prices/3/ticker" and "on 1970-01-02 no ...": 3n. */
static void
put_complaint(struct out *out, const struct complaint *complaint)
{
    const char *row = complaint->pointer + strlen("/prices/");

    out_print(out, "%.*s%c", (int)strcspn(row, "/"), row,
              complaint->detail[strlen("on 1970-01-02 ")]);
    cr_expect(strcmp(row + strcspn(row, "/"), "/ticker") == 0, "%s",
              complaint->pointer);
}

static void
put_answer(struct out *out, const struct test_job *job)
{
    const struct bar_batch *bars = job->job.bars;

    if (job->job.err != OK) {
        out_char(out, 'x');
        for (size_t i = 0; i < job->complaints.listed; i++)
            put_complaint(out, &job->complaints.items[i]);
        return;
    }
    out_print(out, "%lu=%u+%u", job->job.tx, bars->stored, bars->unchanged);
    if (bars->created == NULL)
        return;
    for (uint32_t i = 0; i < bars->created->labels.count; i++) {
        out_print(out, " %.*s:", STR_ARG(bars->created->labels.items[i]));
        put_id(out, bars->created->minted[i]);
    }
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
    job = text[0] == '+' || text[0] == '-' ? test_job_new(text)
                                           : test_bars_new(text);
    job->job.dry_run = is_dry;
    test_job_submit_and_wait(job);
    if (job->job.kind == BATCH_PRICES)
        put_answer(out, job);
    else
        cr_expect_eq(job->job.err, OK, "%s", text);
    test_job_free(job);
}

static void
run_steps(const char *rest, struct out *answers)
{
    while (*rest != '\0') {
        char step[STEP_BYTES_MAX];
        size_t len = strcspn(rest, "|");

        snprintf(step, sizeof step, "%.*s", (int)len, rest);
        run_step(step, answers);
        rest += len;
        if (*rest == '|') {
            out_char(answers, '|');
            rest++;
        }
    }
}

static enum visit
put_bars(void *context, int64_t security_id, const struct bar *bars,
         size_t count)
{
    struct out *out = context;

    for (size_t i = 0; i < count; i++) {
        put_id(out, security_id);
        out_print(out, "/%d=%ld@%.*s ", bars[i].date.days,
                  bars[i].mantissas[BAR_CLOSE],
                  STR_ARG(names_text(writing.store->sources, bars[i].source)));
    }
    return VISIT_NEXT;
}

static void
read_bars(struct out *out)
{
    const struct scan_range all = SCAN_ALL(RECORD_BARS);
    struct bar_fold fold;
    struct view view;

    bar_fold_init(&fold, (struct date){ DATE_FIRST_DAYS },
                  (struct date){ DATE_OPEN_DAYS }, put_bars, out);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_assert_eq(store_scan(&view, &all, bar_fold_record, &fold, NULL), OK);
    cr_assert_eq(bar_fold_end(&fold), OK);
    store_view_end(&view);
}

Test(writer_prices, stores_what_is_new_of_whoever_it_is)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct out answers, bars;

        out_init(&answers, 4096);
        out_init(&bars, 4096);
        writing_start(store_memory_new());
        run_steps(cases[i].batches, &answers);
        read_bars(&bars);
        cr_expect(str_equal(out_text(&answers), str_of(cases[i].answers)),
                  "%s: answered %.*s, not %s", cases[i].name,
                  STR_ARG(out_text(&answers)), cases[i].answers);
        cr_expect(str_equal(out_text(&bars), str_of(cases[i].bars)),
                  "%s: there are %.*s, not %s", cases[i].name,
                  STR_ARG(out_text(&bars)), cases[i].bars);
        writing_stop();
        out_fini(&answers);
        out_fini(&bars);
    }
}

/*
 * Batches that wait while another one is stored, which has #9/1:
 * how many the store then gets in each commit, and the answers as above.
 */
static const struct {
    const char *name, *batches, *commits, *answers;
} waiting[] = {
    { "other securities, other months", "#1/1=1|#2/1=1|#1/40=1|#9/40=1", "4",
      "2=1+0|3=1+0|4=1+0|5=1+0" },
    { "of a month that is stored", "#9/2=1|#9/1=1", "1", "2=1+0|0=0+1" },
    { "a month twice", "#1/1=1|#1/2=1", "1 1", "2=1+0|3=1+0" },
    { "a bar twice", "#1/1=1|#1/1=1|#2/1=1", "1 1", "2=1+0|0=0+1|3=1+0" },
    { "a bar restated", "#1/1=1|#2/1=1 #1/1=2|#2/40=1", "1 2",
      "2=1+0|3=2+0|4=1+0" },
    { "the last row and record of many", "#1/1=1 #1/40=1|#2/1=1 #1/40=1", "1 1",
      "2=2+0|3=1+1" },
    { "a new source, twice", "#1/1=1@b|#2/1=1@b", "2", "2=1+0|3=1+0" },
    { "facts of the security and month", "+x#1/1|#1/1=1|+y#1/1|#2/1=1", "4",
      "|3=1+0||5=1+0" },
    { "a refused batch", "#1/1=1|0/1=1|#2/1=1", "1 1", "2=1+0|x0n|3=1+0" },
    { "a ticker of facts that wait", "+ticker#5/1|0/1=1|#6/1=1", "1 2",
      "|3=1+0|4=1+0" },
    { "created among them", "#1/1=1|*N/1=1|#2/1=1", "1 3",
      "2=1+0|4=1+0 N:m0|5=1+0" },
    { "an id of bars that wait", "#1000000000000/1=1|+x#A", "2", "2=1+0|m1" },
    { "a dry run", "#1/1=1|?#1/1=1|?#2/1=1|#2/1=1", "1 1",
      "2=1+0|0=0+1|0=1+0|3=1+0" },
};

/* The jobs of batches, submitted. Returns how many there are. */
static size_t
submit_all(const char *rest, struct test_job **jobs)
{
    size_t count = 0;

    while (*rest != '\0') {
        char step[STEP_BYTES_MAX];
        size_t len = strcspn(rest, "|");
        const bool is_dry = rest[0] == '?';

        snprintf(step, sizeof step, "%.*s", (int)len - is_dry, rest + is_dry);
        jobs[count] = step[0] == '+' ? test_job_new(step) : test_bars_new(step);
        jobs[count]->job.dry_run = is_dry;
        test_job_submit(jobs[count++]);
        rest += len + (rest[len] == '|');
    }
    return count;
}

static void
put_answers(struct out *out, struct test_job **jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            out_char(out, '|');
        if (jobs[i]->job.kind == BATCH_PRICES)
            put_answer(out, jobs[i]);
        else if (jobs[i]->job.batch->labels.count > 0)
            put_id(out, jobs[i]->job.batch->minted[0]);
        test_job_free(jobs[i]);
    }
}

Test(writer_prices, share_a_commit_where_none_stands_on_another)
{
    for (size_t i = 0; i < COUNT(waiting); i++) {
        struct test_job *jobs[8], *back[8], *bars;
        struct out commits, answers;
        size_t count;

        out_init(&commits, 4096);
        out_init(&answers, 4096);
        writing_start(store_memory_new());
        bars = test_bars_new("#9/1=1");
        atomic_store(&writing.held, true);
        test_job_submit(bars);
        writing_entered();
        count = submit_all(waiting[i].batches, jobs);
        writing_release();
        test_jobs_wait(back, count + 1);
        test_job_free(bars);
        for (size_t k = 1; k < atomic_load(&writing.calls); k++)
            out_print(&commits, "%s%zu", k > 1 ? " " : "", writing.batches[k]);
        put_answers(&answers, jobs, count);
        cr_expect(str_equal(out_text(&commits), str_of(waiting[i].commits)),
                  "%s: commits of %.*s, not %s", waiting[i].name,
                  STR_ARG(out_text(&commits)), waiting[i].commits);
        cr_expect(str_equal(out_text(&answers), str_of(waiting[i].answers)),
                  "%s: answered %.*s, not %s", waiting[i].name,
                  STR_ARG(out_text(&answers)), waiting[i].answers);

        writing_stop();
        out_fini(&commits);
        out_fini(&answers);
    }
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
    cr_assert_eq(info.source_count, expected->source_count, "tx %lu: %u", tx,
                 info.source_count);
    for (uint32_t i = 0; i < info.source_count; i++)
        cr_expect_eq(info.sources[i], expected->sources[i], "tx %lu: %u", tx,
                     info.sources[i]);
    cr_expect(str_equal(info.idempotency_key, expected->idempotency_key),
              "tx %lu", tx);
    arena_fini(&arena);
}

/* Whoever follows facts meets those of a security before its bars; the key is
 * that of the request, so of what it asked for. */
Test(writer_prices, what_is_created_is_a_transaction_of_facts)
{
    const uint32_t first = 0, second = 1, both[] = { 0, 1 };
    struct writer_stats stats;
    struct test_job *job;

    writing_start(store_memory_new());
    writing.clock_us = 50;
    job = test_bars_new("*#1/3=1@b N/2=1@a N/1=1@b N/1=2@a");
    test_job_key(job, "k", "");
    test_job_submit_and_wait(job);
    cr_assert_eq(job->job.err, OK);
    cr_expect_eq(writing.batches[0], 2, "%zu", writing.batches[0]);
    cr_expect_eq(job->job.tx, 2, "%lu", job->job.tx);
    cr_expect_eq(job->job.recorded_at.us, 51, "%ld", job->job.recorded_at.us);
    cr_expect_eq(job->job.facts, 1, "%u", job->job.facts);
    expect_transaction(1, &(struct tx_info){ .kind = BATCH_FACTS,
                                             .facts = 1,
                                             .securities = 1,
                                             .recorded_at = { 50 },
                                             .sources = &first,
                                             .source_count = 1 });
    expect_transaction(2, &(struct tx_info){ .kind = BATCH_PRICES,
                                             .recorded_at = { 51 },
                                             .idempotency_key = STR("k"),
                                             .sources = both,
                                             .source_count = 2 });
    test_job_free(job);

    job = test_job_run("+ticker");
    cr_expect_eq(job->job.tx, 3, "%lu", job->job.tx);
    test_job_free(job);
    job = test_bars_new("N/1=2@a #1/3=2@a");
    test_job_submit_and_wait(job);
    cr_assert_eq(job->job.tx, 4, "%lu", job->job.tx);
    expect_transaction(4, &(struct tx_info){ .kind = BATCH_PRICES,
                                             .recorded_at = { 53 },
                                             .sources = &second,
                                             .source_count = 1 });
    test_job_free(job);
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.bars, 5, "%lu", stats.bars);
    cr_expect_eq(stats.facts, 2, "%lu", stats.facts);
    cr_expect_eq(stats.batches, 3, "%lu", stats.batches);
    writing_stop();
}

/* A key stands for an answer that has a transaction. */
static const struct {
    const char *bars, *key;
    enum err err;
    uint64_t tx;
    bool is_known;
    enum once found;
} keyed[] = {
    { "#1/1=1", "a", OK, 1, false, ONCE_FIRST },
    { "#1/1=1", "a", OK, 1, false, ONCE_AGAIN },
    { "#1/1=2", "a", ERR_INVALID, 0, false, ONCE_OTHER },
    { "#1/1=1", "b", OK, 0, true, ONCE_FIRST },
    { "#1/1=1", "b", OK, 0, true, ONCE_FIRST },
    { "#1/1=2", "b", OK, 2, false, ONCE_FIRST },
    { "#1/1=2", "b", OK, 2, false, ONCE_AGAIN },
};

Test(writer_prices, a_batch_of_nothing_new_keeps_no_key)
{
    writing_start(store_memory_new());
    for (size_t i = 0; i < COUNT(keyed); i++) {
        struct test_job *job = test_bars_new(keyed[i].bars);

        test_job_key(job, keyed[i].key, keyed[i].bars);
        test_job_submit_and_wait(job);
        cr_expect_eq(job->job.err, keyed[i].err, "%zu: err %d", i,
                     job->job.err);
        cr_expect_eq(job->job.tx, keyed[i].tx, "%zu: tx %lu", i, job->job.tx);
        cr_expect_eq(job->job.is_known, keyed[i].is_known, "%zu", i);
        cr_expect_eq(job->job.once.found, keyed[i].found, "%zu: found %d", i,
                     job->job.once.found);
        test_job_free(job);
    }
    cr_expect_eq(store_newest(writing.store), 2);
    writing_stop();
}
