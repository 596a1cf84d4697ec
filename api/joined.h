/* Positions, and for each the row in force on its date. */
#ifndef API_JOINED_H
#define API_JOINED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "column_memory.h"
#include "secmaster/media.h"
#include "secmaster/out.h"
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

/*
 * Owns its positions; begun, filled, matched, then put out. It may go on from
 * filling with others in their place.
 */
struct joined;

/* NULL when out of memory. */
struct joined *joined_new(void);
void joined_free(struct joined *joined);

/* Where the positions go before joined_match; borrowed. */
struct positions *joined_positions(struct joined *joined);

/* Learn the columns of the snapshot, once. Errors: those of reading_rows. */
enum err joined_begin(struct joined *joined, struct store *store,
                      const struct join_rules *rules, struct why *why);

/*
 * Find every position's row, once the positions are whole. Errors: those of
 * reading_rows; ERR_TOO_LARGE: more positions than can be joined, or a row that
 * is larger than a window.
 */
enum err joined_match(struct joined *joined, struct why *why);

/* Behind joined_match: of how many securities the positions are, and how many
 * of them have a row. */
size_t joined_securities(const struct joined *joined);
uint64_t joined_matched(const struct joined *joined);

/* What putting out holds at most, where the positions stay as they are. */
size_t joined_bytes_held(const struct joined *joined);

/*
 * Put positions out, in the order sent, until there are about
 * STREAM_CHUNK_BYTES more; *done: all are. Errors: joined_match's, and out's.
 */
enum err joined_put(struct joined *joined, struct out *out, bool *done,
                    struct why *why);

/* What stands before and behind them, of the format. */
void joined_head(const struct joined *joined, struct out *out);
void joined_tail(const struct joined *joined, struct out *out);

#endif
