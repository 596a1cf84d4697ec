/* When transactions were recorded, for answers that name many of them. */
#ifndef API_RECORDED_H
#define API_RECORDED_H

#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/instant.h"
#include "secmaster/store.h"

/* Facts of many days are mostly of few transactions. */
#define RECORDED_KEPT 256

/* Remembers transactions; in the caller's storage. */
struct recorded {
    struct store *store;
    struct arena arena; /* of one transaction at a time */
    uint64_t reads;     /* of the journal so far: each a part of it */
    struct {
        uint64_t tx; /* 0: nothing is kept here */
        struct instant at;
    } kept[RECORDED_KEPT];
};

void recorded_init(struct recorded *recorded, struct store *store);
void recorded_fini(struct recorded *recorded);

/* Errors: those of store_transaction. */
enum err recorded_at(struct recorded *recorded, uint64_t tx,
                     struct instant *out, struct why *why);

#endif
