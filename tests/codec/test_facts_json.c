/* Facts from JSON: an object with a list, or a bare array. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "tests/codec/reading.h"

#define EXPECT(cases)                                                          \
    expect_readings(facts_reading, MEDIA_JSON, cases,                          \
                    sizeof(cases) / sizeof(cases)[0])

#define ONE "{\"security_id\":1,\"attribute\":\"a\",\"value\":"
#define DAY ",\"effective_date\":\"2024-01-01\""
#define GOOD ONE "1" DAY "}"
#define READ "1 a 1 2024-01-01 default assert\n"

static const struct reading_case shapes[] = {
    { "a bare array", BODY("[" GOOD "," GOOD "]"), READ READ },
    { "an object", BODY("{\"facts\":[" GOOD "]}"), "/facts\n" READ },
    { "white space", BODY(" \r\n\t[ " GOOD "\n]\n "), READ },
    { "a source before", BODY("{\"source\":\"s\",\"facts\":[" GOOD "]}"),
      "/facts\n1 a 1 2024-01-01 s assert\n" },
    { "a source behind", BODY("{\"facts\":[" GOOD "],\"source\":\"s\"}"),
      "/facts\n1 a 1 2024-01-01 s assert\n" },
    { "a fact's own source beats it",
      BODY("{\"facts\":[" ONE "1" DAY ",\"source\":\"own\"}," GOOD
           "],\"source\":\"s\"}"),
      "/facts\n1 a 1 2024-01-01 own assert\n1 a 1 2024-01-01 s assert\n" },
    { "members in any order",
      BODY("[{\"op\":\"assert\",\"value\":null,\"source\":\"s\","
           "\"effective_date\":\"0001-01-01\",\"attribute\":\"\\u00e9\","
           "\"security_id\":9223372036854775807}]"),
      "9223372036854775807 é null 0001-01-01 s assert\n" },
    { "retractions, with null and without a value",
      BODY("[{\"security_id\":0,\"attribute\":\"a\",\"op\":\"retract\"" DAY
           "}," ONE "null" DAY ",\"op\":\"retract\"}]"),
      "0 a null 2024-01-01 default retract\n"
      "1 a null 2024-01-01 default retract\n" },
    { "a retraction with a value",
      BODY("[" ONE "1" DAY ",\"op\":\"retract\"}]"),
      "invalid 1\n/0/value: a retraction has no value\n" },
    { "no facts", BODY("{}"), "invalid 1\n/facts: is missing\n" },
    { "only a source", BODY("{\"source\":\"s\"}"),
      "invalid 1\n/facts: is missing\n" },
    { "an empty list", BODY("{\"facts\":[]}"),
      "invalid 1\n/facts: holds no fact\n" },
    { "an empty array", BODY("[]"), "invalid 1\n: holds no fact\n" },
    { "facts null", BODY("{\"facts\":null}"),
      "invalid 1\n/facts: must be an array\n" },
    { "facts an object", BODY("{\"facts\":{\"a\":[{}]}}"),
      "invalid 1\n/facts: must be an array\n" },
    { "a string", BODY("\"facts\""),
      "invalid 1\n: must be an object or an array\n" },
    { "a number", BODY("12"), "invalid 1\n: must be an object or an array\n" },
    { "null", BODY("null"), "invalid 1\n: must be an object or an array\n" },
    { "elements that are no facts", BODY("[1,[{\"a\":[]}],\"x\"," GOOD "]"),
      "invalid 3\n/0: must be an object\n/1: must be an object\n"
      "/2: must be an object\n" },
    { "an unknown member on top", BODY("{\"a/b~c\":[1],\"facts\":[" GOOD "]}"),
      "invalid 1\n/a~1b~0c: unknown member\n" },
    { "an unknown member of a fact",
      BODY("{\"facts\":[" GOOD "," ONE "1" DAY ",\"colour\":{\"a\":1}}]}"),
      "invalid 1\n/facts/1/colour: unknown member\n" },
    { "unknown: the case of a letter", BODY("[" ONE "1" DAY ",\"Op\":1}]"),
      "invalid 1\n/0/Op: unknown member\n" },
    { "unknown: a name with U+0000",
      BODY("[" ONE "1" DAY ",\"op\\u0000x\":\"assert\"}]"),
      "invalid 1\n/0: op: unknown member\n" },
    { "a source of another type",
      BODY("{\"source\":null,\"facts\":[" GOOD "]}"),
      "invalid 1\n/source: must be a string\n" },
    { "a source that is an object",
      BODY("{\"source\":{\"facts\":[]},\"facts\":[" GOOD "]}"),
      "invalid 1\n/source: must be a string\n" },
    { "an empty source behind", BODY("{\"facts\":[" GOOD "],\"source\":\"\"}"),
      "invalid 1\n/source: a source's name is empty\n" },
    { "nothing in a fact", BODY("[{}]"),
      "invalid 4\n/0/security_id: is missing\n/0/attribute: is missing\n"
      "/0/effective_date: is missing\n/0/value: is missing\n" },
    { "a wrong type hides no other fault",
      BODY("[{\"security_id\":\"1\",\"attribute\":\"date\",\"value\":[1],"
           "\"effective_date\":\"2023-02-29\"}]"),
      "invalid 4\n/0/security_id: must be an integer from 0 to "
      "9223372036854775807, in digits alone\n"
      "/0/value: must be a string, a number, true, false or null\n"
      "/0/effective_date: must be a date of the calendar as YYYY-MM-DD, "
      "0001-01-01 to 9999-12-31\n/0/attribute: this attribute name is "
      "reserved\n" },
    { "no value", BODY("[{\"security_id\":1,\"attribute\":\"a\"" DAY "}]"),
      "invalid 1\n/0/value: is missing\n" },
    { "all that is wrong with one",
      BODY("{\"facts\":[{\"security_id\":-1,\"attribute\":\"date\","
           "\"effective_date\":\"2023-02-29\",\"op\":\"x\",\"source\":\"\"}]}"),
      "invalid 5\n"
      "/facts/0/security_id: must be an integer from 0 to "
      "9223372036854775807, in digits alone\n"
      "/facts/0/effective_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n"
      "/facts/0/attribute: this attribute name is reserved\n"
      "/facts/0/source: a source's name is empty\n"
      "/facts/0/op: must be \"assert\" or \"retract\"\n" },
};

Test(facts_json, every_shape_is_read_or_refused_at_its_place)
{
    EXPECT(shapes);
}

static const struct reading_case malformed[] = {
    { "nothing", BODY(""), "malformed: line 1, byte 1: the body is empty\n" },
    { "blanks", BODY(" \n"),
      "malformed: line 2, byte 3: parse error: premature EOF\n" },
    { "a cut body", BODY("[" ONE),
      "malformed: line 1, byte 43: parse error: premature EOF\n" },
    { "a second document", BODY("[" GOOD "]\n[]"),
      "malformed: line 2, byte 77: parse error: trailing garbage\n" },
    { "an open string behind", BODY("[] \"a"),
      "malformed: line 1, byte 6: the text ends inside a string\n" },
    { "a trailing comma", BODY("[" GOOD ",]"),
      "malformed: line 1, byte 76: parse error: unallowed token at this "
      "point in JSON text\n" },
    { "a comment and nothing else", BODY("/**/"),
      "malformed: line 1, byte 1: lexical error: probable comment found in "
      "input text, comments are not enabled\n" },
    { "a comment", BODY("[/**/]"),
      "malformed: line 1, byte 1: lexical error: probable comment found in "
      "input text, comments are not enabled\n" },
    { "a number against a string", BODY("[{\"op\":\"assert\"2\"op\":1}]"),
      "malformed: line 1, byte 15: parse error: after key and value, inside "
      "map, I expect ',' or '}'\n" },
    { "a number where a comma should be", BODY("[{\"op\":1\n2}]"),
      "malformed: line 2, byte 9: parse error: after key and value, inside "
      "map, I expect ',' or '}'\n" },
    { "a byte order mark", BODY("\xef\xbb\xbf[]"),
      "malformed: line 1, byte 1: a byte order mark\n" },
    { "a member twice", BODY("[\n" ONE "1,\"\\u0076alue\":1}]"),
      "malformed: line 2, byte 57: duplicate member \"value\"\n" },
    { "an unknown member twice", BODY("[{\"z\":{\"z\":1},\"z\":2}]"),
      "malformed: line 1, byte 17: duplicate member \"z\"\n" },
    { "twice inside what is passed over",
      BODY("{\"z\":{\"a\":[{\"b\":1},{\"b\":{}}],\"b\":{\"a\":1,\"a\":2}}}"),
      "malformed: line 1, byte 43: duplicate member \"a\"\n" },
    { "the same name in two objects there is none",
      BODY("{\"facts\":[],\"z\":{\"a\":[{\"a\":1},{\"a\":1}],\"b\":1}}"),
      "invalid 2\n/facts: holds no fact\n/z: unknown member\n" },
    { "facts twice", BODY("{\"facts\":[],\"facts\":[]}"),
      "malformed: line 1, byte 19: duplicate member \"facts\"\n" },
    { "source twice", BODY("{\"source\":1,\"source\":1}"),
      "malformed: line 1, byte 20: duplicate member \"source\"\n" },
    { "unknown twice on top", BODY("{\"y\":1,\"z\":1,\"z\":1}"),
      "malformed: line 1, byte 16: duplicate member \"z\"\n" },
    { "the same name in two facts is none", BODY("[{\"z\":1},{\"z\":1}]"),
      "invalid 10\n/0/z: unknown member\n/0/security_id: is missing\n"
      "/0/attribute: is missing\n/0/effective_date: is missing\n"
      "/0/value: is missing\n"
      "/1/z: unknown member\n/1/security_id: is missing\n"
      "/1/attribute: is missing\n/1/effective_date: is missing\n"
      "/1/value: is missing\n" },
    { "yajl's fault before the gate's", BODY("[+\"\\ud800\"]"),
      "malformed: line 1, byte 2: lexical error: invalid char in json text\n" },
    { "a lone surrogate", BODY("[" ONE "\"\\ud800\"" DAY "}]"),
      "malformed: line 1, byte 50: a lone surrogate\n" },
    { "not UTF-8", BODY("[\n\n\"\xc3(\"]"),
      "malformed: line 3, byte 6: not UTF-8\n" },
};

Test(facts_json, what_is_no_json_names_line_and_byte)
{
    EXPECT(malformed);
}

#define ID_FAULT                                                               \
    "must be an integer from 0 to 9223372036854775807, in digits alone"
#define ID(token)                                                              \
    BODY("[{\"attribute\":\"a\",\"value\":1,\"security_id\":" token DAY "}]")
#define NO_ID "invalid 1\n/0/security_id: " ID_FAULT "\n"

static const struct reading_case ids[] = {
    { "0", ID("0"), "0 a 1 2024-01-01 default assert\n" },
    { "2^53 + 1", ID("9007199254740993"),
      "9007199254740993 a 1 2024-01-01 default assert\n" },
    { "2^63 - 1", ID("9223372036854775807"),
      "9223372036854775807 a 1 2024-01-01 default assert\n" },
    { "2^63", ID("9223372036854775808"), NO_ID },
    { "2^64", ID("18446744073709551616"), NO_ID },
    { "19 nines", ID("9999999999999999999"), NO_ID },
    { "-1", ID("-1"), NO_ID },
    { "-0", ID("-0"), NO_ID },
    { "1.0", ID("1.0"), NO_ID },
    { "1e3", ID("1e3"), NO_ID },
    { "\"1\"", ID("\"1\""), NO_ID },
    { "null", ID("null"), NO_ID },
    { "true", ID("true"), NO_ID },
    { "[]", ID("[]"), NO_ID },
};

Test(facts_json, a_security_id_is_digits_alone)
{
    EXPECT(ids);
}

#define LABEL64                                                                \
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._"
#define NO_LABEL                                                               \
    "invalid 1\n/0/security_id: a label behind \"new:\" must be 1 to 64 of "   \
    "A-Z, a-z, 0-9, '.', '_' and '-'\n"
#define NEW(label) "new:" label " a 1 2024-01-01 default assert\n"

static const struct reading_case labels[] = {
    { "a letter", ID("\"new:a\""), NEW("a") },
    { "escapes, however written", ID("\"n\\u0065w:\\u0061\""), NEW("a") },
    { "a digit", ID("\"new:1\""), NEW("1") },
    { "marks", ID("\"new:-._\""), NEW("-._") },
    { "64 of them", ID("\"new:" LABEL64 "\""), NEW(LABEL64) },
    { "65 of them", ID("\"new:" LABEL64 "-\""), NO_LABEL },
    { "none", ID("\"new:\""), NO_LABEL },
    { "a space", ID("\"new: a\""), NO_LABEL },
    { "a colon", ID("\"new:a:b\""), NO_LABEL },
    { "no ASCII", ID("\"new:\xc3\xa9\""), NO_LABEL },
    { "U+0000", ID("\"new:a\\u0000\""),
      "invalid 1\n/0/security_id: holds U+0000\n" },
    { "another word", ID("\"New:a\""), NO_ID },
    { "no colon", ID("\"new\""), NO_ID },
    { "an empty string", ID("\"\""), NO_ID },
    { "a label in two cases and two facts",
      BODY("[{\"attribute\":\"a\",\"value\":1,\"security_id\":\"new:x\"" DAY
           "},{\"attribute\":\"a\",\"value\":1,\"security_id\":\"new:X\"" DAY
           "},{\"security_id\":\"new:x\",\"attribute\":\"a\",\"op\":"
           "\"retract\"" DAY "}]"),
      NEW("x") NEW("X") "new:x a null 2024-01-01 default retract\n" },
};

Test(facts_json, a_new_security_has_a_label)
{
    EXPECT(labels);
}

#define VALUE(token) BODY("[" ONE token DAY "}]")
#define AS(text) "1 a " text " 2024-01-01 default assert\n"

static const struct reading_case values[] = {
    { "2^53 + 1", VALUE("9007199254740993"), AS("9007199254740993") },
    { "trailing zeros", VALUE("549000.10"), AS("549000.10") },
    { "many digits", VALUE("12345678901234567890.123456789"),
      AS("12345678901234567890.123456789") },
    { "an exponent", VALUE("1e-7"), AS("1e-7") },
    { "an exponent's letter", VALUE("-0.0E+00"), AS("-0.0E+00") },
    { "true", VALUE("true"), AS("true") },
    { "false", VALUE("false"), AS("false") },
    { "null", VALUE("null"), AS("null") },
    { "empty", VALUE("\"\""), AS("\"\"") },
    { "escapes, however written",
      VALUE("\"ab\\u0001\\u0022\\\"é\\u00e9中\\ud83d\\ude00😀\\/\\u002f\""),
      AS("\"ab\\u0001\\\"\\\"éé中😀😀//\"") },
    { "controls, canonical", VALUE("\"\\b\\u0009\\n\\u000C\\r\\u001F\\u007f\""),
      AS("\"\\b\\t\\n\\f\\r\\u001f\x7f\"") },
    { "U+0000", VALUE("\"a\\u0000b\""), "invalid 1\n/0/value: holds U+0000\n" },
    { "an array", VALUE("[\"a\",{\"b\":[]}]"),
      "invalid 1\n/0/value: must be a string, a number, true, false or "
      "null\n" },
    { "an object", VALUE("{\"a\":1}"),
      "invalid 1\n/0/value: must be a string, a number, true, false or "
      "null\n" },
};

Test(facts_json, values_keep_digits_and_characters)
{
    EXPECT(values);
}

/* A row that is not the first may be read at a glance, if it is plain. */
#define BEHIND(row) BODY("[" GOOD "," row "," GOOD "]")
#define BEHIND_IN_LIST(row) BODY("{\"facts\":[" GOOD "," row "," GOOD "]}")
#define BETWEEN(row) READ row READ

static const struct reading_case behind[] = {
    { "plain", BEHIND(ONE "2.5" DAY "}"),
      BETWEEN("1 a 2.5 2024-01-01 default assert\n") },
    { "plain, in an object", BEHIND_IN_LIST(ONE "2.5" DAY "}"),
      "/facts\n" BETWEEN("1 a 2.5 2024-01-01 default assert\n") },
    { "blanks and lines",
      BODY("[" GOOD " \r\n,\n\t{ \"security_id\" : 1 , \"attribute\" : \"a\" "
           ", \"value\" : null" DAY " } , " GOOD "\n]"),
      BETWEEN("1 a null 2024-01-01 default assert\n") },
    { "other members",
      BEHIND("{\"op\":\"assert\",\"source\":\"s\",\"value\":true,"
             "\"attribute\":\"b\",\"security_id\":2" DAY "}"),
      BETWEEN("2 b true 2024-01-01 s assert\n") },
    { "a retraction",
      BEHIND("{\"security_id\":3,\"attribute\":\"a\"" DAY
             ",\"op\":\"retract\"}"),
      BETWEEN("3 a null 2024-01-01 default retract\n") },
    { "two bytes a character", BEHIND(ONE "\"caf\xc3\xa9 au lait\"" DAY "}"),
      BETWEEN("1 a \"café au lait\" 2024-01-01 default assert\n") },
    { "an escape", BEHIND(ONE "\"caf\\u00e9\"" DAY "}"),
      BETWEEN("1 a \"café\" 2024-01-01 default assert\n") },
    { "an escape in a name",
      BEHIND("{\"security_id\":1,\"\\u0061ttribute\":"
             "\"a\",\"value\":false" DAY "}"),
      BETWEEN("1 a false 2024-01-01 default assert\n") },
    { "a bad date", BEHIND(ONE "1,\"effective_date\":\"2023-02-29\"}"),
      "invalid 1\n/1/effective_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n" },
    { "a reserved name",
      BEHIND_IN_LIST("{\"security_id\":1,\"attribute\":"
                     "\"date\",\"value\":1" DAY "}"),
      "invalid 1\n/facts/1/attribute: this attribute name is reserved\n" },
    { "no id", BEHIND("{\"attribute\":\"a\",\"value\":1" DAY "}"),
      "invalid 1\n/1/security_id: is missing\n" },
    { "an unknown member", BEHIND(ONE "1" DAY ",\"x\":1}"),
      "invalid 1\n/1/x: unknown member\n" },
    { "no member", BEHIND("{}"),
      "invalid 4\n/1/security_id: is missing\n/1/attribute: is missing\n"
      "/1/effective_date: is missing\n/1/value: is missing\n" },
    { "a number", BEHIND("7"), "invalid 1\n/1: must be an object\n" },
    { "an array of rows", BEHIND("[" GOOD "," GOOD "]"),
      "invalid 1\n/1: must be an object\n" },
    { "a member twice", BEHIND(ONE "1" DAY ",\"value\":1}"),
      "malformed: line 1, byte 155: duplicate member \"value\"\n" },
    { "no comma", BODY("[" GOOD GOOD "]"),
      "malformed: line 1, byte 75: parse error: after array element, I "
      "expect ',' or ']'\n" },
    { "two commas", BODY("[" GOOD ",," GOOD "]"),
      "malformed: line 1, byte 76: parse error: unallowed token at this "
      "point in JSON text\n" },
    { "a comma behind a member", BEHIND(ONE "1" DAY ",}"),
      "malformed: line 1, byte 149: parse error: invalid object key (must "
      "be a string)\n" },
    { "a leading zero", BEHIND(ONE "01" DAY "}"),
      "malformed: line 1, byte 117: parse error: after key and value, inside "
      "map, I expect ',' or '}'\n" },
    { "a word", BEHIND(ONE "nil" DAY "}"),
      "malformed: line 1, byte 117: lexical error: invalid string in json "
      "text\n" },
    { "a control character", BEHIND(ONE "\"\n\"" DAY "}"),
      "malformed: line 1, byte 118: a control character in a string must be "
      "escaped\n" },
    { "not UTF-8", BEHIND(ONE "\"\xc3(\"" DAY "}"),
      "malformed: line 1, byte 119: not UTF-8\n" },
    { "a fault on a later line", BODY("[" GOOD ",\n" GOOD "\n,\n" GOOD "x]"),
      "malformed: line 4, byte 226: lexical error: invalid char in json "
      "text\n" },
    { "a form feed on a later line", BODY("[" GOOD ",\n" GOOD "\n\f]"),
      "malformed: line 3, byte 151: a form feed is no white space\n" },
    { "digits at the end", BODY("[" GOOD "," GOOD "7"),
      "malformed: line 1, byte 149: parse error: after array element, I expect "
      "',' or ']'\n" },
    { "a row inside a row", BODY("[" GOOD ",{\"z\":{}," GOOD "}]"),
      "malformed: line 1, byte 84: parse error: invalid object key (must be a "
      "string)\n" },
    { "a row beside the list", BODY("{\"z\":{}," GOOD "}"),
      "malformed: line 1, byte 9: parse error: invalid object key (must be a "
      "string)\n" },
    { "a form feed", BODY("[" GOOD ",\f" GOOD "]"),
      "malformed: line 1, byte 76: a form feed is no white space\n" },
};

Test(facts_json, a_row_behind_another_is_read_alike)
{
    EXPECT(behind);
}

/* What every other case here comes to behind a row must not depend on whether
 * it is read at a glance: byte by byte none is. */
static void
expect_alike_behind(const struct reading_case *cases, size_t count)
{
    struct out body, whole, bytes;

    out_init(&body, 1UL << 24);
    out_init(&whole, 1UL << 24);
    out_init(&bytes, 1UL << 24);
    for (size_t i = 0; i < count; i++) {
        struct str from = cases[i].body;

        if (from.len < 2 || from.data[0] != '[')
            continue;
        out_reset(&body);
        out_reset(&whole);
        out_reset(&bytes);
        out_str(&body, STR("[" GOOD ","));
        out_bytes(&body, from.data + 1, from.len - 1);
        facts_reading(&whole, MEDIA_JSON, out_text(&body), CUT_NONE);
        facts_reading(&bytes, MEDIA_JSON, out_text(&body), CUT_BYTES);
        cr_expect(str_equal(out_text(&whole), out_text(&bytes)),
                  "%s:\n%.*s\nbytes:\n%.*s", cases[i].name,
                  STR_ARG(out_text(&whole)), STR_ARG(out_text(&bytes)));
    }
    out_fini(&body);
    out_fini(&whole);
    out_fini(&bytes);
}

Test(facts_json, a_glance_changes_no_answer)
{
    expect_alike_behind(shapes, sizeof shapes / sizeof shapes[0]);
    expect_alike_behind(malformed, sizeof malformed / sizeof malformed[0]);
    expect_alike_behind(ids, sizeof ids / sizeof ids[0]);
    expect_alike_behind(values, sizeof values / sizeof values[0]);
}

/* The body of one fact whose value is text count times between quotes. */
static struct str
long_value(struct out *body, const char *quote, const char *text, size_t count)
{
    out_reset(body);
    out_print(body, "[" ONE "%s", quote);
    for (size_t i = 0; i < count; i++)
        out_str(body, str_of(text));
    out_print(body, "%s" DAY "}]", quote);
    return out_text(body);
}

static const struct {
    const char *name, *quote, *text;
    size_t count;
    bool fits;
} lengths[] = {
    { "64 KiB", "\"", "v", VALUE_BYTES_MAX, true },
    { "64 KiB and 1", "\"", "v", VALUE_BYTES_MAX + 1, false },
    { "two-byte characters", "\"", "é", VALUE_BYTES_MAX / 2, true },
    { "one more", "\"", "é", VALUE_BYTES_MAX / 2 + 1, false },
    { "unescaped it fits", "\"", "\\u00e9", VALUE_BYTES_MAX / 2, true },
    { "controls grow sixfold", "\"", "\\u0001", VALUE_BYTES_MAX, true },
    { "digits", "", "1", VALUE_BYTES_MAX, true },
    { "a digit more", "", "1", VALUE_BYTES_MAX + 1, false },
};

Test(facts_json, a_value_is_bounded_unescaped)
{
    struct out body, got;

    out_init(&body, 1UL << 24);
    out_init(&got, 1UL << 24);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct str text = long_value(&body, lengths[i].quote, lengths[i].text,
                                     lengths[i].count);
        bool fits;

        for (cut how = 0; how < 4; how += 2) {
            out_reset(&got);
            facts_reading(&got, MEDIA_JSON, text, how);
            out_char(&got, '\0');
            fits = strncmp(got.data, "1 a ", 4) == 0;
            cr_expect_eq(fits, lengths[i].fits, "%s, cut %u: %.60s",
                         lengths[i].name, how, got.data);
            if (!lengths[i].fits)
                cr_expect_str_eq(got.data,
                                 "invalid 1\n/0/value: is longer than 65536 "
                                 "bytes\n",
                                 "%s", lengths[i].name);
        }
    }
    out_fini(&body);
    out_fini(&got);
}

/* Reading it again from its start with each piece would take minutes. */
Test(facts_json, a_large_string_in_small_pieces_is_read_once, .timeout = 30)
{
    struct out body, got;

    out_init(&body, 1UL << 24);
    out_init(&got, 1UL << 24);
    (void)long_value(&body, "\"", "vwxyz", 500000);
    facts_reading(&got, MEDIA_JSON, out_text(&body), CUT_BYTES);
    cr_expect(str_equal(out_text(&got), STR("invalid 1\n/0/value: is longer "
                                            "than 65536 bytes\n")),
              "%.*s", STR_ARG(out_text(&got)));
    out_fini(&body);
    out_fini(&got);
}

Test(facts_json, all_complaints_are_counted_and_the_first_are_listed)
{
    struct out body, got;
    const char *last;
    size_t lines = 0;

    out_init(&body, 1UL << 24);
    out_init(&got, 1UL << 24);
    out_print(&body, "[1");
    for (size_t i = 1; i < 1000; i++)
        out_print(&body, ",1");
    out_print(&body, "]");
    facts_reading(&got, MEDIA_JSON, out_text(&body), CUT_NONE);
    out_char(&got, '\0');
    for (const char *at = got.data; (at = strchr(at, '\n')) != NULL; at++)
        lines++;
    cr_expect_eq(strncmp(got.data, "invalid 1000\n", 13), 0, "%s", got.data);
    cr_expect_eq(lines, 1 + COMPLAINTS_LISTED_MAX, "%zu lines", lines);
    last = strstr(got.data, "/99: must be an object\n");
    cr_assert_not_null(last);
    cr_expect_str_eq(last, "/99: must be an object\n");
    out_fini(&body);
    out_fini(&got);
}
