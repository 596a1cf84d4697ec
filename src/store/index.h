/*
 * The B-tree of blocks, in an LMDB environment of its own. Entirely derived
 * from the journal: whatever is wrong with it, it can be built anew.
 */
#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/digest.h"
#include "secmaster/err.h"
#include "secmaster/record.h"

#include "block.h"

/* Another format is not read: the index is built anew. */
#define INDEX_FORMAT 3

/* A place in the journal: a transaction and the digest of its batch. */
struct index_mark {
    uint64_t tx; /* 0: before the first */
    unsigned char digest[DIGEST_BYTES];
};

/*
 * Every record up to merged is in; one above reached is not. Between them a
 * merge was cut off, and goes on only if the journal is still the one that it
 * was taken from.
 */
struct index_marks {
    struct index_mark merged, reached;
};

/* How often a security's records get a keyframe. */
struct keyframe_rule {
    uint32_t records;   /* so many records apart; 0: none is made or used */
    bool is_everywhere; /* also where it hardly pays; for tests */
};

/* One thread merges, any number read. The marks are the merging thread's. */
struct index {
    MDB_env *env;
    MDB_dbi blocks, inverted, meta;
    MDB_dbi keyframes, unframed;
    struct keyframe_rule keyframe_rule;
    char *data_path;
    struct index_marks marks;
};

/*
 * Open the index in a store's directory. ERR_INVALID: it is missing, foreign,
 * damaged or of another format: to be made anew. Other errors as
 * store_lmdb_open's.
 */
enum err index_open(const char *dir, size_t map_bytes, struct index **out,
                    struct why *why);

/* Throw away what is there and make an empty one. */
enum err index_create(const char *dir, size_t map_bytes, struct index **out,
                      struct why *why);

/* NULL is fine. */
void index_close(struct index *index);

/* Bytes of the data file; 0 where they cannot be asked. Any thread. */
uint64_t index_disk_bytes(const struct index *index);

/* A snapshot, with the newest transaction that is whole in it. */
struct index_reader {
    struct index *index;
    MDB_txn *txn;
    uint64_t merged_tx;
};

/* ERR_BUSY: no room for another reader. ERR_STORE: damage. */
enum err index_read_begin(struct index *index, struct index_reader *out,
                          struct why *why);
void index_read_end(struct index_reader *reader);

/* A place in a snapshot. record is where it stands, unless at_end; its payload
 * is borrowed from the snapshot. */
struct index_cursor {
    struct index_reader *reader;
    MDB_cursor *cursor;
    struct block block;
    struct record record;
    bool at_end;
};

/* Each returns ERR_STORE over damage, named in why; open also ERR_BUSY, out of
 * memory. */
enum err index_cursor_open(struct index_cursor *cursor,
                           struct index_reader *reader, struct why *why);
void index_cursor_close(struct index_cursor *cursor);

/* Go to the first record not before key, whose payload does not matter: a few
 * steps where that is in the block at hand and not behind, else a search. */
enum err index_cursor_seek(struct index_cursor *cursor,
                           const struct record *key, struct why *why);
enum err index_cursor_next(struct index_cursor *cursor, struct why *why);

/* Leave the security that the cursor is at. */
enum err index_cursor_skip(struct index_cursor *cursor, struct why *why);

/* The block that a key belongs to, checked, borrowed from the map. By a cursor
 * of a reader's or the merger's transaction. */
enum err index_find(MDB_cursor *cursor, const struct block_key *key,
                    struct block *out, struct why *why);

/* "index: block ... is damaged: FAULT", and what helps. */
enum err index_damaged(struct why *why, const struct block_key *fence,
                       const char *fault);

/* What LMDB says of a read or a write, in words: ERR_STORE; of a write also
 * ERR_FULL, and ERR_BUSY, out of memory. */
enum err index_read_error(struct why *why, int rc);
enum err index_write_error(struct why *why, const char *what, int rc);

/* The marks as they are kept. */
enum err index_get_marks(struct index *index, MDB_txn *txn,
                         struct index_marks *out, struct why *why);
int index_put_marks(struct index *index, MDB_txn *txn,
                    const struct index_marks *marks);

#endif
