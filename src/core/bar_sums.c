/* Add up columns. The loops are plain, so that compilers make them wide. */
#include "bar_sums.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* Copied as they are: bytes put together one by one are not taken side by
 * side. */
static inline uint16_t
short_at(const unsigned char *numbers, size_t i)
{
    uint16_t number;

    memcpy(&number, numbers + i * sizeof number, sizeof number);
    return le16toh(number);
}

static inline uint32_t
narrow_at(const unsigned char *numbers, size_t i)
{
    uint32_t number;

    memcpy(&number, numbers + i * sizeof number, sizeof number);
    return le32toh(number);
}

static uint64_t
sum_of(const struct bar_column *column, size_t first, size_t end)
{
    uint64_t sum = (end - first) * (uint64_t)column->least;

    assert(column->bytes <= sizeof(uint32_t));

    if (column->bytes == sizeof(uint16_t))
        for (size_t i = first; i < end; i++)
            sum += short_at(column->numbers, i);
    else
        for (size_t i = first; i < end; i++)
            sum += narrow_at(column->numbers, i);
    return sum;
}

static bool
are_short(const struct bar_run *run)
{
    bool are = true;

    for (unsigned i = BAR_OPEN; i <= BAR_CLOSE; i++)
        are &= run->columns[i].bytes == sizeof(uint16_t);
    return are;
}

/* What nearly all are: prices above their least. */
static struct bar_extremes
add_short_prices(const struct bar_run *run, size_t first, size_t end,
                 uint64_t sums[static SUMMEDS])
{
    const struct bar_column *columns = run->columns;
    const unsigned char *opens = columns[BAR_OPEN].numbers;
    const unsigned char *highs = columns[BAR_HIGH].numbers;
    const unsigned char *lows = columns[BAR_LOW].numbers;
    const unsigned char *closes = columns[BAR_CLOSE].numbers;
    uint32_t open_sum = 0, high_sum = 0, low_sum = 0, close_sum = 0;
    uint16_t max_high = 0, min_low = UINT16_MAX;
    const uint64_t count = end - first;

    static_assert(BARS_OF_MONTH_MAX * UINT16_MAX <= INT32_MAX,
                  "sums have 32 bits");
    for (size_t i = first; i < end; i++) {
        uint16_t high = short_at(highs, i), low = short_at(lows, i);

        open_sum += short_at(opens, i);
        high_sum += high;
        low_sum += low;
        close_sum += short_at(closes, i);
        max_high = high > max_high ? high : max_high;
        min_low = low < min_low ? low : min_low;
    }
    sums[SUMMED_OPEN] += open_sum + count * columns[BAR_OPEN].least;
    sums[SUMMED_HIGH] += high_sum + count * columns[BAR_HIGH].least;
    sums[SUMMED_LOW] += low_sum + count * columns[BAR_LOW].least;
    sums[SUMMED_CLOSE] += close_sum + count * columns[BAR_CLOSE].least;
    return (struct bar_extremes){ columns[BAR_HIGH].least + max_high,
                                  columns[BAR_LOW].least + min_low };
}

static struct bar_extremes
add_prices(const struct bar_run *run, size_t first, size_t end,
           uint64_t sums[static SUMMEDS])
{
    struct bar_extremes extremes = { 0, UINT32_MAX };

    sums[SUMMED_OPEN] += sum_of(&run->columns[BAR_OPEN], first, end);
    sums[SUMMED_HIGH] += sum_of(&run->columns[BAR_HIGH], first, end);
    sums[SUMMED_LOW] += sum_of(&run->columns[BAR_LOW], first, end);
    sums[SUMMED_CLOSE] += sum_of(&run->columns[BAR_CLOSE], first, end);
    for (size_t i = first; i < end; i++) {
        uint32_t high = (uint32_t)bar_run_mantissa(run, i, BAR_HIGH);
        uint32_t low = (uint32_t)bar_run_mantissa(run, i, BAR_LOW);

        if (high > extremes.max_high)
            extremes.max_high = high;
        if (low < extremes.min_low)
            extremes.min_low = low;
    }
    return extremes;
}

struct bar_extremes
bar_sums_add(const struct bar_run *run, size_t first, size_t end,
             uint64_t sums[static SUMMEDS])
{
    assert(first < end);
    assert(end <= run->count);

    if ((run->present & BAR_BIT(BAR_VOLUME)) != 0)
        sums[SUMMED_VOLUME] += sum_of(&run->columns[BAR_VOLUME], first, end);
    return are_short(run) ? add_short_prices(run, first, end, sums)
                          : add_prices(run, first, end, sums);
}
