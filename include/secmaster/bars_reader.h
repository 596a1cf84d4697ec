/* Bars from the bytes of a body, parsed while it arrives. */
#ifndef SECMASTER_BARS_READER_H
#define SECMASTER_BARS_READER_H

#include <stdint.h>

#include "secmaster/bar_batch.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"
#include "secmaster/media.h"

/* NULL, or why a text cannot be a bar's ticker: not 1..TICKER_BYTES_MAX bytes,
 * not UTF-8, a control character. Static text. */
const char *ticker_fault(struct str ticker);

/* Whose all bars of a body are. Its rows then name nobody themselves. */
struct bars_owner {
    struct str ticker;   /* without a fault; len 0: the id says it */
    int64_t security_id; /* of no meaning beside a ticker */
};

/*
 * One body of bars: {"source"?, "prices": [...]}, a bare array, NDJSON or CSV.
 * With an owner CSV may also have BARS_VENDOR_HEADER, just as it is. Every bar
 * that reaches the batch is valid; errors are those of facts_reader.h.
 */
struct bars_reader;

#define BARS_VENDOR_HEADER "Date,Open,High,Low,Close,Adj Close,Volume"

/* owner (copied, its ticker into batch) may be NULL: each row names its own.
 * batch and complaints are borrowed. NULL when out of memory. */
struct bars_reader *bars_reader_new(enum media media,
                                    const struct bars_owner *owner,
                                    struct bar_batch *batch,
                                    struct complaints *complaints);
void bars_reader_free(struct bars_reader *reader);
enum err bars_reader_feed(struct bars_reader *reader, struct str piece,
                          struct why *why);

/* The body is whole: the batch has its pointer_prefix and default source. No
 * bar at all is ERR_INVALID. */
enum err bars_reader_finish(struct bars_reader *reader, struct why *why);

#endif
