/* What a run is to ask, one after the other. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "src/pipeline/plan.h"
#include "tests/pipeline/history.h"
#include "tests/pipeline/writing.h"
#include "tests/support/store_memory.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA_BYTES (64UL << 20)
#define NEVER INT32_MIN /* VENDOR_NO_DAY's */

/*
 * 1970 began on a Thursday: day 1 is a Friday, 2 and 3 are a weekend, as 9 and
 * 10 are. Batches as history.h has them; listed tickers one letter each. What
 * comes of it: TICKER/DAY of each ask, "*" for the market.
 */
struct plan_case {
    const char *name, *batches, *listed;
    enum universe universe;
    int32_t from, to, asked_to;
    bool is_borne_only;
    uint64_t known_tx;
    const char *asks;
};
#define LISTED(text) .universe = UNIVERSE_LIST, .listed = text
#define TRADED .universe = UNIVERSE_TRADED, .listed = ""
#define MARKET .universe = UNIVERSE_ALL, .listed = ""
#define DAYS(first, last) .from = first, .to = last, .asked_to = NEVER
#define ASKED(last) .asked_to = last
#define NEWEST .known_tx = KNOWN_NEWEST

static const struct plan_case days[] = {
    { "a day", "", LISTED("A"), DAYS(4, 4), NEWEST, .asks = "A/4 " },
    { "the market's day", "", MARKET, DAYS(4, 4), NEWEST, .asks = "*/4 " },
    { "both ends are in", "", MARKET, DAYS(4, 6), NEWEST,
      .asks = "*/4 */5 */6 " },
    { "a week has five days", "", MARKET, DAYS(4, 10), NEWEST,
      .asks = "*/4 */5 */6 */7 */8 " },
    { "from a Saturday", "", MARKET, DAYS(2, 4), NEWEST, .asks = "*/4 " },
    { "from a Sunday to a Friday", "", MARKET, DAYS(3, 8), NEWEST,
      .asks = "*/4 */5 */6 */7 */8 " },
    { "over a weekend", "", MARKET, DAYS(1, 4), NEWEST, .asks = "*/1 */4 " },
    { "to a Saturday", "", MARKET, DAYS(8, 9), NEWEST, .asks = "*/8 " },
    { "a weekend", "", MARKET, DAYS(2, 3), NEWEST, .asks = "" },
    { "a weekend of tickers", "", LISTED("AB"), DAYS(2, 3), NEWEST,
      .asks = "" },
    { "before 1970", "", MARKET, DAYS(-7, 1), NEWEST,
      .asks = "*/-7 */-6 */-3 */-2 */-1 */0 */1 " },
    { "the first days that there are", "", MARKET,
      DAYS(DATE_FIRST_DAYS, DATE_FIRST_DAYS + 1), NEWEST,
      .asks = "*/-719162 */-719161 " },
    { "the last day that there is", "", MARKET,
      DAYS(DATE_LAST_DAYS - 1, DATE_LAST_DAYS), NEWEST,
      .asks = "*/2932895 */2932896 " },
    { "the last day of a ticker", "+ticker=A#1/1", LISTED("A"),
      DAYS(DATE_LAST_DAYS, DATE_LAST_DAYS), NEWEST, .asks = "A/2932896 " },
};

static const struct plan_case universes[] = {
    { "day by day, tickers as they are listed", "", LISTED("CAB"), DAYS(1, 4),
      NEWEST, .asks = "C/1 A/1 B/1 C/4 A/4 B/4 " },
    { "none listed", "", LISTED(""), DAYS(4, 8), NEWEST, .asks = "" },
    { "traded ones, by their bytes", "t/4.0=x%B u/4.0=x%A", TRADED, DAYS(4, 5),
      NEWEST, .asks = "A/4 B/4 A/5 B/5 " },
    { "none traded", "+ticker=A#1/1", TRADED, DAYS(4, 8), NEWEST, .asks = "" },
    { "traded on another day", "t/900.0=x%A", TRADED, DAYS(4, 4), NEWEST,
      .asks = "A/4 " },
    { "traded, known later", "t/4.0=x%A|t/4.0=x%B", TRADED, DAYS(4, 4),
      .known_tx = 1, .asks = "A/4 " },
    { "of the market trades say nothing", "t/4.0=x%A", MARKET, DAYS(4, 4),
      NEWEST, .asks = "*/4 " },
    { "nor of a list", "t/4.0=x%A", LISTED("B"), DAYS(4, 4), NEWEST,
      .asks = "B/4 " },
};

/* Nobody's bars: the days on which somebody bears the ticker. */
static const struct plan_case borne[] = {
    { "borne by nobody", "+ticker=A#1/1", LISTED("AB"), DAYS(4, 5),
      .is_borne_only = true, NEWEST, .asks = "A/4 A/5 " },
    { "and asked all the same", "+ticker=A#1/1", LISTED("AB"), DAYS(4, 5),
      NEWEST, .asks = "A/4 B/4 A/5 B/5 " },
    { "where nobody ever had a ticker", "+name=A#1/1", LISTED("A"), DAYS(4, 5),
      .is_borne_only = true, NEWEST, .asks = "" },
    { "of the market too", "", MARKET, DAYS(4, 4), .is_borne_only = true,
      NEWEST, .asks = "*/4 " },
    { "from its first day on", "+ticker=A#1/5", LISTED("A"), DAYS(4, 6),
      .is_borne_only = true, NEWEST, .asks = "A/5 A/6 " },
    { "until it is given up", "+ticker=A#1/1|+ticker=null#1/6", LISTED("A"),
      DAYS(4, 8), .is_borne_only = true, NEWEST, .asks = "A/4 A/5 " },
    { "not where it was withdrawn", "+ticker=A#1/4|-ticker#1/4", LISTED("A"),
      DAYS(4, 8), .is_borne_only = true, NEWEST, .asks = "" },
    { "as it was known", "+ticker=A#1/4|-ticker#1/4", LISTED("A"), DAYS(4, 5),
      .is_borne_only = true, .known_tx = 1, .asks = "A/4 A/5 " },
    { "a renamed one's", "+ticker=F#1/1 +ticker=M#1/6", LISTED("FM"),
      DAYS(4, 7), .is_borne_only = true, NEWEST, .asks = "F/4 F/5 M/6 M/7 " },
    { "another's after a pause", "+ticker=M#1/1 +ticker=null#1/5 +ticker=M#2/7",
      LISTED("M"), DAYS(4, 8), .is_borne_only = true, NEWEST,
      .asks = "M/4 M/7 M/8 " },
    { "of two at once", "+ticker=A#1/1 +ticker=A#2/1", LISTED("A"), DAYS(4, 4),
      .is_borne_only = true, NEWEST, .asks = "A/4 " },
    { "traded ones too", "+ticker=A#1/5|t/4.0=x%A u/4.0=x%B", TRADED,
      DAYS(4, 5), .is_borne_only = true, NEWEST, .asks = "A/5 " },
};

/* Bars of "v", the vendor at hand, that are there. */
static const struct plan_case held[] = {
    { "nothing was asked before", "+ticker=A#1/1|#1/4=5@v", LISTED("A"),
      DAYS(4, 5), NEWEST, .asks = "A/4 A/5 " },
    { "a bar that is there", "+ticker=A#1/1|#1/4=5@v", LISTED("A"), .from = 4,
      .to = 6, ASKED(6), NEWEST, .asks = "A/5 A/6 " },
    { "up to the last day asked", "+ticker=A#1/1|#1/4=5@v #1/5=5@v #1/6=5@v",
      LISTED("A"), .from = 4, .to = 7, ASKED(5), NEWEST, .asks = "A/6 A/7 " },
    { "asked to before its first day", "+ticker=A#1/1|#1/4=5@v", LISTED("A"),
      .from = 4, .to = 4, ASKED(3), NEWEST, .asks = "A/4 " },
    { "asked to behind its last day", "+ticker=A#1/1|#1/4=5@v #1/5=5@v",
      LISTED("A"), .from = 4, .to = 5, ASKED(900), NEWEST, .asks = "" },
    { "another source's", "+ticker=A#1/1|#1/4=5@w #1/5=5", LISTED("A"),
      .from = 4, .to = 5, ASKED(5), NEWEST, .asks = "A/4 A/5 " },
    { "the source's among others", "+ticker=A#1/1|#1/4=5@w #1/5=5@v",
      LISTED("A"), .from = 4, .to = 5, ASKED(5), NEWEST, .asks = "A/4 " },
    { "another security's", "+ticker=A#1/1 +ticker=B#2/1|#2/4=5@v",
      LISTED("AB"), .from = 4, .to = 4, ASKED(4), NEWEST, .asks = "A/4 " },
    { "of each of two tickers", "+ticker=A#1/1 +ticker=B#2/1|#1/4=5@v #2/5=5@v",
      LISTED("AB"), .from = 4, .to = 5, ASKED(5), NEWEST, .asks = "B/4 A/5 " },
    { "of two classes of one share",
      "+ticker=A#1/1 +ticker=B#1/6|#1/5=5@v #1/6=5@v", LISTED("AB"), .from = 5,
      .to = 7, ASKED(7), .is_borne_only = true, NEWEST, .asks = "B/7 " },
    { "of who had the ticker that day",
      "+ticker=M#1/1 +ticker=null#1/6 +ticker=M#2/6|"
      "#1/5=5@v #1/6=5@v #2/7=5@v",
      LISTED("M"), .from = 4, .to = 7, ASKED(7), NEWEST, .asks = "M/4 M/6 " },
    { "and who has it again",
      "+ticker=M#1/1 +ticker=null#1/5 +ticker=M#2/5 "
      "+ticker=null#2/6 +ticker=M#1/6|#1/4=5@v #2/5=5@v #1/6=5@v",
      LISTED("M"), .from = 4, .to = 7, ASKED(7), NEWEST, .asks = "M/7 " },
    { "of two at once whose it is nobody knows",
      "+ticker=A#1/1 +ticker=A#2/1|#1/4=5@v #2/4=5@v", LISTED("A"), .from = 4,
      .to = 4, ASKED(4), NEWEST, .asks = "A/4 " },
    { "nor behind one whose it is",
      "+ticker=A#1/1 +ticker=A#2/1 +ticker=B#3/1|#3/4=5@v", LISTED("BA"),
      .from = 4, .to = 4, ASKED(4), NEWEST, .asks = "A/4 " },
    { "in other months than the first",
      "+ticker=A#1/1|#1/29=5@v #1/32=5@v #1/60=5@v", LISTED("A"), .from = 29,
      .to = 34, ASKED(34), NEWEST, .asks = "A/33 A/34 " },
    { "that came later", "+ticker=A#1/1|#1/4=5@v|#1/5=5@v", LISTED("A"),
      .from = 4, .to = 5, ASKED(5), .known_tx = 2, .asks = "A/5 " },
    { "of a traded one", "+ticker=A#1/1|#1/4=5@v|t/4.0=x%A", TRADED, .from = 4,
      .to = 5, ASKED(5), NEWEST, .asks = "A/5 " },
    { "of the market", "+ticker=A#1/1|#1/4=5@v", MARKET, .from = 4, .to = 5,
      ASKED(5), NEWEST, .asks = "*/4 */5 " },
};

/* One letter each. */
static struct tickers
letters(const char *text, struct str items[static 16])
{
    struct tickers tickers = { items, 0 };

    for (; *text != '\0'; text++)
        items[tickers.count++] = (struct str){ text, 1 };
    return tickers;
}

static enum err
make(const struct plan_wish *wish, uint64_t known_tx, struct arena *arena,
     struct plan *out, struct why *why)
{
    struct view view;
    enum err err;

    cr_assert_eq(store_view_begin(writing.store, known_tx, &view, NULL), OK);
    err = plan_make(wish, &view, arena, out, why);
    store_view_end(&view);
    return err;
}

static void
put_asks(struct out *out, const struct plan *plan)
{
    for (uint64_t i = 0; i < plan->count; i++) {
        const struct plan_ask *ask = &plan->asks[i];

        if (ask->ticker == PLAN_MARKET)
            out_char(out, '*');
        else
            out_str(out, plan->tickers.items[ask->ticker]);
        out_print(out, "/%d ", ask->day.days);
    }
}

static void
expect_asks(const struct plan_case *row)
{
    struct str items[16];
    const struct plan_wish wish = {
        .universe = row->universe,
        .listed = letters(row->listed, items),
        .from = { row->from },
        .to = { row->to },
        .asked_to = { row->asked_to },
        .source = STR("v"),
        .is_borne_only = row->is_borne_only,
    };
    struct why why = { "" };
    struct arena arena;
    struct plan plan;
    struct out got;

    writing_start(store_memory_new());
    history_write(row->batches);
    arena_init(&arena, ARENA_BYTES);
    out_init(&got, ARENA_BYTES);
    cr_assert_eq(make(&wish, row->known_tx, &arena, &plan, &why), OK, "%s: %s",
                 row->name, why.text);
    put_asks(&got, &plan);
    cr_expect(str_equal(out_text(&got), str_of(row->asks)), "%s: %.*s, not %s",
              row->name, STR_ARG(out_text(&got)), row->asks);
    out_fini(&got);
    arena_fini(&arena);
    writing_stop();
}

Test(plan, has_each_weekday_of_its_range)
{
    for (size_t i = 0; i < COUNT(days); i++)
        expect_asks(&days[i]);
}

Test(plan, has_the_tickers_of_its_universe)
{
    for (size_t i = 0; i < COUNT(universes); i++)
        expect_asks(&universes[i]);
}

Test(plan, leaves_out_what_would_be_nobodys)
{
    for (size_t i = 0; i < COUNT(borne); i++)
        expect_asks(&borne[i]);
}

Test(plan, leaves_out_what_is_there)
{
    for (size_t i = 0; i < COUNT(held); i++)
        expect_asks(&held[i]);
}

/* Whoever comes back with what was known finds the place where he was. */
Test(plan, is_the_same_whatever_came_since)
{
    static const char before[] =
        "+ticker=A#1/1 +ticker=B#2/1|#1/4=5@v|t/4.0=x%A u/4.0=x%B";
    static const char since[] =
        "+ticker=null#2/5|#1/5=5@v #2/4=5@v|v/4.0=x%A0 t/4.1=x%C|-ticker#1/1";
    const struct plan_wish wish = {
        .universe = UNIVERSE_TRADED,
        .from = { 4 },
        .to = { 6 },
        .asked_to = { 5 },
        .source = STR("v"),
        .is_borne_only = true,
    };

    writing_start(store_memory_new());
    for (int round = 0; round < 2; round++) {
        struct arena arena;
        struct plan plan;
        struct out got;

        history_write(round == 0 ? before : since);
        arena_init(&arena, ARENA_BYTES);
        out_init(&got, ARENA_BYTES);
        cr_assert_eq(make(&wish, 3, &arena, &plan, NULL), OK);
        put_asks(&got, &plan);
        cr_expect(str_equal(out_text(&got), STR("B/4 A/5 B/5 A/6 B/6 ")),
                  "round %d: %.*s", round, STR_ARG(out_text(&got)));
        out_fini(&got);
        arena_fini(&arena);
    }
    writing_stop();
}

/* A thousand weekdays, 200 weeks of them: tickers decide. */
Test(plan, has_no_more_asks_than_a_run)
{
    static const struct {
        const char *name;
        uint32_t tickers;
        int32_t to;
        size_t arena_bytes;
        enum err err;
        const char *why;
    } rows[] = {
        { "as many", RUN_ASKS_MAX / 1000, 4 + 1400 - 1, ARENA_BYTES, OK, "" },
        { "a day more", RUN_ASKS_MAX / 1000, 4 + 1400, ARENA_BYTES,
          ERR_TOO_LARGE,
          "4004000 requests are more than the 4000000 of a run" },
        { "a ticker more", RUN_ASKS_MAX / 1000 + 1, 4 + 1400 - 1, ARENA_BYTES,
          ERR_TOO_LARGE,
          "4001000 requests are more than the 4000000 of a run" },
        { "no room for them", RUN_ASKS_MAX / 1000, 4 + 1400 - 1, 1 << 20,
          ERR_TOO_LARGE, "" },
        { "no room for days", 1, 4 + 1400 - 1, 64, ERR_TOO_LARGE, "" },
    };
    const uint32_t most = RUN_ASKS_MAX / 1000 + 1;
    struct str *items = calloc(most, sizeof *items);

    cr_assert_not_null(items);
    for (uint32_t i = 0; i < most; i++)
        items[i] = STR("A");
    writing_start(store_memory_new());
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct plan_wish wish = {
            .universe = UNIVERSE_LIST,
            .listed = { items, rows[i].tickers },
            .from = { 4 },
            .to = { rows[i].to },
            .asked_to = VENDOR_NO_DAY,
            .source = STR("v"),
        };
        struct why why = { "" };
        struct arena arena;
        struct plan plan;
        enum err err;

        arena_init(&arena, rows[i].arena_bytes);
        err = make(&wish, KNOWN_NEWEST, &arena, &plan, &why);
        cr_expect_eq(err, rows[i].err, "%s: err %d", rows[i].name, (int)err);
        cr_expect_str_eq(why.text, rows[i].why, "%s: %s", rows[i].name,
                         why.text);
        if (err == OK)
            cr_expect_eq(plan.count, RUN_ASKS_MAX, "%s: %lu", rows[i].name,
                         plan.count);
        arena_fini(&arena);
    }
    free(items);
    writing_stop();
}
