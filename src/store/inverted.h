/* Who ever asserted a value, in memory: one writer, readers without locks. */
#ifndef STORE_INVERTED_H
#define STORE_INVERTED_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/candidates.h"
#include "secmaster/err.h"
#include "secmaster/record.h"

/*
 * Entries (attribute, hash of the value's text, security), each once, never
 * removed. The hash is hash_xxh64 over struct value's text, whatever its type,
 * as a filter matches texts; values of equal hash share their entries. Nulls
 * and retractions make none.
 */
struct inverted;
struct terms;

struct inverted_key {
    uint64_t hash;
    uint32_t attribute;
};

/* NULL when out of memory. */
struct inverted *inverted_new(void);
void inverted_free(struct inverted *inverted);

/*
 * The writer's way in: stage and make ready while that can still fail, then
 * link when nothing can. Nothing staged is seen by a reader.
 */

/* Stage the entries of a record, up to where its payload is damaged.
 * ERR_BUSY: out of memory. */
enum err inverted_stage(struct inverted *inverted, const struct record *record);

/* Make room for all that is staged. ERR_BUSY: out of memory. */
enum err inverted_ready(struct inverted *inverted);

/* Make what is staged and ready readable. */
void inverted_link(struct inverted *inverted);

/* Forget what is staged. */
void inverted_drop(struct inverted *inverted);

/* Any thread. */
uint64_t inverted_bytes(const struct inverted *inverted);

/* Add the securities of a key, in no order. Any thread: meets all that was
 * linked before. ERR_BUSY: out of memory. */
enum err inverted_collect(const struct inverted *inverted,
                          const struct inverted_key *key,
                          struct candidates *out);

/* The terms of one of so many tables; NULL: none. Any thread. */
#define INVERTED_SHARDS (1U << 12)
const struct terms *inverted_terms(const struct inverted *inverted,
                                   size_t shard);

#endif
