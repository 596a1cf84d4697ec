/* The inverted entries on disk, read in order. */
#ifndef STORE_ENTRY_CURSOR_H
#define STORE_ENTRY_CURSOR_H

#include "entry_block.h"
#include "index.h"

/* A place in a snapshot: entry is where it stands, unless at_end. It begins at
 * the end. */
struct entry_cursor {
    MDB_cursor *cursor;
    struct entry_block block;
    struct entry entry;
    struct entry from; /* there is none from here on before where it stands */
    bool has_sought, at_end;
};

/* Each returns ERR_STORE over damage, named in why; open also ERR_BUSY, out of
 * memory. */
enum err entry_cursor_open(struct entry_cursor *cursor,
                           const struct index_reader *reader, struct why *why);
void entry_cursor_close(struct entry_cursor *cursor);

/* Go to the first entry not before this one: a few steps where that is in the
 * block at hand and not behind, else a search. */
enum err entry_cursor_seek(struct entry_cursor *cursor,
                           const struct entry *entry, struct why *why);
enum err entry_cursor_next(struct entry_cursor *cursor, struct why *why);

/* The block that an entry belongs to, checked, borrowed from the map. By a
 * cursor of a reader's or the merger's transaction. */
enum err entry_find(MDB_cursor *cursor, const struct entry *entry,
                    struct entry_block *out, struct why *why);

/* "index: inverted block ... is damaged: FAULT", and what helps. */
enum err entry_damaged(struct why *why, const struct entry *fence,
                       const char *fault);

#endif
