/* Moving averages over the bars of a security, in one pass. */
#ifndef SECMASTER_MOVING_AVERAGE_H
#define SECMASTER_MOVING_AVERAGE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "secmaster/cell_text.h"
#include "secmaster/decimal.h"

#define MOVING_WINDOW_MAX 1000 /* bars in a window, from 1 */
#define MOVING_WINDOWS_MAX 10  /* windows at once */
#define MOVING_RING 1024       /* a power of two, so that no place is divided */

/*
 * One field of a security's bars up to the day at hand, in the caller's
 * storage; nothing to free. Totals from the first bar on are kept for as many
 * bars back as a window may reach: the sum over any window is a difference of
 * two, so that adding a bar costs the same however many windows are asked.
 *
 * While all bars are plain, as prices mostly are, totals are whole numbers of
 * 64 bits: they may wrap, but no sum over a window does, so differences are
 * right. The first bar that is not plain makes them wide, up to the next
 * security: 128 bits of any scale, beside how many bars have the field.
 */
struct moving_average {
    uint32_t bars; /* added so far */
    bool is_wide;

    /* [n % MOVING_RING]: of n bars, in units of 10^-AVERAGE_PLACES. */
    uint64_t totals[MOVING_RING];

    /* The same once they are wide, and how many have the field. */
    struct decimal_sum wides[MOVING_RING];
    uint32_t counts[MOVING_RING];
};

/* A bar is plain when it has the field, with no more digits behind the point
 * than an average, and is below this in their units: 180 millions. */
#define MOVING_PLAIN_END (UINT64_C(1) << 54)
static_assert(MOVING_PLAIN_END <= UINT64_MAX / MOVING_RING + 1,
              "no difference of totals in the ring wraps");

/* Of a scale: a mantissa below end is plain, and so many units make it one. */
struct moving_plain {
    uint64_t end;
    uint64_t units;
};
extern const struct moving_plain moving_plains[DECIMAL_SCALE_MAX + 1];

/* Begin with a security. Cheap: what is behind the first bar is not cleared. */
void moving_average_init(struct moving_average *moving);

/* moving_average_add of a bar that is not plain, or behind such a one. */
void moving_average_add_wide(struct moving_average *moving,
                             const struct decimal *value);

static inline uint32_t
moving_average_place(uint32_t bars)
{
    return bars & (MOVING_RING - 1);
}

/* Add a day's value, NULL: it is null; days come in order, each once. Inline:
 * there are as many calls as bars. */
static inline void
moving_average_add(struct moving_average *moving, const struct decimal *value)
{
    const struct moving_plain *plain;
    uint64_t total;

    if (value == NULL || moving->is_wide) {
        moving_average_add_wide(moving, value);
        return;
    }
    plain = &moving_plains[value->scale];
    if ((uint64_t)value->mantissa >= plain->end) {
        moving_average_add_wide(moving, value);
        return;
    }
    total = moving->totals[moving_average_place(moving->bars++)];
    moving->totals[moving_average_place(moving->bars)] =
        total + (uint64_t)value->mantissa * plain->units;
}

/* What is printed in front of an average, and what divides by its window's
 * bars without a division (moving_average.c). */
struct moving_window {
    uint32_t bars;
    struct cell_text front;
    uint64_t reciprocal, half, ties, sum_max;
};

/* The averages of a row: made ready once, for all rows. Begins as zeros. */
struct moving_windows {
    uint32_t count;
    uint32_t longest;                                 /* of them, in bars */
    struct moving_window windows[MOVING_WINDOWS_MAX]; /* in the order asked */
    struct cell_text none; /* printed where there is no average */
};

/* One more window, with nothing in front. There is room for it. */
void moving_windows_add(struct moving_windows *windows, uint32_t bars);

/*
 * Write the averages over the last bars, the day's included, one for each
 * window: its front, and a number (decimal_sum_write_average). Returns the end;
 * as of decimal_write, behind each front there are DECIMAL_ROOM bytes. A bar
 * whose field is null stands in the window but is left out of the average. That
 * is none where there are fewer bars than the window has, or none of them has
 * the field.
 */
char *moving_averages_write(char *to, const struct moving_average *moving,
                            const struct moving_windows *windows);

#endif
