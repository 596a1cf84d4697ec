/*
 * Tables of terms, each with a set of securities. What is full is replaced by
 * a copy of twice the size; the old one stays where it is, as a reader may be
 * in it.
 */
#include "inverted.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"

#include "ready_memory.h"
#include "terms.h"

/* Many small tables instead of one: the writer waits microseconds, not a
 * tenth of a second, for one that grows. */
#define SHARD_BITS 12
static_assert(INVERTED_SHARDS == 1U << SHARD_BITS, "one for each");
#define TERMS_FIRST 4

/* Staged at a time: room at first, and room kept for the next. */
#define STAGED_FIRST 64
#define STAGED_KEPT (1UL << 18)

/* How far ahead slots, then sets are fetched: every entry is at a random
 * place, and waiting for one at a time would take most of the time. */
#define SLOT_AHEAD 16
#define SET_AHEAD 8

/*
 * The most that linking takes for an entry: a term and its sets of 1, 2, 4
 * ... ids together stay below that for each id they are for.
 */
#define LINK_BYTES_MAX 64

static_assert(sizeof(struct term) + 8 + 8 <= LINK_BYTES_MAX, "one id");

struct shard {
    struct terms *_Atomic terms; /* NULL: none yet */
    uint32_t size, used;         /* of terms; the writer's, as ... */
    uint32_t commit, pending;    /* ... what is staged for it in that commit */
    uint32_t newest;             /* the last of that in staged */
};

struct staged {
    struct inverted_key key;
    int64_t security_id;
    struct term *term; /* once ready; NULL: there was none yet */
};

/*
 * What is found too small for what is staged grows then, for good: it holds
 * the same as before. Linking takes its memory from what was made ready.
 */
struct inverted {
    struct shard shards[INVERTED_SHARDS];
    struct ready_memory memory;
    struct staged *staged;
    size_t staged_count, staged_capacity;
    size_t ready_count; /* of staged */
    uint32_t commit;    /* counts what is staged together */
};

struct inverted *
inverted_new(void)
{
    return calloc(1, sizeof(struct inverted));
}

void
inverted_free(struct inverted *inverted)
{
    if (inverted == NULL)
        return;
    ready_memory_fini(&inverted->memory);
    free(inverted->staged);
    free(inverted);
}

uint64_t
inverted_bytes(const struct inverted *inverted)
{
    return atomic_load_explicit(&inverted->memory.bytes, memory_order_relaxed);
}

/* Finding. */

static size_t
shard_index(const struct inverted_key *key)
{
    return (size_t)(terms_mix(key) >> (64 - SHARD_BITS));
}

static struct shard *
shard_of(struct inverted *inverted, const struct inverted_key *key)
{
    return &inverted->shards[shard_index(key)];
}

/* For the writer, who reads its own stores. */
static struct terms *
own_terms(const struct shard *shard)
{
    return atomic_load_explicit(&shard->terms, memory_order_relaxed);
}

static struct id_set *
set_of(const struct term *term)
{
    return atomic_load_explicit(&term->set, memory_order_acquire);
}

/* Staging. */

static enum err
staged_reserve(struct inverted *inverted)
{
    size_t capacity = inverted->staged_capacity * 2;
    struct staged *grown;

    if (inverted->staged_count < inverted->staged_capacity)
        return OK;
    if (capacity == 0)
        capacity = STAGED_FIRST;
    grown = reallocarray(inverted->staged, capacity, sizeof *grown);
    if (grown == NULL)
        return ERR_BUSY;
    inverted->staged = grown;
    inverted->staged_capacity = capacity;
    return OK;
}

enum err
inverted_stage(struct inverted *inverted, const struct record *record)
{
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    if (record->kind != RECORD_FACTS)
        return OK;
    while (factset_next(&payload, &item, &err)) {
        if (item.value.type == VALUE_NULL) /* a retraction's is, too */
            continue;
        TRY(staged_reserve(inverted));
        inverted->staged[inverted->staged_count++] = (struct staged){
            .key = { hash_xxh64(item.value.text), item.attribute },
            .security_id = record->security_id,
        };
    }
    return OK;
}

/* Making ready. */

/* Let a shard go on with twice the slots. */
static enum err
grow_terms(struct inverted *inverted, struct shard *shard)
{
    uint32_t size = shard->size == 0 ? TERMS_FIRST : 2 * shard->size;
    void *memory = ready_memory_allocate(&inverted->memory, terms_bytes(size));

    if (memory == NULL)
        return ERR_BUSY;
    atomic_store_explicit(&shard->terms,
                          terms_copy(memory, size, own_terms(shard)),
                          memory_order_release);
    shard->size = size;
    return OK;
}

/* Let a term go on with a set of twice the size, in memory for it. */
static void
grow_set(struct term *term, void *memory)
{
    atomic_store_explicit(&term->set, id_set_copy(memory, set_of(term)),
                          memory_order_release);
}

/* Whether the last new term of a shard is this one too: what a batch says of
 * many securities then counts as one term. */
static bool
is_newest(const struct inverted *inverted, const struct shard *shard,
          const struct inverted_key *key)
{
    const struct inverted_key *newest = &inverted->staged[shard->newest].key;

    return shard->commit == inverted->commit && shard->pending > 0 &&
           newest->hash == key->hash && newest->attribute == key->attribute;
}

/* Make room in a shard for the new term of an entry. */
static enum err
ready_term(struct inverted *inverted, size_t at)
{
    const struct inverted_key *key = &inverted->staged[at].key;
    struct shard *shard = shard_of(inverted, key);

    if (is_newest(inverted, shard, key))
        return OK;
    if (shard->commit != inverted->commit)
        shard->pending = 0;
    shard->commit = inverted->commit;
    shard->pending++;
    shard->newest = (uint32_t)at;
    if (shard->used + shard->pending <= terms_room(shard->size))
        return OK;
    return grow_terms(inverted, shard);
}

/* Make room in a term's set for one more security. */
static enum err
ready_security(struct inverted *inverted, struct term *term)
{
    const struct id_set *set = set_of(term);
    void *memory;

    if (term->commit != inverted->commit)
        term->pending = 0;
    term->commit = inverted->commit;
    term->pending++;
    if (term->used + term->pending <= id_set_room(set->size))
        return OK;
    memory =
        ready_memory_allocate(&inverted->memory, id_set_bytes(2 * set->size));
    if (memory == NULL)
        return ERR_BUSY;
    grow_set(term, memory);
    return OK;
}

static void
fetch_slot(struct inverted *inverted, size_t at)
{
    const struct inverted_key *key = &inverted->staged[at].key;
    const struct shard *shard = shard_of(inverted, key);

    if (shard->size > 0)
        terms_prefetch(own_terms(shard), shard->size, key);
}

/* Find an entry's term and have its set's slot fetched. */
static void
fetch_set(struct inverted *inverted, size_t at)
{
    struct staged *staged = &inverted->staged[at];
    const struct shard *shard = shard_of(inverted, &staged->key);

    if (shard->size == 0)
        return;
    staged->term = terms_find(own_terms(shard), shard->size, &staged->key);
    if (staged->term != NULL)
        id_set_prefetch(set_of(staged->term), staged->security_id);
}

/* Make room for an entry and move it up to the ones kept: what is linked
 * already is not. */
static enum err
ready_entry(struct inverted *inverted, size_t at, size_t *kept)
{
    const struct staged entry = inverted->staged[at];
    size_t place = *kept;

    if (entry.term != NULL && id_set_has(set_of(entry.term), entry.security_id))
        return OK;
    inverted->staged[place] = entry;
    ++*kept;
    return entry.term == NULL ? ready_term(inverted, place)
                              : ready_security(inverted, entry.term);
}

enum err
inverted_ready(struct inverted *inverted)
{
    size_t count = inverted->staged_count, first = inverted->ready_count;
    size_t kept = first;

    for (size_t i = first; i < count + SLOT_AHEAD; i++) {
        size_t set_at = i - SLOT_AHEAD + SET_AHEAD, at = i - SLOT_AHEAD;

        if (i < count)
            fetch_slot(inverted, i);
        if (i >= first + SLOT_AHEAD - SET_AHEAD && set_at < count)
            fetch_set(inverted, set_at);
        if (i >= first + SLOT_AHEAD)
            TRY(ready_entry(inverted, at, &kept));
    }
    inverted->staged_count = inverted->ready_count = kept;
    return ready_memory_reserve(&inverted->memory, kept * LINK_BYTES_MAX);
}

/* What one large batch needed is given back. */
static void
forget_staged(struct inverted *inverted)
{
    inverted->staged_count = 0;
    inverted->ready_count = 0;
    inverted->commit++;
    ready_memory_trim(&inverted->memory, STAGED_KEPT * LINK_BYTES_MAX);
    if (inverted->staged_capacity <= STAGED_KEPT)
        return;
    free(inverted->staged);
    inverted->staged = NULL;
    inverted->staged_capacity = 0;
}

void
inverted_drop(struct inverted *inverted)
{
    forget_staged(inverted);
}

/* Linking. */

/* The term of a key, made where it is new: its first set follows it. */
static struct term *
term_of(struct inverted *inverted, const struct inverted_key *key)
{
    struct shard *shard = shard_of(inverted, key);
    struct terms *terms = own_terms(shard);
    struct term *term = terms_find(terms, shard->size, key);

    if (term != NULL)
        return term;
    assert(shard->used < terms_room(shard->size));
    term = ready_memory_take(&inverted->memory, sizeof *term + id_set_bytes(1));
    *term = (struct term){ .key = *key };
    atomic_init(&term->set, id_set_init(term + 1, 1));
    terms_add(terms, term);
    shard->used++;
    return term;
}

static void
link_security(struct inverted *inverted, struct term *term, int64_t security_id)
{
    const struct id_set *set = set_of(term);

    if (id_set_has(set, security_id))
        return;
    if (term->used == id_set_room(set->size))
        grow_set(term, ready_memory_take(&inverted->memory,
                                         id_set_bytes(2 * set->size)));
    id_set_add(set_of(term), security_id);
    term->used++;
}

static void
fetch_for_link(struct inverted *inverted, size_t at)
{
    const struct staged *staged = &inverted->staged[at];

    if (staged->term == NULL)
        fetch_slot(inverted, at);
    else
        id_set_prefetch(set_of(staged->term), staged->security_id);
}

void
inverted_link(struct inverted *inverted)
{
    size_t count = inverted->staged_count;

    assert(inverted->ready_count == count);
    for (size_t i = 0; i < count; i++) {
        const struct staged *staged = &inverted->staged[i];
        struct term *term = staged->term;

        if (i + SLOT_AHEAD < count)
            fetch_for_link(inverted, i + SLOT_AHEAD);
        if (term == NULL)
            term = term_of(inverted, &staged->key);
        link_security(inverted, term, staged->security_id);
    }
    forget_staged(inverted);
}

/* Reading. */

const struct terms *
inverted_terms(const struct inverted *inverted, size_t shard)
{
    return atomic_load_explicit(&inverted->shards[shard].terms,
                                memory_order_acquire);
}

enum err
inverted_collect(const struct inverted *inverted,
                 const struct inverted_key *key, struct candidates *out)
{
    const struct terms *terms = inverted_terms(inverted, shard_index(key));
    const struct term *term = NULL;
    const struct id_set *set;
    int64_t id;

    if (terms != NULL)
        term = terms_find(terms, terms->size, key);
    if (term == NULL)
        return OK;
    set = set_of(term);
    for (uint32_t i = 0; i < set->size; i++) {
        if (id_set_at(set, i, &id))
            TRY(candidates_add(out, id));
    }
    return OK;
}
