/* Moving averages: null until there are enough bars, nulls, the ring's end, and
 * wherever one way to make them ends and another begins. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/moving_average.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static struct decimal
number(const char *text)
{
    struct decimal value;

    cr_assert_eq(decimal_parse(str_of(text), &value, NULL), OK);
    return value;
}

static void
add(struct moving_average *moving, const char *text)
{
    struct decimal value;

    if (text == NULL) {
        moving_average_add(moving, NULL);
        return;
    }
    value = number(text);
    moving_average_add(moving, &value);
}

static struct moving_windows
windows_of(const uint32_t *bars, size_t count)
{
    struct moving_windows windows = { 0 };

    windows.none = cell_text_of(STR("null"));
    for (size_t i = 0; i < count; i++) {
        moving_windows_add(&windows, bars[i]);
        windows.windows[i].front = cell_text_of(STR(" "));
    }
    return windows;
}

/* A row is its averages with a space before each. */
static void
expect(const struct moving_average *moving,
       const struct moving_windows *windows, const char *text, size_t row)
{
    char room[MOVING_WINDOWS_MAX * (1 + DECIMAL_ROOM)];
    char *end = moving_averages_write(room, moving, windows);
    struct str got = { room, (size_t)(end - room) };

    cr_expect(str_equal(got, str_of(text)), "day %zu:%.*s, not%s", row,
              STR_ARG(got), text);
}

Test(moving_average, is_over_the_last_bars_and_leaves_nulls_out)
{
    static const uint32_t bars[] = { 1, 2, 3 };
    static const struct {
        const char *value, *row;
    } days[] = {
        { "110.00", " 110 null null" },
        { "106.25", " 106.25 108.125 null" },
        { "100", " 100 103.125 105.41666667" },
        { NULL, " null 100 103.125" },
        { NULL, " null null 100" },
        { NULL, " null null null" },
        { "0", " 0 0 0" },
        { "0.000000015", " 0.00000002 0.00000001 0.00000001" },
    };
    struct moving_windows windows = windows_of(bars, COUNT(bars));
    struct moving_average moving;

    cr_expect_eq(windows.longest, 3);
    moving_average_init(&moving);
    for (size_t i = 0; i < COUNT(days); i++) {
        add(&moving, days[i].value);
        expect(&moving, &windows, days[i].row, i);
    }
}

Test(moving_average, stands_behind_the_text_of_its_window)
{
    static const uint32_t bars[] = { 2, 1000, 1 };
    struct moving_windows windows = windows_of(bars, COUNT(bars));
    struct moving_average moving;

    windows.windows[0].front = cell_text_of(STR(""));
    windows.windows[1].front = cell_text_of(STR(",\"ma_1000\":"));
    windows.windows[2].front = cell_text_of(STR("0123456789abcdef"));
    moving_average_init(&moving);
    add(&moving, "1.5");
    expect(&moving, &windows, "null,\"ma_1000\":null0123456789abcdef1.5", 1);
    windows.none = cell_text_of(STR(""));
    add(&moving, NULL);
    expect(&moving, &windows, "1.5,\"ma_1000\":0123456789abcdef", 2);
}

Test(moving_average, begins_anew_with_a_security)
{
    static const uint32_t bars[] = { 1, 2 };
    struct moving_windows windows = windows_of(bars, COUNT(bars));
    struct moving_average moving;

    for (size_t security = 0; security < 3; security++) {
        moving_average_init(&moving);
        expect(&moving, &windows, " null null", security);
        add(&moving, "3");
        expect(&moving, &windows, " 3 null", security);
        add(&moving, "4");
        expect(&moving, &windows, " 4 3.5", security);
        cr_expect(!moving.is_wide);
        add(&moving, NULL);
        expect(&moving, &windows, " null 4", security);
        cr_expect(moving.is_wide);
    }
}

/* The bars count up: a window's average is its middle. Past the ring's end, and
 * of a number that is not plain on any day. */
Test(moving_average, the_greatest_windows_reach_as_far_as_they_say)
{
    static const uint32_t bars[] = { 1, 2, 999, 1000 };
    static const uint32_t wide_days[] = {
        0, 1, 2, 700, MOVING_RING - 1, MOVING_RING, MOVING_RING + 1, 2900,
    };
    struct moving_windows windows = windows_of(bars, COUNT(bars));
    struct moving_average moving;
    char value[24], row[128];

    for (size_t d = 0; d < COUNT(wide_days); d++) {
        moving_average_init(&moving);
        for (uint32_t day = 1; day <= 3 * MOVING_RING; day++) {
            int len = 0;

            snprintf(value, sizeof value, "%u%s", day,
                     day == wide_days[d] ? ".000000000" : "");
            add(&moving, value);
            cr_assert_eq(moving.is_wide, d > 0 && day >= wide_days[d]);
            for (size_t w = 0; w < COUNT(bars); w++) {
                uint32_t twice = 2 * day - bars[w] + 1;

                len += snprintf(row + len, sizeof row - (size_t)len,
                                day < bars[w]    ? " null"
                                : twice % 2 == 0 ? " %u"
                                                 : " %u.5",
                                twice / 2);
            }
            expect(&moving, &windows, row, day);
        }
    }
}

/* Totals of the greatest plain numbers wrap, and sums over windows do not. */
Test(moving_average, keeps_64_bits_of_what_fits)
{
    static const uint32_t bars[] = { 1, 31, 32, 33, 999, 1000 };
    static const struct {
        const char *value, *average;
        bool is_wide;
    } cases[] = {
        { "180143985.09481983", "180143985.09481983", false },
        { "180143985.09481984", "180143985.09481984", true },
        { "180143985.0948198", "180143985.0948198", false },
        { "180143985.0948199", "180143985.0948199", true },
        { "180143985.09", "180143985.09", false },
        { "180143985.10", "180143985.1", true },
        { "180143985", "180143985", false },
        { "180143986", "180143986", true },
        { "999999999999999999", "999999999999999999", true },
        { "1.00000000", "1", false },
        { "1.000000000", "1", true },
        { "0.000000009", "0.00000001", true },
        { "0", "0", false },
    };
    struct moving_windows windows = windows_of(bars, COUNT(bars));
    struct moving_average moving;
    char row[256];

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct decimal value = number(cases[i].value);
        int len = 0;

        moving_average_init(&moving);
        for (uint32_t day = 1; day <= 3 * MOVING_RING; day++)
            moving_average_add(&moving, &value);
        cr_expect_eq(moving.is_wide, cases[i].is_wide, "%s", cases[i].value);
        for (size_t w = 0; w < COUNT(bars); w++)
            len += snprintf(row + len, sizeof row - (size_t)len, " %s",
                            cases[i].average);
        expect(&moving, &windows, row, i);
    }
}

/* A security whose last bars have that sum, in 10^-8: as equal as they can. */
static void
add_sum(struct moving_average *moving, uint64_t sum, uint32_t bars)
{
    struct decimal value = { (int64_t)(sum / bars), 8 };

    moving_average_init(moving);
    for (uint32_t i = 1; i < bars; i++)
        moving_average_add(moving, &value);
    value.mantissa += (int64_t)(sum % bars);
    moving_average_add(moving, &value);
    cr_assert(!moving->is_wide);
}

/* Half to even, by division. */
static void
expect_quotient(const struct moving_average *moving, uint64_t sum,
                uint32_t bars)
{
    struct moving_windows windows = windows_of(&bars, 1);
    uint64_t quotient = sum / bars, rest = sum % bars * 2;
    char text[64];
    int len;

    quotient += rest > bars || (rest == bars && quotient % 2 == 1);
    len = snprintf(text, sizeof text, " %llu.%08llu",
                   (unsigned long long)(quotient / 100000000),
                   (unsigned long long)(quotient % 100000000));
    while (text[len - 1] == '0')
        text[--len] = '\0';
    if (text[len - 1] == '.')
        text[--len] = '\0';
    expect(moving, &windows, text, bars);
}

Test(moving_average, divides_by_each_window_to_the_last_digit)
{
    struct moving_average moving;

    for (uint32_t bars = 1; bars <= MOVING_WINDOW_MAX; bars++) {
        struct moving_windows windows = windows_of(&bars, 1);
        uint64_t half = bars / 2, sum_max = windows.windows[0].sum_max;
        /* Of plain bars; add_sum's last one is a little above the others. */
        uint64_t end = bars * (MOVING_PLAIN_END - bars);
        uint64_t near = sum_max < end ? sum_max / bars * bars : end;
        const uint64_t sums[] = {
            0,
            1,
            bars - 1,
            half,
            bars + half,
            3ULL * bars + half + 1,
            end - half,
            end - bars - half,
            end - 1,
            near - bars - half,
            near - half,
            near - half - 1,
            near - 1,
            near + half,
            sum_max,
            sum_max + 1,
            UINT64_C(100000000000) * bars - half - 1,
            UINT64_C(100000000000) * bars - half,
            UINT64_C(100000000000) * bars,
        };

        for (size_t i = 0; i < COUNT(sums); i++) {
            if (sums[i] > end)
                continue;
            add_sum(&moving, sums[i], bars);
            expect_quotient(&moving, sums[i], bars);
        }
    }
}
