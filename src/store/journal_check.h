/* What is checked before LMDB maps a byte. */
#ifndef STORE_JOURNAL_CHECK_H
#define STORE_JOURNAL_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"

/* The names in a store's directory. */
#define STORE_LOCK_NAME "lock"
#define STORE_JOURNAL_NAME "journal"
#define STORE_NEW_JOURNAL_NAME "journal.new"
#define STORE_INDEX_NAME "index"
#define LMDB_DATA_NAME "data.mdb"
#define LMDB_LOCK_NAME "lock.mdb"

/* The name of a file system that locks and maps cannot be trusted on, by
 * statfs's magic number; NULL: it is none of those. */
const char *journal_file_system_fault(uint64_t magic);

/*
 * Look at a store's directory without changing it. *has_journal: there is
 * one. ERR_INVALID: a refused file system, or other files and no journal.
 */
enum err journal_check_directory(const char *dir, bool *has_journal,
                                 struct why *why);

/*
 * Look at an LMDB data file. ERR_INVALID: missing, foreign, truncated.
 * ERR_STORE: it cannot be read.
 */
enum err journal_check_file(const char *path, struct why *why);

/* Whether a disk with so many bytes is too full to write to; reserve 0: what
 * bounds.h says. */
bool journal_disk_is_short(uint64_t free_bytes, uint64_t total_bytes,
                           uint64_t reserve_bytes);

#endif
