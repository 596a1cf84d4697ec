/* Moving averages: running totals, and differences of them (moving_average.h).
 */
#include "secmaster/moving_average.h"

#include <assert.h>

#include "decimal_text.h"

static_assert(MOVING_RING > MOVING_WINDOW_MAX,
              "the totals at both ends of a window are kept");
static_assert((MOVING_RING & (MOVING_RING - 1)) == 0, "a mask finds a place");

#define PLAIN(units)                                                           \
    {                                                                          \
        (MOVING_PLAIN_END + (units)-1) / (units), units                        \
    }
const struct moving_plain moving_plains[DECIMAL_SCALE_MAX + 1] = {
    PLAIN(UINT64_C(100000000)),
    PLAIN(UINT64_C(10000000)),
    PLAIN(UINT64_C(1000000)),
    PLAIN(UINT64_C(100000)),
    PLAIN(UINT64_C(10000)),
    PLAIN(UINT64_C(1000)),
    PLAIN(UINT64_C(100)),
    PLAIN(UINT64_C(10)),
    PLAIN(UINT64_C(1)),
    { 0, 0 }, /* more places than an average has: never plain */
};
static_assert(AVERAGE_PLACES == 8, "moving_plains' units");

void
moving_average_init(struct moving_average *moving)
{
    moving->bars = 0;
    moving->is_wide = false;
    moving->totals[0] = 0;
}

/* Make totals wide: from the oldest that is kept on. */
static void
widen(struct moving_average *moving)
{
    uint32_t kept = moving->bars < MOVING_RING ? moving->bars : MOVING_RING - 1;
    uint32_t oldest = moving->bars - kept;
    uint64_t before = moving->totals[moving_average_place(oldest)];

    for (uint32_t i = 0; i <= kept; i++) {
        uint32_t place = moving_average_place(oldest + i);
        uint64_t since = moving->totals[place] - before;

        moving->wides[place].units = (wide_int)since * (SUM_ONE / AVERAGE_ONE);
        moving->counts[place] = i;
    }
    moving->is_wide = true;
}

void
moving_average_add_wide(struct moving_average *moving,
                        const struct decimal *value)
{
    uint32_t from = moving_average_place(moving->bars);
    uint32_t to = moving_average_place(moving->bars + 1);

    if (!moving->is_wide)
        widen(moving);
    moving->bars++;
    moving->wides[to] = moving->wides[from];
    moving->counts[to] = moving->counts[from];
    if (value == NULL)
        return;
    decimal_sum_add(&moving->wides[to], *value);
    moving->counts[to]++;
}

void
moving_windows_add(struct moving_windows *windows, uint32_t bars)
{
    struct moving_window *window = &windows->windows[windows->count];

    assert(windows->count < MOVING_WINDOWS_MAX);
    assert(bars > 0 && bars <= MOVING_WINDOW_MAX);

    windows->count++;
    if (bars > windows->longest)
        windows->longest = bars;
    *window = (struct moving_window){ .bars = bars };
    if (bars == 1) /* 2^64 is no reciprocal of 64 bits: only 0 is below */
        return;
    window->reciprocal = UINT64_MAX / bars + 1;
    window->half = bars / 2;
    window->ties = bars % 2 == 0 ? window->reciprocal : 0;
    window->sum_max = UINT64_MAX / bars - UINT64_C(2) * bars;
}

/*
 * sum / bars, half to even. With m the reciprocal, m * bars is 2^64 + e, and
 * 0 <= e < bars. Let sum + half be k * bars + r, r < bars. Times m that is
 * k * 2^64 + k * e + r * m, and r * m <= 2^64 + e - m: behind k * 2^64 there is
 * less than 2^64 as long as (k + 1) * e < m, which holds while k * bars + bars
 * <= 2^64 / bars. sum_max sees to that. So the upper half is k, and the lower
 * one is below m where r is 0, and only there.
 *
 * k is the average rounded half up. Where r is 0 and the bars are even, half of
 * them was what it took: a tie, for which the even neighbour is due.
 */
static inline uint64_t
divide(uint64_t sum, const struct moving_window *window)
{
    wide_uint product;
    uint64_t is_tie;

    if (sum > window->sum_max)
        return decimal_divide_rounded(sum, window->bars);
    product = (wide_uint)(sum + window->half) * window->reciprocal;
    is_tie = (uint64_t)product < window->ties;
    return (uint64_t)(product >> 64) & ~is_tie;
}

static char *
write_wide(char *to, const struct moving_average *moving,
           const struct moving_windows *windows)
{
    uint32_t last = moving_average_place(moving->bars);

    for (uint32_t i = 0; i < windows->count; i++) {
        const struct moving_window *window = &windows->windows[i];
        uint32_t before = moving_average_place(moving->bars - window->bars);
        uint32_t count = moving->counts[last] - moving->counts[before];
        struct decimal_sum sum;

        to = cell_text_put(to, &window->front);
        if (moving->bars < window->bars || count == 0) {
            to = cell_text_put(to, &windows->none);
            continue;
        }
        sum.units = moving->wides[last].units - moving->wides[before].units;
        to = decimal_text_average(to, &sum, count);
    }
    return to;
}

char *
moving_averages_write(char *to, const struct moving_average *moving,
                      const struct moving_windows *windows)
{
    uint32_t bars = moving->bars;
    uint64_t total;

    if (moving->is_wide)
        return write_wide(to, moving, windows);
    total = moving->totals[moving_average_place(bars)];
    for (uint32_t i = 0; i < windows->count; i++) {
        const struct moving_window *window = &windows->windows[i];
        uint32_t before = moving_average_place(bars - window->bars);

        to = cell_text_put(to, &window->front);
        if (bars < window->bars) {
            to = cell_text_put(to, &windows->none);
            continue;
        }
        to = decimal_text_places(
            to, divide(total - moving->totals[before], window));
    }
    return to;
}
