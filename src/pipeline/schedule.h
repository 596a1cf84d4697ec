/* A time of day in UTC at which something begins, each day once. */
#ifndef PIPELINE_SCHEDULE_H
#define PIPELINE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/instant.h"

/* A wall clock that goes back by no more than this makes no day's turn come
 * twice; past it the schedule is made anew. */
#define SCHEDULE_STEP_BACK_US INT64_C(3600000000)

struct schedule {
    int32_t at_minute; /* of the UTC day */
    struct instant next;
};

/* What has passed when it begins is not caught up. */
void schedule_init(struct schedule *schedule, int32_t at_minute,
                   struct instant now);

/*
 * Whether its turn has come, which it says once; next is then the one after
 * now. A clock that went forward over many turns makes them one.
 */
bool schedule_take(struct schedule *schedule, struct instant now);

#endif
