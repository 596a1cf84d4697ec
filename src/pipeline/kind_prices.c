/* Batches of bars: what is new in them, by security and month. */
#include <assert.h>
#include <stdlib.h>

#include "bar_tickers.h"
#include "kind.h"

/* One batch while it is admitted. */
struct pricing {
    struct commit *commit;
    struct write_job *job;
    struct bar_changes changes;
    uint32_t *sources; /* dictionary ids, by the batch's indexes */
};

/*
 * What the commit has is not in the store yet: its facts may tell whose a
 * ticker is, its bars stand before those of their months. A batch of many rows
 * behind many records is not worth looking for them.
 */
static bool
is_first(const struct commit *commit, const struct write_job *job)
{
    const struct bar_batch *batch = job->bars;

    if (batch->tickers.count > 0 ||
        batch->count > COMMIT_PAIRS_MAX / (commit->record_count + 1))
        return true;
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct bar_row *row = &batch->rows[i];

        if (commit_has_record(commit, RECORD_BARS, row->security_id,
                              bar_month(row->bar.date)))
            return true;
    }
    return false;
}

static enum err
init(struct pricing *pricing, struct commit *commit, struct write_job *job)
{
    const struct bar_batch *batch = job->bars;
    struct placed_bar *places = malloc(batch->count * sizeof *places);
    uint32_t *sources = malloc(batch->sources.count * sizeof *sources);

    *pricing = (struct pricing){
        .commit = commit,
        .job = job,
        .changes = { .batch = batch,
                     .sources = sources,
                     .places = places,
                     .count = batch->count },
        .sources = sources,
    };
    if (places == NULL || sources == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < batch->count; i++)
        places[i] =
            (struct placed_bar){ .security_id = batch->rows[i].security_id,
                                 .day = batch->rows[i].bar.date.days,
                                 .row = i };
    for (uint32_t i = 0; i < batch->sources.count; i++)
        sources[i] = NAME_NONE;
    return OK;
}

static void
fini(struct pricing *pricing)
{
    free(pricing->changes.places);
    free(pricing->sources);
}

/* Securities that the batch brings in are facts, and facts have a transaction
 * of their own in front of it. */
static enum err
add_created(struct pricing *pricing, struct tx_info *info)
{
    const struct bar_batch *batch = pricing->job->bars;
    struct write_job facts = { .kind = BATCH_FACTS, .batch = batch->created };
    enum err err;

    for (uint32_t i = 0; i < batch->count; i++)
        TRY(mint_name(&pricing->commit->mint, batch->rows[i].security_id));
    err = kind_facts.admit(pricing->commit, &facts, info);
    pricing->job->why = facts.why;
    TRY(err);
    info->kind = BATCH_FACTS;
    TRY(commit_next(pricing->commit, info));
    bar_tickers_place(batch, pricing->changes.places);
    return OK;
}

static enum err
resolve(struct pricing *pricing, struct view *view, struct tx_info *info)
{
    struct write_job *job = pricing->job;
    struct placed_bar *places = pricing->changes.places;

    TRY(bar_tickers_resolve(job->bars, view, places, &job->why));
    if (bar_tickers_refuse(job->bars, places, job->complaints))
        return ERR_INVALID;
    TRY(bar_tickers_create(job->bars, places));
    return job->bars->created == NULL ? OK : add_created(pricing, info);
}

/* A bar of another source is another bar, so the ids come before that is
 * judged. A source is new only if a bar of it is. */
static enum err
use_sources(struct pricing *pricing)
{
    const struct bar_batch *batch = pricing->job->bars;

    for (uint32_t i = 0; i < batch->count; i++) {
        const uint32_t source = batch->rows[i].bar.source;
        struct name_use use;

        if (pricing->sources[source] != NAME_NONE)
            continue;
        TRY(name_changes_use(&pricing->commit->names, NAMES_SOURCES,
                             batch->sources.items[source], TX_NEVER, &use));
        pricing->sources[source] = use.id;
    }
    return OK;
}

/* Whether place i begins a record. */
static bool
begins_record(const struct bar_changes *changes, uint32_t i)
{
    const struct placed_bar *b = &changes->places[i], *a = b - (i > 0);

    return i == 0 || a->security_id != b->security_id ||
           bar_month((struct date){ a->day }).days !=
               bar_month((struct date){ b->day }).days;
}

static enum err
reserve(struct pricing *pricing)
{
    struct commit_room room = { .sources = pricing->job->bars->sources.count };

    for (uint32_t i = 0; i < pricing->changes.count; i++)
        room.records += begins_record(&pricing->changes, i);
    return commit_reserve(pricing->commit, &room);
}

/* The sources of what is stored. */
static uint32_t
list_sources(struct pricing *pricing)
{
    const struct bar_changes *changes = &pricing->changes;
    const struct bar_row *rows = changes->batch->rows;
    struct commit *commit = pricing->commit;
    uint32_t count = 0;

    for (uint32_t i = 0; i < changes->count; i++) {
        uint32_t *id =
            &pricing->sources[rows[changes->places[i].row].bar.source];

        if (*id == NAME_NONE)
            continue;
        commit->sources[commit->source_count + count++] = *id;
        *id = NAME_NONE;
    }
    return commit_sources(commit, count);
}

/* The bars of a record, from place i on; returns the place behind them. */
static uint32_t
encode_record(struct pricing *pricing, uint32_t i)
{
    const struct bar_changes *changes = &pricing->changes;
    struct commit *commit = pricing->commit;
    const int64_t security_id = changes->places[i].security_id;
    struct bar bars[BARS_OF_MONTH_MAX];
    size_t count = 0, before = commit->payload.len;

    do
        bars[count++] = bar_changes_bar(changes, i++);
    while (i < changes->count && !begins_record(changes, i));
    barset_put(&commit->payload, bars, count);
    commit->records[commit->record_count++] = (struct record){
        .kind = RECORD_BARS,
        .security_id = security_id,
        .effective = bar_month(bars->date),
        .tx = commit->next_tx,
        .payload.len = commit->payload.len - before,
    };
    return i;
}

static void
encode(struct pricing *pricing)
{
    uint32_t i = 0;

    while (i < pricing->changes.count)
        i = encode_record(pricing, i);
}

static enum err
judge(struct pricing *pricing, struct view *view, struct tx_info *info)
{
    struct write_job *job = pricing->job;
    struct bar_batch *batch = job->bars;

    TRY(resolve(pricing, view, info));
    TRY(use_sources(pricing));
    TRY(bar_changes_find(&pricing->changes, view, &job->why));
    batch->stored = pricing->changes.rows;
    batch->unchanged = batch->count - batch->stored;
    job->is_known = batch->stored == 0;
    return OK;
}

static enum err
add(struct pricing *pricing, struct tx_info *info)
{
    TRY(reserve(pricing));
    encode(pricing);
    info->source_count = list_sources(pricing);
    return OK;
}

static enum err
admit(struct commit *commit, struct write_job *job, struct tx_info *info)
{
    struct pricing pricing;
    struct view view;
    enum err err;

    assert(job->bars->count > 0);

    TRY(store_view_begin(commit->store, KNOWN_NEWEST, &view, &job->why));
    err = init(&pricing, commit, job);
    if (err == OK)
        err = judge(&pricing, &view, info);
    store_view_end(&view);
    if (err == OK && !job->is_known)
        err = add(&pricing, info);
    fini(&pricing);
    return err;
}

const struct job_kind kind_prices = { is_first, NULL, admit };
