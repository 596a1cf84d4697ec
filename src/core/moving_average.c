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
moving_average_init(struct moving_average *moving)
{
    moving->bars = 0;
    moving->totals[0] = (struct decimal_sum){ 0 };
    moving->counts[0] = 0;
}

void
moving_average_add(struct moving_average *moving, const struct decimal *value)
{
    uint32_t from = place_of(moving->bars);
    uint32_t to = place_of(++moving->bars);

    moving->totals[to] = moving->totals[from];
    moving->counts[to] = moving->counts[from];
    if (value == NULL)
        return;
    decimal_sum_add(&moving->totals[to], *value);
    moving->counts[to]++;
}

char *
moving_average_write(char *to, const struct moving_average *moving,
                     uint32_t window)
{
    uint32_t last = place_of(moving->bars);
    uint32_t before = place_of(moving->bars - window);
    struct decimal_sum sum;

    assert(window > 0 && window <= MOVING_WINDOW_MAX);

    if (moving->bars < window || moving->counts[last] == moving->counts[before])
        return to;
    sum.units = moving->totals[last].units - moving->totals[before].units;
    return decimal_sum_write_average(
        to, &sum, moving->counts[last] - moving->counts[before]);
}
