/* A store whose merger stops before each of its steps. */
#ifndef STORE_HELD_MERGER_H
#define STORE_HELD_MERGER_H

#include <pthread.h>
#include <stdbool.h>

#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"

struct held_merger {
    struct store_testing testing; /* for the options of the store */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_held; /* the merger waits at step */
    bool is_free; /* it never stops again */
    enum merge_step step;
};

/* What the test has not set of testing stays 0. */
void held_merger_init(struct held_merger *held);
void held_merger_fini(struct held_merger *held);

/* Wait until the merger stands before a step; which one. */
enum merge_step held_merger_await(struct held_merger *held);

/* Let it take that step, and go on to the next. */
void held_merger_step(struct held_merger *held);

/* Let it run, from now on. Also what comes before the store is closed. */
void held_merger_release(struct held_merger *held);

#endif
