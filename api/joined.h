/* Positions, and for each the row in force on its date. */
#ifndef API_JOINED_H
#define API_JOINED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "column_memory.h"
#include "request.h"
#include "secmaster/positions_reader.h"
#include "secmaster/store.h"

enum unmatched {
    UNMATCHED_DROP,
    UNMATCHED_KEEP, /* a row of nulls */
};

struct join_rules {
    uint64_t known_tx;
    struct column_memory *memory; /* NULL: none */
    const atomic_bool *stop;      /* set: as a reading's; NULL: it never is */
    enum unmatched unmatched;
    uint64_t age_days_max; /* a row that began earlier is no match */
    enum media media;
    size_t window_bytes_max; /* of encoded rows held at a time */
    unsigned parts;          /* to fold in at a time, 1..JOIN_PARTS_MAX */
};
#define JOIN_PARTS_MAX 2

/* Owns its positions; filled, matched, then streamed. */
struct joined;

/* NULL when out of memory. */
struct joined *joined_new(void);
void joined_free(struct joined *joined);

/* Where the positions go before joined_match; borrowed. */
struct positions *joined_positions(struct joined *joined);

/*
 * Find every position's row, once the positions are whole. Errors: those of
 * reading_rows; ERR_TOO_LARGE: more positions than can be joined.
 */
enum err joined_match(struct joined *joined, struct store *store,
                      const struct join_rules *rules, struct why *why);

/* How many positions have a row, of all. After joined_match. */
uint64_t joined_matched(const struct joined *joined);

/* The answer, in the order sent; the stream is the joined itself, which its
 * free frees. After joined_match. */
struct stream *joined_stream(struct joined *joined);

#endif
