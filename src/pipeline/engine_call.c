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

/* One that has not ended, or NULL. */
static struct live *
find_run(const struct engine *engine, uint64_t run)
{
    for (size_t i = 0; i < engine->dataset_count; i++) {
        struct live *live = engine->datasets[i].live;
        struct live *queued = engine->datasets[i].queued;

        if (live != NULL && live->release == NULL &&
            live->run.record.info.id == run)
            return live;
        if (queued != NULL && queued->run.record.info.id == run)
            return queued;
    }
    return NULL;
}

enum err
engine_cancel(struct engine *engine, struct str vendor, uint64_t run,
              struct why *why)
{
    struct run_info info;
    struct live *live;

    TRY(board_run(engine->options.board, vendor, run, &info));
    live = find_run(engine, run);
    if (live == NULL)
        return why_set(why, ERR_CONFLICT, "the run has ended");
    engine->options.doors.cancel(engine->options.doors.context, live);
    run_cancel(&live->run);
    if (!live_finish(engine, live))
        return why_set(why, engine->is_broken ? ERR_STORE : ERR_BUSY,
                       "the end of the run could not be kept yet");
    return OK;
}

/* An entry that is on disk in another state. */
static void
tell_entry(struct engine *engine, const struct quarantine_info *info)
{
    uint64_t *count = engine_open_count(engine, info);
    struct quarantine_info told;
    struct board_forgotten forgotten;

    /* The board's names last as long as it. */
    if (board_entry(engine->options.board, info->id, &told) != OK)
        return;
    if (count != NULL)
        --*count;
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

/* The run has an entry less that is open, as it is on disk; of one that is
 * under way what is in memory follows. */
static enum err
put_decided(struct engine *engine, uint64_t run, struct arena *arena,
            struct changes *changes, struct why *why)
{
    struct run_record record;
    enum err err = engine_read_run(engine, run, arena, &record, why);

    if (err == OK && record.info.open > 0) {
        record.info.open--;
        changes_run(changes, &record);
    }
    return err == ERR_NOT_FOUND ? OK : err;
}

static void
tell_decided(struct engine *engine, const struct quarantine_info *entry)
{
    const struct engine_dataset *dataset =
        engine_find(engine, entry->vendor, entry->dataset);
    struct board_forgotten forgotten;
    struct run_info info;

    if (board_run(engine->options.board, entry->vendor, entry->run, &info) !=
            OK ||
        info.open == 0)
        return;
    info.open--;
    (void)!board_put_run(engine->options.board, &info, &forgotten);
    if (dataset != NULL && dataset->live != NULL &&
        dataset->live->run.record.info.id == entry->run)
        dataset->live->run.record.info.open = info.open;
}

static enum err
discard(struct engine *engine, uint64_t id, struct arena *arena,
        struct changes *changes, struct why *why)
{
    struct quarantine_record entry;

    TRY(engine_read_entry(engine, id, arena, &entry, why));
    if (entry.info.state != QUARANTINE_OPEN)
        return why_set(why, ERR_CONFLICT, "the entry is %s already",
                       quarantine_state_name(entry.info.state));
    if (is_being_released(engine, &entry.info))
        return why_set(why, ERR_CONFLICT, "its run is being released");
    TRY(put_decided(engine, entry.info.run, arena, changes, why));
    entry.info.state = QUARANTINE_DISCARDED;
    TRY(engine_put_entry(engine, &entry, changes));
    tell_entry(engine, &entry.info);
    tell_decided(engine, &entry.info);
    return OK;
}

enum err
engine_discard(struct engine *engine, uint64_t id, struct why *why)
{
    struct changes changes;
    struct arena arena;
    enum err err;

    arena_init(&arena, STATE_BYTES_MAX);
    changes_init(&changes);
    err = discard(engine, id, &arena, &changes, why);
    changes_fini(&changes);
    arena_fini(&arena);
    return err;
}

/* Whether its guard is there; then it needs no room. */
static bool
is_known(struct engine *engine, const struct poller_stray *stray)
{
    const struct state_change *guard = stray->guard;
    struct arena arena;
    struct str value;
    enum err err;

    if (guard == NULL)
        return false;
    arena_init(&arena, STATE_BYTES_MAX);
    err = store_state_get(engine->options.store, guard->space, guard->key,
                          &arena, &value, NULL);
    arena_fini(&arena);
    return err == OK;
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
    uint64_t *count;
    enum err err;

    *id = 0;
    if (board_is_full(engine->options.board) && is_known(engine, stray))
        return OK;
    TRY(engine_has_room(engine, why));
    if (page.vendor.data == NULL || page.dataset.data == NULL)
        return ERR_BUSY;
    count = engine_open_count(engine, &entry.info);
    assert(count != NULL);
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
    ++*count;
    *id = engine->next_entry++;
    TRY(board_put_entry(engine->options.board, &entry.info, &forgotten));
    engine_forget(engine, STATE_QUARANTINE, forgotten.id);
    return OK;
}
