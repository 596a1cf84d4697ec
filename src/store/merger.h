/* The thread that takes sealed memtables into the index. */
#ifndef STORE_MERGER_H
#define STORE_MERGER_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/store_lmdb.h"

#include "index.h"
#include "versions.h"

struct merger;

struct merger_options {
    struct versions *versions;
    struct index *index;
    store_notice *notice;                /* may be NULL */
    const struct store_testing *testing; /* may be NULL */
};

/* Everything in options outlives it. ERR_BUSY: out of memory or threads. */
enum err merger_start(const struct merger_options *options, struct merger **out,
                      struct why *why);

/* Ends it behind the transaction at hand; what was begun is begun again by
 * the next one. NULL is fine. */
void merger_stop(struct merger *merger);

struct merger_stats {
    uint64_t merges;   /* memtables taken in */
    uint64_t merge_us; /* that it took, waiting for readers included */
    bool failed;       /* the index cannot be written: it has ended */
    bool full;         /* no room; it tries again */
};

/* Any thread. */
void merger_stats(const struct merger *merger, struct merger_stats *out);

#endif
