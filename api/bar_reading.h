/* Bars of securities, a month at a time. */
#ifndef API_BAR_READING_H
#define API_BAR_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bar_fold.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/store.h"

/*
 * Bars of securities from the place on to the last, as known at known_tx: of
 * each in [from, to), of the first one in [day, to). Of the month that from, or
 * day, is in, the bars before it are shown too.
 */
struct bar_reading {
    struct store *store;
    uint64_t known_tx;
    int64_t last_security;
    struct date from, to; /* from: a day; to: DATE_OPEN_DAYS, or a day */
    bar_run_visitor *run_visitor; /* NULL: runs are shown as bars */

    /* The place. */
    int64_t security_id;
    struct date day;
};

/*
 * Read on from the place, on a view of its own, until the visitor has enough or
 * there is no more, or *records_left were read, about, and a month is whole.
 * *more: perhaps not all were read; the place is then behind the last month
 * that was shown. The visitor does not ask for VISIT_SKIP. Errors: those of
 * store_view_begin and store_scan.
 */
enum err bar_reading_turn(struct bar_reading *reading, uint64_t *records_left,
                          bars_visitor *visitor, void *context, bool *more,
                          struct why *why);

/* The first security from one on that has bars. ERR_NOT_FOUND: there is none.
 * Others: as above. */
enum err bar_reading_next(const struct bar_reading *reading, int64_t from,
                          int64_t *out, struct why *why);

/* Whether there are bars or facts of a security. */
enum err bar_reading_knows(const struct bar_reading *reading,
                           int64_t security_id, bool *out, struct why *why);

#endif
