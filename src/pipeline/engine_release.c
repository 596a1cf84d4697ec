/* A run that is in quarantine, published after all from its raw pages. */
#include <assert.h>
#include <stdlib.h>

#include "engine_inside.h"
#include "live_commit.h"

/* A release on its way: a run that has ended, as if it were under way. */
struct release {
    struct engine *engine;
    struct live *live;
    enum run_state before;           /* how the run had ended */
    bool is_complete;                /* all of its pages had been asked for */
    bool leads_on;                   /* the page at hand, to another one */
    struct quarantine_info *entries; /* of the run, open, the last page first */
    size_t count;
    struct arena arena;
};

/* One commit of it: rows, the entries that they settle, the run's record. */
struct step {
    struct release *release;
    struct quarantine_info *entries;
    size_t count;
    bool is_last;
    struct run_record record;
    struct changes changes; /* the first is the record */
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
    release->leads_on = reading.next.data != NULL;
    if (reading.verdict != VENDOR_UNDECODABLE)
        return live_leave_out(release->engine, live, why);
    live_complaints(live);
    return why_set(why, ERR_INVALID, "page %llu cannot be decoded: %s",
                   (unsigned long long)number + 1,
                   live->entry.reason_count > 0 ? live->entry.reasons[0] : "");
}

static void
put_entries(struct step *step)
{
    for (size_t i = 0; i < step->count; i++) {
        struct quarantine_record entry = { .info = step->entries[i] };

        entry.info.state = QUARANTINE_RELEASED;
        entry.archived = instant_date(step->record.info.queued_at);
        changes_entry(&step->changes, &entry);
    }
}

/* What it is when nothing of it is in quarantine any more. */
static enum run_state
state_behind(const struct release *release)
{
    if (release->is_complete)
        return RUN_SUCCEEDED;
    return release->before == RUN_QUARANTINED ? RUN_FAILED : release->before;
}

/* The run with what this commit brings; behind the last page it has succeeded,
 * if it had come to its end; before that it is what it was. */
static void
put_record(struct step *step, const struct publication *publication)
{
    const struct release *release = step->release;
    const struct run_counts counts = live_counts(publication);

    step->record = release->live->run.record;
    step->record.info.stored += counts.stored;
    step->record.info.unchanged += counts.unchanged;
    step->record.quarantined -= step->count;
    step->record.info.state = release->before;
    if (step->is_last) {
        step->record.info.state = state_behind(release);
        step->record.quarantined = 0; /* of some the entries were dropped */
        step->record.info.finished_at = engine_now(release->engine);
    }
    changes_run(&step->changes, &step->record);
}

/* On the writer's thread, once it knows what of the rows is new. */
static enum err
settle(struct publication *publication)
{
    struct step *step = publication->context;
    struct changes *changes = &step->changes;
    size_t last = changes->count;

    put_record(step, publication);
    TRY(changes->err);
    changes->count = last;
    changes->items[0] = changes->items[last];
    publication->state = changes->items;
    return OK;
}

/* The commit is done. */
static void
tell(struct step *step)
{
    struct release *release = step->release;
    struct engine_dataset *dataset = release->live->dataset;
    struct board *board = release->engine->options.board;
    struct board_forgotten forgotten;

    for (size_t i = 0; i < step->count; i++) {
        step->entries[i].state = QUARANTINE_RELEASED;
        dataset->stats.quarantine_open--;
        (void)!board_put_entry(board, &step->entries[i], &forgotten);
    }
    release->live->run.record = step->record;
    if (!step->is_last) {
        (void)!board_put_run(board, &step->record.info, &forgotten);
        return;
    }
    if (release->is_complete)
        live_move_watermark(release->live);
    engine_note_end(release->engine, dataset, &step->record);
}

static enum err
publish(struct step *step, struct why *why)
{
    struct live *live = step->release->live;
    struct publication publication = {
        .facts = live_facts(live),
        .bars = live->bars,
        .trades = live->trades,
        .settle = settle,
        .context = step,
    };
    enum err err;

    changes_init(&step->changes);
    put_record(step, &publication);
    put_entries(step);
    if (step->is_last && step->release->is_complete)
        live_watermark(live, &step->changes);
    publication.state = step->changes.items;
    publication.state_count = step->changes.count;
    err = step->changes.err;
    if (err == OK)
        err = engine_put(step->release->engine, &publication, &live->complaints,
                         why);
    if (err == OK)
        tell(step);
    else if (err == ERR_INVALID && live->complaints.listed > 0)
        err = why_set(why, err, "%s", live->complaints.items[0].detail);
    changes_fini(&step->changes);
    return err;
}

static enum err
publish_whole(struct release *release, struct why *why)
{
    struct live *live = release->live;
    const uint64_t pages = live->run.record.info.pages;

    for (uint64_t page = 0; page < pages; page++)
        TRY(read_page(release, page, why));
    /* Whoever is not on the pages behind it would be called gone. */
    if (release->leads_on)
        return why_set(why, ERR_INVALID, "the listing stops before its end");
    TRY(live_whole(release->engine, live, false, why));
    if (live->complaints.total > 0)
        return why_set(why, ERR_INVALID, "%s",
                       live->complaints.items[0].detail);
    live->run.record.rows = live->listing.count;
    return publish(&(struct step){ .release = release,
                                   .entries = release->entries,
                                   .count = release->count,
                                   .is_last = true },
                   why);
}

/* Page by page: what is cut off goes on with the entries that are open. */
static enum err
publish_pages(struct release *release, struct why *why)
{
    for (size_t i = release->count; i-- > 0;) {
        TRY(read_page(release, release->entries[i].page - 1, why));
        TRY(publish(&(struct step){ .release = release,
                                    .entries = &release->entries[i],
                                    .count = 1,
                                    .is_last = i == 0 },
                    why));
    }
    return OK;
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
    release->before = record.info.state;
    release->is_complete =
        record.info.state == RUN_QUARANTINED && record.info.error[0] == '\0';
    record.info.state = RUN_RUNNING;
    release->live = live_new(dataset, &record);
    if (release->live == NULL)
        return ERR_BUSY;
    release->live->run.record = record; /* counts and all */
    err = release->live->run.shape.is_whole ? publish_whole(release, why)
                                            : publish_pages(release, why);
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
    err = release_run(&release, &entry, why);
    arena_fini(&release.arena);
    free(release.entries);
    return err == ERR_NOT_FOUND
               ? why_set(why, ERR_INVALID, "its raw pages are gone")
               : err;
}
