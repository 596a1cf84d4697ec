/* Whose the bars are that a batch gives a ticker of. */
#ifndef PIPELINE_BAR_TICKERS_H
#define PIPELINE_BAR_TICKERS_H

#include "bar_changes.h"

/* Instead of an id: on that day no security bears the ticker, or several. */
#define BORNE_BY_NONE (-1)
#define BORNE_BY_MANY (-2)

/*
 * Set the security of each row that has a ticker; places stand in order of the
 * rows. Each ticker is looked for once. ERR_BUSY, ERR_STORE.
 */
enum err bar_tickers_resolve(const struct bar_batch *batch, struct view *view,
                             struct placed_bar *places, struct why *why);

/*
 * Make batch->created of the tickers that rows are without a security for: one
 * each, which bears it from the first such day on, by that bar's source. NULL:
 * there are none. Those rows are then of its labels. ERR_BUSY.
 */
enum err bar_tickers_create(struct bar_batch *batch, struct placed_bar *places);

/* The labels have their ids: give them to the rows. */
void bar_tickers_place(const struct bar_batch *batch,
                       struct placed_bar *places);

/* Complain about the rows that are nobody's. Whether there are any. */
bool bar_tickers_refuse(const struct bar_batch *batch,
                        const struct placed_bar *places,
                        struct complaints *complaints);

#endif
