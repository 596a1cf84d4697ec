/* What a loaded file has in it, and what its batches ask for. */
#ifndef MAIN_LOAD_KIND_H
#define MAIN_LOAD_KIND_H

#include <stdbool.h>

#include "secmaster/bars_reader.h"
#include "secmaster/bounds.h"

/* A path, parameters, and a ticker of which each byte is escaped. */
#define LOAD_TARGET_BYTES (96 + 3 * TICKER_BYTES_MAX)

struct load_kind {
    bool is_prices;                   /* else they are facts */
    bool creates;                     /* securities of tickers */
    const char *ticker, *security_id; /* of all prices; NULL: rows say it */

    /* Set by load_kind_settle. */
    struct bars_owner owner;
    char target[LOAD_TARGET_BYTES];     /* of the requests that say this */
    char dry_target[LOAD_TARGET_BYTES]; /* the same, storing nothing */
};

/* NULL, or what is wrong with what was asked for (static text). */
const char *load_kind_settle(struct load_kind *kind);

/* Where a server says who bears a ticker on the last day there is.
 * ticker: terminated, at most TICKER_BYTES_MAX. */
void load_kind_bearer_target(const char *ticker,
                             char out[static LOAD_TARGET_BYTES]);

/* Whose all prices are; NULL: rows say it. */
const struct bars_owner *load_kind_owner(const struct load_kind *kind);

#endif
