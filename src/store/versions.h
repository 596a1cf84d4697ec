/*
 * Which memtables there are, for readers that come at any moment: a version
 * lists them, and lives while a reader has it pinned.
 */
#ifndef STORE_VERSIONS_H
#define STORE_VERSIONS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "secmaster/err.h"

#include "index.h"
#include "memtable.h"

/* A sealed one on its way into the index, and the active one. */
#define VERSION_MEMTABLES_MAX 2

struct version {
    struct memtable *memtables[VERSION_MEMTABLES_MAX]; /* oldest first */
    size_t count;
    size_t pins;
};

/*
 * The version before a seal, the one behind it, and the one without the sealed
 * memtable: the next seal waits until nobody has the first two pinned, so
 * there are never more.
 */
#define VERSIONS_MAX 3

struct versions {
    pthread_mutex_t lock; /* over all of it, but active; held for moments */
    pthread_cond_t changed;
    struct version ring[VERSIONS_MAX];
    size_t current;
    struct memtable *sealed; /* NULL: there is room for another */
    struct index_mark sealed_mark;
    bool has_ended; /* the merger has: no sealed one will ever go */
    bool is_stopping;

    struct memtable *active; /* for the writer alone */
};

/* Takes active over. */
void versions_init(struct versions *versions, struct memtable *active);

/* Frees every memtable. Nothing is pinned, no other thread is in it. */
void versions_fini(struct versions *versions);

/* A reader's: any thread, never waits for long. */
const struct version *versions_pin(struct versions *versions);
void versions_unpin(struct versions *versions, const struct version *version);

/* The writer's. */

/* Wait until the sealed memtable is gone; false: it is not, by then. */
bool versions_await_room(struct versions *versions, unsigned wait_ms);

/* The merger has ended, for good. Any thread. */
bool versions_have_ended(struct versions *versions);

/* Seal the active memtable; there must be room. mark is of the newest
 * transaction in it, fresh is taken over. */
void versions_seal(struct versions *versions, struct memtable *fresh,
                   const struct index_mark *mark);

/* The merger's. */

/* Wait for a sealed memtable; NULL: it is time to stop. */
struct memtable *versions_await_sealed(struct versions *versions,
                                       struct index_mark *mark);

/* Whether a merge is to be begun, or it is time to stop, within so long. */
bool versions_are_waiting(struct versions *versions, unsigned wait_ms);

/* Publish a version without it: it is in the index. */
void versions_publish(struct versions *versions);

/* Wait until nobody reads it any more, free it, and make room. */
void versions_free_sealed(struct versions *versions);

/* Wait, but not when it is time to stop. */
void versions_pause(struct versions *versions, unsigned wait_ms);
bool versions_are_stopping(struct versions *versions);
void versions_end(struct versions *versions);

/* Tell the merger that it is time to stop. */
void versions_stop(struct versions *versions);

#endif
