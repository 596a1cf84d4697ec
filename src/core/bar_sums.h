/* The numbers of a run added up, column by column. */
#ifndef CORE_BAR_SUMS_H
#define CORE_BAR_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/bar.h"
#include "secmaster/bar_summary.h"

/* Mantissas, of the run's scales. */
struct bar_sums {
    uint64_t sums[SUMMEDS]; /* zero where the field is null */
    uint32_t max_high, min_low;
};

/* Of the bars from first up to end, at least one. No column that there are
 * averages of is wider than 32 bits. */
struct bar_sums bar_sums_of(const struct bar_run *run, size_t first,
                            size_t end);

#endif
