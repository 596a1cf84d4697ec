/* Find keyframes, drop them, and note whose history may lack some. */
#include "keyframe_table.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "secmaster/bounds.h"

#include "lmdb_env.h"

/* Pages that a change can make beside its value's: the tree's depth, a split
 * or a neighbour on each level. */
#define CHANGE_PAGES_MAX 16

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

static bool
is_of(MDB_val key, const struct keyframe_key *place)
{
    return key.mv_size >= SECURITY_KEY_BYTES &&
           memcmp(key.mv_data, place->bytes, SECURITY_KEY_BYTES) == 0;
}

enum err
keyframe_damaged(struct why *why, struct str key, const char *fault)
{
    char text[KEYFRAME_KEY_TEXT_BYTES];

    keyframe_key_print(key, text);
    return why_set(why, ERR_STORE,
                   "index: keyframe %s is damaged: %s: run secmaster reindex",
                   text, fault);
}

/* At a place or, if there is nothing, at the last key before it. */
static int
seek_back(MDB_cursor *cursor, const struct keyframe_key *place, MDB_val *k,
          MDB_val *v)
{
    int rc;

    *k = (MDB_val){ KEYFRAME_KEY_BYTES, (void *)(uintptr_t)place->bytes };
    rc = mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND)
        return mdb_cursor_get(cursor, k, v, MDB_LAST);
    if (rc == 0 && (k->mv_size != KEYFRAME_KEY_BYTES ||
                    memcmp(k->mv_data, place->bytes, k->mv_size) != 0))
        return mdb_cursor_get(cursor, k, v, MDB_PREV);
    return rc;
}

static enum err
find_back(MDB_cursor *cursor, const struct record *limit, struct keyframe *out,
          bool *is_found, struct why *why)
{
    const struct keyframe_key place = keyframe_key_of(limit);
    MDB_val k, v;
    int rc = seek_back(cursor, &place, &k, &v);

    while (rc == 0 && is_of(k, &place)) {
        const char *fault = keyframe_open(str_from(k), str_from(v), out);

        if (fault != NULL)
            return keyframe_damaged(why, str_from(k), fault);
        *is_found = out->limit.tx <= limit->tx;
        if (*is_found)
            return OK;
        rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    }
    return rc == 0 || rc == MDB_NOTFOUND ? OK : index_read_error(why, rc);
}

enum err
keyframe_find(struct index_reader *reader, const struct record *limit,
              struct keyframe *out, bool *is_found, struct why *why)
{
    MDB_cursor *cursor;
    enum err err;
    int rc = mdb_cursor_open(reader->txn, reader->index->keyframes, &cursor);

    *is_found = false;
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "index: out of memory");
    if (rc != 0)
        return index_read_error(why, rc);
    err = find_back(cursor, limit, out, is_found, why);
    mdb_cursor_close(cursor);
    return err;
}

enum err
keyframe_remove_last(struct keyframe_change *change, const struct record *limit,
                     struct why *why)
{
    const struct keyframe_key place = keyframe_key_of(limit);
    MDB_cursor *cursor;
    MDB_val k, v;
    int rc = mdb_cursor_open(change->txn, change->index->keyframes, &cursor);

    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    rc = seek_back(cursor, &place, &k, &v);
    if (rc == 0 && is_of(k, &place)) {
        change->changes++;
        rc = mdb_cursor_del(cursor, 0);
    }
    mdb_cursor_close(cursor);
    return rc == 0 ? OK : index_write_error(why, "a write failed", rc);
}

/* That a security's history may lack keyframes; MDB_KEYEXIST: it was noted. */
static int
note(struct index *index, MDB_txn *txn,
     const unsigned char security[static SECURITY_KEY_BYTES])
{
    static char nothing[1];
    MDB_val k = { SECURITY_KEY_BYTES, (void *)(uintptr_t)security };
    MDB_val v = { 0, nothing };

    return mdb_put(txn, index->unframed, &k, &v, MDB_NOOVERWRITE);
}

int
keyframe_note_block(struct index *index, MDB_txn *txn,
                    const struct block_key *fence, const struct block_key *next)
{
    int rc;

    /* Other kinds are not folded; the kind is the first byte. */
    if (fence->bytes[0] != RECORD_FACTS ||
        memcmp(fence->bytes, next->bytes, SECURITY_KEY_BYTES) != 0)
        return 0;
    rc = note(index, txn, next->bytes);
    return rc == MDB_KEYEXIST ? 0 : rc;
}

/* Of both tables, as the transaction sees them. */
static uint64_t
table_pages(const struct keyframe_change *change)
{
    const MDB_dbi tables[] = { change->index->keyframes,
                               change->index->unframed };
    uint64_t pages = 0;

    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        MDB_stat stat;
        int rc = mdb_stat(change->txn, tables[i], &stat);

        assert(rc == 0);
        pages +=
            stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
    }
    return pages;
}

enum err
keyframe_change_begin(struct keyframe_change *change, struct index *index,
                      struct why *why)
{
    int rc;

    *change = (struct keyframe_change){ .index = index };
    rc = mdb_txn_begin(index->env, NULL, 0, &change->txn);
    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    change->pages = table_pages(change);
    return OK;
}

/*
 * How many pages the transaction made at most. Of a table that was only put
 * to, those that it has now; of one that was only removed from, those that it
 * had; and with both, no more than its changes can make.
 */
static uint64_t
pages_made(const struct keyframe_change *change)
{
    uint64_t by_tables = change->pages + table_pages(change);
    uint64_t by_changes =
        change->changes * CHANGE_PAGES_MAX + change->bytes / BLOCK_BYTES_MAX;

    return by_tables < by_changes ? by_tables : by_changes;
}

enum err
keyframe_change_end(struct keyframe_change *change, enum err err,
                    struct why *why)
{
    int rc;

    if (err != OK || change->changes == 0) {
        mdb_txn_abort(change->txn);
        return err;
    }
    rc = lmdb_cover_pages(change->index->env, pages_made(change));
    if (rc == 0)
        rc = mdb_txn_commit(change->txn);
    else
        mdb_txn_abort(change->txn);
    return rc == 0 ? OK : index_write_error(why, "a commit failed", rc);
}

void
keyframe_drop_begin(struct keyframe_drop *drop, const struct memtable *memtable)
{
    *drop = (struct keyframe_drop){ .memtable = memtable };
}

/* Go on behind a security. */
static void
pass_by(struct keyframe_drop *drop, int64_t security_id)
{
    drop->is_done = security_id == SECURITY_ID_MAX;
    if (!drop->is_done)
        drop->security_id = security_id + 1;
}

/* The first key at a place or behind it. */
static int
seek(MDB_cursor *cursor, const struct record *place, MDB_val *k)
{
    struct keyframe_key key = keyframe_key_of(place);
    MDB_val v;

    *k = (MDB_val){ KEYFRAME_KEY_BYTES, key.bytes };
    return mdb_cursor_get(cursor, k, &v, MDB_SET_RANGE);
}

/*
 * Note the security of a memtable's first record of it, and remove its
 * keyframes from that date on, as many as the transaction takes.
 */
static int
drop_one(struct keyframe_drop *drop, struct keyframe_change *change,
         MDB_cursor *cursor, const struct record *record)
{
    const struct keyframe_key place = keyframe_key_of(record);
    int rc = note(change->index, change->txn, place.bytes);
    MDB_val k;

    if (rc == 0)
        change->changes++;
    if (rc == 0 || rc == MDB_KEYEXIST)
        rc = seek(cursor, record, &k);
    while (rc == 0 && is_of(k, &place)) {
        if (change->changes >= KEYFRAME_CHANGES_MAX)
            return 0;
        change->changes++;
        rc = mdb_cursor_del(cursor, 0);
        if (rc == 0)
            rc = seek(cursor, record, &k);
    }
    if (rc != 0 && rc != MDB_NOTFOUND)
        return rc;
    pass_by(drop, record->security_id);
    return 0;
}

/* The first security from one on that has keyframes. */
static int
find_framed(MDB_cursor *cursor, int64_t *security_id, bool *is_found)
{
    const struct record first = { .kind = RECORD_FACTS,
                                  .security_id = *security_id,
                                  .effective = { DATE_FIRST_DAYS } };
    struct record found;
    MDB_val k;
    int rc = seek(cursor, &first, &k);

    *is_found = rc == 0;
    if (rc != 0)
        return rc == MDB_NOTFOUND ? 0 : rc;
    if (!keyframe_key_decode(str_from(k), &found))
        return MDB_CORRUPTED;
    *security_id = found.security_id;
    return 0;
}

/* The memtable's first record of the next security that it has. */
static bool
find_touched(const struct keyframe_drop *drop, struct record *out)
{
    const struct record first = { .kind = RECORD_FACTS,
                                  .security_id = drop->security_id,
                                  .effective = { DATE_FIRST_DAYS } };
    struct memtable_cursor at;

    memtable_seek(&at, drop->memtable, &first);
    return memtable_at(&at, out) && out->kind == RECORD_FACTS;
}

/*
 * The securities that have keyframes, and those that the memtable has records
 * of, both come in order: whichever lies behind goes on until they meet.
 */
static int
drop_some(struct keyframe_drop *drop, struct keyframe_change *change,
          MDB_cursor *cursor)
{
    bool is_everywhere = change->index->keyframe_rule.is_everywhere;
    int rc = 0;

    while (rc == 0 && !drop->is_done &&
           change->changes < KEYFRAME_CHANGES_MAX) {
        struct record record;
        int64_t framed;
        bool is_found = find_touched(drop, &record);

        drop->is_done = !is_found;
        if (drop->is_done)
            break;
        framed = record.security_id;
        if (!is_everywhere)
            rc = find_framed(cursor, &framed, &is_found);
        drop->is_done = rc == 0 && !is_found;
        if (rc != 0 || drop->is_done)
            break;
        if (framed == record.security_id)
            rc = drop_one(drop, change, cursor, &record);
        else
            drop->security_id = framed;
    }
    return rc;
}

enum err
keyframe_drop_step(struct keyframe_drop *drop, struct index *index,
                   bool *has_changed, struct why *why)
{
    const struct keyframe_drop start = *drop;
    struct keyframe_change change;
    MDB_cursor *cursor;
    enum err err = OK;
    int rc;

    *has_changed = false;
    if (drop->is_done)
        return OK;
    TRY(keyframe_change_begin(&change, index, why));
    rc = mdb_cursor_open(change.txn, index->keyframes, &cursor);
    if (rc == 0) {
        rc = drop_some(drop, &change, cursor);
        mdb_cursor_close(cursor);
    }
    if (rc != 0)
        err = index_write_error(why, "a write failed", rc);
    *has_changed = change.changes > 0;
    err = keyframe_change_end(&change, err, why);
    if (err != OK)
        *drop = start;
    return err;
}
