/* The bytes of bars in a record: columns. */
#include <assert.h>
#include <string.h>

#include "secmaster/bar.h"
#include "secmaster/wire.h"

/* Where things stand: on disk (bar.h). */
enum {
    HEAD_DAYS = 0,
    HEAD_WIDTHS = 4,
    HEAD_SCALES = 6,
    HEAD_SOURCE = 10,
};
enum width {
    WIDTH_NONE = 0,
    WIDTH_SHORT = 1, /* above the least */
    WIDTH_NARROW = 2,
    WIDTH_WIDE = 3,
};
#define WIDTH_BITS 2
#define WIDTH_MASK 3U
#define SCALE_BITS 4
#define SCALE_MASK 15U
#define LEAST_BYTES 4
/* For fewer numbers a least takes more than it spares. */
#define SHORT_MIN 3
#define LEAST_MAX (UINT32_MAX - UINT16_MAX) /* none above it is past 32 bits   \
                                             */
/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*UINT64_C(0x0101010101010101))
#define MANTISSA_MAX INT64_C(999999999999999999)
/* Every month has so many days. */
#define DAYS_OF_ALL 28
static_assert(HEAD_SOURCE + 5 == BAR_RUN_HEAD_BYTES_MAX,
              "a varint of 32 bits has 5 bytes");
static_assert(DECIMAL_SCALE_MAX <= SCALE_MASK, "a scale has four bits");
static_assert(DECIMAL_DIGITS_MAX == 18, "MANTISSA_MAX has as many");
static_assert(BAR_FIELDS * WIDTH_BITS == 16 && BAR_FIELDS * SCALE_BITS == 32,
              "on disk");

static const uint8_t width_bytes[] = {
    [WIDTH_NONE] = 0, [WIDTH_SHORT] = 2, [WIDTH_NARROW] = 4, [WIDTH_WIDE] = 8
};

static uint32_t
day_bit(struct date month, struct date day)
{
    assert(day.days >= month.days && day.days < month.days + BARS_OF_MONTH_MAX);

    return UINT32_C(1) << (day.days - month.days);
}

static bool
are_alike(const struct bar *a, const struct bar *b)
{
    return a->source == b->source && a->present == b->present &&
           memcmp(a->scales, b->scales, sizeof a->scales) == 0;
}

/* The least of the bars' numbers, and how wide they have to be. */
static enum width
measure(const struct bar *bars, size_t count, unsigned field, int64_t *least)
{
    int64_t most = 0;

    *least = MANTISSA_MAX;
    for (size_t i = 0; i < count; i++) {
        int64_t mantissa = bars[i].mantissas[field];

        assert(mantissa >= 0 && mantissa <= MANTISSA_MAX);
        *least = mantissa < *least ? mantissa : *least;
        most = mantissa > most ? mantissa : most;
    }
    if (most > UINT32_MAX)
        return WIDTH_WIDE;
    if (count < SHORT_MIN || most - *least > UINT16_MAX || *least > LEAST_MAX)
        return WIDTH_NARROW;
    return WIDTH_SHORT;
}

static void
put_mantissa(unsigned char *to, enum width width, int64_t mantissa)
{
    switch (width) {
    case WIDTH_NONE:
        break;
    case WIDTH_SHORT:
        put_le16(to, (uint16_t)mantissa);
        break;
    case WIDTH_NARROW:
        put_le32(to, (uint32_t)mantissa);
        break;
    case WIDTH_WIDE:
        put_le64(to, (uint64_t)mantissa);
        break;
    }
}

/* Returns the end of the column, and how wide it is. */
static unsigned char *
put_column(unsigned char *to, const struct bar *bars, size_t count,
           unsigned field, enum width *width)
{
    int64_t least;

    *width = measure(bars, count, field, &least);
    if (*width == WIDTH_SHORT) {
        put_le32(to, (uint32_t)least);
        to += LEAST_BYTES;
    } else {
        least = 0;
    }
    for (size_t i = 0; i < count; i++, to += width_bytes[*width])
        put_mantissa(to, *width, bars[i].mantissas[field] - least);
    return to;
}

static void
put_run(struct out *out, struct date month, const struct bar *bars,
        size_t count)
{
    unsigned char bytes[BAR_RUN_BYTES_MAX];
    unsigned char *to = bytes + HEAD_SOURCE;
    uint32_t days = 0, widths = 0, scales = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bit = day_bit(month, bars[i].date);

        assert(days < bit);
        days |= bit;
    }
    to += put_varint(to, bars->source);
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        enum width width;

        if ((bars->present & BAR_BIT(i)) == 0)
            continue;
        assert(bars->scales[i] <= DECIMAL_SCALE_MAX);
        scales |= (uint32_t)bars->scales[i] << (i * SCALE_BITS);
        to = put_column(to, bars, count, i, &width);
        widths |= (uint32_t)width << (i * WIDTH_BITS);
    }
    put_le32(bytes + HEAD_DAYS, days);
    put_le16(bytes + HEAD_WIDTHS, (uint16_t)widths);
    put_le32(bytes + HEAD_SCALES, scales);
    out_bytes(out, (const char *)bytes, (size_t)(to - bytes));
}

void
barset_put(struct out *out, const struct bar *bars, size_t count)
{
    struct date month;

    assert(count > 0);

    month = bar_month(bars->date);
    for (size_t first = 0, end; first < count; first = end) {
        assert((bars[first].present & BAR_REQUIRED) == BAR_REQUIRED);
        assert(first == 0 || bars[first - 1].date.days < bars[first].date.days);
        for (end = first + 1; end < count; end++)
            if (!are_alike(&bars[first], &bars[end]))
                break;
        put_run(out, month, bars + first, end - first);
    }
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

/* Whether a month has all these days, of which there is one, and none of them
 * is before the other ones. */
static bool
are_days(struct date month, uint32_t days, uint32_t others)
{
    struct date last;

    /* The lowest of them is above the highest of the others. */
    if ((days & (~days + 1)) <= others)
        return false;
    if (days >> DAYS_OF_ALL == 0)
        return true;
    if (days >> BARS_OF_MONTH_MAX != 0)
        return false;
    last.days = month.days + BARS_OF_MONTH_MAX - __builtin_clz(days);
    return bar_month(last).days == month.days;
}

/* False: a number has too many digits; those of other widths cannot. */
static bool
are_mantissas(const unsigned char *numbers, size_t count)
{
    bool is_good = true;

    for (size_t i = 0; i < count; i++)
        is_good &= get_le64(numbers + 8 * i) <= MANTISSA_MAX;
    return is_good;
}

/* Take a column off the front of *from. */
static bool
take_column(struct str *from, enum width width, size_t count,
            struct bar_column *out)
{
    size_t head = width == WIDTH_SHORT ? LEAST_BYTES : 0;
    size_t bytes = head + count * width_bytes[width];

    if (from->len < bytes)
        return false;
    out->numbers = (const unsigned char *)from->data + head;
    out->least = 0;
    out->bytes = width_bytes[width];
    if (width == WIDTH_SHORT)
        out->least = get_le32((const unsigned char *)from->data);
    from->data += bytes;
    from->len -= bytes;
    if (width == WIDTH_SHORT)
        return out->least <= LEAST_MAX;
    return width != WIDTH_WIDE || are_mantissas(out->numbers, count);
}

static bool
take_columns(struct str *from, unsigned widths, struct bar_run *out)
{
    out->present = 0;
    for (unsigned i = 0; i < BAR_FIELDS; i++, widths >>= WIDTH_BITS) {
        enum width width = (enum width)(widths & WIDTH_MASK);

        if (width == WIDTH_NONE) {
            out->columns[i] = (struct bar_column){ 0 };
            if (out->scales[i] != 0)
                return false;
            continue;
        }
        out->present |= (uint8_t)BAR_BIT(i);
        if (!take_column(from, width, out->count, &out->columns[i]))
            return false;
    }
    return (out->present & BAR_REQUIRED) == BAR_REQUIRED;
}

static bool
take_run(struct str *from, const struct barset *set, struct bar_run *out)
{
    const unsigned char *head = (const unsigned char *)from->data;
    uint64_t source;

    if (from->len < HEAD_SOURCE)
        return false;
    out->month = set->month;
    out->days = get_le32(head + HEAD_DAYS);
    from->data += HEAD_SOURCE;
    from->len -= HEAD_SOURCE;
    if (!are_days(set->month, out->days, set->days) ||
        !take_scales(get_le32(head + HEAD_SCALES), out->scales) ||
        !take_varint(from, &source) || source > UINT32_MAX)
        return false;
    out->count = (uint32_t)__builtin_popcount(out->days);
    out->source = (uint32_t)source;
    return take_columns(from, get_le16(head + HEAD_WIDTHS), out);
}

bool
barset_next(struct barset *set, struct bar_run *out, enum err *err)
{
    struct str from = set->payload;

    *err = OK;
    if (from.len == 0)
        return false;
    if (!take_run(&from, set, out)) {
        *err = ERR_STORE;
        return false;
    }
    set->payload = from;
    set->days |= out->days;
    return true;
}

void
bar_run_spread(const struct bar_run *run,
               struct bar bars[static BARS_OF_MONTH_MAX])
{
    size_t i = 0;

    for (uint32_t days = run->days; days != 0; days &= days - 1, i++) {
        int place = __builtin_ctz(days);
        struct bar *bar = &bars[place];

        bar->date.days = run->month.days + place;
        bar->source = run->source;
        bar->present = run->present;
        memcpy(bar->scales, run->scales, sizeof bar->scales);
        for (unsigned field = 0; field < BAR_FIELDS; field++)
            bar->mantissas[field] = (run->present & BAR_BIT(field)) != 0
                                        ? bar_run_mantissa(run, i, field)
                                        : 0;
    }
}

struct date
bar_run_date(const struct bar_run *run, size_t i)
{
    uint32_t days = run->days;

    assert(i < run->count);

    for (; i > 0; i--)
        days &= days - 1;
    return (struct date){ run->month.days + __builtin_ctz(days) };
}

size_t
bar_run_before(const struct bar_run *run, struct date day)
{
    int64_t place = (int64_t)day.days - run->month.days;

    if (place <= 0)
        return 0;
    if (place >= BARS_OF_MONTH_MAX)
        return run->count;
    return (size_t)__builtin_popcount(run->days & ((UINT32_C(1) << place) - 1));
}
