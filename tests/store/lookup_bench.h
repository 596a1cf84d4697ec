/* What a lookup must show, and what it may. */
#ifndef STORE_LOOKUP_BENCH_H
#define STORE_LOOKUP_BENCH_H

#include "secmaster/store.h"
#include "tests/support/batch_maker.h"

/*
 * Lookups of some values of attribute 0 that maker_random puts, over ranges at
 * random: all whom the model knows at known_tx to have asserted one are shown,
 * in order, and, by a store that is no model itself, nobody who never did.
 */
void expect_lookups(struct store *store, struct store *model, uint64_t known_tx,
                    const char *row);

/* The same of one value and range. */
void expect_lookup(struct store *store, struct store *model, uint64_t known_tx,
                   const struct lookup_range *range, const char *row);

/*
 * A batch of facts of attribute 0 about securities below VALUED_SECURITIES,
 * late ones and null ones among them: each third says 0, the others one of so
 * many values.
 */
enum { VALUED_SECURITIES = 3000 };
void maker_values(struct batch_maker *maker, uint64_t tx, int count,
                  int values);

/* Lookups of 0 and of some of the values, over ranges at random; and of many
 * of them at once, which show what each alone does. */
void expect_values(struct store *store, struct store *model, uint64_t known_tx,
                   int values, const char *row);

#endif
