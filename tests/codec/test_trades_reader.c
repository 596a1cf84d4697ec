/* Trades in the shape in which they are answered, read back. */
#include <criterion/criterion.h>

#include "tests/codec/trades_reading.h"

#define KEY "\"transaction_id\":\"t\",\"transaction_date\":\"2024-02-29\""
#define TRADE(rest) "{" KEY rest "}"
#define ONE(rest) BODY("[" TRADE(rest) "]")
#define READ(rest) "t 2024-02-29" rest "\n"
/* And whose filer; nothing is known of the second's. */
#define FILED(rest, filer) "t 2024-02-29" rest "\n  " filer "}\n"
#define FILED_BY(rest, filer)                                                  \
    "t 2024-02-29" rest "\n  " filer " {\"name\":null," NOBODY
#define NOBODY                                                                 \
    "\"chamber\":null,\"party\":null,\"state\":null,\"district\":null,"        \
    "\"status\":null,\"committees\":{},\"leadership_positions\":[],"           \
    "\"website\":null}\n"

#define DATE_FAULT                                                             \
    "must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to "             \
    "9999-12-31\n"
#define ID_FAULT "must be a text of 1 to 255 bytes, or a number\n"
#define FIELD_FAULT "must be a text, a number or null\n"
#define COUNT_FAULT "must be an integer from 0 to 4294967295\n"
#define UPDATED_FAULT                                                          \
    "must be seconds since 1970 of a day from 0001-01-01 to 9999-12-31\n"

#define L16 "0123456789abcdef"
#define L128 L16 L16 L16 L16 L16 L16 L16 L16
#define L255 L128 L16 L16 L16 L16 L16 L16 L16 "0123456789abcde"

#define COUNTS(amendment, updated)                                             \
    TRADE(",\"amendment_number\":" amendment ",\"updated\":" updated)
#define VERSIONS                                                               \
    COUNTS("0", "0")                                                           \
    "," COUNTS("1", "0") "," COUNTS("0", "1") "," TRADE(                       \
        ",\"amount\":\"\"") "," COUNTS("\"1\"", "null")
#define NEXT_COUNTS(amendment, updated) "," COUNTS(amendment, updated)
#define NO_COUNTS                                                              \
    COUNTS("-1", "1.5")                                                        \
    NEXT_COUNTS("4294967296", "253402300800")                                  \
    NEXT_COUNTS("true", "-62135596801")                                        \
    NEXT_COUNTS("\"\"", "\"12x\"")                                             \
    NEXT_COUNTS("\"+1\"", "99999999999999999999")

static const struct reading_case json[] = {
    { "an object", BODY("{\"trades\":[" TRADE("") "," TRADE("") "]}"),
      READ("") "= " READ("") },
    { "a list", ONE(""), READ("") },
    { "as it is answered",
      BODY("[{\"transaction_id\":\"b77\",\"id\":\"675\",\"report_id\":"
           "\"20026376\",\"amendment_number\":0,\"updated\":1734012113,"
           "\"member_id\":\"F000450\",\"member_name\":\"Virginia Foxx\","
           "\"chamber\":\"House\",\"party\":\"R\",\"state\":\"NC\","
           "\"district\":\"5\",\"committees\":[\"Committee on Rules\"],"
           "\"transaction_date\":\"2024-11-14\",\"notification_date\":"
           "\"2024-12-11\",\"report_date\":\"2024-12-11\","
           "\"days_to_disclose\":27,\"late\":false,\"transaction_type\":"
           "\"purchase\",\"transaction_type_text\":\"P\",\"ownership\":\"JT\","
           "\"amount\":\"$1,001 - $15,000\",\"amount_low\":1001,"
           "\"amount_high\":15000,\"amount_kind\":\"range\",\"ticker\":"
           "\"ARLP\",\"security_name\":\"Alliance\",\"security_type\":"
           "\"STOCK\",\"security_id\":9,\"security\":{\"security_id\":9},"
           "\"close\":25.430,\"description\":\"\",\"disclosure_url\":"
           "\"https://..\",\"filer_info\":{}}]"),
      "b77 2024-11-14 notified 2024-12-11 reported 2024-12-11 updated "
      "1734012113 id=\"675\" report_id=\"20026376\" member_id=\"F000450\" "
      "member_name=\"Virginia Foxx\" chamber=\"House\" party=\"R\" "
      "state=\"NC\" district=\"5\" transaction_type_text=\"P\" "
      "ownership=\"JT\" amount=\"$1,001 - $15,000\" ticker=\"ARLP\" "
      "security_name=\"Alliance\" security_type=\"STOCK\" description=\"\" "
      "disclosure_url=\"https://..\" committees=[\"Committee on Rules\"] "
      "filer_info={}\n"
      "  F000450 2024-12-12 1734012113 {\"name\":\"Virginia Foxx\",\"chamber\":"
      "\"House\",\"party\":\"R\",\"state\":\"NC\",\"district\":\"5\","
      "\"status\":null,\"committees\":{\"Committee on Rules\":[]},"
      "\"leadership_positions\":[],\"website\":null}\n" },
    { "every member is null",
      ONE(",\"id\":null,\"amendment_number\":null,\"updated\":null,"
          "\"report_date\":null,\"notification_date\":\"\",\"committees\":"
          "null,\"filer_info\":null,\"amount\":null"),
      READ("") },
    { "texts", ONE(",\"ticker\":\"K\\u0049MpL\",\"amount\":\"a\\n\\u2013\\/\""),
      READ(" amount=\"a\\n\xe2\x80\x93/\" ticker=\"KIMpL\"") },
    { "numbers are texts of ids alone",
      ONE(",\"id\":7,\"report_id\":1.50,\"member_id\":3,\"district\":5.0,"
          "\"amount\":721.63"),
      FILED(" id=\"7\" report_id=\"1.50\" member_id=\"3\" district=5.0 "
            "amount=721.63",
            "3 2024-02-29 1709164800 {\"name\":null,\"chamber\":null,"
            "\"party\":null,\"state\":null,\"district\":5.0,\"status\":null,"
            "\"committees\":{},\"leadership_positions\":[],\"website\":"
            "null") },
    { "counts as texts",
      ONE(",\"amendment_number\":\"4294967295\","
          "\"updated\":\"-62135596800\""),
      READ(" amendment 4294967295 updated -62135596800") },
    { "the last second", ONE(",\"updated\":253402300799"),
      READ(" updated 253402300799") },
    { "an id is what makes a filer",
      ONE(",\"member_name\":\"A\",\"member_id\":"
          "\"\""),
      READ(" member_id=\"\" member_name=\"A\"") },
    { "a filer of the row's time",
      ONE(",\"member_id\":\"\\u0022\",\"updated\":86399,\"report_date\":"
          "\"2024-03-01\""),
      FILED_BY(" reported 2024-03-01 updated 86399 member_id=\"\\\"\"",
               "\" 1970-01-01 86399") },
    { "a filer before 1970", ONE(",\"member_id\":\"M\",\"updated\":-1"),
      FILED_BY(" updated -1 member_id=\"M\"", "M 1969-12-31 -1") },
    { "a filer of its own time",
      ONE(",\"member_id\":\"M\",\"updated\":1,\"filer_info\":{\"updated\":"
          "\"86400\"}"),
      FILED_BY(" updated 1 member_id=\"M\" filer_info={\"updated\":\"86400\"}",
               "M 1970-01-02 86400") },
    { "a filer of the report's day",
      ONE(",\"member_id\":\"M\",\"report_date\":\"1970-01-03\""),
      FILED_BY(" reported 1970-01-03 member_id=\"M\"", "M 1970-01-03 172800") },
    { "a filer in the words of filer_info",
      ONE(",\"member_id\":\"M\",\"party\":\"D\",\"state\":\"NC\",\"committees\""
          ":[\"A\"],\"filer_info\":{\"member_name\":\"N\",\"party\":\"R\","
          "\"district\":7,\"chamber\":null,\"status\":\"Member\","
          "\"committees\":{\"B\":[\"b\"]},\"leadership_positions\":[\"Whip\"],"
          "\"website\":\"w\",\"headshot\":\"h\"}"),
      FILED(" member_id=\"M\" party=\"D\" state=\"NC\" committees=[\"A\"] "
            "filer_info={\"member_name\":\"N\",\"party\":\"R\",\"district\":"
            "7,\"chamber\":null,\"status\":\"Member\",\"committees\":{\"B\":"
            "[\"b\"]},\"leadership_positions\":[\"Whip\"],\"website\":\"w\","
            "\"headshot\":\"h\"}",
            "M 2024-02-29 1709164800 {\"name\":\"N\",\"chamber\":null,"
            "\"party\":\"R\",\"state\":\"NC\",\"district\":7,\"status\":"
            "\"Member\",\"committees\":{\"B\":[\"b\"]},"
            "\"leadership_positions\":[\"Whip\"],\"website\":\"w\"") },
    { "committees that stand twice",
      ONE(",\"member_id\":\"M\",\"committees\":[\"A\",\"B\\n\",\"A\"]"),
      FILED(" member_id=\"M\" committees=[\"A\",\"B\\n\",\"A\"]",
            "M 2024-02-29 1709164800 {\"name\":null,\"chamber\":null,"
            "\"party\":null,\"state\":null,\"district\":null,\"status\":null,"
            "\"committees\":{\"A\":[],\"B\\n\":[]},\"leadership_positions\":"
            "[],\"website\":null") },
    { "the longest ids",
      BODY("[{\"transaction_id\":\"" L255 "\",\"transaction_date\":"
           "\"2024-02-29\",\"member_id\":\"" L255 "\"}]"),
      L255 " 2024-02-29 member_id=\"" L255 "\"\n  " L255
           " 2024-02-29 1709164800 {\"name\":null," NOBODY },
    { "too long ids",
      BODY("[{\"transaction_id\":\"" L255 "x\",\"transaction_date\":"
           "\"2024-02-29\"}," TRADE(",\"member_id\":\"" L255 "x\"") "]"),
      "invalid 2\n/0/transaction_id: " ID_FAULT
      "/1/member_id: must be of at most 255 bytes\n" },
    { "an id that is a number",
      BODY("[{\"transaction_id\":77.0,\"transaction_date\":\"2024-02-29\"}]"),
      "77.0 2024-02-29\n" },
    { "versions that differ", BODY("[" VERSIONS "]"),
      READ("") READ(" amendment 1") READ(" updated 1")
          READ(" amount=\"\"") "= " READ(" amendment 1") },
    { "another day is another version",
      BODY("[" TRADE("") ",{\"transaction_id\":\"t\",\"transaction_date\":"
                         "\"2024-03-01\"}]"),
      READ("") "t 2024-03-01\n" },

    { "nothing that it must have", BODY("{\"trades\":[{}]}"),
      "invalid 2\n/trades/0/transaction_id: is missing\n"
      "/trades/0/transaction_date: is missing\n" },
    { "null is none of these",
      BODY("[{\"transaction_id\":null,\"transaction_date\":null}]"),
      "invalid 2\n/0/transaction_id: " ID_FAULT
      "/0/transaction_date: " DATE_FAULT },
    { "nor is nothing",
      BODY("[{\"transaction_id\":\"\",\"transaction_date\":\"\"}]"),
      "invalid 2\n/0/transaction_id: " ID_FAULT
      "/0/transaction_date: " DATE_FAULT },
    { "days that are none",
      ONE(",\"report_date\":\"2023-02-29\",\"notification_date\":20230228"),
      "invalid 2\n/0/notification_date: " DATE_FAULT
      "/0/report_date: " DATE_FAULT },
    { "counts that are none", BODY("[" NO_COUNTS "]"),
      "invalid 10\n/0/amendment_number: " COUNT_FAULT
      "/0/updated: " UPDATED_FAULT "/1/amendment_number: " COUNT_FAULT
      "/1/updated: " UPDATED_FAULT "/2/amendment_number: " COUNT_FAULT
      "/2/updated: " UPDATED_FAULT "/3/amendment_number: " COUNT_FAULT
      "/3/updated: " UPDATED_FAULT "/4/amendment_number: " COUNT_FAULT
      "/4/updated: " UPDATED_FAULT },
    { "fields that are none",
      ONE(",\"id\":true,\"ticker\":[],\"committees\":{\"A\":[]},"
          "\"filer_info\":[]"),
      "invalid 4\n/0/id: " FIELD_FAULT "/0/ticker: " FIELD_FAULT
      "/0/committees: must be a list of at most 256 texts, or null\n"
      "/0/filer_info: must be an object, or null\n" },
    { "committees that are no names", ONE(",\"committees\":[\"A\",7]"),
      "invalid 1\n"
      "/0/committees: must be a list of at most 256 texts, or null\n" },
    { "a time of the filer that is none",
      ONE(",\"member_id\":\"M\",\"filer_info\":{\"updated\":\"now\"}"),
      "invalid 1\n/0/filer_info/updated: " UPDATED_FAULT },
    { "members that it does not know",
      BODY("{\"trades\":[" TRADE(",\"x/~\":1,\"Ticker\":2") "],\"source\":1}"),
      "invalid 3\n/source: unknown member\n/trades/0/x~1~0: unknown member\n"
      "/trades/0/Ticker: unknown member\n" },
    { "one good, one bad", BODY("[" TRADE("") ",7]"),
      "invalid 1\n/1: must be an object\n" },
    { "none at all", BODY("{\"trades\":[]}"),
      "invalid 1\n/trades: there are no trades\n" },
    { "an empty list", BODY("[]"), "invalid 1\n: there are no trades\n" },
    { "no list", BODY("{}"), "invalid 1\n/trades: is missing\n" },
    { "a list that is none", BODY("{\"trades\":{}}"),
      "invalid 1\n/trades: must be a list of trades\n" },
    { "no document", BODY("7"), "invalid 1\n: must be a list of trades\n" },
    { "U+0000", ONE(",\"amount\":\"\\u0000\""),
      "invalid 1\n: line 1, byte 72: a string holds U+0000\n" },
    { "a member twice", ONE(",\"id\":1,\"id\":2"),
      "malformed: line 1, byte 69: duplicate member \"id\"\n" },
    { "no JSON", BODY("[{"),
      "malformed: line 1, byte 2: the text ends too "
      "early\n" },
    { "no body", BODY(""), "malformed: the text is empty\n" },
};

static void
expect_case(enum media media, const struct reading_case *row)
{
    struct out got;

    out_init(&got, 1UL << 20);
    trades_reading(&got, media, row->body);
    cr_expect(str_equal(out_text(&got), str_of(row->reading)),
              "%s:\n%.*s\nwanted:\n%s", row->name, STR_ARG(out_text(&got)),
              row->reading);
    out_fini(&got);
}

Test(trades_reader, documents)
{
    for (size_t i = 0; i < sizeof json / sizeof json[0]; i++)
        expect_case(MEDIA_JSON, &json[i]);
}

#define BAD_LINES                                                              \
    TRADE("") "\n\n" TRADE(",\"x/~\":1") "\n7\n{\"transaction_id\":[]}\n"

static const struct reading_case lines[] = {
    { "lines, some of them blank",
      BODY(TRADE("") "\r\n\n \t\n" TRADE(",\"updated\":1")),
      READ("") READ(" updated 1") },
    { "places are lines", BODY(BAD_LINES),
      "invalid 4\nline 3: x/~: unknown member\nline 4: must be an object\n"
      "line 5: transaction_id: " ID_FAULT
      "line 5: transaction_date: is missing\n" },
    { "U+0000", BODY(TRADE("") "\n" TRADE(",\"id\":\"\\u0000\"")),
      "invalid 1\nline 2: line 2, byte 122: a string holds U+0000\n" },
    { "a value over two lines", BODY("{" KEY "\n}"),
      "malformed: line 1, byte 53: the text ends too early\n" },
    { "two values on a line", BODY(TRADE("") " " TRADE("")),
      "malformed: line 1, byte 56: parse error: trailing garbage\n" },
    { "garbage far down", BODY(TRADE("") "\n" TRADE("") "\n{]"),
      "malformed: line 3, byte 112: parse error: invalid object key (must be a "
      "string)\n" },
    { "none", BODY("\n\n"), "invalid 1\nline 1: there are no trades\n" },
    { "nothing", BODY(""), "invalid 1\nline 1: there are no trades\n" },
};

Test(trades_reader, lines)
{
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        expect_case(MEDIA_NDJSON, &lines[i]);
}
