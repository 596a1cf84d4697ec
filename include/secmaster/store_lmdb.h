/* The embedded store: journal and memtable over LMDB (docs/storage.md). */
#ifndef SECMASTER_STORE_LMDB_H
#define SECMASTER_STORE_LMDB_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/store.h"

struct store_lmdb_options {
    const char *dir;           /* made when missing (mode 0700) */
    size_t map_bytes;          /* 0: JOURNAL_MAP_BYTES_DEFAULT */
    size_t disk_reserve_bytes; /* 0: DISK_RESERVE_BYTES or 5 % of the disk,
                                  the smaller */
    uint64_t seed;             /* for struct store */
};

/*
 * Open or make a store; rebuilds the memtable from the journal. One process
 * at a time. ERR_BUSY: another process holds it, or out of memory. ERR_INVALID:
 * not ours: a newer format, a foreign or truncated file, a network file system.
 * ERR_STORE: damage, named in why. ERR_FULL: no room.
 */
enum err store_lmdb_open(const struct store_lmdb_options *options,
                         struct store **out, struct why *why);

#endif
