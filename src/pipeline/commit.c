/* From batches to what the store appends in one commit. */
#include "commit.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "kind.h"
#include "once.h"
#include "secmaster/bounds.h"

/* COMMIT_BYTES_MAX bounds many small batches, the body limit a large one. */
#define PAYLOAD_BYTES_MAX (2 * BODY_BYTES_CEILING)

/* A commit larger than this gives its memory back. */
#define KEPT_BYTES_MAX (32UL << 20)

static void
init_memory(struct commit *commit)
{
    out_init(&commit->payload, PAYLOAD_BYTES_MAX);
    out_init(&commit->answer, PAYLOAD_BYTES_MAX);
    arena_init(&commit->arena, PAYLOAD_BYTES_MAX);
    name_changes_init(&commit->names, commit->store);
}

enum err
commit_init(struct commit *commit, struct store *store, struct why *why)
{
    uint64_t newest = store_newest(store);
    struct arena arena;
    struct tx_info info;
    enum err err = OK;

    *commit = (struct commit){ .store = store, .first_key = { INT64_MAX } };
    if (newest > 0) {
        arena_init(&arena, TX_INFO_BYTES_MAX);
        err = store_transaction(store, newest, &arena, &info, why);
        if (err == OK)
            commit->recorded_at = info.recorded_at;
        arena_fini(&arena);
    }
    if (err == OK)
        err = mint_init(&commit->mint, store, why);
    init_memory(commit);
    return err;
}

static void
free_memory(struct commit *commit)
{
    out_fini(&commit->payload);
    out_fini(&commit->answer);
    arena_fini(&commit->arena);
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
    free(commit->held);
}

void
commit_fini(struct commit *commit)
{
    free_memory(commit);
    mint_fini(&commit->mint);
    *commit = (struct commit){ 0 };
}

static struct commit_mark
mark_now(const struct commit *commit)
{
    return (struct commit_mark){
        .batches = commit->batch_count,
        .records = commit->record_count,
        .displaced = commit->displaced_count,
        .sources = commit->source_count,
        .payload = commit->payload.len,
        .names = commit->names.count,
        .state = commit->state_count,
        .minted = commit->mint.next,
    };
}

static void
cut_back(struct commit *commit, const struct commit_mark *mark)
{
    commit->next_tx = store_newest(commit->store) + mark->batches + 1;
    commit->batch_count = mark->batches;
    commit->record_count = mark->records;
    commit->displaced_count = mark->displaced;
    commit->source_count = mark->sources;
    commit->payload.len = mark->payload;
    commit->payload.err = OK;
    name_changes_cut(&commit->names, mark->names);
    commit->state_count = mark->state;
    mint_cut(&commit->mint, mark->minted, mark->records);
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
    struct state_change copy = { .space = change->space };
    struct state_change *state =
        array_reserve(commit->state, &commit->state_capacity,
                      commit->state_count + 1, sizeof *state);

    if (state == NULL)
        return ERR_BUSY;
    commit->state = state;
    copy.key = arena_copy(&commit->arena, change->key);
    if (change->value.data != NULL)
        copy.value = arena_copy(&commit->arena, change->value);
    if (copy.key.data == NULL ||
        (change->value.data != NULL && copy.value.data == NULL))
        return ERR_BUSY;
    state[commit->state_count++] = copy;
    return OK;
}

static int
compare_ids(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

uint32_t
commit_sources(struct commit *commit, uint32_t count)
{
    uint32_t *list = commit->sources + commit->source_count;
    uint32_t distinct = 0;

    assert(commit->source_count + count <= commit->source_capacity);

    qsort(list, count, sizeof *list, compare_ids);
    for (uint32_t i = 0; i < count; i++) {
        if (distinct == 0 || list[distinct - 1] != list[i])
            list[distinct++] = list[i];
    }
    commit->source_count += distinct;
    return distinct;
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

/* What was added since the last batch is one. State that publications have put
 * without a batch goes with the first. */
static enum err
add_batch(struct commit *commit, const struct tx_info *info)
{
    const struct commit_mark *began = &commit->began;
    const size_t state = commit->batch_count == 0 ? 0 : began->state;
    struct append_batch *batches =
        array_reserve(commit->batches, &commit->batch_capacity,
                      commit->batch_count + 1, sizeof *batches);

    if (batches == NULL)
        return ERR_BUSY;
    commit->batches = batches;
    batches[commit->batch_count++] = (struct append_batch){
        .info = *info,
        .record_count = (uint32_t)(commit->record_count - began->records),
        .displaced_count =
            (uint32_t)(commit->displaced_count - began->displaced),
        .name_count = (uint32_t)(commit->names.count - began->names),
        .state_count = (uint32_t)(commit->state_count - state),
    };
    return OK;
}

enum err
commit_next(struct commit *commit, struct tx_info *info)
{
    TRY(add_batch(commit, info));
    commit->began = mark_now(commit);
    commit->next_tx++;
    *info = (struct tx_info){
        .tx = commit->next_tx,
        .recorded_at = record_time(commit, info->recorded_at),
    };
    return OK;
}

/* Of all batches that the job made. */
static uint32_t
count_facts(const struct commit *commit, const struct commit_mark *mark)
{
    uint32_t facts = 0;

    for (size_t i = mark->batches; i < commit->batch_count; i++)
        facts += commit->batches[i].info.facts;
    return facts;
}

static enum err
admit(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct commit_mark mark = commit->began;
    struct tx_info info = {
        .tx = commit->next_tx,
        .recorded_at = record_time(commit, now),
    };

    TRY(job_kind_of(job)->admit(commit, job, &info));
    if (job->is_known || job->publication != NULL)
        return OK;
    TRY(out_finish(&commit->payload));
    info.kind = job->kind;
    if (!job->dry_run)
        info.idempotency_key = job->once.key;
    job->tx = info.tx;
    job->recorded_at = info.recorded_at;
    job->facts = count_facts(commit, &mark) + info.facts;
    job->securities = info.securities;
    if (info.idempotency_key.len > 0)
        TRY(once_keep(commit, job));
    return add_batch(commit, &info);
}

bool
commit_is_first(const struct commit *commit, const struct write_job *job)
{
    const struct job_kind *kind = job_kind_of(job);

    return kind->is_first != NULL && kind->is_first(commit, job);
}

bool
commit_is_last(const struct write_job *job)
{
    const struct job_kind *kind = job_kind_of(job);

    return kind->is_last != NULL && kind->is_last(job);
}

bool
commit_has_record(const struct commit *commit, enum record_kind kind,
                  int64_t security_id, struct date effective)
{
    for (size_t i = 0; i < commit->record_count; i++) {
        const struct record *record = &commit->records[i];

        if (record->kind == kind && record->security_id == security_id &&
            record->effective.days == effective.days)
            return true;
    }
    return false;
}

enum err
commit_admit(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct commit_mark mark = mark_now(commit);

    commit->next_tx = store_newest(commit->store) + commit->batch_count + 1;
    commit->began = mark;
    mint_begin(&commit->mint);

    job->is_known = false;
    job->why.text[0] = '\0';
    enum err err = once_find(commit, job, now);

    if (err == OK && job->once.found == ONCE_FIRST)
        err = admit(commit, job, now);
    if (err == OK && !job->dry_run && !job->is_known)
        return OK;
    cut_back(commit, &mark);
    job->tx = 0;
    if (job->why.text[0] == '\0' && err == ERR_BUSY)
        return why_set(&job->why, err, "out of memory");
    if (job->why.text[0] == '\0' && err == ERR_FULL)
        return why_set(&job->why, err, "the dictionary of names is full");
    return err;
}

/* An array that nobody has filled is NULL, to which not even 0 may be added. */
#define BEHIND(items, count) ((count) > 0 ? (items) + (count) : (items))

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
    for (size_t i = 0; i < commit->batch_count; i++) {
        struct append_batch *batch = &commit->batches[i];

        batch->records = record;
        batch->displaced = displaced;
        batch->names = name;
        batch->info.sources = source;
        record = BEHIND(record, batch->record_count);
        displaced = BEHIND(displaced, batch->displaced_count);
        name = BEHIND(name, batch->name_count);
        source = BEHIND(source, batch->info.source_count);
        batch->state = state;
        state = BEHIND(state, batch->state_count);
        pointers[i] = batch;
    }
    return OK;
}

static void
begin_anew(struct commit *commit)
{
    bool large =
        commit->payload.capacity + commit->answer.capacity > KEPT_BYTES_MAX;
    struct commit fresh = {
        .store = commit->store,
        .recorded_at = commit->recorded_at,
        .mint = commit->mint,
        .oldest_key = commit->oldest_key,
        .first_key = commit->first_key,
    };

    name_changes_clear(&commit->names);
    out_reset(&commit->payload);
    commit->batch_count = 0;
    commit->record_count = 0;
    commit->displaced_count = 0;
    commit->source_count = 0;
    commit->state_count = 0;
    arena_reset(&commit->arena);
    if (!large)
        return;
    free_memory(commit);
    *commit = fresh;
    init_memory(commit);
}

static enum err
append_batches(struct commit *commit, struct why *why)
{
    once_expire(commit);

    enum err err = set_pointers(commit);

    if (err == OK)
        err = store_append(commit->store, commit->pointers, commit->batch_count,
                           why);
    if (err == OK)
        commit->recorded_at =
            commit->batches[commit->batch_count - 1].info.recorded_at;
    else
        rulebook_cut(commit->store->rules, store_newest(commit->store));
    once_end(commit, err == OK);
    return err;
}

enum err
commit_append(struct commit *commit, struct why *why)
{
    enum err err;

    assert(commit->batch_count > 0 || commit->state_count > 0);

    if (commit->batch_count > 0)
        err = append_batches(commit, why);
    else
        err = store_put_state(commit->store, commit->state, commit->state_count,
                              why);
    mint_end(&commit->mint, err == OK);
    begin_anew(commit);
    return err;
}
