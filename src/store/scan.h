/* Scan a range over the index and the memtables of one view. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "secmaster/store.h"

#include "index.h"
#include "versions.h"

/*
 * Where a view's last scan left the index: whoever reads security by security
 * goes on from there, mostly within the block at hand. All zero to begin with.
 */
struct scan_place {
    struct index_cursor cursor;
    struct record passed; /* nothing is between it and where the cursor is */
    bool is_open, is_busy, has_passed;
};

/*
 * What a view holds on to. The version was pinned behind known_tx, the reader
 * begun behind the version: then each record up to known_tx is seen once.
 */
struct scan_sources {
    const struct version *version;
    struct index_reader reader;
    uint64_t known_tx;
    struct scan_place place;
};

/* As store_scan. */
enum err scan_run(struct scan_sources *sources, const struct scan_range *range,
                  record_visitor *visitor, void *context, struct why *why);

/* Give the place up, before its reader ends. */
void scan_place_close(struct scan_place *place);

#endif
