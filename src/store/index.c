/* Read the index: every block that is used is checked, and that it is the one
 * that belongs there. */
#include "index.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "secmaster/wire.h"

#include "journal.h"

/* Where the marks' fields stand. */
enum {
    MARKS_MERGED_TX = CHECKSUM_BYTES,
    MARKS_MERGED_DIGEST = MARKS_MERGED_TX + 8,
    MARKS_REACHED_TX = MARKS_MERGED_DIGEST + DIGEST_BYTES,
    MARKS_REACHED_DIGEST = MARKS_REACHED_TX + 8,
    MARKS_BYTES = MARKS_REACHED_DIGEST + DIGEST_BYTES,
};
static_assert(MARKS_BYTES == 84, "on disk");

#define MARKS_KEY STR("marks")

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

static MDB_val
val_of(struct str s)
{
    return (MDB_val){ .mv_size = s.len, .mv_data = (void *)(uintptr_t)s.data };
}

enum err
index_damaged(struct why *why, const struct block_key *fence, const char *fault)
{
    char text[BLOCK_KEY_TEXT_BYTES];

    block_key_print(fence, text);
    return why_set(why, ERR_STORE,
                   "index: block %s is damaged: %s: run secmaster reindex",
                   text, fault);
}

enum err
index_read_error(struct why *why, int rc)
{
    return why_set(why, ERR_STORE, "index: cannot read: %s", journal_words(rc));
}

enum err
index_write_error(struct why *why, const char *what, int rc)
{
    enum err err = ERR_STORE;

    if (rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT)
        err = ERR_FULL;
    if (rc == ENOMEM)
        err = ERR_BUSY;
    return why_set(why, err, "index: %s: %s", what, journal_words(rc));
}

uint64_t
index_disk_bytes(const struct index *index)
{
    struct stat st;

    /* By name: closing a second descriptor would drop LMDB's locks. */
    if (stat(index->data_path, &st) != 0)
        return 0;
    return (uint64_t)st.st_size;
}

enum err
index_get_marks(struct index *index, MDB_txn *txn, struct index_marks *out,
                struct why *why)
{
    MDB_val k = val_of(MARKS_KEY), v;
    const unsigned char *from;
    struct str rest;
    int rc = mdb_get(txn, index->meta, &k, &v);

    if (rc != 0)
        return index_read_error(why, rc);
    if (v.mv_size != MARKS_BYTES ||
        !journal_checked(MARKS_KEY, str_from(v), &rest))
        return why_set(why, ERR_STORE,
                       "index: how far it goes is damaged: run secmaster "
                       "reindex");
    from = v.mv_data;
    out->merged.tx = get_le64(from + MARKS_MERGED_TX);
    memcpy(out->merged.digest, from + MARKS_MERGED_DIGEST, DIGEST_BYTES);
    out->reached.tx = get_le64(from + MARKS_REACHED_TX);
    memcpy(out->reached.digest, from + MARKS_REACHED_DIGEST, DIGEST_BYTES);
    return OK;
}

int
index_put_marks(struct index *index, MDB_txn *txn,
                const struct index_marks *marks)
{
    unsigned char value[MARKS_BYTES];
    MDB_val k = val_of(MARKS_KEY), v = { sizeof value, value };
    struct str rest = { (const char *)value + CHECKSUM_BYTES,
                        sizeof value - CHECKSUM_BYTES };

    assert(marks->merged.tx <= marks->reached.tx);

    put_le64(value + MARKS_MERGED_TX, marks->merged.tx);
    memcpy(value + MARKS_MERGED_DIGEST, marks->merged.digest, DIGEST_BYTES);
    put_le64(value + MARKS_REACHED_TX, marks->reached.tx);
    memcpy(value + MARKS_REACHED_DIGEST, marks->reached.digest, DIGEST_BYTES);
    put_le32(value, journal_checksum(MARKS_KEY, rest));
    return mdb_put(txn, index->meta, &k, &v, 0);
}

enum err
index_read_begin(struct index *index, struct index_reader *out, struct why *why)
{
    struct index_marks marks;
    enum err err;
    int rc;

    *out = (struct index_reader){ .index = index };
    rc = mdb_txn_begin(index->env, NULL, MDB_RDONLY, &out->txn);
    if (rc == MDB_READERS_FULL)
        return why_set(why, ERR_BUSY, "index: too many readers");
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "index: out of memory");
    if (rc != 0)
        return index_read_error(why, rc);
    err = index_get_marks(index, out->txn, &marks, why);
    if (err != OK) {
        mdb_txn_abort(out->txn);
        return err;
    }
    out->merged_tx = marks.merged.tx;
    return OK;
}

void
index_read_end(struct index_reader *reader)
{
    mdb_txn_abort(reader->txn);
    reader->txn = NULL;
}

enum err
index_find(MDB_cursor *cursor, const struct block_key *key, struct block *out,
           struct why *why)
{
    MDB_val k = { BLOCK_KEY_BYTES, (void *)(uintptr_t)key->bytes }, v;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    struct block_key found = *key;
    const char *fault;

    /* The block at the key, or else the last one before it. */
    if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    else if (rc == 0 && (k.mv_size != BLOCK_KEY_BYTES ||
                         memcmp(k.mv_data, key->bytes, k.mv_size) != 0))
        rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    if (rc == MDB_NOTFOUND)
        return index_damaged(why, key, "it is missing");
    if (rc != 0)
        return index_read_error(why, rc);
    if (k.mv_size == BLOCK_KEY_BYTES)
        memcpy(found.bytes, k.mv_data, BLOCK_KEY_BYTES);
    fault = block_open(str_from(k), str_from(v), out);
    if (fault != NULL)
        return index_damaged(why, &found, fault);
    if (out->has_next && block_key_compare(key, &out->next) >= 0)
        return index_damaged(why, &out->next, "it is missing");
    return OK;
}

enum err
index_cursor_open(struct index_cursor *cursor, struct index_reader *reader,
                  struct why *why)
{
    int rc;

    *cursor = (struct index_cursor){ .reader = reader, .at_end = true };
    rc = mdb_cursor_open(reader->txn, reader->index->blocks, &cursor->cursor);
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "index: out of memory");
    return rc == 0 ? OK : index_read_error(why, rc);
}

void
index_cursor_close(struct index_cursor *cursor)
{
    mdb_cursor_close(cursor->cursor);
}

/* On to the block after this one, which must be the one that it announced. */
static enum err
step_over(struct index_cursor *cursor, struct why *why)
{
    const struct block_key next = cursor->block.next;
    MDB_val k, v;
    const char *fault;
    int rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);

    if (rc != 0 && rc != MDB_NOTFOUND)
        return index_read_error(why, rc);
    if (!cursor->block.has_next) {
        cursor->at_end = true;
        return rc == MDB_NOTFOUND
                   ? OK
                   : index_damaged(why, &cursor->block.fence,
                                   "it says that it is the last one");
    }
    if (rc == MDB_NOTFOUND || k.mv_size != BLOCK_KEY_BYTES ||
        memcmp(k.mv_data, next.bytes, BLOCK_KEY_BYTES) != 0)
        return index_damaged(why, &next, "it is missing");
    fault = block_open(str_from(k), str_from(v), &cursor->block);
    if (fault != NULL)
        return index_damaged(why, &next, fault);
    cursor->record = cursor->block.at;
    return OK;
}

enum err
index_cursor_next(struct index_cursor *cursor, struct why *why)
{
    const char *fault;

    while (!block_step(&cursor->block, &cursor->record, &fault)) {
        if (fault != NULL)
            return index_damaged(why, &cursor->block.fence, fault);
        TRY(step_over(cursor, why));
        if (cursor->at_end)
            return OK;
    }
    return OK;
}

/* Whether a key is yet to come in the block at hand, if it is any. */
static bool
is_ahead(const struct index_cursor *cursor, const struct record *key)
{
    const struct block *block = &cursor->block;

    return !cursor->at_end && record_compare(&cursor->record, key) < 0 &&
           (!block->has_next || record_compare(key, &block->end) < 0);
}

enum err
index_cursor_seek(struct index_cursor *cursor, const struct record *key,
                  struct why *why)
{
    const char *fault;

    if (!is_ahead(cursor, key)) {
        const struct block_key sought = block_key_of(key);

        TRY(index_find(cursor->cursor, &sought, &cursor->block, why));
        cursor->at_end = false;
        cursor->record = cursor->block.at;
    }
    if (block_seek(&cursor->block, key, &cursor->record, &fault))
        return OK;
    if (fault != NULL)
        return index_damaged(why, &cursor->block.fence, fault);

    /* What comes behind this block is behind the key. */
    return index_cursor_next(cursor, why);
}

static bool
is_same_security(const struct record *a, const struct record *b)
{
    return a->kind == b->kind && a->security_id == b->security_id;
}

/* Walking to the end of a block is cheaper than a seek, which would check it
 * again; walking on into the next one of the same security is not. */
enum err
index_cursor_skip(struct index_cursor *cursor, struct why *why)
{
    struct record last = cursor->record;

    last.effective.days = DATE_LAST_DAYS;
    last.tx = UINT64_MAX;
    while (!cursor->at_end && is_same_security(&cursor->record, &last)) {
        if (cursor->block.left == 0 && cursor->block.has_next &&
            is_same_security(&cursor->block.end, &last)) {
            TRY(index_cursor_seek(cursor, &last, why));
            continue;
        }
        TRY(index_cursor_next(cursor, why));
    }
    return OK;
}
