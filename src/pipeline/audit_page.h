/* What must hold of what a vendor sent before it is published. */
#ifndef PIPELINE_AUDIT_PAGE_H
#define PIPELINE_AUDIT_PAGE_H

#include "secmaster/bar_batch.h"
#include "secmaster/complaint.h"
#include "secmaster/listing.h"
#include "secmaster/trade_batch.h"

/*
 * Rows that were decoded are well-formed and valid, each by itself; here they
 * are held against what was asked, what there was, and the day on which it is.
 * Reasons are texts without places: "the listing shrank from 79 to 54".
 */

/* Fewer than this part of what was published last is suspicious. */
#define AUDIT_LISTING_PERCENT_MIN 95

/* Nothing that is asked for is older. */
#define AUDIT_FIRST_DAY ((struct date){ -25567 }) /* 1900-01-01 */

/* Announced ahead, but not much. */
#define AUDIT_SPLIT_DAYS_AHEAD 366

/* What members write is kept with its typos: a year's last digits are wrong at
 * times. */
#define AUDIT_TRADE_DAYS_AHEAD (20 * 366)

/* A clock that is ahead of ours. */
#define AUDIT_UPDATED_DAYS_AHEAD 1

/* A whole listing against how many rows the one before had; 0: there was none,
 * or it is not known. An empty one has no reason to be where none was. */
void audit_listing(const struct listing *listing, uint32_t published,
                   struct complaints *reasons);

/* Splits of one ticker and day may come twice, if they say the same. */
void audit_splits(const struct listing *listing, struct date today,
                  struct complaints *reasons);

struct audit_bars {
    struct str ticker; /* asked for; data NULL: the whole market's */
    struct date day;   /* asked for */
    struct date today; /* in UTC */
};
/* ERR_BUSY: memory. */
enum err audit_bars(const struct bar_batch *bars, const struct audit_bars *ask,
                    struct complaints *reasons);

/* updated_last: vendor_reading's. It is where the next run begins: one in the
 * future would pass rows over for good. */
void audit_trades(const struct trade_batch *trades, int64_t updated_last,
                  struct date today, struct complaints *reasons);

#endif
