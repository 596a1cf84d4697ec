/* Bars: what is wrong with one, and which are the same. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bar.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define MARCH 19783 /* 2024-03-01 */

struct row {
    const char *texts[BAR_FIELDS]; /* NULL: null */
};

static struct bar
bar_of(const struct row *row)
{
    struct bar bar = { .date = { MARCH }, .source = 7 };

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        struct decimal value;

        if (row->texts[i] == NULL)
            continue;
        cr_assert_eq(decimal_parse(str_of(row->texts[i]), &value, NULL), OK);
        bar_set(&bar, (enum bar_field)i, value);
    }
    return bar;
}

Test(bar, fields_have_their_names)
{
    static const char *const names[BAR_FIELDS] = {
        "open",      "high",   "low",        "close",
        "adj_close", "volume", "pre_market", "after_hours",
    };

    for (size_t i = 0; i < BAR_FIELDS; i++)
        cr_expect_str_eq(bar_field_names[i], names[i]);
}

#define OUTSIDE "must be from low to high"

Test(bar, faults_are_named_with_their_field)
{
    static const struct {
        struct row row;
        const char *fault; /* NULL: none */
        enum bar_field field;
    } cases[] = {
        { { { "2", "3", "1", "2" } }, NULL, 0 },
        { { { "1", "1", "1", "1" } }, NULL, 0 },
        { { { "1.0", "1", "1.00", "1.000" } }, NULL, 0 },
        { { { "1", "3", "1", "3" } }, NULL, 0 },
        { { { "3", "3", "1", "1" } }, NULL, 0 },
        { { { "0", "1", "0", "0" } }, NULL, 0 },
        { { { "0.000000001", "0.000000001", "0", "0" } }, NULL, 0 },
        /* Only the four are compared. */
        { { { "2", "3", "1", "2", "9", "0", "9", "0" } }, NULL, 0 },
        { { { "0", "0", "0", "0" } },
          "all prices are zero: there is no such bar",
          BAR_HIGH },
        { { { "0", "0.00", "0", "0.0", "1", "1", "1", "1" } },
          "all prices are zero: there is no such bar",
          BAR_HIGH },
        { { { "2", "1", "3", "2" } }, "must not be below low", BAR_HIGH },
        { { { "1", "0.999", "1", "1" } }, "must not be below low", BAR_HIGH },
        { { { "0", "0", "0.1", "0" } }, "must not be below low", BAR_HIGH },
        { { { "0.99", "3", "1", "2" } }, OUTSIDE, BAR_OPEN },
        { { { "3.001", "3", "1", "2" } }, OUTSIDE, BAR_OPEN },
        { { { "2", "3", "1", "0.99" } }, OUTSIDE, BAR_CLOSE },
        { { { "2", "3", "1", "3.000000001" } }, OUTSIDE, BAR_CLOSE },
        { { { "4", "3", "1", "0" } }, OUTSIDE, BAR_OPEN },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar bar = bar_of(&cases[i].row);
        enum bar_field field;
        const char *fault = bar_fault(&bar, &field);

        if (cases[i].fault == NULL) {
            cr_expect_null(fault, "row %zu: %s", i, fault);
            continue;
        }
        cr_assert_not_null(fault, "row %zu", i);
        cr_expect_str_eq(fault, cases[i].fault, "row %zu: %s", i, fault);
        cr_expect_eq(field, cases[i].field, "row %zu: %d", i, (int)field);
    }
}

static void
change_nothing(struct bar *bar)
{
    (void)bar;
}

static void
change_date(struct bar *bar)
{
    bar->date.days++;
}

static void
change_source(struct bar *bar)
{
    bar->source++;
}

static void
change_digits(struct bar *bar)
{
    bar->mantissas[BAR_CLOSE] *= 10;
    bar->scales[BAR_CLOSE]++;
}

static void
change_scale(struct bar *bar)
{
    bar->scales[BAR_VOLUME]++;
}

static void
change_value(struct bar *bar)
{
    bar->mantissas[BAR_AFTER_HOURS]++;
}

static void
change_null(struct bar *bar)
{
    bar_set(bar, BAR_PRE_MARKET, (struct decimal){ 0, 0 });
}

Test(bar, equal_bars_are_the_same_digit_for_digit)
{
    static const struct {
        const char *name;
        void (*change)(struct bar *bar);
        bool is_equal;
    } cases[] = {
        { "nothing", change_nothing, true },
        { "date", change_date, false },
        { "source", change_source, false },
        { "digits of one value", change_digits, false },
        { "scale", change_scale, false },
        { "value", change_value, false },
        { "a zero for a null", change_null, false },
    };
    static const struct row row = { { "2", "3", "1", "2", "2", "0", NULL,
                                      "2.5" } };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar a = bar_of(&row), b = bar_of(&row);

        cases[i].change(&b);
        cr_expect_eq(bar_equal(&a, &b), cases[i].is_equal, "%s", cases[i].name);
        cr_expect_eq(bar_equal(&b, &a), cases[i].is_equal, "%s", cases[i].name);
    }
}

Test(bar, months_begin_on_their_first)
{
    static const struct {
        const char *day, *month;
    } cases[] = {
        { "2024-03-01", "2024-03-01" }, { "2024-02-29", "2024-02-01" },
        { "1969-12-31", "1969-12-01" }, { "0001-01-01", "0001-01-01" },
        { "9999-12-31", "9999-12-01" },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct date day, month;

        cr_assert_eq(date_parse(str_of(cases[i].day), &day), OK);
        cr_assert_eq(date_parse(str_of(cases[i].month), &month), OK);
        cr_expect_eq(bar_month(day).days, month.days, "%s", cases[i].day);
    }
}
