/* Bars, and their bytes in a record. */
#include "secmaster/bar.h"

#include <assert.h>
#include <string.h>

#include "secmaster/wire.h"

const char *const bar_field_names[BAR_FIELDS] = {
    [BAR_OPEN] = "open",
    [BAR_HIGH] = "high",
    [BAR_LOW] = "low",
    [BAR_CLOSE] = "close",
    [BAR_ADJ_CLOSE] = "adj_close",
    [BAR_VOLUME] = "volume",
    [BAR_PRE_MARKET] = "pre_market",
    [BAR_AFTER_HOURS] = "after_hours",
};

/* Where things stand: on disk (bar.h). */
enum {
    HEAD_DAY = 0,
    HEAD_FLAGS = 1,
    HEAD_SCALES = 2,
    HEAD_SOURCE = 6,
    HEAD_BYTES = 10,

    FLAG_WIDE = 1 << 4,
    FLAGS_PRESENT = FLAG_WIDE - 1,
};
#define REQUIRED_FIELDS 4
#define SCALE_BITS 4
#define SCALE_MASK 15U
/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*UINT64_C(0x0101010101010101))
#define NARROW_BYTES 4
#define WIDE_BYTES 8
#define MANTISSA_MAX INT64_C(999999999999999999)
/* Of a bar's first eight bytes, those of its flags and scales. */
#define HEAD_ALIKE UINT64_C(0x0000ffffffffff00)
#define HEAD_DAY_MASK UINT64_C(0xff)
static_assert(HEAD_DAY == 0 && HEAD_FLAGS == 1 && HEAD_SOURCE == 6,
              "HEAD_ALIKE lies between them");
static_assert(BAR_RUN_BYTES_MAX ==
                  BARS_OF_MONTH_MAX * (HEAD_BYTES + NARROW_BYTES * BAR_FIELDS),
              "on disk");
static_assert(BAR_BYTES_MAX == HEAD_BYTES + WIDE_BYTES * BAR_FIELDS, "on disk");
static_assert(BAR_REQUIRED == (1U << REQUIRED_FIELDS) - 1, "they come first");
static_assert(DECIMAL_SCALE_MAX <= SCALE_MASK, "a scale has four bits");
static_assert(DECIMAL_DIGITS_MAX == 18, "MANTISSA_MAX has as many");

void
bar_set(struct bar *bar, enum bar_field field, struct decimal value)
{
    bar->mantissas[field] = value.mantissa;
    bar->scales[field] = value.scale;
    bar->present |= (uint8_t)BAR_BIT(field);
}

static bool
is_outside(const struct bar *bar, enum bar_field field)
{
    struct decimal value = bar_decimal(bar, field);

    return decimal_compare(value, bar_decimal(bar, BAR_LOW)) < 0 ||
           decimal_compare(value, bar_decimal(bar, BAR_HIGH)) > 0;
}

const char *
bar_fault(const struct bar *bar, enum bar_field *field)
{
    assert((bar->present & BAR_REQUIRED) == BAR_REQUIRED);

    *field = BAR_HIGH;
    if (bar->mantissas[BAR_OPEN] == 0 && bar->mantissas[BAR_HIGH] == 0 &&
        bar->mantissas[BAR_LOW] == 0 && bar->mantissas[BAR_CLOSE] == 0)
        return "all prices are zero: there is no such bar";
    if (decimal_compare(bar_decimal(bar, BAR_HIGH), bar_decimal(bar, BAR_LOW)) <
        0)
        return "must not be below low";
    *field = BAR_OPEN;
    if (is_outside(bar, BAR_OPEN))
        return "must be from low to high";
    *field = BAR_CLOSE;
    return is_outside(bar, BAR_CLOSE) ? "must be from low to high" : NULL;
}

bool
bar_equal(const struct bar *a, const struct bar *b)
{
    return a->date.days == b->date.days && a->source == b->source &&
           a->present == b->present &&
           memcmp(a->scales, b->scales, sizeof a->scales) == 0 &&
           memcmp(a->mantissas, b->mantissas, sizeof a->mantissas) == 0;
}

struct date
bar_month(struct date day)
{
    return (struct date){ day.days - (int32_t)date_civil(day).day + 1 };
}

static void
put_mantissa(unsigned char *to, bool is_wide, int64_t mantissa)
{
    if (is_wide)
        put_le64(to, (uint64_t)mantissa);
    else
        put_le32(to, (uint32_t)mantissa);
}

void
barset_put(struct out *out, const struct bar *bar)
{
    unsigned char bytes[BAR_BYTES_MAX];
    size_t n = HEAD_BYTES;
    uint32_t scales = 0;
    bool is_wide = false;

    assert((bar->present & BAR_REQUIRED) == BAR_REQUIRED);

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        assert(bar->mantissas[i] >= 0 && bar->mantissas[i] <= MANTISSA_MAX);
        assert(bar->scales[i] <= DECIMAL_SCALE_MAX);
        is_wide |= bar->mantissas[i] > UINT32_MAX;
        scales |= (uint32_t)bar->scales[i] << (i * SCALE_BITS);
    }
    bytes[HEAD_DAY] = (unsigned char)date_civil(bar->date).day;
    bytes[HEAD_FLAGS] = (unsigned char)((bar->present >> REQUIRED_FIELDS) |
                                        (is_wide ? FLAG_WIDE : 0));
    put_le32(bytes + HEAD_SCALES, scales);
    put_le32(bytes + HEAD_SOURCE, bar->source);
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        if ((bar->present & BAR_BIT(i)) == 0)
            continue;
        put_mantissa(bytes + n, is_wide, bar->mantissas[i]);
        n += is_wide ? WIDE_BYTES : NARROW_BYTES;
    }
    out_bytes(out, (const char *)bytes, n);
}

/*
 * Scales of four bits each as bytes, the first in the lowest: halves are moved
 * apart until each stands alone. False: one of them is too large.
 */
static bool
take_scales(uint64_t scales, uint8_t out[static BAR_FIELDS])
{
    scales = (scales | scales << 16) & UINT64_C(0x0000ffff0000ffff);
    scales = (scales | scales << 8) & UINT64_C(0x00ff00ff00ff00ff);
    scales = (scales | scales << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    put_le64(out, scales);
    /* What is over the limit carries out of its four bits. */
    return ((scales + EIGHT(SCALE_MASK - DECIMAL_SCALE_MAX)) &
            EIGHT(SCALE_MASK + 1)) == 0;
}

static void
take_narrow(const unsigned char *from, struct bar *out)
{
    for (unsigned i = 0; i < REQUIRED_FIELDS; i++, from += NARROW_BYTES)
        out->mantissas[i] = get_le32(from);
    for (unsigned i = REQUIRED_FIELDS; i < BAR_FIELDS; i++) {
        out->mantissas[i] = 0;
        if ((out->present & BAR_BIT(i)) == 0)
            continue;
        out->mantissas[i] = get_le32(from);
        from += NARROW_BYTES;
    }
}

/* False: a number has too many digits; the narrow ones cannot. */
static bool
take_wide(const unsigned char *from, struct bar *out)
{
    bool is_good = true;

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        out->mantissas[i] = 0;
        if ((out->present & BAR_BIT(i)) == 0)
            continue;
        out->mantissas[i] = (int64_t)get_le64(from);
        from += WIDE_BYTES;
        is_good &= (uint64_t)out->mantissas[i] <= MANTISSA_MAX;
    }
    return is_good;
}

/* Every month has the first 28. */
static bool
is_day_of(struct date month, unsigned day)
{
    struct date last = { month.days + (int32_t)day - 1 };

    return day >= 1 && day <= BARS_OF_MONTH_MAX &&
           (day <= 28 || bar_month(last).days == month.days);
}

/* How many of the fields are there that may not be, by flags. */
static const uint8_t optional_counts[] = { 0, 1, 1, 2, 1, 2, 2, 3,
                                           1, 2, 2, 3, 2, 3, 3, 4 };
static_assert(sizeof optional_counts == FLAGS_PRESENT + 1,
              "a count of bits each");

bool
barset_next(struct str *payload, struct date month, struct bar *out,
            enum err *err)
{
    const unsigned char *from = (const unsigned char *)payload->data;
    size_t bytes;
    unsigned flags;
    bool is_wide, is_good;

    *err = OK;
    if (payload->len == 0)
        return false;
    *err = ERR_STORE;
    if (payload->len < HEAD_BYTES)
        return false;
    flags = from[HEAD_FLAGS];
    if (flags > (FLAG_WIDE | FLAGS_PRESENT))
        return false;
    is_wide = (flags & FLAG_WIDE) != 0;
    flags &= FLAGS_PRESENT;
    bytes = HEAD_BYTES + (size_t)(REQUIRED_FIELDS + optional_counts[flags]) *
                             (is_wide ? WIDE_BYTES : NARROW_BYTES);
    if (payload->len < bytes || !is_day_of(month, from[HEAD_DAY]))
        return false;
    out->date.days = month.days + from[HEAD_DAY] - 1;
    out->source = get_le32(from + HEAD_SOURCE);
    out->present = (uint8_t)(BAR_REQUIRED | flags << REQUIRED_FIELDS);
    is_good = take_scales(get_le32(from + HEAD_SCALES), out->scales);
    if (is_wide)
        is_good &= take_wide(from + HEAD_BYTES, out);
    else
        take_narrow(from + HEAD_BYTES, out);
    if (!is_good)
        return false;
    payload->data += bytes;
    payload->len -= bytes;
    *err = OK;
    return true;
}

/* Whether all are as the first one, on days of the month that ascend. */
static bool
are_alike(const struct bar_run *run)
{
    uint64_t first = get_le64(run->bars), differing = 0, before = 0;
    bool is_ascending = true;

    for (size_t i = 0; i < run->count; i++) {
        uint64_t head = get_le64(run->bars + i * run->stride);
        uint64_t day = head & HEAD_DAY_MASK;

        differing |= head ^ first;
        is_ascending &= day > before;
        before = day;
    }
    return (differing & HEAD_ALIKE) == 0 && is_ascending &&
           is_day_of(run->month, (unsigned)before);
}

bool
bar_run_open(struct str payload, struct date month, struct bar_run *out)
{
    unsigned flags;
    size_t offset = HEAD_BYTES;

    if (payload.len < HEAD_BYTES)
        return false;
    out->month = month;
    out->bars = (const unsigned char *)payload.data;
    flags = out->bars[HEAD_FLAGS];
    if (flags > FLAGS_PRESENT)
        return false;
    out->present = (uint8_t)(BAR_REQUIRED | flags << REQUIRED_FIELDS);
    out->stride =
        HEAD_BYTES +
        (size_t)(REQUIRED_FIELDS + optional_counts[flags]) * NARROW_BYTES;
    out->count = payload.len / out->stride;
    if (payload.len % out->stride != 0 || out->count > BARS_OF_MONTH_MAX ||
        !are_alike(out) ||
        !take_scales(get_le32(out->bars + HEAD_SCALES), out->scales))
        return false;
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        out->offsets[i] = (uint8_t)offset;
        if ((out->present & BAR_BIT(i)) != 0)
            offset += NARROW_BYTES;
    }
    return true;
}
