/* Read the journal's state. */
#include "journal.h"

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

static enum err
get_state(struct journal *journal, MDB_txn *txn, MDB_val key,
          struct arena *arena, struct str *out, struct why *why)
{
    struct str value;
    MDB_val v;
    int rc = mdb_get(txn, journal->state, &key, &v);

    if (rc == MDB_NOTFOUND)
        return why_set(why, ERR_NOT_FOUND, "no such key");
    if (rc != 0)
        return why_set(why, ERR_STORE, "journal: cannot read state: %s",
                       journal_words(rc));
    if (!journal_checked(str_from(key), str_from(v), &value))
        return why_set(why, ERR_STORE,
                       "journal: state of space %d is damaged: its checksum "
                       "does not match",
                       *(const unsigned char *)key.mv_data);
    *out = arena_copy(arena, value);
    if (out->data == NULL)
        return why_set(why, ERR_TOO_LARGE, "the answer needs too much memory");
    return OK;
}

enum err
journal_state_get(struct journal *journal, enum state_space space,
                  struct str key, struct arena *arena, struct str *out,
                  struct why *why)
{
    unsigned char bytes[STATE_KEY_BYTES_MAX];
    MDB_val k = { state_key_encode(bytes, space, key), bytes };
    MDB_txn *txn;
    enum err err;

    TRY(journal_read_begin(journal, &txn, why));
    err = get_state(journal, txn, k, arena, out, why);
    mdb_txn_abort(txn);
    return err;
}

static enum err
show(const struct journal_state_visit *visit, MDB_val k, MDB_val v,
     enum visit *wanted, struct why *why)
{
    struct str key = { k.mv_data, k.mv_size }, value;

    if (!journal_checked(key, (struct str){ v.mv_data, v.mv_size }, &value))
        return why_set(why, ERR_STORE,
                       "journal: state of space %d is damaged: its checksum "
                       "does not match",
                       *(const unsigned char *)k.mv_data);
    key.data++;
    key.len--;
    *wanted = visit->visitor(visit->context, key, value);
    return OK;
}

static enum err
walk(MDB_cursor *cursor, enum state_space space,
     const struct journal_state_visit *visit, struct why *why)
{
    unsigned char first = (unsigned char)space;
    MDB_val k = { sizeof first, &first }, v;
    enum visit wanted = VISIT_NEXT;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);

    while (rc == 0 && wanted != VISIT_STOP &&
           *(const unsigned char *)k.mv_data == first) {
        TRY(show(visit, k, v, &wanted, why));
        rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);
    }
    if (rc != 0 && rc != MDB_NOTFOUND)
        return why_set(why, ERR_STORE, "journal: cannot read state: %s",
                       journal_words(rc));
    return OK;
}

enum err
journal_state_scan(struct journal *journal, enum state_space space,
                   const struct journal_state_visit *visit, struct why *why)
{
    MDB_cursor *cursor;
    MDB_txn *txn;
    enum err err;
    int rc;

    TRY(journal_read_begin(journal, &txn, why));
    rc = mdb_cursor_open(txn, journal->state, &cursor);
    if (rc == 0) {
        err = walk(cursor, space, visit, why);
        mdb_cursor_close(cursor);
    } else {
        err = why_set(why, ERR_BUSY, "journal: cannot read state: %s",
                      journal_words(rc));
    }
    mdb_txn_abort(txn);
    return err;
}
