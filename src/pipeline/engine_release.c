/* A run that is in quarantine, published after all from its raw pages. */
#include <assert.h>
#include <stdlib.h>

#include "engine_inside.h"
#include "live_commit.h"

/* A release on its way: of a run that has ended, as if it were under way. */
struct release {
    struct engine_release *told;
    enum run_state before; /* how the run had ended */
    bool is_complete;      /* all of its pages had been asked for */
    bool leads_on;         /* the page at hand, to another one */
    uint64_t page;         /* of a whole: that is read next */
    size_t done;           /* else: entries that are settled */
    size_t count;          /* of the run's that were open, first page first */
    struct quarantine_info entries[RUN_QUARANTINE_MAX];
};

/* One commit of it: rows, the entries that they settle, the run's record. */
struct step {
    struct engine *engine;
    struct live *live;
    struct quarantine_info *entries;
    size_t count;
    bool is_last;
    struct run_record record;
    struct changes changes; /* the first is the record */
};

void
release_free(struct release *release)
{
    free(release);
}

/* It is over, well or not. */
static void
end_release(struct live *live, enum err err, const struct why *why)
{
    struct engine_release *told = live->release->told;

    told->is_over = true;
    told->err = err;
    told->why = *why;
    /* A raw page that cannot be used: of the entry, not of the request. */
    if (err == ERR_MALFORMED || err == ERR_TOO_LARGE)
        told->err = ERR_INVALID;
    if (err == ERR_NOT_FOUND)
        told->err = why_set(&told->why, ERR_INVALID, "its raw pages are gone");
    engine_pass_on(live->dataset);
    live_free(live);
}

/* Take a page out of the archive and decode it. */
static enum err
read_page(struct engine *engine, struct live *live, uint64_t number,
          struct why *why)
{
    const struct engine_doors *doors = &engine->options.doors;
    struct vendor_reading reading;
    struct archive_page page;

    live->run.page = number;
    page = live_page(live);
    out_reset(&live->body);
    live->status = 200;
    TRY(doors->recall(doors->context, &page, &live->body, why));
    TRY(live_decode(engine, live, &reading));
    live->release->leads_on = reading.next.data != NULL;
    if (reading.verdict != VENDOR_UNDECODABLE)
        return live_leave_out(engine, live, why);
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
    const struct release *release = step->live->release;
    const struct run_counts counts = live_counts(publication);

    step->record = step->live->run.record;
    step->record.info.stored += counts.stored;
    step->record.info.unchanged += counts.unchanged;
    step->record.quarantined -= step->count;
    step->record.info.open -= step->count;
    step->record.info.state = release->before;
    if (step->is_last) {
        step->record.info.state = state_behind(release);
        step->record.quarantined = step->record.info.open =
            0; /* of some the entries were dropped */
        step->record.info.finished_at = engine_now(step->engine);
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
    struct live *live = step->live;
    struct engine_dataset *dataset = live->dataset;
    struct board *board = step->engine->options.board;
    struct board_forgotten forgotten;

    for (size_t i = 0; i < step->count; i++) {
        step->entries[i].state = QUARANTINE_RELEASED;
        dataset->stats.quarantine_open--;
        (void)!board_put_entry(board, &step->entries[i], &forgotten);
    }
    live->run.record = step->record;
    if (!step->is_last) {
        (void)!board_put_run(board, &step->record.info, &forgotten);
        return;
    }
    if (live->release->is_complete)
        live_move_watermark(live);
    engine_note_end(step->engine, dataset, &step->record);
}

static enum err
publish(struct step *step, struct why *why)
{
    struct live *live = step->live;
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
    if (step->is_last && live->release->is_complete)
        live_watermark(live, &step->changes);
    publication.state = step->changes.items;
    publication.state_count = step->changes.count;
    err = step->changes.err;
    if (err == OK)
        err = engine_put(step->engine, &publication, &live->complaints, why);
    if (err == OK)
        tell(step);
    else if (err == ERR_INVALID && live->complaints.listed > 0)
        err = why_set(why, err, "%s", live->complaints.items[0].detail);
    changes_fini(&step->changes);
    return err;
}

static enum err
publish_whole(struct engine *engine, struct live *live, struct why *why)
{
    struct release *release = live->release;
    struct step step = {
        .engine = engine,
        .live = live,
        .entries = release->entries,
        .count = release->count,
        .is_last = true,
    };

    /* Whoever is not on the pages behind it would be called gone. */
    if (release->leads_on)
        return why_set(why, ERR_INVALID, "the listing stops before its end");
    TRY(live_whole(engine, live, false, why));
    if (live->complaints.total > 0)
        return why_set(why, ERR_INVALID, "%s",
                       live->complaints.items[0].detail);
    live->run.record.rows = live->listing.count;
    return publish(&step, why);
}

/* Page by page into the listing, then all at once. */
static enum err
step_whole(struct engine *engine, struct live *live, bool *is_over,
           struct why *why)
{
    struct release *release = live->release;

    *is_over = release->page == live->run.record.info.pages;
    if (*is_over)
        return publish_whole(engine, live, why);
    return read_page(engine, live, release->page++, why);
}

/* The page of an entry: what is broken off goes on with those that are open. */
static enum err
step_page(struct engine *engine, struct live *live, bool *is_over,
          struct why *why)
{
    struct release *release = live->release;
    struct quarantine_info *entry = &release->entries[release->done];
    struct step step = {
        .engine = engine,
        .live = live,
        .entries = entry,
        .count = 1,
        .is_last = release->done + 1 == release->count,
    };

    TRY(read_page(engine, live, entry->page - 1, why));
    TRY(publish(&step, why));
    release->done++;
    *is_over = step.is_last;
    return OK;
}

void
release_step(struct engine *engine, struct live *live)
{
    struct why why = { "" };
    bool is_over = false;
    enum err err = live->run.shape.is_whole
                       ? step_whole(engine, live, &is_over, &why)
                       : step_page(engine, live, &is_over, &why);

    if (err != OK || is_over)
        end_release(live, err, &why);
}

/* Its names are the entry's, which last as long as the board. */
static enum err
read_run(struct engine *engine, const struct quarantine_info *entry,
         struct run_record *out, struct why *why)
{
    struct arena arena;
    enum err err;

    arena_init(&arena, STATE_BYTES_MAX);
    err = engine_read_run(engine, entry->run, &arena, out, why);
    arena_fini(&arena);
    if (err == ERR_NOT_FOUND)
        return why_set(why, ERR_INVALID, "its run is not kept any more");
    TRY(err);
    out->info.vendor = entry->vendor;
    out->info.dataset = entry->dataset;
    return OK;
}

/* The dataset's newest run is what those after it go by; an older one does not
 * speak for it. */
static enum err
begin(struct engine *engine, const struct quarantine_info *entry,
      struct engine_release *told, struct why *why)
{
    struct engine_dataset *dataset =
        engine_find(engine, entry->vendor, entry->dataset);
    struct run_record record;
    struct release *release;
    struct live *live;

    if (entry->run == 0)
        return why_set(why, ERR_INVALID, "it did not come by a run");
    if (dataset == NULL)
        return why_set(why, ERR_INVALID, "%.*s/%.*s is not configured any more",
                       STR_ARG(entry->vendor), STR_ARG(entry->dataset));
    if (dataset->live != NULL)
        return why_set(why, ERR_CONFLICT, "its dataset has a run under way");
    TRY(read_run(engine, entry, &record, why));
    release = calloc(1, sizeof *release);
    if (release == NULL)
        return why_set(why, ERR_BUSY, "no memory for the release");
    release->told = told;
    release->before = record.info.state;
    release->is_complete =
        record.info.state == RUN_QUARANTINED && record.info.error[0] == '\0';
    release->count = board_open_entries(engine->options.board, entry->run,
                                        RUN_QUARANTINE_MAX, release->entries);
    assert(release->count > 0);
    record.info.state = RUN_RUNNING;
    live = live_new(dataset, &record);
    if (live == NULL) {
        release_free(release);
        return why_set(why, ERR_BUSY, "no memory for the release");
    }
    live->run.record = record; /* counts and all */
    live->release = release;
    dataset->live = live;
    return OK;
}

void
engine_release(struct engine *engine, struct engine_release *release)
{
    struct quarantine_info entry;
    enum err err = board_entry(engine->options.board, release->id, &entry);

    *release = (struct engine_release){ .id = release->id };
    if (err == OK && entry.state != QUARANTINE_OPEN)
        err = why_set(&release->why, ERR_CONFLICT, "the entry is %s already",
                      quarantine_state_name(entry.state));
    else if (err == OK)
        err = begin(engine, &entry, release, &release->why);
    release->is_over = err != OK;
    release->err = err;
}

void
engine_break_off(struct engine *engine, enum err err, const char *text)
{
    struct why why;

    err = why_set(&why, err, "%s", text);
    for (size_t i = 0; i < engine->dataset_count; i++) {
        struct live *live = engine->datasets[i].live;

        if (live != NULL && live->release != NULL)
            end_release(live, err, &why);
    }
}
