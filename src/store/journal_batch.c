/* Read one batch back from the journal, as it arrived. */
#include "journal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum err
damaged(struct why *why, uint64_t tx, const char *fault)
{
    return why_set(why, ERR_STORE, "journal: tx %" PRIu64 " is damaged: %s", tx,
                   fault);
}

static enum err
take_part(MDB_cursor *cursor, uint64_t tx, uint32_t part, struct str *payload,
          struct why *why)
{
    unsigned char key[PART_KEY_BYTES];
    MDB_val k = { sizeof key, key }, v;
    int rc;

    part_key_encode(key, tx, part);
    rc = mdb_cursor_get(cursor, &k, &v, part == 0 ? MDB_SET_KEY : MDB_NEXT);
    if (rc != 0)
        return why_set(why, ERR_STORE,
                       "journal: cannot read tx %" PRIu64 " part %" PRIu32
                       ": %s",
                       tx, part, journal_words(rc));
    return journal_part_check(k, v, tx, part, payload, why);
}

/* Copy all parts; the cursor is at the first. What is made too much room for is
 * never touched. */
static enum err
copy_parts(MDB_cursor *cursor, const struct batch_head *head, struct str first,
           struct str *out, struct why *why)
{
    size_t room =
        head->parts == 1 ? first.len : head->parts * JOURNAL_PART_BYTES_MAX;
    char *bytes = malloc(room), *shrunk;
    struct str payload = first;
    enum err err = OK;
    size_t len = 0;

    if (bytes == NULL)
        return ERR_BUSY;
    for (uint32_t part = 0; part < head->parts; part++) {
        if (part > 0)
            err = take_part(cursor, head->info.tx, part, &payload, why);
        if (err != OK) {
            free(bytes);
            return err;
        }
        memcpy(bytes + len, payload.data, payload.len);
        len += payload.len;
    }
    shrunk = realloc(bytes, len);
    *out = (struct str){ shrunk == NULL ? bytes : shrunk, len };
    return OK;
}

static const char *
read_records(const struct batch_body *body, struct record *records)
{
    uint64_t tx = body->head.info.tx;
    struct str left = body->records;
    struct record record;
    const char *fault;
    uint32_t count = 0;

    for (; batch_record_next(&left, tx, &record, &fault); count++) {
        if (count == body->head.records)
            break;
        records[count] = record;
    }
    if (fault == NULL && (count != body->head.records || left.len > 0))
        fault = "it has another number of records";
    return fault;
}

static const char *
read_displaced(const struct batch_body *body, struct displaced *displaced)
{
    struct str left = body->displaced;
    struct displaced one;
    uint32_t count = 0, last = 0;
    const char *fault;

    for (; batch_displaced_next(&left, &last, &one, &fault); count++) {
        if (count == body->head.displaced)
            break;
        displaced[count] = one;
    }
    if (fault == NULL && (count != body->head.displaced || left.len > 0))
        fault = "its list of displaced facts has another length";
    return fault;
}

/* What the arrays of a batch take, and the copy of its bytes. */
static uint64_t
bytes_of(const struct batch_head *head)
{
    return head->records_bytes + head->records * sizeof(struct record) +
           head->displaced * sizeof(struct displaced);
}

/* The counts are checked before they are made room for: a record has a byte at
 * least, and so has a displaced fact. */
static enum err
decode(struct str bytes, struct stored_batch *out, struct why *why)
{
    struct batch_body body;
    const char *fault = batch_decode(bytes, &body);
    struct displaced *displaced;
    struct record *records;

    if (fault == NULL && (body.head.records > body.records.len ||
                          body.head.displaced > body.displaced.len))
        fault = "its header contradicts itself";
    if (fault != NULL)
        return damaged(why, out->info.tx, fault);
    records = calloc((size_t)body.head.records + 1, sizeof *records);
    displaced = calloc((size_t)body.head.displaced + 1, sizeof *displaced);
    out->memory[1] = records;
    out->memory[2] = displaced;
    if (records == NULL || displaced == NULL)
        return ERR_BUSY;
    fault = read_records(&body, records);
    if (fault == NULL)
        fault = read_displaced(&body, displaced);
    if (fault != NULL)
        return damaged(why, out->info.tx, fault);
    out->records = records;
    out->record_count = body.head.records;
    out->displaced = displaced;
    out->displaced_count = body.head.displaced;
    return OK;
}

static enum err
read_batch(MDB_cursor *cursor, uint64_t tx, const struct batch_room *room,
           struct stored_batch *out, struct why *why)
{
    struct batch_head head;
    struct str first, bytes;
    const char *fault;

    TRY(take_part(cursor, tx, 0, &first, why));
    fault = batch_head_decode(first, &head);
    if (fault == NULL && head.info.tx != tx)
        fault = "it is another one";
    if (fault != NULL)
        return damaged(why, tx, fault);
    out->info = head.info;
    out->info.source_count = 0;
    if (head.info.kind != BATCH_FACTS)
        return OK;
    out->bytes = bytes_of(&head);
    if (out->bytes > room->bytes || head.info.facts > room->facts)
        return why_set(why, ERR_TOO_LARGE, "no room for tx %" PRIu64, tx);
    TRY(copy_parts(cursor, &head, first, &bytes, why));
    out->memory[0] = (void *)(uintptr_t)bytes.data;
    return decode(bytes, out, why);
}

enum err
journal_batch(struct journal *journal, uint64_t tx,
              const struct batch_room *room, struct stored_batch *out,
              struct why *why)
{
    MDB_cursor *cursor;
    MDB_txn *txn;
    enum err err;
    int rc;

    TRY(journal_read_begin(journal, &txn, why));
    rc = mdb_cursor_open(txn, journal->parts, &cursor);
    if (rc == 0) {
        err = read_batch(cursor, tx, room, out, why);
        mdb_cursor_close(cursor);
    } else {
        err = why_set(why, ERR_BUSY, "journal: cannot read tx %" PRIu64 ": %s",
                      tx, journal_words(rc));
    }
    mdb_txn_abort(txn);
    return err;
}
