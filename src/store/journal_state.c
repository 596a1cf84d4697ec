/* Walk through a space of the journal's state. */
#include "journal.h"

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
