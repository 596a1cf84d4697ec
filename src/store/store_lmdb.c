/* The embedded store: appends to the journal and the memtable, reads from the
 * memtables and the index. */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "embedded.h"
#include "lookup.h"
#include "scan.h"

static struct store_lmdb *
ours(struct store *store)
{
    return (struct store_lmdb *)store;
}

/* Appending. */

static enum err
apply_names(struct store *store, const struct append_batch *batch)
{
    for (uint32_t i = 0; i < batch->name_count; i++) {
        const struct name_change *change = &batch->names[i];
        struct names *names = store_dictionary(store, change->space);

        if (change->id == names_count(names))
            TRY(names_add(names, change->text));
        names_mark(names, change->id, change->first_assertion,
                   change->first_retraction);
    }
    return OK;
}

static enum err
stage_all(struct memtable *memtable, const struct append_batch *const *batches,
          size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (uint32_t r = 0; r < batches[i]->record_count; r++)
            TRY(memtable_stage(memtable, &batches[i]->records[r]));
    return memtable_ready(memtable);
}

/*
 * Where the active memtable cannot take the batches as well, seal it: only
 * here, between batches, so that a memtable ends with a whole transaction.
 */
static enum err
make_room(struct store_lmdb *store, const struct append_batch *const *batches,
          size_t count, struct why *why)
{
    uint64_t bytes = memtable_bytes(store->versions.active);
    struct index_mark mark = { .tx = store_newest(&store->base) };
    struct memtable *fresh;

    if (bytes == 0)
        return OK;
    for (size_t i = 0; i < count; i++)
        for (uint32_t r = 0; r < batches[i]->record_count; r++)
            bytes += memtable_cost(&batches[i]->records[r]);
    if (bytes <= store->memtable_bytes_max)
        return OK;
    if (!versions_await_room(&store->versions, store->wait_ms))
        return why_set(why, ERR_BUSY, "memory is full, the index is behind");
    fresh = memtable_new(store->base.seed);
    if (fresh == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    memcpy(mark.digest, store->journal->digest, DIGEST_BYTES);
    versions_seal(&store->versions, fresh, &mark);
    return OK;
}

void
embedded_note_history(struct store_lmdb *store, uint64_t tx)
{
    uint64_t number = journal_history_of(store->journal->digest);

    atomic_store_explicit(&store->newest.number, number, memory_order_release);
    atomic_store_explicit(&store->newest.check, number ^ tx,
                          memory_order_release);
}

/* All that may lack memory comes before the commit, all that is seen after
 * it. */
static enum err
lmdb_append(struct store *base, const struct append_batch *const *batches,
            size_t count, struct why *why)
{
    struct store_lmdb *store = ours(base);
    struct memtable *memtable;
    bool are_distinct;
    enum err err;
    uint64_t tx;

    TRY(make_room(store, batches, count, why));
    memtable = store->versions.active;
    err = stage_all(memtable, batches, count);
    if (err != OK) {
        memtable_drop(memtable);
        return why_set(why, err, "out of memory");
    }
    are_distinct = memtable_sort(memtable, &tx);
    assert(are_distinct);
    err = journal_append(store->journal, batches, count, why);
    if (err != OK) {
        memtable_drop(memtable);
        return err;
    }

    memtable_link(memtable);
    for (size_t i = 0; i < count; i++) {
        if (apply_names(base, batches[i]) == OK)
            continue;
        journal_fail(store->journal);
        return why_set(why, ERR_STORE,
                       "out of memory: what is stored cannot be shown, stop");
    }
    embedded_note_history(store, batches[count - 1]->info.tx);
    atomic_store_explicit(&base->published_tx, batches[count - 1]->info.tx,
                          memory_order_release);
    return OK;
}

/* What is put is there for whoever looks, so there is nothing to publish. */
static enum err
lmdb_put_state(struct store *base, const struct state_change *changes,
               size_t count, struct why *why)
{
    return journal_put_state(ours(base)->journal, changes, count, why);
}

/* Reading. */

/*
 * The published tx was loaded before this is called; then the version, then
 * the index. In any other order a merge in between would hide records or show
 * them twice (docs/storage.md, Reading, rule 4).
 */
static enum err
lmdb_view_begin(struct view *view, struct why *why)
{
    struct store_lmdb *store = ours(view->store);
    struct scan_sources *sources = malloc(sizeof *sources);
    enum err err;

    if (sources == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    *sources = (struct scan_sources){ .known_tx = view->known_tx };
    sources->version = versions_pin(&store->versions);
    err = index_read_begin(store->index, &sources->reader, why);
    if (err != OK) {
        versions_unpin(&store->versions, sources->version);
        free(sources);
        return err;
    }
    view->handle = sources;
    return OK;
}

static void
lmdb_view_end(struct view *view)
{
    struct scan_sources *sources = view->handle;

    scan_place_close(&sources->place);
    index_read_end(&sources->reader);
    versions_unpin(&ours(view->store)->versions, sources->version);
    free(sources);
    view->handle = NULL;
}

static enum err
lmdb_scan(struct view *view, const struct scan_range *range,
          record_visitor *visitor, void *context, struct why *why)
{
    return scan_run(view->handle, range, visitor, context, why);
}

static enum err
lmdb_lookup(struct view *view, const struct lookup_names *names,
            name_visitor *visitor, void *context, struct why *why)
{
    return lookup_run(view->handle, names, visitor, context, why);
}

static enum err
lmdb_transaction(struct store *store, uint64_t tx, struct arena *arena,
                 struct tx_info *out, struct why *why)
{
    return journal_transaction(ours(store)->journal, tx, arena, out, why);
}

static enum err
lmdb_batch(struct store *store, uint64_t tx, const struct batch_room *room,
           struct stored_batch *out, struct why *why)
{
    return journal_batch(ours(store)->journal, tx, room, out, why);
}

/* Where the slot has gone on to a later tx, or is about to, the journal has a
 * batch behind this one. */
static enum err
lmdb_history(struct store *base, uint64_t tx, uint64_t *out, struct why *why)
{
    struct store_lmdb *store = ours(base);
    uint64_t number =
        atomic_load_explicit(&store->newest.number, memory_order_acquire);
    uint64_t check =
        atomic_load_explicit(&store->newest.check, memory_order_acquire);

    if ((number ^ check) != tx)
        return journal_history(store->journal, tx, out, why);
    *out = number;
    return OK;
}

static enum err
lmdb_state_get(struct store *store, enum state_space space, struct str key,
               struct arena *arena, struct str *out, struct why *why)
{
    return journal_state_get(ours(store)->journal, space, key, arena, out, why);
}

static enum err
lmdb_state_scan(struct store *store, enum state_space space,
                state_visitor *visitor, void *context, struct why *why)
{
    return journal_state_scan(ours(store)->journal, space,
                              &(struct journal_state_visit){ visitor, context },
                              why);
}

static void
memtable_health(struct store_lmdb *store, struct store_health *out)
{
    const struct version *version = versions_pin(&store->versions);

    for (size_t i = 0; i < version->count; i++) {
        out->memtable_bytes += memtable_bytes(version->memtables[i]);
        out->memtable_records += memtable_records(version->memtables[i]);
    }
    out->sealed_memtables = version->count - 1;
    versions_unpin(&store->versions, version);
}

static void
index_health(struct store_lmdb *store, struct store_health *out)
{
    struct index_reader reader;
    struct merger_stats stats;

    merger_stats(store->merger, &stats);
    out->merges = stats.merges;
    out->merge_us_total = stats.merge_us;
    out->merge_failed = stats.failed;
    out->full = out->full || stats.full;
    out->index_bytes = index_disk_bytes(store->index);
    if (index_read_begin(store->index, &reader, NULL) != OK)
        return;
    out->merged_tx = reader.merged_tx;
    index_read_end(&reader);
}

static void
lmdb_health(struct store *base, struct store_health *out)
{
    struct store_lmdb *store = ours(base);

    out->failed = atomic_load(&store->journal->failed);
    out->full = journal_is_full(store->journal);
    memtable_health(store, out);
    index_health(store, out);
    out->disk_bytes = journal_disk_bytes(store->journal) + out->index_bytes;
}

static void
lmdb_close(struct store *base)
{
    struct store_lmdb *store = ours(base);

    merger_stop(store->merger);
    versions_fini(&store->versions);
    index_close(store->index);
    /* Last: it holds the lock of the directory. */
    journal_close(store->journal);
    store_dictionaries_free(base);
    rulebook_free(base->rules);
    free(store);
}

const struct store_ops embedded_ops = {
    .name = "lmdb",
    .append = lmdb_append,
    .view_begin = lmdb_view_begin,
    .view_end = lmdb_view_end,
    .scan = lmdb_scan,
    .lookup = lmdb_lookup,
    .transaction = lmdb_transaction,
    .batch = lmdb_batch,
    .history = lmdb_history,
    .state_get = lmdb_state_get,
    .state_scan = lmdb_state_scan,
    .put_state = lmdb_put_state,
    .health = lmdb_health,
    .close = lmdb_close,
};
