/* The next time of day, over leap days and clocks that are set. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "src/pipeline/schedule.h"

#define AT(hour, minute) (60 * (hour) + (minute))

static struct instant
moment(const char *text)
{
    struct instant at;

    cr_assert_eq(instant_parse(str_of(text), &at), OK, "%s", text);
    return at;
}

static void
expect_next(const struct schedule *schedule, const char *wanted,
            const char *row)
{
    char text[INSTANT_TEXT_BYTES];

    instant_format(schedule->next, text);
    cr_expect(str_equal((struct str){ text, sizeof text }, str_of(wanted)),
              "%s: next is %.*s", row, INSTANT_TEXT_BYTES, text);
}

Test(schedule, begins_with_the_next_turn)
{
    static const struct {
        int32_t at;
        const char *now, *next;
    } rows[] = {
        { AT(6, 0), "2026-11-20T05:59:59.999999Z",
          "2026-11-20T06:00:00.000000Z" },
        { AT(6, 0), "2026-11-20T06:00:00Z", "2026-11-21T06:00:00.000000Z" },
        { AT(6, 0), "2026-11-20T06:00:00.000001Z",
          "2026-11-21T06:00:00.000000Z" },
        { AT(6, 0), "2026-11-20T23:59:59Z", "2026-11-21T06:00:00.000000Z" },
        { AT(0, 0), "2026-11-20T00:00:00Z", "2026-11-21T00:00:00.000000Z" },
        { AT(0, 0), "2026-11-20T00:00:01Z", "2026-11-21T00:00:00.000000Z" },
        { AT(23, 59), "2026-11-20T00:00:00Z", "2026-11-20T23:59:00.000000Z" },
        { AT(23, 59), "2026-12-31T23:59:30Z", "2027-01-01T23:59:00.000000Z" },
        { AT(6, 30), "2024-02-28T07:00:00Z", "2024-02-29T06:30:00.000000Z" },
        { AT(6, 30), "2024-02-29T07:00:00Z", "2024-03-01T06:30:00.000000Z" },
        { AT(6, 30), "2023-02-28T07:00:00Z", "2023-03-01T06:30:00.000000Z" },
        { AT(6, 30), "2000-02-29T06:29:00Z", "2000-02-29T06:30:00.000000Z" },
        { AT(6, 30), "2100-02-28T06:31:00Z", "2100-03-01T06:30:00.000000Z" },
        { AT(6, 30), "1969-12-31T06:31:00Z", "1970-01-01T06:30:00.000000Z" },
        { AT(6, 30), "1969-12-31T06:29:00Z", "1969-12-31T06:30:00.000000Z" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct schedule schedule;

        schedule_init(&schedule, rows[i].at, moment(rows[i].now));
        expect_next(&schedule, rows[i].next, rows[i].now);
    }
}

/* At 06:00, begun at 2024-02-27T12:00. */
Test(schedule, takes_each_turn_once)
{
    static const struct {
        const char *now;
        bool is_due;
        const char *next;
    } rows[] = {
        { "2024-02-28T05:59:59.999999Z", false, "2024-02-28T06:00:00.000000Z" },
        { "2024-02-28T06:00:00Z", true, "2024-02-29T06:00:00.000000Z" },
        { "2024-02-28T06:00:00Z", false, "2024-02-29T06:00:00.000000Z" },
        { "2024-02-28T06:00:01Z", false, "2024-02-29T06:00:00.000000Z" },
        { "2024-02-29T09:00:00Z", true, "2024-03-01T06:00:00.000000Z" },
        /* It stepped back over its turn, a little and by an hour. */
        { "2024-02-29T05:59:59.9Z", false, "2024-03-01T06:00:00.000000Z" },
        { "2024-02-29T06:00:00.1Z", false, "2024-03-01T06:00:00.000000Z" },
        { "2024-02-29T05:00:00Z", false, "2024-03-01T06:00:00.000000Z" },
        { "2024-02-29T06:00:00.1Z", false, "2024-03-01T06:00:00.000000Z" },
        /* Further back, and years. */
        { "2024-02-29T04:59:59Z", false, "2024-02-29T06:00:00.000000Z" },
        { "2024-02-29T06:00:00Z", true, "2024-03-01T06:00:00.000000Z" },
        { "2019-05-05T07:00:00Z", false, "2019-05-06T06:00:00.000000Z" },
        { "2019-05-06T06:00:00Z", true, "2019-05-07T06:00:00.000000Z" },
        /* Forward over many turns: one. */
        { "2026-11-20T05:00:00Z", true, "2026-11-20T06:00:00.000000Z" },
        { "2026-11-20T05:00:01Z", false, "2026-11-20T06:00:00.000000Z" },
        { "2026-11-20T06:00:00Z", true, "2026-11-21T06:00:00.000000Z" },
    };
    struct schedule schedule;

    schedule_init(&schedule, AT(6, 0), moment("2024-02-27T12:00:00Z"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool is_due = schedule_take(&schedule, moment(rows[i].now));
        char row[64];

        (void)snprintf(row, sizeof row, "row %zu, %s", i, rows[i].now);
        cr_expect_eq(is_due, rows[i].is_due, "%s: due %d", row, is_due);
        expect_next(&schedule, rows[i].next, row);
    }
}
