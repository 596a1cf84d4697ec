/* Closed, open, half-open: what a vendor's runs make of its breaker. */
#include "breaker.h"

#include <assert.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

#define FORMAT 1
#define OPEN_AT 1
#define FAILURES_AT 2
#define LEFT_AT 6
#define CRC_AT 10

static_assert(CRC_AT + 4 == BREAKER_BYTES, "the checksum is the last");
static_assert(BREAKER_OPEN_US <= UINT32_MAX, "what is left fits");

const char *
breaker_state_name(enum breaker_state state)
{
    switch (state) {
    case BREAKER_CLOSED:
        return "closed";
    case BREAKER_OPEN:
        return "open";
    case BREAKER_HALF_OPEN:
        return "half-open";
    }
    assert(false);
    return "";
}

/* Of one that is open; never over BREAKER_OPEN_US, whatever the clock did. */
static int64_t
left_us(const struct breaker *breaker, int64_t now_us)
{
    if (breaker->until_us <= now_us)
        return 0;
    if (breaker->until_us - now_us > BREAKER_OPEN_US)
        return BREAKER_OPEN_US;
    return breaker->until_us - now_us;
}

int64_t
breaker_begin(struct breaker *breaker, int64_t now_us)
{
    int64_t wait_us;

    switch (breaker->state) {
    case BREAKER_CLOSED:
        return 0;
    case BREAKER_HALF_OPEN:
        return BREAKER_OPEN_US;
    case BREAKER_OPEN:
        break;
    }
    wait_us = left_us(breaker, now_us);
    breaker->until_us = now_us + wait_us;
    if (wait_us == 0)
        breaker->state = BREAKER_HALF_OPEN;
    return wait_us;
}

void
breaker_succeed(struct breaker *breaker)
{
    *breaker = (struct breaker){ .state = BREAKER_CLOSED };
}

void
breaker_fail(struct breaker *breaker, int64_t now_us)
{
    if (breaker->failures < UINT32_MAX)
        breaker->failures++;
    /* A run that had begun before it opened says nothing new. */
    if (breaker->state == BREAKER_OPEN || breaker->failures < BREAKER_FAILURES)
        return;
    breaker->state = BREAKER_OPEN;
    breaker->until_us = now_us + BREAKER_OPEN_US;
}

void
breaker_call_off(struct breaker *breaker, int64_t now_us)
{
    if (breaker->state != BREAKER_HALF_OPEN)
        return;
    breaker->state = BREAKER_OPEN;
    breaker->until_us = now_us;
}

void
breaker_encode(const struct breaker *breaker, int64_t now_us,
               unsigned char out[static BREAKER_BYTES])
{
    int64_t left =
        breaker->state == BREAKER_OPEN ? left_us(breaker, now_us) : 0;

    out[0] = FORMAT;
    out[OPEN_AT] = breaker->state != BREAKER_CLOSED;
    put_le32(out + FAILURES_AT, breaker->failures);
    put_le32(out + LEFT_AT, (uint32_t)left);
    put_le32(out + CRC_AT, crc32c(0, out, CRC_AT));
}

enum err
breaker_decode(struct str bytes, int64_t now_us, struct breaker *out,
               struct why *why)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    uint32_t left, failures;

    *out = (struct breaker){ .state = BREAKER_CLOSED };
    if (bytes.len != BREAKER_BYTES)
        return why_set(why, ERR_STORE,
                       "a vendor's breaker is damaged: wrong length");
    if (get_le32(data + CRC_AT) != crc32c(0, data, CRC_AT))
        return why_set(why, ERR_STORE,
                       "a vendor's breaker is damaged: wrong checksum");
    if (data[0] != FORMAT)
        return why_set(why, ERR_STORE,
                       "a vendor's breaker is of a format that is not known");
    left = get_le32(data + LEFT_AT);
    failures = get_le32(data + FAILURES_AT);
    if (data[OPEN_AT] != (failures >= BREAKER_FAILURES) ||
        left > (data[OPEN_AT] == 1 ? BREAKER_OPEN_US : 0))
        return why_set(why, ERR_STORE,
                       "a vendor's breaker is damaged: no such state");
    out->state = data[OPEN_AT] == 1 ? BREAKER_OPEN : BREAKER_CLOSED;
    out->failures = failures;
    out->until_us = now_us + left;
    return OK;
}
