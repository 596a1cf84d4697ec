/* What of a batch of bars is new, as judged by what the store has. */
#ifndef PIPELINE_BAR_CHANGES_H
#define PIPELINE_BAR_CHANGES_H

#include "secmaster/bar_batch.h"
#include "secmaster/store.h"

/* A row of the batch and whose it is. */
struct placed_bar {
    int64_t security_id;
    int32_t day;  /* its bar's date */
    uint32_t row; /* of the batch */
};

struct bar_changes {
    const struct bar_batch *batch;
    const uint32_t *sources; /* dictionary ids, by the batch's indexes */

    /* Owned by the caller; first of all rows in any order, then of those that
     * are to be stored: one a security and day, ascending. */
    struct placed_bar *places;
    uint32_t count;

    uint32_t rows; /* that say something new, those another one follows too */
};

/*
 * Compare each row with what stands before it: an earlier row of its day, or
 * what the view has. ERR_STORE: a record is damaged.
 */
enum err bar_changes_find(struct bar_changes *changes, struct view *view,
                          struct why *why);

/* The bar of place i as it is to be stored. */
struct bar bar_changes_bar(const struct bar_changes *changes, uint32_t i);

#endif
