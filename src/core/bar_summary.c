/* Bars summed up in one pass, exactly. */
#include "secmaster/bar_summary.h"

#include <assert.h>
#include <string.h>

#include "bar_sums.h"
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

static const uint8_t summed_fields[SUMMEDS] = {
    [SUMMED_OPEN] = BAR_OPEN,     [SUMMED_HIGH] = BAR_HIGH,
    [SUMMED_LOW] = BAR_LOW,       [SUMMED_CLOSE] = BAR_CLOSE,
    [SUMMED_VOLUME] = BAR_VOLUME,
};

/* Of no days yet. */
static void
begin(struct bar_summary *summary)
{
    summary->volume_days = 0;
    summary->is_mixed = false;
    for (unsigned i = 0; i < SUMMEDS; i++)
        summary->since[i] = 0;
    memset(summary->scales, 0, sizeof summary->scales);
}

static struct decimal_sum
sum_of(const struct bar_summary *summary, enum summed summed)
{
    struct decimal_sum sum = { 0 };
    const struct decimal since = { (int64_t)summary->since[summed],
                                   summary->scales[summed_fields[summed]] };

    static_assert(DECIMAL_SUM_MAX <= INT64_MAX / UINT32_MAX,
                  "a sum of narrow ones is a mantissa");
    if (summary->is_mixed)
        sum = summary->sums[summed];
    decimal_sum_add(&sum, since);
    return sum;
}

/* Other scales come: sums take what was added of runs. */
static void
mix(struct bar_summary *summary)
{
    for (unsigned i = 0; i < SUMMEDS; i++) {
        summary->sums[i] = sum_of(summary, i);
        summary->since[i] = 0;
    }
    summary->is_mixed = true;
}

void
bar_summary_add(struct bar_summary *summary, const struct bar *bar)
{
    struct decimal high = bar_decimal(bar, BAR_HIGH);
    struct decimal low = bar_decimal(bar, BAR_LOW);

    if (summary->days == 0)
        begin(summary);
    if (!summary->is_mixed)
        mix(summary);
    /* A null is a zero in a bar: it adds nothing, and is not counted. */
    for (unsigned i = 0; i < SUMMEDS; i++)
        decimal_sum_add(&summary->sums[i], bar_decimal(bar, summed_fields[i]));
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

static void
change_scales(struct bar_summary *summary, const struct bar_run *run)
{
    if (summary->days > 0)
        mix(summary);
    memcpy(summary->scales, run->scales, sizeof summary->scales);
}

static void
add_one_by_one(struct bar_summary *summary, const struct bar_run *run,
               size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        struct bar bar = { .present = run->present };

        for (unsigned field = 0; field < BAR_FIELDS; field++)
            if ((run->present & BAR_BIT(field)) != 0)
                bar_set(&bar, field, bar_run_decimal(run, i, field));
        bar_summary_add(summary, &bar);
    }
}

/* A mantissa as the first bar from i on that has it was sent. */
static struct decimal
as_sent(const struct bar_run *run, size_t i, enum bar_field field,
        int64_t mantissa)
{
    if (run->columns[field].lacks == NULL)
        return (struct decimal){ mantissa, run->scales[field] };
    while (bar_run_mantissa(run, i, field) != mantissa)
        i++;
    return bar_run_decimal(run, i, field);
}

static void
add_extremes(struct bar_summary *summary, const struct bar_run *run,
             size_t first, struct bar_extremes extremes)
{
    struct decimal high = { extremes.max_high, run->scales[BAR_HIGH] };
    struct decimal low = { extremes.min_low, run->scales[BAR_LOW] };
    bool is_first = summary->days == 0;

    if (is_first)
        summary->first_open = bar_run_decimal(run, first, BAR_OPEN);
    if (is_first || decimal_compare(high, summary->max_high) > 0)
        summary->max_high = as_sent(run, first, BAR_HIGH, extremes.max_high);
    if (is_first || decimal_compare(low, summary->min_low) < 0)
        summary->min_low = as_sent(run, first, BAR_LOW, extremes.min_low);
}

void
bar_summary_add_run(struct bar_summary *summary, const struct bar_run *run,
                    size_t first, size_t end)
{
    struct bar_extremes extremes;

    assert(first < end);
    assert(end <= run->count);

    if (run->is_wide) {
        add_one_by_one(summary, run, first, end);
        return;
    }
    if (summary->days == 0)
        begin(summary);
    if (memcmp(summary->scales, run->scales, sizeof summary->scales) != 0)
        change_scales(summary, run);
    extremes = bar_sums_add(run, first, end, summary->since);
    if ((run->present & BAR_BIT(BAR_VOLUME)) != 0)
        summary->volume_days += (uint32_t)(end - first);
    add_extremes(summary, run, first, extremes);
    summary->last_close = bar_run_decimal(run, end - 1, BAR_CLOSE);
    summary->days += (uint32_t)(end - first);
}

static char *
write_average(char *to, const struct bar_summary *summary, enum summed summed)
{
    uint32_t days =
        summed == SUMMED_VOLUME ? summary->volume_days : summary->days;
    uint8_t scale = summary->scales[summed_fields[summed]];
    struct decimal_sum sum;

    if (days == 0)
        return to;
    /* What nearly all weeks are. */
    if (days == 5 && scale <= FIFTHS_SCALE_MAX && !summary->is_mixed)
        return decimal_text_fifth(to, summary->since[summed], scale);
    sum = sum_of(summary, summed);
    return decimal_text_average(to, &sum, days);
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
        return write_average(to, summary, SUMMED_OPEN);
    case SUMMARY_AVERAGE_HIGH:
        return write_average(to, summary, SUMMED_HIGH);
    case SUMMARY_AVERAGE_LOW:
        return write_average(to, summary, SUMMED_LOW);
    case SUMMARY_AVERAGE_CLOSE:
        return write_average(to, summary, SUMMED_CLOSE);
    case SUMMARY_AVERAGE_VOLUME:
        return write_average(to, summary, SUMMED_VOLUME);
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
