/* JSON scalars: the number grammar, canonical escaping, equality. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/value.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

Test(value, type_numbers_are_those_on_disk)
{
    cr_expect_eq(VALUE_NULL, 0);
    cr_expect_eq(VALUE_FALSE, 1);
    cr_expect_eq(VALUE_TRUE, 2);
    cr_expect_eq(VALUE_NUMBER, 3);
    cr_expect_eq(VALUE_STRING, 4);
}

Test(value, number_is_the_grammar_of_rfc_8259)
{
    static const struct {
        struct str text;
        bool is_number;
    } cases[] = {
        { S("0"), true },         { S("-0"), true },
        { S("1"), true },         { S("-1"), true },
        { S("10"), true },        { S("9007199254740993"), true },
        { S("549000.10"), true }, { S("12345678901234567890.123456789"), true },
        { S("1e-7"), true },      { S("1E+400"), true },
        { S("0.0e0"), true },     { S("-0.5"), true },
        { S("0e1"), true },       { S(""), false },
        { { NULL, 0 }, false },   { S("-"), false },
        { S("+1"), false },       { S("01"), false },
        { S("-01"), false },      { S("00"), false },
        { S(".5"), false },       { S("-.5"), false },
        { S("1."), false },       { S("1.e3"), false },
        { S("1e"), false },       { S("1e+"), false },
        { S("1e-"), false },      { S("1e1.5"), false },
        { S("1.2.3"), false },    { S("1ee1"), false },
        { S("e1"), false },       { S("--1"), false },
        { S("1-"), false },       { S("0x10"), false },
        { S("1_000"), false },    { S("1,000"), false },
        { S(" 1"), false },       { S("1 "), false },
        { S("1\n"), false },      { S("1\0"), false },
        { S("NaN"), false },      { S("Infinity"), false },
        { S("\xd9\xa1"), false }, { S("true"), false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = value_is_number(cases[i].text);

        cr_expect_eq(got, cases[i].is_number, "row %zu (%.*s): %d", i,
                     STR_ARG(cases[i].text), got);
    }
}

static const struct {
    struct str raw, escaped;
} texts[] = {
    { S(""), S("") },
    { S("LENZ"), S("LENZ") },
    { S("\""), S("\\\"") },
    { S("\\"), S("\\\\") },
    { S("\b\t\n\f\r"), S("\\b\\t\\n\\f\\r") },
    { S("\0"), S("\\u0000") },
    { S("\x01\x0b\x1f"), S("\\u0001\\u000b\\u001f") },
    { S("/\x7f"), S("/\x7f") },
    { S("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"),
      S("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80") },
    { S("\xe2\x80\xa8"), S("\xe2\x80\xa8") },
    { S("a longer run, then \"quoted\" and on"),
      S("a longer run, then \\\"quoted\\\" and on") },
    { S("\\n is no newline"), S("\\\\n is no newline") },
    { S("\\u0001"), S("\\\\u0001") },
};

Test(value, escaping_is_canonical)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct out out;

        out_init(&out, 1000);
        value_escape(&out, texts[i].raw);
        cr_expect_eq(value_is_plain(texts[i].raw),
                     str_equal(out_text(&out), texts[i].raw), "text %zu", i);
        cr_expect_eq(out_finish(&out), OK, "row %zu", i);
        cr_expect(str_equal(out_text(&out), texts[i].escaped), "row %zu: %.*s",
                  i, STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

Test(value, unescaping_gives_the_text_back)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct out out;

        out_init(&out, 1000);
        value_unescape(&out, texts[i].escaped);
        cr_expect_eq(out_finish(&out), OK, "row %zu", i);
        cr_expect(str_equal(out_text(&out), texts[i].raw), "row %zu: %.*s", i,
                  STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

/* How long canonical escaping makes a byte, by RFC 8259 section 7. */
static size_t
escaped_length(unsigned byte)
{
    if (byte == '"' || byte == '\\')
        return 2;
    if (byte >= 0x20)
        return 1;
    return strchr("\b\t\n\f\r", (int)byte) != NULL && byte != 0 ? 2 : 6;
}

/* The escape may be anywhere among eight bytes that are looked at at once. */
Test(value, every_byte_is_escaped_at_every_offset)
{
    enum { LEN = 25 };

    for (unsigned n = 0; n < 256 * LEN; n++) {
        unsigned byte = n / LEN;
        char raw[LEN];
        struct str text = { raw, sizeof raw };
        struct out escaped, back;

        memset(raw, n % 2 == 0 ? 'x' : '\xff', sizeof raw);
        raw[n % LEN] = (char)byte;
        out_init(&escaped, 1000);
        out_init(&back, 1000);
        value_escape(&escaped, text);
        value_unescape(&back, out_text(&escaped));
        cr_expect_eq(out_text(&escaped).len, LEN - 1 + escaped_length(byte),
                     "%02x at %u: %.*s", byte, n % LEN,
                     STR_ARG(out_text(&escaped)));
        cr_expect(str_equal(out_text(&back), text), "%02x at %u: not back",
                  byte, n % LEN);
        out_fini(&escaped);
        out_fini(&back);
    }
}

Test(value, json_is_the_own_text_with_quotes_for_strings_only)
{
    static const struct {
        struct value value;
        struct str json;
    } cases[] = {
        { { VALUE_NULL, S("null") }, S("null") },
        { { VALUE_FALSE, S("false") }, S("false") },
        { { VALUE_TRUE, S("true") }, S("true") },
        { { VALUE_NUMBER, S("549000.10") }, S("549000.10") },
        { { VALUE_NUMBER, S("9007199254740993") }, S("9007199254740993") },
        { { VALUE_STRING, S("") }, S("\"\"") },
        { { VALUE_STRING, S("a\\\"b") }, S("\"a\\\"b\"") },
        { { VALUE_STRING, S("null") }, S("\"null\"") },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out out;

        out_init(&out, 1000);
        value_json(&out, cases[i].value);
        cr_expect(str_equal(out_text(&out), cases[i].json), "row %zu: %.*s", i,
                  STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

Test(value, equality_is_of_type_and_text)
{
    static const struct {
        struct value a, b;
        bool equal;
    } cases[] = {
        { { VALUE_NUMBER, S("1") }, { VALUE_NUMBER, S("1") }, true },
        { { VALUE_NUMBER, S("1") }, { VALUE_NUMBER, S("1.0") }, false },
        { { VALUE_NUMBER, S("1") }, { VALUE_STRING, S("1") }, false },
        { { VALUE_STRING, S("") }, { VALUE_STRING, S("") }, true },
        { { VALUE_STRING, S("a") }, { VALUE_STRING, S("A") }, false },
        { { VALUE_STRING, S("null") }, { VALUE_NULL, S("null") }, false },
        { { VALUE_NULL, S("null") }, { VALUE_NULL, S("null") }, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool got = value_equal(cases[i].a, cases[i].b);

        cr_expect_eq(got, cases[i].equal, "row %zu: %d", i, got);
    }
}

Test(value, three_types_have_one_value)
{
    static const struct {
        enum value_type type;
        const char *text;
    } cases[] = {
        { VALUE_NULL, "null" },
        { VALUE_FALSE, "false" },
        { VALUE_TRUE, "true" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value got = value_of_type(cases[i].type);

        cr_expect_eq(got.type, cases[i].type, "%s", cases[i].text);
        cr_expect(str_equal(got.text, str_of(cases[i].text)), "%s: %.*s",
                  cases[i].text, STR_ARG(got.text));
    }
}

Test(value, its_json_reads_back)
{
    static const struct {
        const char *json;
        struct value value;
    } cases[] = {
        { "null", { VALUE_NULL, S("null") } },
        { "false", { VALUE_FALSE, S("false") } },
        { "true", { VALUE_TRUE, S("true") } },
        { "-1.50", { VALUE_NUMBER, S("-1.50") } },
        { "\"\"", { VALUE_STRING, S("") } },
        { "\"true\"", { VALUE_STRING, S("true") } },
        { "\"\\\"\"", { VALUE_STRING, S("\\\"") } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value got = value_of_json(str_of(cases[i].json));

        cr_expect(value_equal(got, cases[i].value), "%s: %d %.*s",
                  cases[i].json, (int)got.type, STR_ARG(got.text));
    }
}
