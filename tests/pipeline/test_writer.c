/* The writer: order, numbers, group commit, and what the store is handed. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(writer, numbers_batches_in_order_without_gaps)
{
    struct test_job *jobs[20], *back[20];

    writing_start(store_memory_new());
    for (size_t i = 0; i < COUNT(jobs); i++) {
        jobs[i] = test_job_new(i % 3 == 1 ? "-nothing" : "+ticker +name#2");
        test_job_submit(jobs[i]);
    }
    test_jobs_wait(back, COUNT(back));

    uint64_t tx = 0;

    for (size_t i = 0; i < COUNT(back); i++) {
        const struct write_job *job = &back[i]->job;

        cr_expect_eq(back[i], jobs[i], "job %zu came out of turn", i);
        if (i % 3 == 1) {
            cr_expect_eq(job->err, ERR_INVALID, "job %zu", i);
            cr_expect_eq(job->tx, 0, "job %zu", i);
            continue;
        }
        cr_expect_eq(job->err, OK, "job %zu: err %d", i, job->err);
        cr_expect_eq(job->tx, ++tx, "job %zu: tx %lu", i, job->tx);
        cr_expect_eq(job->facts, 2, "job %zu", i);
        cr_expect_eq(job->securities, 2, "job %zu", i);
    }
    cr_expect_eq(store_newest(writing.store), tx);
    for (size_t i = 0; i < COUNT(jobs); i++)
        test_job_free(jobs[i]);
    writing_stop();
}

/* What waits while one commit is under way goes into the next one. */
Test(writer, commits_what_waits_at_once)
{
    struct test_job *jobs[11], *back[11];
    struct writer_stats stats;

    writing_start(store_memory_new());
    writing.held = true;
    for (size_t i = 0; i < COUNT(jobs); i++)
        jobs[i] = test_job_new("+ticker");
    test_job_submit(jobs[0]);
    writing_entered();
    for (size_t i = 1; i < COUNT(jobs); i++)
        test_job_submit(jobs[i]);
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.queue_jobs, 10);
    cr_expect_eq(stats.queue_bytes, 1000);
    writing_release();
    test_jobs_wait(back, COUNT(back));

    cr_expect_eq(atomic_load(&writing.calls), 2);
    cr_expect_eq(writing.batches[0], 1);
    cr_expect_eq(writing.batches[1], 10);
    for (size_t i = 0; i < COUNT(back); i++)
        cr_expect_eq(back[i]->job.tx, i + 1, "job %zu", i);
    writer_stats(writing.writer, &stats);
    cr_expect_eq(stats.commits, 2);
    cr_expect_eq(stats.batches, 11);
    cr_expect_eq(stats.facts, 11);
    cr_expect_eq(stats.refused, 0);
    cr_expect_eq(stats.queue_jobs, 0);
    cr_expect_eq(stats.queue_bytes, 0);
    for (size_t i = 0; i < COUNT(jobs); i++)
        test_job_free(jobs[i]);
    writing_stop();
}

#define COMMIT_MS 400
#define WINDOW_MS (COMMIT_MS / GATHER_COMMIT_PART)

static void
sleep_ms(long ms)
{
    nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Wait until jobs come home; how many have. */
static size_t
wait_for_some(void)
{
    const struct inbox_item *item = inbox_wait(&writing.inbox);
    size_t count = 0;

    for (; item != NULL; item = item->next)
        count++;
    return count;
}

/*
 * One job is answered by a long commit while two wait; another one follows at
 * once, as a client does that was answered.
 */
Test(writer, waits_a_little_for_small_jobs_of_those_just_answered)
{
    static const struct {
        const char *name;
        size_t bytes;  /* of those that wait */
        long delay_ms; /* of the one that follows */
        size_t calls, batches;
    } cases[] = {
        { "at once", 100, 0, 2, 3 },
        { "too late", 100, 3 * WINDOW_MS, 3, 2 },
        { "large jobs", GATHER_JOB_BYTES_MAX + 1, WINDOW_MS / 2, 3, 2 },
    };

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *jobs[4];
        size_t back;

        writing_start(store_memory_new());
        writing.held = true;
        for (size_t i = 0; i < COUNT(jobs); i++) {
            jobs[i] = test_job_new("+ticker");
            jobs[i]->job.bytes = cases[c].bytes;
        }
        test_job_submit(jobs[0]);
        writing_entered();
        test_job_submit(jobs[1]);
        test_job_submit(jobs[2]);
        sleep_ms(COMMIT_MS);
        writing_release();
        back = wait_for_some();
        sleep_ms(cases[c].delay_ms);
        test_job_submit(jobs[3]);
        while (back < COUNT(jobs))
            back += wait_for_some();
        cr_expect_eq(atomic_load(&writing.calls), cases[c].calls,
                     "%s: %zu calls", cases[c].name,
                     atomic_load(&writing.calls));
        cr_expect_eq(writing.batches[1], cases[c].batches, "%s: %zu batches",
                     cases[c].name, writing.batches[1]);
        for (size_t i = 0; i < COUNT(jobs); i++)
            test_job_free(jobs[i]);
        writing_stop();
    }
}

/* Three jobs of one long commit, which ends so. */
static void
end_long_commit(enum err err)
{
    struct test_job *jobs[4];
    size_t back = 0;

    writing.held = true;
    writing.err[1] = err;
    for (size_t i = 0; i < COUNT(jobs); i++)
        jobs[i] = test_job_new("+ticker");
    test_job_submit(jobs[0]);
    writing_entered();
    for (size_t i = 1; i < COUNT(jobs); i++)
        test_job_submit(jobs[i]);
    sem_post(&writing.released);
    writing_entered();
    sleep_ms(COMMIT_MS);
    writing_release();
    while (back < COUNT(jobs))
        back += wait_for_some();
    cr_expect_eq(writing.batches[1], 3);
    for (size_t i = 0; i < COUNT(jobs); i++)
        test_job_free(jobs[i]);
}

/* Two jobs, the second so late that only a writer that waits has both. */
Test(writer, waits_for_nobody_who_was_refused)
{
    static const struct {
        const char *name;
        enum err err; /* of the long commit */
        bool is_refused_since;
    } cases[] = {
        { "a commit that failed", ERR_BUSY, false },
        { "a refusal behind the commit", OK, true },
    };

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *jobs[2], *refused, *back[2];

        writing_start(store_memory_new());
        end_long_commit(cases[c].err);
        if (cases[c].is_refused_since) {
            refused = test_job_run("-unheard_of");
            cr_expect_neq(refused->job.err, OK);
            test_job_free(refused);
        }
        for (size_t i = 0; i < COUNT(jobs); i++) {
            jobs[i] = test_job_new("+ticker");
            test_job_submit(jobs[i]);
            sleep_ms(i == 0 ? WINDOW_MS / 2 : 0);
        }
        test_jobs_wait(back, COUNT(back));
        cr_expect_eq(atomic_load(&writing.calls), 4, "%s: %zu calls",
                     cases[c].name, atomic_load(&writing.calls));
        for (size_t i = 0; i < COUNT(jobs); i++)
            test_job_free(jobs[i]);
        writing_stop();
    }
}

/* One job is held in the store while three of so many bytes wait. */
Test(writer, bounds_a_commit_by_its_bytes)
{
    static const struct {
        size_t bytes, calls;
    } cases[] = {
        { COMMIT_BYTES_MAX / 3, 2 },     /* all three in one */
        { COMMIT_BYTES_MAX / 3 + 1, 3 }, /* two, one */
        { COMMIT_BYTES_MAX + 1, 4 },     /* too large for any company */
    };

    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *jobs[4], *back[4];

        writing_start(store_memory_new());
        writing.held = true;
        for (size_t i = 0; i < COUNT(jobs); i++) {
            jobs[i] = test_job_new("+ticker");
            if (i > 0)
                jobs[i]->job.bytes = cases[c].bytes;
            test_job_submit(jobs[i]);
            if (i == 0)
                writing_entered();
        }
        writing_release();
        test_jobs_wait(back, COUNT(back));
        cr_expect_eq(atomic_load(&writing.calls), cases[c].calls,
                     "%zu bytes: %zu calls", cases[c].bytes,
                     atomic_load(&writing.calls));
        for (size_t i = 0; i < COUNT(jobs); i++)
            test_job_free(jobs[i]);
        writing_stop();
    }
}

static struct names_seen {
    size_t count;
    struct name_change items[16];
    char texts[16][32];
    uint32_t source_count, sources[16];
} seen;

static void
see_names(const struct append_batch *const *batches, size_t count)
{
    seen.count = 0;
    for (size_t b = 0; b < count; b++) {
        for (uint32_t i = 0; i < batches[b]->name_count; i++) {
            const struct name_change *name = &batches[b]->names[i];

            seen.items[seen.count] = *name;
            snprintf(seen.texts[seen.count], sizeof seen.texts[0], "%.*s",
                     STR_ARG(name->text));
            seen.count++;
        }
        seen.source_count = batches[b]->info.source_count;
        memcpy(seen.sources, batches[b]->info.sources,
               seen.source_count * sizeof seen.sources[0]);
    }
}

/* A batch after the others, and the name changes that come with it. */
Test(writer, hands_over_new_names_and_milestones)
{
    static const struct {
        const char *facts;
        const char *changes; /* "text id assertion retraction", ... */
        const char *sources;
    } cases[] = {
        { "+ticker +name@manual +ticker/2@manual",
          "a ticker 0 1 -;s default 0 - -;a name 1 1 -;s manual 1 - -;",
          "0 1 " },
        { "+name +ticker", "", "0 " },
        { "+name@manual", "", "1 " },
        { "-name", "a name 1 1 4;", "0 " },
        { "-ticker +sector -name@manual", "a sector 2 5 -;a ticker 0 1 5;",
          "0 1 " },
        { "+ipo -ipo@default", "a ipo 3 6 6;", "0 " },
        { "+name@default +ticker", "", "0 " },
    };

    writing_start(store_memory_new());
    writing.inspect = see_names;
    for (size_t c = 0; c < COUNT(cases); c++) {
        struct test_job *job = test_job_run(cases[c].facts);
        struct out changes, sources;

        cr_expect_eq(job->job.err, OK, "%s: err %d", cases[c].facts,
                     job->job.err);
        out_init(&changes, 4096);
        out_init(&sources, 4096);
        for (size_t i = 0; i < seen.count; i++) {
            const struct name_change *name = &seen.items[i];

            out_print(&changes, "%c %s %u ",
                      name->space == NAMES_ATTRIBUTES ? 'a' : 's',
                      seen.texts[i], name->id);
            if (name->first_assertion == TX_NEVER)
                out_print(&changes, "- ");
            else
                out_print(&changes, "%lu ", name->first_assertion);
            if (name->first_retraction == TX_NEVER)
                out_print(&changes, "-;");
            else
                out_print(&changes, "%lu;", name->first_retraction);
        }
        for (uint32_t i = 0; i < seen.source_count; i++)
            out_print(&sources, "%u ", seen.sources[i]);
        cr_expect(str_equal(out_text(&changes), str_of(cases[c].changes)),
                  "%s: changes %.*s", cases[c].facts,
                  STR_ARG(out_text(&changes)));
        cr_expect(str_equal(out_text(&sources), str_of(cases[c].sources)),
                  "%s: sources %.*s", cases[c].facts,
                  STR_ARG(out_text(&sources)));
        out_fini(&changes);
        out_fini(&sources);
        test_job_free(job);
    }
    writing_stop();
}

/* What the last append was handed, fact by fact in the order as sent. */
static struct out sent;

static void
put_in_order(const struct append_batch *batch)
{
    struct out texts[32];
    uint32_t sequence = 0, displaced = 0, place = 0;

    for (uint32_t i = 0; i < COUNT(texts); i++)
        out_init(&texts[i], 4096);
    for (uint32_t d = 0; d < batch->displaced_count; d++)
        out_char(&texts[batch->displaced[d].ordinal], '*');
    for (uint32_t r = 0; r < batch->record_count; r++) {
        struct str payload = batch->records[r].payload;
        struct factset_item item;
        enum err err;

        while (factset_next(&payload, &item, &err)) {
            uint32_t at;

            if (displaced < batch->displaced_count &&
                batch->displaced[displaced].sequence == sequence) {
                at = batch->displaced[displaced++].ordinal;
            } else {
                while (texts[place].len > 0)
                    place++;
                at = place;
            }
            out_print(&texts[at], "%ld/%d.%u=%.*s ",
                      batch->records[r].security_id,
                      batch->records[r].effective.days, item.attribute,
                      STR_ARG(item.value.text));
            sequence++;
        }
        cr_expect_eq(err, OK);
    }
    cr_expect_eq(displaced, batch->displaced_count);
    for (uint32_t i = 0; i < COUNT(texts); i++) {
        out_str(&sent, out_text(&texts[i]));
        out_fini(&texts[i]);
    }
}

static void
see_facts(const struct append_batch *const *batches, size_t count)
{
    cr_expect_eq(count, 1);
    put_in_order(batches[0]);
}

/* Attributes a, b, c have ids 0, 1, 2; a star marks a displaced fact. */
Test(writer, keeps_the_order_as_sent)
{
    static const struct {
        const char *facts, *sent;
    } cases[] = {
        { "+a +b +c", "1/1.0=0 1/1.1=1 1/1.2=2 " },
        { "+a +a#2 +b", "1/1.0=0 2/1.0=1 *1/1.1=2 " },
        { "+a +a/2 +b +b/2 +c +c/3",
          "1/1.0=0 1/2.0=1 *1/1.1=2 *1/2.1=3 *1/1.2=4 1/3.2=5 " },
        { "+a +a#2 +b +c +b#2", "1/1.0=0 2/1.0=1 *1/1.1=2 *1/1.2=3 *2/1.1=4 " },
        { "+a -a +a", "1/1.0=0 1/1.0=null 1/1.0=2 " },
    };

    writing_start(store_memory_new());
    test_job_free(test_job_run("+a#9 +b#9 +c#9"));
    writing.inspect = see_facts;
    for (size_t c = 0; c < COUNT(cases); c++) {
        out_init(&sent, 4096);
        test_job_free(test_job_run(cases[c].facts));
        cr_expect(str_equal(out_text(&sent), str_of(cases[c].sent)), "%s: %.*s",
                  cases[c].facts, STR_ARG(out_text(&sent)));
        out_fini(&sent);
    }
    writing_stop();
}

Test(writer, stop_answers_what_is_queued)
{
    struct test_job *jobs[100], *back[100];

    writing_start(store_memory_new());
    for (size_t i = 0; i < COUNT(jobs); i++) {
        jobs[i] = test_job_new("+ticker");
        test_job_submit(jobs[i]);
    }
    writer_stop(writing.writer);
    writing.writer = NULL;
    test_jobs_wait(back, COUNT(back));
    for (size_t i = 0; i < COUNT(jobs); i++) {
        cr_expect_eq(back[i]->job.err, OK, "job %zu", i);
        test_job_free(jobs[i]);
    }
    cr_expect_eq(store_newest(writing.store), COUNT(jobs));
    writing_stop();
}
