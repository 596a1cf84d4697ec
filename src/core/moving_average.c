/* Moving averages: running totals, and differences of them (moving_average.h).
 */
#include "secmaster/moving_average.h"

#include <assert.h>

#include "decimal_text.h"

static_assert(MOVING_RING > MOVING_WINDOW_MAX,
              "the totals at both ends of a window are kept");
static_assert((MOVING_RING & (MOVING_RING - 1)) == 0, "a mask finds a place");

void
moving_average_init(struct moving_average *moving)
{
    moving->bars = 0;
    moving->totals[0] = (struct decimal_sum){ 0 };
    moving->counts[0] = 0;
}

char *
moving_average_write(char *to, const struct moving_average *moving,
                     uint32_t window)
{
    uint32_t last = moving_average_place(moving->bars);
    uint32_t before = moving_average_place(moving->bars - window);
    struct decimal_sum sum;

    assert(window > 0 && window <= MOVING_WINDOW_MAX);

    if (moving->bars < window || moving->counts[last] == moving->counts[before])
        return to;
    sum.units = moving->totals[last].units - moving->totals[before].units;
    return decimal_text_average(to, &sum,
                                moving->counts[last] - moving->counts[before]);
}
