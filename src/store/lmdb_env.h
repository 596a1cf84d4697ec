/* How this store makes and opens LMDB environments, and what it calls their
 * errors. */
#ifndef STORE_LMDB_ENV_H
#define STORE_LMDB_ENV_H

#include <lmdb.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"

/* Open or make the environment in a directory; returns LMDB's code. map_bytes
 * 0: JOURNAL_MAP_BYTES_DEFAULT. */
int lmdb_env_new(const char *path, size_t map_bytes, unsigned tables,
                 MDB_env **out);

/*
 * Make the file long enough for a transaction that is about to be committed
 * and has made at most so many pages; 0 or an errno. A page that was new in a
 * transaction and freed in it is never written: were it the last one, the file
 * would end before the count of its pages does, and the next start would take
 * it for truncated.
 */
int lmdb_cover_pages(MDB_env *env, uint64_t pages);

/* Caller frees; NULL when out of memory. */
char *lmdb_path(const char *dir, const char *name);

/* LMDB's own errors of opening: ERR_INVALID where the file is at fault. */
enum err lmdb_open_error(struct why *why, const char *path, int rc);

/* Of errno: ERR_FULL or ERR_STORE, "cannot WHAT PATH: ERRNO". */
enum err lmdb_system_error(struct why *why, const char *what, const char *path);

enum err lmdb_sync_directory(const char *path, struct why *why);

/* Remove the files of an environment that nobody has open, if there are. */
enum err lmdb_remove_files(const char *path, struct why *why);

#endif
