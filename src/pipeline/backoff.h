/* When a request that failed is sent again. */
#ifndef PIPELINE_BACKOFF_H
#define PIPELINE_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/instant.h"
#include "secmaster/str.h"

/* How often a request is sent in all, the first time among them. */
#define BACKOFF_TRIES 10

/* How a request ended. */
enum backoff_end {
    BACKOFF_ANSWERED, /* whole, with a status */
    BACKOFF_TIMEOUT,
    BACKOFF_CONNECTION, /* refused, reset, or cut off in an answer */
};

/* Whether trying again can help: 429, 5xx, and where there was no answer. No
 * other 4xx: 408 too blames what was sent. The status counts only of what was
 * answered. */
bool backoff_is_retried(enum backoff_end end, int status);

struct backoff {
    int64_t initial_us; /* a second or more */
    int64_t max_us;     /* of any wait */
};

/* What one wait goes by. */
struct backoff_failure {
    int tries;              /* made so far, 1 .. BACKOFF_TRIES - 1 */
    struct str retry_after; /* the header; data NULL: not there */
    struct instant now;     /* by the clock that such a header's date means */
    uint64_t draw;          /* drawn anew; draw / 2^64 is uniform in [0, 1) */
};

/*
 * How long to wait before the next try: what the vendor asks for, where that
 * can be read, else uniform(initial - 1 s, initial) * 2^(tries - 1), rounded
 * down; max_us at the most.
 */
int64_t backoff_wait_us(const struct backoff *backoff,
                        const struct backoff_failure *failure);

#endif
