/* Who wants to be woken by every commit. */
#ifndef SECMASTER_BELLS_H
#define SECMASTER_BELLS_H

#include <stdatomic.h>
#include <stdbool.h>

#include "secmaster/bounds.h"
#include "secmaster/inbox.h"

/* Its owner wants it or not; then it looks once more what has happened, and
 * only then it sleeps. */
struct bell {
    struct bells *bells;
    struct inbox *inbox; /* where it rings; borrowed while it is wanted */
    atomic_bool is_wanted;
};

/* Zero: there are none. One thread adds, one rings. */
struct bells {
    struct bell items[LOOPS_MAX];
    atomic_uint count, turns;
};

/* A bell that nobody wants yet; it is there for good. */
struct bell *bells_add(struct bells *bells, struct inbox *inbox);

void bell_want(struct bell *bell, bool is_wanted);

/* Ring those that are wanted, behind what they are to notice. */
void bells_ring(struct bells *bells);

#endif
