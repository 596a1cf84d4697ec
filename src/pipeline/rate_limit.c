/* A bucket and a window over the requests of a vendor. */
#include "rate_limit.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"

#define FORMAT 2
#define CRC_BYTES 4

/* Moments are far from where adding a window to one would overflow. */
#define MOMENT_MAX (INT64_MAX / 4)

#define HOLD_US_MAX (RETRY_SECONDS_MAX * INT64_C(1000000))

static void
check(const struct rate_limit *limit)
{
    assert(limit->per_minute >= 1);
    assert(limit->per_minute <= REQUESTS_PER_MINUTE_MAX);
    assert(limit->burst >= 1);
    assert(limit->burst <= limit->per_minute);
    assert(limit->count <= limit->per_minute);
    assert(limit->first < limit->per_minute);
}

enum err
rate_limit_init(struct rate_limit *limit, uint32_t per_minute, uint32_t burst)
{
    assert(per_minute > 0);

    *limit = (struct rate_limit){
        .per_minute = per_minute,
        .burst = burst,
        /* Rounded up: per_minute of them are no less than a window. */
        .interval_us = (RATE_LIMIT_WINDOW_US + per_minute - 1) / per_minute,
        .sent = calloc(per_minute, sizeof *limit->sent),
    };
    check(limit);
    return limit->sent == NULL ? ERR_BUSY : OK;
}

void
rate_limit_fini(struct rate_limit *limit)
{
    free(limit->sent);
    *limit = (struct rate_limit){ 0 };
}

static int64_t *
sent_at(const struct rate_limit *limit, uint32_t i)
{
    return &limit->sent[(limit->first + i) % limit->per_minute];
}

static void
drop_oldest(struct rate_limit *limit)
{
    limit->first = (limit->first + 1) % limit->per_minute;
    limit->count--;
}

/* Past per_minute the oldest goes: it cannot bind before those after it. */
static void
add(struct rate_limit *limit, int64_t sent_us)
{
    if (limit->count == limit->per_minute)
        drop_oldest(limit);
    *sent_at(limit, limit->count++) = sent_us;
}

/* Come to now_us: a clock that went back takes all moments along. */
static void
come_to(struct rate_limit *limit, int64_t now_us)
{
    int64_t back = limit->latest_us - now_us;

    check(limit);
    assert(now_us > -MOMENT_MAX);
    assert(now_us < MOMENT_MAX);

    limit->latest_us = now_us;
    if (back > 0) {
        limit->full_us -= back;
        limit->hold_us -= back;
        for (uint32_t i = 0; i < limit->count; i++)
            *sent_at(limit, i) -= back;
    }
    if (limit->full_us < now_us)
        limit->full_us = now_us;
    if (limit->hold_us < now_us)
        limit->hold_us = now_us;
    while (limit->count > 0 &&
           now_us - *sent_at(limit, 0) >= RATE_LIMIT_WINDOW_US)
        drop_oldest(limit);
}

int64_t
rate_limit_take(struct rate_limit *limit, int64_t now_us)
{
    int64_t wait_us, window_us;

    come_to(limit, now_us);
    wait_us = limit->full_us - (limit->burst - 1) * limit->interval_us - now_us;
    if (limit->count == limit->per_minute) {
        window_us = *sent_at(limit, 0) + RATE_LIMIT_WINDOW_US - now_us;
        if (wait_us < window_us)
            wait_us = window_us;
    }
    if (wait_us < limit->hold_us - now_us)
        wait_us = limit->hold_us - now_us;
    if (wait_us > 0)
        return wait_us;
    limit->full_us += limit->interval_us;
    add(limit, now_us);
    return 0;
}

void
rate_limit_hold(struct rate_limit *limit, int64_t now_us, int64_t wait_us)
{
    assert(wait_us >= 0);
    assert(wait_us <= HOLD_US_MAX);

    come_to(limit, now_us);
    if (limit->hold_us < now_us + wait_us)
        limit->hold_us = now_us + wait_us;
}

int64_t
rate_limit_held_us(struct rate_limit *limit, int64_t now_us)
{
    come_to(limit, now_us);
    return limit->hold_us - now_us;
}

uint32_t
rate_limit_tokens_left(struct rate_limit *limit, int64_t now_us)
{
    come_to(limit, now_us);
    return limit->per_minute - limit->count;
}

static void
put_number(struct out *out, int64_t number)
{
    unsigned char bytes[VARINT_BYTES_MAX];

    assert(number >= 0);
    out_bytes(out, (const char *)bytes, put_varint(bytes, (uint64_t)number));
}

void
rate_limit_encode(struct rate_limit *limit, int64_t now_us, struct out *out)
{
    size_t begin = out->len;
    unsigned char crc[CRC_BYTES];

    come_to(limit, now_us);
    out_char(out, FORMAT);
    put_number(out, limit->hold_us - now_us);
    put_number(out, limit->full_us - now_us);
    put_number(out, limit->count);
    for (uint32_t i = 0; i < limit->count; i++)
        put_number(out, now_us - *sent_at(limit, i));
    if (out_finish(out) != OK)
        return; /* the caller asks too */
    put_le32(crc, crc32c(0, out->data + begin, out->len - begin));
    out_bytes(out, (const char *)crc, sizeof crc);
}

/* All of a window's requests, now. */
static void
spend(struct rate_limit *limit, int64_t now_us)
{
    for (uint32_t i = 0; i < limit->per_minute; i++)
        add(limit, now_us);
    limit->full_us = now_us + limit->burst * limit->interval_us;
}

static bool
take_ages(struct rate_limit *limit, struct str *from, int64_t now_us)
{
    uint64_t count = 0, age = 0, before = RATE_LIMIT_WINDOW_US - 1;

    if (!take_varint(from, &count) || count > REQUESTS_PER_MINUTE_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!take_varint(from, &age) || age > before)
            return false;
        add(limit, now_us - (int64_t)age);
        before = age;
    }
    return from->len == 0;
}

static bool
is_whole(struct str bytes)
{
    const unsigned char *data = (const unsigned char *)bytes.data;
    size_t len;

    if (bytes.len < CRC_BYTES)
        return false;
    len = bytes.len - CRC_BYTES;
    return crc32c(0, data, len) == get_le32(data + len);
}

static enum err
read_kept(struct rate_limit *limit, struct str bytes, int64_t now_us,
          struct why *why)
{
    struct str from = bytes;
    uint64_t format = 0, hold = 0, full = 0;
    int64_t full_max = limit->burst * limit->interval_us;

    if (!is_whole(bytes))
        return why_set(why, ERR_STORE,
                       "a vendor's pace is damaged: wrong checksum");
    from.len -= CRC_BYTES;
    if (!take_varint(&from, &format) || format != FORMAT)
        return why_set(why, ERR_STORE,
                       "a vendor's pace is of a format that is not known");
    if (!take_varint(&from, &hold) || hold > (uint64_t)HOLD_US_MAX)
        return why_set(why, ERR_STORE,
                       "a vendor's pace is damaged: no such hold");
    if (!take_varint(&from, &full) || full > INT64_MAX ||
        !take_ages(limit, &from, now_us))
        return why_set(why, ERR_STORE,
                       "a vendor's pace is damaged: no such times");
    limit->hold_us = now_us + (int64_t)hold;
    limit->full_us =
        now_us + ((int64_t)full < full_max ? (int64_t)full : full_max);
    return OK;
}

enum err
rate_limit_decode(struct rate_limit *limit, struct str bytes, int64_t now_us,
                  struct why *why)
{
    enum err err;

    check(limit);

    limit->first = limit->count = 0;
    limit->hold_us = limit->latest_us = now_us;
    err = read_kept(limit, bytes, now_us, why);
    if (err != OK)
        spend(limit, now_us);
    return err;
}
