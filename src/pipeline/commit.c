/* From batches to what the store appends in one commit. */
#include "commit.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "kind.h"
#include "secmaster/bounds.h"

/* COMMIT_BYTES_MAX bounds many small batches, the body limit a large one. */
#define PAYLOAD_BYTES_MAX (2 * BODY_BYTES_CEILING)

/* A commit larger than this gives its memory back. */
#define KEPT_BYTES_MAX (32UL << 20)

/* How far everything was filled before a batch. */
struct mark {
    size_t records, displaced, sources, payload, names, state, state_text;
};

enum err
commit_init(struct commit *commit, struct store *store, struct why *why)
{
    uint64_t newest = store_newest(store);
    struct arena arena;
    struct tx_info info;
    enum err err = OK;

    *commit = (struct commit){ .store = store };
    if (newest > 0) {
        arena_init(&arena, TX_INFO_BYTES_MAX);
        err = store_transaction(store, newest, &arena, &info, why);
        if (err == OK)
            commit->recorded_at = info.recorded_at;
        arena_fini(&arena);
    }
    out_init(&commit->payload, PAYLOAD_BYTES_MAX);
    out_init(&commit->state_text, PAYLOAD_BYTES_MAX);
    name_changes_init(&commit->names, store);
    return err;
}

static void
free_memory(struct commit *commit)
{
    out_fini(&commit->payload);
    out_fini(&commit->state_text);
    name_changes_fini(&commit->names);
    free(commit->batches);
    free(commit->pointers);
    free(commit->records);
    free(commit->displaced);
    free(commit->sources);
    free(commit->state);
    free(commit->batch_attributes);
    free(commit->batch_sources);
    free(commit->events);
    free(commit->refused);
}

void
commit_fini(struct commit *commit)
{
    free_memory(commit);
    *commit = (struct commit){ 0 };
}

static struct mark
mark_now(const struct commit *commit)
{
    return (struct mark){ commit->record_count,  commit->displaced_count,
                          commit->source_count,  commit->payload.len,
                          commit->names.count,   commit->state_count,
                          commit->state_text.len };
}

static void
cut_back(struct commit *commit, const struct mark *mark)
{
    commit->record_count = mark->records;
    commit->displaced_count = mark->displaced;
    commit->source_count = mark->sources;
    commit->payload.len = mark->payload;
    commit->payload.err = OK;
    name_changes_cut(&commit->names, mark->names);
    commit->state_count = mark->state;
    commit->state_text.len = mark->state_text;
    commit->state_text.err = OK;
    rulebook_cut(commit->store->rules, commit->next_tx - 1);
}

enum err
commit_reserve(struct commit *commit, const struct commit_room *room)
{
    struct record *records =
        array_reserve(commit->records, &commit->record_capacity,
                      commit->record_count + room->records, sizeof *records);
    if (records == NULL)
        return ERR_BUSY;
    commit->records = records;

    struct displaced *displaced = array_reserve(
        commit->displaced, &commit->displaced_capacity,
        commit->displaced_count + room->displaced, sizeof *displaced);
    if (displaced == NULL)
        return ERR_BUSY;
    commit->displaced = displaced;

    uint32_t *sources =
        array_reserve(commit->sources, &commit->source_capacity,
                      commit->source_count + room->sources, sizeof *sources);
    if (sources == NULL)
        return ERR_BUSY;
    commit->sources = sources;
    return OK;
}

enum err
commit_put_state(struct commit *commit, const struct state_change *change)
{
    struct state_change *state =
        array_reserve(commit->state, &commit->state_capacity,
                      commit->state_count + 1, sizeof *state);

    if (state == NULL)
        return ERR_BUSY;
    commit->state = state;
    state[commit->state_count++] = *change;
    out_str(&commit->state_text, change->key);
    if (change->value.data != NULL)
        out_str(&commit->state_text, change->value);
    return out_finish(&commit->state_text);
}

static struct instant
later(struct instant a, struct instant b)
{
    return a.us > b.us ? a : b;
}

/* The clock can stand or go back; what it says of transactions does not, and
 * no two have one moment: whoever has seen one recorded at a moment knows all
 * that ever will be. */
static struct instant
record_time(const struct commit *commit, struct instant now)
{
    struct instant last = commit->recorded_at;

    if (commit->batch_count > 0)
        last = commit->batches[commit->batch_count - 1].info.recorded_at;
    else if (store_newest(commit->store) == 0)
        return now;
    last.us++;
    return later(last, now);
}

static enum err
admit(struct commit *commit, struct write_job *job, const struct mark *mark,
      struct instant now)
{
    struct append_batch *batches =
        array_reserve(commit->batches, &commit->batch_capacity,
                      commit->batch_count + 1, sizeof *batches);
    if (batches == NULL)
        return ERR_BUSY;
    commit->batches = batches;

    struct tx_info info = {
        .tx = commit->next_tx,
        .recorded_at = record_time(commit, now),
        .kind = job->kind,
    };

    TRY(job_kind_of(job->kind)->admit(commit, job, &info));
    TRY(out_finish(&commit->payload));
    batches[commit->batch_count++] = (struct append_batch){
        .info = info,
        .record_count = (uint32_t)(commit->record_count - mark->records),
        .displaced_count =
            (uint32_t)(commit->displaced_count - mark->displaced),
        .name_count = (uint32_t)(commit->names.count - mark->names),
        .state_count = (uint32_t)(commit->state_count - mark->state),
    };
    job->tx = info.tx;
    job->recorded_at = info.recorded_at;
    job->facts = info.facts;
    job->securities = info.securities;
    return OK;
}

bool
commit_is_first(const struct write_job *job)
{
    const struct job_kind *kind = job_kind_of(job->kind);

    return kind->is_first != NULL && kind->is_first(job);
}

bool
commit_is_last(const struct write_job *job)
{
    return job_kind_of(job->kind)->is_last;
}

enum err
commit_admit(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct mark mark = mark_now(commit);

    commit->next_tx = store_newest(commit->store) + commit->batch_count + 1;

    job->why.text[0] = '\0';
    enum err err = admit(commit, job, &mark, now);

    if (err == OK)
        return OK;
    cut_back(commit, &mark);
    if (job->why.text[0] == '\0' && err == ERR_BUSY)
        return why_set(&job->why, err, "out of memory");
    if (job->why.text[0] == '\0' && err == ERR_FULL)
        return why_set(&job->why, err, "the dictionary of names is full");
    return err;
}

/* Point the changes of state at their copies, which stand back to back. */
static void
set_state_pointers(struct commit *commit)
{
    const char *text = commit->state_text.data;

    for (size_t i = 0; i < commit->state_count; i++) {
        struct state_change *change = &commit->state[i];

        change->key.data = text;
        text += change->key.len;
        if (change->value.data == NULL)
            continue;
        change->value.data = text;
        text += change->value.len;
    }
}

/* Now that nothing grows any more, point the batches at what is theirs. */
static enum err
set_pointers(struct commit *commit)
{
    const struct append_batch **pointers =
        array_reserve(commit->pointers, &commit->pointer_capacity,
                      commit->batch_count, sizeof *pointers);
    const char *payload = commit->payload.data;
    struct record *record = commit->records;
    const struct displaced *displaced = commit->displaced;
    const struct name_change *name = commit->names.items;
    const struct state_change *state = commit->state;
    const uint32_t *source = commit->sources;

    if (pointers == NULL)
        return ERR_BUSY;
    commit->pointers = pointers;
    for (size_t i = 0; i < commit->record_count; i++) {
        commit->records[i].payload.data = payload;
        payload += commit->records[i].payload.len;
    }
    set_state_pointers(commit);
    for (size_t i = 0; i < commit->batch_count; i++) {
        struct append_batch *batch = &commit->batches[i];

        batch->records = record;
        batch->displaced = displaced;
        batch->names = name;
        batch->state = state;
        batch->info.sources = source;
        record += batch->record_count;
        displaced += batch->displaced_count;
        name += batch->name_count;
        state += batch->state_count;
        source += batch->info.source_count;
        pointers[i] = batch;
    }
    return OK;
}

static void
begin_anew(struct commit *commit)
{
    bool large =
        commit->payload.capacity + commit->state_text.capacity > KEPT_BYTES_MAX;
    struct store *store = commit->store;
    struct instant recorded_at = commit->recorded_at;

    name_changes_clear(&commit->names);
    out_reset(&commit->payload);
    out_reset(&commit->state_text);
    commit->batch_count = 0;
    commit->record_count = 0;
    commit->displaced_count = 0;
    commit->source_count = 0;
    commit->state_count = 0;
    if (!large)
        return;
    free_memory(commit);
    *commit = (struct commit){ .store = store, .recorded_at = recorded_at };
    out_init(&commit->payload, PAYLOAD_BYTES_MAX);
    out_init(&commit->state_text, PAYLOAD_BYTES_MAX);
    name_changes_init(&commit->names, store);
}

enum err
commit_append(struct commit *commit, struct why *why)
{
    assert(commit->batch_count > 0);

    enum err err = set_pointers(commit);

    if (err == OK)
        err = store_append(commit->store, commit->pointers, commit->batch_count,
                           why);
    if (err == OK)
        commit->recorded_at =
            commit->batches[commit->batch_count - 1].info.recorded_at;
    else
        rulebook_cut(commit->store->rules, store_newest(commit->store));
    begin_anew(commit);
    return err;
}
