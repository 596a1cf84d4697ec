/* The bars of a month, gathered from its records. */
#include "secmaster/bar_fold.h"

#include <assert.h>
#include <string.h>

#define DAY_BIT(place) (UINT32_C(1) << (place))
#define HIGHEST_BIT 31

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
    fold->days = 0;
    fold->is_spread = false;
    fold->run.count = 0;
}

/* Put the bars, which are side by side, where their days are. */
static void
spread(struct bar_fold *fold)
{
    uint32_t days = fold->days;
    unsigned i = (unsigned)__builtin_popcount(days);

    while (i > 0) {
        unsigned place = HIGHEST_BIT - (unsigned)__builtin_clz(days);

        days ^= DAY_BIT(place);
        fold->bars[place] = fold->bars[--i];
    }
    fold->is_spread = true;
}

/* And side by side again, at the front. */
static void
gather(struct bar_fold *fold)
{
    size_t count = 0;

    for (uint32_t days = fold->days; days != 0; days &= days - 1)
        fold->bars[count++] = fold->bars[__builtin_ctz(days)];
    fold->is_spread = false;
}

/* Show the month's bars and begin anew. */
static enum visit
show(struct bar_fold *fold)
{
    size_t count = (size_t)__builtin_popcount(fold->days);

    if (fold->run.count > 0) {
        const struct bar_run run = fold->run;

        fold->run.count = 0;
        return fold->run_visitor(fold->context, fold->security_id, &run);
    }
    if (fold->is_spread)
        gather(fold);
    fold->days = 0;
    if (count == 0)
        return VISIT_NEXT;
    return fold->visitor(fold->context, fold->security_id, fold->bars, count);
}

/*
 * Lay a record's bars over those of the month that came before. Most months are
 * of one record: its bars are read to where they are shown from.
 */
static enum err
overlay(struct bar_fold *fold, struct str payload)
{
    bool is_first = fold->days == 0;
    struct bar *bar = is_first ? fold->bars : &fold->bars[BARS_OF_MONTH_MAX];
    uint32_t days = 0; /* of the record */
    enum err err;

    if (!is_first && !fold->is_spread)
        spread(fold);
    while (barset_next(&payload, fold->month, bar, &err)) {
        int32_t place = bar->date.days - fold->month.days;

        if (days >> place != 0)
            return ERR_STORE;
        days |= DAY_BIT(place);
        if (bar->date.days < fold->from.days || bar->date.days >= fold->to.days)
            continue;
        fold->days |= DAY_BIT(place);
        if (is_first)
            bar++;
        else
            fold->bars[place] = *bar;
    }
    return err;
}

/* Keep a month's first record as it is. False: it is no run of wanted days. */
static bool
hold(struct bar_fold *fold, struct str payload)
{
    struct bar_run *run = &fold->run;

    if (!bar_run_open(payload, fold->month, run) ||
        bar_run_date(run, 0).days < fold->from.days ||
        bar_run_date(run, run->count - 1).days >= fold->to.days) {
        run->count = 0;
        return false;
    }
    memcpy(fold->held, payload.data, payload.len);
    run->bars = fold->held;
    return true;
}

static enum err
add_record(struct bar_fold *fold, struct str payload)
{
    struct str held = { (const char *)fold->held,
                        fold->run.count * fold->run.stride };

    if (fold->run.count > 0) {
        fold->run.count = 0;
        TRY(overlay(fold, held));
    } else if (fold->run_visitor != NULL && fold->days == 0 &&
               hold(fold, payload)) {
        return OK;
    }
    return overlay(fold, payload);
}

enum visit
bar_fold_record(void *context, const struct record *record)
{
    struct bar_fold *fold = context;
    enum visit visit = VISIT_NEXT;

    assert(record->kind == RECORD_BARS);

    if ((fold->days != 0 || fold->run.count > 0) &&
        (record->security_id != fold->security_id ||
         record->effective.days != fold->month.days)) {
        visit = show(fold);
        /* It is the shown security's others that are to be passed over. */
        if (visit == VISIT_SKIP && record->security_id != fold->security_id)
            visit = VISIT_NEXT;
    }
    if (visit != VISIT_NEXT)
        return visit;
    fold->security_id = record->security_id;
    fold->month = record->effective;
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
