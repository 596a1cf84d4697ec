/* A trade as it is answered: what was sent, and what is made of it. */
#ifndef API_TOLD_TRADE_H
#define API_TOLD_TRADE_H

#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/store.h"

/* Where a version is, and the security that it is about. */
struct told_trade {
    uint64_t tx;
    int64_t security_id; /* NO_SECURITY: none that is known */
    uint32_t transaction, ordinal;
    uint32_t offset; /* in the payload of its record */
    struct date date;
};

/*
 * Prints trades of one snapshot. The rows of the securities that were printed
 * last are remembered: trades go by date, so the next one of a security mostly
 * has the same row.
 */
struct trade_teller;

/* NULL when out of memory. */
struct trade_teller *trade_teller_new(struct store *store, uint64_t known_tx);
void trade_teller_free(struct trade_teller *teller);

/* Bytes of memory that it holds. */
size_t trade_teller_held(const struct trade_teller *teller);

/* Append one as a JSON object. Errors: those of out_finish, store_view_begin,
 * store_scan and timeline_finish. */
enum err trade_teller_put(struct trade_teller *teller,
                          const struct told_trade *trade, struct out *out,
                          struct why *why);

#endif
