/* The embedded store's own struct, which its files share. */
#ifndef STORE_EMBEDDED_H
#define STORE_EMBEDDED_H

#include "secmaster/store_lmdb.h"

#include "index.h"
#include "journal.h"
#include "merger.h"
#include "versions.h"

struct store_lmdb {
    struct store base;
    struct journal *journal;
    struct index *index;
    struct versions versions;
    struct merger *merger;
    /* store_history's of the newest, set before it is published. */
    struct history_slot newest;

    size_t memtable_bytes_max; /* of one memtable */
    unsigned wait_ms;          /* an append, for the merger */

    /* While opening. */
    const struct reindex_progress *progress; /* may be NULL */
    uint64_t last_tx;                        /* where it will end */
    size_t replayed;                         /* records staged */
};

extern const struct store_ops embedded_ops;

/* The journal's digest is now that of tx: note it as the newest's. */
void embedded_note_history(struct store_lmdb *store, uint64_t tx);

/*
 * Load the names, and what the journal has behind its place into the
 * memtable, each batch checked. What does not fit goes on into the index.
 */
enum err embedded_replay(struct store_lmdb *store, struct why *why);

/* Seal the active memtable, which has records up to the mark, once there is
 * room. ERR_FULL, ERR_STORE: the index cannot be written. */
enum err embedded_seal(struct store_lmdb *store, const struct index_mark *mark,
                       struct why *why);

/* Wait until the sealed memtable is in the index. Errors as above. */
enum err embedded_await_room(struct store_lmdb *store, struct why *why);

#endif
