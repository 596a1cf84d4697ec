/* A run that is in quarantine, published after all from its raw pages. */
#include <assert.h>
#include <stdlib.h>

#include "engine_inside.h"
#include "live_commit.h"

/* A release on its way: a run that has ended, as if it were under way. */
struct release {
    struct engine *engine;
    struct live *live;
    struct quarantine_info *entries; /* of the run, open, by page */
    size_t count;
    struct arena arena;
    struct changes changes;
};

static enum err
read_run(struct release *release, uint64_t run, struct run_record *out,
         struct why *why)
{
    char key[NUMBER_KEY_BYTES];
    struct str text;

    number_key_put(run, key);
    TRY(store_state_get(release->engine->options.store, STATE_RUNS,
                        (struct str){ key, sizeof key }, &release->arena, &text,
                        why));
    return run_record_read(run, text, &release->arena, out, why);
}

/* All entries of the run that are open, the first page first. */
static enum err
list_entries(struct release *release, uint64_t run)
{
    struct poller_quarantine_page ask = { .limit = RUNS_KEPT_MAX };
    size_t all, kept = 0;

    release->entries = calloc(RUNS_KEPT_MAX, sizeof *release->entries);
    if (release->entries == NULL)
        return ERR_BUSY;
    all = board_entries(release->engine->options.board, &ask, release->entries);
    for (size_t i = all; i-- > 0;)
        if (release->entries[i].run == run &&
            release->entries[i].state == QUARANTINE_OPEN)
            kept++;
    for (size_t i = 0, to = 0; i < all && to < kept; i++)
        if (release->entries[i].run == run &&
            release->entries[i].state == QUARANTINE_OPEN)
            release->entries[to++] = release->entries[i];
    release->count = kept;
    return OK;
}

/* Take a page out of the archive and decode it. */
static enum err
read_page(struct release *release, uint64_t number, struct why *why)
{
    const struct engine_doors *doors = &release->engine->options.doors;
    struct live *live = release->live;
    struct vendor_reading reading;
    struct archive_page page;

    live->run.page = number;
    page = live_page(live);
    out_reset(&live->body);
    live->status = 200;
    TRY(doors->recall(doors->context, &page, &live->body, why));
    TRY(live_decode(release->engine, live, &reading));
    if (reading.verdict != VENDOR_UNDECODABLE)
        return OK;
    live_complaints(live);
    return why_set(why, ERR_INVALID, "page %llu cannot be decoded: %s",
                   (unsigned long long)number + 1,
                   live->entry.reason_count > 0 ? live->entry.reasons[0] : "");
}

static void
put_entries(struct release *release)
{
    for (size_t i = 0; i < release->count; i++) {
        struct quarantine_record entry = { .info = release->entries[i] };

        entry.info.state = QUARANTINE_RELEASED;
        entry.archived = instant_date(release->live->run.record.info.queued_at);
        changes_entry(&release->changes, &entry);
    }
}

/* The rows of one page, or of a listing, without state. */
static enum err
publish(struct release *release, struct why *why)
{
    struct live *live = release->live;
    struct run_info *info = &live->run.record.info;
    struct publication publication = {
        .facts = live_facts(live),
        .bars = live->bars,
        .trades = live->trades,
    };
    enum err err =
        engine_put(release->engine, &publication, &live->complaints, why);

    if (err == ERR_INVALID && live->complaints.listed > 0)
        return why_set(why, err, "%s", live->complaints.items[0].detail);
    TRY(err);
    if (live->facts != NULL) {
        info->stored += live->facts->stored;
        info->unchanged += live->facts->unchanged;
    }
    if (live->bars != NULL) {
        info->stored += live->bars->stored;
        info->unchanged += live->bars->unchanged;
    }
    if (live->trades != NULL) {
        info->stored += live->trades->stored;
        info->unchanged += live->trades->unchanged;
    }
    return OK;
}

static enum err
publish_whole(struct release *release, struct why *why)
{
    struct live *live = release->live;
    const uint64_t pages = live->run.record.info.pages;

    for (uint64_t page = 0; page < pages; page++)
        TRY(read_page(release, page, why));
    TRY(live_whole(release->engine, live, false, why));
    if (live->complaints.total > 0)
        return why_set(why, ERR_INVALID, "%s",
                       live->complaints.items[0].detail);
    live->run.record.rows = live->listing.count;
    return publish(release, why);
}

static enum err
publish_pages(struct release *release, struct why *why)
{
    for (size_t i = release->count; i-- > 0;) {
        TRY(read_page(release, release->entries[i].page - 1, why));
        TRY(publish(release, why));
    }
    return OK;
}

/* All is published: the run has succeeded. What is cut off before this is
 * published once more, which changes nothing. */
static enum err
put_end(struct release *release, struct why *why)
{
    struct live *live = release->live;
    struct publication publication = { 0 };

    live->run.record.info.state = RUN_SUCCEEDED;
    live->run.record.quarantined = 0;
    live->run.record.info.finished_at = engine_now(release->engine);
    changes_run(&release->changes, &live->run.record);
    put_entries(release);
    live_watermark(live, &release->changes);
    publication.state = release->changes.items;
    publication.state_count = release->changes.count;
    TRY(release->changes.err);
    return engine_put(release->engine, &publication, NULL, why);
}

static void
tell(struct release *release)
{
    struct engine_dataset *dataset = release->live->dataset;
    struct board_forgotten forgotten;

    for (size_t i = 0; i < release->count; i++) {
        release->entries[i].state = QUARANTINE_RELEASED;
        dataset->stats.quarantine_open--;
        (void)!board_put_entry(release->engine->options.board,
                               &release->entries[i], &forgotten);
    }
    live_move_watermark(release->live);
    engine_note_end(release->engine, dataset, &release->live->run.record);
}

/* The dataset's newest run is what those after it go by; an older one does not
 * speak for it. */
static enum err
release_run(struct release *release, const struct quarantine_info *entry,
            struct why *why)
{
    struct engine_dataset *dataset =
        engine_find(release->engine, entry->vendor, entry->dataset);
    struct run_record record;
    enum err err;

    if (dataset == NULL || entry->run == 0)
        return why_set(why, ERR_INVALID,
                       "it did not come by a run of a dataset");
    if (dataset->live != NULL)
        return why_set(why, ERR_CONFLICT, "its dataset has a run under way");
    TRY(read_run(release, entry->run, &record, why));
    TRY(list_entries(release, entry->run));
    record.info.vendor = entry->vendor;
    record.info.dataset = entry->dataset;
    record.info.state = RUN_RUNNING;
    release->live = live_new(dataset, &record);
    if (release->live == NULL)
        return ERR_BUSY;
    release->live->run.record = record; /* counts and all */
    err = release->live->run.shape.is_whole ? publish_whole(release, why)
                                            : publish_pages(release, why);
    if (err == OK)
        err = put_end(release, why);
    if (err == OK)
        tell(release);
    live_free(release->live);
    return err;
}

enum err
engine_release(struct engine *engine, uint64_t id, struct why *why)
{
    struct release release = { .engine = engine };
    struct quarantine_info entry;
    enum err err;

    TRY(board_entry(engine->options.board, id, &entry));
    if (entry.state != QUARANTINE_OPEN)
        return why_set(why, ERR_CONFLICT, "the entry is %s already",
                       quarantine_state_name(entry.state));
    arena_init(&release.arena, STATE_BYTES_MAX);
    changes_init(&release.changes);
    err = release_run(&release, &entry, why);
    changes_fini(&release.changes);
    arena_fini(&release.arena);
    free(release.entries);
    return err == ERR_NOT_FOUND
               ? why_set(why, ERR_INVALID, "its raw pages are gone")
               : err;
}
