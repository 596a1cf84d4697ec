/* What a listing is measured by. */
#ifndef PIPELINE_LISTED_BEFORE_H
#define PIPELINE_LISTED_BEFORE_H

#include "secmaster/run.h"
#include "secmaster/store.h"

/*
 * How many rows the listing had that was published for the same dataset and the
 * latest day up to that of a run; of two of one day the later run's. 0: none
 * was, or it is forgotten.
 */
enum err listed_before(struct store *store, const struct run_info *run,
                       uint64_t *out, struct why *why);

#endif
