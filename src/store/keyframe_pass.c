/*
 * Make keyframes: from a security's last one on its records are read, and one
 * is put every so many, between two dates.
 */
#include "keyframe_pass.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"

#include "keyframe.h"
#include "keyframe_table.h"

/* A keyframe is made where the records that it spares are this many times its
 * size. What it takes on disk is then a small part of them, and to read it is
 * no more than to read on. */
#define WORTH 4

struct keyframe_pass {
    struct index *index;
    struct keyframe_maker maker;
    struct out base; /* the keyframe that is gone on from */

    /* Of the transaction at hand. */
    struct keyframe_change change;
    uint64_t facts; /* read */
    bool has_removed;

    /* Since the last keyframe of the security at hand. */
    uint64_t run_records, run_facts, run_bytes;
    uint64_t worth_bytes; /* of a run that is worth another try */
};

struct keyframe_pass *
keyframe_pass_new(struct index *index)
{
    struct keyframe_pass *pass = calloc(1, sizeof *pass);

    if (pass == NULL)
        return NULL;
    pass->index = index;
    keyframe_maker_init(&pass->maker);
    out_init(&pass->base, SIZE_MAX);
    return pass;
}

void
keyframe_pass_free(struct keyframe_pass *pass)
{
    if (pass == NULL)
        return;
    keyframe_maker_fini(&pass->maker);
    out_fini(&pass->base);
    free(pass);
}

bool
keyframe_pass_is_due(struct keyframe_pass *pass)
{
    const struct index *index = pass->index;
    MDB_stat stat = { 0 };
    MDB_txn *txn;

    if (index->keyframe_rule.records == 0 ||
        index->marks.merged.tx != index->marks.reached.tx)
        return false;
    if (mdb_txn_begin(index->env, NULL, MDB_RDONLY, &txn) != 0)
        return false;
    (void)mdb_stat(txn, index->unframed, &stat);
    mdb_txn_abort(txn);
    return stat.ms_entries > 0;
}

static void
begin_run(struct keyframe_pass *pass, size_t keyframe_bytes)
{
    pass->run_records = pass->run_facts = pass->run_bytes = 0;
    pass->worth_bytes = WORTH * keyframe_bytes;
}

/* Take what a security's last keyframe stands for, if it has one. ERR_INVALID:
 * the keyframe is damaged, as why says. */
static enum err
take_last(struct keyframe_pass *pass, struct index_reader *reader,
          const struct record *end, struct record *place, struct why *why)
{
    struct keyframe_key key;
    struct keyframe keyframe;
    const char *fault;
    bool is_found;
    enum err err = keyframe_find(reader, end, &keyframe, &is_found, why);

    if (err == ERR_STORE)
        return ERR_INVALID;
    if (err != OK || !is_found)
        return err;

    /* Its bytes may go with the first keyframe that is put. */
    out_reset(&pass->base);
    out_str(&pass->base, keyframe.left);
    if (out_finish(&pass->base) != OK)
        return why_set(why, ERR_BUSY, "index: out of memory");
    keyframe.left = out_text(&pass->base);
    key = keyframe_key_of(&keyframe.limit);
    err = keyframe_resume(&pass->maker, &keyframe, &fault);
    if (err == ERR_STORE) {
        (void)keyframe_damaged(
            why, (struct str){ (const char *)key.bytes, KEYFRAME_KEY_BYTES },
            fault);
        return ERR_INVALID;
    }
    if (err != OK)
        return why_set(why, err, "index: out of memory");
    pass->facts += pass->maker.order;
    begin_run(pass, pass->base.len);
    place->effective.days = keyframe.limit.effective.days + 1;
    return OK;
}

/*
 * Go to the first record that the security's last keyframe does not stand for;
 * *place is of the security. A keyframe is dispensable, so a damaged one is
 * removed; by a transaction of its own, as one that puts must not remove.
 */
static enum err
resume(struct keyframe_pass *pass, struct index_cursor *cursor,
       struct record *place, bool *is_over, struct why *why)
{
    const struct record end = { place->kind,
                                place->security_id,
                                { DATE_LAST_DAYS },
                                UINT64_MAX,
                                { NULL, 0 } };
    enum err err;

    keyframe_begin(&pass->maker);
    begin_run(pass, 0);
    place->effective.days = DATE_FIRST_DAYS;
    err = take_last(pass, cursor->reader, &end, place, why);
    *is_over = err == ERR_INVALID;
    if (err == OK)
        return index_cursor_seek(cursor, place, why);
    if (err != ERR_INVALID)
        return err;
    if (pass->change.changes > 0)
        return OK;
    pass->has_removed = true;
    return keyframe_remove_last(&pass->change, &end, why);
}

static bool
is_worth(const struct keyframe_pass *pass)
{
    const struct keyframe_rule *rule = &pass->index->keyframe_rule;

    return pass->run_records >= rule->records &&
           (rule->is_everywhere || pass->run_bytes >= pass->worth_bytes);
}

/* Put a keyframe of all that was added, if it is worth it after all: how large
 * it is, is known only now. */
static enum err
put_keyframe(struct keyframe_pass *pass, struct why *why)
{
    const struct keyframe_key key = keyframe_key_of(&pass->maker.limit);
    MDB_val k = { KEYFRAME_KEY_BYTES, (void *)(uintptr_t)key.bytes }, v;
    int rc;

    if (keyframe_make(&pass->maker) != OK)
        return why_set(why, ERR_BUSY, "index: out of memory");
    pass->worth_bytes = WORTH * pass->maker.out.len;
    if (!is_worth(pass))
        return OK;
    v = (MDB_val){ pass->maker.out.len, pass->maker.out.data };
    rc = mdb_put(pass->change.txn, pass->index->keyframes, &k, &v, 0);
    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    pass->change.changes++;
    pass->change.bytes += v.mv_size;
    begin_run(pass, v.mv_size);
    return OK;
}

static bool
is_full(const struct keyframe_pass *pass)
{
    return pass->change.changes >= KEYFRAME_CHANGES_MAX ||
           pass->change.bytes >= MERGE_TRANSACTION_BYTES ||
           pass->facts >= KEYFRAME_PASS_FACTS_MAX;
}

/* Whether a security's next record begins another date than the one before. */
static bool
begins_date(const struct keyframe_pass *pass, const struct record *record)
{
    return pass->run_records > 0 &&
           record->effective.days != pass->maker.limit.effective.days;
}

static enum err
add_record(struct keyframe_pass *pass, const struct record *record,
           struct why *why)
{
    const struct block_key key = block_key_of(record);
    uint64_t facts = pass->maker.order;
    enum err err = keyframe_add(&pass->maker, record);

    if (err == ERR_STORE)
        return index_damaged(why, &key, "its facts are malformed");
    if (err != OK)
        return why_set(why, err, "index: out of memory");
    facts = pass->maker.order - facts;
    pass->facts += facts;
    pass->run_facts += facts;
    pass->run_records++;
    pass->run_bytes += record->payload.len;
    return OK;
}

/*
 * Make what keyframes a security lacks; no more of them once too much was read
 * for one, so that neither memory nor time grows with a history. *is_over: not
 * all of them, and the transaction ends here. It is left where a keyframe was
 * put or before anything was done, so that the next one goes on from there.
 */
static enum err
frame(struct keyframe_pass *pass, struct index_cursor *cursor,
      struct record place, bool *is_over, struct why *why)
{
    TRY(resume(pass, cursor, &place, is_over, why));
    while (!*is_over && !cursor->at_end && cursor->record.kind == place.kind &&
           cursor->record.security_id == place.security_id) {
        if (begins_date(pass, &cursor->record) && is_worth(pass)) {
            TRY(put_keyframe(pass, why));
            *is_over = pass->run_records == 0 && is_full(pass);
            if (*is_over)
                return OK;
        }
        if (pass->run_facts >= KEYFRAME_PASS_FACTS_MAX)
            return OK;
        TRY(add_record(pass, &cursor->record, why));
        TRY(index_cursor_next(cursor, why));
    }
    return OK;
}

/* Frame the security that was noted first, and strike it off. *is_over: there
 * is none, or there is more to do for it. */
static enum err
frame_first(struct keyframe_pass *pass, MDB_cursor *notes,
            struct index_cursor *records, bool *is_over, struct why *why)
{
    struct record place;
    MDB_val k, v;
    int rc = mdb_cursor_get(notes, &k, &v, MDB_FIRST);

    *is_over = rc == MDB_NOTFOUND;
    if (*is_over)
        return OK;
    if (rc != 0)
        return index_read_error(why, rc);
    /* What is no security has no history to read. */
    if (security_key_decode((struct str){ k.mv_data, k.mv_size }, &place))
        TRY(frame(pass, records, place, is_over, why));
    if (*is_over)
        return OK;
    pass->change.changes++;
    rc = mdb_cursor_del(notes, 0);
    return rc == 0 ? OK : index_write_error(why, "a write failed", rc);
}

static enum err
fill_transaction(struct keyframe_pass *pass, struct index_cursor *records,
                 struct why *why)
{
    MDB_cursor *notes;
    bool is_over = false;
    enum err err = OK;
    int rc = mdb_cursor_open(pass->change.txn, pass->index->unframed, &notes);

    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    while (err == OK && !is_over && !is_full(pass))
        err = frame_first(pass, notes, records, &is_over, why);
    mdb_cursor_close(notes);
    return err;
}

enum err
keyframe_pass_step(struct keyframe_pass *pass, bool *has_removed,
                   struct why *why)
{
    struct index_reader reader = {
        .index = pass->index,
        .merged_tx = pass->index->marks.merged.tx,
    };
    struct index_cursor records;
    enum err err;

    TRY(keyframe_change_begin(&pass->change, pass->index, why));
    pass->facts = 0;
    pass->has_removed = false;
    reader.txn = pass->change.txn;
    err = index_cursor_open(&records, &reader, why);
    if (err == OK) {
        err = fill_transaction(pass, &records, why);
        index_cursor_close(&records);
    }
    err = keyframe_change_end(&pass->change, err, why);
    *has_removed = err == OK && pass->has_removed;
    return err;
}
