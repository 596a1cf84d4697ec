/* Open an index that proves to be ours, or make an empty one. */
#include "index.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "secmaster/bounds.h"

#include "entry_merge.h"
#include "journal.h"
#include "journal_check.h"
#include "lmdb_env.h"

#define TABLE_BLOCKS "blocks"
#define TABLE_INVERTED "inverted"
#define TABLE_META "meta"
#define TABLE_KEYFRAMES "keyframes"
#define TABLE_UNFRAMED "unframed"
#define TABLES 5

static enum err
new_index(const char *dir, char **path, struct index **out, struct why *why)
{
    struct index *index = calloc(1, sizeof *index);

    *path = lmdb_path(dir, STORE_INDEX_NAME);
    if (index != NULL)
        index->keyframe_rule.records = KEYFRAME_RECORDS;
    if (index != NULL && *path != NULL)
        index->data_path = lmdb_path(*path, LMDB_DATA_NAME);
    if (index == NULL || *path == NULL || index->data_path == NULL) {
        free(*path);
        free(index);
        return why_set(why, ERR_BUSY, "out of memory");
    }
    *out = index;
    return OK;
}

static enum err
invalid(struct why *why, const char *fault)
{
    return why_set(why, ERR_INVALID, "%s", fault);
}

/* LMDB's own codes tell of what the file holds, errno of everything else. */
static enum err
open_fault(struct why *why, const char *path, int rc)
{
    enum err err = lmdb_open_error(why, path, rc);

    return rc < 0 ? ERR_INVALID : err;
}

static enum err
check_format(struct index *index, MDB_txn *txn, struct why *why)
{
    struct str name = FORMAT_KEY;
    MDB_val k = { name.len, (void *)(uintptr_t)name.data }, v;
    uint32_t format;

    if (mdb_get(txn, index->meta, &k, &v) != 0 ||
        !format_decode((struct str){ v.mv_data, v.mv_size }, &format))
        return invalid(why, "it names no format");
    if (format != INDEX_FORMAT)
        return invalid(why, "it has another format");
    return OK;
}

static int
open_keyframes(struct index *index, MDB_txn *txn, unsigned flags)
{
    int rc = mdb_dbi_open(txn, TABLE_KEYFRAMES, flags, &index->keyframes);

    if (rc == 0)
        rc = mdb_dbi_open(txn, TABLE_UNFRAMED, flags, &index->unframed);
    return rc;
}

static enum err
open_tables(struct index *index, MDB_txn *txn, const char *path,
            struct why *why)
{
    int rc = mdb_dbi_open(txn, TABLE_META, 0, &index->meta);

    if (rc == 0)
        TRY(check_format(index, txn, why));
    if (rc == 0)
        rc = mdb_dbi_open(txn, TABLE_BLOCKS, 0, &index->blocks);
    if (rc == 0)
        rc = mdb_dbi_open(txn, TABLE_INVERTED, 0, &index->inverted);
    if (rc == 0)
        rc = open_keyframes(index, txn, 0);
    if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
        return invalid(why, "it lacks a table");
    if (rc != 0)
        return open_fault(why, path, rc);
    return index_get_marks(index, txn, &index->marks, why) == OK ? OK
                                                                 : ERR_INVALID;
}

/* Handles live on only if the transaction that opened them commits. */
static enum err
open_at(struct index *index, const char *path, size_t map_bytes,
        struct why *why)
{
    MDB_txn *txn;
    enum err err;
    int rc;

    TRY(journal_check_file(index->data_path, why));
    rc = lmdb_env_new(path, map_bytes, TABLES, &index->env);
    if (rc == 0)
        rc = mdb_txn_begin(index->env, NULL, MDB_RDONLY, &txn);
    if (rc != 0)
        return open_fault(why, path, rc);
    err = open_tables(index, txn, path, why);
    if (err != OK) {
        mdb_txn_abort(txn);
        return err;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? OK : open_fault(why, path, rc);
}

enum err
index_open(const char *dir, size_t map_bytes, struct index **out,
           struct why *why)
{
    struct index *index;
    enum err err;
    char *path;

    TRY(new_index(dir, &path, &index, why));
    err = open_at(index, path, map_bytes, why);
    free(path);
    if (err != OK) {
        index_close(index);
        return err;
    }
    *out = index;
    return OK;
}

/* There is always a first block, so that a lost one is noticed. */
static int
put_first_block(struct index *index, MDB_txn *txn)
{
    const struct block_key fence = { 0 };
    MDB_val k = { BLOCK_KEY_BYTES, (void *)(uintptr_t)fence.bytes }, v;
    struct block_maker maker;
    int rc = ENOMEM;

    block_maker_init(&maker);
    block_begin(&maker, &fence);
    if (block_end(&maker, NULL) == OK) {
        v = (MDB_val){ maker.out.len, maker.out.data };
        rc = mdb_put(txn, index->blocks, &k, &v, 0);
    }
    block_maker_fini(&maker);
    return rc;
}

static int
put_format(struct index *index, MDB_txn *txn)
{
    unsigned char value[FORMAT_VALUE_BYTES];
    struct str name = FORMAT_KEY;
    MDB_val k = { name.len, (void *)(uintptr_t)name.data };
    MDB_val v = { sizeof value, value };

    format_encode(value, INDEX_FORMAT);
    return mdb_put(txn, index->meta, &k, &v, 0);
}

static int
create_tables(struct index *index)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin(index->env, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    rc = mdb_dbi_open(txn, TABLE_META, MDB_CREATE, &index->meta);
    if (rc == 0)
        rc = mdb_dbi_open(txn, TABLE_BLOCKS, MDB_CREATE, &index->blocks);
    if (rc == 0)
        rc = mdb_dbi_open(txn, TABLE_INVERTED, MDB_CREATE, &index->inverted);
    if (rc == 0)
        rc = open_keyframes(index, txn, MDB_CREATE);
    if (rc == 0)
        rc = put_format(index, txn);
    if (rc == 0)
        rc = put_first_block(index, txn);
    if (rc == 0)
        rc = entry_merge_put_first(txn, index->inverted);
    if (rc == 0)
        rc = index_put_marks(index, txn, &index->marks);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static enum err
create_at(struct index *index, const char *path, size_t map_bytes,
          struct why *why)
{
    int rc;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return lmdb_system_error(why, "make", path);
    TRY(lmdb_remove_files(path, why));
    rc = lmdb_env_new(path, map_bytes, TABLES, &index->env);
    if (rc == 0)
        rc = create_tables(index);
    if (rc != 0)
        return lmdb_open_error(why, path, rc);
    return lmdb_sync_directory(path, why);
}

enum err
index_create(const char *dir, size_t map_bytes, struct index **out,
             struct why *why)
{
    struct index *index;
    enum err err;
    char *path;

    TRY(new_index(dir, &path, &index, why));
    err = create_at(index, path, map_bytes, why);
    free(path);
    if (err == OK)
        err = lmdb_sync_directory(dir, why);
    if (err != OK) {
        index_close(index);
        return err;
    }
    *out = index;
    return OK;
}

void
index_close(struct index *index)
{
    if (index == NULL)
        return;
    if (index->env != NULL)
        mdb_env_close(index->env);
    free(index->data_path);
    free(index);
}
