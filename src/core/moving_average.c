/* Moving averages: running totals, and differences of them (moving_average.h).
 */
#include "secmaster/moving_average.h"

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
