/* Positions from all three formats. */
#include "tests/codec/reading.h"

#include <criterion/criterion.h>

#define EXPECT(media, cases)                                                   \
    expect_readings(positions_reading, media, cases,                           \
                    sizeof(cases) / sizeof(cases)[0])

#define WITH(quantity)                                                         \
    "{\"security_id\":1,\"quantity\":" quantity ",\"date\":\"2024-02-01\"}"
#define DATE_FAULT                                                             \
    "must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to 9999-12-31\n"

static const struct reading_case json[] = {
    { "an object", BODY("{\"positions\":[" WITH("100") "]}"),
      "1 100 2024-02-01\n" },
    { "an array, digits kept",
      BODY("[" WITH("-0.10") "," WITH("9007199254740993") "," WITH("1e-7") "]"),
      "1 -0.10 2024-02-01\n1 9007199254740993 2024-02-01\n"
      "1 1e-7 2024-02-01\n" },
    { "an empty list", BODY("{\"positions\":[]}"), "" },
    { "an empty array", BODY("[]"), "" },
    { "no list", BODY("{}"), "invalid 1\n/positions: is missing\n" },
    { "facts", BODY("{\"facts\":[],\"positions\":[]}"),
      "invalid 1\n/facts: unknown member\n" },
    { "a source is for facts", BODY("{\"source\":\"s\",\"positions\":[]}"),
      "invalid 1\n/source: unknown member\n" },
    { "a quantity that is a string", BODY("[" WITH("\"1\"") "]"),
      "invalid 1\n/0/quantity: must be a number\n" },
    { "a quantity that is null", BODY("[" WITH("null") "]"),
      "invalid 1\n/0/quantity: must be a number\n" },
    { "nothing in it", BODY("{\"positions\":[" WITH("1") ",{}]}"),
      "invalid 3\n/positions/1/security_id: is missing\n"
      "/positions/1/quantity: is missing\n/positions/1/date: is missing\n" },
    { "id and date",
      BODY("[{\"security_id\":1.5,\"quantity\":1,\"date\":\"2023-02-29\"}]"),
      "invalid 2\n/0/security_id: must be an integer from 0 to "
      "9223372036854775807, in digits alone\n/0/date: " DATE_FAULT },
    { "a member twice", BODY("[{\"date\":1,\"date\":1}]"),
      "malformed: line 1, byte 17: duplicate member \"date\"\n" },
    { "nothing", BODY(""), "malformed: line 1, byte 1: the body is empty\n" },
};

static const struct reading_case ndjson[] = {
    { "lines", BODY(WITH("1.50") "\n\n" WITH("2")),
      "1 1.50 2024-02-01\n1 2 2024-02-01\n" },
    { "nothing", BODY(""), "" },
    { "a bad one", BODY(WITH("1") "\n" WITH("[]")),
      "invalid 1\nline 2: quantity: must be a number\n" },
};

static const struct reading_case csv[] = {
    { "columns in any order",
      BODY("date,security_id,quantity\r\n2024-02-01,1,-12.50\r\n"),
      "1 -12.50 2024-02-01\n" },
    { "quotes do not matter",
      BODY("date,security_id,quantity\n\"2024-02-01\",\"1\",\"1e3\"\n"),
      "1 1e3 2024-02-01\n" },
    { "a security that is to be made",
      BODY("security_id,quantity,date\nnew:a,1,2024-02-01\n"),
      "invalid 1\nline 2: security_id: must be an integer from 0 to "
      "9223372036854775807, in digits alone\n" },
    { "a header alone", BODY("security_id,quantity,date\n"), "" },
    { "nothing", BODY(""), "invalid 1\nline 1: the header is missing\n" },
    { "no number",
      BODY("security_id,quantity,date\n1,,2024-02-01\n"
           "1,01,2024-02-01\n1,1 ,2024-02-01\n"),
      "invalid 3\nline 2: quantity: must be a number\n"
      "line 3: quantity: must be a number\n"
      "line 4: quantity: must be a number\n" },
    { "a column missing", BODY("security_id,quantity\n1,1\n"),
      "invalid 1\nline 1: date: the column is missing\n" },
};

Test(positions_reader, all_formats_are_read_or_refused_at_their_place)
{
    EXPECT(MEDIA_JSON, json);
    EXPECT(MEDIA_NDJSON, ndjson);
    EXPECT(MEDIA_CSV, csv);
}
