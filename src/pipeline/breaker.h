/* A vendor that fails again and again is left alone for a while. */
#ifndef PIPELINE_BREAKER_H
#define PIPELINE_BREAKER_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

#define BREAKER_FAILURES 5                /* runs in a row: it opens */
#define BREAKER_OPEN_US INT64_C(60000000) /* then a run may try */

enum breaker_state {
    BREAKER_CLOSED,
    BREAKER_OPEN,      /* no run may begin */
    BREAKER_HALF_OPEN, /* one has begun, to try */
};

/*
 * Moments are microseconds of a clock that never goes back. Where it does all
 * the same, what is open stays so for BREAKER_OPEN_US from then at the most.
 */
struct breaker {
    enum breaker_state state;
    uint32_t failures; /* in a row, up to now */
    int64_t until_us;  /* while it is open */
};

/* All zero is closed. "closed", "open" or "half-open"; static. */
const char *breaker_state_name(enum breaker_state state);

/*
 * 0: a run may begin; behind an opening it is the one that tries. Else it may
 * not, for so many microseconds, or while one tries for as long as its failure
 * would take.
 */
int64_t breaker_begin(struct breaker *breaker, int64_t now_us);

/* How a run ended that had begun; a breaker hears of each. */
void breaker_succeed(struct breaker *breaker);
void breaker_fail(struct breaker *breaker, int64_t now_us);

/* It was called off, and says nothing of the vendor: another may try. */
void breaker_call_off(struct breaker *breaker, int64_t now_us);

/*
 * As kept across a restart:
 *
 *   format    1 byte   1
 *   open      1 byte   0 or 1; one that tries is open, as nobody tries now
 *   failures  u32 LE
 *   left      u32 LE   microseconds until a run may try
 *   crc       u32 LE   CRC-32C of all before it
 *
 * Who reads it goes on as if no time had passed since.
 */
#define BREAKER_BYTES 14
void breaker_encode(const struct breaker *breaker, int64_t now_us,
                    unsigned char out[static BREAKER_BYTES]);

/* ERR_STORE: it is damaged; then the breaker is closed. */
enum err breaker_decode(struct str bytes, int64_t now_us, struct breaker *out,
                        struct why *why);

#endif
