/* A writer over a store whose appends a test can hold up and make fail. */
#ifndef PIPELINE_WRITING_H
#define PIPELINE_WRITING_H

#include <semaphore.h>
#include <stdatomic.h>

#include "secmaster/writer.h"

#define WRITING_CALLS_MAX 64

/* One a test program: the store's table of functions has no context. */
struct writing {
    struct store *store;
    struct writer *writer;
    struct inbox inbox;

    /* What the next appends, also of state alone, do: err[i] of call i, OK:
     * the store's own. */
    enum err err[WRITING_CALLS_MAX];
    void (*inspect)(const struct append_batch *const *batches, size_t count);
    atomic_bool held; /* appends wait for writing_release, which ends it */
    sem_t entered, released;
    atomic_size_t calls;
    size_t batches[WRITING_CALLS_MAX]; /* of each call; 0: state alone */

    atomic_int failures; /* of the failed callback */
    int64_t clock_us;    /* what the clock says */
};

extern struct writing writing;

/* Over store, which writing_stop closes. */
void writing_start(struct store *store);
void writing_stop(void);

/* Stop the writer and start another one over the same store. */
void writing_restart(void);

/* Wait until an append is held; let it and all that follow go on. */
void writing_entered(void);
void writing_release(void);

/* A job of our own with an arena for its complaints. */
struct test_job {
    struct write_job job; /* first */
    struct complaints complaints;
    struct arena arena;
};

/*
 * A batch from "OP attribute[=value][#security][/day][@source]" separated by
 * spaces, OP + or -, like "+ticker#2/5@manual -name"; security and day are 1
 * where not said, and a security that is a letter is a new one. An assertion's
 * value is the number of its place where no other number, null or text that
 * begins with a capital is said.
 */
struct test_job *test_job_new(const char *facts);

/* The same under a key. Its request is known by the facts' text, its answer is
 * "tx 1 of 2 facts". */
struct test_job *test_job_keyed(const char *facts, const char *key);
/* Give any job a key; its request is known by text. */
void test_job_key(struct test_job *job, const char *key, const char *text);

/* A rule of precedence from "a,b attribute:c,d attribute:", which outlives it:
 * the default list, then those of attributes. */
struct test_job *test_rule_new(const char *rule);

/* What a portfolio holds on a day, both texts of which outlive it: so many of
 * security 1, of none where quantity is "". */
struct test_job *test_day_new(const char *portfolio, int day,
                              const char *quantity);

/*
 * Bars from "TICKER/DAY=PRICE[@source]" or "#ID/DAY=PRICE" separated by spaces:
 * all four prices are PRICE, a whole number. A "*" in front: securities are
 * created.
 */
struct test_job *test_bars_new(const char *bars);

/* Trades from "ID/DAY.AMENDMENT=AMOUNT[%TICKER][@MEMBER/DAY:UPDATED=TEXT]"
 * separated by spaces; a ticker may be empty, and is escaped as in JSON. */
struct test_job *test_trades_new(const char *trades);

/* A publication, which outlives it. */
struct test_job *test_publication_new(struct publication *publication);
void test_job_free(struct test_job *job);

void test_job_submit(struct test_job *job);

/* Wait until count jobs have come home, in the order in which they did. */
void test_jobs_wait(struct test_job **out, size_t count);

void test_job_submit_and_wait(struct test_job *job);

/* Submit one and wait; the caller frees. */
struct test_job *test_job_run(const char *facts);
struct test_job *test_rule_run(const char *rule);

#endif
