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

/* What nearly all weeks are: five days, all with a volume or none, and few
 * digits behind the point. */
static bool
are_fifths(const struct bar_summary *summary)
{
    bool are = !summary->is_mixed && summary->days == 5 &&
               summary->volume_days % 5 == 0;

    for (unsigned i = 0; i < SUMMEDS; i++)
        are &= summary->scales[summed_fields[i]] <= FIFTHS_SCALE_MAX;
    return are;
}

static char *
write_average(char *to, const struct bar_summary *summary, enum summed summed)
{
    struct decimal_sum sum = sum_of(summary, summed);

    return decimal_text_average(to, &sum,
                                summed == SUMMED_VOLUME ? summary->volume_days
                                                        : summary->days);
}

/* Columns that are asked for go behind the next front each. */
struct row {
    char *to;
    unsigned columns;
    const struct cell_text *front, *none;
};

static inline bool
goes_to(struct row *row, enum summary_column column)
{
    if ((row->columns & SUMMARY_BIT(column)) == 0)
        return false;
    row->to = cell_text_put(row->to, row->front++);
    return true;
}

static inline void
put_averages(struct row *row, const struct bar_summary *summary)
{
    bool is_fifth = are_fifths(summary);

    static_assert(SUMMARY_AVERAGE_VOLUME - SUMMARY_AVERAGE_OPEN ==
                      (int)SUMMED_VOLUME,
                  "averages stand as sums do");
    for (unsigned i = 0; i < SUMMEDS; i++) {
        if (!goes_to(row, SUMMARY_AVERAGE_OPEN + i))
            continue;
        if (i == SUMMED_VOLUME && summary->volume_days == 0)
            row->to = cell_text_put(row->to, row->none);
        else if (is_fifth)
            row->to = decimal_text_fifth(row->to, summary->since[i],
                                         summary->scales[summed_fields[i]]);
        else
            row->to = write_average(row->to, summary, i);
    }
}

static inline void
put_price(struct row *row, enum summary_column column, struct decimal price)
{
    if (goes_to(row, column))
        row->to = decimal_text(row->to, price);
}

char *
bar_summary_write(char *to, const struct bar_summary *summary, unsigned columns,
                  const struct cell_text *fronts, const struct cell_text *none)
{
    struct row row = { .columns = columns, .front = fronts, .none = none };

    assert(summary->days > 0);
    assert(columns >> SUMMARY_COLUMNS == 0);

    row.to = to;
    if (goes_to(&row, SUMMARY_DAYS))
        row.to = decimal_text_whole(row.to, summary->days);
    put_averages(&row, summary);
    put_price(&row, SUMMARY_FIRST_OPEN, summary->first_open);
    put_price(&row, SUMMARY_MAX_HIGH, summary->max_high);
    put_price(&row, SUMMARY_MIN_LOW, summary->min_low);
    put_price(&row, SUMMARY_LAST_CLOSE, summary->last_close);
    return row.to;
}
