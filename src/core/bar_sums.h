/* The numbers of a run added up, column by column. */
#ifndef CORE_BAR_SUMS_H
#define CORE_BAR_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/bar.h"
#include "secmaster/bar_summary.h"

/* Of the bars that were added: mantissas, of the run's scales. */
struct bar_extremes {
    uint32_t max_high, min_low;
};

/*
 * Add the bars from first up to end, at least one, to sums of mantissas;
 * nothing where the field is null. No column that there are averages of is
 * wider than 32 bits.
 */
struct bar_extremes bar_sums_add(const struct bar_run *run, size_t first,
                                 size_t end, uint64_t sums[static SUMMEDS]);

#endif
