/* The bars of a month, gathered from its records. */
#include "secmaster/bar_fold.h"

#include <assert.h>

void
bar_fold_init(struct bar_fold *fold, struct date from, struct date to,
              bars_visitor *visitor, void *context)
{
    fold->from = from;
    fold->to = to;
    fold->visitor = visitor;
    fold->context = context;
    fold->err = OK;
    fold->days = 0;
}

/* Show the month's bars and begin anew. They are put side by side at the front:
 * most months have every day of one record, gaps of weekends aside. */
static enum visit
show(struct bar_fold *fold)
{
    uint32_t days = fold->days;
    size_t count = 0;

    fold->days = 0;
    for (; days != 0; days &= days - 1) {
        unsigned place = (unsigned)__builtin_ctz(days);

        if (place != count)
            fold->bars[count] = fold->bars[place];
        count++;
    }
    if (count == 0)
        return VISIT_NEXT;
    return fold->visitor(fold->context, fold->security_id, fold->bars, count);
}

static enum err
overlay(struct bar_fold *fold, struct str payload)
{
    struct bar bar;
    enum err err;

    while (barset_next(&payload, fold->month, &bar, &err)) {
        int32_t place = bar.date.days - fold->month.days;

        if (bar.date.days < fold->from.days || bar.date.days >= fold->to.days)
            continue;
        fold->bars[place] = bar;
        fold->days |= UINT32_C(1) << place;
    }
    return err;
}

enum visit
bar_fold_record(void *context, const struct record *record)
{
    struct bar_fold *fold = context;
    enum visit visit = VISIT_NEXT;

    assert(record->kind == RECORD_BARS);

    if (fold->days != 0 && (record->security_id != fold->security_id ||
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
    fold->err = overlay(fold, record->payload);
    return fold->err == OK ? VISIT_NEXT : VISIT_STOP;
}

enum err
bar_fold_end(struct bar_fold *fold)
{
    if (fold->err == OK)
        (void)show(fold);
    return fold->err;
}
