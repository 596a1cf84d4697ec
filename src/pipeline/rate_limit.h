/* How fast a vendor may be asked, before it says "too fast" itself. */
#ifndef PIPELINE_RATE_LIMIT_H
#define PIPELINE_RATE_LIMIT_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/*
 * What a vendor counts as a minute, and a margin: a request may take up to
 * that much longer to the vendor than one after it, and still no 60 seconds as
 * the vendor sees them hold more requests than are allowed.
 */
#define RATE_LIMIT_MARGIN_US INT64_C(2000000)
#define RATE_LIMIT_WINDOW_US (INT64_C(60000000) + RATE_LIMIT_MARGIN_US)

/*
 * Two rules at once. A bucket of `burst` tokens, to which one comes back every
 * window / per_minute, spaces the requests; but a bucket that was full would
 * let burst - 1 too many through, so no window ever holds more than per_minute.
 * Above both stands what the vendor itself has asked for: a hold.
 *
 * Moments are microseconds of a clock that never goes back (clock.h's monotonic
 * one). Where it does all the same, as when a machine has begun anew, no time
 * has passed: nothing more is let through, and nothing waits longer for it.
 */
struct rate_limit {
    uint32_t per_minute, burst;
    int64_t interval_us; /* until a token is back */
    int64_t full_us;     /* when the bucket is full again */
    int64_t hold_us;     /* nothing goes before; in the past: no matter */
    int64_t latest_us;   /* the last moment told */
    int64_t *sent;       /* a ring of per_minute: the window's requests */
    uint32_t first, count;
};

/* 1 <= burst <= per_minute <= REQUESTS_PER_MINUTE_MAX. ERR_BUSY: memory. */
enum err rate_limit_init(struct rate_limit *limit, uint32_t per_minute,
                         uint32_t burst);
void rate_limit_fini(struct rate_limit *limit);

/* 0: a request may go now, and is counted. Else nothing is, and so many
 * microseconds later one may; at most a window, or what is left of a hold. */
int64_t rate_limit_take(struct rate_limit *limit, int64_t now_us);

/* Nothing goes for so long, up to RETRY_SECONDS_MAX; a hold that ends later
 * stays as it is. */
void rate_limit_hold(struct rate_limit *limit, int64_t now_us, int64_t wait_us);

/* What is left of the hold; 0: there is none. */
int64_t rate_limit_held_us(struct rate_limit *limit, int64_t now_us);

/* How many more the window has room for; the bucket may space them. */
uint32_t rate_limit_tokens_left(struct rate_limit *limit, int64_t now_us);

/*
 * To be kept before the request that was just let through is sent, and when a
 * hold begins:
 *
 *   format   1 byte   2
 *   hold     varint   microseconds that are left of the hold; 0: there is none
 *   full     varint   microseconds until the bucket is full
 *   count    varint   requests in the window
 *   age      varint   of each, in microseconds, the oldest first
 *   crc      u32 LE   CRC-32C of all before it
 *
 * There is no time of day in it. Who reads it goes on as if no time had passed
 * since it was written, which at worst costs a window's wait, and a hold's; so
 * no clock that was set in between can let too many through, or too early.
 */
void rate_limit_encode(struct rate_limit *limit, int64_t now_us,
                       struct out *out);

/*
 * Go on from what was kept, maybe under another per_minute and burst.
 * ERR_STORE: it is damaged; then the window counts as full from now on, the
 * worst that what was lost can have said.
 */
enum err rate_limit_decode(struct rate_limit *limit, struct str bytes,
                           int64_t now_us, struct why *why);

#endif
