/* A question about many rows, and its rows: scan, fold, visit. */
#ifndef API_READING_H
#define API_READING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "column_memory.h"
#include "secmaster/columns.h"
#include "secmaster/err.h"
#include "secmaster/precedence.h"
#include "secmaster/store.h"
#include "secmaster/timeline.h"
#include "selection.h"

/* Columns that were asked for, in that order; borrowed from the request. */
struct projection {
    const uint32_t *attributes; /* NULL: none were */
    size_t count;
};

/* Rows of securities from first to last, both included, that overlap the
 * window, as known at known_tx, and are in the selection. */
struct reading {
    struct store *store;
    uint64_t known_tx;
    int64_t first_security, last_security;
    struct window window;
    struct selection selection;
    bool is_class_view; /* columns that are null in all rows go */
    bool is_of_one;     /* one security, which has to be known */
    struct projection projection;
    struct picks *picks;          /* NULL: every security is looked at */
    struct column_memory *memory; /* NULL: none */
    const atomic_bool *stop;      /* set: no further turn; NULL: it never is */
};

/* Every row there is. */
struct reading reading_all(struct store *store, uint64_t known_tx);

/* Before every day: nothing of a security has been passed. */
#define BEFORE_ALL ((struct date){ INT32_MIN })

/*
 * One turn of reading: from a security on, until about records_max records
 * were read; security_id is then where the next turn begins. Of the first
 * security, rows up to the one that starts at passed may be shown or not, and
 * otherwise than they are.
 */
struct turn {
    int64_t security_id;
    struct date passed;
    uint64_t records_max;
    bool cut; /* set: there is more behind security_id */
};

#define TURN_WHOLE(id) ((struct turn){ (id), BEFORE_ALL, UINT64_MAX, false })

/*
 * Show every row, selected or not, on a view of its own; with picks, of
 * candidates alone. Errors: those of store_view_begin, store_scan,
 * store_lookup and timeline_finish.
 */
enum err reading_rows(const struct reading *reading, struct turn *turn,
                      row_visitor *visitor, void *context, struct why *why);

/*
 * Collect the columns: those of the projection, as it has them; else the
 * attributes that selected rows carry, in a class view those not null in all
 * of them, sorted. ERR_BUSY: out of memory, or *stop was set between two turns.
 */
enum err reading_columns(const struct reading *reading, struct columns *columns,
                         struct why *why);

/* How sources rank in the reading's snapshot; valid while the store is. */
struct precedence reading_precedence(const struct reading *reading);

/* Whether a security has any row; whether anything was recorded about it,
 * withdrawn since or not. */
enum err reading_exists(const struct reading *reading, int64_t security_id,
                        bool *out, struct why *why);
enum err reading_knows(const struct reading *reading, int64_t security_id,
                       bool *out, struct why *why);

#endif
