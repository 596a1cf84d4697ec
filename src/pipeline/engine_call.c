/* What people ask of the engine: runs, and what becomes of quarantine. */
#include <assert.h>
#include <stdlib.h>

#include "engine_inside.h"
#include "live_commit.h"
#include "secmaster/utf8.h"

enum err
engine_begin(struct engine *engine, struct engine_dataset *dataset,
             const struct poller_request *request, uint64_t *id)
{
    struct run_record record = {
        .info = { .id = engine->next_run,
                  .vendor = dataset->vendor->config->name,
                  .dataset = dataset_name_of(dataset),
                  .state = RUN_QUEUED,
                  .queued_at = engine_now(engine) },
    };
    struct live *live;
    enum err err;

    assert(dataset->live == NULL);

    if (request != NULL && request->has_from) {
        record.is_by_range = record.info.has_range = true;
        record.info.from = request->from;
        record.info.to = request->to;
    }
    live = live_new(dataset, &record);
    if (live == NULL)
        return ERR_BUSY;
    err = live_put(engine, live);
    if (err != OK) {
        live_free(live);
        return err;
    }
    dataset->live = live;
    engine->next_run++;
    if (id != NULL)
        *id = record.info.id;
    return OK;
}

/* A range that the dataset cannot be asked for; NULL: there is no fault. */
static const char *
range_fault(const struct engine_dataset *dataset,
            const struct poller_request *request, struct date today,
            const char **member)
{
    *member = request->has_from ? "to" : "from";
    if (request->has_from != request->has_to)
        return "from and to stand together";
    if (!request->has_from)
        return NULL;
    *member = "to";
    if (request->to.days < request->from.days)
        return "must not be before from";
    if (request->to.days > today.days)
        return "must not be in the future";
    if (request->to.days - request->from.days >= RUN_DAYS_MAX)
        return "is more than a century behind from";
    *member = "from";
    if (dataset->shape->days == DAYS_ALL)
        return "cannot be given: the vendor has no days to ask for";
    return NULL;
}

enum err
engine_request(struct engine *engine, const struct poller_request *request,
               struct poller_answer *answer, struct why *why)
{
    struct engine_dataset *dataset =
        engine_find(engine, request->vendor, request->dataset);
    const int64_t now_us = engine_now_us(engine);
    const char *fault;
    enum err err;

    *answer = (struct poller_answer){ .member = "dataset" };
    if (dataset == NULL)
        return why_set(why, ERR_INVALID, "%.*s has no such dataset",
                       STR_ARG(request->vendor));
    fault = range_fault(dataset, request, instant_date(engine_now(engine)),
                        &answer->member);
    if (fault != NULL)
        return why_set(why, ERR_INVALID, "%s", fault);
    if (dataset->live != NULL) {
        answer->run = dataset->live->run.record.info.id;
        return why_set(why, ERR_CONFLICT, "run %llu of this dataset %s",
                       (unsigned long long)answer->run,
                       dataset->live->release == NULL ? "has not ended"
                                                      : "is being released");
    }
    if (dataset->vendor->breaker.state == BREAKER_OPEN &&
        dataset->vendor->breaker.until_us > now_us) {
        answer->wait_us = dataset->vendor->breaker.until_us - now_us;
        return why_set(why, ERR_BUSY,
                       "the vendor has failed %u runs in a row, and is left "
                       "alone for a while",
                       dataset->vendor->breaker.failures);
    }
    err = engine_begin(engine, dataset, request, &answer->run);
    if (err != OK)
        return why_set(why, err, "the run could not be kept");
    return OK;
}

enum err
engine_cancel(struct engine *engine, struct str vendor, uint64_t run,
              struct why *why)
{
    struct run_info info;
    struct live *live = NULL;

    TRY(board_run(engine->options.board, vendor, run, &info));
    for (size_t i = 0; i < engine->dataset_count; i++) {
        struct live *one = engine->datasets[i].live;

        if (one != NULL && one->release == NULL &&
            one->run.record.info.id == run)
            live = one;
    }
    if (live == NULL)
        return why_set(why, ERR_CONFLICT, "the run has ended");
    engine->options.doors.cancel(engine->options.doors.context, live);
    run_cancel(&live->run);
    if (!live_finish(engine, live))
        return why_set(why, engine->is_broken ? ERR_STORE : ERR_BUSY,
                       "the end of the run could not be kept yet");
    return OK;
}

/* Read a number's record back, in arena. */
static enum err
kept(struct engine *engine, enum state_space space, uint64_t number,
     struct arena *arena, struct str *out, struct why *why)
{
    char key[NUMBER_KEY_BYTES];

    number_key_put(number, key);
    return store_state_get(engine->options.store, space,
                           (struct str){ key, sizeof key }, arena, out, why);
}

static enum err
read_entry(struct engine *engine, uint64_t id, struct arena *arena,
           struct quarantine_record *out, struct why *why)
{
    struct str text;

    TRY(kept(engine, STATE_QUARANTINE, id, arena, &text, why));
    TRY(quarantine_record_read(id, text, arena, out, why));
    if (out->info.state != QUARANTINE_OPEN)
        return why_set(why, ERR_CONFLICT, "the entry is %s already",
                       quarantine_state_name(out->info.state));
    return OK;
}

/* An entry that is on disk in another state. */
static void
tell_entry(struct engine *engine, const struct quarantine_info *info)
{
    struct engine_dataset *dataset =
        engine_find(engine, info->vendor, info->dataset);
    struct quarantine_info told;
    struct board_forgotten forgotten;

    /* The board's names last as long as it. */
    if (board_entry(engine->options.board, info->id, &told) != OK)
        return;
    if (dataset != NULL && told.state == QUARANTINE_OPEN &&
        info->state != QUARANTINE_OPEN)
        dataset->stats.quarantine_open--;
    told.state = info->state;
    (void)!board_put_entry(engine->options.board, &told, &forgotten);
}

/* Whether its run is being released, and the entry with it. */
static bool
is_being_released(struct engine *engine, const struct quarantine_info *entry)
{
    const struct engine_dataset *dataset =
        engine_find(engine, entry->vendor, entry->dataset);

    return dataset != NULL && dataset->live != NULL &&
           dataset->live->release != NULL &&
           dataset->live->run.record.info.id == entry->run;
}

enum err
engine_discard(struct engine *engine, uint64_t id, struct why *why)
{
    struct quarantine_record entry;
    struct changes changes;
    struct arena arena;
    enum err err;

    arena_init(&arena, STATE_BYTES_MAX);
    changes_init(&changes);
    err = read_entry(engine, id, &arena, &entry, why);
    if (err == OK && is_being_released(engine, &entry.info))
        err = why_set(why, ERR_CONFLICT, "its run is being released");
    if (err == OK) {
        entry.info.state = QUARANTINE_DISCARDED;
        err = engine_put_entry(engine, &entry, &changes);
    }
    if (err == OK)
        tell_entry(engine, &entry.info);
    changes_fini(&changes);
    arena_fini(&arena);
    return err;
}

enum err
engine_stray(struct engine *engine, const struct poller_stray *stray,
             uint64_t *id, struct why *why)
{
    const struct engine_doors *doors = &engine->options.doors;
    const struct instant now = engine_now(engine);
    struct quarantine_record entry = {
        .info = { .id = engine->next_entry,
                  .vendor = board_name(engine->options.board, stray->vendor),
                  .dataset = board_name(engine->options.board, stray->dataset),
                  .date = instant_date(now),
                  .page = 1,
                  .state = QUARANTINE_OPEN,
                  .quarantined_at = now,
                  .reason_count = 1 },
        .archived = instant_date(now),
    };
    const struct archive_page page = {
        entry.info.vendor, entry.info.dataset, entry.archived, entry.info.id, 0,
    };
    struct publication publication = { 0 };
    struct board_forgotten forgotten;
    struct changes changes;
    enum err err;

    *id = 0;
    if (page.vendor.data == NULL || page.dataset.data == NULL)
        return ERR_BUSY;
    utf8_copy(entry.info.reasons[0], QUARANTINE_REASON_BYTES, stray->reason);
    TRY(doors->keep(doors->context, &page, stray->body, why));
    changes_init(&changes);
    changes_entry(&changes, &entry);
    publication.state = changes.items;
    publication.state_count = changes.count;
    if (stray->guard != NULL)
        publication.guard = *stray->guard;
    err = changes.err;
    if (err == OK)
        err = engine_put(engine, &publication, NULL, why);
    changes_fini(&changes);
    if (err != OK || publication.is_repeated)
        return err;
    *id = engine->next_entry++;
    return board_put_entry(engine->options.board, &entry.info, &forgotten);
}

static int
compare_ids(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/* The runs whose pages are wanted: of open entries, and those under way. */
static size_t
list_wanted(struct engine *engine, struct quarantine_info *page, uint64_t *out)
{
    struct poller_quarantine_page ask = { .limit = RUNS_KEPT_MAX };
    size_t entries = board_entries(engine->options.board, &ask, page);
    size_t count = 0;

    for (size_t i = 0; i < entries; i++)
        if (page[i].state == QUARANTINE_OPEN)
            out[count++] = page[i].run == 0 ? page[i].id : page[i].run;
    for (size_t i = 0; i < engine->dataset_count; i++)
        if (engine->datasets[i].live != NULL)
            out[count++] = engine->datasets[i].live->run.record.info.id;
    qsort(out, count, sizeof *out, compare_ids);
    return count;
}

void
engine_prune(struct engine *engine, struct date before)
{
    const struct engine_doors *doors = &engine->options.doors;
    struct quarantine_info *page = calloc(RUNS_KEPT_MAX, sizeof *page);
    uint64_t *keep =
        calloc(RUNS_KEPT_MAX + engine->dataset_count, sizeof *keep);

    /* What is not removed today is removed tomorrow. */
    if (page != NULL && keep != NULL) {
        const struct archive_prune prune = {
            .before = before,
            .keep = keep,
            .keep_count = list_wanted(engine, page, keep),
        };

        (void)!doors->prune(doors->context, &prune, NULL);
    }
    free(page);
    free(keep);
}
