/* Scan a range over the index and the memtables of one view. */
#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include "secmaster/store.h"

#include "index.h"
#include "versions.h"

/*
 * What a view holds on to. The version was pinned behind known_tx, the reader
 * begun behind the version: then each record up to known_tx is seen once.
 */
struct scan_sources {
    const struct version *version;
    struct index_reader reader;
    uint64_t known_tx;
};

/* As store_scan. */
enum err scan_run(struct scan_sources *sources, const struct scan_range *range,
                  record_visitor *visitor, void *context, struct why *why);

#endif
