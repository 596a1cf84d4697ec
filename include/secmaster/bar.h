/* Daily bars, and the payload of a RECORD_BARS record. */
#ifndef SECMASTER_BAR_H
#define SECMASTER_BAR_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/decimal.h"
#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/record.h"
#include "secmaster/str.h"
#include "secmaster/wire.h"

/* In the order of their columns. On disk: never renumber. */
enum bar_field {
    BAR_OPEN = 0,
    BAR_HIGH = 1,
    BAR_LOW = 2,
    BAR_CLOSE = 3, /* up to here required */
    BAR_ADJ_CLOSE = 4,
    BAR_VOLUME = 5,
    BAR_PRE_MARKET = 6,
    BAR_AFTER_HOURS = 7,
};
#define BAR_FIELDS 8
#define BAR_BIT(field) (1U << (field))
#define BAR_REQUIRED                                                           \
    (BAR_BIT(BAR_OPEN) | BAR_BIT(BAR_HIGH) | BAR_BIT(BAR_LOW) |                \
     BAR_BIT(BAR_CLOSE))

extern const char *const bar_field_names[BAR_FIELDS];

struct bar {
    struct date date;
    uint32_t source; /* dictionary id; in a bar_batch an index */
    uint8_t present; /* BAR_BITs; a field that is not there is null */
    uint8_t scales[BAR_FIELDS];
    int64_t mantissas[BAR_FIELDS]; /* zero where a field is null */
};

static inline struct decimal
bar_decimal(const struct bar *bar, enum bar_field field)
{
    return (struct decimal){ bar->mantissas[field], bar->scales[field] };
}

void bar_set(struct bar *bar, enum bar_field field, struct decimal value);

/*
 * NULL, or what is wrong with a bar that has its required fields (static
 * text), and *field, where: high below low, open or close outside of them, all
 * prices zero.
 */
const char *bar_fault(const struct bar *bar, enum bar_field *field);

/* Whether all is the same, digit for digit, source and date too. */
bool bar_equal(const struct bar *a, const struct bar *b);

struct date bar_month(struct date day);

/*
 * A record has the bars of one batch about one security in one calendar month;
 * its effective date is the first of that month. So a history that is loaded at
 * once takes a record a month, and reading it costs little more than its bytes.
 * It is one or more runs, a day in none twice, each behind the days of the one
 * before. A run is bars that have the same fields and source:
 *
 *   u32     days of the month: bit d - 1 is day d, one that it has; bit 31:
 *           lacks follow
 *   u16     widths, two bits each, of open in the lowest: 0 the field is null,
 *           1 u16, 2 u32, 3 u64
 *   u32     scales, four bits each, of open in the lowest; zero where null
 *   varint  source
 *           of each field that is there a column: the mantissas of all days,
 *           of the scale and width; of width 1 a u32 stands before them, which
 *           is to be added to each
 *
 * all little-endian. A bar that was sent with fewer digits behind the point
 * lacks some of the scale, which are zeros. Where there are such:
 *
 *   u8      bit f: a bar lacks digits of field f
 *           of each such field how many, four bits a bar, of the first in the
 *           lowest, up to a whole byte
 */
#define BARS_OF_MONTH_MAX 31
#define BAR_RUN_HEAD_BYTES_MAX (4 + 2 + 4 + 5)
#define BAR_RUN_BYTES_MAX                                                      \
    (BAR_RUN_HEAD_BYTES_MAX + 8 * BARS_OF_MONTH_MAX * BAR_FIELDS + 1 +         \
     (BARS_OF_MONTH_MAX + 1) / 2 * BAR_FIELDS)

/* Append the bars of a month, ascending by day. */
void barset_put(struct out *out, const struct bar *bars, size_t count);

/* A record's runs that are still to come, and the days of those before. */
struct barset {
    struct str payload;
    struct date month;
    uint32_t month_days; /* that it has */
    uint32_t days;
};

/* All runs of a record; month is the first day of one. */
struct barset barset_of(struct str payload, struct date month);

/* The mantissas of a field, borrowed from the payload. */
struct bar_column {
    const unsigned char *numbers; /* little-endian */
    const unsigned char *lacks;   /* NULL: there are none */
    uint32_t least;               /* to be added to each */
    uint8_t bytes;                /* of each: 2, 4 or 8 */
};

struct bar_run {
    struct date month;
    uint32_t days; /* as in the record */
    uint32_t count;
    uint32_t source;
    uint8_t present;
    bool is_wide; /* a column has 8 bytes */
    uint8_t scales[BAR_FIELDS];
    struct bar_column columns[BAR_FIELDS]; /* of those that are there */
};

/*
 * Take the next run; false at the end. *err is ERR_STORE where the bytes are no
 * run of the month that can come here, and OK otherwise.
 */
bool barset_next(struct barset *set, struct bar_run *out, enum err *err);

/* Put each bar of a run where its day is: that of day d at bars[d - 1]. */
void bar_run_spread(const struct bar_run *run,
                    struct bar bars[static BARS_OF_MONTH_MAX]);

static inline struct date
bar_run_first(const struct bar_run *run)
{
    return (struct date){ run->month.days + __builtin_ctz(run->days) };
}

static inline struct date
bar_run_last(const struct bar_run *run)
{
    return (struct date){ run->month.days + 31 - __builtin_clz(run->days) };
}

/* How many days there are in a mask of them; without the instruction, which not
 * every processor has, it would be a call. */
static inline uint32_t
bar_days_count(uint32_t days)
{
    days -= days >> 1 & 0x55555555;
    days = (days & 0x33333333) + (days >> 2 & 0x33333333);
    return ((days + (days >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
}

/* The date of bar i, which there is; it counts days up to there. */
static inline struct date
bar_run_date(const struct bar_run *run, size_t i)
{
    uint32_t days = run->days;

    for (; i > 0; i--)
        days &= days - 1;
    assert(days != 0);
    return (struct date){ run->month.days + __builtin_ctz(days) };
}

/* The days of the bars from this one on. */
static inline uint32_t
bar_run_days_from(const struct bar_run *run, struct date day)
{
    int64_t place = (int64_t)day.days - run->month.days;

    if (place <= 0)
        return run->days;
    return place >= BARS_OF_MONTH_MAX ? 0 : run->days >> place << place;
}

/* How many of the bars are of days before this one. */
static inline size_t
bar_run_before(const struct bar_run *run, struct date day)
{
    return run->count - bar_days_count(bar_run_days_from(run, day));
}

/* Whether numbers end with the zeros that their bars lack. A start asks that of
 * what is on disk; readers go by it. */
bool bar_run_is_exact(const struct bar_run *run);

/* A mantissa of the run's scale. The field is one that is there. */
static inline int64_t
bar_run_mantissa(const struct bar_run *run, size_t i, enum bar_field field)
{
    const struct bar_column *column = &run->columns[field];

    if (column->bytes == 2)
        return (int64_t)column->least + get_le16(column->numbers + 2 * i);
    if (column->bytes == 4)
        return get_le32(column->numbers + 4 * i);
    return (int64_t)get_le64(column->numbers + 8 * i);
}

/* How many digits of the scale bar i was sent without. */
static inline unsigned
bar_run_lack(const struct bar_run *run, size_t i, enum bar_field field)
{
    const unsigned char *lacks = run->columns[field].lacks;

    if (lacks == NULL)
        return 0;
    return (unsigned)lacks[i / 2] >> i % 2 * 4 & 15U;
}

/* As it was sent. */
static inline struct decimal
bar_run_decimal(const struct bar_run *run, size_t i, enum bar_field field)
{
    unsigned lack = bar_run_lack(run, i, field);
    int64_t mantissa = bar_run_mantissa(run, i, field);

    if (lack > 0)
        mantissa /= decimal_scale_units[DECIMAL_SCALE_MAX - lack];
    return (struct decimal){ mantissa, (uint8_t)(run->scales[field] - lack) };
}

#endif
