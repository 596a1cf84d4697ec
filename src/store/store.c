/* The socket's own side: a caller's duties are checked once, for every store.
 */
#include "secmaster/store.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

#include "batch_kinds.h"

#define STATE_NAME_BYTES_MAX 256
#define IDEMPOTENCY_BYTES_MAX 255

static void
check_info(const struct tx_info *info)
{
    assert(batch_kind_is_known(info->kind));
    assert(info->source_count == 0 || info->sources != NULL);
    for (uint32_t i = 1; i < info->source_count; i++)
        assert(info->sources[i - 1] < info->sources[i]);
    assert(info->idempotency_key.len <= IDEMPOTENCY_BYTES_MAX);
}

static void
check_records(const struct append_batch *batch)
{
    for (uint32_t i = 0; i < batch->record_count; i++) {
        const struct record *record = &batch->records[i];

        assert(batch_may_have(batch->info.kind, record->kind));
        assert(record->security_id >= 0);
        assert(record->effective.days >= DATE_FIRST_DAYS);
        assert(record->effective.days <= DATE_LAST_DAYS);
        assert(record->tx == batch->info.tx);
        assert(record->payload.len > 0 || record->kind == RECORD_POSITIONS);
        assert(record->payload.len <= UINT32_MAX);
    }
}

static void
check_displaced(const struct append_batch *batch)
{
    for (uint32_t i = 0; i < batch->displaced_count; i++) {
        const struct displaced *displaced = &batch->displaced[i];

        assert(displaced->sequence < batch->info.facts);
        assert(displaced->ordinal < batch->info.facts);
        assert(i == 0 || displaced[-1].sequence < displaced->sequence);
    }
}

/* New names come in the order of their ids, whichever batch brings them. */
static void
check_names(const struct append_batch *batch, uint32_t counts[NAME_SPACES])
{
    for (uint32_t i = 0; i < batch->name_count; i++) {
        const struct name_change *change = &batch->names[i];
        uint32_t *count = &counts[NAME_SPACE_PLACE(change->space)];

        assert(name_space_is_known(change->space));
        assert(change->text.len > 0);
        assert(change->id <= *count);
        if (change->id == *count)
            *count += 1;
    }
}

static void
check_state_key(struct str key)
{
    assert(key.len > 0);
    assert(key.len <= STATE_NAME_BYTES_MAX);
}

enum err
store_append(struct store *store, const struct append_batch *const *batches,
             size_t count, struct why *why)
{
    uint32_t counts[NAME_SPACES];
    uint64_t newest;

    assert(store != NULL);
    assert(count > 0);

    newest = store_newest(store);
    for (size_t i = 0; i < NAME_SPACES; i++)
        counts[i] =
            names_count(store_dictionary(store, (enum name_space)(i + 1)));
    for (size_t i = 0; i < count; i++) {
        assert(batches[i]->info.tx == newest + 1 + i);
        assert(i == 0 || batches[i - 1]->info.recorded_at.us <=
                             batches[i]->info.recorded_at.us);
        check_info(&batches[i]->info);
        check_records(batches[i]);
        check_displaced(batches[i]);
        check_names(batches[i], counts);
        for (uint32_t s = 0; s < batches[i]->state_count; s++)
            check_state_key(batches[i]->state[s].key);
    }
    return store->ops->append(store, batches, count, why);
}

struct names *
store_dictionary(const struct store *store, enum name_space space)
{
    switch (space) {
    case NAMES_ATTRIBUTES:
        return store->attributes;
    case NAMES_SOURCES:
        return store->sources;
    case NAMES_PORTFOLIOS:
        return store->portfolios;
    case NAMES_TRADES:
        return store->trades;
    case NAMES_MEMBERS:
        return store->members;
    }
    abort();
}

enum err
store_dictionaries_new(struct store *store, uint64_t seed)
{
    store->seed = seed;
    store->attributes = names_new(seed);
    store->sources = names_new(seed);
    store->portfolios = names_new(seed);
    store->trades = names_new(seed);
    store->members = names_new(seed);
    for (unsigned space = 1; space <= NAME_SPACES; space++)
        if (store_dictionary(store, (enum name_space)space) == NULL)
            return ERR_BUSY;
    return OK;
}

void
store_dictionaries_free(struct store *store)
{
    for (unsigned space = 1; space <= NAME_SPACES; space++)
        names_free(store_dictionary(store, (enum name_space)space));
}

uint64_t
store_newest(struct store *store)
{
    return atomic_load_explicit(&store->published_tx, memory_order_acquire);
}

enum err
store_view_begin(struct store *store, uint64_t known_tx, struct view *view,
                 struct why *why)
{
    uint64_t newest;

    assert(store != NULL);
    assert(view != NULL);

    /* First of all, so that what the store pins holds all of it. */
    newest = store_newest(store);
    if (known_tx == KNOWN_NEWEST)
        known_tx = newest;
    if (known_tx > newest)
        return why_set(why, ERR_INVALID, "known_tx is above the newest, %llu",
                       (unsigned long long)newest);
    *view = (struct view){ .store = store, .known_tx = known_tx };
    return store->ops->view_begin(view, why);
}

void
store_view_end(struct view *view)
{
    view->store->ops->view_end(view);
    view->store = NULL;
}

enum err
store_scan(struct view *view, const struct scan_range *range,
           record_visitor *visitor, void *context, struct why *why)
{
    assert(view->store != NULL);
    assert(range->first_security >= 0);
    assert(range->fold == NULL || range->first_date.days == DATE_FIRST_DAYS);
    assert(visitor != NULL);

    return view->store->ops->scan(view, range, visitor, context, why);
}

enum err
store_lookup_names(struct view *view, const struct lookup_names *names,
                   name_visitor *visitor, void *context, struct why *why)
{
    assert(view->store != NULL);
    assert(names->attribute < names_count(view->store->attributes));
    assert(names->first_security >= 0);
    assert(visitor != NULL);

    return view->store->ops->lookup(view, names, visitor, context, why);
}

struct shown_candidates {
    candidate_visitor *visitor;
    void *context;
};

static enum visit
show_candidate(void *context, size_t name, int64_t security_id)
{
    const struct shown_candidates *shown = context;

    (void)name;
    return shown->visitor(shown->context, security_id);
}

enum err
store_lookup(struct view *view, const struct lookup_range *lookup,
             candidate_visitor *visitor, void *context, struct why *why)
{
    struct shown_candidates shown = { visitor, context };
    const struct lookup_names names = {
        .attribute = lookup->attribute,
        .texts = &lookup->text,
        .count = 1,
        .first_security = lookup->first_security,
        .last_security = lookup->last_security,
    };

    assert(visitor != NULL);

    return store_lookup_names(view, &names, show_candidate, &shown, why);
}

enum err
store_transaction(struct store *store, uint64_t tx, struct arena *arena,
                  struct tx_info *out, struct why *why)
{
    /* The journal may already hold one that is not published yet. */
    if (tx == 0 || tx > store_newest(store))
        return why_set(why, ERR_NOT_FOUND, "no such transaction");
    return store->ops->transaction(store, tx, arena, out, why);
}

enum err
store_batch(struct store *store, uint64_t tx, const struct batch_room *room,
            struct stored_batch *out, struct why *why)
{
    enum err err;

    *out = (struct stored_batch){ 0 };
    if (tx == 0 || tx > store_newest(store))
        return why_set(why, ERR_NOT_FOUND, "no such transaction");
    err = store->ops->batch(store, tx, room, out, why);
    if (err != OK) {
        size_t bytes = out->bytes;

        stored_batch_fini(out);
        out->bytes = bytes;
    }
    return err;
}

void
stored_batch_fini(struct stored_batch *batch)
{
    for (size_t i = 0; i < sizeof batch->memory / sizeof batch->memory[0]; i++)
        free(batch->memory[i]);
    *batch = (struct stored_batch){ .info = batch->info };
}

enum err
store_history(struct store *store, uint64_t tx, uint64_t *out, struct why *why)
{
    struct history_slot *slot = &store->histories[tx % HISTORY_SLOTS];
    uint64_t number = atomic_load_explicit(&slot->number, memory_order_relaxed);
    uint64_t check = atomic_load_explicit(&slot->check, memory_order_relaxed);

    *out = 0;
    if (tx == 0)
        return OK;
    if (tx > store_newest(store))
        return why_set(why, ERR_NOT_FOUND, "no such transaction");
    if ((number ^ check) == tx) {
        *out = number;
        return OK;
    }
    TRY(store->ops->history(store, tx, out, why));
    atomic_store_explicit(&slot->number, *out, memory_order_relaxed);
    atomic_store_explicit(&slot->check, *out ^ tx, memory_order_relaxed);
    return OK;
}

/* The last tx of 1..newest that is not after a moment. */
static enum err
search(struct store *store, struct instant at, struct arena *arena,
       uint64_t *out, struct why *why)
{
    uint64_t low = 0, high = store_newest(store) + 1;
    struct tx_info info;

    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;

        TRY(store->ops->transaction(store, middle, arena, &info, why));
        arena_reset(arena);
        if (info.recorded_at.us <= at.us)
            low = middle;
        else
            high = middle;
    }
    *out = low;
    return OK;
}

enum err
store_tx_at(struct store *store, struct instant at, uint64_t *out,
            struct why *why)
{
    struct arena arena;
    enum err err;

    arena_init(&arena, TX_INFO_BYTES_MAX);
    err = search(store, at, &arena, out, why);
    arena_fini(&arena);
    return err;
}

enum err
store_state_get(struct store *store, enum state_space space, struct str key,
                struct arena *arena, struct str *out, struct why *why)
{
    check_state_key(key);
    return store->ops->state_get(store, space, key, arena, out, why);
}

enum err
store_state_scan(struct store *store, enum state_space space,
                 state_visitor *visitor, void *context, struct why *why)
{
    assert(visitor != NULL);

    return store->ops->state_scan(store, space, visitor, context, why);
}

enum err
store_put_state(struct store *store, const struct state_change *changes,
                size_t count, struct why *why)
{
    assert(count > 0);

    for (size_t i = 0; i < count; i++)
        check_state_key(changes[i].key);
    return store->ops->put_state(store, changes, count, why);
}

void
store_health(struct store *store, struct store_health *out)
{
    *out = (struct store_health){ .newest_tx = store_newest(store) };
    store->ops->health(store, out);
}

void
store_close(struct store *store)
{
    if (store == NULL)
        return;
    store->ops->close(store);
}
