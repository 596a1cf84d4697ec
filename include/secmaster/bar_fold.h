/* Records of bars in, the bars that are known out: of each day the newest. */
#ifndef SECMASTER_BAR_FOLD_H
#define SECMASTER_BAR_FOLD_H

#include "secmaster/bar.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/record.h"

/*
 * Shown the bars of a security in a month, by day, at least one; they die when
 * the call returns. VISIT_SKIP: the security's others are not wanted.
 */
typedef enum visit bars_visitor(void *context, int64_t security_id,
                                const struct bar *bars, size_t count);

/* The same of a month that one record has all bars of, in one run. */
typedef enum visit bar_run_visitor(void *context, int64_t security_id,
                                   const struct bar_run *run);

/*
 * A scan's visitor and its context: bars of days in [from, to) are shown, in
 * order of (security, date). In the caller's storage.
 */
struct bar_fold {
    struct date from, to;
    bars_visitor *visitor;
    bar_run_visitor *run_visitor; /* NULL as long as nobody sets it: runs are
                                     shown as bars */
    void *context;
    enum err err; /* ERR_STORE: a record is malformed, or of no month */

    /* The month at hand. */
    int64_t security_id;
    struct date month;
    struct civil civil;  /* the same; year 0: there was none */
    uint32_t month_days; /* that it has */
    uint32_t days; /* bit d - 1: there is a bar of day d, in bars[d - 1] */
    struct bar bars[BARS_OF_MONTH_MAX];
    bool is_held; /* run is all of the month, unless the next record tells
                     otherwise */
    struct bar_run run;
    char held[BAR_RUN_BYTES_MAX];
};

void bar_fold_init(struct bar_fold *fold, struct date from, struct date to,
                   bars_visitor *visitor, void *context);

/* A record_visitor over struct bar_fold. Records of (security, month) come in
 * order of tx: the later one stands, day by day. */
enum visit bar_fold_record(void *context, const struct record *record);

/* The scan is over, well: show the last month. Returns fold->err. */
enum err bar_fold_end(struct bar_fold *fold);

#endif
