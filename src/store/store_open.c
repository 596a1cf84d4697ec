/* Open the embedded store: the journal decides, the index is made to fit. */
#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"

#include "embedded.h"
#include "journal_check.h"
#include "store_testing.h"

static void
notice(const struct store_lmdb_options *options, const char *words)
{
    if (options->notice != NULL)
        options->notice(words);
}

/*
 * Go to a mark in the journal. ERR_INVALID: the journal has no such place, so
 * it is not the one that the index was made from.
 */
static enum err
seek_mark(struct journal *journal, const struct index_mark *mark,
          struct why *why)
{
    enum err err = journal_seek(journal, mark->tx, why);

    if (err == ERR_NOT_FOUND ||
        (err == OK && memcmp(journal->digest, mark->digest, DIGEST_BYTES) != 0))
        return why_set(why, ERR_INVALID,
                       "its digest at tx %" PRIu64 " is not the journal's",
                       mark->tx);
    return err;
}

/* ERR_INVALID: there is no index that fits the journal. */
static enum err
open_index(struct store_lmdb *store, const struct store_lmdb_options *options,
           struct why *why)
{
    TRY(index_open(options->dir, options->map_bytes, &store->index, why));
    TRY(seek_mark(store->journal, &store->index->marks.reached, why));
    return seek_mark(store->journal, &store->index->marks.merged, why);
}

/* The index as it is or, where it does not fit, an empty one. */
static enum err
make_index(struct store_lmdb *store, const struct store_lmdb_options *options,
           bool is_wanted_new, struct why *why)
{
    struct why fault = { "" };
    char words[sizeof fault.text + 64];
    enum err err = ERR_INVALID;

    if (!is_wanted_new)
        err = open_index(store, options, &fault);
    if (err == OK)
        return OK;
    if (err != ERR_INVALID)
        return why_set(why, err, "%s", fault.text);
    index_close(store->index);
    store->index = NULL;
    TRY(journal_seek(store->journal, 0, why));
    TRY(journal_last_tx(store->journal, &store->last_tx, why));
    if (!is_wanted_new && store->last_tx > 0) {
        (void)snprintf(words, sizeof words, "the index is built anew: %s",
                       fault.text);
        notice(options, words);
    }
    return index_create(options->dir, options->map_bytes, &store->index, why);
}

static void
set_keyframe_rule(struct keyframe_rule *rule,
                  const struct store_testing *testing)
{
    if (testing == NULL)
        return;
    if (testing->has_no_keyframes)
        rule->records = 0;
    else if (testing->keyframe_records > 0)
        *rule = (struct keyframe_rule){ testing->keyframe_records, true };
}

static enum err
open_all(struct store_lmdb *store, const struct store_lmdb_options *options,
         bool is_wanted_new, struct why *why)
{
    TRY(journal_open(options, &store->journal, why));
    TRY(make_index(store, options, is_wanted_new, why));
    set_keyframe_rule(&store->index->keyframe_rule, options->testing);
    TRY(merger_start(&(struct merger_options){ &store->versions, store->index,
                                               options->notice,
                                               options->testing },
                     &store->merger, why));
    TRY(embedded_replay(store, why));
    embedded_note_history(store, store->journal->newest_tx);
    atomic_init(&store->base.published_tx, store->journal->newest_tx);
    return OK;
}

/* Everything that only takes memory; NULL: there is none. */
static struct store_lmdb *
store_new(const struct store_lmdb_options *options)
{
    struct store_lmdb *store = calloc(1, sizeof *store);
    struct memtable *active = memtable_new(options->seed);
    size_t bytes = options->memtable_bytes;

    if (store == NULL || active == NULL) {
        memtable_free(active);
        free(store);
        return NULL;
    }
    if (bytes == 0)
        bytes = MEMTABLE_BYTES_DEFAULT;
    store->base.ops = &embedded_ops;
    store->memtable_bytes_max = bytes / VERSION_MEMTABLES_MAX;
    store->wait_ms = MEMTABLE_WAIT_MS;
    if (options->testing != NULL && options->testing->wait_ms > 0)
        store->wait_ms = options->testing->wait_ms;
    versions_init(&store->versions, active);
    store->base.rules = rulebook_new();
    if (store_dictionaries_new(&store->base, options->seed) != OK ||
        store->base.rules == NULL) {
        store_close(&store->base);
        return NULL;
    }
    return store;
}

enum err
store_lmdb_open(const struct store_lmdb_options *options, struct store **out,
                struct why *why)
{
    struct store_lmdb *store;
    enum err err;

    assert(options->dir != NULL);

    store = store_new(options);
    if (store == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    err = open_all(store, options, false, why);
    if (err != OK) {
        store_close(&store->base);
        return err;
    }
    *out = &store->base;
    return OK;
}

/* Everything into the index, what is still in memory too. */
static enum err
merge_all(struct store_lmdb *store, struct why *why)
{
    struct index_mark mark = { .tx = store->journal->newest_tx };

    memcpy(mark.digest, store->journal->digest, DIGEST_BYTES);
    if (memtable_records(store->versions.active) > 0)
        TRY(embedded_seal(store, &mark, why));
    return embedded_await_room(store, why);
}

enum err
store_lmdb_settle(struct store *base, struct why *why)
{
    struct store_lmdb *store = (struct store_lmdb *)base;

    assert(base->ops == &embedded_ops);

    /* What the memtable holds then is not for sure what the journal holds. */
    if (atomic_load(&store->journal->failed))
        return why_set(why, ERR_STORE, "journal: it has failed");
    return merge_all(store, why);
}

enum err
store_lmdb_reindex(const struct store_lmdb_options *options,
                   const struct reindex_progress *progress, struct why *why)
{
    struct store_lmdb *store;
    bool has_journal;
    enum err err;

    TRY(journal_check_directory(options->dir, &has_journal, why));
    if (!has_journal)
        return why_set(why, ERR_NOT_FOUND, "%s holds no store", options->dir);
    store = store_new(options);
    if (store == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    store->progress = progress;
    err = open_all(store, options, true, why);
    if (err == OK)
        err = merge_all(store, why);
    store_close(&store->base);
    return err;
}
