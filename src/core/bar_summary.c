/* Bars summed up in one pass, exactly. */
#include "secmaster/bar_summary.h"

#include <assert.h>

const char *const summary_column_names[SUMMARY_COLUMNS] = {
    [SUMMARY_DAYS] = "days",
    [SUMMARY_AVERAGE_OPEN] = "average_open",
    [SUMMARY_AVERAGE_HIGH] = "average_high",
    [SUMMARY_AVERAGE_LOW] = "average_low",
    [SUMMARY_AVERAGE_CLOSE] = "average_close",
    [SUMMARY_AVERAGE_VOLUME] = "average_volume",
    [SUMMARY_FIRST_OPEN] = "first_open",
    [SUMMARY_MAX_HIGH] = "max_high",
    [SUMMARY_MIN_LOW] = "min_low",
    [SUMMARY_LAST_CLOSE] = "last_close",
};

void
bar_summary_add(struct bar_summary *summary, const struct bar *bar)
{
    struct decimal high = bar_decimal(bar, BAR_HIGH);
    struct decimal low = bar_decimal(bar, BAR_LOW);

    decimal_sum_add(&summary->open, bar_decimal(bar, BAR_OPEN));
    decimal_sum_add(&summary->high, high);
    decimal_sum_add(&summary->low, low);
    decimal_sum_add(&summary->close, bar_decimal(bar, BAR_CLOSE));
    /* A null is a zero in a bar: it adds nothing, and is not counted. */
    decimal_sum_add(&summary->volume, bar_decimal(bar, BAR_VOLUME));
    summary->volume_days += bar->present >> BAR_VOLUME & 1;

    summary->last_close = bar_decimal(bar, BAR_CLOSE);
    if (summary->days++ == 0) {
        summary->first_open = bar_decimal(bar, BAR_OPEN);
        summary->max_high = high;
        summary->min_low = low;
        return;
    }
    if (decimal_compare(high, summary->max_high) > 0)
        summary->max_high = high;
    if (decimal_compare(low, summary->min_low) < 0)
        summary->min_low = low;
}

static bool
put_average(struct out *out, const struct decimal_sum *sum, uint32_t days)
{
    if (days == 0)
        return false;
    decimal_sum_put_average(out, sum, days);
    return true;
}

static bool
put_decimal(struct out *out, struct decimal value)
{
    decimal_put(out, value);
    return true;
}

bool
bar_summary_put(struct out *out, const struct bar_summary *summary,
                enum summary_column column)
{
    assert(summary->days > 0);

    switch (column) {
    case SUMMARY_DAYS:
        break;
    case SUMMARY_AVERAGE_OPEN:
        return put_average(out, &summary->open, summary->days);
    case SUMMARY_AVERAGE_HIGH:
        return put_average(out, &summary->high, summary->days);
    case SUMMARY_AVERAGE_LOW:
        return put_average(out, &summary->low, summary->days);
    case SUMMARY_AVERAGE_CLOSE:
        return put_average(out, &summary->close, summary->days);
    case SUMMARY_AVERAGE_VOLUME:
        return put_average(out, &summary->volume, summary->volume_days);
    case SUMMARY_FIRST_OPEN:
        return put_decimal(out, summary->first_open);
    case SUMMARY_MAX_HIGH:
        return put_decimal(out, summary->max_high);
    case SUMMARY_MIN_LOW:
        return put_decimal(out, summary->min_low);
    case SUMMARY_LAST_CLOSE:
        return put_decimal(out, summary->last_close);
    }
    assert(column == SUMMARY_DAYS);
    out_int(out, summary->days);
    return true;
}
