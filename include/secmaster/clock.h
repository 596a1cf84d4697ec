/* The clocks, behind one seam that tests replace. */
#ifndef SECMASTER_CLOCK_H
#define SECMASTER_CLOCK_H

#include "secmaster/instant.h"

typedef struct instant clock_now(void);

/* Wall clock, UTC: for recorded_at and "today" only. */
struct instant clock_wall(void);

/* Never goes back: for deadlines and durations, in microseconds. */
int64_t clock_monotonic_us(void);

#endif
