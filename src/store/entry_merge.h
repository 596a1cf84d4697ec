/* A memtable's inverted entries on their way into the index. */
#ifndef STORE_ENTRY_MERGE_H
#define STORE_ENTRY_MERGE_H

#include <lmdb.h>

#include "entry_block.h"

/* What is taken out of blocks and list and not put yet: at most two full blocks
 * of entries of a byte, and one more at either end. */
#define ENTRIES_PENDING_MAX (2 * BLOCK_BYTES_MAX + 2)

struct entry_merge {
    struct entries fresh;
    size_t at;          /* of fresh: the first that is not in yet */
    bool has_collected; /* fresh, of the memtable at hand */

    /* Of the transaction at hand. */
    MDB_cursor *cursor;
    size_t put_bytes, most_bytes;

    /* Of the block at hand: its bytes, for the map's may go with the first
     * put, and what becomes of it. */
    char old[BLOCK_BYTES_MAX];
    struct entry_block block;
    struct entry fence; /* of the piece that comes next */
    struct entry_block_maker maker;
    struct entry pending[ENTRIES_PENDING_MAX];
    size_t pending_count, pending_bytes;
};

/* Forget what was collected: there is another memtable, or none any more. Safe
 * on a zeroed struct, and again. */
void entry_merge_reset(struct entry_merge *merge);

/* Collect what a sealed memtable has, unless that is done. ERR_BUSY: out of
 * memory, try again. */
enum err entry_merge_collect(struct entry_merge *merge,
                             const struct inverted *inverted, struct why *why);

/*
 * Put what is not in yet, up to the block that takes it past most_bytes, by a
 * cursor of the transaction at hand. *put_bytes is what was put; errors as
 * index_merge_step's. Where the transaction comes to nothing, its caller sets
 * at back.
 */
enum err entry_merge_fill(struct entry_merge *merge, MDB_cursor *cursor,
                          size_t most_bytes, size_t *put_bytes,
                          struct why *why);

bool entry_merge_is_done(const struct entry_merge *merge);

/* Put the block that an empty table has, so that a lost one is noticed. */
int entry_merge_put_first(MDB_txn *txn, MDB_dbi table);

#endif
