/* Bars from all three formats, and from a vendor's CSV as it stands. */
#include <criterion/criterion.h>

#include "secmaster/bars_reader.h"
#include "tests/codec/bars_reading.h"

#define EXPECT(read, media, cases)                                             \
    expect_readings(read, media, cases, sizeof(cases) / sizeof(cases)[0])

#define OF(security, rest) "{" security ",\"date\":\"2024-02-29\"," rest "}"
#define PRICES "\"open\":1,\"high\":3,\"low\":0.5,\"close\":2"
#define BAR(rest) OF("\"security_id\":1", PRICES rest)
#define BAR_OF(security) OF(security, PRICES)
#define OF_ID(id) BAR_OF("\"security_id\":" id)
#define OF_TICKER(ticker) BAR_OF("\"ticker\":" ticker)
#define READ(whose, optional, source)                                          \
    whose " 2024-02-29 1 3 0.5 2 " optional " " source "\n"
#define PLAIN READ("1", "- - - -", "default")
/* A bar with open, high, low and close as they are given. */
#define RANGE(o, h, l, c)                                                      \
    OF("\"security_id\":1",                                                    \
       "\"open\":" o ",\"high\":" h ",\"low\":" l ",\"close\":" c)

#define ID_FAULT                                                               \
    "security_id: must be an integer from 0 to 9223372036854775807, in "       \
    "digits alone\n"
#define DATE_FAULT                                                             \
    "date: must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to "       \
    "9999-12-31\n"
#define BARE "must be a number (in CSV without quotes)\n"
#define BARE_OR_NULL                                                           \
    "must be a number or null (in CSV a number without quotes, or nothing)\n"
#define NO_DIGITS "must not have more than 18 digits\n"
#define NO_PLACES "must not have more than 9 digits behind the point\n"
#define OWNED "must not be there: the request says whose the bars are\n"
#define NOBODY                                                                 \
    "invalid 1\nline 1: nothing says whose the bars are: add a column "        \
    "security_id or ticker, or ?ticker= or ?security_id= to the request\n"

#define TWO BAR("") "," OF_TICKER("\"A\"")
#define SOURCED BAR(",\"source\":\"other\"")
#define NO_TICKERS                                                             \
    OF_TICKER("\"\"") "," OF_TICKER("null") "," OF_TICKER("\"A\\n\"")
#define NO_IDS OF_ID("-1") "," OF_ID("1.0") "," OF_ID("\"new:a\"")
#define NEGATIVE BAR(",\"volume\":-1") "," BAR(",\"volume\":-0")

static const struct reading_case json[] = {
    { "an object", BODY("{\"source\":\"s\",\"prices\":[" TWO "]}"),
      "/prices\n" READ("1", "- - - -", "s") READ("A", "- - - -", "s") },
    { "a source behind the list",
      BODY("{\"prices\":[" TWO ",\n" SOURCED "],\"source\":\"s\"}"),
      "/prices\n" READ("1", "- - - -", "s") READ("A", "- - - -", "s")
          READ("1", "- - - -", "other") },
    { "an array", BODY("[" BAR("") "," BAR("") "]"), PLAIN PLAIN },
    { "every member, in any order",
      BODY("[{\"after_hours\":129.85,\"pre_market\":129.60,\"volume\":"
           "7.0790813e+07,\"adj_close\":130.150000000,\"close\":130.15,"
           "\"low\":129.890,\"high\":133.41,\"open\":130.465,"
           "\"source\":\"polygon\",\"date\":\"2023-01-09\",\"ticker\":"
           "\"KIMpL\"}]"),
      "KIMpL 2023-01-09 130.465 133.41 129.890 130.15 130.150000000 "
      "70790813 129.60 129.85 polygon\n" },
    { "what is null is not there",
      BODY("[" BAR(",\"adj_close\":null,\"volume\":null,\"pre_market\":null,"
                   "\"after_hours\":null") "]"),
      PLAIN },
    { "the largest and the smallest",
      BODY("[" RANGE("0.000000001", "999999999999999999", "0",
                     "123456789.123456789") "]"),
      "1 2024-02-29 0.000000001 999999999999999999 0 "
      "123456789.123456789 - - - - default\n" },
    { "all but one price is zero", BODY("[" RANGE("0", "1", "0", "0") "]"),
      "1 2024-02-29 0 1 0 0 - - - - default\n" },
    { "ids", BODY("[" OF_ID("9223372036854775807") "]"),
      READ("9223372036854775807", "- - - -", "default") },
    { "no list", BODY("{}"), "invalid 1\n/prices: is missing\n" },
    { "no bar", BODY("{\"prices\":[]}"), "invalid 1\n/prices: holds no bar\n" },
    { "facts", BODY("{\"facts\":[],\"prices\":[" BAR("") "]}"),
      "invalid 1\n/facts: unknown member\n" },
    { "nobody's", BODY("[" BAR("") ",{\"date\":\"2024-02-29\"," PRICES "}]"),
      "invalid 1\n/1: must have a security_id or a ticker\n" },
    { "both", BODY("[" BAR(",\"ticker\":\"A\"") "]"),
      "invalid 1\n/0: must have a security_id or a ticker, not both\n" },
    { "no such tickers", BODY("[" NO_TICKERS "]"),
      "invalid 3\n/0/ticker: a ticker is empty\n"
      "/1/ticker: must be a string\n"
      "/2/ticker: a ticker has a control character\n" },
    { "no such ids", BODY("[" NO_IDS "]"),
      "invalid 3\n/0/" ID_FAULT "/1/" ID_FAULT "/2/" ID_FAULT },
    { "no such source", BODY("[" BAR(",\"source\":\"\"") "]"),
      "invalid 1\n/0/source: a source's name is empty\n" },
    { "nothing in it", BODY("[{}]"),
      "invalid 6\n/0/date: is missing\n/0/open: is missing\n"
      "/0/high: is missing\n/0/low: is missing\n/0/close: is missing\n"
      "/0: must have a security_id or a ticker\n" },
    { "no such day",
      BODY("[{\"security_id\":1,\"date\":\"2023-02-29\"," PRICES "}]"),
      "invalid 1\n/0/" DATE_FAULT },
    { "a member that is unknown", BODY("[" BAR(",\"vwap\":1") "]"),
      "invalid 1\n/0/vwap: unknown member\n" },
    { "a member twice", BODY("[{\"open\":1,\"open\":1}]"),
      "malformed: line 1, byte 17: duplicate member \"open\"\n" },
    { "prices that are no numbers",
      BODY("[" RANGE("\"1\"", "null", "true", "[1]") "]"),
      "invalid 4\n/0/open: " BARE "/0/high: " BARE "/0/low: " BARE
      "/0/close: " BARE },
    { "others that are no numbers",
      BODY("[" BAR(",\"adj_close\":\"1\",\"volume\":{},\"pre_market\":false,"
                   "\"after_hours\":\"\"") "]"),
      "invalid 4\n/0/adj_close: " BARE_OR_NULL "/0/volume: " BARE_OR_NULL
      "/0/pre_market: " BARE_OR_NULL "/0/after_hours: " BARE_OR_NULL },
    { "below zero", BODY("[" NEGATIVE "]"),
      "invalid 2\n/0/volume: must not be negative\n"
      "/1/volume: must not be negative\n" },
    { "too many digits",
      BODY("[" BAR(",\"volume\":1e18,\"adj_close\":0.0000000001,"
                   "\"pre_market\":1234567890.123456789") "]"),
      "invalid 3\n/0/adj_close: " NO_PLACES "/0/volume: " NO_DIGITS
      "/0/pre_market: " NO_DIGITS },
    { "open below low", BODY("[" RANGE("0.4", "3", "0.5", "2") "]"),
      "invalid 1\n/0/open: must be from low to high\n" },
    { "open at low and close at high, of other digits",
      BODY("[" RANGE("0.50", "3.0", "0.5", "3") "]"),
      "1 2024-02-29 0.50 3.0 0.5 3 - - - - default\n" },
    { "close above high", BODY("[" RANGE("1", "3", "0.5", "3.000000001") "]"),
      "invalid 1\n/0/close: must be from low to high\n" },
    { "high below low", BODY("[" RANGE("1", "0.4", "0.5", "2") "]"),
      "invalid 1\n/0/high: must not be below low\n" },
    { "all prices are zero", BODY("[" RANGE("0", "0.0", "0", "0") "]"),
      "invalid 1\n/0/high: all prices are zero: there is no such bar\n" },
    { "all that is wrong with a row",
      BODY("[{\"security_id\":1,\"date\":\"x\",\"open\":9,\"high\":1,"
           "\"low\":0,\"close\":1,\"volume\":\"\"}]"),
      "invalid 3\n/0/volume: " BARE_OR_NULL "/0/" DATE_FAULT
      "/0/open: must be from low to high\n" },
    { "nothing", BODY(""), "malformed: line 1, byte 1: the body is empty\n" },
};

static const struct reading_case ndjson[] = {
    { "lines", BODY(BAR("") "\n\n" OF_TICKER("\"A\"")),
      READ("1", "- - - -", "default @1") READ("A", "- - - -", "default @3") },
    { "nothing", BODY(""), "invalid 1\nline 1: holds no bar\n" },
    { "a bad one", BODY(BAR("") "\n" BAR(",\"volume\":[]") "\n"),
      "invalid 1\nline 2: volume: " BARE_OR_NULL },
};

#define HEADER "ticker,security_id,date,open,high,low,close,volume,source\n"

static const struct reading_case csv[] = {
    { "columns in any order",
      BODY(
          "close,low,high,open,date,security_id\r\n2,0.5,3,1,2024-02-29,1\r\n"),
      READ("1", "- - - -", "default @2") },
    { "each row names its own",
      BODY(HEADER "A,,2024-02-29,1,3,0.5,2,1e3,s\n"
                  ",7,2024-02-29,1,3,0.5,2,,\n"),
      READ("A", "- 1000 - -", "s @2") READ("7", "- - - -", "default @3") },
    { "quotes around what is text",
      BODY("\"ticker\",date,open,high,low,close\n"
           "\"1234\",\"2024-02-29\",1,3,0.5,2\n"),
      READ("1234", "- - - -", "default @2") },
    { "quotes around numbers",
      BODY("ticker,date,open,high,low,close,volume\n"
           "A,2024-02-29,\"1\",3,0.5,2,\"\"\n"),
      "invalid 2\nline 2: open: " BARE "line 2: volume: " BARE_OR_NULL },
    { "no numbers", BODY(HEADER "A,,2024-02-29,,3 ,0x1,2.,NaN,\n"),
      "invalid 5\nline 2: open: " BARE "line 2: high: " BARE
      "line 2: low: " BARE "line 2: close: " BARE
      "line 2: volume: " BARE_OR_NULL },
    { "neither, both, below zero",
      BODY(HEADER ",,2024-02-29,1,3,0.5,2,,\nA,1,2024-02-29,1,3,0.5,2,,\n"
                  "A,,2024-02-29,1,3,0.5,2,-1,\n"),
      "invalid 3\nline 2: must have a security_id or a ticker\n"
      "line 3: must have a security_id or a ticker, not both\n"
      "line 4: volume: must not be negative\n" },
    { "nobody's", BODY("date,open,high,low,close\n2024-02-29,1,3,0.5,2\n"),
      NOBODY },
    { "a vendor's, and nobody's",
      BODY(BARS_VENDOR_HEADER "\n2024-02-29,1,3,0.5,2,2,10\n"), NOBODY },
    { "columns missing and unknown", BODY("ticker,date,open,high,Low\n"),
      "invalid 3\nline 1: Low: unknown column\n"
      "line 1: low: the column is missing\n"
      "line 1: close: the column is missing\n" },
    { "a header alone", BODY("ticker,date,open,high,low,close\n"),
      "invalid 1\nline 1: holds no bar\n" },
    { "nothing", BODY(""), "invalid 1\nline 1: the header is missing\n" },
};

#define NO_COLUMNS                                                             \
    "line 1: date: the column is missing\n"                                    \
    "line 1: open: the column is missing\n"                                    \
    "line 1: high: the column is missing\n"                                    \
    "line 1: low: the column is missing\n"                                     \
    "line 1: close: the column is missing\n"

static const struct reading_case vendor_csv[] = {
    { "as it stands",
      BODY(BARS_VENDOR_HEADER "\n2024-02-29,1,3,0.5,2,1.900000,1000\n"),
      READ("MSFT", "1.900000 1000 - -", "default @2") },
    { "with a byte order mark, carriage returns and no end",
      BODY("\xef\xbb\xbf" BARS_VENDOR_HEADER
           "\r\n2024-02-29,1,3,0.5,2,,\r\n2024-02-29,1,3,0.5,2,2,0"),
      READ("MSFT", "- - - -", "default @2")
          READ("MSFT", "2 0 - -", "default @3") },
    { "a day that is missing",
      BODY(BARS_VENDOR_HEADER "\n2024-02-28,1,3,0.5,2,2,1\n"
                              "2024-02-29,null,null,null,null,null,null\n"),
      "invalid 6\nline 3: open: " BARE "line 3: high: " BARE
      "line 3: low: " BARE "line 3: close: " BARE
      "line 3: adj_close: " BARE_OR_NULL "line 3: volume: " BARE_OR_NULL },
    { "a row too short", BODY(BARS_VENDOR_HEADER "\n2024-02-29,1,3,0.5,2,2\n"),
      "invalid 1\nline 2: must have as many fields as the header\n" },
    { "its columns in another order",
      BODY("Open,Date,High,Low,Close,Adj Close,Volume\n"),
      "invalid 12\nline 1: Open: unknown column\nline 1: Date: unknown column\n"
      "line 1: High: unknown column\nline 1: Low: unknown column\n"
      "line 1: Close: unknown column\nline 1: Adj Close: unknown column\n"
      "line 1: Volume: unknown column\n" NO_COLUMNS },
    { "the first of its columns alone", BODY("Date\n2024-02-29\n"),
      "invalid 6\nline 1: Date: unknown column\n" NO_COLUMNS },
    { "a column behind its last",
      BODY(BARS_VENDOR_HEADER ",Splits\n2024-02-29,1,3,0.5,2,2,1,\n"),
      "invalid 13\nline 1: Date: unknown column\n"
      "line 1: Open: unknown column\nline 1: High: unknown column\n"
      "line 1: Low: unknown column\nline 1: Close: unknown column\n"
      "line 1: Adj Close: unknown column\nline 1: Volume: unknown column\n"
      "line 1: Splits: unknown column\n" NO_COLUMNS },
    { "our own names for it",
      BODY("date,close,low,high,open\n2024-02-29,2,0.5,3,1\n"),
      READ("MSFT", "- - - -", "default @2") },
    { "a column that names somebody",
      BODY("ticker,date,open,high,low,close\nA,2024-02-29,1,3,0.5,2\n"),
      "invalid 1\nline 1: ticker: " OWNED },
};

static const struct reading_case owned_json[] = {
    { "rows that name nobody", BODY("[{\"date\":\"2024-02-29\"," PRICES "}]"),
      READ("7", "- - - -", "default") },
    { "rows that do", BODY("[" TWO "]"),
      "invalid 2\n/0/security_id: " OWNED "/1/ticker: " OWNED },
};

Test(bars_reader, all_formats_are_read_or_refused_at_their_place)
{
    EXPECT(bars_reading, MEDIA_JSON, json);
    EXPECT(bars_reading, MEDIA_NDJSON, ndjson);
    EXPECT(bars_reading, MEDIA_CSV, csv);
}

Test(bars_reader, a_request_may_say_whose_they_are)
{
    EXPECT(bars_of_msft_reading, MEDIA_CSV, vendor_csv);
    EXPECT(bars_of_7_reading, MEDIA_JSON, owned_json);
}

static const struct reading_case json_places[] = {
    { "an object", BODY("{\"prices\":[" TWO "]}"),
      "invalid 1\n/prices/1/ticker: odd\n" },
    { "an array", BODY("[" TWO "]"), "invalid 1\n/1/ticker: odd\n" },
};

static const struct reading_case csv_places[] = {
    { "a column",
      BODY("ticker,date,open,high,low,close\n\"A\n\",2024-02-29,1,3,0.5,2\n"
           "B,2024-02-29,1,3,0.5,2\n"),
      "invalid 1\nline 2: ticker: a ticker has a control character\n" },
    { "a line", BODY("ticker,date,open,high,low,close\nB,2024-02-29,1,3,1,2\n"),
      "invalid 1\nline 2: ticker: odd\n" },
};

static const struct reading_case owned_places[] = {
    { "a line", BODY(BARS_VENDOR_HEADER "\n2024-02-29,1,3,0.5,2,2,1\n"),
      "invalid 1\nline 2: odd\n" },
};

Test(bars_reader, the_writer_can_say_where_a_ticker_stood)
{
    EXPECT(ticker_place_reading, MEDIA_JSON, json_places);
    EXPECT(ticker_place_reading, MEDIA_CSV, csv_places);
    EXPECT(ticker_place_of_msft_reading, MEDIA_CSV, owned_places);
}

Test(bars_reader, a_ticker_is_128_bytes_at_most)
{
    char text[129];
    struct str longest = { text, 128 }, longer = { text, 129 };

    memset(text, 'A', sizeof text);
    cr_expect_null(ticker_fault(STR("BRK/B \xc3\xa9")));
    cr_expect_null(ticker_fault(longest));
    cr_expect_str_eq(ticker_fault(longer), "a ticker is longer than 128 bytes");
    cr_expect_str_eq(ticker_fault(STR("\xff")), "a ticker is not UTF-8");
}
