/* Reach into a closed store's journal or index, past its own code. */
#include "tests/store/journal_edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

#include "tests/support/temp_dir.h"

static void
must(int rc, const char *what)
{
    if (rc == 0)
        return;
    (void)fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
    abort();
}

void
edit_begin_in(struct journal_edit *edit, const char *dir, const char *name)
{
    char path[PATH_MAX];

    temp_path(path, dir, name);
    must(mdb_env_create(&edit->env), "create");
    must(mdb_env_set_maxdbs(edit->env, 8), "tables");
    must(mdb_env_set_mapsize(edit->env, 1UL << 30), "map");
    /* A test outlives no power failure. */
    must(mdb_env_open(edit->env, path, MDB_NOSYNC | MDB_NOTLS, 0600), path);
    must(mdb_txn_begin(edit->env, NULL, 0, &edit->txn), "begin");
}

void
edit_begin(struct journal_edit *edit, const char *dir)
{
    edit_begin_in(edit, dir, "journal");
}

void
edit_commit(struct journal_edit *edit)
{
    must(mdb_txn_commit(edit->txn), "commit");
    mdb_env_close(edit->env);
}

static MDB_dbi
table_of(struct journal_edit *edit, const char *table)
{
    MDB_dbi dbi;

    must(mdb_dbi_open(edit->txn, table, MDB_CREATE, &dbi), table);
    return dbi;
}

static MDB_val
val_of(struct str s)
{
    return (MDB_val){ s.len, (void *)(uintptr_t)s.data };
}

struct str
edit_get(struct journal_edit *edit, const char *table, struct str key)
{
    MDB_val k = val_of(key), v;
    int rc = mdb_get(edit->txn, table_of(edit, table), &k, &v);

    if (rc == MDB_NOTFOUND)
        return (struct str){ NULL, 0 };
    must(rc, "get");
    return (struct str){ v.mv_data, v.mv_size };
}

void
edit_put(struct journal_edit *edit, const char *table, struct str key,
         struct str value)
{
    MDB_val k = val_of(key), v = val_of(value);

    must(mdb_put(edit->txn, table_of(edit, table), &k, &v, 0), "put");
}

void
edit_remove(struct journal_edit *edit, const char *table, struct str key)
{
    MDB_val k = val_of(key);

    must(mdb_del(edit->txn, table_of(edit, table), &k, NULL), "del");
}

void
edit_drop(struct journal_edit *edit, const char *table)
{
    must(mdb_drop(edit->txn, table_of(edit, table), 1), "drop");
}

bool
edit_walk(struct journal_edit *edit, const char *table, size_t number,
          struct str *key, struct str *value)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    int rc;

    must(mdb_cursor_open(edit->txn, table_of(edit, table), &cursor), table);
    rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST);
    for (size_t i = 0; rc == 0 && i < number; i++)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    mdb_cursor_close(cursor);
    if (rc == MDB_NOTFOUND)
        return false;
    must(rc, "walk");
    *key = (struct str){ k.mv_data, k.mv_size };
    *value = (struct str){ v.mv_data, v.mv_size };
    return true;
}

struct str
edit_part_key(uint64_t tx, uint32_t part)
{
    static unsigned char key[12];

    put_be64(key, tx);
    put_be32(key + 8, part);
    return (struct str){ (const char *)key, sizeof key };
}

void
edit_reseal(struct str key, char *value, size_t len)
{
    uint32_t crc = crc32c(0, key.data, key.len);

    put_le32((unsigned char *)value, crc32c(crc, value + 4, len - 4));
}

enum { KEY_ROOM = 32, VALUE_ROOM = 8192 };

/* A copy of an entry, which lives on when the table changes. */
struct copy {
    char key[KEY_ROOM], value[VALUE_ROOM];
    struct str k, v;
};

static void
copy_entry(struct journal_edit *edit, const char *table, size_t number,
           struct copy *copy)
{
    if (!edit_walk(edit, table, number, &copy->k, &copy->v) ||
        copy->k.len > KEY_ROOM || copy->v.len > VALUE_ROOM)
        abort();
    memcpy(copy->key, copy->k.data, copy->k.len);
    memcpy(copy->value, copy->v.data, copy->v.len);
    copy->k.data = copy->key;
    copy->v.data = copy->value;
}

void
edit_flip(struct journal_edit *edit, const char *table, size_t number)
{
    struct copy copy;

    copy_entry(edit, table, number, &copy);
    copy.value[(size_t)rand() % copy.v.len] ^= 4;
    edit_put(edit, table, copy.k, copy.v);
}

void
edit_lose(struct journal_edit *edit, const char *table, size_t number)
{
    struct copy copy;

    copy_entry(edit, table, number, &copy);
    edit_remove(edit, table, copy.k);
}

void
edit_add_stale(struct journal_edit *edit, const char *table, size_t number)
{
    struct copy copy;

    copy_entry(edit, table, number, &copy);
    copy.key[copy.k.len - 1]++;
    edit_reseal(copy.k, copy.value, copy.v.len);
    edit_put(edit, table, copy.k, copy.v);
}
