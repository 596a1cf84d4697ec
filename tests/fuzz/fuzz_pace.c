/* Paces and breakers as they are kept: whatever was, nobody is asked faster. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/pipeline/breaker.h"
#include "src/pipeline/rate_limit.h"

#define HEAD_BYTES 3
#define KEPT_BYTES_MAX (64UL << 10)
#define NOW INT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What it is from now on is kept, and read back, without a change. */
static void
expect_kept(struct rate_limit *limit)
{
    struct out first, second;
    struct rate_limit again;

    out_init(&first, KEPT_BYTES_MAX);
    out_init(&second, KEPT_BYTES_MAX);
    assert(rate_limit_init(&again, limit->per_minute, limit->burst) == OK);
    rate_limit_encode(limit, NOW, &first);
    assert(out_finish(&first) == OK);
    assert(rate_limit_decode(&again, out_text(&first), 2 * NOW, NULL) == OK);
    rate_limit_encode(&again, 2 * NOW, &second);
    assert(out_finish(&second) == OK);
    assert(str_equal(out_text(&first), out_text(&second)));
    rate_limit_fini(&again);
    out_fini(&first);
    out_fini(&second);
}

/* Within a window no more than per_minute go. */
static void
expect_window(struct rate_limit *limit)
{
    const uint32_t left = rate_limit_tokens_left(limit, NOW);
    uint32_t taken = 0;
    int64_t at_us = NOW;

    assert(left <= limit->per_minute);
    for (;;) {
        int64_t held_us = rate_limit_held_us(limit, at_us);
        int64_t wait_us = rate_limit_take(limit, at_us);

        assert(wait_us >= held_us);
        assert(wait_us <= held_us + RATE_LIMIT_WINDOW_US);
        taken += wait_us == 0;
        at_us += wait_us;
        if (at_us >= NOW + RATE_LIMIT_WINDOW_US)
            break;
        assert(taken <= limit->per_minute);
    }
}

static void
check_limit(struct str kept, uint32_t per_minute, uint32_t burst)
{
    struct rate_limit limit;
    struct why why = { "" };
    enum err err;

    assert(rate_limit_init(&limit, per_minute, burst) == OK);
    err = rate_limit_decode(&limit, kept, NOW, &why);
    assert(err == OK || err == ERR_STORE);
    assert((err == OK) == (why.text[0] == '\0'));
    if (err != OK)
        assert(rate_limit_take(&limit, NOW) == RATE_LIMIT_WINDOW_US);
    expect_kept(&limit);
    expect_window(&limit);
    rate_limit_fini(&limit);
}

static void
check_breaker(struct str kept)
{
    unsigned char back[BREAKER_BYTES];
    struct why why = { "" };
    struct breaker breaker;
    enum err err = breaker_decode(kept, NOW, &breaker, &why);

    assert(err == OK || err == ERR_STORE);
    assert((err == OK) == (why.text[0] == '\0'));
    if (err == OK) {
        assert((breaker.state == BREAKER_OPEN) ==
               (breaker.failures >= BREAKER_FAILURES));
        breaker_encode(&breaker, NOW, back);
        assert(str_equal((struct str){ (char *)back, sizeof back }, kept));
    } else {
        assert(breaker.state == BREAKER_CLOSED);
    }
    assert(breaker_begin(&breaker, NOW) <= BREAKER_OPEN_US);
    for (int i = 0; i < BREAKER_FAILURES; i++)
        breaker_fail(&breaker, NOW);
    assert(breaker.state == BREAKER_OPEN);
}

/* Which of the two, and whether under a right checksum; then the limit's two
 * numbers; then what was kept. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char kept[4096];
    struct str from;
    uint32_t per_minute;

    if (size < HEAD_BYTES || size > sizeof kept - 4)
        return 0;
    from = (struct str){ kept, size - HEAD_BYTES };
    memcpy(kept, data + HEAD_BYTES, from.len);
    if ((data[0] & 1) == 0) {
        put_le32((unsigned char *)kept + from.len, crc32c(0, kept, from.len));
        from.len += 4;
    }
    if ((data[0] & 2) != 0) {
        check_breaker(from);
        return 0;
    }
    per_minute = 1 + data[1];
    check_limit(from, per_minute, 1 + data[2] % per_minute);
    return 0;
}
