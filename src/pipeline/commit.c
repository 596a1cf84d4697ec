/* From batches to what the store appends: ids for names, records for facts. */
#include "commit.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "retraction.h"
#include "secmaster/bounds.h"
#include "secmaster/factset.h"

/* COMMIT_BYTES_MAX bounds many small batches, the body limit a large one. */
#define PAYLOAD_BYTES_MAX (2 * BODY_BYTES_CEILING)

/* A commit larger than this gives its memory back. */
#define KEPT_BYTES_MAX (32UL << 20)

/* How far everything was filled before a batch; its sources are listed when
 * nothing can fail any more. */
struct mark {
    size_t records, displaced, payload, names;
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
    name_changes_init(&commit->names, store);
    return err;
}

static void
free_memory(struct commit *commit)
{
    out_fini(&commit->payload);
    name_changes_fini(&commit->names);
    free(commit->batches);
    free(commit->pointers);
    free(commit->records);
    free(commit->displaced);
    free(commit->sources);
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
    return (struct mark){ commit->record_count, commit->displaced_count,
                          commit->payload.len, commit->names.count };
}

static void
cut_back(struct commit *commit, const struct mark *mark)
{
    commit->record_count = mark->records;
    commit->displaced_count = mark->displaced;
    commit->payload.len = mark->payload;
    commit->payload.err = OK;
    name_changes_cut(&commit->names, mark->names);
}

static enum err
reserve_names(struct batch_name **names, size_t *capacity, uint32_t count)
{
    struct batch_name *items =
        array_reserve(*names, capacity, count, sizeof *items);

    if (items == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < count; i++)
        items[i] = (struct batch_name){ .use = { NAME_NONE, CHANGE_NONE } };
    *names = items;
    return OK;
}

/* Room for all that the batch will add; then encoding reserves nothing. */
static enum err
reserve_batch(struct commit *commit, const struct batch *batch)
{
    struct append_batch *batches =
        array_reserve(commit->batches, &commit->batch_capacity,
                      commit->batch_count + 1, sizeof *batches);
    if (batches == NULL)
        return ERR_BUSY;
    commit->batches = batches;

    struct record *records = array_reserve(
        commit->records, &commit->record_capacity,
        commit->record_count + batch->record_count, sizeof *records);
    if (records == NULL)
        return ERR_BUSY;
    commit->records = records;

    struct displaced *displaced = array_reserve(
        commit->displaced, &commit->displaced_capacity,
        commit->displaced_count + batch->fact_count, sizeof *displaced);
    if (displaced == NULL)
        return ERR_BUSY;
    commit->displaced = displaced;

    uint32_t *sources = array_reserve(
        commit->sources, &commit->source_capacity,
        commit->source_count + batch->sources.count, sizeof *sources);
    if (sources == NULL)
        return ERR_BUSY;
    commit->sources = sources;

    TRY(reserve_names(&commit->batch_attributes,
                      &commit->batch_attribute_capacity,
                      batch->attributes.count));
    return reserve_names(&commit->batch_sources, &commit->batch_source_capacity,
                         batch->sources.count);
}

enum err
commit_attribute(struct commit *commit, const struct batch *batch,
                 uint32_t index)
{
    struct name_use *use = &commit->batch_attributes[index].use;

    if (use->id != NAME_NONE)
        return OK;
    return name_changes_use(&commit->names, NAMES_ATTRIBUTES,
                            batch->attributes.items[index], commit->next_tx,
                            use);
}

enum err
commit_source(struct commit *commit, const struct batch *batch, uint32_t index)
{
    struct name_use *use = &commit->batch_sources[index].use;

    if (use->id != NAME_NONE)
        return OK;
    return name_changes_use(&commit->names, NAMES_SOURCES,
                            batch->sources.items[index], commit->next_tx, use);
}

/*
 * One record of the batch: its facts in order of arrival. sequence counts the
 * facts record by record; the record's first run stands as it was sent, what
 * comes behind a gap is displaced.
 */
static enum err
encode_record(struct commit *commit, const struct batch *batch,
              const struct batch_record *group, uint32_t *sequence)
{
    size_t before = commit->payload.len;
    uint32_t in_place = group->first;

    for (uint32_t i = group->first; i != BATCH_END; i = batch->facts[i].next) {
        const struct batch_fact *fact = &batch->facts[i];
        struct batch_name *attribute =
            &commit->batch_attributes[fact->attribute];

        TRY(commit_attribute(commit, batch, fact->attribute));
        TRY(commit_source(commit, batch, fact->source));
        attribute->retracted |= fact->op == FACT_RETRACT;
        factset_put(&commit->payload,
                    &(struct factset_item){
                        .attribute = attribute->use.id,
                        .source = commit->batch_sources[fact->source].use.id,
                        .op = fact->op,
                        .value = batch_value(batch, fact),
                    });
        if (i == in_place)
            in_place++;
        else
            commit->displaced[commit->displaced_count++] =
                (struct displaced){ .sequence = *sequence, .ordinal = i };
        ++*sequence;
    }
    commit->records[commit->record_count++] = (struct record){
        .kind = RECORD_FACTS,
        .security_id = group->security_id,
        .effective = group->effective,
        .tx = commit->next_tx,
        .payload = { .len = commit->payload.len - before },
    };
    return OK;
}

static int
compare_ids(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

/* The distinct sources of the batch; two of its names can be one, when the
 * default is also named by a fact. */
static uint32_t
list_sources(struct commit *commit, const struct batch *batch)
{
    uint32_t *list = commit->sources + commit->source_count;
    uint32_t count = 0, distinct = 0;

    for (uint32_t i = 0; i < batch->sources.count; i++) {
        if (commit->batch_sources[i].use.id != NAME_NONE)
            list[count++] = commit->batch_sources[i].use.id;
    }
    qsort(list, count, sizeof *list, compare_ids);
    for (uint32_t i = 0; i < count; i++) {
        if (distinct == 0 || list[distinct - 1] != list[i])
            list[distinct++] = list[i];
    }
    commit->source_count += distinct;
    return distinct;
}

/* Attributes that have never been retracted before. */
static enum err
note_retractions(struct commit *commit, const struct batch *batch)
{
    for (uint32_t i = 0; i < batch->attributes.count; i++) {
        const struct batch_name *name = &commit->batch_attributes[i];

        if (!name->retracted)
            continue;
        if (name->use.change == CHANGE_NONE)
            TRY(name_changes_retract(&commit->names, name->use.id,
                                     commit->next_tx));
        else
            commit->names.items[name->use.change].first_retraction =
                commit->next_tx;
    }
    return OK;
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
admit(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct batch *batch = job->batch;
    const struct mark mark = mark_now(commit);
    uint32_t sequence = 0;

    TRY(reserve_batch(commit, batch));
    if (batch->retraction_count > 0)
        TRY(retraction_check(commit, job));
    for (uint32_t i = 0; i < batch->record_count; i++)
        TRY(encode_record(commit, batch, &batch->records[i], &sequence));
    TRY(out_finish(&commit->payload));
    if (batch->retraction_count > 0)
        TRY(note_retractions(commit, batch));

    assert(sequence == batch->fact_count);
    uint32_t source_count = list_sources(commit, batch);

    commit->batches[commit->batch_count] = (struct append_batch){
        .info = {
            .tx = commit->next_tx,
            .recorded_at = record_time(commit, now),
            .kind = BATCH_FACTS,
            .facts = batch->fact_count,
            .securities = batch->security_count,
            .source_count = source_count,
        },
        .record_count = batch->record_count,
        .displaced_count =
            (uint32_t)(commit->displaced_count - mark.displaced),
        .name_count = (uint32_t)(commit->names.count - mark.names),
    };
    job->tx = commit->next_tx;
    job->recorded_at = commit->batches[commit->batch_count].info.recorded_at;
    job->facts = batch->fact_count;
    job->securities = batch->security_count;
    commit->batch_count++;
    return OK;
}

enum err
commit_admit(struct commit *commit, struct write_job *job, struct instant now)
{
    const struct mark mark = mark_now(commit);

    assert(job->batch->record_count > 0);

    commit->next_tx = store_newest(commit->store) + commit->batch_count + 1;

    job->why.text[0] = '\0';
    enum err err = admit(commit, job, now);

    if (err == OK)
        return OK;
    cut_back(commit, &mark);
    if (job->why.text[0] == '\0' && err == ERR_BUSY)
        return why_set(&job->why, err, "out of memory");
    if (job->why.text[0] == '\0' && err == ERR_FULL)
        return why_set(&job->why, err, "the dictionary of names is full");
    return err;
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
        record += batch->record_count;
        displaced += batch->displaced_count;
        name += batch->name_count;
        source += batch->info.source_count;
        pointers[i] = batch;
    }
    return OK;
}

static void
begin_anew(struct commit *commit)
{
    bool large = commit->payload.capacity > KEPT_BYTES_MAX;
    struct store *store = commit->store;
    struct instant recorded_at = commit->recorded_at;

    name_changes_clear(&commit->names);
    out_reset(&commit->payload);
    commit->batch_count = 0;
    commit->record_count = 0;
    commit->displaced_count = 0;
    commit->source_count = 0;
    if (!large)
        return;
    free_memory(commit);
    *commit = (struct commit){ .store = store, .recorded_at = recorded_at };
    out_init(&commit->payload, PAYLOAD_BYTES_MAX);
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
    begin_anew(commit);
    return err;
}
