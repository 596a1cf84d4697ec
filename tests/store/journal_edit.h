/* Reach into a closed store's journal or index, past its own code. */
#ifndef STORE_JOURNAL_EDIT_H
#define STORE_JOURNAL_EDIT_H

#include <limits.h>
#include <lmdb.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/str.h"

/* Every function aborts on an error of LMDB. */
struct journal_edit {
    MDB_env *env;
    MDB_txn *txn;
};

/* dir is the store's; name "journal" or "index". */
void edit_begin_in(struct journal_edit *edit, const char *dir,
                   const char *name);
void edit_begin(struct journal_edit *edit, const char *dir);
void edit_commit(struct journal_edit *edit);

/* A value, for as long as nothing is written; data NULL: no such key. */
struct str edit_get(struct journal_edit *edit, const char *table,
                    struct str key);
void edit_put(struct journal_edit *edit, const char *table, struct str key,
              struct str value);
void edit_remove(struct journal_edit *edit, const char *table, struct str key);

/* Remove a table. */
void edit_drop(struct journal_edit *edit, const char *table);

/* Entry number of a table in key order, from 0, borrowed as by edit_get; false:
 * there are not so many. */
bool edit_walk(struct journal_edit *edit, const char *table, size_t number,
               struct str *key, struct str *value);

/* The key of a part, in static storage until the next call. */
struct str edit_part_key(uint64_t tx, uint32_t part);

/* A value with its checksum put right again; data is changed in place. */
void edit_reseal(struct str key, char *value, size_t len);

/* Damage to a table: one bit of an entry of at most 8 KiB, an entry that is
 * lost, one with another's value behind it, whole in itself. */
void edit_flip(struct journal_edit *edit, const char *table, size_t number);
void edit_lose(struct journal_edit *edit, const char *table, size_t number);
void edit_add_stale(struct journal_edit *edit, const char *table,
                    size_t number);

#endif
