/*
 * Merge a memtable into the blocks. A block's fence never moves: what falls
 * between it and the next is put back as one block or, where that would be too
 * large, as several, the first of them under the old fence.
 */
#include "index_merge.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "journal.h"

/* Before every record there can be. */
static const struct record before_all = { .kind = RECORD_FACTS,
                                          .effective = { DATE_FIRST_DAYS } };

struct index_merge *
index_merge_new(struct index *index, size_t transaction_bytes)
{
    struct index_merge *merge = calloc(1, sizeof *merge);

    if (merge == NULL)
        return NULL;
    merge->index = index;
    merge->transaction_bytes = transaction_bytes;
    out_init(&merge->old, SIZE_MAX);
    block_maker_init(&merge->maker);
    return merge;
}

void
index_merge_free(struct index_merge *merge)
{
    if (merge == NULL)
        return;
    entry_merge_reset(&merge->entries);
    out_fini(&merge->old);
    block_maker_fini(&merge->maker);
    free(merge);
}

void
index_merge_begin(struct index_merge *merge, const struct memtable *memtable,
                  const struct index_mark *mark)
{
    assert(mark->tx >= merge->index->marks.merged.tx);

    merge->mark = *mark;
    merge->memtable = memtable;
    entry_merge_reset(&merge->entries);
    memtable_seek(&merge->at, memtable, &before_all);
    keyframe_drop_begin(&merge->drop, memtable);
}

/* Put the block that was made. */
static enum err
put_block(struct index_merge *merge, const struct block_key *next,
          struct why *why)
{
    struct block_maker *maker = &merge->maker;
    MDB_val k = { BLOCK_KEY_BYTES, maker->fence.bytes }, v;
    int rc;

    if (block_end(maker, next) != OK)
        return why_set(why, ERR_BUSY, "index: out of memory");
    v = (MDB_val){ maker->out.len, maker->out.data };
    rc = mdb_cursor_put(merge->cursor, &k, &v, 0);
    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    merge->put_bytes += v.mv_size;
    if (next != NULL)
        rc = keyframe_note_block(merge->index, merge->txn, &maker->fence, next);
    return rc == 0 ? OK : index_write_error(why, "a write failed", rc);
}

/*
 * Put the first pending records as one block, of about so many bytes. Behind
 * it comes the first record that is left or, where none is, the block that
 * came behind the old one.
 */
static enum err
put_piece(struct index_merge *merge, size_t bytes, struct why *why)
{
    struct block_maker *maker = &merge->maker;
    const struct block_key *next =
        merge->block.has_next ? &merge->block.next : NULL;
    struct block_key left;
    size_t count = 0;

    block_begin(maker, &merge->fence);
    while (count < merge->pending_count &&
           (count == 0 || maker->out.len < bytes) &&
           block_put(maker, &merge->pending[count]))
        count++;
    if (count < merge->pending_count) {
        left = block_key_of(&merge->pending[count]);
        next = &left;
    }
    TRY(put_block(merge, next, why));
    if (next == &left)
        merge->fence = left;
    merge->pending_count -= count;
    memmove(merge->pending, merge->pending + count,
            merge->pending_count * sizeof merge->pending[0]);
    merge->pending_bytes = 0;
    for (size_t i = 1; i < merge->pending_count; i++)
        merge->pending_bytes +=
            block_record_bytes(&merge->pending[i - 1], &merge->pending[i]);
    return OK;
}

/* Room for the record that comes first, its head in full, and the block's. */
static size_t
first_bytes(const struct index_merge *merge)
{
    return BLOCK_HEAD_BYTES + BLOCK_KEY_BYTES + merge->pending[0].payload.len;
}

/*
 * What is left at the end of a range. The last two pieces share evenly, so
 * that both have room; at the index's end only the last has, since what comes
 * in order comes behind it.
 */
static enum err
put_rest(struct index_merge *merge, struct why *why)
{
    while (merge->pending_count > 0) {
        size_t bytes = merge->pending_bytes + first_bytes(merge);

        if (!merge->block.has_next || bytes <= BLOCK_BYTES_MAX ||
            bytes > 2 * BLOCK_BYTES_MAX)
            bytes = BLOCK_BYTES_MAX;
        else
            bytes /= 2;
        TRY(put_piece(merge, bytes, why));
    }
    return OK;
}

static enum err
take(struct index_merge *merge, const struct record *record, struct why *why)
{
    size_t count = merge->pending_count;

    assert(count < MERGE_PENDING_MAX);

    merge->pending[count] = *record;
    merge->pending_count = count + 1;
    if (count > 0)
        merge->pending_bytes +=
            block_record_bytes(&merge->pending[count - 1], record);
    if (count == 0 || merge->pending_bytes <= 2 * BLOCK_BYTES_MAX)
        return OK;
    return put_piece(merge, BLOCK_BYTES_MAX, why);
}

/* The block that the memtable's next record falls into, its bytes copied. */
static enum err
open_block(struct index_merge *merge, const struct record *first,
           struct why *why)
{
    const struct block_key key = block_key_of(first);
    struct block *block = &merge->block;

    TRY(index_find(merge->cursor, &key, block, why));
    out_reset(&merge->old);
    out_str(&merge->old, block->bytes);
    if (out_finish(&merge->old) != OK)
        return why_set(why, ERR_BUSY, "index: out of memory");
    block->bytes = out_text(&merge->old);
    merge->fence = block->fence;
    merge->pending_count = merge->pending_bytes = 0;
    return OK;
}

/*
 * The memtable's next record, if this block and transaction still take it. The
 * transaction ends behind a block that was cut short here: so none is put twice
 * in one, no page is made and freed in one, and the file is as long as its
 * count of pages (see lmdb_cover_pages).
 */
static bool
has_fresh(struct index_merge *merge, size_t taken, struct record *out)
{
    if (!memtable_at(&merge->at, out))
        return false;
    if (merge->block.has_next && record_compare(out, &merge->block.end) >= 0)
        return false;
    return taken == 0 || merge->put_bytes < merge->transaction_bytes;
}

/*
 * Put one block anew, with what the memtable has for it. A record that is in
 * already, by a merge that was cut off, stays as it is.
 */
static enum err
merge_block(struct index_merge *merge, struct why *why)
{
    struct record fresh, old;
    const char *fault;
    size_t taken = 0;
    bool is_fresh = memtable_at(&merge->at, &fresh), is_old;

    TRY(open_block(merge, &fresh, why));
    is_old = block_next(&merge->block, &old, &fault);
    while (is_fresh || is_old) {
        int order = !is_fresh ? -1 : !is_old ? 1 : record_compare(&old, &fresh);

        TRY(take(merge, order <= 0 ? &old : &fresh, why));
        if (order <= 0)
            is_old = block_next(&merge->block, &old, &fault);
        if (order < 0)
            continue;
        taken++;
        memtable_next(&merge->at);
        is_fresh = has_fresh(merge, taken, &fresh);
    }
    if (fault != NULL)
        return index_damaged(why, &merge->block.fence, fault);
    return put_rest(merge, why);
}

static enum err
put_marks(struct index_merge *merge, struct index_marks *marks, bool is_last,
          struct why *why)
{
    int rc;

    if (marks->reached.tx < merge->mark.tx)
        marks->reached = merge->mark;
    if (is_last)
        marks->merged = merge->mark;
    rc = index_put_marks(merge->index, merge->txn, marks);
    return rc == 0 ? OK : index_write_error(why, "a write failed", rc);
}

/* The entries come first, so that all are in once the last record is. */
static enum err
put_entries(struct index_merge *merge, struct why *why)
{
    const struct inverted *inverted = memtable_inverted(merge->memtable);
    MDB_cursor *cursor;
    enum err err;
    int rc;

    TRY(entry_merge_collect(&merge->entries, inverted, why));
    rc = mdb_cursor_open(merge->txn, merge->index->inverted, &cursor);
    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    err = entry_merge_fill(&merge->entries, cursor, merge->transaction_bytes,
                           &merge->put_bytes, why);
    mdb_cursor_close(cursor);
    return err;
}

static enum err
put_records(struct index_merge *merge, struct why *why)
{
    int rc = mdb_cursor_open(merge->txn, merge->index->blocks, &merge->cursor);
    struct record record;
    enum err err = OK;

    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    while (err == OK && memtable_at(&merge->at, &record) &&
           merge->put_bytes < merge->transaction_bytes)
        err = merge_block(merge, why);
    mdb_cursor_close(merge->cursor);
    return err;
}

static enum err
fill_transaction(struct index_merge *merge, struct index_marks *marks,
                 bool *is_done, struct why *why)
{
    struct record record;

    TRY(put_entries(merge, why));
    TRY(put_records(merge, why));
    *is_done = !memtable_at(&merge->at, &record);
    assert(!*is_done || entry_merge_is_done(&merge->entries));
    return put_marks(merge, marks, *is_done, why);
}

enum err
index_merge_step(struct index_merge *merge, bool *is_done, struct why *why)
{
    struct index *index = merge->index;
    const struct memtable_cursor start = merge->at;
    const size_t entries_start = merge->entries.at;
    struct index_marks marks = index->marks;
    bool has_dropped;
    enum err err;
    int rc;

    /* No keyframe may stand for a record that comes in from here on. */
    *is_done = false;
    TRY(keyframe_drop_step(&merge->drop, index, &has_dropped, why));
    if (has_dropped)
        return OK;
    rc = mdb_txn_begin(index->env, NULL, 0, &merge->txn);
    if (rc != 0)
        return index_write_error(why, "a write failed", rc);
    err = fill_transaction(merge, &marks, is_done, why);
    if (err != OK)
        mdb_txn_abort(merge->txn);
    else if ((rc = mdb_txn_commit(merge->txn)) != 0)
        err = index_write_error(why, "a commit failed", rc);
    if (err != OK) {
        merge->at = start;
        merge->entries.at = entries_start;
        return err;
    }
    index->marks = marks;
    if (*is_done)
        entry_merge_reset(&merge->entries);
    return OK;
}
