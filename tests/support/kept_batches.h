/* Batches as they arrived, byte for byte, for the store in memory. */
#ifndef SUPPORT_KEPT_BATCHES_H
#define SUPPORT_KEPT_BATCHES_H

#include "secmaster/store.h"

/* Of tx 1, 2, 3 ...; all of it owned. */
struct kept_batches {
    struct append_batch *items;
    size_t count;
};

void kept_batches_add(struct kept_batches *kept,
                      const struct append_batch *batch);
void kept_batches_fini(struct kept_batches *kept);

/* As store_batch; what out points to stays with the kept batch. */
enum err kept_batches_read(const struct kept_batches *kept, uint64_t tx,
                           const struct batch_room *room,
                           struct stored_batch *out, struct why *why);

#endif
