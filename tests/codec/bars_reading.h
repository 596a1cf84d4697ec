/* Bodies of bars fed in pieces, and what came of them as text to compare. */
#ifndef TESTS_CODEC_BARS_READING_H
#define TESTS_CODEC_BARS_READING_H

#include "secmaster/bar_batch.h"
#include "tests/codec/reading.h"

/*
 * Append a line a bar, null as -:
 *   "ID|TICKER DATE OPEN HIGH LOW CLOSE ADJ_CLOSE VOLUME PRE_MARKET AFTER_HOURS
 *    SOURCE[ @LINE]"
 * behind a line with the batch's pointer_prefix, where it has one.
 */
void bars_put(struct out *out, const struct bar_batch *batch);

/* Append where a complaint about the ticker of the last bar stands:
 * "POINTER: odd", "line N: odd". */
void bars_put_ticker_place(struct out *out, const struct bar_batch *batch);

/* The same as bars_put of a body, or its verdict as in reading.h. */
void bars_reading(struct out *out, enum media media, struct str body, cut how);

/* The same where the request says that the bars are MSFT's, or 7's. */
void bars_of_msft_reading(struct out *out, enum media media, struct str body,
                          cut how);
void bars_of_7_reading(struct out *out, enum media media, struct str body,
                       cut how);

/* bars_put_ticker_place of those. */
void ticker_place_reading(struct out *out, enum media media, struct str body,
                          cut how);
void ticker_place_of_msft_reading(struct out *out, enum media media,
                                  struct str body, cut how);

#endif
