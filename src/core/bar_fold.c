/* The bars of a month, gathered from its records. */
#include "secmaster/bar_fold.h"

#include <assert.h>
#include <string.h>

void
bar_fold_init(struct bar_fold *fold, struct date from, struct date to,
              bars_visitor *visitor, void *context)
{
    fold->from = from;
    fold->to = to;
    fold->visitor = visitor;
    fold->run_visitor = NULL;
    fold->context = context;
    fold->err = OK;
    fold->month.days = 0;
    fold->civil.year = 0;
    fold->month_days = 0;
    fold->days = 0;
    fold->is_held = false;
}

/* The month that begins with a day, which mostly is the one behind that at
 * hand. False: none begins there. */
static bool
begin_month(struct bar_fold *fold, struct date first)
{
    int64_t behind = (int64_t)fold->month.days + fold->month_days;
    struct civil civil = fold->civil;

    if (civil.year != 0 && civil.month < 12 && first.days == behind)
        civil.month++;
    else
        civil = date_civil(first);
    fold->month = first;
    fold->civil = civil;
    fold->month_days = date_month_days(civil);
    return civil.day == 1;
}

/* Show the month's bars and begin anew. */
static enum visit
show(struct bar_fold *fold)
{
    uint32_t days = fold->days;
    size_t count = 0;

    if (fold->is_held) {
        fold->is_held = false;
        return fold->run_visitor(fold->context, fold->security_id, &fold->run);
    }
    if (days == 0)
        return VISIT_NEXT;
    for (; days != 0; days &= days - 1, count++) {
        size_t place = (size_t)__builtin_ctz(days);

        if (place > count)
            fold->bars[count] = fold->bars[place];
    }
    fold->days = 0;
    return fold->visitor(fold->context, fold->security_id, fold->bars, count);
}

/* Of the days of the month at hand, those before a date. */
static uint32_t
days_before(const struct bar_fold *fold, struct date date)
{
    int64_t place = (int64_t)date.days - fold->month.days;

    if (place <= 0)
        return 0;
    return place >= BARS_OF_MONTH_MAX ? UINT32_MAX : (UINT32_C(1) << place) - 1;
}

/* Lay a run over the bars of the month that came before. */
static void
overlay(struct bar_fold *fold, const struct bar_run *run)
{
    bar_run_spread(run, fold->bars);
    /* A bar of a day that is not wanted may lie there, but is not shown. */
    fold->days |= run->days & days_before(fold, fold->to) &
                  ~days_before(fold, fold->from);
}

static enum err
overlay_record(struct bar_fold *fold, struct str payload)
{
    struct barset set = { payload, fold->month, fold->month_days, 0 };
    struct bar_run run;
    enum err err;

    while (barset_next(&set, &run, &err))
        overlay(fold, &run);
    return err;
}

/* Keep a month's first record as it is. False: it is not one run of wanted
 * days. */
static bool
hold(struct bar_fold *fold, struct str payload)
{
    struct barset set = {
        { fold->held, payload.len }, fold->month, fold->month_days, 0
    };
    enum err err;

    if (payload.len > sizeof fold->held)
        return false;
    memcpy(fold->held, payload.data, payload.len);
    fold->is_held = barset_next(&set, &fold->run, &err) &&
                    set.payload.len == 0 &&
                    bar_run_first(&fold->run).days >= fold->from.days &&
                    bar_run_last(&fold->run).days < fold->to.days;
    return fold->is_held;
}

static enum err
add_record(struct bar_fold *fold, struct str payload)
{
    if (fold->is_held) {
        fold->is_held = false;
        overlay(fold, &fold->run);
    } else if (fold->run_visitor != NULL && fold->days == 0 &&
               hold(fold, payload)) {
        return OK;
    }
    return overlay_record(fold, payload);
}

enum visit
bar_fold_record(void *context, const struct record *record)
{
    struct bar_fold *fold = context;
    enum visit visit = VISIT_NEXT;

    assert(record->kind == RECORD_BARS);

    if ((fold->days != 0 || fold->is_held) &&
        (record->security_id != fold->security_id ||
         record->effective.days != fold->month.days)) {
        visit = show(fold);
        /* It is the shown security's others that are to be passed over. */
        if (visit == VISIT_SKIP && record->security_id != fold->security_id)
            visit = VISIT_NEXT;
    }
    if (visit != VISIT_NEXT)
        return visit;
    if ((fold->civil.year == 0 || record->effective.days != fold->month.days) &&
        !begin_month(fold, record->effective)) {
        fold->err = ERR_STORE;
        return VISIT_STOP;
    }
    fold->security_id = record->security_id;
    fold->err = add_record(fold, record->payload);
    return fold->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
bar_fold_end(struct bar_fold *fold)
{
    if (fold->err == OK)
        (void)show(fold);
    return fold->err;
}
