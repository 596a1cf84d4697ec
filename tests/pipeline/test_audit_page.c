/* Audits: what passes, what does not, and in which words. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "src/pipeline/audit_page.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TODAY ((struct date){ 19724 }) /* 2024-01-02 */
#define DAY_SECONDS INT64_C(86400)

/* Reasons, a line each. */
struct heard {
    struct arena arena;
    struct complaints reasons;
    struct out text;
};

static void
heard_init(struct heard *heard)
{
    arena_init(&heard->arena, 1UL << 20);
    complaints_init(&heard->reasons, &heard->arena);
    out_init(&heard->text, 1UL << 20);
}

static void
heard_expect(struct heard *heard, const char *name, const char *wanted)
{
    for (size_t i = 0; i < heard->reasons.listed; i++)
        out_print(&heard->text, "%s\n", heard->reasons.items[i].detail);
    cr_expect(str_equal(out_text(&heard->text), str_of(wanted)),
              "%s:\n%.*s\nwanted:\n%s", name, STR_ARG(out_text(&heard->text)),
              wanted);
    out_fini(&heard->text);
    arena_fini(&heard->arena);
}

static const struct {
    const char *name;
    uint32_t published, count;
    const char *reasons;
} listings[] = {
    { "as many", 79, 79, "" },
    { "more", 79, 790, "" },
    { "much fewer", 79, 54, "the listing shrank from 79 to 54\n" },
    { "5 % fewer", 100, 95, "" },
    { "more than that", 100, 94, "the listing shrank from 100 to 94\n" },
    { "5 % of an odd number", 79, 76, "" },
    { "more than that", 79, 75, "the listing shrank from 79 to 75\n" },
    { "one of one", 1, 1, "" },
    { "none of one", 1, 0, "the listing shrank from 1 to 0\n" },
    { "the first one", 0, 10, "" },
    { "an empty one where there was none", 0, 0, "" },
    { "one of the most there can be", UINT32_MAX, 1,
      "the listing shrank from 4294967295 to 1\n" },
};

Test(audit_page, a_listing_must_not_shrink)
{
    for (size_t i = 0; i < COUNT(listings); i++) {
        const struct listing listing = { .count = listings[i].count };
        struct heard heard;

        heard_init(&heard);
        audit_listing(&listing, listings[i].published, &heard.reasons);
        heard_expect(&heard, listings[i].name, listings[i].reasons);
    }
}

static const struct {
    const char *name;
    int32_t day;
    const char *reasons;
} splits[] = {
    { "today", 19724, "" },
    { "the first day", -25567, "" },
    { "before it", -25568, "a split of \"A\" is of 1899-12-31\n" },
    { "announced", 19724 + 366, "" },
    { "too far ahead", 19724 + 367, "a split of \"A\" is of 2025-01-03\n" },
};

Test(audit_page, days_of_splits_are_sane)
{
    for (size_t i = 0; i < COUNT(splits); i++) {
        struct listed_split split = { .ticker = STR("A"),
                                      .execution = { splits[i].day } };
        const struct listing listing = { .splits = &split, .split_count = 1 };
        struct heard heard;

        heard_init(&heard);
        audit_splits(&listing, TODAY, &heard.reasons);
        heard_expect(&heard, splits[i].name, splits[i].reasons);
    }
}

/* Bars as "TICKER/DAY=OPEN,HIGH,LOW,CLOSE" separated by spaces. */
static struct bar_batch *
bars_of(const char *text)
{
    struct bar_batch *batch = bar_batch_new(0);

    cr_assert_not_null(batch);
    while (*text != '\0') {
        const size_t ticker_len = strcspn(text, "/");
        struct bar_row row = { .line = 0 };
        char *end;

        cr_assert_eq(bar_batch_ticker(batch, (struct str){ text, ticker_len },
                                      &row.security_id),
                     OK);
        row.bar.date.days = (int32_t)strtol(text + ticker_len + 1, &end, 10);
        for (unsigned field = BAR_OPEN; field <= BAR_CLOSE; field++)
            bar_set(&row.bar, (enum bar_field)field,
                    (struct decimal){ strtoll(end + 1, &end, 10), 0 });
        cr_assert_eq(bar_batch_add(batch, &row), OK);
        text = end + strspn(end, " ");
    }
    return batch;
}

#define ASKED_A                                                                \
    {                                                                          \
        STR_A, { 19723 },                                                      \
        {                                                                      \
            19724                                                              \
        }                                                                      \
    }
#define STR_A                                                                  \
    {                                                                          \
        "A", 1                                                                 \
    }
#define ASKED_ALL                                                              \
    {                                                                          \
        { NULL, 0 }, { 19723 },                                                \
        {                                                                      \
            19724                                                              \
        }                                                                      \
    }

static const struct {
    const char *name;
    struct audit_bars ask;
    const char *bars, *reasons;
} prices[] = {
    { "a bar", ASKED_A, "A/19723=2,4,1,3", "" },
    { "none", ASKED_A, "", "" },
    { "a market's", ASKED_ALL, "A/19723=2,4,1,3 B/19723=1,1,1,1", "" },
    { "a bar that comes twice", ASKED_ALL, "A/19723=2,4,1,3 A/19723=2,4,1,3",
      "" },
    { "and differs", ASKED_ALL,
      "A/19723=2,4,1,3 B/19723=1,1,1,1 A/19723=2,5,1,3",
      "two bars of \"A\" differ on one day\n" },
    { "another one's", ASKED_A, "a/19723=2,4,1,3",
      "a bar is of \"a\", asked for was \"A\"\n" },
    { "another day's", ASKED_A, "A/19722=2,4,1,3",
      "the bar of \"A\" is of 2023-12-31, asked for was 2024-01-01\n" },
    { "tomorrow's",
      { STR_A, { 19725 }, { 19724 } },
      "A/19725=2,4,1,3",
      "the bar of \"A\" is of 2024-01-03, a day without prices\n" },
    { "today's", { STR_A, { 19724 }, { 19724 } }, "A/19724=2,4,1,3", "" },
    { "the first day's",
      { STR_A, { -25567 }, { 19724 } },
      "A/-25567=2,4,1,3",
      "" },
    { "one before it",
      { STR_A, { -25568 }, { 19724 } },
      "A/-25568=2,4,1,3",
      "the bar of \"A\" is of 1899-12-31, a day without prices\n" },
    { "a price of zero", ASKED_ALL, "A/19723=2,4,0,3 B/19723=0,1,0,1",
      "low of \"A\" is zero\nopen of \"B\" is zero\nlow of \"B\" is zero\n" },
};

Test(audit_page, prices_are_those_that_were_asked_for_and_possible)
{
    for (size_t i = 0; i < COUNT(prices); i++) {
        struct bar_batch *bars = bars_of(prices[i].bars);
        struct heard heard;

        heard_init(&heard);
        cr_expect_eq(audit_bars(bars, &prices[i].ask, &heard.reasons), OK);
        heard_expect(&heard, prices[i].name, prices[i].reasons);
        bar_batch_free(bars);
    }
}

static const struct {
    const char *name;
    int32_t day;
    int64_t updated_last;
    const char *reasons;
} trades[] = {
    { "yesterday's", 19723, 0, "" },
    { "of today, updated now", 19724, 19724 * DAY_SECONDS, "" },
    { "of a clock that is ahead", 19724, 19726 * DAY_SECONDS - 1, "" },
    { "too far", 19724, 19726 * DAY_SECONDS,
      "a row was updated at 1704326400, which is to come\n" },
    { "with a typo in its year", 19724 + 3653, 0, "" },
    { "that nobody can place", 19724 + 20 * 366 + 1, 0,
      "trade \"t\" is of 2044-01-18\n" },
    { "as far ahead as may be", 19724 + 20 * 366, 0, "" },
    { "of the first day", -25567, 0, "" },
    { "of the day before", -25568, 0, "trade \"t\" is of 1899-12-31\n" },
};

Test(audit_page, days_of_trades_are_sane)
{
    for (size_t i = 0; i < COUNT(trades); i++) {
        struct trade_batch *batch = trade_batch_new(0);
        struct trade trade = {
            .transaction_id = STR("t"),
            .transaction_date = { trades[i].day },
            .notification_date = TRADE_NO_DATE,
            .report_date = TRADE_NO_DATE,
        };
        struct heard heard;

        cr_assert_not_null(batch);
        for (size_t field = 0; field < TRADE_FIELDS; field++)
            trade.fields[field] = VALUE_OF_NULL;
        cr_assert_eq(trade_batch_add(batch, &trade, NULL), OK);
        heard_init(&heard);
        audit_trades(batch, trades[i].updated_last, TODAY, &heard.reasons);
        heard_expect(&heard, trades[i].name, trades[i].reasons);
        trade_batch_free(batch);
    }
}
