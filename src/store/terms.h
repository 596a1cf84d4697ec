/* Tables of terms that only grow: one writer, readers without locks. */
#ifndef STORE_TERMS_H
#define STORE_TERMS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "id_set.h"
#include "inverted.h"

/* A key and who ever asserted it. */
struct term {
    struct inverted_key key;
    uint32_t used;            /* ids of the set; the writer's, as ... */
    uint32_t commit, pending; /* ... what is staged for it in that commit */
    struct id_set *_Atomic set;
};

/*
 * A slot keeps its term's mixed key, so that a search passes others, and a
 * copy is made, without a look at the terms. term is set last; NULL: free.
 */
struct slot {
    atomic_uint_least64_t mixed;
    struct term *_Atomic term;
};

/* Lives in memory of its owner's, as an id_set does. */
struct terms {
    uint32_t size; /* a power of two */
    struct slot slots[];
};

/* A key's bits, spread: the top ones are used by nobody here. */
uint64_t terms_mix(const struct inverted_key *key);

size_t terms_bytes(uint32_t size);

/* How many terms a table of a size holds at most. */
uint32_t terms_room(uint32_t size);

/* Make a table of that size with the terms of another, which may be NULL. */
struct terms *terms_copy(void *memory, uint32_t size, const struct terms *from);

/* The term of a key, or NULL. size is the table's: the writer keeps it where
 * looking costs nothing. Any thread. */
struct term *terms_find(const struct terms *terms, uint32_t size,
                        const struct inverted_key *key);

/* The term in a slot; NULL: it is free. Any thread. */
struct term *terms_at(const struct terms *terms, uint32_t slot);

/* Put a term that is not there; there is room. The writer only. */
void terms_add(struct terms *terms, struct term *term);

/* Have a key's slot at hand. */
void terms_prefetch(const struct terms *terms, uint32_t size,
                    const struct inverted_key *key);

#endif
