/* Periods by the day they begin with, in a table of few slots. */
#include "bar_periods.h"

static uint16_t
slot_of(const struct bar_periods *periods, struct date start)
{
    int32_t period;

    if (periods->slots == 1)
        return 0;
    period =
        (start.days - DATE_FIRST_DAYS) / period_days_least[periods->period];

    return (uint16_t)(period % periods->slots);
}

void
bar_periods_seek_any(struct bar_periods *periods, struct bar_period *table,
                     struct date day)
{
    struct bar_period *last = &table[periods->at], *period;
    struct period_span span = period_behind(periods->period, &last->span, day);
    uint16_t slot = slot_of(periods, span.start);

    assert(slot < periods->slots);

    last->next = slot;
    period = &table[slot];
    if (!bar_period_has(period, span.start)) {
        period->span = span;
        period->len = 0;
    }
    periods->at = slot;
}
