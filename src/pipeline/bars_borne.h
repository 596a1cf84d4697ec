/* Of a whole market's bars those that are somebody's. */
#ifndef PIPELINE_BARS_BORNE_H
#define PIPELINE_BARS_BORNE_H

#include "secmaster/bar_batch.h"
#include "secmaster/store.h"

/*
 * Replace *batch by one of its rows whose tickers exactly one security bears on
 * their day, as the view has it. A market has more tickers than any listing:
 * without this, one of them would hold up the day. ERR_BUSY, ERR_STORE: *batch
 * is as it was.
 */
enum err bars_borne(struct bar_batch **batch, struct view *view,
                    struct why *why);

#endif
