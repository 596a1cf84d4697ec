/* What a portfolio held day by day, as known at a transaction. */
#ifndef API_HOLDINGS_H
#define API_HOLDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/positions_reader.h"
#include "secmaster/store.h"

/* Those of a portfolio from a place on: day's positions but the first so many,
 * then all of later days up to last. */
struct holdings {
    struct store *store;
    uint64_t known_tx;
    uint32_t portfolio; /* dictionary id */
    struct date day, last;
    uint64_t ordinal;
};

/* How much is taken at a time; a single position always may be. */
struct holdings_share {
    size_t count_max, quantity_bytes_max;
};

/*
 * Add the next positions to a list, by date, then as sent, on a view of its
 * own, and go to the first of the others. *at_end: there are none. Errors:
 * those of store_view_begin, store_scan and positions_add.
 */
enum err holdings_take(struct holdings *holdings,
                       const struct holdings_share *share,
                       struct positions *into, bool *at_end, struct why *why);

#endif
