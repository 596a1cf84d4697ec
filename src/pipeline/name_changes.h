/* Names that a commit will bring in, with the ids they will then have. */
#ifndef PIPELINE_NAME_CHANGES_H
#define PIPELINE_NAME_CHANGES_H

#include "secmaster/err.h"
#include "secmaster/store.h"

/*
 * The batches of one commit share their new names. An id is a promise that
 * holds only if the commit does: clear it behind each one.
 */
struct name_changes {
    struct store *store; /* borrowed */
    struct name_change *items;
    size_t count, capacity;
    uint32_t *table; /* open addressing over space and text: index + 1 */
    size_t table_size;
    uint32_t fresh[NAME_SPACES]; /* new ones among items */
};

#define CHANGE_NONE UINT32_MAX

/* A name's dictionary id, and where among items it is brought in. */
struct name_use {
    uint32_t id;
    uint32_t change; /* CHANGE_NONE: the store knows it */
};

void name_changes_init(struct name_changes *changes, struct store *store);
void name_changes_fini(struct name_changes *changes);

/*
 * The id of a name, a new one where nobody knows it yet; text is borrowed
 * until the list is cleared or cut. A name that nobody asserted before is first
 * asserted by tx, but of a source nothing is noted; an attribute by TX_NEVER:
 * it is only mentioned, and nothing may be asserted of it before the list is
 * cleared. ERR_FULL: the dictionary is full; ERR_BUSY: memory.
 */
enum err name_changes_use(struct name_changes *changes, enum name_space space,
                          struct str text, uint64_t tx, struct name_use *out);

/* Note that a known attribute is retracted for the first time. ERR_BUSY. */
enum err name_changes_retract(struct name_changes *changes, uint32_t id,
                              uint64_t tx);

/* Take the items from count on back: their batch is refused. */
void name_changes_cut(struct name_changes *changes, size_t count);

/* The commit is over, well or badly. */
void name_changes_clear(struct name_changes *changes);

#endif
