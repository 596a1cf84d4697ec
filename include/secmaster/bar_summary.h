/* The bars of a period in one row: how many, averages, first, extremes, last.
 */
#ifndef SECMASTER_BAR_SUMMARY_H
#define SECMASTER_BAR_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bar.h"
#include "secmaster/cell_text.h"
#include "secmaster/decimal.h"

/* In the order in which a row gives them. */
enum summary_column {
    SUMMARY_DAYS,
    SUMMARY_AVERAGE_OPEN,
    SUMMARY_AVERAGE_HIGH,
    SUMMARY_AVERAGE_LOW,
    SUMMARY_AVERAGE_CLOSE,
    SUMMARY_AVERAGE_VOLUME,
    SUMMARY_FIRST_OPEN,
    SUMMARY_MAX_HIGH,
    SUMMARY_MIN_LOW,
    SUMMARY_LAST_CLOSE,
};
#define SUMMARY_COLUMNS 10
#define SUMMARY_BIT(column) (1U << (column))

extern const char *const summary_column_names[SUMMARY_COLUMNS];

/* What there are averages of. */
enum summed {
    SUMMED_OPEN,
    SUMMED_HIGH,
    SUMMED_LOW,
    SUMMED_CLOSE,
    SUMMED_VOLUME,
};
#define SUMMEDS 5

/* In the caller's storage; nothing to free. Without days, which it begins with,
 * all the rest says nothing: to make it empty again takes no more. */
struct bar_summary {
    uint32_t days;
    uint32_t volume_days; /* with a volume: the others are left out */
    bool is_mixed;        /* sums count */
    struct decimal_sum sums[SUMMEDS];
    /* And what was added of runs since their scales changed: mantissas. */
    uint64_t since[SUMMEDS];
    uint8_t scales[BAR_FIELDS];
    struct decimal first_open, max_high, min_low, last_close;
};

/* Add a day's bar; days come in order, each once. */
void bar_summary_add(struct bar_summary *summary, const struct bar *bar);

/* The same of the bars from first up to end of a run, at least one. */
void bar_summary_add_run(struct bar_summary *summary, const struct bar_run *run,
                         size_t first, size_t end);

/*
 * Write values of the columns whose bits are set, in their order, as JSON and
 * CSV write numbers: each behind the next of the fronts, and none where it is
 * null (average_volume, where no bar has a volume). Returns the end. Behind
 * each front there are DECIMAL_ROOM bytes, as for decimal_write. Averages are
 * exact quotients, rounded (decimal_sum_write_average); first, max, min and
 * last keep their digits, of equal ones the earliest bar's. At least one bar
 * was added.
 */
char *bar_summary_write(char *to, const struct bar_summary *summary,
                        unsigned columns, const struct cell_text *fronts,
                        const struct cell_text *none);

#endif
