/* The writer's thread, its queue, and the way back of its answers. */
#include "secmaster/writer.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "commit.h"
#include "keys.h"
#include "kind.h"
#include "secmaster/bounds.h"

/* One an event loop, and a few more; past them answers just leave earlier. */
#define HOMES_MAX (LOOPS_MAX + 8)

/* Answers on their way: one chain an inbox, so that it is rung once. */
struct answers {
    struct {
        struct inbox *home;
        struct inbox_item *first, *last;
    } chains[HOMES_MAX];
    size_t count;
};

struct writer {
    struct writer_options options;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct write_job *first, *last; /* the queue */
    size_t queue_jobs, queue_bytes;
    size_t wanted;    /* jobs in the queue, to wake the writer */
    struct keys keys; /* of the jobs that are not answered */
    bool stopping;

    /* The thread's own. */
    struct commit commit;
    struct write_job *admitted; /* newest first */
    struct answers answers;
    size_t accepted;        /* of the jobs that were taken last */
    int64_t last_commit_us; /* how long the last that succeeded took */
    bool failed;

    atomic_uint_least64_t commits, batches, facts, refused, repeated, commit_us;
    atomic_uint_least64_t bars, trades, trades_unknown[TRADE_UNKNOWNS];
};

static void
count(atomic_uint_least64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static void
answers_send(struct answers *answers)
{
    for (size_t i = 0; i < answers->count; i++)
        inbox_push(answers->chains[i].home, answers->chains[i].first,
                   answers->chains[i].last);
    answers->count = 0;
}

static void
answers_add(struct answers *answers, struct inbox_item *item)
{
    size_t i = 0;

    item->next = NULL;
    while (i < answers->count && answers->chains[i].home != item->home)
        i++;
    if (i < answers->count) {
        answers->chains[i].last->next = item;
        answers->chains[i].last = item;
        return;
    }
    if (answers->count == HOMES_MAX)
        answers_send(answers);
    i = answers->count++;
    answers->chains[i].home = item->home;
    answers->chains[i].first = item;
    answers->chains[i].last = item;
}

/* The key is free before the answer can be seen: who is told to try again may
 * do so at once. */
static void
answer(struct writer *writer, struct write_job *job, enum err err)
{
    job->err = err;
    if (job->once.key.len > 0) {
        pthread_mutex_lock(&writer->lock);
        keys_remove(&writer->keys, job);
        pthread_mutex_unlock(&writer->lock);
    }
    answers_add(&writer->answers, &job->item);
}

static void
refuse(struct writer *writer, struct write_job *job, enum err err)
{
    job->tx = 0;
    count(&writer->refused, 1);
    answer(writer, job, err);
}

static void
count_bars(struct writer *writer, const struct bar_batch *bars)
{
    if (bars != NULL)
        count(&writer->bars, bars->stored);
}

static void
count_trades(struct writer *writer, const struct trade_batch *trades)
{
    if (trades == NULL)
        return;
    count(&writer->trades, trades->stored);
    for (size_t i = 0; i < TRADE_UNKNOWNS; i++)
        count(&writer->trades_unknown[i], trades->unknown[i]);
}

static void
accept(struct writer *writer, struct write_job *job)
{
    const struct publication *publication = job->publication;

    count(&writer->batches, job->tx != 0);
    count(&writer->facts, job->facts);
    if (publication != NULL) {
        count_bars(writer, publication->bars);
        count_trades(writer, publication->trades);
    } else if (job->kind == BATCH_PRICES) {
        count_bars(writer, job->bars);
    } else if (job->kind == BATCH_TRADES) {
        count_trades(writer, job->trades);
    }
    answer(writer, job, OK);
}

/* The outcome of the commit is unknown: nothing more may be written. */
static void
fail_stop(struct writer *writer, const struct why *why)
{
    if (writer->failed)
        return;
    writer->failed = true;
    writer->options.failed(writer->options.context, why->text);
}

/* The jobs admitted since the last commit, in order. */
static struct write_job *
take_admitted(struct writer *writer)
{
    struct write_job *jobs = NULL;

    while (writer->admitted != NULL) {
        struct write_job *job = writer->admitted;

        writer->admitted = job->next;
        job->next = jobs;
        jobs = job;
    }
    return jobs;
}

/* Commit what was admitted and answer it. */
static void
commit_admitted(struct writer *writer)
{
    struct write_job *jobs = take_admitted(writer);
    struct why why = { "" };
    int64_t began = clock_monotonic_us();

    if (jobs == NULL)
        return;

    enum err err = commit_append(&writer->commit, &why);

    /* One that was refused may have waited for a merger: that says nothing of
     * the next. */
    if (err == OK) {
        writer->last_commit_us = clock_monotonic_us() - began;
        count(&writer->commits, 1);
        count(&writer->commit_us, (uint64_t)writer->last_commit_us);
        if (writer->options.commits != NULL)
            bells_ring(writer->options.commits);
    }
    if (err == ERR_STORE)
        fail_stop(writer, &why);
    while (jobs != NULL) {
        struct write_job *job = jobs;

        jobs = job->next;
        if (err == OK) {
            writer->accepted++;
            accept(writer, job);
            continue;
        }
        job->why = why;
        refuse(writer, job, err);
    }
    answers_send(&writer->answers);
}

static void
admit(struct writer *writer, struct write_job *job)
{
    if (commit_is_first(&writer->commit, job))
        commit_admitted(writer);
    if (writer->failed) {
        (void)why_set(&job->why, ERR_STORE, "the store has failed");
        refuse(writer, job, ERR_STORE);
        return;
    }

    enum err err = commit_admit(&writer->commit, job, writer->options.now());

    if (err != OK) {
        refuse(writer, job, err);
        return;
    }
    if (job->once.found == ONCE_AGAIN)
        count(&writer->repeated, 1);
    if (job->once.found == ONCE_AGAIN || job->dry_run || job->is_known) {
        answer(writer, job, OK);
        return;
    }
    job->next = writer->admitted;
    writer->admitted = job;
    if (commit_is_last(job))
        commit_admitted(writer);
}

static bool
is_worth_gathering(const struct writer *writer)
{
    return !writer->stopping && writer->queue_jobs < writer->wanted &&
           writer->queue_bytes / writer->queue_jobs <= GATHER_JOB_BYTES_MAX;
}

/*
 * Wait a little for as many jobs more as were accepted last. Whose job was just
 * accepted often comes back at once, and a commit of small jobs is mostly
 * waiting for the disk: one that has them too serves nearly twice as many.
 */
static void
gather(struct writer *writer)
{
    int64_t wait_us = writer->last_commit_us / GATHER_COMMIT_PART;
    int64_t until = clock_monotonic_us() +
                    (wait_us < GATHER_US_MAX ? wait_us : GATHER_US_MAX);
    const struct timespec end = { .tv_sec = until / 1000000,
                                  .tv_nsec = until % 1000000 * 1000 };

    while (is_worth_gathering(writer) &&
           pthread_cond_clockwait(&writer->filled, &writer->lock,
                                  CLOCK_MONOTONIC, &end) == 0)
        continue;
}

/* Wait for jobs, with the lock; none: it is over. */
static void
await_jobs(struct writer *writer)
{
    bool are_waiting = writer->first != NULL;

    writer->wanted = 1;
    while (writer->first == NULL && !writer->stopping)
        pthread_cond_wait(&writer->filled, &writer->lock);
    if (writer->first == NULL)
        return;
    writer->wanted = writer->accepted + (are_waiting ? writer->queue_jobs : 0);
    if (writer->wanted > COMMIT_JOBS_MAX)
        writer->wanted = COMMIT_JOBS_MAX;
    gather(writer);
}

/* Wait for jobs and take as many as one commit may have; NULL: it is over. */
static struct write_job *
take_jobs(struct writer *writer)
{
    size_t jobs = 0, bytes = 0;
    struct write_job *last = NULL;

    pthread_mutex_lock(&writer->lock);
    await_jobs(writer);

    struct write_job *first = writer->first;

    for (struct write_job *job = first; job != NULL; job = job->next) {
        if (jobs == COMMIT_JOBS_MAX)
            break;
        if (jobs > 0 && bytes + job->bytes > COMMIT_BYTES_MAX)
            break;
        jobs++;
        bytes += job->bytes;
        last = job;
    }
    if (last != NULL) {
        writer->first = last->next;
        last->next = NULL;
    }
    writer->queue_jobs -= jobs;
    writer->queue_bytes -= bytes;
    pthread_mutex_unlock(&writer->lock);
    return first;
}

static void *
run(void *argument)
{
    struct writer *writer = argument;
    struct write_job *jobs;

    while ((jobs = take_jobs(writer)) != NULL) {
        writer->accepted = 0;
        while (jobs != NULL) {
            struct write_job *job = jobs;

            jobs = job->next;
            admit(writer, job);
        }
        commit_admitted(writer);
        answers_send(&writer->answers);
    }
    return NULL;
}

enum err
writer_start(const struct writer_options *options, struct writer **out,
             struct why *why)
{
    struct writer *writer = calloc(1, sizeof *writer);

    assert(options->store != NULL);
    assert(options->now != NULL);
    assert(options->failed != NULL);

    if (writer == NULL)
        return why_set(why, ERR_BUSY, "no memory for the writer");
    writer->options = *options;
    keys_init(&writer->keys, options->store->seed);

    enum err err = commit_init(&writer->commit, options->store, why);

    if (err == OK)
        err = precedence_load(options->store, why);

    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->filled, NULL);
    if (err == OK && pthread_create(&writer->thread, NULL, run, writer) != 0)
        err = why_set(why, ERR_BUSY, "no thread for the writer");
    if (err != OK) {
        commit_fini(&writer->commit);
        free(writer);
        return err;
    }
    *out = writer;
    return OK;
}

enum err
writer_submit(struct writer *writer, struct write_job *job)
{
    assert(job->item.home != NULL);
    assert(job->publication != NULL || job->kind != 0);
    assert(job->publication != NULL || job->batch != NULL);

    pthread_mutex_lock(&writer->lock);
    if (writer->stopping || writer->queue_jobs >= WRITE_QUEUE_JOBS_MAX ||
        (writer->queue_jobs > 0 &&
         writer->queue_bytes + job->bytes > WRITE_QUEUE_BYTES_MAX)) {
        pthread_mutex_unlock(&writer->lock);
        return ERR_BUSY;
    }
    if (job->once.key.len > 0 && !keys_add(&writer->keys, job)) {
        pthread_mutex_unlock(&writer->lock);
        return ERR_CONFLICT;
    }
    job->next = NULL;
    if (writer->first == NULL)
        writer->first = job;
    else
        writer->last->next = job;
    writer->last = job;
    writer->queue_jobs++;
    writer->queue_bytes += job->bytes;
    if (writer->queue_jobs >= writer->wanted)
        pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->lock);
    return OK;
}

void
writer_stats(struct writer *writer, struct writer_stats *out)
{
    *out = (struct writer_stats){
        .commits = atomic_load_explicit(&writer->commits, memory_order_relaxed),
        .batches = atomic_load_explicit(&writer->batches, memory_order_relaxed),
        .facts = atomic_load_explicit(&writer->facts, memory_order_relaxed),
        .bars = atomic_load_explicit(&writer->bars, memory_order_relaxed),
        .trades = atomic_load_explicit(&writer->trades, memory_order_relaxed),
        .refused = atomic_load_explicit(&writer->refused, memory_order_relaxed),
        .repeated =
            atomic_load_explicit(&writer->repeated, memory_order_relaxed),
        .commit_us_total =
            atomic_load_explicit(&writer->commit_us, memory_order_relaxed),
    };
    for (size_t i = 0; i < TRADE_UNKNOWNS; i++)
        out->trades_unknown[i] = atomic_load_explicit(
            &writer->trades_unknown[i], memory_order_relaxed);
    pthread_mutex_lock(&writer->lock);
    out->queue_jobs = writer->queue_jobs;
    out->queue_bytes = writer->queue_bytes;
    pthread_mutex_unlock(&writer->lock);
}

void
writer_stop(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->stopping = true;
    pthread_cond_signal(&writer->filled);
    pthread_mutex_unlock(&writer->lock);
    pthread_join(writer->thread, NULL);
    commit_fini(&writer->commit);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->filled);
    free(writer);
}
