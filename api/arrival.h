/* The facts of a batch in the order in which they arrived. */
#ifndef API_ARRIVAL_H
#define API_ARRIVAL_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/factset.h"
#include "secmaster/store.h"

/* Where a fact stands in its batch. */
struct fact_place {
    uint32_t record, offset; /* of its payload */
};

/* A walk over the facts of a batch; zero is its beginning. */
struct arrival {
    struct fact_place *places; /* by arrival, owned; NULL: record by record */
    uint32_t next;             /* of the places, or of the records */
    struct str payload;        /* what is left of the record before it */
};

/* Find out the order, which takes no memory where no fact is displaced.
 * ERR_STORE: the batch contradicts itself; ERR_BUSY: memory. */
enum err arrival_begin(struct arrival *arrival,
                       const struct stored_batch *batch);
void arrival_fini(struct arrival *arrival);

/* How many bytes it holds beside the batch. */
size_t arrival_bytes(const struct arrival *arrival,
                     const struct stored_batch *batch);

/*
 * The next fact and its record; false at the end, or with *err ERR_STORE where
 * there is none to be had.
 */
bool arrival_next(struct arrival *arrival, const struct stored_batch *batch,
                  const struct record **record, struct factset_item *out,
                  enum err *err);

#endif
