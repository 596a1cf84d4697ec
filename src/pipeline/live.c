/* A run's steps carried out, up to the page that is read. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine_inside.h"
#include "live_commit.h"
#include "secmaster/url.h"
#include "secmaster/utf8.h"

#define COMPLAINTS_BYTES_MAX (1UL << 20)

/* A reason before it is cut to what is kept. */
#define LIVE_REASON_BYTES_MAX (2 * QUARANTINE_REASON_BYTES)

static struct run_shape
shape_of(const struct engine_dataset *dataset)
{
    const struct vendor_config *config = dataset->vendor->config;
    const enum vendor_brings brings = dataset->shape->brings;

    return (struct run_shape){
        .is_whole = brings == BRINGS_LISTING || brings == BRINGS_SPLITS,
        .is_list = dataset->shape->shape.has_universe,
        .has_links = dataset->shape->paging == PAGING_LINK,
        .backoff = { config->retry_initial_seconds * INT64_C(1000000),
                     config->retry_max_seconds * INT64_C(1000000) },
    };
}

struct live *
live_new(struct engine_dataset *dataset, const struct run_record *record)
{
    const struct run_shape shape = shape_of(dataset);
    struct live *live = calloc(1, sizeof *live);

    if (live == NULL)
        return NULL;
    live->dataset = dataset;
    live->has_heard = record->info.done > 0;
    run_begin(&live->run, record, &shape);
    arena_init(&live->plan_arena, RUN_PLAN_BYTES_MAX);
    arena_init(&live->arena, COMPLAINTS_BYTES_MAX);
    out_init(&live->asked, URL_BYTES_MAX);
    out_init(&live->next, URL_BYTES_MAX);
    out_init(&live->elsewhere, URL_BYTES_MAX);
    out_init(&live->body, VENDOR_BODY_BYTES_MAX);
    listing_init(&live->listing);
    return live;
}

void
live_free(struct live *live)
{
    if (live == NULL)
        return;
    release_free(live->release);
    live_drop_page(live);
    batch_free(live->facts);
    listing_fini(&live->listing);
    out_fini(&live->body);
    live_forget_elsewhere(live);
    out_fini(&live->elsewhere);
    out_fini(&live->next);
    out_fini(&live->asked);
    arena_fini(&live->arena);
    arena_fini(&live->plan_arena);
    free(live);
}

/* There may be a key in it, as the vendor repeats what it was asked. */
void
live_forget_elsewhere(struct live *live)
{
    if (live->elsewhere.data != NULL)
        explicit_bzero(live->elsewhere.data, live->elsewhere.len);
    out_reset(&live->elsewhere);
    live->redirects = 0;
}

void
live_drop_page(struct live *live)
{
    bar_batch_free(live->bars);
    trade_batch_free(live->trades);
    live->bars = NULL;
    live->trades = NULL;
    arena_reset(&live->arena);
    complaints_init(&live->complaints, &live->arena);
    live->entry.reason_count = 0;
}

void
live_reason(struct live *live, const char *format, ...)
{
    struct quarantine_info *entry = &live->entry;
    char text[LIVE_REASON_BYTES_MAX];
    va_list args;

    if (entry->reason_count == QUARANTINE_REASONS_MAX)
        return;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Vendors' own words are in it, and it must be read back from JSON. */
    utf8_copy(entry->reasons[entry->reason_count++], QUARANTINE_REASON_BYTES,
              text);
}

void
live_complaints(struct live *live)
{
    const struct complaints *complaints = &live->complaints;
    uint64_t told = 0;

    while (told < complaints->listed &&
           live->entry.reason_count < QUARANTINE_REASONS_MAX - 1) {
        const struct complaint *one = &complaints->items[told++];
        const bool is_placed = one->pointer != NULL && one->pointer[0] != '\0';

        live_reason(live, "%s%s%s", is_placed ? one->pointer : "",
                    is_placed ? ": " : "", one->detail);
    }
    if (complaints->total > told)
        live_reason(live, "and %llu more",
                    (unsigned long long)(complaints->total - told));
}

/* Not now: the store or the disk could not take it. */
static bool
stall(struct engine *engine, struct live *live)
{
    live->stalled_until_us = engine_now_us(engine) + STALL_US;
    engine_want(engine, live->stalled_until_us);
    return false;
}

/* With the words there are. */
static void
fail(struct live *live, const struct why *why, const char *otherwise)
{
    run_fail(&live->run, why->text[0] == '\0' ? otherwise : why->text);
}

/* The vendor has no part in it: its breaker does not count this failure. */
static void
fail_by_us(struct live *live, const struct why *why, const char *otherwise)
{
    live->is_our_fault = true;
    fail(live, why, otherwise);
}

/* What the ends of those mean that it comes after. */
static enum dataset_turn
upstream_turn(const struct engine *engine, const struct engine_dataset *dataset)
{
    enum dataset_turn turn = TURN_NOW;

    for (size_t i = 0; i < engine->dataset_count; i++) {
        const struct engine_dataset *upstream = &engine->datasets[i];
        enum dataset_turn one = TURN_NOW;

        if (!dataset->is_upstream[i])
            continue;
        if (upstream->live != NULL)
            one = TURN_WAITS;
        else if (upstream->has_ended)
            one = dataset_turn_after(upstream->last_end);
        if (one == TURN_WAITS)
            return one;
        if (one == TURN_NEVER)
            turn = one;
    }
    return turn;
}

static enum err
make_plan(struct engine *engine, struct live *live, struct why *why)
{
    const struct engine_dataset *dataset = live->dataset;
    const struct dataset_config *config = dataset->config;
    const struct run_record *record = &live->run.record;
    struct plan_wish wish = {
        .universe = config->universe,
        .listed = { config->tickers, config->ticker_count },
        .from = record->info.from,
        .to = record->info.to,
        .asked_to = VENDOR_NO_DAY,
        .source = dataset->vendor->config->name,
        .is_borne_only =
            engine->has_listing && config->universe != UNIVERSE_ALL,
    };
    struct view view;
    enum err err;

    arena_reset(&live->plan_arena); /* of an earlier try */
    if (!record->is_by_range)
        (void)!date_parse(str_of(dataset->watermark), &wish.asked_to);
    TRY(store_view_begin(engine->options.store, record->known_tx, &view, why));
    err = plan_make(&wish, &view, &live->plan_arena, &live->plan, why);
    store_view_end(&view);
    return err;
}

/* Those who wait are let through, in order, when what they wait for has
 * ended. */
static bool
may_begin(struct engine *engine, struct live *live)
{
    struct engine_vendor *vendor = live->dataset->vendor;
    const int64_t now_us = engine_now_us(engine);
    int64_t wait_us;

    if (live->has_begun)
        return true;
    if (live->run.record.info.started_at.us == 0) {
        enum dataset_turn turn = upstream_turn(engine, live->dataset);

        if (turn == TURN_NEVER)
            run_fail(&live->run, RUN_ERROR_UPSTREAM);
        if (turn != TURN_NOW)
            return false;
    }
    wait_us = breaker_begin(&vendor->breaker, now_us);
    if (wait_us > 0) {
        engine_want(engine, now_us + wait_us);
        return false;
    }
    live->has_begun = true;
    return true;
}

static bool
step_plan(struct engine *engine, struct live *live)
{
    struct why why = { "" };
    struct run_plan plan;
    enum err err = OK;
    struct run before;

    if (!may_begin(engine, live))
        return live->run.step == RUN_STEP_FINISH;
    before = live->run;
    live_scope(engine, live);
    if (live->run.shape.is_list)
        err = make_plan(engine, live, &why);
    if (err == OK)
        err = live_plan_known(live, &plan);
    if (err == ERR_BUSY || err == ERR_STORE) {
        live->run = before;
        return stall(engine, live);
    }
    if (err != OK) {
        fail_by_us(live, &why, "there is too much to ask for");
        return true;
    }
    run_planned(&live->run, &plan);
    live->is_our_fault = live->run.end == RUN_FAILED;
    if (live_put(engine, live) != OK) {
        live->run = before;
        return stall(engine, live);
    }
    live->went_on_us = engine_now_us(engine);
    live->done_before = live->run.record.info.done;
    live->dataset->vendor->last_run = live->run.record.info.id;
    return true;
}

static bool
step_recall(struct engine *engine, struct live *live)
{
    const struct engine_doors *doors = &engine->options.doors;
    const struct archive_page page = live_page(live);
    struct why why;
    enum err err;

    out_reset(&live->body);
    err = doors->recall(doors->context, &page, &live->body, &why);
    live->status = 200;
    live->content_type[0] = '\0';
    /* One that is damaged is asked for again, and replaced. */
    if (err == ERR_BUSY)
        return stall(engine, live);
    if (err == OK)
        err = live_compose(live);
    run_recalled(&live->run, err == OK);
    return true;
}

/* Whether another run of the vendor has waited for longer: runs take turns, so
 * that a backfill of days holds up nobody. That one then takes the token, or
 * knows when there is one. */
static bool
is_behind(struct engine *engine, const struct live *live)
{
    const struct engine_dataset *dataset = live->dataset;
    const int64_t now_us = engine_now_us(engine);

    for (size_t i = 0; i < engine->dataset_count; i++) {
        const struct engine_dataset *one = &engine->datasets[i];
        const struct live *other = one->live;

        if (other == NULL || one->vendor != dataset->vendor ||
            other->run.step != RUN_STEP_FETCH ||
            other->run.not_before_us > now_us ||
            other->stalled_until_us > now_us)
            continue;
        if (one->last_request < dataset->last_request)
            return true;
    }
    return false;
}

/* When a request may go: 0: now, with a token taken. */
static int64_t
wait_for_token(struct engine *engine, struct live *live)
{
    struct engine_vendor *vendor = live->dataset->vendor;
    const int64_t now_us = engine_now_us(engine);
    const int64_t at_us = live->run.not_before_us;

    if (at_us > now_us)
        return at_us - now_us;
    return rate_limit_take(&vendor->limit, now_us);
}

/* With the key, which goes nowhere else. */
static enum err
send(struct engine *engine, struct live *live, struct why *why)
{
    const struct engine_doors *doors = &engine->options.doors;
    const struct engine_vendor *vendor = live->dataset->vendor;
    struct fetch fetch = {
        .bearer = vendor->adapter->key == KEY_BEARER ? vendor->key.data : NULL,
        .timeout_ms = (int)vendor->config->timeout_seconds * 1000,
        .body_bytes_max = VENDOR_BODY_BYTES_MAX,
        .is_single = true, /* each redirect waits for its own token */
        .context = live,
    };
    struct out url;
    enum err err;

    out_init(&url, URL_BYTES_MAX);
    /* All at once: what it would grow out of is freed with the key in it. */
    (void)out_grow(&url, URL_BYTES_MAX);
    out_str(&url,
            out_text(live->redirects > 0 ? &live->elsewhere : &live->asked));
    if (vendor->key.data != NULL && live->redirects == 0)
        vendor_key_put(vendor->adapter, vendor->key, &url);
    out_char(&url, '\0');
    err = out_finish(&url);
    fetch.url = url.data;
    if (err == OK)
        err = doors->fetch(doors->context, &fetch, why);
    if (url.data != NULL)
        explicit_bzero(url.data, url.len);
    out_fini(&url);
    return err;
}

static bool
step_fetch(struct engine *engine, struct live *live)
{
    struct why why = { "" };
    int64_t wait_us;
    enum err err;

    if (live->run.page >= RUN_PAGES_MAX && !live->run.shape.is_list) {
        run_fail(&live->run, "there are too many pages");
        return true;
    }
    if (is_behind(engine, live))
        return false;
    err = live_compose(live);
    wait_us = err == OK ? wait_for_token(engine, live) : 0;
    if (wait_us > 0) {
        engine_want(engine, engine_now_us(engine) + wait_us);
        return false;
    }
    if (err == OK && engine_put_pace(engine, live->dataset->vendor, &why) != OK)
        return stall(engine, live);
    if (err == OK)
        err = send(engine, live, &why);
    if (err == ERR_BUSY)
        return stall(engine, live);
    if (err != OK) {
        fail_by_us(live, &why, "the request cannot be made");
        return true;
    }
    live->dataset->last_request = ++engine->requests;
    run_sent(&live->run);
    return true;
}

static bool
step_archive(struct engine *engine, struct live *live)
{
    const struct engine_doors *doors = &engine->options.doors;
    const struct archive_page page = live_page(live);

    if (doors->keep(doors->context, &page, out_text(&live->body), NULL) != OK)
        return stall(engine, live);
    run_archived(&live->run);
    return true;
}

/* The page at hand cannot be used, or not now. */
static bool
take_no_page(struct engine *engine, struct live *live, enum err err,
             const struct why *why)
{
    if (err == ERR_BUSY)
        return stall(engine, live);
    if (err == ERR_STORE)
        fail_by_us(live, why, "the store is damaged");
    else
        fail(live, why, "the answer cannot be used");
    return true;
}

static bool
step_read(struct engine *engine, struct live *live)
{
    struct run_reading reading = { .verdict = RUN_PAGE_GOOD };
    struct why why = { "" };
    enum err err = live_read(engine, live, &reading, &why);

    if (err != OK)
        return take_no_page(engine, live, err, &why);
    run_read(&live->run, &reading);
    return true;
}

/* Since a listing was read another one, or a request, may have brought in whom
 * it takes for new: it is judged again by what is known now. */
static bool
step_publish(struct engine *engine, struct live *live)
{
    struct why why = { "" };
    enum err err = OK;

    if (live->run.shape.is_whole &&
        live->judged_tx != store_newest(engine->options.store))
        err = live_whole(engine, live, true, &why);
    if (err != OK)
        return take_no_page(engine, live, err, &why);
    if (live->complaints.total == 0)
        return live_publish(engine, live) || stall(engine, live);
    live_complaints(live);
    run_refused(&live->run);
    return true;
}

bool
live_step(struct engine *engine, struct live *live)
{
    if (live->release != NULL) {
        release_step(engine, live);
        return true;
    }
    if (live->stalled_until_us > engine_now_us(engine)) {
        engine_want(engine, live->stalled_until_us);
        return false;
    }
    switch (live->run.step) {
    case RUN_STEP_PLAN:
        return step_plan(engine, live);
    case RUN_STEP_RECALL:
        return step_recall(engine, live);
    case RUN_STEP_FETCH:
        return step_fetch(engine, live);
    case RUN_STEP_WAIT:
        return false;
    case RUN_STEP_ARCHIVE:
        return step_archive(engine, live);
    case RUN_STEP_READ:
        return step_read(engine, live);
    case RUN_STEP_PUBLISH:
        return step_publish(engine, live);
    case RUN_STEP_QUARANTINE:
        return live_quarantine(engine, live) || stall(engine, live);
    case RUN_STEP_FINISH:
        return live_finish(engine, live) || stall(engine, live);
    case RUN_STEP_OVER:
        break;
    }
    assert(false);
    return false;
}
