/* A set of ids that only grows: one writer, readers without locks. */
#ifndef STORE_ID_SET_H
#define STORE_ID_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lives in memory of its owner's, 8-byte aligned and of id_set_bytes(size).
 * size is a power of two; slots hold id + 1, 0 is free. When it is full its
 * owner goes on with a copy, and keeps this one for readers who are in it.
 */
struct id_set {
    uint32_t size;
    atomic_uint_least64_t slots[];
};

size_t id_set_bytes(uint32_t size);

/* How many ids a set of a size holds at most. */
uint32_t id_set_room(uint32_t size);

/* Make an empty set. */
struct id_set *id_set_init(void *memory, uint32_t size);

/* Make a copy of set, of twice its size. */
struct id_set *id_set_copy(void *memory, const struct id_set *set);

/* Any thread. */
bool id_set_has(const struct id_set *set, int64_t id);

/* The id in a slot; false: it is free. Any thread. */
bool id_set_at(const struct id_set *set, uint32_t slot, int64_t *out);

/* Have an id's slot at hand. */
void id_set_prefetch(const struct id_set *set, int64_t id);

/* The writer only; the id is not there and there is room. */
void id_set_add(struct id_set *set, int64_t id);

#endif
