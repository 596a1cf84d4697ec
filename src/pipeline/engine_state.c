/* What the engine keeps in the store: written as state changes, read back at
 * its start. */
#include <assert.h>
#include <stdio.h>

#include "array.h"
#include "engine_inside.h"

/* A record or an entry as JSON, with every control character escaped. */
#define RECORD_BYTES_MAX (64UL << 10)
#define PACE_BYTES_MAX (64UL << 10)

void
changes_init(struct changes *changes)
{
    *changes = (struct changes){ .err = OK };
    arena_init(&changes->arena, STATE_BYTES_MAX);
}

void
changes_fini(struct changes *changes)
{
    arena_fini(&changes->arena);
    free(changes->items);
}

/* value.data NULL: remove the key. */
static void
add(struct changes *changes, enum state_space space, struct str key,
    struct str value)
{
    struct state_change change = { .space = space };
    struct state_change *items;

    if (changes->err != OK)
        return;
    items = array_reserve(changes->items, &changes->capacity,
                          changes->count + 1, sizeof *items);
    change.key = arena_copy(&changes->arena, key);
    if (value.data != NULL)
        change.value = arena_copy(&changes->arena, value);
    if (items != NULL)
        changes->items = items;
    if (items == NULL || change.key.data == NULL ||
        (value.data != NULL && change.value.data == NULL)) {
        changes->err = ERR_BUSY;
        return;
    }
    items[changes->count++] = change;
}

static void
add_numbered(struct changes *changes, enum state_space space, uint64_t number,
             struct out *text)
{
    char key[NUMBER_KEY_BYTES];

    number_key_put(number, key);
    if (changes->err == OK)
        changes->err = out_finish(text);
    add(changes, space, (struct str){ key, sizeof key }, out_text(text));
    out_fini(text);
}

void
changes_run(struct changes *changes, const struct run_record *record)
{
    struct out text;

    out_init(&text, RECORD_BYTES_MAX);
    run_record_put(&text, record);
    add_numbered(changes, STATE_RUNS, record->info.id, &text);
}

void
changes_entry(struct changes *changes, const struct quarantine_record *record)
{
    struct out text;

    out_init(&text, RECORD_BYTES_MAX);
    quarantine_record_put(&text, record);
    add_numbered(changes, STATE_QUARANTINE, record->info.id, &text);
}

/* vendor, 0x00, dataset */
static struct str
watermark_key(struct arena *arena, const struct engine_dataset *dataset)
{
    const struct str vendor = dataset->vendor->config->name;
    const struct str name = dataset_name_of(dataset);
    char *key = arena_alloc(arena, vendor.len + 1 + name.len);

    if (key == NULL)
        return (struct str){ NULL, 0 };
    memcpy(key, vendor.data, vendor.len);
    key[vendor.len] = '\0';
    memcpy(key + vendor.len + 1, name.data, name.len);
    return (struct str){ key, vendor.len + 1 + name.len };
}

void
changes_watermark(struct changes *changes, const struct engine_dataset *dataset,
                  const char *text)
{
    const struct str key = watermark_key(&changes->arena, dataset);

    if (key.data == NULL)
        changes->err = ERR_BUSY;
    else
        add(changes, STATE_WATERMARKS, key, str_of(text));
}

void
changes_remove(struct changes *changes, enum state_space space, uint64_t number)
{
    char key[NUMBER_KEY_BYTES];

    number_key_put(number, key);
    add(changes, space, (struct str){ key, sizeof key },
        (struct str){ NULL, 0 });
}

enum err
engine_put(struct engine *engine, struct publication *publication,
           struct complaints *complaints, struct why *why)
{
    const struct engine_doors *doors = &engine->options.doors;
    enum err err;

    if (engine->is_broken)
        return why_set(why, ERR_STORE, "the store has failed");
    err = doors->publish(doors->context, publication, complaints, why);
    if (err == ERR_STORE)
        engine->is_broken = true;
    return err;
}

enum err
engine_put_pace(struct engine *engine, struct engine_vendor *vendor,
                struct why *why)
{
    const int64_t now_us = engine_now_us(engine);
    unsigned char breaker[BREAKER_BYTES];
    struct state_change change = {
        .space = STATE_PACES,
        .key = vendor->config->name,
    };
    struct publication publication = { .state = &change, .state_count = 1 };
    struct out out;
    enum err err;

    out_init(&out, PACE_BYTES_MAX);
    breaker_encode(&vendor->breaker, now_us, breaker);
    out_bytes(&out, (const char *)breaker, sizeof breaker);
    rate_limit_encode(&vendor->limit, now_us, &out);
    err = out_finish(&out);
    change.value = out_text(&out);
    if (err == OK)
        err = engine_put(engine, &publication, NULL, why);
    out_fini(&out);
    return err;
}

static enum err
read_number(struct engine *engine, enum state_space space, uint64_t number,
            struct arena *arena, struct str *out, struct why *why)
{
    char key[NUMBER_KEY_BYTES];

    number_key_put(number, key);
    return store_state_get(engine->options.store, space,
                           (struct str){ key, sizeof key }, arena, out, why);
}

enum err
engine_read_run(struct engine *engine, uint64_t id, struct arena *arena,
                struct run_record *out, struct why *why)
{
    struct str text;

    TRY(read_number(engine, STATE_RUNS, id, arena, &text, why));
    return run_record_read(id, text, arena, out, why);
}

enum err
engine_read_entry(struct engine *engine, uint64_t id, struct arena *arena,
                  struct quarantine_record *out, struct why *why)
{
    struct str text;

    TRY(read_number(engine, STATE_QUARANTINE, id, arena, &text, why));
    return quarantine_record_read(id, text, arena, out, why);
}

void
engine_forget(struct engine *engine, enum state_space space, uint64_t id)
{
    struct publication publication = { 0 };
    struct changes changes;

    if (id == 0)
        return;
    changes_init(&changes);
    changes_remove(&changes, space, id);
    publication.state = changes.items;
    publication.state_count = changes.count;
    if (changes.err == OK)
        (void)!engine_put(engine, &publication, NULL, NULL);
    changes_fini(&changes);
}

/* Reading back. */
struct loading {
    struct engine *engine;
    struct arena arena; /* of one record */
    struct changes *changes;
    enum err err;
    struct why *why;
};

/* Names of one record, kept as long as the board. */
static enum err
keep_names(struct loading *loading, struct str *vendor, struct str *dataset)
{
    struct board *board = loading->engine->options.board;

    *vendor = board_name(board, *vendor);
    *dataset = board_name(board, *dataset);
    return vendor->data == NULL || dataset->data == NULL ? ERR_BUSY : OK;
}

bool
engine_is_called_off(const struct run_info *info)
{
    return info->state == RUN_CANCELLED && info->started_at.us == 0;
}

void
engine_learn_end(struct engine_dataset *dataset,
                 const struct run_record *record)
{
    const struct run_info *info = &record->info;

    if (engine_is_called_off(info))
        return;
    if (info->id >= dataset->last_ended) {
        dataset->has_ended = true;
        dataset->last_ended = info->id;
        dataset->last_end = info->state;
    }
    if (!run_state_is_good(info->state))
        return;
    if (dataset->stats.last_success.us < info->finished_at.us)
        dataset->stats.last_success = info->finished_at;
}

/* What a run that has ended says of its dataset. */
static void
load_end(struct engine_dataset *dataset, const struct run_record *record)
{
    engine_learn_end(dataset, record);
    if (run_state_is_good(record->info.state) && !record->is_by_range)
        dataset->vendor->moved = dataset;
}

/* It cannot go on. */
static void
give_up(struct loading *loading, struct run_record *record, const char *error)
{
    const struct engine_doors *doors = &loading->engine->options.doors;

    record->info.state = RUN_FAILED;
    record->info.finished_at = engine_now(loading->engine);
    (void)snprintf(record->info.error, RUN_ERROR_BYTES, "%s", error);
    changes_run(loading->changes, record);
    doors->ended(doors->context, &record->info);
}

/* Runs come by their numbers: the older one is under way, the other behind it.
 */
static enum err
load_live(struct engine_dataset *dataset, const struct run_record *record)
{
    struct live **place =
        dataset->live == NULL ? &dataset->live : &dataset->queued;

    *place = live_new(dataset, record);
    return *place == NULL ? ERR_BUSY : OK;
}

static enum err
load_run(struct loading *loading, struct run_record *record)
{
    struct engine *engine = loading->engine;
    struct engine_dataset *dataset;
    struct board_forgotten forgotten;

    TRY(keep_names(loading, &record->info.vendor, &record->info.dataset));
    dataset = engine_find(engine, record->info.vendor, record->info.dataset);
    if (record->info.id >= engine->next_run)
        engine->next_run = record->info.id + 1;
    if (dataset != NULL && record->info.started_at.us != 0)
        dataset->vendor->last_run = record->info.id;
    if (run_state_is_end(record->info.state)) {
        if (dataset != NULL)
            load_end(dataset, record);
    } else if (dataset == NULL) {
        give_up(loading, record, "its dataset is not configured any more");
    } else if (dataset->queued != NULL) {
        give_up(loading, record, "its dataset has older runs under way");
    } else {
        TRY(load_live(dataset, record));
    }
    TRY(board_put_run(engine->options.board, &record->info, &forgotten));
    if (forgotten.id != 0)
        changes_remove(loading->changes, STATE_RUNS, forgotten.id);
    return OK;
}

static enum visit
visit_run(void *context, struct str key, struct str value)
{
    struct loading *loading = context;
    struct run_record record;

    arena_reset(&loading->arena);
    loading->err = run_record_read_kept(key, value, &loading->arena, &record,
                                        loading->why);
    if (loading->err == OK)
        loading->err = load_run(loading, &record);
    return loading->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
load_entry(struct loading *loading, struct quarantine_record *record)
{
    struct engine *engine = loading->engine;
    struct quarantine_info *info = &record->info;
    struct board_forgotten forgotten;
    uint64_t *count;

    TRY(keep_names(loading, &info->vendor, &info->dataset));
    count = engine_open_count(engine, info);
    if (info->id >= engine->next_entry)
        engine->next_entry = info->id + 1;
    if (count != NULL && info->state == QUARANTINE_OPEN)
        ++*count;
    TRY(board_put_entry(engine->options.board, info, &forgotten));
    if (forgotten.id != 0)
        changes_remove(loading->changes, STATE_QUARANTINE, forgotten.id);
    return OK;
}

static enum visit
visit_entry(void *context, struct str key, struct str value)
{
    struct loading *loading = context;
    struct quarantine_record record;
    uint64_t id;

    arena_reset(&loading->arena);
    loading->err = number_key_read(key, &id)
                       ? quarantine_record_read(id, value, &loading->arena,
                                                &record, loading->why)
                       : why_set(loading->why, ERR_STORE,
                                 "a key of quarantine is damaged");
    if (loading->err == OK)
        loading->err = load_entry(loading, &record);
    return loading->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum visit
visit_watermark(void *context, struct str key, struct str value)
{
    struct loading *loading = context;
    const char *end = memchr(key.data, '\0', key.len);
    struct engine_dataset *dataset;
    struct str vendor, name;

    if (end == NULL || value.len >= WATERMARK_BYTES) {
        loading->err =
            why_set(loading->why, ERR_STORE, "a watermark is damaged");
        return VISIT_STOP;
    }
    vendor = (struct str){ key.data, (size_t)(end - key.data) };
    name = (struct str){ end + 1, key.len - vendor.len - 1 };
    dataset = engine_find(loading->engine, vendor, name);
    if (dataset != NULL) {
        memcpy(dataset->watermark, value.data, value.len);
        dataset->watermark[value.len] = '\0';
    }
    return VISIT_NEXT;
}

/* What is damaged costs a wait, no more: it is logged by nobody. */
static enum visit
visit_pace(void *context, struct str key, struct str value)
{
    struct loading *loading = context;
    struct engine *engine = loading->engine;
    const int64_t now_us = engine_now_us(engine);

    for (size_t i = 0; i < engine->vendor_count; i++) {
        struct engine_vendor *vendor = &engine->vendors[i];
        struct str breaker = value, limit = value;

        if (!str_equal(vendor->config->name, key))
            continue;
        if (value.len > BREAKER_BYTES)
            breaker.len = BREAKER_BYTES;
        limit.data += breaker.len;
        limit.len -= breaker.len;
        (void)!breaker_decode(breaker, now_us, &vendor->breaker, NULL);
        (void)!rate_limit_decode(&vendor->limit, limit, now_us, NULL);
    }
    return VISIT_NEXT;
}

static enum err
load_spaces(struct loading *loading)
{
    static const struct {
        enum state_space space;
        state_visitor *visitor;
    } spaces[] = {
        { STATE_WATERMARKS, visit_watermark },
        { STATE_PACES, visit_pace },
        { STATE_RUNS, visit_run },
        { STATE_QUARANTINE, visit_entry },
    };

    for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        TRY(store_state_scan(loading->engine->options.store, spaces[i].space,
                             spaces[i].visitor, loading, loading->why));
        TRY(loading->err);
    }
    return loading->changes->err;
}

enum err
engine_load(struct engine *engine, struct why *why)
{
    struct changes changes;
    struct loading loading = {
        .engine = engine,
        .changes = &changes,
        .why = why,
    };
    struct publication publication = { 0 };
    enum err err;

    engine->next_run = engine->next_entry = 1;
    changes_init(&changes);
    arena_init(&loading.arena, STATE_BYTES_MAX);
    err = load_spaces(&loading);
    publication.state = changes.items;
    publication.state_count = changes.count;
    if (err == OK && changes.count > 0)
        err = engine_put(engine, &publication, NULL, why);
    arena_fini(&loading.arena);
    changes_fini(&changes);
    return err;
}
