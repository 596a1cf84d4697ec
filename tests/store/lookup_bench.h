/* What a lookup must show, and what it may. */
#ifndef LOOKUP_BENCH_H
#define LOOKUP_BENCH_H

#include "secmaster/store.h"

/*
 * Lookups of some values of attribute 0 that maker_random puts, over ranges at
 * random: all whom the model knows at known_tx to have asserted one are shown,
 * in order, and, by a store that is no model itself, nobody who never did.
 */
void expect_lookups(struct store *store, struct store *model, uint64_t known_tx,
                    const char *row);

#endif
