/* Bars: what is wrong with one, their bytes on disk, and damage refused. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define MARCH 19783 /* 2024-03-01 */
#define FEBRUARY 19754
#define SHORT_FEBRUARY 19389 /* 2023-02-01 */

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

#define HEAD "\x01\x00\x00\x00\x00\x00\x07\x00\x00\x00"
#define ONES "\x01\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0"
#define WIDE_ONE "\x01\0\0\0\0\0\0\0"

/* On disk: these bytes may never change their meaning. */
static const struct {
    const char *name;
    struct row row;
    struct str bytes;
} layouts[] = {
    { "the required four", { { "1", "1", "1", "1" } }, { HEAD ONES, 26 } },
    { "scales of each field, one behind the other",
      { { "0.1", "0.01", "0.001", "0.0001", "0.00001", "0.000001", "0.0000001",
          "0.00000001" } },
      { "\x01\x0f\x21\x43\x65\x87\x07\x00\x00\x00" ONES ONES, 42 } },
    { "each optional field by its bit: adj_close",
      { { "1", "1", "1", "1", "2" } },
      { "\x01\x01\0\0\0\0\x07\0\0\0" ONES "\x02\0\0\0", 30 } },
    { "volume",
      { { "1", "1", "1", "1", NULL, "2" } },
      { "\x01\x02\0\0\0\0\x07\0\0\0" ONES "\x02\0\0\0", 30 } },
    { "pre_market",
      { { "1", "1", "1", "1", NULL, NULL, "2" } },
      { "\x01\x04\0\0\0\0\x07\0\0\0" ONES "\x02\0\0\0", 30 } },
    { "after_hours of nine places",
      { { "1", "1", "1", "1", NULL, NULL, NULL, "0.000000002" } },
      { "\x01\x08\0\0\0\x90\x07\0\0\0" ONES "\x02\0\0\0", 30 } },
    { "the greatest that is narrow",
      { { "1", "1", "1", "1", NULL, "4294967295" } },
      { "\x01\x02\0\0\0\0\x07\0\0\0" ONES "\xff\xff\xff\xff", 30 } },
    { "the least that is wide, and makes all wide",
      { { "1", "1", "1", "1", NULL, "4294967296" } },
      { "\x01\x12\0\0\0\0\x07\0\0\0" WIDE_ONE WIDE_ONE WIDE_ONE WIDE_ONE
        "\0\0\0\0\x01\0\0\0",
        50 } },
    { "all there is",
      { { "1", "999999999999999999", "1", "1", "1", "1", "1", "1" } },
      { "\x01\x1f\0\0\0\0\x07\0\0\0" WIDE_ONE
        "\xff\xff\x63\xa7\xb3\xb6\xe0\x0d" WIDE_ONE WIDE_ONE WIDE_ONE WIDE_ONE
            WIDE_ONE WIDE_ONE,
        BAR_BYTES_MAX } },
};

Test(bar, bytes_are_pinned_and_read_back)
{
    struct out out;

    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < COUNT(layouts); i++) {
        const char *name = layouts[i].name;
        struct bar bar = bar_of(&layouts[i].row), got;
        struct str payload;
        enum err err;

        memset(&got, 0xee, sizeof got);
        out_reset(&out);
        barset_put(&out, &bar);
        cr_expect(str_equal(out_text(&out), layouts[i].bytes), "%s", name);
        payload = layouts[i].bytes;
        cr_assert(barset_next(&payload, (struct date){ MARCH }, &got, &err),
                  "%s: err %d", name, (int)err);
        cr_expect(bar_equal(&bar, &got), "%s", name);
        cr_expect_eq(payload.len, 0, "%s", name);
        cr_expect_not(
            barset_next(&payload, (struct date){ MARCH }, &got, &err));
        cr_expect_eq(err, OK, "%s: err %d at its end", name, (int)err);
    }
    out_fini(&out);
}

Test(bar, a_record_cut_short_is_an_error_at_any_byte)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        for (size_t len = 1; len < layouts[i].bytes.len; len++) {
            /* Of its own size, so that a sanitizer sees a byte too many. */
            char *copy = malloc(len);
            struct str payload = { copy, len };
            struct bar got;
            enum err err;

            memcpy(copy, layouts[i].bytes.data, len);
            cr_expect_not(
                barset_next(&payload, (struct date){ MARCH }, &got, &err),
                "%s, %zu", layouts[i].name, len);
            cr_expect_eq(err, ERR_STORE, "%s, %zu: err %d", layouts[i].name,
                         len, (int)err);
            free(copy);
        }
    }
}

Test(bar, damage_is_an_error_and_not_an_end)
{
    static const struct {
        const char *name;
        struct str payload;
        int32_t month;
        int whole; /* bars before it ends */
        enum err err;
    } cases[] = {
        { "nothing", { "", 0 }, MARCH, 0, OK },
        { "one", { HEAD ONES, 26 }, MARCH, 1, OK },
        { "two", { HEAD ONES HEAD ONES, 52 }, MARCH, 2, OK },
        { "a byte behind one", { HEAD ONES "\x01", 27 }, MARCH, 1, ERR_STORE },
        { "day 0", { "\0\0\0\0\0\0\x07\0\0\0" ONES, 26 }, MARCH, 0, ERR_STORE },
        { "day 31 of 31",
          { "\x1f\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          1,
          OK },
        { "day 32",
          { "\x20\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          0,
          ERR_STORE },
        { "day 29 of 29",
          { "\x1d\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          FEBRUARY,
          1,
          OK },
        { "day 30 of 29",
          { "\x1e\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          FEBRUARY,
          0,
          ERR_STORE },
        { "day 29 of 28",
          { "\x1d\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          SHORT_FEBRUARY,
          0,
          ERR_STORE },
        { "day 28 of 28",
          { "\x1c\0\0\0\0\0\x07\0\0\0" ONES, 26 },
          SHORT_FEBRUARY,
          1,
          OK },
        { "an unknown flag",
          { "\x01\x20\0\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          0,
          ERR_STORE },
        { "the highest flag",
          { "\x01\x80\0\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          0,
          ERR_STORE },
        { "a scale of 9",
          { "\x01\0\x09\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          1,
          OK },
        { "a scale of 10",
          { "\x01\0\x0a\0\0\0\x07\0\0\0" ONES, 26 },
          MARCH,
          0,
          ERR_STORE },
        { "a scale of 15, the last",
          { "\x01\x08\0\0\0\xf0\x07\0\0\0" ONES "\x02\0\0\0", 30 },
          MARCH,
          0,
          ERR_STORE },
        { "19 digits",
          { "\x01\x10\0\0\0\0\x07\0\0\0" WIDE_ONE WIDE_ONE WIDE_ONE
            "\0\0\x64\xa7\xb3\xb6\xe0\x0d",
            42 },
          MARCH,
          0,
          ERR_STORE },
        { "below zero",
          { "\x01\x10\0\0\0\0\x07\0\0\0" WIDE_ONE WIDE_ONE WIDE_ONE
            "\xff\xff\xff\xff\xff\xff\xff\xff",
            42 },
          MARCH,
          0,
          ERR_STORE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str payload = cases[i].payload;
        struct bar got;
        enum err err;
        int whole = 0;

        while (
            barset_next(&payload, (struct date){ cases[i].month }, &got, &err))
            whole++;
        cr_expect_eq(whole, cases[i].whole, "%s: %d", cases[i].name, whole);
        cr_expect_eq(err, cases[i].err, "%s: err %d", cases[i].name, (int)err);
    }
}
