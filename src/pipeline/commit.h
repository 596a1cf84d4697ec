/* One transaction of the store while the writer puts batches into it. */
#ifndef PIPELINE_COMMIT_H
#define PIPELINE_COMMIT_H

#include "name_changes.h"
#include "secmaster/out.h"
#include "secmaster/writer.h"

/* A fact of a record, put in order for the judgement of retractions. */
struct event {
    uint32_t attribute, source; /* dictionary ids */
    uint32_t fact;              /* of the batch */
    enum fact_op op;
    bool live; /* of the first of a key: what the store has */
};

/* A name of the batch that is being admitted. */
struct batch_name {
    struct name_use use; /* id NAME_NONE: not met yet */
    bool retracted;
};

/* Everything is kept from commit to commit for its memory. */
struct commit {
    struct store *store;
    struct instant recorded_at; /* of the newest transaction */
    uint64_t next_tx;           /* of the batch that is being admitted */

    /* Of all batches, back to back in order; pointers are set at the end. */
    struct append_batch *batches;
    const struct append_batch **pointers;
    struct record *records;
    struct displaced *displaced;
    uint32_t *sources;
    struct state_change *state;
    struct out payload, state_text;
    struct name_changes names;
    size_t batch_count, record_count, displaced_count, source_count,
        state_count;
    size_t batch_capacity, pointer_capacity, record_capacity,
        displaced_capacity, source_capacity, state_capacity;

    /* Of the batch of facts that is being admitted. */
    struct batch_name *batch_attributes, *batch_sources;
    struct event *events;
    uint32_t *refused; /* facts */
    size_t batch_attribute_capacity, batch_source_capacity, event_capacity,
        refused_capacity;
    size_t refused_count;
};

/* Reads when the newest transaction was recorded. */
enum err commit_init(struct commit *commit, struct store *store,
                     struct why *why);
void commit_fini(struct commit *commit);

/* Whether a job's batch must be the first of its commit, as it is judged by
 * what the store has; or the last, as what comes behind it is. */
bool commit_is_first(const struct write_job *job);
bool commit_is_last(const struct write_job *job);

/*
 * Admit a job's batch as the next transaction. On an error the commit is as
 * before: ERR_INVALID (with complaints), ERR_BUSY, ERR_FULL, ERR_STORE
 * (damage).
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
