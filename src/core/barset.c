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
/* A number has 1 << width bytes. */
enum width {
    WIDTH_NONE = 0,  /* there is none */
    WIDTH_SHORT = 1, /* above the least */
    WIDTH_NARROW = 2,
    WIDTH_WIDE = 3,
};
#define WIDTH_BITS 2
#define WIDTH_MASK 3U
#define WIDTH_LOWS 0x5555U /* the low bit of each */
#define SCALE_BITS 4
#define SCALE_MASK 15U
#define LEAST_BYTES 4
#define LACKS_BIT (UINT32_C(1) << 31)
#define LACK_BITS 4
#define LACK_MASK 15U
#define LACK_BYTES(count) (((count) + 1) / 2)
/* For fewer numbers a least takes more than it spares. */
#define SHORT_MIN 3
/* What is above it by a short one has 32 bits. */
#define LEAST_MAX (UINT32_MAX - UINT16_MAX)
/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*UINT64_C(0x0101010101010101))
#define MANTISSA_MAX INT64_C(999999999999999999)
static_assert(HEAD_SOURCE + 5 == BAR_RUN_HEAD_BYTES_MAX,
              "a varint of 32 bits has 5 bytes");
static_assert(DECIMAL_SCALE_MAX <= SCALE_MASK, "a scale has four bits");
static_assert(DECIMAL_DIGITS_MAX == 18, "MANTISSA_MAX has as many");
static_assert(BAR_FIELDS * WIDTH_BITS == 16 && BAR_FIELDS * SCALE_BITS == 32,
              "on disk");

/* What a run's bars have in common. */
struct common {
    uint8_t scales[BAR_FIELDS];    /* the greatest */
    wide_int greatest[BAR_FIELDS]; /* as decimal_units */
};

/* False: some number would have too many digits at the greater scale. */
static bool
widen(struct common *common, const struct bar *bar)
{
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        const struct decimal value = bar_decimal(bar, i);
        const wide_int units = decimal_units(value);

        assert(value.mantissa >= 0 && value.mantissa <= MANTISSA_MAX);
        assert(value.scale <= DECIMAL_SCALE_MAX);
        if (value.scale > common->scales[i])
            common->scales[i] = value.scale;
        if (units > common->greatest[i])
            common->greatest[i] = units;
        if (common->greatest[i] >
            decimal_units((struct decimal){ MANTISSA_MAX, common->scales[i] }))
            return false;
    }
    return true;
}

/* How many of the bars the next run takes. */
static size_t
run_of(const struct bar *bars, size_t count, uint8_t scales[static BAR_FIELDS])
{
    struct common common = { .scales = { 0 } };
    size_t taken = 0;

    while (taken < count && bars[taken].source == bars->source &&
           bars[taken].present == bars->present &&
           widen(&common, &bars[taken])) {
        memcpy(scales, common.scales, sizeof common.scales);
        taken++;
    }
    return taken;
}

/* The least of the numbers, and how wide they have to be. */
static enum width
measure(const int64_t *numbers, size_t count, int64_t *least)
{
    int64_t most = 0;

    *least = MANTISSA_MAX;
    for (size_t i = 0; i < count; i++) {
        *least = numbers[i] < *least ? numbers[i] : *least;
        most = numbers[i] > most ? numbers[i] : most;
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
put_column(unsigned char *to, const int64_t *numbers, size_t count,
           enum width *width)
{
    int64_t least;

    *width = measure(numbers, count, &least);
    if (*width == WIDTH_SHORT) {
        put_le32(to, (uint32_t)least);
        to += LEAST_BYTES;
    } else {
        least = 0;
    }
    for (size_t i = 0; i < count; i++, to += 1 << *width)
        put_mantissa(to, *width, numbers[i] - least);
    return to;
}

/* Returns the end of what bars lack of a field, which is where it begins if
 * that is nothing. */
static unsigned char *
put_lacks(unsigned char *to, const struct bar *bars, size_t count,
          unsigned field, unsigned scale)
{
    bool is_any = false;

    memset(to, 0, LACK_BYTES(count));
    for (size_t i = 0; i < count; i++) {
        unsigned lack = scale - bars[i].scales[field];

        is_any |= lack > 0;
        to[i / 2] = (unsigned char)(to[i / 2] | lack << i % 2 * LACK_BITS);
    }
    return is_any ? to + LACK_BYTES(count) : to;
}

/* Put what bars lack of all fields behind the columns; returns its end, which
 * is where it begins if that is nothing. */
static unsigned char *
put_all_lacks(unsigned char *to, const struct bar *bars, size_t count,
              const uint8_t scales[static BAR_FIELDS])
{
    unsigned char *end = to + 1;
    unsigned lacking = 0;

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        unsigned char *next = put_lacks(end, bars, count, i, scales[i]);

        if (next > end)
            lacking |= BAR_BIT(i);
        end = next;
    }
    *to = (unsigned char)lacking;
    return lacking == 0 ? to : end;
}

static uint32_t
days_of(struct date month, const struct bar *bars, size_t count)
{
    uint32_t days = 0;

    for (size_t i = 0; i < count; i++) {
        int32_t place = bars[i].date.days - month.days;

        assert(place >= 0 && place < BARS_OF_MONTH_MAX);
        assert(days >> place == 0);
        days |= UINT32_C(1) << place;
    }
    return days;
}

static void
put_run(struct out *out, struct date month, const struct bar *bars,
        size_t count, const uint8_t scales[static BAR_FIELDS])
{
    /* And what of one field is written before it is known to be nothing. */
    unsigned char bytes[BAR_RUN_BYTES_MAX + LACK_BYTES(BARS_OF_MONTH_MAX)];
    unsigned char *to = bytes + HEAD_SOURCE, *end;
    uint32_t days = days_of(month, bars, count), widths = 0, packed = 0;

    to += put_varint(to, bars->source);
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        int64_t numbers[BARS_OF_MONTH_MAX];
        enum width width;

        if ((bars->present & BAR_BIT(i)) == 0)
            continue;
        for (size_t k = 0; k < count; k++) {
            unsigned lack = scales[i] - (unsigned)bars[k].scales[i];

            numbers[k] = bars[k].mantissas[i] *
                         decimal_scale_units[DECIMAL_SCALE_MAX - lack];
        }
        packed |= (uint32_t)scales[i] << (i * SCALE_BITS);
        to = put_column(to, numbers, count, &width);
        widths |= (uint32_t)width << (i * WIDTH_BITS);
    }
    end = put_all_lacks(to, bars, count, scales);
    put_le32(bytes + HEAD_DAYS, end > to ? days | LACKS_BIT : days);
    put_le16(bytes + HEAD_WIDTHS, (uint16_t)widths);
    put_le32(bytes + HEAD_SCALES, packed);
    out_bytes(out, (const char *)bytes, (size_t)(end - bytes));
}

void
barset_put(struct out *out, const struct bar *bars, size_t count)
{
    struct date month;

    assert(count > 0);

    month = bar_month(bars->date);
    while (count > 0) {
        uint8_t scales[BAR_FIELDS];
        size_t taken = run_of(bars, count, scales);

        assert((bars->present & BAR_REQUIRED) == BAR_REQUIRED);
        assert(taken > 0);
        assert(taken == count ||
               bars[taken - 1].date.days < bars[taken].date.days);
        put_run(out, month, bars, taken, scales);
        bars += taken;
        count -= taken;
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

/* False: a number has too many digits; those of other widths cannot. */
static bool
are_mantissas(const unsigned char *numbers, size_t count)
{
    bool is_good = true;

    for (size_t i = 0; i < count; i++)
        is_good &= get_le64(numbers + 8 * i) <= MANTISSA_MAX;
    return is_good;
}

/* Take a column off the front of what is left, of one that is there. */
static bool
take_column(struct str *left, enum width width, size_t count,
            struct bar_column *out)
{
    const unsigned char *at = (const unsigned char *)left->data;
    size_t head = width == WIDTH_SHORT ? LEAST_BYTES : 0;
    size_t bytes = head + (count << width);

    if (left->len < bytes)
        return false;
    out->numbers = at + head;
    out->lacks = NULL;
    out->least = width == WIDTH_SHORT ? get_le32(at) : 0;
    out->bytes = (uint8_t)(1U << width);
    left->data += bytes;
    left->len -= bytes;
    return out->least <= LEAST_MAX &&
           (width != WIDTH_WIDE || are_mantissas(out->numbers, count));
}

/* Bits of the fields, two apart, side by side. */
static uint8_t
fields_of(unsigned bits)
{
    bits = (bits | bits >> 1) & 0x3333;
    bits = (bits | bits >> 2) & 0x0f0f;
    return (uint8_t)(bits | bits >> 4);
}

/* And all bits of their scales. */
static uint32_t
scales_of(uint32_t bits)
{
    bits = (bits | bits << 8) & 0x00ff00ff;
    bits = (bits | bits << 4) & 0x0f0f0f0f;
    return ((bits | bits << 2) & 0x11111111) * SCALE_MASK;
}

/* The fields that are there are those whose widths are not zero. */
static bool
take_columns(struct str *from, unsigned widths, uint32_t scales,
             struct bar_run *out)
{
    unsigned fields = (widths | widths >> 1) & WIDTH_LOWS;
    struct str left = *from;

    out->present = fields_of(fields);
    out->is_wide = (widths & widths >> 1 & WIDTH_LOWS) != 0;
    if ((scales & ~scales_of(fields)) != 0 ||
        (out->present & BAR_REQUIRED) != BAR_REQUIRED)
        return false;
    for (; fields != 0; fields &= fields - 1) {
        unsigned at = (unsigned)__builtin_ctz(fields);
        enum width width = (enum width)(widths >> at & WIDTH_MASK);

        if (!take_column(&left, width, out->count,
                         &out->columns[at / WIDTH_BITS]))
            return false;
    }
    *from = left;
    return true;
}

/* What no bar can lack is an error, and so is a field of which none does. */
static bool
are_lacks(const unsigned char *lacks, size_t count, unsigned scale)
{
    bool is_good = count % 2 == 0 || lacks[count / 2] >> LACK_BITS == 0;
    unsigned any = 0;

    for (size_t i = 0; i < LACK_BYTES(count); i++) {
        is_good &= (lacks[i] & LACK_MASK) <= scale &&
                   (unsigned)lacks[i] >> LACK_BITS <= scale;
        any |= lacks[i];
    }
    return is_good && any != 0;
}

static bool
take_lacks(struct str *from, struct bar_run *out)
{
    const size_t bytes = LACK_BYTES(out->count);
    unsigned lacking;

    if (from->len < 1)
        return false;
    lacking = (unsigned char)*from->data;
    from->data++;
    from->len--;
    if (lacking == 0 || (lacking & ~(unsigned)out->present) != 0)
        return false;
    for (; lacking != 0; lacking &= lacking - 1) {
        unsigned field = (unsigned)__builtin_ctz(lacking);
        const unsigned char *lacks = (const unsigned char *)from->data;

        if (from->len < bytes ||
            !are_lacks(lacks, out->count, out->scales[field]))
            return false;
        out->columns[field].lacks = lacks;
        from->data += bytes;
        from->len -= bytes;
    }
    return true;
}

static bool
take_run(struct str *from, const struct barset *set, struct bar_run *out)
{
    const unsigned char *head = (const unsigned char *)from->data;
    uint32_t days, scales;
    uint64_t source;

    if (from->len < HEAD_SOURCE)
        return false;
    scales = get_le32(head + HEAD_SCALES);
    out->month = set->month;
    days = get_le32(head + HEAD_DAYS);
    out->days = days & ~LACKS_BIT;
    from->data += HEAD_SOURCE;
    from->len -= HEAD_SOURCE;
    /* The lowest of the days is above the highest of those before. */
    if ((out->days & (~out->days + 1)) <= set->days ||
        out->days >> set->month_days != 0 ||
        !take_scales(scales, out->scales) || !take_varint(from, &source) ||
        source > UINT32_MAX)
        return false;
    out->count = bar_days_count(out->days);
    out->source = (uint32_t)source;
    return take_columns(from, get_le16(head + HEAD_WIDTHS), scales, out) &&
           (days == out->days || take_lacks(from, out));
}

struct barset
barset_of(struct str payload, struct date month)
{
    struct civil civil = date_civil(month);

    assert(civil.day == 1);

    return (struct barset){
        .payload = payload,
        .month = month,
        .month_days = date_month_days(civil),
    };
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
        memset(bar->mantissas, 0, sizeof bar->mantissas);
        for (unsigned left = run->present; left != 0; left &= left - 1) {
            unsigned field = (unsigned)__builtin_ctz(left);

            bar_set(bar, field, bar_run_decimal(run, i, field));
        }
    }
}

bool
bar_run_is_exact(const struct bar_run *run)
{
    bool is_exact = true;

    for (unsigned left = run->present; left != 0; left &= left - 1) {
        unsigned field = (unsigned)__builtin_ctz(left);

        for (size_t i = 0; i < run->count; i++) {
            unsigned lack = bar_run_lack(run, i, field);

            is_exact &= bar_run_mantissa(run, i, field) %
                            decimal_scale_units[DECIMAL_SCALE_MAX - lack] ==
                        0;
        }
    }
    return is_exact;
}
