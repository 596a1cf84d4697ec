/* Bars as columns: their bytes on disk, what runs say, and damage refused. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define MARCH 19783 /* 2024-03-01 */
#define FEBRUARY 19754
#define SHORT_FEBRUARY 19389 /* 2023-02-01 */
#define ROWS_MAX 4

struct row {
    int day; /* 0: no more */
    uint32_t source;
    const char *texts[BAR_FIELDS]; /* NULL: null */
};

static size_t
bars_of(const struct row *rows, struct bar bars[static ROWS_MAX])
{
    size_t count = 0;

    for (; count < ROWS_MAX && rows[count].day > 0; count++) {
        const struct row *row = &rows[count];

        bars[count] = (struct bar){ .date = { MARCH + row->day - 1 },
                                    .source = row->source };
        for (unsigned i = 0; i < BAR_FIELDS; i++) {
            struct decimal value;

            if (row->texts[i] == NULL)
                continue;
            cr_assert_eq(decimal_parse(str_of(row->texts[i]), &value, NULL),
                         OK);
            bar_set(&bars[count], i, value);
        }
    }
    return count;
}

/* The bars of a payload, of each day where it is; *days, which there are. */
static enum err
read_bars(struct str payload, int32_t month, struct bar *bars, uint32_t *days)
{
    struct barset set = barset_of(payload, (struct date){ month });
    struct bar_run run;
    enum err err;

    while (barset_next(&set, &run, &err))
        bar_run_spread(&run, bars);
    *days = set.days;
    return err;
}

#define DAY_1 "\x01\0\0\0"
#define FOUR "\xaa\x00" /* u32 each */
#define NO_SCALES "\0\0\0\0"
#define HEAD DAY_1 FOUR NO_SCALES "\x07"
#define ONE "\x01\0\0\0"
#define TWO "\x02\0\0\0"
#define ONES ONE ONE ONE ONE
#define WIDE_ONE "\x01\0\0\0\0\0\0\0"
#define WIDE_MOST "\xff\xff\x63\xa7\xb3\xb6\xe0\x0d"
#define SHORTS "\0\0\0\0\x01\0"
#define BYTES(literal)                                                         \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

/* On disk: these bytes may never change their meaning. */
static const struct {
    const char *name;
    struct row rows[ROWS_MAX];
    struct str bytes;
} layouts[] = {
    { "the required four",
      { { 1, 7, { "1", "1", "1", "1" } } },
      BYTES(HEAD ONES) },
    { "scales of each field, one behind the other",
      { { 1,
          7,
          { "0.1", "0.01", "0.001", "0.0001", "0.00001", "0.000001",
            "0.0000001", "0.00000001" } } },
      BYTES(DAY_1 "\xaa\xaa\x21\x43\x65\x87\x07" ONES ONES) },
    { "each optional field by its width: adj_close",
      { { 1, 7, { "1", "1", "1", "1", "2" } } },
      BYTES(DAY_1 "\xaa\x02" NO_SCALES "\x07" ONES TWO) },
    { "volume",
      { { 1, 7, { "1", "1", "1", "1", NULL, "2" } } },
      BYTES(DAY_1 "\xaa\x08" NO_SCALES "\x07" ONES TWO) },
    { "pre_market",
      { { 1, 7, { "1", "1", "1", "1", NULL, NULL, "2" } } },
      BYTES(DAY_1 "\xaa\x20" NO_SCALES "\x07" ONES TWO) },
    { "after_hours of nine places",
      { { 1, 7, { "1", "1", "1", "1", NULL, NULL, NULL, "0.000000002" } } },
      BYTES(DAY_1 "\xaa\x80\0\0\0\x90\x07" ONES TWO) },
    { "the greatest that is narrow",
      { { 1, 7, { "1", "1", "1", "1", NULL, "4294967295" } } },
      BYTES(DAY_1 "\xaa\x08" NO_SCALES "\x07" ONES "\xff\xff\xff\xff") },
    { "the least that is wide, which the others are not",
      { { 1, 7, { "1", "1", "1", "1", NULL, "4294967296" } } },
      BYTES(DAY_1 "\xaa\x0c" NO_SCALES "\x07" ONES "\0\0\0\0\x01\0\0\0") },
    { "a wide one makes its column wide",
      { { 1, 7, { "1", "1", "1", "4294967296" } },
        { 2, 7, { "1", "1", "1", "1" } } },
      BYTES("\x03\0\0\0\xea\x00" NO_SCALES "\x07" ONE ONE ONE ONE ONE ONE
            "\0\0\0\0\x01\0\0\0" WIDE_ONE) },
    { "the last day, a long source, and the greatest",
      { { 31, 4294967295, { "1", "999999999999999999", "1", "1" } } },
      BYTES("\0\0\0\x40\xae\x00" NO_SCALES
            "\xff\xff\xff\xff\x0f" ONE WIDE_MOST ONE ONE) },
    { "two bars, column by column",
      { { 1, 7, { "1", "2", "1", "1" } }, { 3, 7, { "2", "2", "1", "1" } } },
      BYTES("\x05\0\0\0" FOUR NO_SCALES
            "\x07" ONE TWO TWO TWO ONE ONE ONE ONE) },
    { "three are short, above their least",
      { { 1, 300, { "1", "2", "1", "1" } },
        { 2, 300, { "1", "2", "1", "1" } },
        { 8, 300, { "2", "3", "2", "2" } } },
      BYTES("\x83\0\0\0\x55\x00" NO_SCALES
            "\xac\x02" ONE SHORTS TWO SHORTS ONE SHORTS ONE SHORTS) },
    { "the greatest that are short, and the least that are not",
      { { 1, 7, { "1", "65536", "4294901760", "4294901761" } },
        { 2, 7, { "1", "1", "4294901760", "4294901761" } },
        { 3, 7, { "65537", "1", "4294967295", "4294967295" } } },
      BYTES("\x07\0\0\0\x96\x00" NO_SCALES "\x07" ONE ONE "\x01\0\x01\0" ONE
            "\xff\xff\0\0\0\0\0\0\xff\xff"
            "\0\0\0\0\xff\xff\x01\0\xff\xff\x01\0\xff\xff\xff\xff\xff\xff") },
    { "another source is another run",
      { { 1, 7, { "1", "1", "1", "1" } }, { 2, 8, { "1", "1", "1", "1" } } },
      BYTES(HEAD ONES "\x02\0\0\0" FOUR NO_SCALES "\x08" ONES) },
    { "fewer digits: what is lacked stands behind the columns",
      { { 1, 7, { "1", "1", "1", "1" } },
        { 2, 7, { "1", "1", "1", "0.1" } },
        { 3, 7, { "1", "1", "1", "1" } } },
      BYTES("\x07\0\0\x80\x55\x00\x00\x10\0\0\x07" ONE "\0\0\0\0\0\0" ONE
            "\0\0\0\0\0\0" ONE "\0\0\0\0\0\0" ONE
            "\x09\0\0\0\x09\0\x08\x01\x01") },
    { "of two fields",
      { { 1, 7, { "1", "2.5", "1", "1" } },
        { 2, 7, { "1", "3", "1", "1.25" } } },
      BYTES("\x03\0\0\x80" FOUR "\x10\x20\0\0\x07" ONE ONE
            "\x19\0\0\0\x1e\0\0\0" ONE ONE
            "\x64\0\0\0\x7d\0\0\0\x0a\x10\x02") },
    { "one that would get too many digits is another run",
      { { 1, 7, { "1", "1", "1", "100000000000000000" } },
        { 2, 7, { "1", "1", "1", "0.1" } },
        { 3, 7, { "1", "1", "1", "1" } } },
      BYTES(DAY_1 "\xea\x00" NO_SCALES "\x07" ONE ONE ONE
                  "\0\0\x8a\x5d\x78\x45\x63\x01"
                  "\x06\0\0\x80" FOUR
                  "\x00\x10\0\0\x07" ONE ONE ONE ONE ONE ONE ONE
                  "\x0a\0\0\0\x08\x10") },
    { "the most digits that it can get",
      { { 1, 7, { "1", "1", "1", "99999999999999999" } },
        { 2, 7, { "1", "1", "1", "0.1" } } },
      BYTES("\x03\0\0\x80\xea\x00\x00\x10\0\0\x07" ONE ONE ONE ONE ONE ONE
            "\xf6\xff\x63\xa7\xb3\xb6\xe0\x0d" WIDE_ONE "\x08\x01") },
    { "a field more",
      { { 1, 7, { "1", "1", "1", "1" } },
        { 2, 7, { "1", "1", "1", "1", "2" } } },
      BYTES(HEAD ONES "\x02\0\0\0\xaa\x02" NO_SCALES "\x07" ONES TWO) },
};

Test(barset, bytes_are_pinned_and_read_back)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        const char *name = layouts[i].name;
        struct bar bars[ROWS_MAX], got[BARS_OF_MONTH_MAX];
        size_t count = bars_of(layouts[i].rows, bars);
        uint32_t days, left;
        struct out out;
        enum err err;

        memset(got, 0xee, sizeof got);
        out_init(&out, SIZE_MAX);
        barset_put(&out, bars, count);
        cr_expect(str_equal(out_text(&out), layouts[i].bytes), "%s", name);
        out_fini(&out);
        err = read_bars(layouts[i].bytes, MARCH, got, &days);
        cr_assert_eq(err, OK, "%s: err %d", name, (int)err);
        left = days;
        for (size_t k = 0; k < count; k++) {
            size_t place = (size_t)layouts[i].rows[k].day - 1;

            cr_expect(bar_equal(&bars[k], &got[place]), "%s: bar %zu", name, k);
            left &= ~(UINT32_C(1) << place);
        }
        cr_expect_eq(left, 0, "%s: days %x too many", name, left);
    }
}

Test(barset, a_record_cut_short_is_an_error_at_any_byte)
{
    for (size_t i = 0; i < COUNT(layouts); i++) {
        size_t run = 0; /* bytes of the runs that are whole */
        struct barset set = barset_of(layouts[i].bytes, (struct date){ MARCH });
        struct bar_run taken;
        enum err err;

        for (size_t len = 0; len < layouts[i].bytes.len; len++) {
            /* Of its own size, so that a sanitizer sees a byte too many. */
            char *copy = malloc(len + 1);
            struct bar bars[BARS_OF_MONTH_MAX];
            uint32_t days;
            bool is_end;

            if (run < len) {
                cr_assert(barset_next(&set, &taken, &err));
                run = layouts[i].bytes.len - set.payload.len;
            }
            is_end = len == 0 || len == run;
            memcpy(copy + 1, layouts[i].bytes.data, len);
            err = read_bars((struct str){ copy + 1, len }, MARCH, bars, &days);
            cr_expect_eq(err, is_end ? OK : ERR_STORE, "%s, %zu: err %d",
                         layouts[i].name, len, (int)err);
            free(copy);
        }
    }
}

/* Of 10 and two digits behind the point. */
#define LACKING "\x01\0\0\x80" FOUR "\x00\x20\0\0\x07" ONE ONE ONE "\x0a\0\0\0"
#define RUN(day) day FOUR NO_SCALES "\x07" ONES

Test(barset, damage_is_an_error_and_not_an_end)
{
    static const struct {
        const char *name;
        struct str payload;
        int32_t month;
        uint32_t days; /* before it ends */
        enum err err;
    } cases[] = {
        { "nothing", BYTES(""), MARCH, 0, OK },
        { "one", BYTES(HEAD ONES), MARCH, 1, OK },
        { "two", BYTES(HEAD ONES RUN("\x02\0\0\0")), MARCH, 3, OK },
        { "a day twice", BYTES(HEAD ONES HEAD ONES), MARCH, 1, ERR_STORE },
        { "a day before", BYTES(RUN("\x02\0\0\0") HEAD ONES), MARCH, 2,
          ERR_STORE },
        { "a day between",
          BYTES("\x05\0\0\0" FOUR NO_SCALES "\x07" ONES ONES RUN("\x02\0\0\0")),
          MARCH, 5, ERR_STORE },
        { "a byte behind one", BYTES(HEAD ONES "\x01"), MARCH, 1, ERR_STORE },
        { "no day", BYTES(RUN("\0\0\0\0")), MARCH, 0, ERR_STORE },
        { "day 31 of 31", BYTES(RUN("\0\0\0\x40")), MARCH, 1U << 30, OK },
        { "day 32", BYTES(RUN("\0\0\0\x80")), MARCH, 0, ERR_STORE },
        { "day 29 of 29", BYTES(RUN("\0\0\0\x10")), FEBRUARY, 1U << 28, OK },
        { "day 30 of 29", BYTES(RUN("\0\0\0\x20")), FEBRUARY, 0, ERR_STORE },
        { "day 28 of 28", BYTES(RUN("\0\0\0\x08")), SHORT_FEBRUARY, 1U << 27,
          OK },
        { "day 29 of 28", BYTES(RUN("\0\0\0\x10")), SHORT_FEBRUARY, 0,
          ERR_STORE },
        { "more days than numbers",
          BYTES("\x03\0\0\0" FOUR NO_SCALES "\x07" ONES), MARCH, 0, ERR_STORE },
        { "no open", BYTES(DAY_1 "\xa8\x00" NO_SCALES "\x07" ONE ONE ONE),
          MARCH, 0, ERR_STORE },
        { "no close", BYTES(DAY_1 "\x2a\x00" NO_SCALES "\x07" ONE ONE ONE),
          MARCH, 0, ERR_STORE },
        { "a scale of 9", BYTES(DAY_1 FOUR "\x09\0\0\0\x07" ONES), MARCH, 1,
          OK },
        { "a scale of 10", BYTES(DAY_1 FOUR "\x0a\0\0\0\x07" ONES), MARCH, 0,
          ERR_STORE },
        { "a scale of 15, the last",
          BYTES(DAY_1 "\xaa\x80\0\0\0\xf0\x07" ONES ONE), MARCH, 0, ERR_STORE },
        { "a scale of nothing", BYTES(DAY_1 FOUR "\0\0\x01\0\x07" ONES), MARCH,
          0, ERR_STORE },
        { "the greatest source",
          BYTES(DAY_1 FOUR NO_SCALES "\xff\xff\xff\xff\x0f" ONES), MARCH, 1,
          OK },
        { "a source of 33 bits",
          BYTES(DAY_1 FOUR NO_SCALES "\xff\xff\xff\xff\x1f" ONES), MARCH, 0,
          ERR_STORE },
        { "18 digits",
          BYTES(DAY_1 "\xea\x00" NO_SCALES "\x07" ONE ONE ONE WIDE_MOST), MARCH,
          1, OK },
        { "19 digits",
          BYTES(DAY_1 "\xea\x00" NO_SCALES "\x07" ONE ONE ONE
                      "\0\0\x64\xa7\xb3\xb6\xe0\x0d"),
          MARCH, 0, ERR_STORE },
        { "19 digits behind 18",
          BYTES("\x03\0\0\0\xea\x00" NO_SCALES "\x07" ONES ONE ONE WIDE_MOST
                "\0\0\x64\xa7\xb3\xb6\xe0\x0d"),
          MARCH, 0, ERR_STORE },
        { "below zero",
          BYTES(DAY_1 "\xea\x00" NO_SCALES "\x07" ONE ONE ONE
                      "\xff\xff\xff\xff\xff\xff\xff\xff"),
          MARCH, 0, ERR_STORE },
        { "digits lacked", BYTES(LACKING "\x08\x01"), MARCH, 1, OK },
        { "as many as there are", BYTES(LACKING "\x08\x02"), MARCH, 1, OK },
        { "more than there are", BYTES(LACKING "\x08\x03"), MARCH, 0,
          ERR_STORE },
        { "by a bar more", BYTES(LACKING "\x08\x10"), MARCH, 0, ERR_STORE },
        { "of no field", BYTES(LACKING "\0"), MARCH, 0, ERR_STORE },
        { "none of a field", BYTES(LACKING "\x08\0"), MARCH, 0, ERR_STORE },
        { "of one field, none of another", BYTES(LACKING "\x0c\0\x01"), MARCH,
          0, ERR_STORE },
        { "of a null", BYTES(LACKING "\x18\x01\x01"), MARCH, 0, ERR_STORE },
        { "a number behind them", BYTES(LACKING "\x08\x01\x01"), MARCH, 1,
          ERR_STORE },
        { "the greatest least",
          BYTES(DAY_1 "\x6a\x00" NO_SCALES "\x07" ONE ONE ONE
                      "\0\0\xff\xff\xff\xff"),
          MARCH, 1, OK },
        { "a least that leads past 32 bits",
          BYTES(DAY_1 "\x6a\x00" NO_SCALES "\x07" ONE ONE ONE
                      "\x01\0\xff\xff\0\0"),
          MARCH, 0, ERR_STORE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bar bars[BARS_OF_MONTH_MAX];
        uint32_t days;
        enum err err = read_bars(cases[i].payload, cases[i].month, bars, &days);

        cr_expect_eq(days, cases[i].days, "%s: days %x", cases[i].name, days);
        cr_expect_eq(err, cases[i].err, "%s: err %d", cases[i].name, (int)err);
    }
}

static void
expect_good(const struct bar *bar, const char *name)
{
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        bool is_there = (bar->present & BAR_BIT(i)) != 0;

        cr_assert(is_there || i > BAR_CLOSE, "%s", name);
        cr_assert(is_there || bar->mantissas[i] == 0, "%s", name);
        cr_assert(is_there || bar->scales[i] == 0, "%s", name);
        cr_assert_leq(bar->scales[i], DECIMAL_SCALE_MAX, "%s", name);
        cr_assert(bar->mantissas[i] >= 0 &&
                      bar->mantissas[i] <= INT64_C(999999999999999999),
                  "%s", name);
    }
}

/* Every byte of every layout, changed to everything else: it is refused, or
 * bars that can be. */
Test(barset, damage_makes_no_bars_that_cannot_be)
{
    size_t refused = 0, taken = 0;

    for (size_t i = 0; i < COUNT(layouts) * UINT8_MAX; i++) {
        const struct str bytes = layouts[i / UINT8_MAX].bytes;
        const unsigned change = (unsigned)(i % UINT8_MAX) + 1;
        char *copy = malloc(bytes.len);

        memcpy(copy, bytes.data, bytes.len);
        for (size_t at = 0; at < bytes.len; at++) {
            struct bar bars[BARS_OF_MONTH_MAX];
            char name[64];
            uint32_t days;
            enum err err;

            snprintf(name, sizeof name, "%zu: byte %zu by %x", i / UINT8_MAX,
                     at, change);
            copy[at] = (char)(copy[at] ^ (char)change);
            err = read_bars((struct str){ copy, bytes.len }, FEBRUARY, bars,
                            &days);
            copy[at] = bytes.data[at];
            cr_assert(err == OK || err == ERR_STORE, "%s", name);
            cr_assert_lt(days, 1U << 29, "%s: %x", name, days);
            for (; days != 0; days &= days - 1)
                expect_good(&bars[__builtin_ctz(days)], name);
            refused += err == ERR_STORE;
            taken += err == OK;
        }
        free(copy);
    }
    cr_expect(refused > 10000 && taken > 10000, "%zu, %zu", refused, taken);
}

Test(barset, a_run_is_exact_where_what_is_lacked_is_zero)
{
    static const struct {
        const char *name;
        struct str payload;
        bool is_exact;
    } cases[] = {
        { "nothing is lacked", BYTES(HEAD ONES), true },
        { "a zero", BYTES(LACKING "\x08\x01"), true },
        { "a digit", BYTES(LACKING "\x08\x02"), false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct barset set = barset_of(cases[i].payload, (struct date){ MARCH });
        struct bar_run run;
        enum err err;

        cr_assert(barset_next(&set, &run, &err), "%s", cases[i].name);
        cr_expect_eq(bar_run_is_exact(&run), cases[i].is_exact, "%s",
                     cases[i].name);
    }
}

Test(barset, runs_know_their_days)
{
    static const struct {
        int32_t from; /* of March */
        size_t before;
    } cases[] = {
        { DATE_FIRST_DAYS - MARCH, 0 },
        { -1, 0 },
        { 0, 0 },
        { 1, 0 },
        { 2, 1 },
        { 7, 1 },
        { 8, 2 },
        { 30, 2 },
        { 31, 3 },
        { 32, 3 },
        { DATE_OPEN_DAYS - MARCH, 3 },
    };
    const struct bar_run run = { .month = { MARCH },
                                 .days = 1U << 1 | 1U << 7 | 1U << 30,
                                 .count = 3 };
    static const int32_t days[] = { 1, 7, 30 };

    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t got =
            bar_run_before(&run, (struct date){ MARCH + cases[i].from });

        cr_expect_eq(got, cases[i].before, "%d: %zu", cases[i].from, got);
    }
    for (size_t i = 0; i < COUNT(days); i++)
        cr_expect_eq(bar_run_date(&run, i).days, MARCH + days[i], "%zu", i);
    cr_expect_eq(bar_run_first(&run).days, MARCH + 1);
    cr_expect_eq(bar_run_last(&run).days, MARCH + 30);
}
