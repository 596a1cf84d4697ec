/* The next time of day, under a wall clock that may be set. */
#include "schedule.h"

#include <assert.h>

#define US_PER_MINUTE INT64_C(60000000)
#define US_PER_DAY (1440 * US_PER_MINUTE)

/* The first such time behind now. */
static struct instant
next_after(int32_t at_minute, struct instant now)
{
    struct instant next = { instant_date(now).days * US_PER_DAY +
                            at_minute * US_PER_MINUTE };

    if (next.us <= now.us)
        next.us += US_PER_DAY;
    return next;
}

void
schedule_init(struct schedule *schedule, int32_t at_minute, struct instant now)
{
    assert(at_minute >= 0);
    assert(at_minute < 1440);

    schedule->at_minute = at_minute;
    schedule->next = next_after(at_minute, now);
}

bool
schedule_take(struct schedule *schedule, struct instant now)
{
    int64_t ahead_us = schedule->next.us - now.us;

    if (ahead_us > US_PER_DAY + SCHEDULE_STEP_BACK_US)
        schedule->next = next_after(schedule->at_minute, now);
    if (ahead_us > 0)
        return false;
    schedule->next = next_after(schedule->at_minute, now);
    return true;
}
