/* The two clocks of a read, and its pinned pages. */
#ifndef API_KNOWLEDGE_H
#define API_KNOWLEDGE_H

#include <stdint.h>

#include "request.h"
#include "secmaster/date.h"
#include "secmaster/err.h"

/* as_of, and known_at or known_tx as a transaction (both default to now). */
struct clocks {
    struct date as_of;
    uint64_t known_tx;
};

/*
 * Read the clock parameters and the cursor's pins. On failure, and where the
 * client has the answer already, the response is set and false returned. Sets
 * response->tx, the answer's name and whether it is final.
 */
bool clocks_read(struct request *request, struct response *response,
                 struct clocks *out);

/*
 * A place behind which a page goes on: the last row's key, and what the first
 * page was pinned to. Text is base64url, checked by a CRC and by a hash of
 * the route and of every parameter but limit, format and cursor.
 */
struct cursor {
    uint64_t known_tx;
    struct date as_of;
    int64_t key; /* what the list counts by: a table's security */
    struct date start;
};

/* Whether a cursor was given; with *out where so. ERR_MALFORMED: garbage, cut
 * short, or another query's. */
enum err cursor_read(struct request *request, bool *given, struct cursor *out);
struct str cursor_text(struct request *request, const struct cursor *cursor);

/* limit=: 1 .. PAGE_ROWS_MAX, lowered to it. *given tells whether it was
 * there. On failure the response is set and false returned. */
bool limit_read(struct request *request, struct response *response, bool *given,
                uint32_t *out);

/* A date parameter; *given tells. On failure the response is set. */
bool date_read(struct request *request, struct response *response,
               const char *name, bool *given, struct date *out);

#endif
