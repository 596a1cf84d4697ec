/* What a run asks for: of which days, since when, page by page. */
#include <assert.h>
#include <stdlib.h>

#include "live_commit.h"
#include "secmaster/xxh64.h"

/* A listing says what is so on one day: today, or the first one asked for. */
static void
scope_listing(struct run_info *info, struct date today)
{
    if (info->has_range)
        return;
    info->has_range = true;
    info->from = info->to = today;
}

/* The days up to yesterday, whose bars are whole: those that were not asked
 * yet, and a few that were, for what was missing. */
static void
scope_bars(struct run_info *info, const struct engine_dataset *dataset,
           struct date today)
{
    struct date asked_to;

    if (info->has_range)
        return;
    info->has_range = true;
    info->to.days = today.days - 1;
    info->from.days = info->to.days - BAR_DAYS_AGAIN + 1;
    if (date_parse(str_of(dataset->watermark), &asked_to) == OK &&
        asked_to.days + 1 < info->from.days)
        info->from.days = asked_to.days + 1;
}

/* What has changed since, with an overlap; the first time some days back. */
static void
scope_since(struct run_record *record, const struct engine_dataset *dataset,
            struct date today)
{
    const int64_t seconds_a_day = 86400;
    int64_t since = strtoll(dataset->watermark, NULL, 10);

    if (since > 0)
        since -= UPDATED_OVERLAP_SECONDS;
    else
        since = (today.days - (int64_t)dataset->config->lookback_days) *
                seconds_a_day;
    record->updated_since = since > 0 ? since : 1;
}

static void
scope_range(struct run_info *info, const struct engine_dataset *dataset,
            struct date today)
{
    if (info->has_range || dataset->shape->days == DAYS_ALL)
        return;
    info->has_range = true;
    info->to = today;
    if (date_parse(str_of(dataset->watermark), &info->from) != OK)
        info->from.days = today.days - LOOKBACK_DAYS_DEFAULT;
}

void
live_scope(struct engine *engine, struct live *live)
{
    const struct engine_dataset *dataset = live->dataset;
    struct run_record *record = &live->run.record;
    const struct instant now = engine_now(engine);
    const struct date today = instant_date(now);

    if (record->info.started_at.us != 0)
        return;
    record->info.started_at = now;
    record->known_tx = store_newest(engine->options.store);
    if (dataset->shape->shape.has_universe)
        scope_bars(&record->info, dataset, today);
    else if (dataset->shape->brings == BRINGS_LISTING)
        scope_listing(&record->info, today);
    else if (!dataset->shape->has_since)
        scope_range(&record->info, dataset, today);
    else if (!record->is_by_range)
        scope_since(record, dataset, today);
}

static enum err
compose(struct live *live, uint64_t page)
{
    const struct engine_dataset *dataset = live->dataset;
    const struct vendor_config *config = dataset->vendor->config;
    const struct run_record *record = &live->run.record;
    struct vendor_ask ask = {
        .base_url = config->base_url,
        .path = config->path,
        .from = VENDOR_NO_DAY,
        .to = VENDOR_NO_DAY,
        .page = (uint32_t)page,
    };

    if (record->info.has_range) {
        ask.from = record->info.from;
        ask.to = record->info.to;
    }
    if (!record->is_by_range)
        ask.updated_since = record->updated_since;
    if (live->run.shape.is_list) {
        const struct plan_ask *one = &live->plan.asks[page];

        ask.from = ask.to = one->day;
        ask.page = 0;
        if (one->ticker != PLAN_MARKET)
            ask.ticker = live->plan.tickers.items[one->ticker];
    }
    if (live->next.len > 0)
        ask.next = out_text(&live->next);
    out_reset(&live->asked);
    vendor_ask_put(dataset->shape, &ask, &live->asked);
    return out_finish(&live->asked);
}

enum err
live_compose(struct live *live)
{
    return compose(live, live->run.page);
}

enum err
live_plan_known(struct live *live, struct run_plan *out)
{
    if (live->run.shape.is_list) {
        out->total = live->plan.count;
        out->print = plan_print(&live->plan);
        return OK;
    }
    TRY(compose(live, 0));
    out->total = 0;
    out->print = plan_print_of(hash_xxh64(out_text(&live->asked)));
    return OK;
}

struct archive_page
live_page(const struct live *live)
{
    const struct run_info *info = &live->run.record.info;

    return (struct archive_page){
        .vendor = info->vendor,
        .dataset = info->dataset,
        .date = instant_date(info->queued_at),
        .run = info->id,
        .page = (uint32_t)live->run.page,
    };
}

struct date
live_day(const struct live *live)
{
    const struct run_info *info = &live->run.record.info;

    if (live->run.shape.is_list && live->run.page < live->plan.count)
        return live->plan.asks[live->run.page].day;
    return info->has_range ? info->from : instant_date(info->queued_at);
}
