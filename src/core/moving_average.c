/* Moving averages: running totals, and differences of them. */
#include "secmaster/moving_average.h"

#include <assert.h>

static_assert(MOVING_RING > MOVING_WINDOW_MAX,
              "the totals at both ends of a window are kept");
static_assert((MOVING_RING & (MOVING_RING - 1)) == 0, "a mask finds a place");

static uint32_t
place_of(uint32_t bars)
{
    return bars & (MOVING_RING - 1);
}

void
moving_average_init(struct moving_average *moving, enum bar_field field)
{
    moving->field = field;
    moving->bars = 0;
    moving->totals[0] = (struct decimal_sum){ 0 };
    moving->counts[0] = 0;
}

void
moving_average_add(struct moving_average *moving, const struct bar *bar)
{
    uint32_t from = place_of(moving->bars);
    uint32_t to = place_of(++moving->bars);

    /* A null is a zero in a bar: it adds nothing, and is not counted. */
    moving->totals[to] = moving->totals[from];
    decimal_sum_add(&moving->totals[to], bar_decimal(bar, moving->field));
    moving->counts[to] =
        moving->counts[from] + (bar->present >> moving->field & 1U);
}

bool
moving_average_put(struct out *out, const struct moving_average *moving,
                   uint32_t window)
{
    uint32_t to = place_of(moving->bars);
    uint32_t from = place_of(moving->bars - window);
    struct decimal_sum sum;

    assert(window > 0 && window <= MOVING_WINDOW_MAX);

    if (moving->bars < window || moving->counts[to] == moving->counts[from])
        return false;
    sum.units = moving->totals[to].units - moving->totals[from].units;
    decimal_sum_put_average(out, &sum,
                            moving->counts[to] - moving->counts[from]);
    return true;
}
