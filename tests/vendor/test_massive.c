/* Massive's bodies: what is taken from them, and what is refused where. */
#include <criterion/criterion.h>

#include "secmaster/vendor.h"
#include "tests/codec/reading.h"
#include "tests/vendor/massive_reading.h"

static const char *const golden[] = {
    "open_close", "grouped", "range", "not_found", "closed",
};

Test(massive, bodies_as_they_were_sent)
{
    for (size_t i = 0; i < sizeof golden / sizeof golden[0]; i++)
        expect_golden(massive_reading, GOLDEN_VENDOR_DIR "/massive", golden[i]);
}

Test(massive, is_found_by_its_name_alone)
{
    const struct vendor_adapter *adapter = vendor_find(STR("massive"));

    cr_assert_not_null(adapter);
    cr_expect_str_eq(adapter->name, "massive");
    cr_expect_null(adapter->decode_trades, "it has none");
    cr_expect_null(vendor_find(STR("Massive")));
    cr_expect_null(vendor_find(STR("massiv")));
    cr_expect_null(vendor_find(STR("")));
}

#define DAY "\"from\":\"2024-02-29\",\"symbol\":\"A\""
#define PRICES "\"open\":1,\"high\":3,\"low\":0.5,\"close\":2"
#define OPEN_CLOSE(rest) BODY("{\"status\":\"OK\"," DAY "," PRICES rest "}")
#define OPEN_CLOSE_READ(volume, pre, after)                                    \
    "A 2024-02-29 1 3 0.5 2 - " volume " " pre " " after " vendor\n"

/* The bars of one ticker and of a market. */
#define RANGE(ticker, bars)                                                    \
    BODY("{\"ticker\":" ticker ",\"results\":[" bars "]}")
#define GROUPED(bars) BODY("{\"results\":[" bars "]}")
#define OHLC "\"o\":1,\"h\":3,\"l\":0.5,\"c\":2"
#define AT(t, rest) "{\"t\":" t "," OHLC rest "}"
#define DAY_ENDS AT("1709251199999", "") "," AT("1709251200000", "")
#define TIME_ENDS AT("0", "") "," AT("253402300799999", "")
#define NO_TIMES                                                               \
    AT("253402300800000", "")                                                  \
    "," AT("-1", "") "," AT("1.5", "") "," AT("\"1\"", "")
#define NOON "1709208000000"
#define NO_TIME "must be milliseconds since 1970, up to the year 9999\n"
#define NO_BARS "invalid 1\n/results: no bars\n"
#define NO_STATUS                                                              \
    "invalid 1\n/status: must be OK or DELAYED: the vendor has no bars for "   \
    "this request\n"

static const struct reading_case cases[] = {
    { "the least", OPEN_CLOSE(""), OPEN_CLOSE_READ("-", "-", "-") },
    { "all of it",
      OPEN_CLOSE(",\"volume\":7.0790813e+07,\"preMarket\":1.50,"
                 "\"afterHours\":2.0,\"otc\":true"),
      OPEN_CLOSE_READ("70790813", "1.50", "2.0") },
    { "what it does not know",
      OPEN_CLOSE(",\"volume\":null,\"preMarket\":null,\"x\":{\"open\":[]}"),
      OPEN_CLOSE_READ("-", "-", "-") },
    { "a fractional volume", OPEN_CLOSE(",\"volume\":1234.567890"),
      OPEN_CLOSE_READ("1234.567890", "-", "-") },
    { "no status", BODY("{" DAY "," PRICES "}"),
      OPEN_CLOSE_READ("-", "-", "-") },
    { "delayed", BODY("{\"status\":\"DELAYED\"," DAY "," PRICES "}"),
      OPEN_CLOSE_READ("-", "-", "-") },
    { "no answer, although with prices",
      BODY("{\"status\":\"NOT_FOUND\"," DAY "," PRICES "}"), NO_STATUS },
    { "a status that is none", BODY("{\"status\":null," DAY "," PRICES "}"),
      NO_STATUS },
    { "zeros",
      BODY("{\"status\":\"OK\"," DAY ",\"open\":0,\"high\":0,\"low\":0,"
           "\"close\":0,\"volume\":0}"),
      "invalid 1\n/high: all prices are zero: there is no such bar\n" },
    { "nothing in it", BODY("{\"status\":\"OK\"}"),
      "invalid 6\n/symbol: is missing\n/from: is missing\n/open: is missing\n"
      "/high: is missing\n/low: is missing\n/close: is missing\n" },
    { "nothing of its type",
      BODY("{\"symbol\":1,\"from\":null,\"open\":\"1\",\"high\":null,"
           "\"low\":true,\"close\":[],\"volume\":\"1\"}"),
      "invalid 7\n/symbol: must be a string\n/from: must be a string\n"
      "/open: must be a number\n/high: must be a number\n"
      "/low: must be a number\n/close: must be a number\n"
      "/volume: must be a number\n" },
    { "no such day, no such ticker",
      BODY("{\"from\":\"2023-02-29\",\"symbol\":\"\"," PRICES "}"),
      "invalid 2\n/symbol: a ticker is empty\n"
      "/from: must be a date as YYYY-MM-DD\n" },
    { "outside of its range", OPEN_CLOSE(",\"volume\":-1,\"preMarket\":1e-10"),
      "invalid 2\n/volume: must not be negative\n"
      "/preMarket: must not have more than 9 digits behind the point\n" },
    { "high below low",
      BODY("{" DAY ",\"open\":1,\"high\":1,\"low\":2,\"close\":1}"),
      "invalid 1\n/high: must not be below low\n" },

    { "a range", RANGE("\"A\"", AT(NOON, ",\"v\":1.5e3") "," AT(NOON, "")),
      "/results\nA 2024-02-29 1 3 0.5 2 - 1500 - - vendor\n"
      "A 2024-02-29 1 3 0.5 2 - - - - vendor\n" },
    { "a bar's own ticker is passed over",
      RANGE("\"A\"", AT(NOON, ",\"T\":\"B\"")),
      "/results\nA 2024-02-29 1 3 0.5 2 - - - - vendor\n" },
    { "the ends of a day, and of time", RANGE("\"A\"", DAY_ENDS "," TIME_ENDS),
      "/results\nA 2024-02-29 1 3 0.5 2 - - - - vendor\n"
      "A 2024-03-01 1 3 0.5 2 - - - - vendor\n"
      "A 1970-01-01 1 3 0.5 2 - - - - vendor\n"
      "A 9999-12-31 1 3 0.5 2 - - - - vendor\n" },
    { "no such time", RANGE("\"A\"", NO_TIMES),
      "invalid 4\n/results/0/t: " NO_TIME "/results/1/t: " NO_TIME
      "/results/2/t: " NO_TIME "/results/3/t: " NO_TIME },
    { "no such ticker", RANGE("1", AT(NOON, "")),
      "invalid 1\n/ticker: must be a string\n" },
    { "an empty one", RANGE("\"\"", AT(NOON, "")),
      "invalid 1\n/ticker: a ticker is empty\n" },
    { "each at its place",
      GROUPED(AT(NOON, "") ",7,{}," AT(NOON, ",\"T\":\"A\\u0007\"")),
      "invalid 9\n/results/0/T: is missing\n/results/1: must be an object\n"
      "/results/2/T: is missing\n/results/2/t: is missing\n"
      "/results/2/o: is missing\n/results/2/h: is missing\n"
      "/results/2/l: is missing\n/results/2/c: is missing\n"
      "/results/3/T: a ticker has a control character\n" },
    { "a bar that is none among others",
      GROUPED("{\"T\":\"A\",\"t\":1,\"o\":1,\"h\":3,\"l\":0.5,\"c\":4}"),
      "invalid 1\n/results/0/c: must be from low to high\n" },
    { "an empty list", GROUPED(""), NO_BARS },
    { "no list", BODY("{\"resultsCount\":0}"), NO_BARS },
    { "null", BODY("{\"results\":null}"), NO_BARS },
    { "a list that is none", BODY("{\"results\":{}}"),
      "invalid 1\n/results: must be an array\n" },
    { "bars alone", BODY("[]"), "invalid 1\n: must be an object\n" },
    { "a member twice", BODY("{\"from\":1,\"from\":1}"),
      "malformed: line 1, byte 19: duplicate member \"from\"\n" },
    { "no JSON", BODY("{\"status\":\"OK\""),
      "malformed: line 1, byte 14: the text ends too early\n" },
};

/* Where the writer finds a ticker that nobody bears. */
static const struct reading_case places[] = {
    { "open-close", OPEN_CLOSE(""), "invalid 1\n/symbol: odd\n" },
    { "a range", RANGE("\"A\"", AT(NOON, "")), "invalid 1\n/ticker: odd\n" },
    { "grouped", GROUPED(AT(NOON, ",\"T\":\"A\"")),
      "invalid 1\n/results/0/T: odd\n" },
};

static void
expect_case(vendor_reading *read, const struct reading_case *row)
{
    struct out got;

    out_init(&got, 1UL << 20);
    read(&got, row->body);
    cr_expect(str_equal(out_text(&got), str_of(row->reading)),
              "%s:\n%.*s\nwanted:\n%s", row->name, STR_ARG(out_text(&got)),
              row->reading);
    out_fini(&got);
}

Test(massive, all_that_it_has_is_read_or_refused_at_its_place)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_case(massive_reading, &cases[i]);
}

Test(massive, the_writer_can_say_where_a_ticker_stood)
{
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        expect_case(massive_ticker_place, &places[i]);
}
