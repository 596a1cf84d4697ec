/* Moving averages over the bars of a security, in one pass. */
#ifndef SECMASTER_MOVING_AVERAGE_H
#define SECMASTER_MOVING_AVERAGE_H

#include <stdint.h>

#include "secmaster/decimal.h"

#define MOVING_WINDOW_MAX 1000 /* bars in a window, from 1 */
#define MOVING_WINDOWS_MAX 10  /* windows at once */
#define MOVING_RING 1024       /* a power of two, so that no place is divided */

/*
 * One field of a security's bars up to the day at hand, in the caller's
 * storage; nothing to free. Totals from the first bar on are kept for as many
 * bars back as a window may reach: the sum over any window is a difference of
 * two, so that adding a bar costs the same however many windows are asked.
 */
struct moving_average {
    uint32_t bars;                          /* added so far */
    struct decimal_sum totals[MOVING_RING]; /* [n % MOVING_RING]: of n bars */
    uint32_t counts[MOVING_RING];           /* of them with the field */
};

/* Begin with a security. Cheap: what is behind the first bar is not cleared. */
void moving_average_init(struct moving_average *moving);

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
    uint32_t from = moving_average_place(moving->bars);
    uint32_t to = moving_average_place(++moving->bars);

    moving->totals[to] = moving->totals[from];
    moving->counts[to] = moving->counts[from];
    if (value == NULL)
        return;
    decimal_sum_add(&moving->totals[to], *value);
    moving->counts[to]++;
}

/*
 * Write the average of the last window bars, the day's included, as a number
 * (decimal_sum_write_average), and return its end. DECIMAL_ROOM bytes are
 * there, as for decimal_write. A bar whose field is null stands in the window
 * but is left out of the average. To itself: it is null, since there are fewer
 * bars than window, or none of them has the field.
 */
char *moving_average_write(char *to, const struct moving_average *moving,
                           uint32_t window);

#endif
