/* Days times tickers, without what cannot be there or is there already. */
#include "plan.h"

#include <assert.h>

#include "run_record.h"
#include "secmaster/bar_fold.h"
#include "secmaster/bearers.h"
#include "secmaster/bounds.h"
#include "secmaster/wire.h"
#include "secmaster/xxh64.h"

struct planning {
    const struct plan_wish *wish;
    struct view *view;
    uint32_t source; /* dictionary id, or NAME_NONE */
    struct date *days;
    uint32_t day_count;
    bool *is_left_out; /* by (ticker, day) */

    /* Of the ticker at hand. */
    bool *has_bar; /* by day */
    struct why *why;
    enum err err;
};

/* 1970-01-01 was a Thursday. */
static bool
is_weekday(struct date day)
{
    int32_t since_monday = (day.days % 7 + 7 + 3) % 7;

    return since_monday < 5;
}

static enum err
find_days(struct planning *planning, struct arena *arena)
{
    const struct plan_wish *wish = planning->wish;
    size_t most = (size_t)(wish->to.days - wish->from.days) + 1;

    planning->days = arena_zalloc(arena, most, sizeof *planning->days);
    if (planning->days == NULL)
        return ERR_TOO_LARGE;
    for (struct date day = wish->from; day.days <= wish->to.days; day.days++)
        if (is_weekday(day))
            planning->days[planning->day_count++] = day;
    return OK;
}

static enum visit
note_bars(void *context, int64_t security_id, const struct bar *bars,
          size_t count)
{
    struct planning *planning = context;

    (void)security_id;
    for (size_t i = 0; i < count; i++)
        if (bars[i].source == planning->source)
            planning->has_bar[bars[i].date.days - planning->wish->from.days] =
                true;
    return VISIT_NEXT;
}

/* The days of [from, asked_to] of which a security has the source's bar. */
static enum err
find_bars(struct planning *planning, int64_t security_id, struct why *why)
{
    const struct plan_wish *wish = planning->wish;
    struct scan_range range = SCAN_SECURITY(RECORD_BARS, security_id);
    struct bar_fold fold;

    range.first_date = bar_month(wish->from);
    range.last_date = bar_month(wish->asked_to);
    bar_fold_init(&fold, wish->from, (struct date){ wish->asked_to.days + 1 },
                  note_bars, planning);
    TRY(store_scan(planning->view, &range, bar_fold_record, &fold, why));
    if (bar_fold_end(&fold) != OK)
        return why_set(why, fold.err, "a record of bars is damaged");
    return OK;
}

/* Whether the ticker's day was asked and its bar is there. */
static enum err
is_held(struct planning *planning, struct date day, int64_t security_id,
        int64_t *looked_at, bool *out)
{
    const struct plan_wish *wish = planning->wish;
    size_t span = (size_t)(wish->to.days - wish->from.days) + 1;

    *out = false;
    if (day.days > wish->asked_to.days || planning->source == NAME_NONE)
        return OK;
    if (*looked_at != security_id) {
        memset(planning->has_bar, 0, span * sizeof *planning->has_bar);
        TRY(find_bars(planning, security_id, planning->why));
        *looked_at = security_id;
    }
    *out = planning->has_bar[day.days - wish->from.days];
    return OK;
}

static enum err
judge_ticker(struct planning *planning, const struct bearers *bearers,
             bool *is_left_out)
{
    int64_t looked_at = -1;

    for (uint32_t i = 0; i < planning->day_count; i++) {
        int64_t owner = -1;
        unsigned bearing = bearers_on(bearers, planning->days[i], &owner);

        if (bearing == 0)
            is_left_out[i] = planning->wish->is_borne_only;
        else if (bearing == 1)
            TRY(is_held(planning, planning->days[i], owner, &looked_at,
                        &is_left_out[i]));
    }
    return OK;
}

static enum visit
visit_ticker(void *context, const struct bearers *bearers, size_t ticker)
{
    struct planning *planning = context;

    planning->err =
        judge_ticker(planning, bearers,
                     planning->is_left_out + ticker * planning->day_count);
    return planning->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
judge_tickers(struct planning *planning, const struct tickers *tickers,
              struct why *why)
{
    const struct plan_wish *wish = planning->wish;
    const struct window window = { wish->from, { wish->to.days + 1 } };
    const uint32_t attribute =
        names_find(planning->view->store->attributes, STR("ticker"));
    const struct bearers_names names = { tickers->items, tickers->count };
    struct bearers bearers;
    enum err err = bearers_init(&bearers, planning->view, attribute, window);

    planning->why = why;
    if (err == OK)
        err = bearers_find_all(&bearers, &names, visit_ticker, planning, why);
    bearers_fini(&bearers);
    return err == OK ? planning->err : err;
}

static enum err
list_asks(struct planning *planning, struct arena *arena, struct plan *out)
{
    uint32_t tickers = out->tickers.count;
    struct plan_ask *asks = arena_alloc(
        arena, ((size_t)tickers * planning->day_count + 1) * sizeof *asks);

    if (asks == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t d = 0; d < planning->day_count; d++)
        for (uint32_t t = 0; t < tickers; t++)
            if (!planning->is_left_out[(size_t)t * planning->day_count + d])
                asks[out->count++] = (struct plan_ask){ t, planning->days[d] };
    out->asks = asks;
    return OK;
}

static enum err
list_market(struct planning *planning, struct arena *arena, struct plan *out)
{
    struct plan_ask *asks =
        arena_zalloc(arena, planning->day_count + 1, sizeof *asks);

    if (asks == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t d = 0; d < planning->day_count; d++)
        asks[out->count++] =
            (struct plan_ask){ PLAN_MARKET, planning->days[d] };
    out->asks = asks;
    return OK;
}

enum err
plan_make(const struct plan_wish *wish, struct view *view, struct arena *arena,
          struct plan *out, struct why *why)
{
    struct planning planning = { .wish = wish, .view = view };
    uint64_t pairs;

    assert(wish->from.days <= wish->to.days);

    *out = (struct plan){ .tickers = wish->listed };
    TRY(find_days(&planning, arena));
    if (wish->universe == UNIVERSE_ALL)
        return list_market(&planning, arena, out);
    if (wish->universe == UNIVERSE_TRADED)
        TRY(traded_tickers(view, arena, &out->tickers, why));
    pairs = (uint64_t)out->tickers.count * planning.day_count;
    if (pairs > RUN_ASKS_MAX)
        return why_set(why, ERR_TOO_LARGE,
                       "%llu requests are more than the %lu of a run",
                       (unsigned long long)pairs, RUN_ASKS_MAX);
    planning.source = names_find(view->store->sources, wish->source);
    planning.is_left_out = arena_zalloc(arena, pairs + 1, sizeof(bool));
    planning.has_bar = arena_zalloc(
        arena, (size_t)(wish->to.days - wish->from.days) + 1, sizeof(bool));
    if (planning.is_left_out == NULL || planning.has_bar == NULL)
        return ERR_TOO_LARGE;
    if (pairs > 0)
        TRY(judge_tickers(&planning, &out->tickers, why));
    return list_asks(&planning, arena, out);
}

uint64_t
plan_print_of(uint64_t hash)
{
    const uint64_t print = hash >> (64 - PLAN_PRINT_BITS);

    return print > RUN_PLAN_MIXED ? print : print + RUN_PLAN_MIXED + 1;
}

uint64_t
plan_print(const struct plan *plan)
{
    uint64_t hash = plan->count;

    for (uint64_t i = 0; i < plan->count; i++) {
        const struct plan_ask *ask = &plan->asks[i];
        unsigned char bytes[8 + 8 + 4];
        struct str ticker = STR("");

        if (ask->ticker != PLAN_MARKET)
            ticker = plan->tickers.items[ask->ticker];
        put_le64(bytes, hash);
        put_le64(bytes + 8, hash_xxh64(ticker));
        put_le32(bytes + 16, (uint32_t)ask->day.days);
        hash = hash_xxh64((struct str){ (const char *)bytes, sizeof bytes });
    }
    return plan_print_of(hash);
}
