/* The fold: a security's records in, its type-2 rows out. */
#ifndef SECMASTER_TIMELINE_H
#define SECMASTER_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/precedence.h"
#include "secmaster/record.h"
#include "secmaster/value.h"

/* The winning assertion of one attribute. */
struct cell {
    uint32_t attribute, source; /* dictionary ids */
    struct date effective;      /* of the winning assertion */
    uint64_t tx;                /* that made it */
    struct value value;
};

/*
 * The state of a security over [start, end): a row starts on each date with
 * a live assertion and carries every value forward. Cells stand one for each
 * attribute asserted by then, in the order of the facts that were looked at: no
 * order to rely on, as a scan or the fold leaves out what is superseded.
 */
struct row {
    int64_t security_id;
    struct date start, end; /* half-open; end DATE_OPEN_DAYS: open */
    const struct cell *cells;
    size_t cell_count;
};

/* Shown one row at a time by (security_id, start); dies with the call. */
typedef enum visit row_visitor(void *context, const struct row *row);

/* Only rows that overlap [from, to) are shown. */
struct window {
    struct date from, to;
};

#define WINDOW_ALL ((struct window){ { DATE_FIRST_DAYS }, { DATE_OPEN_DAYS } })

/*
 * Pushed records in key order of what is known (record_visitor); pushes rows
 * in turn. One security is in memory at a time; buffers are kept from one to
 * the next. Values are copied: a record may die when its call returns.
 */
struct timeline;

/* NULL when out of memory. The visitor's context is borrowed. Seed: as of
 * hash.h. */
struct timeline *timeline_new(uint64_t seed, struct window window,
                              struct precedence precedence,
                              row_visitor *visitor, void *context);
void timeline_free(struct timeline *timeline);

/* Bytes of memory that it holds: by the attributes and sources of one date, not
 * by how often they were asserted. */
size_t timeline_held(const struct timeline *timeline);

/* A record_visitor: the context is the timeline. */
enum visit timeline_record(void *timeline, const struct record *record);

/*
 * No more records: show what is left. Afterwards it is as new.
 * ERR_STORE: a payload was no fact set; ERR_BUSY: out of memory; the scan
 * was stopped there. A visitor's VISIT_STOP is no error.
 */
enum err timeline_finish(struct timeline *timeline);

#endif
