/* The embedded store: what the journal keeps, the memtable shows. */
#include "secmaster/store_lmdb.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/hash.h"

#include "journal.h"
#include "memtable.h"

/* Records of a security passed over one by one before seeking the next. */
#define SKIP_STEPS_MAX 8

/* Records sorted at a time while opening: neighbours then go in one after the
 * other, which spares most of the search. */
#define REPLAY_RECORDS_MAX (1UL << 20)

struct store_lmdb {
    struct store base;
    struct journal *journal;
    struct memtable *memtable;
    size_t replayed; /* records staged while opening */
};

static struct store_lmdb *
ours(struct store *store)
{
    return (struct store_lmdb *)store;
}

static struct names *
names_of(struct store *store, enum name_space space)
{
    switch (space) {
    case NAMES_ATTRIBUTES:
        return store->attributes;
    case NAMES_SOURCES:
        return store->sources;
    }
    abort();
}

/* Opening: the journal is read into the memtable. */

static enum err
replay_name(void *context, const struct name_change *name, struct why *why)
{
    struct store_lmdb *store = context;
    struct names *names = names_of(&store->base, name->space);

    if (name->id != names_count(names))
        return why_set(why, ERR_STORE,
                       "journal: name %" PRIu32 " of space %d is missing",
                       names_count(names), (int)name->space);
    if (names_find(names, name->text) != NAME_NONE)
        return why_set(why, ERR_STORE,
                       "journal: name %" PRIu32 " of space %d is there twice",
                       name->id, (int)name->space);
    TRY(names_add(names, name->text));
    names_mark(names, name->id, name->first_assertion, name->first_retraction);
    return OK;
}

/* Whether a record's facts can be read back, every name included. */
static const char *
payload_fault(const struct store_lmdb *store, struct str payload)
{
    uint32_t attributes = names_count(store->base.attributes);
    uint32_t sources = names_count(store->base.sources);
    struct factset_item item;
    enum err err;

    if (payload.len == 0)
        return "a record is empty";
    while (factset_next(&payload, &item, &err))
        if (item.attribute >= attributes || item.source >= sources)
            return "a record has a name that is missing";
    return err == OK ? NULL : "a record's facts are malformed";
}

static const char *
sources_fault(const struct store_lmdb *store, const struct batch_body *batch)
{
    uint32_t count = batch->head.info.source_count;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t id = batch_source(batch->sources, i);

        if (id >= names_count(store->base.sources))
            return "a source is missing";
        if (i > 0 && id <= batch_source(batch->sources, i - 1))
            return "its sources are out of order";
    }
    return NULL;
}

static const char *
displaced_fault(const struct batch_body *batch)
{
    struct str left = batch->displaced;
    uint32_t facts = batch->head.info.facts, last = 0, count = 0;
    struct displaced displaced;
    const char *fault;

    for (; batch_displaced_next(&left, &last, &displaced, &fault); count++)
        if (displaced.sequence >= facts || displaced.ordinal >= facts)
            return "its list of displaced facts is malformed";
    if (fault == NULL && count != batch->head.displaced)
        return "its list of displaced facts has another length";
    return fault;
}

static enum err
damaged(struct why *why, uint64_t tx, const char *fault)
{
    return why_set(why, ERR_STORE, "journal: tx %" PRIu64 " is damaged: %s", tx,
                   fault);
}

static enum err
stage_batch(struct store_lmdb *store, const struct batch_body *batch,
            struct why *why)
{
    struct str left = batch->records;
    struct record record;
    const char *fault;
    uint32_t count = 0;

    for (; batch_record_next(&left, batch->head.info.tx, &record, &fault);
         count++) {
        fault = payload_fault(store, record.payload);
        if (fault != NULL)
            break;
        if (memtable_stage(store->memtable, &record) != OK)
            return why_set(why, ERR_BUSY, "out of memory");
    }
    if (fault == NULL && count != batch->head.records)
        fault = "it has another number of records";
    return fault == NULL ? OK : damaged(why, batch->head.info.tx, fault);
}

static enum err
link_replayed(struct store_lmdb *store, struct why *why)
{
    uint64_t tx;

    if (memtable_ready(store->memtable) != OK)
        return why_set(why, ERR_BUSY, "out of memory");
    if (!memtable_sort(store->memtable, &tx))
        return damaged(why, tx, "a record is there twice");
    memtable_link(store->memtable);
    store->replayed = 0;
    return OK;
}

static enum err
replay_batch(void *context, const struct batch_body *batch, struct why *why)
{
    struct store_lmdb *store = context;
    const char *fault = sources_fault(store, batch);

    if (fault == NULL)
        fault = displaced_fault(batch);
    if (fault != NULL)
        return damaged(why, batch->head.info.tx, fault);
    TRY(stage_batch(store, batch, why));
    store->replayed += batch->head.records;
    return store->replayed < REPLAY_RECORDS_MAX ? OK
                                                : link_replayed(store, why);
}

/* Appending. */

static enum err
apply_names(struct store *store, const struct append_batch *batch)
{
    for (uint32_t i = 0; i < batch->name_count; i++) {
        const struct name_change *change = &batch->names[i];
        struct names *names = names_of(store, change->space);

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

/* All that may lack memory comes before the commit, all that is seen after
 * it. */
static enum err
lmdb_append(struct store *base, const struct append_batch *const *batches,
            size_t count, struct why *why)
{
    struct store_lmdb *store = ours(base);
    enum err err = stage_all(store->memtable, batches, count);
    bool are_distinct;
    uint64_t tx;

    if (err != OK) {
        memtable_drop(store->memtable);
        return why_set(why, err, "out of memory");
    }
    are_distinct = memtable_sort(store->memtable, &tx);
    assert(are_distinct);
    err = journal_append(store->journal, batches, count, why);
    if (err != OK) {
        memtable_drop(store->memtable);
        return err;
    }

    memtable_link(store->memtable);
    for (size_t i = 0; i < count; i++) {
        if (apply_names(base, batches[i]) == OK)
            continue;
        journal_fail(store->journal);
        return why_set(why, ERR_STORE,
                       "out of memory: what is stored cannot be shown, stop");
    }
    atomic_store_explicit(&base->published_tx, batches[count - 1]->info.tx,
                          memory_order_release);
    return OK;
}

/* Reading. */

static enum err
lmdb_view_begin(struct view *view, struct why *why)
{
    (void)why;
    view->handle = ours(view->store)->memtable;
    return OK;
}

static void
lmdb_view_end(struct view *view)
{
    view->handle = NULL;
}

/* Whether a record lies behind the end of a range. */
static bool
is_past(const struct scan_range *range, const struct record *record)
{
    if (record->kind != range->kind)
        return record->kind > range->kind;
    if (record->security_id != range->last_security)
        return record->security_id > range->last_security;
    return record->effective.days > range->last_date.days;
}

/* Leave the security the cursor is at. A few steps are cheaper than a seek;
 * many are not. */
static void
skip_security(struct memtable_cursor *cursor, const struct record *from)
{
    struct record record;

    for (int step = 0; step < SKIP_STEPS_MAX; step++) {
        memtable_next(cursor);
        if (!memtable_at(cursor, &record) || record.kind != from->kind ||
            record.security_id != from->security_id)
            return;
    }
    record.tx = UINT64_MAX;
    record.effective.days = DATE_LAST_DAYS;
    memtable_seek(cursor, cursor->memtable, &record);
}

static enum err
lmdb_scan(struct view *view, const struct scan_range *range,
          record_visitor *visitor, void *context, struct why *why)
{
    const struct record first = { .kind = range->kind,
                                  .security_id = range->first_security,
                                  .effective = range->first_date };
    struct memtable_cursor cursor;
    struct record record;

    (void)why;
    memtable_seek(&cursor, view->handle, &first);
    while (memtable_at(&cursor, &record) && !is_past(range, &record)) {
        enum visit visit = VISIT_NEXT;

        if (record.tx <= view->known_tx)
            visit = visitor(context, &record);
        switch (visit) {
        case VISIT_NEXT:
            memtable_next(&cursor);
            break;
        case VISIT_SKIP:
            skip_security(&cursor, &record);
            break;
        case VISIT_STOP:
            return OK;
        }
    }
    return OK;
}

static void
show_candidates(const struct candidates *found,
                const struct lookup_range *lookup, candidate_visitor *visitor,
                void *context)
{
    size_t i = candidates_find(found, lookup->first_security);

    while (i < found->count && found->ids[i] <= lookup->last_security) {
        if (visitor(context, found->ids[i]) == VISIT_STOP)
            return;
        i++;
    }
}

static enum err
lmdb_lookup(struct view *view, const struct lookup_range *lookup,
            candidate_visitor *visitor, void *context, struct why *why)
{
    const struct inverted_key key = { hash_xxh64(lookup->text),
                                      lookup->attribute };
    struct candidates found;
    enum err err;

    candidates_init(&found);
    err = inverted_collect(memtable_inverted(view->handle), &key, &found);
    if (err == OK)
        err = candidates_sort(&found);
    if (err == OK)
        show_candidates(&found, lookup, visitor, context);
    candidates_fini(&found);
    return err == OK ? OK : why_set(why, err, "out of memory");
}

static enum err
lmdb_transaction(struct store *store, uint64_t tx, struct arena *arena,
                 struct tx_info *out, struct why *why)
{
    return journal_transaction(ours(store)->journal, tx, arena, out, why);
}

static enum err
lmdb_state_get(struct store *store, enum state_space space, struct str key,
               struct arena *arena, struct str *out, struct why *why)
{
    return journal_state_get(ours(store)->journal, space, key, arena, out, why);
}

static void
lmdb_health(struct store *base, struct store_health *out)
{
    struct store_lmdb *store = ours(base);

    out->failed = atomic_load(&store->journal->failed);
    out->full = journal_is_full(store->journal);
    out->disk_bytes = journal_disk_bytes(store->journal);
    out->memtable_bytes = memtable_bytes(store->memtable);
    out->memtable_records = memtable_records(store->memtable);
}

static void
lmdb_close(struct store *base)
{
    struct store_lmdb *store = ours(base);

    journal_close(store->journal);
    memtable_free(store->memtable);
    names_free(base->attributes);
    names_free(base->sources);
    free(store);
}

static const struct store_ops ops = {
    .name = "lmdb",
    .append = lmdb_append,
    .view_begin = lmdb_view_begin,
    .view_end = lmdb_view_end,
    .scan = lmdb_scan,
    .lookup = lmdb_lookup,
    .transaction = lmdb_transaction,
    .state_get = lmdb_state_get,
    .health = lmdb_health,
    .close = lmdb_close,
};

enum err
store_lmdb_open(const struct store_lmdb_options *options, struct store **out,
                struct why *why)
{
    struct store_lmdb *store = calloc(1, sizeof *store);
    const struct journal_replay replay = { replay_name, replay_batch, store };
    enum err err;

    assert(options->dir != NULL);

    if (store == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    store->base.ops = &ops;
    store->base.attributes = names_new();
    store->base.sources = names_new();
    store->memtable = memtable_new();
    if (store->base.attributes == NULL || store->base.sources == NULL ||
        store->memtable == NULL)
        err = why_set(why, ERR_BUSY, "out of memory");
    else
        err = journal_open(options, &store->journal, why);
    if (err == OK)
        err = journal_replay(store->journal, &replay, why);
    if (err == OK)
        err = link_replayed(store, why);
    if (err != OK) {
        lmdb_close(&store->base);
        return err;
    }
    atomic_init(&store->base.published_tx, store->journal->newest_tx);
    *out = &store->base;
    return OK;
}
