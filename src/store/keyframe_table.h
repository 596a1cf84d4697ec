/*
 * Keyframes in the index, and the list of securities that may lack some. To be
 * without a keyframe is never wrong, only slower; one that stays when a record
 * that it would stand for comes in is wrong. So a merge drops before it puts.
 */
#ifndef STORE_KEYFRAME_TABLE_H
#define STORE_KEYFRAME_TABLE_H

#include "index.h"
#include "keyframe.h"
#include "memtable.h"

/*
 * The last keyframe of limit's security up to its date that stands for no tx
 * above its tx; borrowed from the snapshot. ERR_STORE: damage, named in why;
 * ERR_BUSY: out of memory.
 */
enum err keyframe_find(struct index_reader *reader, const struct record *limit,
                       struct keyframe *out, bool *is_found, struct why *why);

/* "index: keyframe ... is damaged: FAULT", and what helps. */
enum err keyframe_damaged(struct why *why, struct str key, const char *fault);

/* Note the security that a whole block is of, if one is: only then is its
 * history long enough for keyframes. Returns LMDB's code. */
int keyframe_note_block(struct index *index, MDB_txn *txn,
                        const struct block_key *fence,
                        const struct block_key *next);

/*
 * A transaction that changes keyframes. In each of the two tables it either
 * only puts or only removes.
 */
struct keyframe_change {
    struct index *index;
    MDB_txn *txn;
    uint64_t pages;          /* of both tables, as it began */
    uint64_t changes, bytes; /* so far; bytes of values */
};

/* How many changes one makes before it ends. */
#define KEYFRAME_CHANGES_MAX 256

enum err keyframe_change_begin(struct keyframe_change *change,
                               struct index *index, struct why *why);

/* Commit what was changed or, where err is not OK, drop it. */
enum err keyframe_change_end(struct keyframe_change *change, enum err err,
                             struct why *why);

/* Remove limit's security's last keyframe up to its date, whole or damaged. */
enum err keyframe_remove_last(struct keyframe_change *change,
                              const struct record *limit, struct why *why);

/* Dropping what a memtable makes out of date. */
struct keyframe_drop {
    const struct memtable *memtable;
    int64_t security_id; /* the first that has not been looked at */
    bool is_done;
};

void keyframe_drop_begin(struct keyframe_drop *drop,
                         const struct memtable *memtable);

/*
 * One transaction; *has_changed false: nothing is left to be dropped, and none
 * was made. Each security that loses keyframes, or has earlier ones, is noted;
 * one that was noted and loses none is no change.
 * Errors as index_merge_step's.
 */
enum err keyframe_drop_step(struct keyframe_drop *drop, struct index *index,
                            bool *has_changed, struct why *why);

#endif
