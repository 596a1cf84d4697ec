/* Moving averages: null until there are enough bars, nulls, the ring's end. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/moving_average.h"

#define NONE "null"
#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static void
add(struct moving_average *moving, const char *text)
{
    struct decimal value;

    if (text == NULL) {
        moving_average_add(moving, NULL);
        return;
    }
    cr_assert_eq(decimal_parse(str_of(text), &value, NULL), OK);
    moving_average_add(moving, &value);
}

static void
expect(const struct moving_average *moving, uint32_t window, const char *text,
       size_t row)
{
    char number[DECIMAL_ROOM];
    char *end = moving_average_write(number, moving, window);
    struct str got = { number, (size_t)(end - number) };

    if (end == number)
        got = STR(NONE);
    cr_expect(str_equal(got, str_of(text)), "day %zu: ma_%u is %.*s, not %s",
              row, window, STR_ARG(got), text);
}

Test(moving_average, is_over_the_last_bars_and_leaves_nulls_out)
{
    static const struct {
        const char *value, *one, *two, *three;
    } days[] = {
        { "110.00", "110", NONE, NONE },
        { "106.25", "106.25", "108.125", NONE },
        { "100", "100", "103.125", "105.41666667" },
        { NULL, NONE, "100", "103.125" },
        { NULL, NONE, NONE, "100" },
        { NULL, NONE, NONE, NONE },
        { "0", "0", "0", "0" },
        { "0.000000015", "0.00000002", "0.00000001", "0.00000001" },
    };
    struct moving_average moving;

    moving_average_init(&moving);
    for (size_t i = 0; i < COUNT(days); i++) {
        add(&moving, days[i].value);
        expect(&moving, 1, days[i].one, i);
        expect(&moving, 2, days[i].two, i);
        expect(&moving, 3, days[i].three, i);
    }
}

Test(moving_average, begins_anew_with_a_security)
{
    struct moving_average moving;

    for (int security = 0; security < 3; security++) {
        moving_average_init(&moving);
        expect(&moving, 1, NONE, 0);
        add(&moving, "3");
        expect(&moving, 1, "3", 1);
        expect(&moving, 2, NONE, 1);
        add(&moving, "4");
        expect(&moving, 2, "3.5", 2);
    }
}

/* The bars count up: a window's average is its middle. Past the ring's end. */
Test(moving_average, the_greatest_windows_reach_as_far_as_they_say)
{
    static const uint32_t windows[] = { 1, 2, 999, 1000 };
    struct moving_average moving;
    char number[24], text[24];

    moving_average_init(&moving);
    for (uint32_t day = 1; day <= 3 * MOVING_RING; day++) {
        snprintf(number, sizeof number, "%u", day);
        add(&moving, number);
        for (size_t w = 0; w < COUNT(windows); w++) {
            uint32_t twice = 2 * day - windows[w] + 1;

            snprintf(text, sizeof text, "%u%s", twice / 2,
                     twice % 2 == 0 ? "" : ".5");
            expect(&moving, windows[w], day < windows[w] ? NONE : text, day);
        }
    }
}
