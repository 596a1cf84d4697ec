/* Append to the journal, and look single things up in it. */
#include "journal.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <string.h>

#include "secmaster/wire.h"

/* A buffer that one large batch blew up is given back. */
#define BUFFER_KEPT_BYTES (8UL << 20)

const char *
journal_words(int code)
{
    const char *words = code < 0 ? mdb_strerror(code) : strerrordesc_np(code);

    return words != NULL ? words : "unknown error";
}

static MDB_val
val_of(struct str s)
{
    return (MDB_val){ .mv_size = s.len, .mv_data = (void *)(uintptr_t)s.data };
}

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

void
journal_fail(struct journal *journal)
{
    atomic_store(&journal->failed, true);
}

static bool
is_out_of_room(int rc)
{
    return rc == MDB_MAP_FULL || rc == ENOSPC || rc == EDQUOT;
}

static enum err
refuse_full(struct journal *journal, const char *what, struct why *why)
{
    atomic_store(&journal->full, true);
    return why_set(why, ERR_FULL, "journal: no room: %s", what);
}

static enum err
fail(struct journal *journal, const char *what, int rc, struct why *why)
{
    journal_fail(journal);
    return why_set(why, ERR_STORE,
                   "journal: %s: %s: what is stored is unknown, stop", what,
                   journal_words(rc));
}

/* Before the commit nothing is stored, whatever went wrong. */
static enum err
put_error(struct journal *journal, int rc, struct why *why)
{
    if (is_out_of_room(rc))
        return refuse_full(journal, journal_words(rc), why);
    if (rc == MDB_TXN_FULL)
        return why_set(why, ERR_TOO_LARGE,
                       "journal: more than one commit can hold");
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    return fail(journal, "a write failed", rc, why);
}

static void
count_put(struct journal *journal, size_t bytes)
{
    journal->put_bytes += bytes;
    journal->put_count++;
}

static int
put_part(struct journal *journal, MDB_txn *txn, uint64_t tx, uint32_t part,
         struct str payload)
{
    unsigned char key[PART_KEY_BYTES];
    struct str key_text = { (const char *)key, sizeof key };
    MDB_val k = val_of(key_text);
    MDB_val v = { .mv_size = CHECKSUM_BYTES + payload.len };
    int rc;

    part_key_encode(key, tx, part);
    count_put(journal, v.mv_size);
    rc = mdb_put(txn, journal->parts, &k, &v, MDB_APPEND | MDB_RESERVE);
    if (rc != 0)
        return rc;
    put_le32(v.mv_data, journal_checksum(key_text, payload));
    memcpy((char *)v.mv_data + CHECKSUM_BYTES, payload.data, payload.len);
    return 0;
}

static enum err
put_batch(struct journal *journal, MDB_txn *txn,
          const struct append_batch *batch, unsigned char digest[DIGEST_BYTES],
          struct why *why)
{
    struct str left;
    uint32_t part = 0;

    out_reset(&journal->bytes);
    batch_encode(&journal->bytes, batch, digest);
    if (out_finish(&journal->bytes) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    left = out_text(&journal->bytes);
    if (digester_hash(journal->digester, left, digest) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");

    while (left.len > 0) {
        size_t len = left.len < PART_PAYLOAD_BYTES_MAX ? left.len
                                                       : PART_PAYLOAD_BYTES_MAX;
        int rc = put_part(journal, txn, batch->info.tx, part++,
                          (struct str){ left.data, len });

        if (rc != 0)
            return put_error(journal, rc, why);
        left.data += len;
        left.len -= len;
    }
    return OK;
}

static enum err
put_name(struct journal *journal, MDB_txn *txn,
         const struct name_change *change, struct why *why)
{
    unsigned char key[NAME_KEY_BYTES];
    MDB_val k = { sizeof key, key }, v;
    int rc;

    name_key_encode(key, change->space, change->id);
    out_reset(&journal->bytes);
    name_encode(&journal->bytes, change);
    if (out_finish(&journal->bytes) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    v = val_of(out_text(&journal->bytes));
    count_put(journal, v.mv_size);
    rc = mdb_put(txn, journal->names, &k, &v, 0);
    return rc == 0 ? OK : put_error(journal, rc, why);
}

static enum err
put_state(struct journal *journal, MDB_txn *txn,
          const struct state_change *change, struct why *why)
{
    unsigned char key[STATE_KEY_BYTES_MAX];
    size_t len = state_key_encode(key, change->space, change->key);
    MDB_val k = { len, key }, v;
    int rc;

    journal->frees_pages = true;
    if (change->value.data == NULL) {
        count_put(journal, 0);
        rc = mdb_del(txn, journal->state, &k, NULL);
        return rc == 0 || rc == MDB_NOTFOUND ? OK : put_error(journal, rc, why);
    }
    out_reset(&journal->bytes);
    state_encode(&journal->bytes, str_from(k), change->value);
    if (out_finish(&journal->bytes) != OK)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    v = val_of(out_text(&journal->bytes));
    count_put(journal, v.mv_size);
    rc = mdb_put(txn, journal->state, &k, &v, 0);
    return rc == 0 ? OK : put_error(journal, rc, why);
}

static enum err
put_all(struct journal *journal, MDB_txn *txn, const struct append_batch *batch,
        unsigned char digest[DIGEST_BYTES], struct why *why)
{
    TRY(put_batch(journal, txn, batch, digest, why));
    for (uint32_t i = 0; i < batch->name_count; i++)
        TRY(put_name(journal, txn, &batch->names[i], why));
    for (uint32_t i = 0; i < batch->state_count; i++)
        TRY(put_state(journal, txn, &batch->state[i], why));
    return OK;
}

/* LMDB refuses writers once it could not tell whether a meta page is out. */
static bool
is_still_sound(struct journal *journal)
{
    MDB_txn *txn;

    if (mdb_txn_begin(journal->env, NULL, 0, &txn) != 0)
        return false;
    mdb_txn_abort(txn);
    return true;
}

static enum err
commit(struct journal *journal, MDB_txn *txn, struct why *why)
{
    int rc = journal_cover_pages(journal);

    if (rc != 0) {
        mdb_txn_abort(txn);
        return put_error(journal, rc, why);
    }
    rc = mdb_txn_commit(txn);
    if (is_out_of_room(rc) && is_still_sound(journal))
        return refuse_full(journal, journal_words(rc), why);
    if (rc != 0)
        return fail(journal, "a commit failed", rc, why);
    atomic_store(&journal->full, false);
    return OK;
}

/* Begin a transaction that is to be committed. */
static enum err
begin(struct journal *journal, MDB_txn **out, struct why *why)
{
    int rc;

    if (atomic_load(&journal->failed))
        return why_set(why, ERR_STORE, "journal: it has failed before: stop");
    /* The disk is asked again whenever it matters: no flag to clear. */
    if (journal_is_short(journal))
        return why_set(why, ERR_FULL, "journal: the disk is nearly full");
    rc = mdb_txn_begin(journal->env, NULL, 0, out);
    if (rc != 0)
        return put_error(journal, rc, why);
    journal->put_bytes = journal->put_count = 0;
    journal->frees_pages = false;
    return OK;
}

/* Commit what was put; err says how that went. */
static enum err
end(struct journal *journal, MDB_txn *txn, enum err err, struct why *why)
{
    if (journal->bytes.capacity > BUFFER_KEPT_BYTES) {
        out_fini(&journal->bytes);
        out_init(&journal->bytes, SIZE_MAX);
    }
    if (err == OK)
        return commit(journal, txn, why);
    mdb_txn_abort(txn);
    return err;
}

static void
check_order(const struct journal *journal,
            const struct append_batch *const *batches, size_t count)
{
    uint64_t tx = journal->newest_tx;
    int64_t us = journal->newest_at.us;

    for (size_t i = 0; i < count; i++) {
        assert(batches[i]->info.tx == tx + 1);
        assert(tx == 0 || batches[i]->info.recorded_at.us >= us);
        tx = batches[i]->info.tx;
        us = batches[i]->info.recorded_at.us;
    }
}

enum err
journal_append(struct journal *journal,
               const struct append_batch *const *batches, size_t count,
               struct why *why)
{
    unsigned char digest[DIGEST_BYTES];
    enum err err = OK;
    MDB_txn *txn;

    check_order(journal, batches, count);
    TRY(begin(journal, &txn, why));
    memcpy(digest, journal->digest, sizeof digest);
    for (size_t i = 0; i < count && err == OK; i++)
        err = put_all(journal, txn, batches[i], digest, why);
    TRY(end(journal, txn, err, why));

    memcpy(journal->digest, digest, sizeof digest);
    journal->newest_tx = batches[count - 1]->info.tx;
    journal->newest_at = batches[count - 1]->info.recorded_at;
    return OK;
}

enum err
journal_put_state(struct journal *journal, const struct state_change *changes,
                  size_t count, struct why *why)
{
    enum err err = OK;
    MDB_txn *txn;

    TRY(begin(journal, &txn, why));
    for (size_t i = 0; i < count && err == OK; i++)
        err = put_state(journal, txn, &changes[i], why);
    return end(journal, txn, err, why);
}

enum err
journal_read_begin(struct journal *journal, MDB_txn **out, struct why *why)
{
    int rc = mdb_txn_begin(journal->env, NULL, MDB_RDONLY, out);

    if (rc == MDB_READERS_FULL)
        return why_set(why, ERR_BUSY, "journal: too many readers");
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "journal: out of memory");
    if (rc != 0)
        return why_set(why, ERR_STORE, "journal: cannot read: %s",
                       journal_words(rc));
    return OK;
}

enum err
journal_part_check(MDB_val key, MDB_val value, uint64_t tx, uint32_t part,
                   struct str *payload, struct why *why)
{
    uint64_t found_tx;
    uint32_t found_part;

    if (!part_key_decode(str_from(key), &found_tx, &found_part))
        return why_set(why, ERR_STORE,
                       "journal: damaged key where tx %" PRIu64 " part %" PRIu32
                       " should be",
                       tx, part);
    if (found_tx != tx || found_part != part)
        return why_set(why, ERR_STORE,
                       "journal: tx %" PRIu64 " part %" PRIu32 " is missing "
                       "(found tx %" PRIu64 " part %" PRIu32 ")",
                       tx, part, found_tx, found_part);
    if (value.mv_size > JOURNAL_PART_BYTES_MAX ||
        !journal_checked(str_from(key), str_from(value), payload))
        return why_set(why, ERR_STORE,
                       "journal: tx %" PRIu64 " part %" PRIu32 " is damaged: "
                       "its checksum does not match",
                       tx, part);
    return OK;
}

static enum err
get_part(struct journal *journal, MDB_txn *txn, uint64_t tx, uint32_t part,
         struct str *payload, struct why *why)
{
    unsigned char key[PART_KEY_BYTES];
    MDB_val k = { sizeof key, key }, v;
    int rc;

    part_key_encode(key, tx, part);
    rc = mdb_get(txn, journal->parts, &k, &v);
    if (rc != 0)
        return why_set(why, ERR_STORE,
                       "journal: cannot read tx %" PRIu64 " part %" PRIu32
                       ": %s",
                       tx, part, journal_words(rc));
    return journal_part_check(k, v, tx, part, payload, why);
}

/* Copy the first len bytes of a batch, over as many parts as that takes. */
static enum err
get_front(struct journal *journal, MDB_txn *txn, uint64_t tx, char *to,
          size_t len, struct why *why)
{
    struct str payload;

    for (uint32_t part = 0; len > 0; part++) {
        TRY(get_part(journal, txn, tx, part, &payload, why));

        size_t n = payload.len < len ? payload.len : len;
        memcpy(to, payload.data, n);
        to += n;
        len -= n;
    }
    return OK;
}

static enum err
get_head(struct journal *journal, MDB_txn *txn, uint64_t tx,
         struct batch_head *out, struct why *why)
{
    struct str payload;
    const char *fault;

    TRY(get_part(journal, txn, tx, 0, &payload, why));
    fault = batch_head_decode(payload, out);
    if (fault != NULL || out->info.tx != tx)
        return why_set(why, ERR_STORE, "journal: tx %" PRIu64 " is damaged: %s",
                       tx, fault != NULL ? fault : "it is another one");
    return OK;
}

static enum err
get_info(struct journal *journal, MDB_txn *txn, uint64_t tx,
         struct arena *arena, struct tx_info *out, struct why *why)
{
    struct batch_head head;
    size_t front, fixed;
    char *bytes;
    uint32_t *ids;

    TRY(get_head(journal, txn, tx, &head, why));
    front = batch_head_bytes(&head);
    bytes = arena_alloc(arena, front);
    ids = arena_alloc(arena, (size_t)head.info.source_count * sizeof *ids);
    if (bytes == NULL || ids == NULL)
        return why_set(why, ERR_TOO_LARGE, "the answer needs too much memory");
    TRY(get_front(journal, txn, tx, bytes, front, why));

    fixed = front - head.idempotency_bytes -
            (size_t)head.info.source_count * sizeof *ids;
    for (uint32_t i = 0; i < head.info.source_count; i++)
        ids[i] = batch_source((struct str){ bytes + fixed, front - fixed }, i);
    *out = head.info;
    out->sources = ids;
    out->idempotency_key = (struct str){ bytes + front - head.idempotency_bytes,
                                         head.idempotency_bytes };
    return OK;
}

enum err
journal_transaction(struct journal *journal, uint64_t tx, struct arena *arena,
                    struct tx_info *out, struct why *why)
{
    MDB_txn *txn;
    enum err err;

    TRY(journal_read_begin(journal, &txn, why));
    err = get_info(journal, txn, tx, arena, out, why);
    mdb_txn_abort(txn);
    return err;
}

uint64_t
journal_history_of(const unsigned char digest[static DIGEST_BYTES])
{
    return get_le64(digest);
}

enum err
journal_history(struct journal *journal, uint64_t tx, uint64_t *out,
                struct why *why)
{
    struct batch_head head;
    MDB_txn *txn;
    enum err err;

    TRY(journal_read_begin(journal, &txn, why));
    err = get_head(journal, txn, tx + 1, &head, why);
    mdb_txn_abort(txn);
    if (err == OK)
        *out = journal_history_of(head.previous);
    return err;
}
