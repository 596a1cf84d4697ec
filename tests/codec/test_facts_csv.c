/* Facts from CSV. */
#include "tests/codec/reading.h"

#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bounds.h"

#define HEAD "security_id,attribute,value,effective_date\n"
#define DAY ",2024-01-01"
#define GOOD "1,a,1" DAY "\n"
#define READ "1 a 1 2024-01-01 default assert"
#define EXPECT(cases)                                                          \
    expect_readings(facts_reading, MEDIA_CSV, cases,                           \
                    sizeof(cases) / sizeof(cases)[0])

static const struct reading_case shapes[] = {
    { "LF", BODY(HEAD GOOD), READ " @2\n" },
    { "no line end", BODY(HEAD "1,a,1" DAY), READ " @2\n" },
    { "CRLF",
      BODY("security_id,attribute,value,effective_date\r\n1,a,1" DAY
           "\r\n1,a,1" DAY "\r\n"),
      READ " @2\n" READ " @3\n" },
    { "columns in any order, all of them",
      BODY("op,value,source,effective_date,attribute,security_id\n"
           "assert,x,s,2024-01-01,a,1\n,,,2024-01-02,b,2\n"
           "retract,,\"t\",2024-01-03,c,3\n"),
      "1 a \"x\" 2024-01-01 s assert @2\n"
      "2 b null 2024-01-02 default assert @3\n"
      "3 c null 2024-01-03 t retract @4\n" },
    { "a quoted header",
      BODY("\"security_id\",attribute,\"value\","
           "effective_date\n" GOOD),
      READ " @2\n" },
    { "a byte order mark", BODY("\xef\xbb\xbf" HEAD GOOD), READ " @2\n" },
    { "a byte order mark before a quote",
      BODY("\xef\xbb\xbf\"security_id\",attribute,value,effective_date\n" GOOD),
      READ " @2\n" },
    { "a second byte order mark", BODY("\xef\xbb\xbf\xef\xbb\xbf" HEAD GOOD),
      "invalid 2\nline 1: \xef\xbb\xbfsecurity_id: unknown column\n"
      "line 1: security_id: the column is missing\n" },
    { "quotes matter to the value alone",
      BODY(HEAD "\"1\",\"a\",\"1\",\"2024-01-01\"\n"),
      "1 a \"1\" 2024-01-01 default assert @2\n" },
    { "lines inside quotes", BODY(HEAD "1,a,\"x\ny\r\n\rz\"" DAY "\n" GOOD),
      "1 a \"x\\ny\\r\\n\\rz\" 2024-01-01 default assert @2\n" READ " @5\n" },
    { "nothing", BODY(""), "invalid 1\nline 1: the header is missing\n" },
    { "a byte order mark alone", BODY("\xef\xbb\xbf"),
      "invalid 1\nline 1: the header is missing\n" },
    { "a header alone", BODY(HEAD), "invalid 1\nline 1: holds no fact\n" },
    { "a header without its end",
      BODY("security_id,attribute,value,"
           "effective_date"),
      "invalid 1\nline 1: holds no fact\n" },
    { "an unknown column",
      BODY("security_id,attribute,value,effective_date,x\n1,a,1" DAY ",1\n"),
      "invalid 1\nline 1: x: unknown column\n" },
    { "a column with U+0000",
      BODY("security_id,attribute,value,effective_date,op\0\n1,a,1" DAY ",1\n"),
      "invalid 1\nline 1: op: unknown column\n" },
    { "a column twice",
      BODY("security_id,attribute,value,effective_date,value\n1,a,1" DAY
           ",1\n"),
      "invalid 1\nline 1: value: duplicate column\n" },
    { "a column missing", BODY("security_id,attribute,op\n1,a,1\n"),
      "invalid 2\nline 1: value: the column is missing\n"
      "line 1: effective_date: the column is missing\n" },
    { "spaces belong to the name",
      BODY("security_id, attribute,value,effective_date\n" GOOD),
      "invalid 2\nline 1:  attribute: unknown column\n"
      "line 1: attribute: the column is missing\n" },
    { "a row too short", BODY(HEAD GOOD "1,a,1\n" GOOD),
      "invalid 1\nline 3: must have as many fields as the header\n" },
    { "a row too long", BODY(HEAD "1,a,1" DAY ",\n"),
      "invalid 1\nline 2: must have as many fields as the header\n" },
    { "an empty line is a row", BODY(HEAD GOOD "\n" GOOD "\n"),
      "invalid 2\nline 3: must have as many fields as the header\n"
      "line 5: must have as many fields as the header\n" },
    { "a bad date behind a field of lines",
      BODY(HEAD "1,a,\"x\ny\nz\"" DAY "\n1,a,1,24-01-01\n"
                "1,a,\"x\ny\",2023-02-29\n"),
      "invalid 2\nline 5: effective_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n"
      "line 6: effective_date: must be a date of the calendar as "
      "YYYY-MM-DD, 0001-01-01 to 9999-12-31\n" },
    { "a new security, quoted or not",
      BODY(HEAD "new:a,a,1" DAY "\n\"new:b\",a,1" DAY "\nnew:a,b,1" DAY "\n"),
      "new:a a 1 2024-01-01 default assert @2\n"
      "new:b a 1 2024-01-01 default assert @3\n"
      "new:a b 1 2024-01-01 default assert @4\n" },
    { "a label that is none",
      BODY(HEAD "new:,a,1" DAY "\n" GOOD "new:a b,a,1" DAY "\nnew,a,1" DAY
                "\n"),
      "invalid 3\nline 2: security_id: a label behind \"new:\" must be 1 to 64 "
      "of A-Z, a-z, 0-9, '.', '_' and '-'\n"
      "line 4: security_id: a label behind \"new:\" must be 1 to 64 of A-Z, "
      "a-z, 0-9, '.', '_' and '-'\n"
      "line 5: security_id: must be an integer from 0 to 9223372036854775807, "
      "in digits alone\n" },
    { "a retraction with a value",
      BODY("security_id,attribute,value,effective_date,op\n1,a,1" DAY
           ",retract\n1,a,\"\"" DAY ",retract\n"),
      "invalid 2\nline 2: value: a retraction has no value\n"
      "line 3: value: a retraction has no value\n" },
    { "an unknown op",
      BODY("security_id,attribute,value,effective_date,op\n1,a,1" DAY
           ",Assert\n"),
      "invalid 1\nline 2: op: must be \"assert\" or \"retract\"\n" },
};

Test(facts_csv, every_shape_is_read_or_refused_at_its_line)
{
    EXPECT(shapes);
}

static const struct reading_case malformed[] = {
    { "a CR alone", BODY(HEAD "1,a,1" DAY "\r1,a,1" DAY "\n"),
      "malformed: line 2, byte 60: a carriage return alone\n" },
    { "two CRs", BODY(HEAD GOOD "1,a,1" DAY "\r\r\n"),
      "malformed: line 3, byte 77: a carriage return alone\n" },
    { "a fault behind a row", BODY(HEAD GOOD "1,a,x\"y" DAY "\n"),
      "malformed: line 3, byte 66: a quote inside a bare field\n" },
    { "a CR at the end", BODY(HEAD "1,a,1" DAY "\r"),
      "malformed: line 2, byte 60: a carriage return alone\n" },
    { "a quote in a bare field", BODY(HEAD "1,a,x\"y" DAY "\n"),
      "malformed: line 2, byte 49: a quote inside a bare field\n" },
    { "text behind a quote", BODY(HEAD "1,a,\"x\"y" DAY "\n"),
      "malformed: line 2, byte 51: text behind a closing quote\n" },
    { "a space behind a quote", BODY(HEAD "1,a,\"x\" " DAY "\n"),
      "malformed: line 2, byte 51: text behind a closing quote\n" },
    { "a space before a quote", BODY(HEAD "1,a, \"x\"" DAY "\n"),
      "malformed: line 2, byte 49: a quote inside a bare field\n" },
    { "a quote left open", BODY(HEAD "1,a,\"x" DAY "\n\n"),
      "malformed: line 2, byte 48: a quote that never closes\n" },
    { "not UTF-8", BODY(HEAD "1,a,\xc3(" DAY "\n"),
      "malformed: line 2, byte 49: not UTF-8\n" },
    { "not UTF-8, quoted", BODY(HEAD "1,a,\"\n\xed\xa0\x80\"" DAY "\n"),
      "malformed: line 3, byte 51: not UTF-8\n" },
    { "a cut character", BODY(HEAD "1,a,1" DAY "\xe2\x82"),
      "malformed: line 2, byte 61: not UTF-8\n" },
    { "a character that begins as a byte order mark", BODY("\xef\xbb(" HEAD),
      "malformed: line 1, byte 3: not UTF-8\n" },
    { "a syntax error beats complaints", BODY("x\n\"a\"b\n"),
      "malformed: line 2, byte 6: text behind a closing quote\n" },
};

Test(facts_csv, what_is_no_csv_names_line_and_byte)
{
    EXPECT(malformed);
}

#define VALUE(field) BODY(HEAD "1,a," field DAY "\n")
#define AS(text) "1 a " text " 2024-01-01 default assert @2\n"

static const struct reading_case values[] = {
    { "2^53 + 1", VALUE("9007199254740993"), AS("9007199254740993") },
    { "trailing zeros", VALUE("549000.10"), AS("549000.10") },
    { "many digits", VALUE("12345678901234567890.123456789"),
      AS("12345678901234567890.123456789") },
    { "an exponent", VALUE("1e-7"), AS("1e-7") },
    { "minus nought", VALUE("-0"), AS("-0") },
    { "a quoted number", VALUE("\"1\""), AS("\"1\"") },
    { "a leading nought", VALUE("01"), AS("\"01\"") },
    { "a plus", VALUE("+1"), AS("\"+1\"") },
    { "no digit behind the point", VALUE("1."), AS("\"1.\"") },
    { "a space", VALUE(" 1"), AS("\" 1\"") },
    { "NaN", VALUE("NaN"), AS("\"NaN\"") },
    { "true", VALUE("true"), AS("true") },
    { "false", VALUE("false"), AS("false") },
    { "quoted true", VALUE("\"true\""), AS("\"true\"") },
    { "True", VALUE("True"), AS("\"True\"") },
    { "the word null", VALUE("null"), AS("\"null\"") },
    { "empty", VALUE(""), AS("null") },
    { "quoted empty", VALUE("\"\""), AS("\"\"") },
    { "quotes in quotes", VALUE("\"\"\"a\"\",\"\"\""),
      AS("\"\\\"a\\\",\\\"\"") },
    { "characters", VALUE("é中😀\x01\\"), AS("\"é中😀\\u0001\\\\\"") },
    { "characters, quoted", VALUE("\"é中😀\x01\\\""),
      AS("\"é中😀\\u0001\\\\\"") },
    { "U+0000", BODY(HEAD "1,a,a\0b" DAY "\n"),
      "invalid 1\nline 2: value: holds U+0000\n" },
};

Test(facts_csv, a_bare_field_is_what_it_reads_as)
{
    EXPECT(values);
}

static const struct {
    const char *name, *text;
    size_t count;
    bool fits;
} lengths[] = {
    { "64 KiB", "v", VALUE_BYTES_MAX, true },
    { "64 KiB and 1", "v", VALUE_BYTES_MAX + 1, false },
    { "two-byte characters", "é", VALUE_BYTES_MAX / 2, true },
    { "one more", "é", VALUE_BYTES_MAX / 2 + 1, false },
};

Test(facts_csv, a_value_is_bounded)
{
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        struct out body, got;

        out_init(&body, 1UL << 24);
        out_init(&got, 1UL << 24);
        out_str(&body, STR(HEAD "1,a,"));
        for (size_t n = 0; n < lengths[i].count; n++)
            out_str(&body, str_of(lengths[i].text));
        out_str(&body, STR(DAY "\n"));
        facts_reading(&got, MEDIA_CSV, out_text(&body), CUT_NONE);
        out_char(&got, '\0');
        cr_expect_eq(strncmp(got.data, "1 a ", 4) == 0, lengths[i].fits,
                     "%s: %.60s", lengths[i].name, got.data);
        if (!lengths[i].fits)
            cr_expect_str_eq(got.data,
                             "invalid 1\nline 2: value: is longer than 65536 "
                             "bytes\n",
                             "%s", lengths[i].name);
        out_fini(&body);
        out_fini(&got);
    }
}

#define NO_ID                                                                  \
    "invalid 1\nline 2: security_id: must be an integer from 0 to "            \
    "9223372036854775807, in digits alone\n"
#define ID(field) BODY(HEAD field ",a,1" DAY "\n")

static const struct reading_case ids[] = {
    { "0", ID("0"), "0 a 1 2024-01-01 default assert @2\n" },
    { "quoted", ID("\"7\""), "7 a 1 2024-01-01 default assert @2\n" },
    { "2^63 - 1", ID("9223372036854775807"),
      "9223372036854775807 a 1 2024-01-01 default assert @2\n" },
    { "2^63", ID("9223372036854775808"), NO_ID },
    { "20 digits", ID("10000000000000000000"), NO_ID },
    { "00", ID("00"), NO_ID },
    { "01", ID("01"), NO_ID },
    { "-1", ID("-1"), NO_ID },
    { "+1", ID("+1"), NO_ID },
    { "1.0", ID("1.0"), NO_ID },
    { "a space", ID(" 1"), NO_ID },
    { "empty", ID(""), NO_ID },
};

Test(facts_csv, a_security_id_is_digits_alone)
{
    EXPECT(ids);
}
