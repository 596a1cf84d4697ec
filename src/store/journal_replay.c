/* Read the journal from a place to its end, checking each byte on the way. */
#include "journal.h"

#include <inttypes.h>
#include <string.h>

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

static enum err
read_error(struct why *why, const char *table, int rc)
{
    return why_set(why, ERR_STORE, "journal: cannot read %s: %s", table,
                   journal_words(rc));
}

static enum err
walk_names(MDB_cursor *cursor, const struct journal_replay *replay,
           struct why *why)
{
    struct name_change name;
    MDB_val k, v;
    int rc;

    while ((rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) == 0) {
        const char *fault = name_decode(str_from(k), str_from(v), &name);

        if (fault != NULL)
            return why_set(why, ERR_STORE, "journal: %s", fault);
        TRY(replay->name(replay->context, &name, why));
    }
    return rc == MDB_NOTFOUND ? OK : read_error(why, "names", rc);
}

static int
seek_batch(MDB_cursor *cursor, uint64_t tx, MDB_val *k, MDB_val *v)
{
    unsigned char key[PART_KEY_BYTES];

    part_key_encode(key, tx, 0);
    *k = (MDB_val){ sizeof key, key };
    return mdb_cursor_get(cursor, k, v, MDB_SET_RANGE);
}

static enum err
damaged(struct why *why, uint64_t tx, const char *fault)
{
    return why_set(why, ERR_STORE,
                   "journal: tx %" PRIu64 " part 0 is damaged: %s", tx, fault);
}

/* Whether a header goes on where the batch before it ended. */
static const char *
chain_fault(const struct journal *journal, const struct batch_head *head)
{
    if (head->info.tx != journal->newest_tx + 1)
        return "its header names another tx";
    if (journal->newest_tx > 0 &&
        head->info.recorded_at.us < journal->newest_at.us)
        return "it was recorded before the batch before it";
    if (memcmp(head->previous, journal->digest, DIGEST_BYTES) != 0)
        return "its digest of the batch before it does not match";
    return NULL;
}

/* Put the parts of a batch together behind its first. */
static enum err
gather(struct journal *journal, MDB_cursor *cursor,
       const struct batch_head *head, struct str *bytes, struct why *why)
{
    uint64_t tx = head->info.tx;

    if (head->parts == 1)
        return OK;
    out_reset(&journal->bytes);
    out_str(&journal->bytes, *bytes);
    for (uint32_t part = 1; part < head->parts; part++) {
        struct str payload;
        MDB_val k, v;
        int rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT);

        if (rc == MDB_NOTFOUND)
            return why_set(why, ERR_STORE,
                           "journal: tx %" PRIu64 " part %" PRIu32
                           " is missing at the end",
                           tx, part);
        if (rc != 0)
            return read_error(why, "parts", rc);
        TRY(journal_part_check(k, v, tx, part, &payload, why));
        out_str(&journal->bytes, payload);
    }
    if (out_finish(&journal->bytes) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    *bytes = out_text(&journal->bytes);
    return OK;
}

/* What a batch's head is checked against, beside being a head. */
typedef const char *head_check(const struct journal *journal,
                               const struct batch_head *head);

/* From its first part, where the cursor stands, to its last. */
static enum err
read_batch(struct journal *journal, MDB_cursor *cursor, struct str bytes,
           head_check *check, struct batch_body *out, struct why *why)
{
    uint64_t tx = journal->newest_tx + 1;
    const char *fault;

    fault = batch_head_decode(bytes, &out->head);
    if (fault == NULL)
        fault = check(journal, &out->head);
    if (fault != NULL)
        return damaged(why, tx, fault);
    TRY(gather(journal, cursor, &out->head, &bytes, why));
    fault = batch_decode(bytes, out);
    if (fault != NULL)
        return damaged(why, tx, fault);
    if (digester_hash(journal->digester, bytes, journal->digest) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    return OK;
}

static enum err
walk_batches(struct journal *journal, MDB_cursor *cursor,
             const struct journal_replay *replay, struct why *why)
{
    struct batch_body batch;
    struct str payload;
    MDB_val k, v;
    int rc = seek_batch(cursor, journal->newest_tx + 1, &k, &v);

    for (; rc == 0; rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
        uint64_t tx = journal->newest_tx + 1;

        TRY(journal_part_check(k, v, tx, 0, &payload, why));
        TRY(read_batch(journal, cursor, payload, chain_fault, &batch, why));
        TRY(replay->batch(replay->context, &batch, why));
        journal->newest_tx = tx;
        journal->newest_at = batch.head.info.recorded_at;
    }
    return rc == MDB_NOTFOUND ? OK : read_error(why, "parts", rc);
}

static enum err
replay_in(struct journal *journal, MDB_txn *txn,
          const struct journal_replay *replay, struct why *why)
{
    MDB_cursor *names = NULL, *parts = NULL;
    enum err err = OK;
    int rc = mdb_cursor_open(txn, journal->names, &names);

    if (rc == 0)
        rc = mdb_cursor_open(txn, journal->parts, &parts);
    if (rc != 0)
        err = read_error(why, "tables", rc);
    if (err == OK)
        err = walk_names(names, replay, why);
    if (err == OK)
        err = walk_batches(journal, parts, replay, why);
    if (names != NULL)
        mdb_cursor_close(names);
    if (parts != NULL)
        mdb_cursor_close(parts);
    return err;
}

enum err
journal_replay(struct journal *journal, const struct journal_replay *replay,
               struct why *why)
{
    MDB_txn *txn;
    enum err err;

    TRY(journal_read_begin(journal, &txn, why));
    err = replay_in(journal, txn, replay, why);
    mdb_txn_abort(txn);
    return err;
}

/* The batch before it is not at hand; its own digest stands for both. */
static const char *
place_fault(const struct journal *journal, const struct batch_head *head)
{
    return head->info.tx == journal->newest_tx + 1
               ? NULL
               : "its header names another tx";
}

static enum err
seek_in(struct journal *journal, MDB_cursor *cursor, uint64_t tx,
        struct why *why)
{
    struct batch_body batch;
    struct str payload;
    MDB_val k, v;
    int rc = seek_batch(cursor, tx, &k, &v);

    if (rc == MDB_NOTFOUND)
        return why_set(why, ERR_NOT_FOUND, "journal: it has no tx %" PRIu64,
                       tx);
    if (rc != 0)
        return read_error(why, "parts", rc);
    journal->newest_tx = tx - 1;
    TRY(journal_part_check(k, v, tx, 0, &payload, why));
    TRY(read_batch(journal, cursor, payload, place_fault, &batch, why));
    journal->newest_tx = tx;
    journal->newest_at = batch.head.info.recorded_at;
    return OK;
}

enum err
journal_seek(struct journal *journal, uint64_t tx, struct why *why)
{
    MDB_cursor *cursor;
    MDB_txn *txn;
    enum err err;
    int rc;

    if (tx == 0) {
        journal->newest_tx = 0;
        memset(journal->digest, 0, DIGEST_BYTES);
        return OK;
    }
    TRY(journal_read_begin(journal, &txn, why));
    rc = mdb_cursor_open(txn, journal->parts, &cursor);
    if (rc == 0) {
        err = seek_in(journal, cursor, tx, why);
        mdb_cursor_close(cursor);
    } else {
        err = read_error(why, "parts", rc);
    }
    mdb_txn_abort(txn);
    return err;
}

enum err
journal_last_tx(struct journal *journal, uint64_t *out, struct why *why)
{
    MDB_cursor *cursor;
    MDB_val k, v;
    MDB_txn *txn;
    uint32_t part;
    int rc;

    TRY(journal_read_begin(journal, &txn, why));
    rc = mdb_cursor_open(txn, journal->parts, &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
        mdb_cursor_close(cursor);
    }
    *out = 0;
    /* What is no key is damage, and named when its turn comes. */
    if (rc == 0)
        (void)part_key_decode(str_from(k), out, &part);
    mdb_txn_abort(txn);
    return rc == 0 || rc == MDB_NOTFOUND ? OK : read_error(why, "parts", rc);
}
