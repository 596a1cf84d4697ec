/* Securities that may hold what is asked for: a sorted list of ids. */
#ifndef SECMASTER_CANDIDATES_H
#define SECMASTER_CANDIDATES_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"

/* Ids in any order while they are added; ascending, each once, when sorted. */
struct candidates {
    int64_t *ids; /* owned */
    size_t count, capacity;
};

void candidates_init(struct candidates *candidates);
void candidates_fini(struct candidates *candidates);

/* ERR_BUSY: out of memory. */
enum err candidates_add(struct candidates *candidates, int64_t security_id);

/* Put ids (from 0) in order and drop those there twice. ERR_BUSY: out of
 * memory; the list is then as it was. */
enum err candidates_sort(struct candidates *candidates);

/* Keep only those that are in others too; both are sorted. */
void candidates_intersect(struct candidates *candidates,
                          const struct candidates *others);

/* The place of the first id not below security_id; count: there is none. */
size_t candidates_find(const struct candidates *candidates,
                       int64_t security_id);

#endif
