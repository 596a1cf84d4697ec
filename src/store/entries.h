/* Who ever asserted a value, as a sorted list: on its way to the disk. */
#ifndef STORE_ENTRIES_H
#define STORE_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"

#include "inverted.h"

/*
 * The hash keeps few bits, as each costs disk for every value: of a million
 * values of an attribute, one in 270 shares its term with another. A candidate
 * too many costs a fold, which decides.
 */
#define ENTRY_HASH_BITS 28

struct entry {
    uint64_t term; /* an attribute, then the top bits of a value's hash */
    int64_t security_id;
};

uint64_t entry_term(const struct inverted_key *key);

/* By term, then by security. */
int entry_compare(const struct entry *a, const struct entry *b);

/* Ascending, each once. */
struct entries {
    struct entry *list; /* owned */
    size_t count, capacity;
};

/* All that an inverted holds, which nobody writes any more. ERR_BUSY: out of
 * memory. */
enum err entries_collect(const struct inverted *inverted, struct entries *out);

/* Safe on a zeroed struct, and again. */
void entries_free(struct entries *entries);

#endif
