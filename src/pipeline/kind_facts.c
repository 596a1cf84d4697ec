/* Batches of facts: ids for names, records for facts. */
#include <assert.h>
#include <string.h>

#include "array.h"
#include "kind.h"
#include "retraction.h"
#include "secmaster/factset.h"

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
    TRY(commit_reserve(commit, &(struct commit_room){
                                   .records = batch->record_count,
                                   .displaced = batch->fact_count,
                                   .sources = batch->sources.count,
                               }));
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
        .security_id = batch_security(batch, group->security_id),
        .effective = group->effective,
        .tx = commit->next_tx,
        .payload = { .len = commit->payload.len - before },
    };
    return OK;
}

/* The distinct sources of the batch; two of its names can be one, when the
 * default is also named by a fact. */
static uint32_t
list_sources(struct commit *commit, const struct batch *batch)
{
    uint32_t *list = commit->sources + commit->source_count;
    uint32_t count = 0;

    for (uint32_t i = 0; i < batch->sources.count; i++) {
        if (commit->batch_sources[i].use.id != NAME_NONE)
            list[count++] = commit->batch_sources[i].use.id;
    }
    return commit_sources(commit, count);
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

static bool
is_judged(const struct commit *commit, const struct write_job *job)
{
    (void)commit;
    return job->batch->retraction_count > 0 || job->batch->skips_held;
}

/* Give new securities their ids, and keep the next one with them. */
static enum err
mint(struct commit *commit, struct batch *batch, struct why *why)
{
    unsigned char next[MINT_VALUE_BYTES];

    TRY(mint_batch(&commit->mint, batch, commit->records, commit->record_count,
                   why));
    mint_encode(&commit->mint, next);
    return commit_put_state(commit,
                            &(struct state_change){
                                .space = STATE_MINT,
                                .key = MINT_KEY,
                                .value = { (const char *)next, sizeof next },
                            });
}

/* Add a batch that has room, and all of which is to be stored. */
static enum err
add(struct commit *commit, struct batch *batch, struct tx_info *info,
    struct why *why)
{
    uint32_t sequence = 0;

    if (batch->labels.count > 0)
        TRY(mint(commit, batch, why));
    for (uint32_t i = 0; i < batch->record_count; i++)
        TRY(encode_record(commit, batch, &batch->records[i], &sequence));
    if (batch->retraction_count > 0)
        TRY(note_retractions(commit, batch));

    assert(sequence == batch->fact_count);
    info->facts = batch->fact_count;
    info->securities = batch->security_count;
    info->source_count = list_sources(commit, batch);
    return OK;
}

static void
count_facts(const struct commit *commit, struct batch *batch)
{
    batch->unchanged = 0;
    for (uint32_t i = 0; batch->skips_held && i < batch->fact_count; i++)
        batch->unchanged += commit->held[i];
    batch->stored = batch->fact_count - batch->unchanged;
}

/* Names that are new stand in the commit as the batch's own; those of the copy
 * are found there, and may go with it. */
static enum err
add_copy(struct commit *commit, const struct write_job *job, struct batch *copy,
         struct tx_info *info, struct why *why)
{
    TRY(reserve_batch(commit, copy));
    TRY(add(commit, copy, info, why));
    memcpy(job->batch->minted, copy->minted,
           copy->labels.count * sizeof *copy->minted);
    return OK;
}

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    struct batch *batch = job->batch, *copy;
    enum err err;

    assert(batch->record_count > 0);

    TRY(reserve_batch(commit, batch));
    if (is_judged(commit, job))
        TRY(retraction_check(commit, job));
    count_facts(commit, batch);
    job->is_known = batch->stored == 0;
    if (job->is_known)
        return OK;
    if (batch->unchanged == 0)
        return add(commit, batch, info, &job->why);
    TRY(batch_without(batch, commit->held, &copy));
    err = add_copy(commit, job, copy, info, &job->why);
    batch_free(copy);
    return err;
}

const struct job_kind kind_facts = { is_judged, NULL, admit };
