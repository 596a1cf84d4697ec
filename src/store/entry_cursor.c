/* Read inverted entries: every block that is used is checked, and that it is
 * the one that belongs there. As index.c does with records. */
#include "entry_cursor.h"

#include <errno.h>
#include <string.h>

#include "secmaster/bounds.h"

static struct str
str_from(MDB_val val)
{
    return (struct str){ val.mv_data, val.mv_size };
}

static bool
is_key(MDB_val val, const struct entry_key *key)
{
    return val.mv_size == ENTRY_KEY_BYTES &&
           memcmp(val.mv_data, key->bytes, ENTRY_KEY_BYTES) == 0;
}

enum err
entry_damaged(struct why *why, const struct entry *fence, const char *fault)
{
    char text[ENTRY_TEXT_BYTES];

    entry_print(fence, text);
    return why_set(why, ERR_STORE,
                   "index: inverted block %s is damaged: %s: run secmaster "
                   "reindex",
                   text, fault);
}

enum err
entry_find(MDB_cursor *cursor, const struct entry *entry,
           struct entry_block *out, struct why *why)
{
    struct entry_key key = entry_key_of(entry);
    MDB_val k = { ENTRY_KEY_BYTES, key.bytes }, v;
    int rc = mdb_cursor_get(cursor, &k, &v, MDB_SET_RANGE);
    struct entry found = *entry;
    const char *fault;

    /* The block at the key, or else the last one before it. */
    if (rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &k, &v, MDB_LAST);
    else if (rc == 0 && !is_key(k, &key))
        rc = mdb_cursor_get(cursor, &k, &v, MDB_PREV);
    if (rc == MDB_NOTFOUND)
        return entry_damaged(why, entry, "it is missing");
    if (rc != 0)
        return index_read_error(why, rc);
    if (k.mv_size == ENTRY_KEY_BYTES)
        found = entry_of_key(k.mv_data);
    fault = entry_block_open(str_from(k), str_from(v), out);
    if (fault != NULL)
        return entry_damaged(why, &found, fault);
    if (out->has_next && entry_compare(entry, &out->next) >= 0)
        return entry_damaged(why, &out->next, "it is missing");
    return OK;
}

enum err
entry_cursor_open(struct entry_cursor *cursor,
                  const struct index_reader *reader, struct why *why)
{
    int rc;

    *cursor = (struct entry_cursor){ .at_end = true };
    rc = mdb_cursor_open(reader->txn, reader->index->inverted, &cursor->cursor);
    if (rc == ENOMEM)
        return why_set(why, ERR_BUSY, "index: out of memory");
    return rc == 0 ? OK : index_read_error(why, rc);
}

void
entry_cursor_close(struct entry_cursor *cursor)
{
    mdb_cursor_close(cursor->cursor);
}

/* On to the block after this one, which must be the one that it announced. */
static enum err
step_over(struct entry_cursor *cursor, struct why *why)
{
    const struct entry next = cursor->block.next;
    const struct entry_key key = entry_key_of(&next);
    MDB_val k, v;
    const char *fault;
    int rc = mdb_cursor_get(cursor->cursor, &k, &v, MDB_NEXT);

    if (rc != 0 && rc != MDB_NOTFOUND)
        return index_read_error(why, rc);
    if (!cursor->block.has_next) {
        cursor->at_end = true;
        return rc == MDB_NOTFOUND
                   ? OK
                   : entry_damaged(why, &cursor->block.fence,
                                   "it says that it is the last one");
    }
    if (rc == MDB_NOTFOUND || !is_key(k, &key))
        return entry_damaged(why, &next, "it is missing");
    fault = entry_block_open(str_from(k), str_from(v), &cursor->block);
    return fault == NULL ? OK : entry_damaged(why, &next, fault);
}

/* Go to the next entry, or from this one on to the first of the next block. */
static enum err
settle(struct entry_cursor *cursor, bool has_entry, const char *fault,
       struct why *why)
{
    while (!has_entry) {
        if (fault != NULL)
            return entry_damaged(why, &cursor->block.fence, fault);
        TRY(step_over(cursor, why));
        if (cursor->at_end)
            return OK;
        has_entry = entry_block_next(&cursor->block, &cursor->entry, &fault);
    }
    return OK;
}

/* The least one behind it. */
static struct entry
behind(const struct entry *entry)
{
    if (entry->security_id == SECURITY_ID_MAX)
        return (struct entry){ entry->term + 1, 0 };
    return (struct entry){ entry->term, entry->security_id + 1 };
}

enum err
entry_cursor_next(struct entry_cursor *cursor, struct why *why)
{
    const char *fault;
    bool has_entry;

    cursor->from = behind(&cursor->entry);
    has_entry = entry_block_next(&cursor->block, &cursor->entry, &fault);
    return settle(cursor, has_entry, fault, why);
}

/* Whether the cursor stands where a search for an entry would end. */
static bool
is_there(const struct entry_cursor *cursor, const struct entry *entry)
{
    return cursor->has_sought && entry_compare(&cursor->from, entry) <= 0 &&
           (cursor->at_end || entry_compare(entry, &cursor->entry) <= 0);
}

/* Whether an entry is yet to come in the block at hand, if it is any. */
static bool
is_ahead(const struct entry_cursor *cursor, const struct entry *entry)
{
    return cursor->has_sought && !cursor->at_end &&
           entry_compare(&cursor->entry, entry) < 0 &&
           (!cursor->block.has_next ||
            entry_compare(entry, &cursor->block.next) < 0);
}

enum err
entry_cursor_seek(struct entry_cursor *cursor, const struct entry *entry,
                  struct why *why)
{
    const char *fault;
    bool has_entry;

    if (is_there(cursor, entry))
        return OK;
    if (!is_ahead(cursor, entry))
        TRY(entry_find(cursor->cursor, entry, &cursor->block, why));
    cursor->has_sought = true;
    cursor->at_end = false;
    cursor->from = *entry;
    has_entry = entry_block_seek(&cursor->block, entry, &cursor->entry, &fault);
    return settle(cursor, has_entry, fault, why);
}
