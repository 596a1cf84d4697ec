/*
 * Merge sorted entries into the blocks of those on disk. As index_merge.c does
 * with records, but a block that gets nothing new is not put again: most of
 * what is asserted was asserted before.
 */
#include "entry_merge.h"

#include <assert.h>
#include <string.h>

#include "entry_cursor.h"

void
entry_merge_reset(struct entry_merge *merge)
{
    entries_free(&merge->fresh);
    merge->at = 0;
    merge->has_collected = false;
}

enum err
entry_merge_collect(struct entry_merge *merge, const struct inverted *inverted,
                    struct why *why)
{
    if (merge->has_collected)
        return OK;
    if (entries_collect(inverted, &merge->fresh) != OK)
        return why_set(why, ERR_BUSY, "index: out of memory");
    merge->has_collected = true;
    return OK;
}

bool
entry_merge_is_done(const struct entry_merge *merge)
{
    return merge->has_collected && merge->at == merge->fresh.count;
}

/* Put the block that was made. */
static enum err
put_block(struct entry_merge *merge, const struct entry *next, struct why *why)
{
    struct entry_key key = entry_key_of(&merge->maker.fence);
    struct str value = entry_block_end(&merge->maker, next);
    MDB_val k = { ENTRY_KEY_BYTES, key.bytes };
    MDB_val v = { value.len, (void *)(uintptr_t)value.data };
    int rc = mdb_cursor_put(merge->cursor, &k, &v, 0);

    merge->put_bytes += value.len;
    return rc == 0 ? OK : index_write_error(why, "a write failed", rc);
}

/*
 * Put the first pending entries as one block, of about so many bytes. Behind
 * it comes the first entry that is left or, where none is, the block that came
 * behind the old one.
 */
static enum err
put_piece(struct entry_merge *merge, size_t bytes, struct why *why)
{
    struct entry_block_maker *maker = &merge->maker;
    const struct entry *next =
        merge->block.has_next ? &merge->block.next : NULL;
    struct entry left;
    size_t count = 0;

    entry_block_begin(maker, &merge->fence);
    while (count < merge->pending_count && (count == 0 || maker->len < bytes) &&
           entry_block_put(maker, &merge->pending[count]))
        count++;
    if (count < merge->pending_count) {
        left = merge->pending[count];
        next = &left;
        merge->fence = left;
    }
    merge->pending_count -= count;
    memmove(merge->pending, merge->pending + count,
            merge->pending_count * sizeof merge->pending[0]);
    merge->pending_bytes = 0;
    for (size_t i = 1; i < merge->pending_count; i++)
        merge->pending_bytes +=
            entry_bytes(&merge->pending[i - 1], &merge->pending[i]);
    return put_block(merge, next, why);
}

/* What is left at the end of a range: the last two pieces share evenly, so that
 * both have room. Nothing comes in order here but at the first filling, when
 * there is no block behind. */
static enum err
put_rest(struct entry_merge *merge, struct why *why)
{
    while (merge->pending_count > 0) {
        size_t bytes =
            ENTRY_HEAD_BYTES + ENTRY_BYTES_MAX + merge->pending_bytes;

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
take(struct entry_merge *merge, const struct entry *entry, struct why *why)
{
    size_t count = merge->pending_count;

    assert(count < ENTRIES_PENDING_MAX);

    merge->pending[count] = *entry;
    merge->pending_count = count + 1;
    if (count > 0)
        merge->pending_bytes += entry_bytes(&merge->pending[count - 1], entry);
    if (merge->pending_bytes <= 2 * BLOCK_BYTES_MAX)
        return OK;
    return put_piece(merge, BLOCK_BYTES_MAX, why);
}

/* The block that the next entry falls into, its bytes copied. */
static enum err
open_block(struct entry_merge *merge, struct why *why)
{
    struct entry_block *block = &merge->block;

    TRY(entry_find(merge->cursor, &merge->fresh.list[merge->at], block, why));
    memcpy(merge->old, block->bytes.data, block->bytes.len);
    block->bytes.data = merge->old;
    merge->fence = block->fence;
    merge->pending_count = merge->pending_bytes = 0;
    return OK;
}

/* The next entry, if this block and transaction still take it. The transaction
 * ends behind a block that was cut short here, so that none is put twice in one
 * (see has_fresh of index_merge.c). */
static bool
has_fresh(const struct entry_merge *merge, struct entry *out)
{
    if (merge->at == merge->fresh.count)
        return false;
    *out = merge->fresh.list[merge->at];
    if (merge->block.has_next && entry_compare(out, &merge->block.next) >= 0)
        return false;
    return merge->put_bytes < merge->most_bytes;
}

/* Put one block anew, if there is anything new for it. */
static enum err
merge_block(struct entry_merge *merge, struct why *why)
{
    struct entry fresh, old;
    const char *fault;
    bool is_fresh, is_old, has_news = false;

    TRY(open_block(merge, why));
    is_fresh = has_fresh(merge, &fresh);
    is_old = entry_block_next(&merge->block, &old, &fault);
    while (is_fresh || is_old) {
        int order = !is_fresh ? -1 : !is_old ? 1 : entry_compare(&old, &fresh);

        TRY(take(merge, order <= 0 ? &old : &fresh, why));
        has_news = has_news || order > 0;
        if (order <= 0)
            is_old = entry_block_next(&merge->block, &old, &fault);
        if (order < 0)
            continue;
        merge->at++;
        is_fresh = has_fresh(merge, &fresh);
    }
    if (fault != NULL)
        return entry_damaged(why, &merge->block.fence, fault);
    return has_news ? put_rest(merge, why) : OK;
}

enum err
entry_merge_fill(struct entry_merge *merge, MDB_cursor *cursor,
                 size_t most_bytes, size_t *put_bytes, struct why *why)
{
    assert(merge->has_collected);
    assert(most_bytes > 0);

    merge->cursor = cursor;
    merge->put_bytes = 0;
    merge->most_bytes = most_bytes;
    while (merge->at < merge->fresh.count && merge->put_bytes < most_bytes)
        TRY(merge_block(merge, why));
    *put_bytes = merge->put_bytes;
    return OK;
}

int
entry_merge_put_first(MDB_txn *txn, MDB_dbi table)
{
    static const struct entry fence = { 0, 0 };
    struct entry_key key = entry_key_of(&fence);
    struct entry_block_maker maker;
    struct str value;
    MDB_val k = { ENTRY_KEY_BYTES, key.bytes }, v;

    entry_block_begin(&maker, &fence);
    value = entry_block_end(&maker, NULL);
    v = (MDB_val){ value.len, (void *)(uintptr_t)value.data };
    return mdb_put(txn, table, &k, &v, 0);
}
