/* Exponential back-off, jittered so that many clients do not come at once. */
#include "backoff.h"

#include <assert.h>

#include "retry_after.h"
#include "secmaster/bounds.h"

#define JITTER_US INT64_C(1000000)

static_assert(RETRY_SECONDS_MAX * 1000000LL <= INT64_MAX >> BACKOFF_TRIES,
              "doubling the longest wait at each try does not overflow");
static_assert(JITTER_US << (BACKOFF_TRIES - 2) < INT64_C(1) << 31,
              "the jitter's product with 32 bits fits into 64");

bool
backoff_is_retried(enum backoff_end end, int status)
{
    switch (end) {
    case BACKOFF_ANSWERED:
        return status == 429 || (status >= 500 && status <= 599);
    case BACKOFF_TIMEOUT:
    case BACKOFF_CONNECTION:
        return true;
    }
    assert(false);
    return false;
}

/* draw / 2^64 of the jitter doubled, to the microsecond: 32 bits of the draw
 * are more than that needs, and their product fits. */
static int64_t
jitter(uint64_t draw, int doublings)
{
    return (int64_t)((draw >> 32) * ((uint64_t)JITTER_US << doublings) >> 32);
}

int64_t
backoff_wait_us(const struct backoff *backoff,
                const struct backoff_failure *failure)
{
    int doublings = failure->tries - 1;
    int64_t wait_us;

    assert(backoff->initial_us >= JITTER_US);
    assert(backoff->initial_us <= RETRY_SECONDS_MAX * INT64_C(1000000));
    assert(failure->tries >= 1);
    assert(failure->tries < BACKOFF_TRIES);

    if (retry_after_read(failure->retry_after, failure->now, backoff->max_us,
                         &wait_us))
        return wait_us;
    wait_us = (backoff->initial_us - JITTER_US) << doublings;
    wait_us += jitter(failure->draw, doublings);
    return wait_us < backoff->max_us ? wait_us : backoff->max_us;
}
