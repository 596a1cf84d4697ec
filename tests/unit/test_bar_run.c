/* Runs of bars: which records are one, and that they say what bars say. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bar.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define FEBRUARY 19389 /* 2023-02-01 */
#define BARS_MAX 32

/* A bar of a day: what all fields but the required ones are there. */
struct day {
    unsigned day, optional;
    uint8_t scale;
    int64_t mantissa; /* of open; each field has one more */
};

static void
put_day(struct out *out, const struct day *day)
{
    struct bar bar = { .date = { FEBRUARY + (int32_t)day->day - 1 },
                       .source = day->day };

    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        if ((BAR_REQUIRED & BAR_BIT(i)) == 0 &&
            (day->optional & BAR_BIT(i)) == 0)
            continue;
        bar_set(&bar, i, (struct decimal){ day->mantissa + i, day->scale });
    }
    barset_put(out, &bar);
}

#define VOLUME BAR_BIT(BAR_VOLUME)
#define OTHERS (BAR_BIT(BAR_ADJ_CLOSE) | BAR_BIT(BAR_AFTER_HOURS))
#define NARROW_MOST (INT64_C(4294967295) - BAR_FIELDS + 1)

static const struct {
    const char *name;
    struct day days[4]; /* day 0: no more */
    bool is_run;
} cases[] = {
    { "one", { { 1, 0, 2, 5 } }, true },
    { "none", { { 0, 0, 0, 0 } }, false },
    { "the last of the month", { { 1, 0, 2, 5 }, { 28, 0, 2, 5 } }, true },
    { "more fields",
      { { 1, OTHERS, 9, 5 }, { 2, OTHERS, 9, 6 }, { 9, OTHERS, 9, 0 } },
      true },
    { "the greatest narrow ones",
      { { 1, VOLUME, 0, NARROW_MOST }, { 2, VOLUME, 0, NARROW_MOST } },
      true },
    { "a wide one first",
      { { 1, VOLUME, 2, NARROW_MOST + 8 }, { 2, VOLUME, 2, 5 } },
      false },
    { "a wide one behind narrow ones",
      { { 1, VOLUME, 2, 5 }, { 2, VOLUME, 2, NARROW_MOST + 8 } },
      false },
    { "wide ones alone",
      { { 1, VOLUME, 2, NARROW_MOST + 8 }, { 2, VOLUME, 2, NARROW_MOST + 8 } },
      false },
    { "a field more", { { 1, 0, 2, 5 }, { 2, VOLUME, 2, 5 } }, false },
    { "a field less", { { 1, VOLUME, 2, 5 }, { 2, 0, 2, 5 } }, false },
    { "another field",
      { { 1, VOLUME, 2, 5 }, { 2, BAR_BIT(4), 2, 5 } },
      false },
    { "another scale", { { 1, 0, 2, 5 }, { 2, 0, 3, 5 } }, false },
    { "a day twice", { { 4, 0, 2, 5 }, { 4, 0, 2, 5 } }, false },
    { "a day before", { { 4, 0, 2, 5 }, { 3, 0, 2, 5 } }, false },
};

/* The bars of a payload, one by one; -1: they are not good. */
static int
read_bars(struct str payload, struct bar *out)
{
    const struct date month = { FEBRUARY };
    int count = 0;
    enum err err;

    while (count < BARS_MAX && barset_next(&payload, month, &out[count], &err))
        count++;
    return err == OK ? count : -1;
}

/* Whether they are what a run is made of. */
static bool
are_run(const struct bar *bars, int count)
{
    for (int i = 0; i < count; i++) {
        if ((i > 0 && bars[i].date.days <= bars[i - 1].date.days) ||
            bars[i].present != bars[0].present ||
            memcmp(bars[i].scales, bars[0].scales, BAR_FIELDS) != 0)
            return false;
    }
    return count > 0;
}

static void
expect_same(const struct bar_run *run, const struct bar *bars, int count,
            const char *name)
{
    cr_assert_eq((int)run->count, count, "%s: %zu", name, run->count);
    cr_assert_eq(run->present, bars[0].present, "%s: %x", name, run->present);
    for (int i = 0; i < count; i++) {
        cr_assert_eq(bar_run_date(run, (size_t)i).days, bars[i].date.days,
                     "%s: day of %d", name, i);
        for (unsigned field = 0; field < BAR_FIELDS; field++) {
            struct decimal got;

            if ((run->present & BAR_BIT(field)) == 0)
                continue;
            got = bar_run_decimal(run, (size_t)i, field);
            cr_assert(got.mantissa == bars[i].mantissas[field] &&
                          got.scale == bars[i].scales[field],
                      "%s: %s of %d", name, bar_field_names[field], i);
        }
    }
}

Test(bar_run, is_bars_that_are_alike)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar bars[BARS_MAX];
        struct bar_run run;
        struct out out;
        bool is_run;

        out_init(&out, SIZE_MAX);
        for (size_t k = 0; k < 4 && cases[i].days[k].day > 0; k++)
            put_day(&out, &cases[i].days[k]);
        is_run = bar_run_open(out_text(&out), (struct date){ FEBRUARY }, &run);
        cr_expect_eq(is_run, cases[i].is_run, "%s", cases[i].name);
        if (is_run)
            expect_same(&run, bars, read_bars(out_text(&out), bars),
                        cases[i].name);
        out_fini(&out);
    }
}

/* Every byte of a run, changed to everything else: it is still one only where
 * the bars say so, and says what they say. */
Test(bar_run, damage_makes_no_other_bars)
{
    static const struct day days[] = { { 3, VOLUME, 2, 77 },
                                       { 5, VOLUME, 2, 90 },
                                       { 27, VOLUME, 2, 1 } };
    struct out out;

    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < COUNT(days); i++)
        put_day(&out, &days[i]);
    for (size_t at = 0; at < out.len; at++) {
        const char was = out.data[at];

        for (unsigned byte = 0; byte < 256; byte++) {
            struct bar bars[BARS_MAX];
            struct bar_run run;
            char name[64];
            int count;
            bool is_run;

            out.data[at] = (char)byte;
            snprintf(name, sizeof name, "byte %zu is %u", at, byte);
            count = read_bars(out_text(&out), bars);
            is_run =
                bar_run_open(out_text(&out), (struct date){ FEBRUARY }, &run);
            cr_assert_eq(is_run, count > 0 && are_run(bars, count), "%s", name);
            if (is_run)
                expect_same(&run, bars, count, name);
        }
        out.data[at] = was;
    }
    for (size_t len = 0; len < out.len; len++) {
        struct str cut = { out.data, len };
        struct bar_run run;

        cr_expect_eq(bar_run_open(cut, (struct date){ FEBRUARY }, &run),
                     len > 0 && len % (out.len / COUNT(days)) == 0,
                     "cut at %zu", len);
    }
    out_fini(&out);
}
