/* Open addressing over mixed keys, never more than three quarters full. */
#include "terms.h"

#include <assert.h>
#include <stdbool.h>

/* Multipliers of MurmurHash3's finaliser; any two odd ones would do. */
uint64_t
terms_mix(const struct inverted_key *key)
{
    uint64_t mixed = (key->hash ^ key->attribute * 0xff51afd7ed558ccdU) *
                     0xc4ceb9fe1a85ec53U;

    return mixed ^ mixed >> 32;
}

size_t
terms_bytes(uint32_t size)
{
    return offsetof(struct terms, slots) + size * sizeof(struct slot);
}

uint32_t
terms_room(uint32_t size)
{
    return size / 4 * 3;
}

struct term *
terms_at(const struct terms *terms, uint32_t slot)
{
    return atomic_load_explicit(&terms->slots[slot].term, memory_order_acquire);
}

static uint64_t
mixed_at(const struct terms *terms, uint32_t slot)
{
    return atomic_load_explicit(&terms->slots[slot].mixed,
                                memory_order_relaxed);
}

static void
put(struct terms *terms, uint64_t mixed, struct term *term)
{
    uint32_t at = (uint32_t)mixed & (terms->size - 1);

    while (terms_at(terms, at) != NULL)
        at = (at + 1) & (terms->size - 1);
    atomic_store_explicit(&terms->slots[at].mixed, mixed, memory_order_relaxed);
    atomic_store_explicit(&terms->slots[at].term, term, memory_order_release);
}

struct terms *
terms_copy(void *memory, uint32_t size, const struct terms *from)
{
    struct terms *terms = memory;

    assert((size & (size - 1)) == 0);

    terms->size = size;
    for (uint32_t i = 0; i < size; i++) {
        atomic_init(&terms->slots[i].mixed, 0);
        atomic_init(&terms->slots[i].term, NULL);
    }
    for (uint32_t i = 0; from != NULL && i < from->size; i++) {
        struct term *term = terms_at(from, i);

        if (term != NULL)
            put(terms, mixed_at(from, i), term);
    }
    return terms;
}

static bool
is_key_of(const struct term *term, const struct inverted_key *key)
{
    return term->key.hash == key->hash && term->key.attribute == key->attribute;
}

struct term *
terms_find(const struct terms *terms, uint32_t size,
           const struct inverted_key *key)
{
    uint64_t mixed = terms_mix(key);
    uint32_t at = (uint32_t)mixed & (size - 1);

    for (;;) {
        struct term *term = terms_at(terms, at);

        if (term == NULL)
            return NULL;
        if (mixed_at(terms, at) == mixed && is_key_of(term, key))
            return term;
        at = (at + 1) & (size - 1);
    }
}

void
terms_add(struct terms *terms, struct term *term)
{
    put(terms, terms_mix(&term->key), term);
}

void
terms_prefetch(const struct terms *terms, uint32_t size,
               const struct inverted_key *key)
{
    __builtin_prefetch(&terms->slots[(uint32_t)terms_mix(key) & (size - 1)]);
}
