/* Bars summed up in one pass, exactly. */
#include "secmaster/bar_summary.h"

#include <assert.h>

#include "decimal_text.h"

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

/* Sums and extremes of mantissas, of as many bars as a month has at most. */
struct run_sums {
    uint64_t open, high, low, close;
    uint32_t max_high, min_low;
};

static struct run_sums
sums_of(const struct bar_run *run, size_t first, size_t end)
{
    struct run_sums sums = { .min_low = UINT32_MAX };

    for (size_t i = first; i < end; i++) {
        uint32_t high = bar_run_mantissa(run, i, BAR_HIGH);
        uint32_t low = bar_run_mantissa(run, i, BAR_LOW);

        sums.open += bar_run_mantissa(run, i, BAR_OPEN);
        sums.high += high;
        sums.low += low;
        sums.close += bar_run_mantissa(run, i, BAR_CLOSE);
        sums.max_high = high > sums.max_high ? high : sums.max_high;
        sums.min_low = low < sums.min_low ? low : sums.min_low;
    }
    return sums;
}

static void
add_volumes(struct bar_summary *summary, const struct bar_run *run,
            size_t first, size_t end)
{
    uint64_t sum = 0;

    for (size_t i = first; i < end; i++)
        sum += bar_run_mantissa(run, i, BAR_VOLUME);
    decimal_sum_add(&summary->volume,
                    (struct decimal){ (int64_t)sum, run->scales[BAR_VOLUME] });
    summary->volume_days += (uint32_t)(end - first);
}

void
bar_summary_add_run(struct bar_summary *summary, const struct bar_run *run,
                    size_t first, size_t end)
{
    const struct run_sums sums = sums_of(run, first, end);
    const uint8_t *scales = run->scales;
    struct decimal high = { sums.max_high, scales[BAR_HIGH] };
    struct decimal low = { sums.min_low, scales[BAR_LOW] };

    static_assert(BARS_OF_MONTH_MAX * (uint64_t)UINT32_MAX < INT64_MAX,
                  "a sum of narrow ones is a mantissa");
    assert(first < end);
    assert(end <= run->count);

    decimal_sum_add(&summary->open,
                    (struct decimal){ (int64_t)sums.open, scales[BAR_OPEN] });
    decimal_sum_add(&summary->high,
                    (struct decimal){ (int64_t)sums.high, scales[BAR_HIGH] });
    decimal_sum_add(&summary->low,
                    (struct decimal){ (int64_t)sums.low, scales[BAR_LOW] });
    decimal_sum_add(&summary->close,
                    (struct decimal){ (int64_t)sums.close, scales[BAR_CLOSE] });
    if ((run->present & BAR_BIT(BAR_VOLUME)) != 0)
        add_volumes(summary, run, first, end);

    /* In a run, equal numbers have equal digits. */
    if (summary->days == 0)
        summary->first_open = bar_run_decimal(run, first, BAR_OPEN);
    if (summary->days == 0 || decimal_compare(high, summary->max_high) > 0)
        summary->max_high = high;
    if (summary->days == 0 || decimal_compare(low, summary->min_low) < 0)
        summary->min_low = low;
    summary->last_close = bar_run_decimal(run, end - 1, BAR_CLOSE);
    summary->days += (uint32_t)(end - first);
}

static char *
write_average(char *to, const struct decimal_sum *sum, uint32_t days)
{
    return days == 0 ? to : decimal_text_average(to, sum, days);
}

char *
bar_summary_write(char *to, const struct bar_summary *summary,
                  enum summary_column column)
{
    assert(summary->days > 0);

    switch (column) {
    case SUMMARY_DAYS:
        break;
    case SUMMARY_AVERAGE_OPEN:
        return write_average(to, &summary->open, summary->days);
    case SUMMARY_AVERAGE_HIGH:
        return write_average(to, &summary->high, summary->days);
    case SUMMARY_AVERAGE_LOW:
        return write_average(to, &summary->low, summary->days);
    case SUMMARY_AVERAGE_CLOSE:
        return write_average(to, &summary->close, summary->days);
    case SUMMARY_AVERAGE_VOLUME:
        return write_average(to, &summary->volume, summary->volume_days);
    case SUMMARY_FIRST_OPEN:
        return decimal_text(to, summary->first_open);
    case SUMMARY_MAX_HIGH:
        return decimal_text(to, summary->max_high);
    case SUMMARY_MIN_LOW:
        return decimal_text(to, summary->min_low);
    case SUMMARY_LAST_CLOSE:
        return decimal_text(to, summary->last_close);
    }
    assert(column == SUMMARY_DAYS);
    return decimal_text_whole(to, summary->days);
}
