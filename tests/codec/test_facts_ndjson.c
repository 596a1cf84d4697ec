/* Facts from NDJSON: one a line. */
#include "tests/codec/reading.h"

#include <criterion/criterion.h>

#define ONE "{\"security_id\":1,\"attribute\":\"a\",\"value\":1"
#define DAY ",\"effective_date\":\"2024-01-01\""
#define GOOD ONE DAY "}"
#define READ "1 a 1 2024-01-01 default assert"
#define UNEVEN "a value must end on the line where it begins"

static const struct reading_case cases[] = {
    { "one line", BODY(GOOD "\n"), READ " @1\n" },
    { "no line end", BODY(GOOD), READ " @1\n" },
    { "CRLF", BODY(GOOD "\r\n" GOOD "\r\n"), READ " @1\n" READ " @2\n" },
    { "blank lines count", BODY("\n \t\r\n" GOOD "\n\n\n " GOOD " \n\n"),
      READ " @3\n" READ " @6\n" },
    { "its own source", BODY(ONE DAY ",\"source\":\"s\"}\n"),
      "1 a 1 2024-01-01 s assert @1\n" },
    { "a newline in a string is written as an escape",
      BODY("{\"security_id\":1,\"attribute\":\"a\",\"value\":\"\\n\"" DAY
           "}\n" GOOD),
      "1 a \"\\n\" 2024-01-01 default assert @1\n" READ " @2\n" },
    { "new securities",
      BODY(GOOD "\n{\"security_id\":\"new:x\",\"attribute\":\"a\","
                "\"value\":1" DAY "}\n{\"security_id\":\"new:y\","
                "\"attribute\":\"a\",\"value\":1" DAY "}\n"),
      READ " @1\nnew:x a 1 2024-01-01 default assert @2\n"
           "new:y a 1 2024-01-01 default assert @3\n" },
    { "labels that are none",
      BODY(GOOD "\n{\"security_id\":\"new:\",\"attribute\":\"a\","
                "\"value\":1" DAY "}\n{\"security_id\":\"x\","
                "\"attribute\":\"a\",\"value\":1" DAY "}\n"),
      "invalid 2\nline 2: security_id: a label behind \"new:\" must be 1 to 64 "
      "of A-Z, a-z, 0-9, '.', '_' and '-'\n"
      "line 3: security_id: must be an integer from 0 to 9223372036854775807, "
      "in digits alone\n" },
    { "nothing", BODY(""), "invalid 1\nline 1: holds no fact\n" },
    { "blank lines alone", BODY("\n\n  \n"),
      "invalid 1\nline 1: holds no fact\n" },
    { "a number, an array, a string", BODY(GOOD "\n1\n[" GOOD "]\n\"x\""),
      "invalid 3\nline 2: must be an object\nline 3: must be an object\n"
      "line 4: must be an object\n" },
    { "a whole batch on a line", BODY("{\"facts\":[" GOOD "]}"),
      "invalid 5\nline 1: facts: unknown member\n"
      "line 1: security_id: is missing\nline 1: attribute: is missing\n"
      "line 1: effective_date: is missing\nline 1: value: is missing\n" },
    { "a bad date",
      BODY("\n" GOOD "\n{\"security_id\":1,\"attribute\":\"a\","
           "\"value\":1,\"effective_date\":\"24-01-01\"}\n"),
      "invalid 1\nline 3: effective_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n" },
    { "two on a line", BODY(GOOD "\n" GOOD "{}\n"),
      "malformed: line 2, byte 148: more than one value on a line\n" },
    { "two facts on a line", BODY(GOOD "\n" GOOD GOOD "\n"),
      "malformed: line 2, byte 148: more than one value on a line\n" },
    { "a fault on a later line", BODY(GOOD "\n" GOOD "\n\n" GOOD "\n{\"a"),
      "malformed: line 5, byte 227: the text ends inside a string\n" },
    { "a number behind", BODY(GOOD " 1\n"),
      "malformed: line 1, byte 75: more than one value on a line\n" },
    { "words behind", BODY(GOOD " x\n"),
      "malformed: line 1, byte 75: lexical error: invalid char in json "
      "text\n" },
    { "a fact over two lines", BODY(ONE "\n" DAY "}\n"),
      "malformed: line 1, byte 43: " UNEVEN "\n" },
    { "an array over two lines", BODY(GOOD "\n[\n]\n"),
      "malformed: line 2, byte 76: " UNEVEN "\n" },
    { "a literal over two lines", BODY("tr\nue"),
      "malformed: line 1, byte 2: lexical error: invalid string in json "
      "text\n" },
    { "a cut line", BODY(GOOD "\n" ONE),
      "malformed: line 2, byte 117: the body ends inside a value\n" },
    { "a cut string", BODY(GOOD "\n{\"a"),
      "malformed: line 2, byte 78: the text ends inside a string\n" },
    { "a byte order mark", BODY("\xef\xbb\xbf" GOOD),
      "malformed: line 1, byte 1: a byte order mark\n" },
    { "a member twice", BODY(GOOD "\n" ONE ",\"value\":1}"),
      "malformed: line 2, byte 124: duplicate member \"value\"\n" },
    { "commas between lines", BODY(GOOD ",\n" GOOD),
      "malformed: line 1, byte 74: parse error: unallowed token at this "
      "point in JSON text\n" },
};

Test(facts_ndjson, each_line_is_one_fact)
{
    expect_readings(facts_reading, MEDIA_NDJSON, cases,
                    sizeof cases / sizeof cases[0]);
}
