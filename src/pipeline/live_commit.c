/* A run's commits, and what its end means for others. */
#include "live_commit.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* A run that comes after the one that ends. */
struct follower {
    struct engine_dataset *dataset;
    struct run_record record;
    struct live *live; /* NULL: it has ended */
};

/* One commit: what changes, and what is told once it is done. */
struct ending {
    struct engine *engine;
    struct live *live;
    struct changes changes; /* the first is the run's record */
    struct follower *followers;
    size_t follower_count;
};

struct batch *
live_facts(const struct live *live)
{
    if (live->facts == NULL || live->facts->fact_count == 0)
        return NULL;
    return live->facts;
}

struct run_counts
live_counts(const struct publication *publication)
{
    struct run_counts counts = { 0 };

    if (publication->facts != NULL) {
        counts.stored += publication->facts->stored;
        counts.unchanged += publication->facts->unchanged;
    }
    if (publication->bars != NULL) {
        counts.stored += publication->bars->stored;
        counts.unchanged += publication->bars->unchanged;
    }
    if (publication->trades != NULL) {
        counts.stored += publication->trades->stored;
        counts.unchanged += publication->trades->unchanged;
    }
    return counts;
}

/* The record as it will be when this commit is done, in the first change. */
static enum err
settle(struct publication *publication)
{
    struct ending *ending = publication->context;
    const struct run_counts counts = live_counts(publication);
    struct changes *changes = &ending->changes;
    struct run_record record;
    size_t last = changes->count;

    run_preview(&ending->live->run, &counts, engine_now(ending->engine),
                &record);
    changes_run(changes, &record);
    if (changes->err != OK)
        return changes->err;
    changes->count = last;
    changes->items[0] = changes->items[last];
    publication->state = changes->items;
    return OK;
}

enum err
live_put(struct engine *engine, struct live *live)
{
    struct changes changes;
    struct publication publication = { 0 };
    enum err err;

    changes_init(&changes);
    changes_run(&changes, &live->run.record);
    publication.state = changes.items;
    publication.state_count = changes.count;
    err = changes.err;
    if (err == OK)
        err = engine_put(engine, &publication, NULL, NULL);
    changes_fini(&changes);
    if (err == OK)
        engine_tell(engine, live);
    return err;
}

/* A row that is dated ahead must not have the next run pass over what the
 * vendor changes until then: at the latest it goes on where this one began. */
static int64_t
updated_to(const struct run_record *record)
{
    const int64_t begun = record->info.started_at.us / 1000000;

    return record->highest < begun ? record->highest : begun;
}

/* Where the next run without a range goes on; false: as before. */
static bool
find_watermark(const struct live *live, const struct run_record *record,
               char text[static WATERMARK_BYTES])
{
    const struct engine_dataset *dataset = live->dataset;
    const bool is_listing = dataset->shape->brings == BRINGS_LISTING;

    if (record->is_by_range && !is_listing)
        return false;
    if (dataset->shape->has_since) {
        const int64_t updated = updated_to(record);

        (void)snprintf(text, WATERMARK_BYTES, "%lld", (long long)updated);
        return updated > strtoll(dataset->watermark, NULL, 10);
    }
    if (!record->info.has_range)
        return false;
    date_format(is_listing ? record->info.from : record->info.to, text);
    text[DATE_TEXT_BYTES] = '\0';
    return strcmp(text, dataset->watermark) > 0;
}

void
live_watermark(struct live *live, struct changes *changes)
{
    char text[WATERMARK_BYTES];

    if (!find_watermark(live, &live->run.record, text))
        return;
    changes_watermark(changes, live->dataset, text);
}

void
live_move_watermark(struct live *live)
{
    char text[WATERMARK_BYTES];

    if (!find_watermark(live, &live->run.record, text))
        return;
    memcpy(live->dataset->watermark, text, WATERMARK_BYTES);
    live->dataset->vendor->moved = live->dataset;
}

/* A run after a bad end has ended as well; after a good one it is queued, with
 * all the memory that it takes to begin, as it is on disk once this is. */
static enum err
add_follower(struct ending *ending, struct engine_dataset *dataset,
             enum run_state end)
{
    struct engine *engine = ending->engine;
    struct follower *one = &ending->followers[ending->follower_count++];
    const struct instant now = engine_now(engine);

    *one = (struct follower){
        .dataset = dataset,
        .record = { .info = { .id = engine->next_run++,
                              .vendor = dataset->vendor->config->name,
                              .dataset = dataset_name_of(dataset),
                              .queued_at = now } },
    };
    if (run_state_is_good(end)) {
        one->live = live_new(dataset, &one->record);
        if (one->live == NULL)
            return ERR_BUSY;
    } else {
        one->record.info.state = RUN_FAILED;
        one->record.info.finished_at = now;
        (void)snprintf(one->record.info.error, RUN_ERROR_BYTES, "%s",
                       RUN_ERROR_UPSTREAM);
    }
    changes_run(&ending->changes, &one->record);
    return OK;
}

/* Whether the dataset gets a run: one that is to begin may have to wait. One
 * that waits to begin already, for what is new, has this end before it. */
static bool
has_room(const struct engine_dataset *dataset, bool is_to_begin)
{
    const struct run_record *record;

    if (dataset->live == NULL)
        return true;
    record = &dataset->live->run.record;
    return is_to_begin && dataset->queued == NULL &&
           (record->is_by_range || record->info.started_at.us != 0);
}

/*
 * Datasets that are configured to come after this one, and after those: each
 * gets a run now, in the same commit, so that a crash loses none; where it has
 * one, behind that. A run of days asked for is nobody's turn, nor is one that
 * was called off.
 */
static enum err
find_followers(struct ending *ending, const struct run_record *record)
{
    struct engine *engine = ending->engine;
    const size_t count = engine->dataset_count;
    size_t self = (size_t)(ending->live->dataset - engine->datasets);
    bool *has_failed =
        arena_zalloc(&ending->changes.arena, count, sizeof(bool));

    ending->followers =
        arena_zalloc(&ending->changes.arena, count, sizeof *ending->followers);
    if (has_failed == NULL || ending->followers == NULL)
        return ERR_BUSY;
    if (record->is_by_range || engine_is_called_off(&record->info))
        return OK;
    for (size_t i = self + 1; i < count; i++) {
        struct engine_dataset *dataset = &engine->datasets[i];
        const bool is_next = dataset->after == self;

        if (dataset->after == DATASET_NONE)
            continue;
        if (!is_next && !has_failed[dataset->after])
            continue;
        if (!has_room(dataset,
                      is_next && run_state_is_good(record->info.state)))
            continue;
        TRY(add_follower(ending, dataset,
                         is_next ? record->info.state : RUN_FAILED));
        has_failed[i] = !is_next || !run_state_is_good(record->info.state);
    }
    return OK;
}

static void
tell_record(struct engine *engine, const struct run_record *record)
{
    struct board_forgotten forgotten;

    if (board_put_run(engine->options.board, &record->info, &forgotten) == OK)
        engine_forget(engine, STATE_RUNS, forgotten.id);
}

void
engine_note_end(struct engine *engine, struct engine_dataset *dataset,
                const struct run_record *record)
{
    const struct run_info *info = &record->info;

    engine_learn_end(dataset, record);
    dataset->stats.runs[info->state]++;
    tell_record(engine, record);
    engine->options.doors.ended(engine->options.doors.context, info);
}

static void
tell_breaker(struct engine *engine, const struct live *live)
{
    struct breaker *breaker = &live->dataset->vendor->breaker;
    const int64_t now_us = engine_now_us(engine);

    if (!live->has_begun)
        return;
    switch (live->run.record.info.state) {
    case RUN_FAILED:
        if (live->is_our_fault)
            breaker_call_off(breaker, now_us);
        else
            breaker_fail(breaker, now_us);
        break;
    case RUN_CANCELLED:
        breaker_call_off(breaker, now_us);
        break;
    case RUN_SUCCEEDED:
    case RUN_UNCHANGED:
    case RUN_QUARANTINED:
        if (live->has_heard)
            breaker_succeed(breaker);
        else
            breaker_call_off(breaker, now_us);
        break;
    case RUN_QUEUED:
    case RUN_RUNNING:
        assert(false);
        break;
    }
    /* Lost, it costs the vendor one run more. */
    (void)!engine_put_pace(engine, live->dataset->vendor, NULL);
}

void
engine_pass_on(struct engine_dataset *dataset)
{
    dataset->live = dataset->queued;
    dataset->queued = NULL;
}

/* The commit is done. */
static void
apply(struct ending *ending)
{
    struct engine *engine = ending->engine;
    struct live *live = ending->live;
    struct engine_dataset *dataset = live->dataset;

    if (run_state_is_good(live->run.record.info.state))
        live_move_watermark(live);
    tell_breaker(engine, live);
    engine_note_end(engine, dataset, &live->run.record);
    for (size_t i = 0; i < ending->follower_count; i++) {
        struct follower *one = &ending->followers[i];

        if (one->live == NULL) {
            engine_note_end(engine, one->dataset, &one->record);
            continue;
        }
        tell_record(engine, &one->record);
        if (one->dataset->live == NULL)
            one->dataset->live = one->live;
        else
            one->dataset->queued = one->live;
        one->live = NULL;
    }
    engine->options.doors.cancel(engine->options.doors.context, live);
    if (dataset->queued == live)
        dataset->queued = NULL;
    else
        engine_pass_on(dataset);
    live_free(live);
}

static void
ending_init(struct ending *ending, struct engine *engine, struct live *live)
{
    *ending = (struct ending){ .engine = engine, .live = live };
    changes_init(&ending->changes);
}

static void
ending_fini(struct ending *ending)
{
    for (size_t i = 0; i < ending->follower_count; i++)
        live_free(ending->followers[i].live);
    changes_fini(&ending->changes);
}

/* All that the end says; first the record, as settle may print it anew. */
static enum err
collect(struct ending *ending, const struct run_record *final)
{
    changes_run(&ending->changes, final);
    if (run_state_is_good(final->info.state))
        live_watermark(ending->live, &ending->changes);
    TRY(find_followers(ending, final));
    return ending->changes.err;
}

bool
live_finish(struct engine *engine, struct live *live)
{
    const uint64_t next_run = engine->next_run;
    const struct instant now = engine_now(engine);
    struct publication publication = { 0 };
    struct ending ending;
    struct run_record final;
    enum err err;

    run_preview(&live->run, NULL, now, &final);
    ending_init(&ending, engine, live);
    err = collect(&ending, &final);
    publication.state = ending.changes.items;
    publication.state_count = ending.changes.count;
    if (err == OK)
        err = engine_put(engine, &publication, NULL, NULL);
    if (err == OK) {
        run_finished(&live->run, now);
        apply(&ending);
    } else {
        engine->next_run = next_run;
    }
    ending_fini(&ending);
    return err == OK;
}

/* What the vendor sent breaks a rule of ours. */
static void
refuse(struct live *live, const struct why *why)
{
    live_complaints(live);
    if (live->entry.reason_count == 0)
        live_reason(live, "%s", why->text);
    run_refused(&live->run);
}

bool
live_publish(struct engine *engine, struct live *live)
{
    const uint64_t next_run = engine->next_run;
    const bool is_whole = live->run.shape.is_whole;
    const struct run_counts none = { 0 };
    struct publication publication = {
        .facts = live_facts(live),
        .bars = live->bars,
        .trades = live->trades,
        .settle = settle,
    };
    struct ending ending;
    struct run_record record;
    struct why why = { "" };
    struct run_counts counts;
    enum err err = OK;

    if (is_whole)
        live->run.record.rows = live->listing.count;
    run_preview(&live->run, &none, engine_now(engine), &record);
    ending_init(&ending, engine, live);
    if (is_whole)
        err = collect(&ending, &record);
    else
        changes_run(&ending.changes, &record);
    publication.context = &ending;
    publication.state = ending.changes.items;
    publication.state_count = ending.changes.count;
    if (err == OK)
        err = ending.changes.err;
    if (err == OK)
        err = engine_put(engine, &publication, &live->complaints, &why);
    if (err == OK) {
        counts = live_counts(&publication);
        run_published(&live->run, &counts, engine_now(engine));
        if (is_whole)
            apply(&ending);
        else
            engine_tell(engine, live);
    } else {
        engine->next_run = next_run;
    }
    if (err == ERR_INVALID || err == ERR_TOO_LARGE)
        refuse(live, &why);
    ending_fini(&ending);
    return err == OK || err == ERR_INVALID || err == ERR_TOO_LARGE;
}

enum err
engine_put_entry(struct engine *engine, const struct quarantine_record *entry,
                 struct changes *with)
{
    struct publication publication = { 0 };
    enum err err;

    changes_entry(with, entry);
    publication.state = with->items;
    publication.state_count = with->count;
    err = with->err;
    if (err == OK)
        err = engine_put(engine, &publication, NULL, NULL);
    return err;
}

bool
live_quarantine(struct engine *engine, struct live *live)
{
    const struct archive_page page = live_page(live);
    struct quarantine_record entry = { .info = live->entry,
                                       .archived = page.date };
    struct board_forgotten forgotten;
    struct run_record record;
    struct changes changes;
    struct why why;
    enum err err = engine_has_room(engine, &why);

    /* What it has not published is asked for again by the next one. */
    if (err == ERR_FULL) {
        live->is_our_fault = true;
        run_fail(&live->run, why.text);
        return true;
    }
    entry.info.id = engine->next_entry;
    entry.info.vendor = page.vendor;
    entry.info.dataset = page.dataset;
    entry.info.run = page.run;
    entry.info.date = live_day(live);
    entry.info.page = page.page + 1;
    entry.info.state = QUARANTINE_OPEN;
    entry.info.quarantined_at = engine_now(engine);
    run_preview(&live->run, NULL, engine_now(engine), &record);
    changes_init(&changes);
    changes_run(&changes, &record);
    err = engine_put_entry(engine, &entry, &changes);
    changes_fini(&changes);
    if (err != OK)
        return false;
    engine->next_entry++;
    live->dataset->stats.quarantine_open++;
    if (board_put_entry(engine->options.board, &entry.info, &forgotten) == OK)
        engine_forget(engine, STATE_QUARANTINE, forgotten.id);
    run_quarantined(&live->run);
    engine_tell(engine, live);
    return true;
}
