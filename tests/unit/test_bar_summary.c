/* Summaries of bars: every column, nulls, ties, and sums past 64 bits. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bar_summary.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define NONE "null"

struct day {
    struct decimal open, high, low, close;
    const char *volume; /* NULL: it has none */
};

/* One that was in use: without days nothing of it counts. */
static struct bar_summary
emptied(void)
{
    struct bar_summary summary;

    memset(&summary, 0xa5, sizeof summary);
    summary.days = 0;
    return summary;
}

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

static char *
write_one(char *to, const struct bar_summary *summary,
          enum summary_column column)
{
    const struct cell_text front = cell_text_of(STR(""));
    const struct cell_text none = cell_text_of(STR(NONE));

    return bar_summary_write(to, summary, SUMMARY_BIT(column), &front, &none);
}

static void
expect_row(const struct bar_summary *summary, const char *const *texts,
           const char *row)
{
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
        char number[DECIMAL_ROOM];
        struct str got = { number,
                           (size_t)(write_one(number, summary, i) - number) };

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

/* All choices of columns: what each alone says, behind the fronts in turn. */
Test(bar_summary, chosen_columns_stand_in_their_order_behind_their_fronts)
{
    static const char *const texts[] = { "", ",", ",\"min_low\":",
                                         ",\"average_of_vol.\": " };
    struct cell_text fronts[SUMMARY_COLUMNS];
    const struct cell_text none = cell_text_of(STR(NONE));
    struct bar_summary summary = emptied();

    for (size_t i = 0; i < SUMMARY_COLUMNS; i++)
        fronts[i] = cell_text_of(str_of(texts[i % COUNT(texts)]));
    add(&summary,
        &(struct day){ { 6510, 2 }, { 66, 0 }, { 65, 0 }, { 6550, 2 }, NULL });
    for (unsigned columns = 0; columns < 1U << SUMMARY_COLUMNS; columns++) {
        char row[SUMMARY_COLUMNS * (CELL_TEXT_BYTES + DECIMAL_ROOM)];
        char want[sizeof row], *to = want, *end;
        size_t count = 0;

        for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
            if ((columns & SUMMARY_BIT(i)) == 0)
                continue;
            to = cell_text_put(to, &fronts[count++]);
            to = write_one(to, &summary, i);
        }
        end = bar_summary_write(row, &summary, columns, fronts, &none);
        cr_expect(str_equal((struct str){ row, (size_t)(end - row) },
                            (struct str){ want, (size_t)(to - want) }),
                  "%x: %.*s, not %.*s", columns, (int)(end - row), row,
                  (int)(to - want), want);
    }
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
    struct bar_summary summary = emptied();

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
    struct bar_summary summary = emptied();
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

/* A row of numbers for each of 31 days, as wide as they come. */
static int64_t
number_of(int day, unsigned field, int64_t base, int64_t range)
{
    return base + (range * (day * 7 % 31) / 30 + (int64_t)field) % (range + 1);
}

/* What days of a record add as a run. */
static void
add_runs(struct bar_summary *summary, const struct bar *bars, size_t first,
         size_t end)
{
    struct barset set;
    struct bar_run run;
    struct out out;
    enum err err;

    out_init(&out, SIZE_MAX);
    barset_put(&out, bars, 31);
    set = barset_of(out_text(&out), bar_month(bars->date));
    for (size_t at = 0; barset_next(&set, &run, &err); at += run.count) {
        size_t from = first > at ? first - at : 0;
        size_t to = end > at ? end - at : 0;

        if (to > run.count)
            to = run.count;
        if (from < to)
            bar_summary_add_run(summary, &run, from, to);
    }
    cr_assert_eq(err, OK);
    out_fini(&out);
}

static void
expect_same(const struct bar_summary *got, const struct bar_summary *want,
            const char *name)
{
    char texts[SUMMARY_COLUMNS][DECIMAL_ROOM];
    const char *row[SUMMARY_COLUMNS];

    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
        *write_one(texts[i], want, i) = '\0';
        row[i] = texts[i];
    }
    expect_row(got, row, name);
}

/* Whatever the widths, wherever it is cut, and whatever came before. */
Test(bar_summary, a_run_adds_what_its_bars_do)
{
    static const struct {
        const char *name;
        int64_t base, range; /* of prices */
        int64_t volume, volume_range;
        int changed_day; /* from it on a digit more, 0: none */
        bool has_volume;
    } worlds[] = {
        { "short ones", 9999, 65535, 9999, 65535, 0, true },
        { "no volume", 9999, 65535, 0, 0, 0, false },
        { "the greatest short ones", 4294901760, 65535, 4294901760, 65535, 0,
          true },
        { "narrow ones", 0, 4294967295, 4294967294, 1, 0, true },
        { "prices alone narrow", 0, 65536, 5, 9, 0, true },
        { "wide volumes", 9999, 65535, 999999999999999900, 99, 0, true },
        { "wide prices", 999999999999999900, 99, 5, 9, 0, true },
        { "another scale amid the month", 9999, 65535, 5, 9, 13, true },
    };
    static const size_t cuts[][2] = { { 0, 31 }, { 0, 1 },  { 30, 31 },
                                      { 3, 8 },  { 2, 18 }, { 7, 30 } };

    for (size_t w = 0; w < COUNT(worlds); w++) {
        struct bar_summary one = emptied(), other = emptied();
        struct bar bars[31];

        for (int i = 0; i < 31; i++) {
            bool is_other =
                worlds[w].changed_day > 0 && i >= worlds[w].changed_day;

            bars[i] = (struct bar){ .date = { i } };
            for (unsigned f = 0; f < BAR_ADJ_CLOSE; f++)
                bar_set(&bars[i], f,
                        (struct decimal){
                            number_of(i, f, worlds[w].base, worlds[w].range),
                            is_other ? 3 : 2 });
            if (worlds[w].has_volume)
                bar_set(
                    &bars[i], BAR_VOLUME,
                    (struct decimal){ number_of(i, BAR_VOLUME, worlds[w].volume,
                                                worlds[w].volume_range),
                                      0 });
        }
        /* One behind the other, so that what was added before stays. */
        for (size_t c = 0; c < COUNT(cuts); c++) {
            char name[80];

            for (size_t i = cuts[c][0]; i < cuts[c][1]; i++)
                bar_summary_add(&one, &bars[i]);
            add_runs(&other, bars, cuts[c][0], cuts[c][1]);
            snprintf(name, sizeof name, "%s, cut %zu", worlds[w].name, c);
            expect_same(&other, &one, name);
        }
    }
}

/* Every digit there can be behind the point, and a volume on some days. */
Test(bar_summary, a_week_of_five_days_has_the_averages_of_its_bars)
{
    for (uint8_t scale = 0; scale <= 4; scale++) {
        for (int64_t sum = 0; sum < 1000; sum++) {
            struct bar_summary one = emptied(), other = emptied();
            struct bar bars[31];
            char name[80];

            for (int i = 0; i < 31; i++) {
                int64_t price = 70000 + (i == 2 ? sum : 0);

                bars[i] = (struct bar){ .date = { i } };
                for (unsigned f = 0; f < BAR_ADJ_CLOSE; f++)
                    bar_set(&bars[i], f, (struct decimal){ price, scale });
                if (sum % 3 > 0 || i == 2)
                    bar_set(&bars[i], BAR_VOLUME,
                            (struct decimal){ price, sum % 2 == 0 ? 0 : 1 });
            }
            for (size_t i = 0; i < 5; i++)
                bar_summary_add(&one, &bars[i]);
            add_runs(&other, bars, 0, 5);
            snprintf(name, sizeof name, "scale %u, %ld above", scale, sum);
            expect_same(&other, &one, name);
        }
    }
}
