/* The bars of one request, checked, on their way to the writer. */
#ifndef SECMASTER_BAR_BATCH_H
#define SECMASTER_BAR_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bar.h"
#include "secmaster/batch.h"
#include "secmaster/complaint.h"
#include "secmaster/err.h"

/* A bar and whose it is. bar.source: an index of bar_batch's sources. */
struct bar_row {
    int64_t security_id; /* below 0: of the ticker with index -1 - id */
    uint32_t line;       /* of the body, from 1; 0 where pointers name places */
    struct bar bar;
};

/* Filled by one thread, then read by another. Owned, on the heap, bounded by
 * the body that it came from. */
struct bar_batch {
    uint64_t seed;
    struct bar_row *rows; /* in order of arrival */
    uint32_t count, capacity;
    struct batch_names sources; /* 0: the default */
    struct batch_names tickers; /* texts as they were sent, unescaped UTF-8 */
    const char *pointer_prefix; /* "/prices", "/results", "" ...; NULL where
                                   lines count */

    /* Who names the tickers: a member of each row ("ticker"; NULL: the request
     * itself), or the body once, at a pointer (else NULL). */
    const char *ticker_member, *ticker_pointer;
    bool creates; /* mint a security for a ticker that nobody bears */

    /* The writer's answer. */
    uint32_t stored, unchanged; /* rows: together, count */
    struct batch *created;      /* the facts about securities that it brings
                                   in, by their tickers as labels; owned, NULL:
                                   none */
};

/* NULL when out of memory. The default source starts as "default". */
struct bar_batch *bar_batch_new(uint64_t seed);
void bar_batch_free(struct bar_batch *batch);

/* The id that stands for a ticker in the batch, -1, -2 ... ERR_BUSY: memory. */
enum err bar_batch_ticker(struct bar_batch *batch, struct str ticker,
                          int64_t *out);

/* The index of a source; len 0 is not one. ERR_BUSY: memory. */
enum err bar_batch_source(struct bar_batch *batch, struct str source,
                          uint32_t *out);

/* Name the source of bars that gave none. ERR_BUSY: memory. */
enum err bar_batch_default_source(struct bar_batch *batch, struct str source);

/* One more, which is valid. ERR_TOO_LARGE: over 4 G; ERR_BUSY: memory. */
enum err bar_batch_add(struct bar_batch *batch, const struct bar_row *row);

/* Complain about the ticker of row i where it stood in the body. */
void bar_batch_complain_ticker(const struct bar_batch *batch,
                               struct complaints *complaints, uint32_t i,
                               const char *detail);

#endif
