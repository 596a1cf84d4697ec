/* Keys of 64 bits to places counted up from 0: the fold's little hash table. */
#ifndef CORE_PLACES_H
#define CORE_PLACES_H

#include <stdint.h>
#include <string.h>

#include "secmaster/arena.h"
#include "secmaster/err.h"

#define PLACES_FIRST 64
#define PLACES_GOLDEN 0x9e3779b97f4a7c15U

/* Emptied by counting up its generation. Where a key goes is the top of a
 * product, whose factor a client must not know. */
struct place_slot {
    uint64_t key;
    uint32_t generation, place;
};
struct places {
    struct place_slot *slots; /* in the caller's arena */
    uint32_t size, used, generation;
    int shift; /* leaves the bits of size - 1 */
    uint64_t factor;
};

static inline void
places_init(struct places *places, uint64_t seed)
{
    *places = (struct places){ .factor = (seed ^ PLACES_GOLDEN) | 1 };
}

static inline struct place_slot *
places_slot(const struct places *places, uint64_t key)
{
    uint32_t at = (uint32_t)(key * places->factor >> places->shift);

    while (places->slots[at].generation == places->generation &&
           places->slots[at].key != key)
        at = (at + 1) & (places->size - 1);
    return &places->slots[at];
}

static inline void
places_clear(struct places *places)
{
    places->used = 0;
    places->generation++;
    if (places->generation == 0 && places->size > 0)
        memset(places->slots, 0, places->size * sizeof *places->slots);
    if (places->generation == 0)
        places->generation = 1;
}

/* Make room for so many more keys; at most half of the slots are taken.
 * ERR_BUSY: out of memory. */
static inline enum err
places_reserve(struct places *places, struct arena *arena, size_t more)
{
    struct places larger = *places;

    if (places->used + more <= places->size / 2)
        return OK;
    if (places->used + more > UINT32_MAX / 4)
        return ERR_BUSY;
    larger.size = places->size == 0 ? PLACES_FIRST : places->size * 2;
    while (places->used + more > larger.size / 2)
        larger.size *= 2;
    larger.generation = 1;
    larger.shift = 64 - __builtin_ctz(larger.size);
    larger.slots = arena_zalloc(arena, larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < places->size; i++) {
        const struct place_slot *slot = &places->slots[i];

        if (slot->generation == places->generation)
            *places_slot(&larger, slot->key) = (struct place_slot){
                slot->key,
                larger.generation,
                slot->place,
            };
    }
    *places = larger;
    return OK;
}

/*
 * The place of key; when it is new it becomes *next, which counts up. Room must
 * have been reserved.
 */
static inline size_t
places_find(struct places *places, uint64_t key, size_t *next)
{
    struct place_slot *slot = places_slot(places, key);

    if (slot->generation == places->generation)
        return slot->place;
    *slot = (struct place_slot){
        key,
        places->generation,
        (uint32_t)(*next)++,
    };
    places->used++;
    return slot->place;
}

#endif
