/*
 * The same promises as the embedded store's, kept in another way: sorted
 * arrays under one lock, every byte copied.
 */
#include "tests/support/store_memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "tests/support/kept_batches.h"

/* Values told apart by a lookup. */
#define HASHES 8

struct state_entry {
    enum state_space space;
    struct str key, value;
};

struct store_memory {
    struct store base;
    pthread_rwlock_t lock; /* over all that follows */
    struct record *records;
    size_t record_count;
    struct tx_info *infos; /* of tx 1, 2, 3 ... */
    uint64_t *histories;   /* likewise */
    struct kept_batches batches;
    size_t info_count;
    struct state_entry *state;
    size_t state_count;
};

static struct store_memory *
ours(struct store *store)
{
    return (struct store_memory *)store;
}

static void *
grow(void *items, size_t count, size_t size)
{
    void *grown = realloc(items, count * size);

    assert(grown != NULL);
    return grown;
}

static struct str
copy(struct str s)
{
    char *data = malloc(s.len + 1);

    assert(data != NULL);
    if (s.len > 0)
        memcpy(data, s.data, s.len);
    return (struct str){ data, s.len };
}

static void
add_record(struct store_memory *store, const struct record *record)
{
    size_t at = store->record_count, count = store->record_count + 1;

    /* Twice the room at each power of two. */
    if ((at & (at - 1)) == 0)
        store->records =
            grow(store->records, 2 * count, sizeof *store->records);
    while (at > 0 && record_compare(record, &store->records[at - 1]) < 0) {
        store->records[at] = store->records[at - 1];
        at--;
    }
    assert(at == 0 || record_compare(&store->records[at - 1], record) != 0);
    store->records[at] = *record;
    store->records[at].payload = copy(record->payload);
    store->record_count = count;
}

static void
add_info(struct store_memory *store, const struct tx_info *info)
{
    size_t count = store->info_count + 1;
    uint32_t *sources = grow(NULL, info->source_count + 1, sizeof *sources);
    struct tx_info *added;

    assert(store->info_count == 0 ||
           store->infos[store->info_count - 1].recorded_at.us <=
               info->recorded_at.us);

    store->infos = grow(store->infos, count, sizeof *store->infos);
    added = &store->infos[store->info_count];
    *added = *info;
    for (uint32_t i = 0; i < info->source_count; i++)
        sources[i] = info->sources[i];
    added->sources = sources;
    added->idempotency_key = copy(info->idempotency_key);
    store->info_count = count;
}

static uint64_t
mixed(uint64_t number, struct str s)
{
    uint64_t both[2] = { number, hash_xxh64(s) };

    return hash_xxh64((struct str){ (const char *)both, sizeof both });
}

/* Every byte of a batch but its names and state, behind the one before. */
static void
add_history(struct store_memory *store, const struct append_batch *batch)
{
    size_t at = store->info_count;
    uint64_t number = at == 0 ? 1 : store->histories[at - 1];
    const int64_t us = batch->info.recorded_at.us;

    number = mixed(number, (struct str){ (const char *)&us, sizeof us });
    number = mixed(number, batch->info.idempotency_key);
    for (uint32_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];
        int64_t key[3] = { record->kind, record->security_id,
                           record->effective.days };

        number = mixed(number, (struct str){ (const char *)key, sizeof key });
        number = mixed(number, record->payload);
    }
    store->histories = grow(store->histories, at + 1, sizeof *store->histories);
    store->histories[at] = number;
}

static size_t
find_state(const struct store_memory *store, enum state_space space,
           struct str key)
{
    for (size_t i = 0; i < store->state_count; i++)
        if (store->state[i].space == space &&
            str_equal(store->state[i].key, key))
            return i;
    return store->state_count;
}

static void
change_state(struct store_memory *store, const struct state_change *change)
{
    size_t at = find_state(store, change->space, change->key);

    if (at < store->state_count) {
        free((void *)(uintptr_t)store->state[at].key.data);
        free((void *)(uintptr_t)store->state[at].value.data);
        store->state[at] = store->state[--store->state_count];
    }
    if (change->value.data == NULL)
        return;
    store->state =
        grow(store->state, store->state_count + 1, sizeof *store->state);
    store->state[store->state_count++] =
        (struct state_entry){ change->space, copy(change->key),
                              copy(change->value) };
}

static void
change_name(struct store *store, const struct name_change *change)
{
    struct names *names = store_dictionary(store, change->space);

    if (change->id == names_count(names)) {
        enum err err = names_add(names, change->text);
        assert(err == OK);
    }
    names_mark(names, change->id, change->first_assertion,
               change->first_retraction);
}

static enum err
memory_append(struct store *base, const struct append_batch *const *batches,
              size_t count, struct why *why)
{
    struct store_memory *store = ours(base);

    (void)why;
    pthread_rwlock_wrlock(&store->lock);
    for (size_t i = 0; i < count; i++) {
        const struct append_batch *batch = batches[i];

        for (uint32_t r = 0; r < batch->record_count; r++)
            add_record(store, &batch->records[r]);
        for (uint32_t n = 0; n < batch->name_count; n++)
            change_name(base, &batch->names[n]);
        for (uint32_t s = 0; s < batch->state_count; s++)
            change_state(store, &batch->state[s]);
        add_history(store, batch);
        kept_batches_add(&store->batches, batch);
        add_info(store, &batch->info);
    }
    atomic_store(&base->published_tx, store->info_count);
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

static enum err
memory_view_begin(struct view *view, struct why *why)
{
    (void)view;
    (void)why;
    return OK;
}

static void
memory_view_end(struct view *view)
{
    (void)view;
}

static bool
is_inside(const struct scan_range *range, const struct record *record)
{
    if (record->kind != range->kind)
        return false;
    if (record->security_id < range->first_security ||
        record->security_id > range->last_security)
        return false;
    if (record->security_id == range->first_security &&
        record->effective.days < range->first_date.days)
        return false;
    return record->security_id != range->last_security ||
           record->effective.days <= range->last_date.days;
}

/* The visitor is called under the lock: it must not append. */
static enum err
memory_scan(struct view *view, const struct scan_range *range,
            record_visitor *visitor, void *context, struct why *why)
{
    struct store_memory *store = ours(view->store);
    int64_t skipped = -1;

    (void)why;
    pthread_rwlock_rdlock(&store->lock);
    for (size_t i = 0; i < store->record_count; i++) {
        const struct record *record = &store->records[i];
        enum visit visit;

        if (!is_inside(range, record) || record->tx > view->known_tx ||
            record->security_id == skipped)
            continue;
        visit = visitor(context, record);
        if (visit == VISIT_STOP)
            break;
        if (visit == VISIT_SKIP)
            skipped = record->security_id;
    }
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

/* Whether some assertion of a record is a candidate's. Few bits of the hash:
 * a store may show more than was asked for, and this one does. */
static bool
may_match(const struct lookup_names *names, size_t name,
          const struct record *record)
{
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    if (record->kind != RECORD_FACTS)
        return false;
    while (factset_next(&payload, &item, &err)) {
        if (item.attribute == names->attribute && item.op == FACT_ASSERT &&
            item.value.type != VALUE_NULL &&
            hash_xxh64(item.value.text) % HASHES ==
                hash_xxh64(names->texts[name]) % HASHES)
            return true;
    }
    return false;
}

static enum visit
show_name(struct store_memory *store, const struct lookup_names *names,
          size_t name, name_visitor *visitor, void *context)
{
    int64_t first = name == 0 ? names->first_security : 0, shown = -1;
    int64_t last = name == names->count - 1 ? names->last_security : INT64_MAX;

    for (size_t i = 0; i < store->record_count; i++) {
        int64_t id = store->records[i].security_id;

        if (id == shown || id < first || id > last ||
            !may_match(names, name, &store->records[i]))
            continue;
        shown = id;
        if (visitor(context, name, id) == VISIT_STOP)
            return VISIT_STOP;
    }
    return VISIT_NEXT;
}

/* The visitor is called under the lock: it must not append. */
static enum err
memory_lookup(struct view *view, const struct lookup_names *names,
              name_visitor *visitor, void *context, struct why *why)
{
    struct store_memory *store = ours(view->store);

    (void)why;
    pthread_rwlock_rdlock(&store->lock);
    for (size_t i = 0; i < names->count; i++)
        if (show_name(store, names, i, visitor, context) == VISIT_STOP)
            break;
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

static enum err
memory_transaction(struct store *base, uint64_t tx, struct arena *arena,
                   struct tx_info *out, struct why *why)
{
    struct store_memory *store = ours(base);
    uint32_t *sources;

    pthread_rwlock_rdlock(&store->lock);
    *out = store->infos[tx - 1];
    pthread_rwlock_unlock(&store->lock);
    sources = arena_zalloc(arena, out->source_count, sizeof *sources);
    out->idempotency_key = arena_copy(arena, out->idempotency_key);
    if (sources == NULL || out->idempotency_key.data == NULL)
        return why_set(why, ERR_TOO_LARGE, "arena");
    for (uint32_t i = 0; i < out->source_count; i++)
        sources[i] = out->sources[i];
    out->sources = sources;
    return OK;
}

static enum err
memory_history(struct store *base, uint64_t tx, uint64_t *out, struct why *why)
{
    struct store_memory *store = ours(base);

    (void)why;
    pthread_rwlock_rdlock(&store->lock);
    *out = store->histories[tx - 1];
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

static enum err
memory_batch(struct store *base, uint64_t tx, const struct batch_room *room,
             struct stored_batch *out, struct why *why)
{
    struct store_memory *store = ours(base);
    enum err err;

    pthread_rwlock_rdlock(&store->lock);
    err = kept_batches_read(&store->batches, tx, room, out, why);
    pthread_rwlock_unlock(&store->lock);
    return err;
}

static enum err
memory_state_get(struct store *base, enum state_space space, struct str key,
                 struct arena *arena, struct str *out, struct why *why)
{
    struct store_memory *store = ours(base);
    enum err err = OK;
    size_t at;

    pthread_rwlock_rdlock(&store->lock);
    at = find_state(store, space, key);
    if (at == store->state_count)
        err = why_set(why, ERR_NOT_FOUND, "no such key");
    else
        *out = arena_copy(arena, store->state[at].value);
    pthread_rwlock_unlock(&store->lock);
    return err;
}

static int
by_key(const void *a, const void *b)
{
    const struct state_entry *left = a, *right = b;

    return str_compare(left->key, right->key);
}

/* The visitor is called under the lock: it must not append. */
static enum err
memory_state_scan(struct store *base, enum state_space space,
                  state_visitor *visitor, void *context, struct why *why)
{
    struct store_memory *store = ours(base);
    enum visit visit = VISIT_NEXT;

    (void)why;
    pthread_rwlock_wrlock(&store->lock);
    if (store->state_count > 0)
        qsort(store->state, store->state_count, sizeof *store->state, by_key);
    for (size_t i = 0; i < store->state_count && visit != VISIT_STOP; i++)
        if (store->state[i].space == space)
            visit =
                visitor(context, store->state[i].key, store->state[i].value);
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

static enum err
memory_put_state(struct store *base, const struct state_change *changes,
                 size_t count, struct why *why)
{
    struct store_memory *store = ours(base);

    (void)why;
    pthread_rwlock_wrlock(&store->lock);
    for (size_t i = 0; i < count; i++)
        change_state(store, &changes[i]);
    pthread_rwlock_unlock(&store->lock);
    return OK;
}

static void
memory_health(struct store *base, struct store_health *out)
{
    struct store_memory *store = ours(base);

    pthread_rwlock_rdlock(&store->lock);
    out->memtable_records = store->record_count;
    for (size_t i = 0; i < store->record_count; i++)
        out->memtable_bytes +=
            sizeof(struct record) + store->records[i].payload.len;
    pthread_rwlock_unlock(&store->lock);
}

static void
memory_close(struct store *base)
{
    struct store_memory *store = ours(base);

    for (size_t i = 0; i < store->record_count; i++)
        free((void *)(uintptr_t)store->records[i].payload.data);
    for (size_t i = 0; i < store->info_count; i++) {
        free((void *)(uintptr_t)store->infos[i].sources);
        free((void *)(uintptr_t)store->infos[i].idempotency_key.data);
    }
    kept_batches_fini(&store->batches);
    for (size_t i = 0; i < store->state_count; i++) {
        free((void *)(uintptr_t)store->state[i].key.data);
        free((void *)(uintptr_t)store->state[i].value.data);
    }
    free(store->records);
    free(store->infos);
    free(store->histories);
    free(store->state);
    store_dictionaries_free(base);
    rulebook_free(base->rules);
    pthread_rwlock_destroy(&store->lock);
    free(store);
}

static const struct store_ops ops = {
    .name = "memory",
    .append = memory_append,
    .view_begin = memory_view_begin,
    .view_end = memory_view_end,
    .scan = memory_scan,
    .lookup = memory_lookup,
    .transaction = memory_transaction,
    .batch = memory_batch,
    .history = memory_history,
    .state_get = memory_state_get,
    .state_scan = memory_state_scan,
    .put_state = memory_put_state,
    .health = memory_health,
    .close = memory_close,
};

struct store *
store_memory_new(void)
{
    struct store_memory *store = calloc(1, sizeof *store);
    enum err err;

    assert(store != NULL);
    store->base.ops = &ops;
    err = store_dictionaries_new(&store->base, 0);
    assert(err == OK);
    store->base.rules = rulebook_new();
    assert(store->base.rules != NULL);
    pthread_rwlock_init(&store->lock, NULL);
    return &store->base;
}
