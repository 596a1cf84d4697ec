/* One transaction of the store while the writer puts batches into it. */
#ifndef PIPELINE_COMMIT_H
#define PIPELINE_COMMIT_H

#include "mint.h"
#include "name_changes.h"
#include "secmaster/arena.h"
#include "secmaster/out.h"
#include "secmaster/writer.h"

/* A fact of a record, put in order for the judgement of retractions. */
struct event {
    uint32_t attribute, source; /* dictionary ids */
    uint32_t fact;              /* of the batch */
    enum fact_op op;
    bool live; /* of the first of a key: what the store has */
    bool held; /* likewise: live with the value that it asserts */
};

/* A name of the batch that is being admitted. */
struct batch_name {
    struct name_use use; /* id NAME_NONE: not met yet */
    bool retracted;
};

/* How far everything is filled. */
struct commit_mark {
    size_t batches, records, displaced, sources, payload, names, state;
    int64_t minted;
};

/* Everything is kept from commit to commit for its memory. */
struct commit {
    struct store *store;
    struct instant recorded_at; /* of the newest transaction */
    uint64_t next_tx;           /* of the batch that is being admitted */
    struct commit_mark began;   /* where that batch begins */

    /* Of all batches, back to back in order; pointers are set at the end. */
    struct append_batch *batches;
    const struct append_batch **pointers;
    struct record *records;
    struct displaced *displaced;
    uint32_t *sources;
    struct state_change *state;
    struct out payload;
    struct name_changes names;
    struct arena arena; /* texts of state */
    struct mint mint;
    size_t batch_count, record_count, displaced_count, source_count,
        state_count;
    size_t batch_capacity, pointer_capacity, record_capacity,
        displaced_capacity, source_capacity, state_capacity;

    /* When the oldest idempotency key was recorded that the store has, that it
     * will have without those that are too old, and that the commit keeps.
     * INT64_MAX: there is none. 0: somebody has to look. */
    struct instant oldest_key, oldest_left, first_key;
    uint64_t replaced_tx; /* of a key too old that is to be used again; or 0 */
    struct out answer;    /* as it is kept with a key */

    /* Of the batch of facts that is being admitted. */
    struct batch_name *batch_attributes, *batch_sources;
    struct event *events;
    uint32_t *refused; /* facts */
    bool *held;        /* by fact: it says what is live; if it skips those */
    size_t batch_attribute_capacity, batch_source_capacity, event_capacity,
        refused_capacity, held_capacity;
    size_t refused_count;
};

/* Reads when the newest transaction was recorded. */
enum err commit_init(struct commit *commit, struct store *store,
                     struct why *why);
void commit_fini(struct commit *commit);

/* Whether a job's batch must be the first of its commit, as it is judged by
 * what the store has, and not this one; or the last, as what comes behind it
 * is. */
bool commit_is_first(const struct commit *commit, const struct write_job *job);
bool commit_is_last(const struct write_job *job);

/*
 * Whether the commit so far has a record of a security and date. Comparing is
 * not worth it for more than COMMIT_PAIRS_MAX of records in it and asked for:
 * 0.1 ms.
 */
#define COMMIT_PAIRS_MAX (1U << 16)
bool commit_has_record(const struct commit *commit, enum record_kind kind,
                       int64_t security_id, struct date effective);

/*
 * Admit a job's batch as the next transaction, unless its key was used before
 * (once.h). The commit is as before where it was, after a dry run, where
 * nothing in it is new, and on an error: ERR_INVALID (with complaints),
 * ERR_BUSY, ERR_FULL, ERR_STORE (damage). A job that must be the first is, but
 * for a part of one that is being admitted.
 */
enum err commit_admit(struct commit *commit, struct write_job *job,
                      struct instant now);

/* Append what was admitted to the store and, well or badly, begin anew. */
enum err commit_append(struct commit *commit, struct why *why);

/* For kinds: room for so many more, which the batch then fills. */
struct commit_room {
    size_t records, displaced, sources;
};
enum err commit_reserve(struct commit *commit, const struct commit_room *room);

/*
 * For a kind that makes more than one transaction of its batch: what it has
 * added so far is one, which info describes; the next one's numbers are then
 * in info. ERR_BUSY: memory.
 */
enum err commit_next(struct commit *commit, struct tx_info *info);

/* The count ids behind the commit's sources are a batch's, in any order: put
 * them in order and drop what is there twice. Returns how many are left. */
uint32_t commit_sources(struct commit *commit, uint32_t count);

/* A key of the state gets a value, or goes where its data is NULL. Both are
 * copied. ERR_BUSY: memory. */
enum err commit_put_state(struct commit *commit,
                          const struct state_change *change);

/* The dictionary id of a name of the batch of facts, met for the first time or
 * not. */
enum err commit_attribute(struct commit *commit, const struct batch *batch,
                          uint32_t index);
enum err commit_source(struct commit *commit, const struct batch *batch,
                       uint32_t index);

#endif
