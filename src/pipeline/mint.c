/* The next free ids, in one step over each gap that the store has. */
#include "mint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/hash.h"
#include "secmaster/wire.h"

#define IDS_SIZE_FIRST 64

/* A table larger than this is given back, or each clearing would wipe it. */
#define IDS_SIZE_KEPT (1UL << 14)

static_assert(MINTED_FIRST > 0, "0 marks a free slot");

static size_t
ids_place(const struct mint_ids *ids, uint64_t seed, int64_t id)
{
    size_t mask = ids->size - 1;
    size_t at = hash_pair(seed, (uint64_t)id, 0) & mask;

    while (ids->slots[at] != 0 && ids->slots[at] != id)
        at = (at + 1) & mask;
    return at;
}

static bool
ids_has(const struct mint_ids *ids, uint64_t seed, int64_t id)
{
    return ids->count > 0 && ids->slots[ids_place(ids, seed, id)] == id;
}

static enum err
ids_grow(struct mint_ids *ids, uint64_t seed)
{
    struct mint_ids larger = {
        .size = ids->size == 0 ? IDS_SIZE_FIRST : ids->size * 2,
        .count = ids->count,
    };

    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < ids->size; i++) {
        int64_t id = ids->slots[i];

        if (id != 0)
            larger.slots[ids_place(&larger, seed, id)] = id;
    }
    free(ids->slots);
    *ids = larger;
    return OK;
}

static enum err
ids_add(struct mint_ids *ids, uint64_t seed, int64_t id)
{
    size_t at;

    if (ids->count + 1 > ids->size / 2)
        TRY(ids_grow(ids, seed));
    at = ids_place(ids, seed, id);
    ids->count += ids->slots[at] == 0;
    ids->slots[at] = id;
    return OK;
}

static void
ids_clear(struct mint_ids *ids)
{
    if (ids->size > IDS_SIZE_KEPT) {
        free(ids->slots);
        *ids = (struct mint_ids){ 0 };
        return;
    }
    if (ids->count > 0)
        memset(ids->slots, 0, ids->size * sizeof *ids->slots);
    ids->count = 0;
}

static enum err
read_next(struct mint *mint, struct arena *arena, struct why *why)
{
    struct str value;
    struct why fault = { "" };
    enum err err = store_state_get(mint->store, STATE_MINT, MINT_KEY, arena,
                                   &value, &fault);

    if (err == ERR_NOT_FOUND)
        return OK;
    if (err != OK)
        return why_set(why, err, "%s", fault.text);
    if (value.len == MINT_VALUE_BYTES) {
        uint64_t next = get_le64((const unsigned char *)value.data);

        if (next >= MINTED_FIRST && next <= MINTED_LAST + 1) {
            mint->next = mint->stored_next = (int64_t)next;
            return OK;
        }
    }
    return why_set(why, ERR_STORE, "the next id to be minted is damaged");
}

enum err
mint_init(struct mint *mint, struct store *store, struct why *why)
{
    struct arena arena;
    enum err err;

    *mint = (struct mint){
        .store = store,
        .next = MINTED_FIRST,
        .stored_next = MINTED_FIRST,
    };
    arena_init(&arena, MINT_VALUE_BYTES * 1024);
    err = read_next(mint, &arena, why);
    arena_fini(&arena);
    return err;
}

void
mint_fini(struct mint *mint)
{
    free(mint->named.slots);
    free(mint->own.slots);
    *mint = (struct mint){ 0 };
}

/* Note what batches before this one in the commit name: what was given them is
 * below next. */
static enum err
note_named(struct mint *mint, const struct record *records, size_t count)
{
    for (; mint->records_seen < count; mint->records_seen++) {
        int64_t id = records[mint->records_seen].security_id;

        if (id >= mint->next)
            TRY(ids_add(&mint->named, mint->store->seed, id));
    }
    return OK;
}

void
mint_begin(struct mint *mint)
{
    ids_clear(&mint->own);
}

enum err
mint_name(struct mint *mint, int64_t id)
{
    return id < mint->next ? OK : ids_add(&mint->own, mint->store->seed, id);
}

static enum err
note_own(struct mint *mint, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->record_count; i++)
        TRY(mint_name(mint, batch->records[i].security_id));
    return OK;
}

/* Ids come in order: first is the next that may begin the gap. */
static enum visit
note_record(void *context, const struct record *record)
{
    struct mint_gap *gap = context;

    if (record->security_id > gap->first) {
        gap->end = record->security_id;
        return VISIT_STOP;
    }
    gap->first = record->security_id + 1;
    return VISIT_SKIP;
}

static const enum record_kind kinds[MINT_KINDS] = { RECORD_FACTS, RECORD_BARS };

/* The first gap from id up among the ids that records of a kind have. */
static enum err
find_gap(struct mint *mint, size_t kind, int64_t id, struct why *why)
{
    struct mint_gap *gap = &mint->gaps[kind];
    struct scan_range range = SCAN_ALL(kinds[kind]);
    struct view view;
    enum err err;

    range.first_security = id;
    range.last_security = MINTED_LAST;
    TRY(store_view_begin(mint->store, KNOWN_NEWEST, &view, why));
    *gap = (struct mint_gap){ id, MINTED_LAST + 1 };
    err = store_scan(&view, &range, note_record, gap, why);
    store_view_end(&view);
    if (err != OK)
        gap->end = gap->first;
    return err;
}

/* From an id up, to one that is in the gaps of all kinds. */
static enum err
pass_records(struct mint *mint, int64_t *id, struct why *why)
{
    for (size_t agreed = 0, kind = 0; agreed < MINT_KINDS; agreed++) {
        const struct mint_gap *gap = &mint->gaps[kind];

        if (*id > MINTED_LAST)
            return OK;
        if (*id < gap->first || *id >= gap->end)
            TRY(find_gap(mint, kind, *id, why));
        if (gap->first > *id) {
            *id = gap->first;
            agreed = 0; /* but this one, with the next step */
        }
        kind = (kind + 1) % MINT_KINDS;
    }
    return OK;
}

static enum err
give(struct mint *mint, int64_t *out, struct why *why)
{
    uint64_t seed = mint->store->seed;
    int64_t id = mint->next;

    for (;;) {
        TRY(pass_records(mint, &id, why));
        if (id > MINTED_LAST)
            return why_set(why, ERR_FULL, "all ids that can be minted are");
        if (!ids_has(&mint->named, seed, id) && !ids_has(&mint->own, seed, id))
            break;
        id++;
    }
    *out = id;
    mint->next = id + 1;
    return OK;
}

enum err
mint_batch(struct mint *mint, struct batch *batch, const struct record *records,
           size_t record_count, struct why *why)
{
    assert(batch->labels.count > 0);

    TRY(note_named(mint, records, record_count));
    TRY(note_own(mint, batch));
    for (uint32_t i = 0; i < batch->labels.count; i++)
        TRY(give(mint, &batch->minted[i], why));
    return OK;
}

/* What was noted of records that are gone would be passed over in vain; what
 * takes their places would not be noted. */
void
mint_cut(struct mint *mint, int64_t next, size_t count)
{
    mint->next = next;
    if (mint->records_seen <= count)
        return;
    ids_clear(&mint->named);
    mint->records_seen = 0;
}

void
mint_encode(const struct mint *mint,
            unsigned char value[static MINT_VALUE_BYTES])
{
    put_le64(value, (uint64_t)mint->next);
}

void
mint_end(struct mint *mint, bool is_stored)
{
    if (is_stored)
        mint->stored_next = mint->next;
    mint->next = mint->stored_next;
    memset(mint->gaps, 0, sizeof mint->gaps);
    ids_clear(&mint->named);
    mint->records_seen = 0;
}
