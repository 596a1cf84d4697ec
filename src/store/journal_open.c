/* Make a journal, or open one that proved to be ours. */
#include "journal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal_check.h"
#include "lmdb_env.h"

#define TABLE_PARTS "parts"
#define TABLE_NAMES "names"
#define TABLE_STATE "state"
#define TABLE_META "meta"
#define TABLES 4

static enum err
sync_parent(const char *dir, struct why *why)
{
    char *parent = lmdb_path(dir, "..");
    enum err err;

    if (parent == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    err = lmdb_sync_directory(parent, why);
    free(parent);
    return err;
}

static int
put_format(MDB_txn *txn)
{
    unsigned char value[FORMAT_VALUE_BYTES];
    struct str name = FORMAT_KEY;
    MDB_val k = { name.len, (void *)(uintptr_t)name.data };
    MDB_val v = { sizeof value, value };
    MDB_dbi meta;
    int rc = mdb_dbi_open(txn, TABLE_META, MDB_CREATE, &meta);

    if (rc != 0)
        return rc;
    format_encode(value, JOURNAL_FORMAT);
    return mdb_put(txn, meta, &k, &v, MDB_NOOVERWRITE);
}

static int
create_tables(MDB_env *env)
{
    static const char *const tables[] = { TABLE_PARTS, TABLE_NAMES,
                                          TABLE_STATE };
    MDB_txn *txn;
    MDB_dbi dbi;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);

    if (rc != 0)
        return rc;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0] && rc == 0; i++)
        rc = mdb_dbi_open(txn, tables[i], MDB_CREATE, &dbi);
    if (rc == 0)
        rc = put_format(txn);
    if (rc == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return rc;
}

static enum err
create_at(const char *path, size_t map_bytes, struct why *why)
{
    MDB_env *env;
    int rc;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return lmdb_system_error(why, "make", path);
    /* What a start that was cut off has left. */
    TRY(lmdb_remove_files(path, why));
    rc = lmdb_env_new(path, map_bytes, TABLES, &env);
    if (rc != 0)
        return lmdb_open_error(why, path, rc);
    rc = create_tables(env);
    mdb_env_close(env);
    if (rc != 0)
        return lmdb_open_error(why, path, rc);
    return lmdb_sync_directory(path, why);
}

/*
 * A journal gets its name when it is whole, so one that is empty or cut short
 * under that name is damage, never a start that was interrupted.
 */
static enum err
create(const struct store_lmdb_options *options, const char *path,
       struct why *why)
{
    char *new_path = lmdb_path(options->dir, STORE_NEW_JOURNAL_NAME);
    enum err err;

    if (new_path == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    err = create_at(new_path, options->map_bytes, why);
    if (err == OK && rename(new_path, path) != 0)
        err = lmdb_system_error(why, "rename", new_path);
    free(new_path);
    TRY(err);
    TRY(lmdb_sync_directory(options->dir, why));
    return sync_parent(options->dir, why);
}

static enum err
check_format(MDB_txn *txn, MDB_dbi meta, const char *path, struct why *why)
{
    struct str name = FORMAT_KEY;
    MDB_val k = { name.len, (void *)(uintptr_t)name.data }, v;
    uint32_t format;
    int rc = mdb_get(txn, meta, &k, &v);

    if (rc == MDB_NOTFOUND)
        return why_set(why, ERR_INVALID,
                       "%s is not a secmaster store: it names no format", path);
    if (rc != 0)
        return lmdb_open_error(why, path, rc);
    if (!format_decode((struct str){ v.mv_data, v.mv_size }, &format))
        return why_set(why, ERR_STORE,
                       "journal: %s is damaged: the checksum of its format "
                       "does not match",
                       path);
    if (format != JOURNAL_FORMAT)
        return why_set(why, ERR_INVALID,
                       "%s has journal format %u; this program knows format "
                       "%d only: use a newer one",
                       path, format, JOURNAL_FORMAT);
    return OK;
}

static enum err
open_tables(struct journal *journal, MDB_txn *txn, const char *path,
            struct why *why)
{
    MDB_dbi meta;
    const struct {
        const char *name;
        MDB_dbi *dbi;
    } tables[TABLES] = {
        { TABLE_META, &meta },
        { TABLE_PARTS, &journal->parts },
        { TABLE_NAMES, &journal->names },
        { TABLE_STATE, &journal->state },
    };

    for (size_t i = 0; i < TABLES; i++) {
        int rc = mdb_dbi_open(txn, tables[i].name, 0, tables[i].dbi);

        if (rc == MDB_NOTFOUND || rc == MDB_INCOMPATIBLE)
            return why_set(why, ERR_INVALID,
                           "%s is not a secmaster store: it has no table "
                           "\"%s\"",
                           path, tables[i].name);
        if (rc != 0)
            return lmdb_open_error(why, path, rc);
        /* A newer format may have other tables: ask it first. */
        if (i == 0)
            TRY(check_format(txn, meta, path, why));
    }
    return OK;
}

/* Handles live on only if the transaction that opened them commits. */
static enum err
open_env(struct journal *journal, const char *path, size_t map_bytes,
         struct why *why)
{
    MDB_txn *txn;
    enum err err;
    int rc;

    TRY(journal_check_file(journal->data_path, why));
    rc = lmdb_env_new(path, map_bytes, TABLES, &journal->env);
    if (rc != 0)
        return lmdb_open_error(why, path, rc);
    TRY(journal_read_begin(journal, &txn, why));
    err = open_tables(journal, txn, path, why);
    if (err != OK) {
        mdb_txn_abort(txn);
        return err;
    }
    rc = mdb_txn_commit(txn);
    return rc == 0 ? OK : lmdb_open_error(why, path, rc);
}

static enum err
lock(struct journal *journal, const char *dir, struct why *why)
{
    char *path = lmdb_path(dir, STORE_LOCK_NAME);
    enum err err = OK;

    if (path == NULL)
        return why_set(why, ERR_BUSY, "out of memory");
    journal->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (journal->lock_fd < 0)
        err = lmdb_system_error(why, "open", path);
    else if (flock(journal->lock_fd, LOCK_EX | LOCK_NB) != 0)
        err = errno == EWOULDBLOCK
                  ? why_set(why, ERR_BUSY,
                            "another process holds the store in %s", dir)
                  : lmdb_system_error(why, "lock", path);
    free(path);
    return err;
}

/* Look before and after locking: before, so that nothing is written into a
 * directory that is not ours; after, since another process may have made it. */
static enum err
open_in(struct journal *journal, const struct store_lmdb_options *options,
        const char *path, struct why *why)
{
    bool has_journal;

    if (mkdir(options->dir, 0700) != 0 && errno != EEXIST)
        return why_set(why, ERR_INVALID, "cannot make %s: %s", options->dir,
                       strerrordesc_np(errno));
    TRY(journal_check_directory(options->dir, &has_journal, why));
    TRY(lock(journal, options->dir, why));
    TRY(journal_check_directory(options->dir, &has_journal, why));
    if (!has_journal)
        TRY(create(options, path, why));
    return open_env(journal, path, options->map_bytes, why);
}

enum err
journal_open(const struct store_lmdb_options *options, struct journal **out,
             struct why *why)
{
    struct journal *journal = calloc(1, sizeof *journal);
    char *path = lmdb_path(options->dir, STORE_JOURNAL_NAME);
    enum err err;

    if (journal == NULL || path == NULL) {
        free(journal);
        free(path);
        return why_set(why, ERR_BUSY, "out of memory");
    }
    journal->lock_fd = -1;
    journal->disk_reserve_bytes = options->disk_reserve_bytes;
    out_init(&journal->bytes, SIZE_MAX);
    journal->digester = digester_new();
    journal->data_path = lmdb_path(path, LMDB_DATA_NAME);

    if (journal->digester == NULL || journal->data_path == NULL)
        err = why_set(why, ERR_BUSY, "out of memory");
    else
        err = open_in(journal, options, path, why);
    free(path);
    if (err != OK) {
        journal_close(journal);
        return err;
    }
    *out = journal;
    return OK;
}

void
journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    if (journal->env != NULL)
        mdb_env_close(journal->env);
    /* Last: whoever gets the lock finds LMDB's files at rest. */
    if (journal->lock_fd >= 0)
        (void)close(journal->lock_fd);
    out_fini(&journal->bytes);
    digester_free(journal->digester);
    free(journal->data_path);
    free(journal);
}
