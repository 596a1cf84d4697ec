/* Summaries of bars: every column, nulls, ties, and sums past 64 bits. */
#include <criterion/criterion.h>

#include "secmaster/bar_summary.h"

#define NONE "null"

struct day {
    struct decimal open, high, low, close;
    const char *volume; /* NULL: it has none */
};

static void
add(struct bar_summary *summary, const struct day *day)
{
    struct bar bar = { 0 };
    struct decimal volume;

    bar_set(&bar, BAR_OPEN, day->open);
    bar_set(&bar, BAR_HIGH, day->high);
    bar_set(&bar, BAR_LOW, day->low);
    bar_set(&bar, BAR_CLOSE, day->close);
    if (day->volume != NULL) {
        cr_assert_eq(decimal_parse(str_of(day->volume), &volume, NULL), OK);
        bar_set(&bar, BAR_VOLUME, volume);
    }
    bar_summary_add(summary, &bar);
}

static void
expect_row(const struct bar_summary *summary, const char *const *texts,
           const char *row)
{
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
        char number[DECIMAL_ROOM];
        char *end = bar_summary_write(number, summary, i);
        struct str got = { number, (size_t)(end - number) };

        if (end == number)
            got = STR(NONE);
        cr_expect(str_equal(got, str_of(texts[i])), "%s: %s is %.*s, not %s",
                  row, summary_column_names[i], STR_ARG(got), texts[i]);
    }
}

Test(bar_summary, columns_have_their_names)
{
    static const char *const names[SUMMARY_COLUMNS] = {
        "days",          "average_open",   "average_high", "average_low",
        "average_close", "average_volume", "first_open",   "max_high",
        "min_low",       "last_close",
    };

    for (size_t i = 0; i < SUMMARY_COLUMNS; i++)
        cr_expect_str_eq(summary_column_names[i], names[i]);
}

Test(bar_summary, each_day_changes_what_it_should)
{
    static const struct {
        const char *name;
        struct day day;
        const char *texts[SUMMARY_COLUMNS]; /* after that day */
    } days[] = {
        { "the first, without a volume",
          { { 6510, 2 }, { 66, 0 }, { 65, 0 }, { 6550, 2 }, NULL },
          { "1", "65.1", "66", "65", "65.5", NONE, "65.10", "66", "65",
            "65.50" } },
        { "extremes that are equal keep the earlier digits",
          { { 659, 1 }, { 6600, 2 }, { 650, 1 }, { 653, 1 }, "1001" },
          { "2", "65.5", "66", "65", "65.4", "1001", "65.10", "66", "65",
            "65.3" } },
        { "new extremes of another scale",
          { { 655, 1 }, { 66001, 3 }, { 6499, 2 }, { 65200, 3 }, "1000" },
          { "3", "65.5", "66.00033333", "64.99666667", "65.33333333", "1000.5",
            "65.10", "66.001", "64.99", "65.200" } },
        { "extremes within the others",
          { { 655, 1 }, { 66, 0 }, { 65, 0 }, { 65, 0 }, "0.5" },
          { "4", "65.5", "66.00025", "64.9975", "65.25", "667.16666667",
            "65.10", "66.001", "64.99", "65" } },
        { "a volume of zero counts",
          { { 655, 1 }, { 66, 0 }, { 65, 0 }, { 65, 0 }, "0" },
          { "5", "65.5", "66.0002", "64.998", "65.2", "500.375", "65.10",
            "66.001", "64.99", "65" } },
    };
    struct bar_summary summary = { 0 };

    for (size_t i = 0; i < sizeof days / sizeof days[0]; i++) {
        add(&summary, &days[i].day);
        expect_row(&summary, days[i].texts, days[i].name);
    }
}

Test(bar_summary, a_lifetime_of_large_volumes_is_exact)
{
    enum { DAYS = 30000 };
    static const char *const texts[SUMMARY_COLUMNS] = {
        "30000",
        "999999999",
        "999999999999999999",
        "0",
        "0.00000002", /* 0.000000015, the half goes to the even */
        "500000000.50000003",
        "999999999.000000000",
        "999999999999999999",
        "0",
        "0.000000019",
    };
    struct bar_summary summary = { 0 };
    struct day day = {
        .open = { 999999999000000000, 9 },
        .high = { 999999999999999999, 0 },
    };

    for (int i = 0; i < DAYS; i++) {
        day.close = (struct decimal){ i % 2 == 0 ? 11 : 19, 9 };
        day.volume = i % 2 == 0 ? "999999999.999999999" : "1.000000055";
        add(&summary, &day);
    }
    expect_row(&summary, texts, "all");
}
