/* Memtables on their way into the index, one at a time. */
#ifndef STORE_INDEX_MERGE_H
#define STORE_INDEX_MERGE_H

#include "secmaster/out.h"

#include "entry_merge.h"
#include "index.h"
#include "keyframe_table.h"
#include "memtable.h"

/* What is taken out of blocks and memtable and not put yet: at most two full
 * blocks of the shortest records, and one record more. */
#define MERGE_PENDING_MAX (2 * BLOCK_BYTES_MAX / BLOCK_RECORD_BYTES_MIN + 2)

struct index_merge {
    struct index *index;
    size_t transaction_bytes;
    struct index_mark mark; /* of the memtable's newest transaction */
    const struct memtable *memtable;
    struct memtable_cursor at; /* the first record that is not in yet */
    struct entry_merge entries;
    struct keyframe_drop drop; /* comes before all of them */

    /* Of the transaction at hand. */
    MDB_txn *txn;
    MDB_cursor *cursor;
    size_t put_bytes;

    /* Of the block at hand: its bytes, for the map's may go with the first
     * put, and what becomes of it. */
    struct out old;
    struct block block;
    struct block_key fence; /* of the piece that comes next */
    struct block_maker maker;
    struct record pending[MERGE_PENDING_MAX];
    size_t pending_count, pending_bytes;
};

/* NULL: out of memory. A transaction ends behind the block that takes it past
 * transaction_bytes. */
struct index_merge *index_merge_new(struct index *index,
                                    size_t transaction_bytes);
void index_merge_free(struct index_merge *merge);

/* Begin to take a sealed memtable in; mark is of the newest transaction that
 * it can hold a record of. */
void index_merge_begin(struct index_merge *merge,
                       const struct memtable *memtable,
                       const struct index_mark *mark);

/*
 * One transaction. *is_done: it was the last one, and the merged mark has
 * moved. ERR_FULL, ERR_BUSY (memory): nothing has changed, try again.
 * ERR_STORE: a damaged block, or a commit that failed: merge no more.
 */
enum err index_merge_step(struct index_merge *merge, bool *is_done,
                          struct why *why);

#endif
