/* Merging in the background. The index is derived, so a failure here stops
 * merging, never the store: what is not merged stays in memory. */
#include "merger.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "secmaster/bounds.h"

#include "index_merge.h"
#include "keyframe_pass.h"
#include "store_testing.h"

struct merger {
    struct merger_options options;
    struct index_merge *merge;
    struct keyframe_pass *keyframes;
    bool makes_no_keyframes; /* since an error */
    pthread_t thread;
    _Atomic uint64_t merges, merge_us;
    _Atomic bool failed, full;
};

static int64_t
now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
before(const struct merger *merger, enum merge_step step)
{
    const struct store_testing *testing = merger->options.testing;

    if (testing != NULL && testing->step != NULL)
        testing->step(testing->context, step);
}

static void
notice(const struct merger *merger, const char *words)
{
    if (merger->options.notice != NULL)
        merger->options.notice(words);
}

static size_t
transaction_bytes(const struct store_testing *testing)
{
    if (testing != NULL && testing->transaction_bytes > 0)
        return testing->transaction_bytes;
    return MERGE_TRANSACTION_BYTES;
}

/* One transaction, tried again while there is no room for it. */
static enum err
take_in(struct merger *merger, bool *is_done, struct why *why)
{
    struct versions *versions = merger->options.versions;
    enum err err;

    for (;;) {
        before(merger, MERGE_TRANSACTION);
        if (versions_are_stopping(versions))
            return ERR_BUSY;
        err = index_merge_step(merger->merge, is_done, why);
        if (err != ERR_FULL && err != ERR_BUSY)
            return err;
        if (!atomic_exchange(&merger->full, true))
            notice(merger, why->text);
        versions_pause(versions, MERGE_RETRY_MS);
    }
}

/* ERR_BUSY: it is time to stop. */
static enum err
take_all_in(struct merger *merger, struct why *why)
{
    bool is_done = false;

    while (!is_done) {
        TRY(take_in(merger, &is_done, why));
        atomic_store(&merger->full, false);
    }
    return OK;
}

/*
 * Until all are made, or another memtable waits. Not at once: the next merge
 * may drop what the one before has let be made, so while facts pour in there
 * would be no end of it. Where there is no room for keyframes, or what they
 * would be made of is damaged, reads are slower, and that is all: merging goes
 * on.
 */
static void
make_keyframes(struct merger *merger)
{
    struct versions *versions = merger->options.versions;
    unsigned wait_ms = merger->options.testing == NULL ? KEYFRAME_WAIT_MS : 0;
    enum err err = OK;

    while (err == OK && !merger->makes_no_keyframes &&
           keyframe_pass_is_due(merger->keyframes) &&
           !versions_are_waiting(versions, wait_ms)) {
        struct why why;
        bool has_removed;

        wait_ms = 0;
        before(merger, MERGE_KEYFRAMES);
        if (versions_are_waiting(versions, 0))
            break;
        err = keyframe_pass_step(merger->keyframes, &has_removed, &why);
        merger->makes_no_keyframes =
            err != OK && err != ERR_FULL && err != ERR_BUSY;
        if (merger->makes_no_keyframes || has_removed)
            notice(merger, why.text);
    }
}

static void
stop_merging(struct merger *merger, const struct why *why)
{
    atomic_store(&merger->failed, true);
    notice(merger, why->text);
}

static void *
run(void *argument)
{
    struct merger *merger = argument;
    struct versions *versions = merger->options.versions;
    struct index_mark mark;
    struct memtable *sealed;
    struct why why;
    enum err err = OK;

    make_keyframes(merger);
    while (err == OK &&
           (sealed = versions_await_sealed(versions, &mark)) != NULL) {
        int64_t began = now_us();

        index_merge_begin(merger->merge, sealed, &mark);
        err = take_all_in(merger, &why);
        if (err != OK)
            break;
        before(merger, MERGE_PUBLICATION);
        versions_publish(versions);
        before(merger, MERGE_FREEING);
        versions_free_sealed(versions);
        atomic_fetch_add(&merger->merges, 1);
        atomic_fetch_add(&merger->merge_us, (uint64_t)(now_us() - began));
        make_keyframes(merger);
        before(merger, MERGE_DONE);
    }
    if (err != OK && err != ERR_BUSY)
        stop_merging(merger, &why);
    versions_end(versions);
    return NULL;
}

enum err
merger_start(const struct merger_options *options, struct merger **out,
             struct why *why)
{
    struct merger *merger = calloc(1, sizeof *merger);

    assert(options->versions != NULL);
    assert(options->index != NULL);

    if (merger == NULL)
        return why_set(why, ERR_BUSY, "no memory for the merger");
    merger->options = *options;
    merger->merge =
        index_merge_new(options->index, transaction_bytes(options->testing));
    merger->keyframes = keyframe_pass_new(options->index);
    if (merger->merge == NULL || merger->keyframes == NULL ||
        pthread_create(&merger->thread, NULL, run, merger) != 0) {
        index_merge_free(merger->merge);
        keyframe_pass_free(merger->keyframes);
        free(merger);
        return why_set(why, ERR_BUSY, "no memory or thread for the merger");
    }
    *out = merger;
    return OK;
}

void
merger_stop(struct merger *merger)
{
    if (merger == NULL)
        return;
    versions_stop(merger->options.versions);
    pthread_join(merger->thread, NULL);
    index_merge_free(merger->merge);
    keyframe_pass_free(merger->keyframes);
    free(merger);
}

void
merger_stats(const struct merger *merger, struct merger_stats *out)
{
    *out = (struct merger_stats){
        .merges = atomic_load(&merger->merges),
        .merge_us = atomic_load(&merger->merge_us),
        .failed = atomic_load(&merger->failed),
        .full = atomic_load(&merger->full),
    };
}
