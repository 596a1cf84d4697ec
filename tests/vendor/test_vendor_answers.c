/* What answers mean: rows, nothing, later, never, or no answer at all. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "tests/codec/reading.h"
#include "tests/vendor/answers.h"
#include "tests/vendor/golden.h"

#define TICKERS "massive", "tickers"
#define PRICES "massive", "open-close"
#define SPLITS "massive", "splits"
#define BENZINGA "benzinga", "trades"
#define SENATE "senate-stock-watcher", "trades"

#define BEFORE "0.0 \"before\" - - - - - - -\n"
#define PAGE(rows, rest)                                                       \
    BODY("{\"results\":[" rows "],\"status\":\"OK\"" rest "}")
#define NEXT(url) ",\"next_url\":" url
#define ROW "{\"ticker\":\"A\"}"
#define ROW_READ "7.0 \"A\" - - - - - - -\n"
#define FIGI "BBG000BWQYZ5"

#define DAY "\"from\":\"2024-02-29\",\"symbol\":\"A\""
#define OHLC ",\"open\":1,\"high\":3,\"low\":0.5,\"close\":2"
#define ZEROS ",\"open\":0,\"high\":0.00,\"low\":0,\"close\":0,\"volume\":0"
#define AT(ticker, prices) "{\"T\":" ticker ",\"t\":1709208000000," prices "}"
#define GROUPED(bars) BODY("{\"results\":[" bars "]}")
#define TRADE "{\"transaction_id\":\"t\",\"transaction_date\":\"2024-02-29\""
#define NO_JSON "{\"results\":["
#define NO_JSON_REASON                                                         \
    "undecodable\n: line 1, byte 12: the text ends too early (sent as "        \
    "text/x)\n"

static const struct {
    const char *name;
    struct answer_case answer;
    const char *text;
} cases[] = {
    { "a page", { TICKERS, 200, PAGE(ROW, "") }, "rows 1\n" BEFORE ROW_READ },
    { "all fields",
      { TICKERS, 200,
        PAGE("{\"ticker\":\"A\",\"name\":\"A \\\"B\\\"\",\"active\":true,"
             "\"cik\":\"01\",\"composite_figi\":\"" FIGI
             "\",\"share_class_figi\":\"" FIGI "\",\"primary_exchange\":"
             "\"XNYS\",\"type\":\"CS\",\"market\":\"stocks\"}",
             "") },
      "rows 1\n" BEFORE "7.0 \"A\" \"A \\\"B\\\"\" true \"01\" \"" FIGI
      "\" \"" FIGI "\" \"XNYS\" \"CS\"\n" },
    { "fields that are not told",
      { TICKERS, 200,
        PAGE("{\"ticker\":\"A\",\"name\":\"\",\"active\":false,\"cik\":null}",
             "") },
      "rows 1\n" BEFORE "7.0 \"A\" - false - - - - -\n" },
    { "fields that are none",
      { TICKERS, 200,
        PAGE("{\"ticker\":7,\"name\":[],\"active\":1,\"composite_figi\":"
             "\"N/A\",\"share_class_figi\":\"bbg000bwqyz5\"},{},8",
             "") },
      "undecodable 3\n/results/0/ticker: must be a text of at most 65536 "
      "bytes, or null\n/results/0/name: must be a text of at most 65536 bytes, "
      "or null\n/results/0/active: must be true, false or null\n"
      "/results/0/composite_figi: must be 12 letters and digits, or null\n"
      "/results/0/share_class_figi: must be 12 letters and digits, or null\n"
      "/results/1/ticker: is missing\n/results/2: must be an object\n" BEFORE },
    { "FIGIs that are too short, and too long",
      { TICKERS, 200,
        PAGE("{\"ticker\":\"A\",\"composite_figi\":\"BBG000BWQYZ\","
             "\"share_class_figi\":\"BBG000BWQYZ55\"}",
             "") },
      "undecodable 1\n"
      "/results/0/composite_figi: must be 12 letters and digits, or null\n"
      "/results/0/share_class_figi: must be 12 letters and digits, or "
      "null\n" BEFORE },
    { "one bad row takes all of its page with it",
      { TICKERS, 200, PAGE(ROW ",{}", "") },
      "undecodable 2\n/results/1/ticker: is missing\n" BEFORE },
    { "an empty listing", { TICKERS, 200, PAGE("", "") }, "empty\n" BEFORE },
    { "an empty page of many",
      { TICKERS, 200, PAGE("", NEXT("\"https://x/?c=1\"")) },
      "rows next https://x/?c=1\n" BEFORE },
    { "a next page",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x:1/a?cursor=1&b=2\"")) },
      "rows 1 next https://x:1/a?cursor=1&b=2\n" BEFORE ROW_READ },
    { "a link with a key in it",
      { TICKERS, 200,
        PAGE(ROW, NEXT("\"https://x/a?apiKey=s&cursor=1&apiKey\"")) },
      "rows 1 next https://x/a?cursor=1\n" BEFORE ROW_READ },
    { "a link with what only begins as a key does",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x/a?apiKeys=s&b=apiKey=2\"")) },
      "rows 1 next https://x/a?apiKeys=s&b=apiKey=2\n" BEFORE ROW_READ },
    { "a link with nothing else in it",
      { TICKERS, 200, PAGE(ROW, NEXT("\"http://x/a?apiKey=s\"")) },
      "rows 1 next http://x/a\n" BEFORE ROW_READ },
    { "the last page",
      { TICKERS, 200, PAGE(ROW, NEXT("null")) },
      "rows 1\n" BEFORE ROW_READ },
    { "the last page, with an empty link",
      { TICKERS, 200, PAGE(ROW, NEXT("\"\"")) },
      "rows 1\n" BEFORE ROW_READ },
    { "a page that leads to itself",
      { TICKERS, 200, PAGE(ROW, NEXT("\"" ASKED "\"")) },
      "undecodable 1\n/next_url: leads to the page itself\n" BEFORE },
    { "a page that leads to itself with a key",
      { TICKERS, 200, PAGE(ROW, NEXT("\"" ASKED "?apiKey=s\"")) },
      "undecodable 1\n/next_url: leads to the page itself\n" BEFORE },
    { "a link without a server",
      { TICKERS, 200, PAGE(ROW, NEXT("\"/v3?cursor=1\"")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "a link of another kind",
      { TICKERS, 200, PAGE(ROW, NEXT("\"file:///etc/passwd\"")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "a link in capitals",
      { TICKERS, 200, PAGE(ROW, NEXT("\"HTTPS://X/a?apiKey=s\"")) },
      "rows 1 next HTTPS://X/a\n" BEFORE ROW_READ },
    { "a link whose server is for the caller to judge",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x@y:0/a\"")) },
      "rows 1 next https://x@y:0/a\n" BEFORE ROW_READ },
    { "a link with a backslash",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x\\\\@y/a\"")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "a link with a fragment",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x/a#b\"")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "a link with a line break",
      { TICKERS, 200, PAGE(ROW, NEXT("\"https://x/\\r\\nHost: y\"")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "a link that is none",
      { TICKERS, 200, PAGE(ROW, NEXT("7")) },
      "undecodable 1\n/next_url: must be an absolute URL\n" BEFORE },
    { "an error under 200",
      { TICKERS, 200, BODY("{\"status\":\"ERROR\",\"error\":\"x\"}") },
      "undecodable\n/status: must be OK\n" BEFORE },
    { "no list",
      { TICKERS, 200, BODY("{\"status\":\"OK\"}") },
      "undecodable\n/results: is missing\n" BEFORE },
    { "a list that is none",
      { TICKERS, 200, BODY("{\"results\":{}}") },
      "undecodable\n/results: must be a list\n" BEFORE },
    { "rows alone",
      { TICKERS, 200, BODY("[]") },
      "undecodable\n: must be an object\n" BEFORE },
    { "no JSON", { TICKERS, 200, BODY(NO_JSON) }, NO_JSON_REASON BEFORE },
    { "a page of HTML",
      { PRICES, 200, BODY("<!doctype html>") },
      "undecodable\n: line 1, byte 1: lexical error: invalid char in json "
      "text (sent as text/x)\n" },
    { "no bytes",
      { BENZINGA, 200, BODY("") },
      "undecodable\n: the text is empty (sent as text/x)\n" },

    { "splits",
      { SPLITS, 200,
        PAGE("{\"ticker\":\"A\",\"execution_date\":\"2024-02-29\","
             "\"split_from\":1,\"split_to\":4.50},{\"ticker\":\"b\","
             "\"execution_date\":\"2024-03-01\",\"split_from\":10,"
             "\"split_to\":1}",
             "") },
      "rows 2\n" BEFORE "7.0 A 2024-02-29 1:4.50\n7.1 b 2024-03-01 10:1\n" },
    { "splits that are none",
      { SPLITS, 200,
        PAGE("{\"ticker\":\"A\",\"execution_date\":\"2023-02-29\","
             "\"split_from\":0,\"split_to\":-1},{\"ticker\":\"\","
             "\"split_to\":\"1\"}",
             "") },
      "undecodable 2\n"
      "/results/0/execution_date: must be a date as YYYY-MM-DD\n"
      "/results/0/split_from: must not be zero\n"
      "/results/0/split_to: must not be negative\n"
      "/results/1/ticker: is missing\n"
      "/results/1/execution_date: must be a date as YYYY-MM-DD\n"
      "/results/1/split_from: is missing\n"
      "/results/1/split_to: must be a number\n" BEFORE },

    { "a bar",
      { PRICES, 200, BODY("{" DAY OHLC "}") },
      "rows 1\nA 2024-02-29 1 3 0.5 2 - - - - vendor\n" },
    { "a bar of zeros", { PRICES, 200, BODY("{" DAY ZEROS "}") }, "empty 1\n" },
    { "a bar with one zero",
      { PRICES, 200,
        BODY("{" DAY ",\"open\":1,\"high\":1,\"low\":0,\"close\":1}") },
      "rows 1\nA 2024-02-29 1 1 0 1 - - - - vendor\n" },
    { "no bar",
      { PRICES, 404, BODY("{\"status\":\"NOT_FOUND\"}") },
      "empty\n" },
    { "no bar, but zeros",
      { PRICES, 404, BODY("{\"status\":\"NOT_FOUND\"," DAY ZEROS "}") },
      "empty\n" },
    { "no bar under 200",
      { PRICES, 200, BODY("{\"status\":\"NOT_FOUND\"," DAY OHLC "}") },
      "empty\n" },
    { "an impossible bar",
      { PRICES, 200,
        BODY("{" DAY ",\"open\":1,\"high\":1,\"low\":2,\"close\":1}") },
      "undecodable 1\n/high: must not be below low\n" },
    { "an error under 200, of prices",
      { PRICES, 200, BODY("{\"status\":\"ERROR\"}") },
      "undecodable 1\n/status: must be OK or DELAYED: the vendor has no bars "
      "for this request\n" },
    { "a market's day, one bar of zeros",
      { PRICES, 200,
        GROUPED(AT("\"A\"", "\"o\":1,\"h\":3,\"l\":0.5,\"c\":2") "," AT(
            "\"B\"", "\"o\":0,\"h\":0,\"l\":0,\"c\":0")) },
      "rows 2\n/results\nA 2024-02-29 1 3 0.5 2 - - - - vendor\n" },
    { "a closed market", { PRICES, 200, GROUPED("") }, "empty\n" },
    { "a closed market without a list",
      { PRICES, 200, BODY("{\"resultsCount\":0,\"status\":\"OK\"}") },
      "empty\n" },
    { "a list of bars that is none",
      { PRICES, 200, BODY("{\"results\":7}") },
      "undecodable 1\n/results: must be an array\n" },

    { "trades",
      { BENZINGA, 200,
        BODY("{\"data\":[" TRADE ",\"updated\":9}," TRADE
             ",\"updated\":\"7\"}]}") },
      "rows 2 updated 9\nt 2024-02-29 updated 9\nt 2024-02-29 updated 7\n" },
    { "trades that do not say when",
      { BENZINGA, 200, BODY("[" TRADE "}]") },
      "rows 1\nt 2024-02-29\n" },
    { "past the end", { BENZINGA, 200, BODY("[]") }, "empty\n" },
    { "past the end, in an envelope",
      { BENZINGA, 200, BODY("{\"data\":[]}") },
      "empty\n" },
    { "past the end, under 404",
      { BENZINGA, 404,
        BODY("{\"ok\":false,\"errors\":[{\"code\":\"no_data_found\"}]}") },
      "empty\n" },
    { "an error under 200, of trades",
      { BENZINGA, 200, BODY("{\"error\":\"no_data_found\"}") },
      "undecodable\n/data: is missing\n" },
    { "a trade without an id",
      { BENZINGA, 200,
        BODY("[" TRADE "},{\"transaction_date\":\"2024-02-29\"}]") },
      "undecodable\n/1/transaction_id: is missing\n" },

    { "all of a file that has nothing",
      { SENATE, 200, BODY("[]") },
      "empty\n" },
    { "a file that is no list",
      { SENATE, 200, BODY("{}") },
      "undecodable\n: must be a list of trades\n" },
    { "rows of a file that are none",
      { SENATE, 200,
        BODY("[7,{\"transaction_date\":\"02/30/2024\"},{\"disclosure_date\":"
             "\"--\",\"transaction_date\":\"2024-02-29\"},"
             "{\"transaction_date\":\"1/2/2024\"}]") },
      "undecodable\n/0: must be an object\n/1/transaction_date: must be a date "
      "of the calendar as YYYY-MM-DD, 0001-01-01 to 9999-12-31\n"
      "/2/disclosure_date: must be a date of the calendar as YYYY-MM-DD, "
      "0001-01-01 to 9999-12-31\n/3/transaction_date: must be a date of the "
      "calendar as YYYY-MM-DD, 0001-01-01 to 9999-12-31\n" },
    { "no such file", { SENATE, 404, BODY("{}") }, "failed\n" },
};

Test(vendor_answers, mean_what_they_say)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out got;

        out_init(&got, 1UL << 20);
        answer_put(&got, &cases[i].answer);
        cr_expect(str_equal(out_text(&got), str_of(cases[i].text)),
                  "%s:\n%.*s\nwanted:\n%s", cases[i].name,
                  STR_ARG(out_text(&got)), cases[i].text);
        out_fini(&got);
    }
}

/* A list of so many numbers that its tree is over VENDOR_PAGE_BYTES_MAX. */
Test(vendor_answers, a_page_that_is_too_large_is_none)
{
    const size_t numbers = VENDOR_PAGE_BYTES_MAX / 64 + 1;
    struct out body, got;

    out_init(&body, SIZE_MAX);
    out_init(&got, 1UL << 20);
    out_str(&body, STR("[0"));
    for (size_t i = 1; i < numbers; i++)
        out_str(&body, STR(",0"));
    out_char(&body, ']');
    answer_put(&got, &(struct answer_case){ BENZINGA, 200, out_text(&body) });
    cr_expect(str_equal(out_text(&got),
                        STR("undecodable\n: the page is larger than one may be "
                            "(sent as text/x)\n")),
              "%.*s", STR_ARG(out_text(&got)));
    out_fini(&body);
    out_fini(&got);
}

/* Whatever the body says, but of 200 and 404. */
static const struct {
    int status;
    const char *verdict;
} statuses[] = {
    { 201, "failed\n" }, { 204, "failed\n" },  { 301, "failed\n" },
    { 400, "failed\n" }, { 401, "refused\n" }, { 403, "refused\n" },
    { 404, "failed\n" }, { 405, "failed\n" },  { 408, "failed\n" },
    { 410, "failed\n" }, { 429, "failed\n" },  { 500, "failed\n" },
    { 502, "failed\n" }, { 503, "failed\n" },  { 504, "failed\n" },
};

Test(vendor_answers, a_status_decides_where_it_is_not_200)
{
    static const struct str bodies[] = {
        BODY("{\"status\":\"OK\",\"results\":[]}"),
        BODY("<html>404: no such page</html>"),
        BODY(""),
    };

    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        for (size_t j = 0; j < sizeof bodies / sizeof bodies[0]; j++) {
            const struct answer_case answer = { PRICES, statuses[i].status,
                                                bodies[j] };
            struct out got;

            out_init(&got, 1UL << 20);
            answer_put(&got, &answer);
            cr_expect(str_equal(out_text(&got), str_of(statuses[i].verdict)),
                      "%d, body %zu: %.*s", statuses[i].status, j,
                      STR_ARG(out_text(&got)));
            out_fini(&got);
        }
}

/* Pages of two rows: what is about a row counts, what is beside them not. */
static const struct {
    const char *name;
    struct str one, other;
    bool is_same;
} prints[] = {
    { "the same, asked for again", PAGE(ROW "," ROW, ",\"request_id\":\"1\""),
      PAGE(ROW ", " ROW, ",\"request_id\":\"2\""), true },
    { "a row more", PAGE(ROW, ""), PAGE(ROW "," ROW, ""), false },
    { "another row", PAGE(ROW, ""), PAGE("{\"ticker\":\"B\"}", ""), false },
    { "a member that is not kept", PAGE(ROW, ""),
      PAGE("{\"ticker\":\"A\",\"locale\":\"us\"}", ""), false },
};

Test(vendor_answers, a_page_that_comes_twice_has_its_print)
{
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        const uint64_t one = answer_print(TICKERS, prints[i].one);
        const uint64_t other = answer_print(TICKERS, prints[i].other);

        cr_expect_neq(one, 0, "%s", prints[i].name);
        cr_expect_eq(one == other, prints[i].is_same, "%s", prints[i].name);
    }
}
