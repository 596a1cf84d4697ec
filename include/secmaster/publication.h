/* What a vendor's run or webhook publishes: all of it at once, or nothing. */
#ifndef SECMASTER_PUBLICATION_H
#define SECMASTER_PUBLICATION_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/bar_batch.h"
#include "secmaster/batch.h"
#include "secmaster/store.h"
#include "secmaster/trade_batch.h"

/*
 * Facts, bars and trades, each a transaction of its own in this order where
 * anything in it is new, and state, in one commit. All are judged by what the
 * store had before: the bars' tickers are none that these facts bring in.
 * Nothing new: no transaction, the state alone is put.
 *
 * The parts are owned by the job's owner and hold their answers: stored and
 * unchanged, facts->minted the ids of labels, bars->created securities.
 */
struct publication {
    struct batch *facts;        /* sealed; NULL: none */
    struct bar_batch *bars;     /* NULL or empty: none */
    struct trade_batch *trades; /* sealed; NULL or empty: none */
    const struct state_change *state;
    size_t state_count;

    /* A key that is put too, with a value, but if it is there already nothing
     * at all is done. key.len 0: none. */
    struct state_change guard;

    /* Where state says what the parts came to: set it, as they are judged and
     * nothing is stored. By the writer's thread; NULL: state is set. ERR_BUSY:
     * memory. */
    enum err (*settle)(struct publication *publication);
    void *context; /* settle's */

    /* The answer: the guard's key was there. */
    bool is_repeated;
};

#endif
