/* A question about many rows, and its rows: scan, fold, visit. */
#ifndef API_READING_H
#define API_READING_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/columns.h"
#include "secmaster/err.h"
#include "secmaster/store.h"
#include "secmaster/timeline.h"

/* Rows whose own asset_class cell is a class. */
struct class_filter {
    uint32_t attribute; /* asset_class's id, or NAME_NONE */
    bool none;          /* rows with null there or nothing */
    struct str text;    /* a number's or true's or false's own text */
    struct str escaped; /* the same as a string value's text */
};

/* Rows of securities from first to last, both included, that overlap the
 * window, as known at known_tx. */
struct reading {
    struct store *store;
    uint64_t known_tx;
    int64_t first_security, last_security;
    struct window window;
    bool filtered;
    struct class_filter class;
};

/* Every row there is. */
struct reading reading_all(struct store *store, uint64_t known_tx);

/* Keep only the rows of a class ("none": of no class). The texts are copied
 * into arena. ERR_TOO_LARGE: no room there. */
enum err reading_filter(struct reading *reading, struct str class,
                        struct arena *arena);

/* Whether a row passes the filter. */
bool reading_selects(const struct reading *reading, const struct row *row);

/*
 * One turn of reading: from a security on, until about records_max records
 * were read; security_id is then where the next turn begins.
 */
struct turn {
    int64_t security_id;
    uint64_t records_max;
    bool cut; /* set: there is more behind security_id */
};

#define TURN_WHOLE(id) ((struct turn){ (id), UINT64_MAX, false })

/*
 * Show every row, the filter not yet applied, on a view of its own. Errors:
 * those of store_view_begin, store_scan and timeline_finish.
 */
enum err reading_rows(const struct reading *reading, struct turn *turn,
                      row_visitor *visitor, void *context, struct why *why);

/*
 * Collect the columns: the attributes that selected rows carry, and with a
 * filter only those not null in all of them. Sorted.
 */
enum err reading_columns(const struct reading *reading, struct columns *columns,
                         struct why *why);

/* Whether a security has any row. */
enum err reading_exists(const struct reading *reading, int64_t security_id,
                        bool *out, struct why *why);

#endif
