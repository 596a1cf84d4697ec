/* Bodies of trades, and what came of them as text to compare. */
#ifndef TESTS_CODEC_TRADES_READING_H
#define TESTS_CODEC_TRADES_READING_H

#include "secmaster/trade_batch.h"
#include "tests/codec/reading.h"

/*
 * Append a line a trade, without what is null or not sent:
 *   "[=] ID DATE [notified DATE] [reported DATE] [amendment N] [updated N]
 *    [field=JSON]..."
 * "=": an earlier row said the same; and behind it, where it has a filer,
 *   "  MEMBER DAY UPDATED {TEXT}"
 */
void trades_put(struct out *out, const struct trade_batch *batch);

/* The same of a whole body, or its verdict as in reading.h. */
void trades_reading(struct out *out, enum media media, struct str body);

#endif
