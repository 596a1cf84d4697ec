/* Retractions are judged in order of arrival. */
#include "retraction.h"

#include <assert.h>
#include <stdlib.h>

#include "array.h"
#include "secmaster/factset.h"

struct lookup {
    const struct batch *batch;
    struct event *events;
    size_t count;
    enum err err;
};

static int
compare_keys(const struct event *a, const struct event *b)
{
    if (a->attribute != b->attribute)
        return a->attribute < b->attribute ? -1 : 1;
    if (a->source != b->source)
        return a->source < b->source ? -1 : 1;
    return 0;
}

static int
compare_events(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    int keys = compare_keys(a, b);

    if (keys != 0)
        return keys;
    return a->fact < b->fact ? -1 : a->fact > b->fact;
}

static int
compare_facts(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

/* The first event of a key, or NULL. */
static struct event *
find_key(const struct lookup *lookup, const struct event *key)
{
    size_t low = 0, high = lookup->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare_keys(&lookup->events[middle], key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == lookup->count || compare_keys(&lookup->events[low], key) != 0)
        return NULL;
    return &lookup->events[low];
}

/* Whether a fact of the batch asserts this value. */
static bool
asserts(const struct lookup *lookup, const struct event *event,
        struct value value)
{
    const struct batch *batch = lookup->batch;

    return event->op == FACT_ASSERT &&
           value_equal(batch_value(batch, &batch->facts[event->fact]), value);
}

/* Records come by tx, facts in order of arrival: the last one stays. */
static enum visit
note_stored(void *context, const struct record *record)
{
    struct lookup *lookup = context;
    struct str payload = record->payload;
    struct factset_item item;

    while (factset_next(&payload, &item, &lookup->err)) {
        struct event *first =
            find_key(lookup, &(struct event){ .attribute = item.attribute,
                                              .source = item.source });

        if (first == NULL)
            continue;
        first->live = item.op == FACT_ASSERT;
        first->held = first->live && asserts(lookup, first, item.value);
    }
    return lookup->err == OK ? VISIT_NEXT : VISIT_STOP;
}

/* The events of a record in order of their keys. */
static enum err
gather(struct commit *commit, const struct batch *batch,
       const struct batch_record *record, struct lookup *out)
{
    size_t count = 0;

    for (uint32_t i = record->first; i != BATCH_END; i = batch->facts[i].next) {
        const struct batch_fact *fact = &batch->facts[i];
        struct event *events = array_reserve(
            commit->events, &commit->event_capacity, count + 1, sizeof *events);

        if (events == NULL)
            return ERR_BUSY;
        commit->events = events;
        TRY(commit_attribute(commit, batch, fact->attribute));
        TRY(commit_source(commit, batch, fact->source));
        events[count++] = (struct event){
            .attribute = commit->batch_attributes[fact->attribute].use.id,
            .source = commit->batch_sources[fact->source].use.id,
            .fact = i,
            .op = fact->op,
        };
    }
    qsort(commit->events, count, sizeof *commit->events, compare_events);
    *out = (struct lookup){ batch, commit->events, count, OK };
    return OK;
}

static bool
begins_key(const struct lookup *lookup, size_t i)
{
    return i == 0 ||
           compare_keys(&lookup->events[i - 1], &lookup->events[i]) != 0;
}

/* Whether the store decides: of a key's first event, where it is a retraction
 * or what is live already is to be skipped. */
static bool
needs_store(const struct lookup *lookup)
{
    if (lookup->batch->skips_held)
        return true;
    for (size_t i = 0; i < lookup->count; i++) {
        if (lookup->events[i].op == FACT_RETRACT && begins_key(lookup, i))
            return true;
    }
    return false;
}

static enum err
note_refused(struct commit *commit, uint32_t fact)
{
    uint32_t *refused =
        array_reserve(commit->refused, &commit->refused_capacity,
                      commit->refused_count + 1, sizeof *refused);

    if (refused == NULL)
        return ERR_BUSY;
    commit->refused = refused;
    refused[commit->refused_count++] = fact;
    return OK;
}

/* Whether event i asserts what the one before it of its key did, or the
 * store. */
static bool
is_held(const struct lookup *lookup, size_t i)
{
    const struct event *event = &lookup->events[i], *before = event - (i > 0);
    const struct batch *batch = lookup->batch;

    if (begins_key(lookup, i))
        return event->held;
    return before->op == FACT_ASSERT &&
           asserts(lookup, event,
                   batch_value(batch, &batch->facts[before->fact]));
}

static enum err
judge(struct commit *commit, const struct lookup *lookup)
{
    bool live = false;

    for (size_t i = 0; i < lookup->count; i++) {
        const struct event *event = &lookup->events[i];

        if (lookup->batch->skips_held)
            commit->held[event->fact] = is_held(lookup, i);
        if (begins_key(lookup, i))
            live = event->live;
        if (event->op == FACT_RETRACT && !live)
            TRY(note_refused(commit, event->fact));
        live = event->op == FACT_ASSERT;
    }
    return OK;
}

static bool
has_retraction(const struct batch *batch, const struct batch_record *record)
{
    for (uint32_t i = record->first; i != BATCH_END; i = batch->facts[i].next) {
        if (batch->facts[i].op == FACT_RETRACT)
            return true;
    }
    return false;
}

static enum err
check_record(struct commit *commit, struct view *view, struct write_job *job,
             const struct batch_record *record)
{
    struct lookup lookup;
    const struct scan_range range = {
        .kind = RECORD_FACTS,
        .first_security = record->security_id,
        .last_security = record->security_id,
        .first_date = record->effective,
        .last_date = record->effective,
    };

    /* What an earlier batch of the same commit said is not in the store. */
    assert(!commit_has_record(commit, RECORD_FACTS, record->security_id,
                              record->effective));

    TRY(gather(commit, job->batch, record, &lookup));
    /* Of a security that is new the store has nothing. */
    if (record->security_id >= 0 && needs_store(&lookup)) {
        TRY(store_scan(view, &range, note_stored, &lookup, &job->why));
        if (lookup.err != OK)
            return why_set(&job->why, lookup.err, "a record is damaged");
    }
    return judge(commit, &lookup);
}

static enum err
check_records(struct commit *commit, struct view *view, struct write_job *job)
{
    const struct batch *batch = job->batch;

    commit->refused_count = 0;
    for (uint32_t i = 0; i < batch->record_count; i++) {
        const struct batch_record *record = &batch->records[i];

        if (batch->skips_held || has_retraction(batch, record))
            TRY(check_record(commit, view, job, record));
    }
    return OK;
}

static enum err
reserve_held(struct commit *commit, const struct batch *batch)
{
    bool *held;

    if (!batch->skips_held)
        return OK;
    held = array_reserve(commit->held, &commit->held_capacity,
                         batch->fact_count, sizeof *held);
    if (held == NULL)
        return ERR_BUSY;
    commit->held = held;
    return OK;
}

enum err
retraction_check(struct commit *commit, struct write_job *job)
{
    struct view view;

    TRY(reserve_held(commit, job->batch));
    TRY(store_view_begin(commit->store, KNOWN_NEWEST, &view, &job->why));

    enum err err = check_records(commit, &view, job);

    store_view_end(&view);
    TRY(err);
    if (commit->refused_count == 0)
        return OK;

    qsort(commit->refused, commit->refused_count, sizeof *commit->refused,
          compare_facts);
    for (size_t i = 0; i < commit->refused_count; i++)
        batch_complain(job->batch, job->complaints, commit->refused[i], NULL,
                       "there is no live assertion of this security, "
                       "attribute, date and source to retract");
    return ERR_INVALID;
}
