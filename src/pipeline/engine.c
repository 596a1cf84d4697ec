/* The engine's turn: schedules, a step of each run, what readers are told. */
#include "engine.h"

#include <assert.h>
#include <stdlib.h>

#include "engine_inside.h"

#define ENGINE_BYTES_MAX (16UL << 20)

/* Between turns: so that what readers see of tokens is hardly old while there
 * is something to see, and a wall clock that was set is noticed. */
#define TURN_US_BUSY INT64_C(1000000)
#define TURN_US_IDLE INT64_C(60000000)

int64_t
engine_now_us(struct engine *engine)
{
    return engine->options.doors.monotonic_us(engine->options.doors.context);
}

struct instant
engine_now(struct engine *engine)
{
    return engine->options.doors.now(engine->options.doors.context);
}

void
engine_want(struct engine *engine, int64_t at_us)
{
    if (at_us < engine->wake_us)
        engine->wake_us = at_us;
}

struct str
dataset_name_of(const struct engine_dataset *dataset)
{
    return str_of(dataset->config->shape->name);
}

struct engine_dataset *
engine_find(struct engine *engine, struct str vendor, struct str dataset)
{
    for (size_t i = 0; i < engine->dataset_count; i++) {
        struct engine_dataset *one = &engine->datasets[i];

        if (str_equal(one->vendor->config->name, vendor) &&
            str_equal(dataset_name_of(one), dataset))
            return one;
    }
    return NULL;
}

uint64_t *
engine_open_count(struct engine *engine, const struct quarantine_info *entry)
{
    struct engine_dataset *dataset =
        engine_find(engine, entry->vendor, entry->dataset);

    if (entry->run != 0)
        return dataset == NULL ? NULL : &dataset->stats.quarantine_open;
    for (size_t i = 0; i < engine->vendor_count; i++)
        if (str_equal(engine->vendors[i].config->name, entry->vendor))
            return &engine->vendors[i].stats.strays_open;
    return NULL;
}

enum err
engine_has_room(const struct engine *engine, struct why *why)
{
    if (!board_is_full(engine->options.board))
        return OK;
    return why_set(why, ERR_FULL,
                   "%d entries of quarantine are open: some must be released "
                   "or discarded first",
                   QUARANTINE_OPEN_MAX);
}

static enum err
make_vendors(struct engine *engine, struct why *why)
{
    const struct vendors_config *config = engine->options.config;

    engine->vendors = arena_zalloc(&engine->arena, config->count + 1,
                                   sizeof *engine->vendors);
    if (engine->vendors == NULL)
        return why_set(why, ERR_BUSY, "no memory for the vendors");
    for (uint32_t i = 0; i < config->count; i++) {
        const struct vendor_config *vendor = &config->vendors[i];
        struct engine_vendor *made = &engine->vendors[i];

        *made = (struct engine_vendor){
            .config = vendor,
            .adapter = vendor_find(str_of(vendor->adapter->name)),
            .key = engine->options.keys[i],
            .stats = { .vendor = vendor->name },
        };
        assert(made->adapter != NULL);
        TRY(rate_limit_init(&made->limit, vendor->requests_per_minute,
                            vendor->burst));
        engine->vendor_count++;
    }
    return OK;
}

static struct engine_vendor *
vendor_of(struct engine *engine, const struct dataset_node *node)
{
    const struct vendor_config *first = engine->options.config->vendors;

    return &engine->vendors[node->vendor - first];
}

/* What a dataset comes after where nothing is configured. */
static const char *
default_upstream(struct str name)
{
    if (str_equal(name, STR("trades")))
        return "tickers";
    if (str_equal(name, STR("open-close")))
        return "trades";
    return NULL;
}

/* Whether a dataset waits for another one, in the end. */
static bool
reaches(const struct engine *engine, size_t from, size_t to)
{
    const struct engine_dataset *dataset = &engine->datasets[from];

    if (from == to)
        return true;
    for (size_t i = 0; i < engine->dataset_count; i++)
        if (dataset->is_upstream[i] && reaches(engine, i, to))
            return true;
    return false;
}

/* Whether a dataset waits for another by default: one of its own vendor's,
 * else any vendor's. Never where that one waits for it. */
static bool
is_default_upstream(const struct engine *engine, size_t d, size_t u)
{
    const struct engine_dataset *dataset = &engine->datasets[d];
    const struct engine_dataset *upstream = &engine->datasets[u];
    const char *wanted = default_upstream(dataset_name_of(dataset));

    if (wanted == NULL || dataset->after != DATASET_NONE)
        return false;
    if (!str_equal(dataset_name_of(upstream), str_of(wanted)))
        return false;
    for (size_t i = 0; i < engine->dataset_count; i++) {
        const struct engine_dataset *other = &engine->datasets[i];

        if (other->vendor == dataset->vendor &&
            upstream->vendor != dataset->vendor &&
            str_equal(dataset_name_of(other), str_of(wanted)))
            return false;
    }
    return !reaches(engine, u, d);
}

static enum err
link_datasets(struct engine *engine)
{
    for (size_t d = 0; d < engine->dataset_count; d++) {
        struct engine_dataset *dataset = &engine->datasets[d];

        dataset->is_upstream =
            arena_zalloc(&engine->arena, engine->dataset_count, sizeof(bool));
        if (dataset->is_upstream == NULL)
            return ERR_BUSY;
        if (dataset->after != DATASET_NONE)
            dataset->is_upstream[dataset->after] = true;
    }
    for (size_t d = 0; d < engine->dataset_count; d++)
        for (size_t u = 0; u < engine->dataset_count; u++)
            if (is_default_upstream(engine, d, u))
                engine->datasets[d].is_upstream[u] = true;
    return OK;
}

static enum err
make_datasets(struct engine *engine, struct why *why)
{
    struct dataset_graph graph;
    const struct instant now = engine_now(engine);

    TRY(dataset_graph_make(engine->options.config, &engine->arena, &graph,
                           why));
    if (graph.count > POLLED_DATASETS_MAX)
        return why_set(why, ERR_INVALID, "there are over %d datasets",
                       POLLED_DATASETS_MAX);
    engine->datasets =
        arena_zalloc(&engine->arena, graph.count + 1, sizeof *engine->datasets);
    if (engine->datasets == NULL)
        return why_set(why, ERR_BUSY, "no memory for the datasets");
    for (size_t i = 0; i < graph.count; i++) {
        const struct dataset_node *node = &graph.nodes[i];
        struct engine_dataset *made = &engine->datasets[i];

        made->vendor = vendor_of(engine, node);
        made->config = node->dataset;
        made->shape = vendor_dataset(made->vendor->adapter,
                                     str_of(node->dataset->shape->name));
        assert(made->shape != NULL);
        made->after = node->after;
        made->stats.vendor = node->vendor->name;
        made->stats.dataset = dataset_name_of(made);
        made->has_schedule = node->dataset->at_minute != AT_NONE;
        if (made->has_schedule)
            schedule_init(&made->schedule, node->dataset->at_minute, now);
        engine->has_listing |= made->shape->brings == BRINGS_LISTING;
        engine->dataset_count++;
    }
    return link_datasets(engine);
}

enum err
engine_new(const struct engine_options *options, struct engine **out,
           struct why *why)
{
    struct engine *engine = calloc(1, sizeof *engine);
    enum err err;

    assert(options->config->count <= VENDORS_MAX);

    if (engine == NULL)
        return why_set(why, ERR_BUSY, "no memory for the poller");
    engine->options = *options;
    arena_init(&engine->arena, ENGINE_BYTES_MAX);
    err = make_vendors(engine, why);
    if (err == OK)
        err = make_datasets(engine, why);
    if (err == OK)
        err = engine_load(engine, why);
    if (err != OK) {
        engine_free(engine);
        return err;
    }
    engine_tell_all(engine);
    *out = engine;
    return OK;
}

void
engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    for (size_t i = 0; i < engine->dataset_count; i++) {
        live_free(engine->datasets[i].live);
        live_free(engine->datasets[i].queued);
    }
    for (size_t i = 0; i < engine->vendor_count; i++)
        rate_limit_fini(&engine->vendors[i].limit);
    arena_fini(&engine->arena);
    free(engine);
}

void
engine_rest(struct engine *engine)
{
    const int64_t now_us = engine_now_us(engine);

    for (size_t i = 0; i < engine->vendor_count; i++) {
        struct engine_vendor *vendor = &engine->vendors[i];

        if (rate_limit_held_us(&vendor->limit, now_us) > 0)
            (void)!engine_put_pace(engine, vendor, NULL);
    }
}

/* What was asked by the clock, or came while another run was under way. */
static void
begin_due(struct engine *engine, struct engine_dataset *dataset)
{
    if (dataset->has_schedule) {
        if (schedule_take(&dataset->schedule, engine_now(engine)))
            dataset->is_wanted = true;
        engine_want(engine, engine_now_us(engine) + dataset->schedule.next.us -
                                engine_now(engine).us);
    }
    if (!dataset->is_wanted || dataset->live != NULL)
        return;
    if (engine_begin(engine, dataset, NULL, NULL) == OK)
        dataset->is_wanted = false;
    else
        engine_want(engine, engine_now_us(engine) + STALL_US);
}

/* Once a day: pages that nobody can want any more. */
static void
prune(struct engine *engine)
{
    const struct date today = instant_date(engine_now(engine));

    if (engine->pruned.days == today.days)
        return;
    engine->pruned = today;
    engine_prune(engine, (struct date){ today.days - ARCHIVE_KEPT_DAYS });
}

static int64_t
longest_wait(struct engine *engine, int64_t now_us)
{
    for (size_t i = 0; i < engine->vendor_count; i++) {
        struct rate_limit *limit = &engine->vendors[i].limit;

        if (rate_limit_tokens_left(limit, now_us) < limit->per_minute)
            return TURN_US_BUSY;
    }
    return TURN_US_IDLE;
}

int64_t
engine_turn(struct engine *engine)
{
    bool is_moving = false;
    int64_t now_us = engine_now_us(engine);

    engine->wake_us = now_us + longest_wait(engine, now_us);
    if (engine->is_broken) {
        engine_break_off(engine, ERR_STORE, "the store has failed");
        return TURN_US_IDLE;
    }
    prune(engine);
    for (size_t i = 0; i < engine->dataset_count; i++)
        begin_due(engine, &engine->datasets[i]);
    for (size_t i = 0; i < engine->dataset_count; i++) {
        struct live *live = engine->datasets[i].live;

        if (live != NULL && live_step(engine, live))
            is_moving = true;
    }
    engine_tell_all(engine);
    now_us = engine_now_us(engine);
    if (is_moving || engine->wake_us <= now_us)
        return 0;
    return engine->wake_us - now_us;
}

/* About when a run that goes through a list ends, by its pace so far. */
static struct instant
estimate(struct engine *engine, const struct live *live)
{
    const struct run_info *info = &live->run.record.info;
    const uint64_t done = info->done - live->done_before;
    const uint64_t left = info->total - info->done;
    struct instant now = engine_now(engine);
    double each_us = (double)live->dataset->vendor->limit.interval_us;

    if (done > 0)
        each_us =
            (double)(engine_now_us(engine) - live->went_on_us) / (double)done;
    now.us += (int64_t)(each_us * (double)left);
    return now;
}

void
engine_tell(struct engine *engine, const struct live *live)
{
    struct run_info info = live->run.record.info;
    struct board_forgotten forgotten;

    if (info.state == RUN_RUNNING && live->run.shape.is_list &&
        info.total > info.done && info.done >= live->done_before)
        info.estimated_end = estimate(engine, live);
    if (board_put_run(engine->options.board, &info, &forgotten) == OK)
        engine_forget(engine, STATE_RUNS, forgotten.id);
}

/* The next time of its datasets. */
static struct instant
next_run_at(const struct engine *engine, const struct engine_vendor *vendor)
{
    struct instant next = { 0 };

    for (size_t i = 0; i < engine->dataset_count; i++) {
        const struct engine_dataset *dataset = &engine->datasets[i];

        if (dataset->vendor != vendor || !dataset->has_schedule)
            continue;
        if (next.us == 0 || dataset->schedule.next.us < next.us)
            next = dataset->schedule.next;
    }
    return next;
}

static enum poller_vendor_state
state_of(const struct engine *engine, const struct engine_vendor *vendor)
{
    enum poller_vendor_state state = VENDOR_IDLE;

    for (size_t i = 0; i < engine->dataset_count; i++) {
        const struct engine_dataset *dataset = &engine->datasets[i];

        if (dataset->vendor != vendor || dataset->live == NULL)
            continue;
        if (dataset->live->run.is_backing_off)
            return VENDOR_BACKING_OFF;
        if (dataset->live->release != NULL ||
            dataset->live->run.record.info.state == RUN_RUNNING)
            state = VENDOR_RUNNING;
    }
    return state;
}

void
engine_tell_all(struct engine *engine)
{
    struct poller_vendor vendors[VENDORS_MAX];
    struct poller_stats stats = { 0 };
    int64_t now_us = engine_now_us(engine);

    for (size_t i = 0; i < engine->vendor_count; i++) {
        struct engine_vendor *vendor = &engine->vendors[i];

        vendors[i] = (struct poller_vendor){
            .name = vendor->config->name,
            .adapter = str_of(vendor->adapter->name),
            .state = state_of(engine, vendor),
            .last_run = vendor->last_run,
            .next_run_at = next_run_at(engine, vendor),
            .tokens_left = rate_limit_tokens_left(&vendor->limit, now_us),
            .consecutive_failures = vendor->breaker.failures,
            .breaker = breaker_state_name(vendor->breaker.state),
        };
        if (vendor->moved != NULL)
            memcpy(vendors[i].watermark, vendor->moved->watermark,
                   WATERMARK_BYTES);
        stats.vendors[stats.vendor_count++] = vendor->stats;
    }
    for (size_t i = 0; i < engine->dataset_count; i++)
        stats.datasets[stats.dataset_count++] = engine->datasets[i].stats;
    board_put_vendors(engine->options.board, vendors, engine->vendor_count);
    board_put_stats(engine->options.board, &stats);
}
