/* What records batches of each kind have. */
#ifndef STORE_BATCH_KINDS_H
#define STORE_BATCH_KINDS_H

#include <stdbool.h>

#include "secmaster/store.h"

/* A kind that is read from disk may be any number. */
static inline bool
batch_kind_is_known(unsigned kind)
{
    return kind >= BATCH_FACTS && kind <= BATCH_TRADES;
}

static inline bool
batch_may_have(enum batch_kind kind, enum record_kind record)
{
    switch (kind) {
    case BATCH_FACTS:
        return record == RECORD_FACTS;
    case BATCH_PRECEDENCE:
        return false;
    case BATCH_POSITIONS:
        return record == RECORD_POSITIONS;
    case BATCH_PRICES:
        return record == RECORD_BARS;
    case BATCH_TRADES:
        return record == RECORD_TRADES || record == RECORD_MEMBERS;
    }
    return false;
}

#endif
