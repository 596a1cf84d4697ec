/* The periods that rows are of, each worked out and printed once for the rows
 * of many securities. */
#ifndef API_BAR_PERIODS_H
#define API_BAR_PERIODS_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/period.h"

/* Of the columns of a row that say what period it is of. It is copied in whole
 * steps, whatever its length. */
#define PERIOD_STEP_BYTES 16
#define PERIOD_TEXT_BYTES (5 * PERIOD_STEP_BYTES)
static_assert(PERIOD_TEXT_BYTES >= sizeof ",\"period_start\":\"2024-01-01\""
                                          ",\"period_end\":\"2024-04-01\""
                                          ",\"year\":2024,\"quarter\":1" -
                                       1,
              "the longest");

struct bar_period {
    struct period_span span; /* all zero: there is none */
    uint16_t next;           /* the slot of who followed last time */
    uint8_t len;             /* of the text; 0: it is not known yet */
    char text[PERIOD_TEXT_BYTES];
};

/*
 * The table that goes with it has so many slots: the caller's storage, all zero
 * to begin with. Of two periods that share a slot the one that comes later
 * stays; those that are fewer weeks (or 28, 90, 365 days) than slots less one
 * apart share none.
 */
#define BAR_PERIODS_SHARED 2000 /* 38 years of weeks in 200 KB */
static_assert(BAR_PERIODS_SHARED * sizeof(struct bar_period) <= 200000,
              "each part of a stream has a table");
struct bar_periods {
    enum period period;
    uint16_t slots; /* at least one */
    uint16_t at;    /* of the period at hand */
};

static inline bool
bar_period_has(const struct bar_period *period, struct date day)
{
    return day.days >= period->span.start.days &&
           day.days < period->span.end.days;
}

/* Behind bar_periods_seek, where it is not who followed last time. */
void bar_periods_seek_any(struct bar_periods *periods, struct bar_period *table,
                          struct date day);

/* Make the period that day falls in the one at hand. Most securities have the
 * periods that the one before them had, in the same order. */
static inline void
bar_periods_seek(struct bar_periods *periods, struct bar_period *table,
                 struct date day)
{
    uint16_t next = table[periods->at].next;

    if (bar_period_has(&table[next], day))
        periods->at = next;
    else
        bar_periods_seek_any(periods, table, day);
}

/* Keep a text of [from, to). */
static inline void
bar_period_keep(struct bar_period *period, const char *from, const char *to)
{
    size_t len = (size_t)(to - from);

    assert(len <= PERIOD_TEXT_BYTES);
    memcpy(period->text, from, len);
    period->len = (uint8_t)len;
}

/* Copy the text and return its end. PERIOD_TEXT_BYTES are there: those behind
 * the end may be written too. */
static inline char *
bar_period_copy(const struct bar_period *period, char *to)
{
    size_t i = 0;

    do {
        memcpy(to + i, period->text + i, PERIOD_STEP_BYTES);
        i += PERIOD_STEP_BYTES;
    } while (i < period->len);
    return to + period->len;
}

#endif
