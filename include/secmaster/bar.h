/* Daily bars, and the payload of a RECORD_BARS record. */
#ifndef SECMASTER_BAR_H
#define SECMASTER_BAR_H

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

/*
 * A record has the bars of one batch about one security in one calendar month,
 * ascending by day; its effective date is the first of that month. So a history
 * that is loaded at once takes a record a month, and reading it costs little
 * more than its bytes. Bars stand one behind the other, each:
 *
 *   u8   day of the month, one that it has
 *   u8   bits 0-3: adj_close, volume, pre_market, after_hours are there; bit 4:
 *        numbers are wide; 5-7 zero
 *   u32  scales, four bits each, of open in the lowest; zero where null
 *   u32  source
 *        the mantissas of those that are there, u32 each, u64 if wide: only
 *        where one of them needs it
 *
 * all little-endian.
 */
#define BAR_BYTES_MAX (10 + 8 * BAR_FIELDS)
#define BARS_OF_MONTH_MAX 31

struct date bar_month(struct date day);

/* Append one bar. */
void barset_put(struct out *out, const struct bar *bar);

/*
 * Take the next bar off the front of *payload, of a month; false at its end.
 * *err is ERR_STORE where the bytes are no bar of it, and OK otherwise.
 */
bool barset_next(struct str *payload, struct date month, struct bar *out,
                 enum err *err);

/*
 * A record whose bars are alike: the same fields with the same scales, and no
 * number is wide. Nearly all records are, and their numbers are taken from
 * where they stand.
 */
struct bar_run {
    struct date month;
    size_t count;              /* at least one */
    const unsigned char *bars; /* borrowed from the payload */
    size_t stride;             /* from bar to bar */
    uint8_t present;
    uint8_t scales[BAR_FIELDS];
    uint8_t offsets[BAR_FIELDS]; /* of mantissas in a bar, of those there are */
};
#define BAR_RUN_BYTES_MAX (BARS_OF_MONTH_MAX * (10 + 4 * BAR_FIELDS))

/* False: the bars are not alike, or not good. They are to be read one by one.
 */
bool bar_run_open(struct str payload, struct date month, struct bar_run *out);

static inline struct date
bar_run_date(const struct bar_run *run, size_t i)
{
    return (struct date){ run->month.days + run->bars[i * run->stride] - 1 };
}

/* The field is one that is there. */
static inline uint32_t
bar_run_mantissa(const struct bar_run *run, size_t i, enum bar_field field)
{
    return get_le32(run->bars + i * run->stride + run->offsets[field]);
}

static inline struct decimal
bar_run_decimal(const struct bar_run *run, size_t i, enum bar_field field)
{
    return (struct decimal){ bar_run_mantissa(run, i, field),
                             run->scales[field] };
}

#endif
