/* The system's clocks. */
#include "secmaster/clock.h"

#include <assert.h>
#include <time.h>

#define US_PER_SECOND 1000000
#define NS_PER_US 1000

static int64_t
read_us(clockid_t clock)
{
    struct timespec now;
    int failed = clock_gettime(clock, &now);

    assert(failed == 0);
    return (int64_t)now.tv_sec * US_PER_SECOND + now.tv_nsec / NS_PER_US;
}

struct instant
clock_wall(void)
{
    return (struct instant){ read_us(CLOCK_REALTIME) };
}

int64_t
clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}
