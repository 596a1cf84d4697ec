/* The embedded store: journal, memtables and index over LMDB
 * (docs/storage.md). */
#ifndef SECMASTER_STORE_LMDB_H
#define SECMASTER_STORE_LMDB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/store.h"

/* Words for an operator: the index is built anew, or cannot be written. Any
 * thread. */
typedef void store_notice(const char *words);

struct store_testing; /* src/store/store_testing.h */

struct store_lmdb_options {
    const char *dir;           /* made when missing (mode 0700) */
    size_t map_bytes;          /* of the journal, and of the index; 0:
                                  JOURNAL_MAP_BYTES_DEFAULT */
    size_t disk_reserve_bytes; /* 0: DISK_RESERVE_BYTES or 5 % of the disk,
                                  the smaller */
    uint64_t seed;             /* for struct store */
    size_t memtable_bytes;     /* of all memtables; 0: MEMTABLE_BYTES_DEFAULT.
                                  One holds half, or a single commit */
    store_notice *notice;      /* may be NULL */
    const struct store_testing *testing; /* NULL but in tests */
};

/*
 * Open or make a store. Reads what the journal has and the index has not into
 * memory; an index that does not fit the journal is built anew. One process
 * at a time. ERR_BUSY: another process holds it, or out of memory. ERR_INVALID:
 * not ours: a newer format, a foreign or truncated file, a network file system.
 * ERR_STORE: damage, named in why. ERR_FULL: no room.
 */
enum err store_lmdb_open(const struct store_lmdb_options *options,
                         struct store **out, struct why *why);

/*
 * Take what is in memory into the index, so that the next open needs none for
 * it. Nobody appends meanwhile, or will. ERR_FULL, ERR_STORE: the index cannot
 * be written, or the store has failed; what is stored stays so.
 */
enum err store_lmdb_settle(struct store *base, struct why *why);

/* How far an index has come that is being built, of which transaction. */
struct reindex_progress {
    void (*show)(void *context, uint64_t tx, uint64_t last_tx);
    void *context;
};

/*
 * Throw the index of a store away and build it anew, everything in it; the
 * store is left closed. progress may be NULL. Errors as store_lmdb_open's, and
 * ERR_NOT_FOUND: there is no store.
 */
enum err store_lmdb_reindex(const struct store_lmdb_options *options,
                            const struct reindex_progress *progress,
                            struct why *why);

#endif
