/* The facts of a security, some days at a time. */
#ifndef API_TRAIL_H
#define API_TRAIL_H

#include <stdbool.h>

#include "secmaster/audit.h"
#include "secmaster/store.h"

/* Which facts, and how far they were read. */
struct trail {
    struct store *store;
    uint64_t known_tx;
    int64_t security_id;
    uint32_t attribute; /* NAME_NONE: of all */
    struct date next;   /* the first day that was not read */
    struct date last;   /* the last one that is wanted */
    uint64_t records;   /* read so far */
    bool is_known;      /* set: there was a record, of any attribute */
    bool at_end;        /* set: there are no more */
};

/*
 * Read whole days from next on into an audit that was reset, until it holds
 * facts_max or more or as many records were read, and settle it. On a view of
 * its own. Errors: those of store_view_begin, store_scan and audit_add.
 */
enum err trail_read(struct trail *trail, size_t facts_max, uint64_t records_max,
                    struct audit *into, struct why *why);

#endif
