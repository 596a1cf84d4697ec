/* What the gate refuses by itself, and what it lets through to yajl. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/json_gate.h"
#include "tests/codec/reading.h"

#define DEEP8 "[[[[[[[["
#define DEEP32 DEEP8 DEEP8 DEEP8 DEEP8
#define BACK8 "]]]]]]]]"
#define BACK32 BACK8 BACK8 BACK8 BACK8

/* why NULL: it passes. */
static const struct {
    struct str text;
    const char *why;
} cases[] = {
    { BODY("{\"a\":[1,\"b\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\"]}"), NULL },
    { BODY("\"\\ud83d\\ude00 \\uD83D\\uDE00\""), NULL },
    { BODY("\"\\ue000\\ud7ff\\uffff\\u0000\""), NULL },
    { BODY("\"\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xf0\x90\x80\x80\xf4\x8f\xbf"
           "\xbf\""),
      NULL },
    { BODY("\"\xef\xbb\xbf\""), NULL },
    { BODY("\"0123456789abcdef\x7f{[]}\""), NULL },
    { BODY(" \t\r\n[]"), NULL },
    { BODY(DEEP32 BACK32), NULL },
    { BODY(DEEP32 BACK8 DEEP8 BACK32), NULL },
    /* Left to yajl. */
    { BODY("]]]["), NULL },
    { BODY("[1 2] nonsense"), NULL },
    { BODY("[\f]"), "line 1, byte 2: a form feed is no white space" },
    { BODY("[\v]"), "line 1, byte 2: a vertical tab is no white space" },
    { BODY("\"\f\""),
      "line 1, byte 2: a control character in a string must be escaped" },
    { BODY("[\"01234567\x1f\"]"),
      "line 1, byte 11: a control character in a string must be escaped" },
    { BODY("\"a\nb\""),
      "line 1, byte 3: a control character in a string must be escaped" },
    { BODY("\xef\xbb\xbf[]"), "line 1, byte 1: a byte order mark" },
    { BODY("[\xef\xbb\xbf]"), "line 1, byte 2: not JSON" },
    { BODY("\n\n\xff"), "line 3, byte 3: not JSON" },
    { BODY("[\xc2\xa0]"), "line 1, byte 2: not JSON" },
    { BODY("\"\\ud800\""), "line 1, byte 8: a lone surrogate" },
    { BODY("\"\\ud800x\""), "line 1, byte 8: a lone surrogate" },
    { BODY("\"\\ud800\xc3\xa9\""), "line 1, byte 8: a lone surrogate" },
    { BODY("\"\\ud800\\n\""), "line 1, byte 9: a lone surrogate" },
    { BODY("\"\\ud800\\ud800\""), "line 1, byte 13: a lone surrogate" },
    { BODY("\"\\ud800\\u0041\""), "line 1, byte 13: a lone surrogate" },
    { BODY("\"\\udc00\""), "line 1, byte 7: a lone surrogate" },
    { BODY("\"\\ud83d\\ude00\\ude00\""), "line 1, byte 19: a lone surrogate" },
    { BODY("\"\\u12g4\""),
      "line 1, byte 6: \\u takes four hexadecimal digits" },
    { BODY("\"\\u12\""), "line 1, byte 6: \\u takes four hexadecimal digits" },
    { BODY("\"\\x\""), "line 1, byte 3: no such escape" },
    { BODY("\"\\U0041\""), "line 1, byte 3: no such escape" },
    { BODY("\"\\\0\""), "line 1, byte 3: no such escape" },
    { BODY("\"\xc0\x80\""), "line 1, byte 2: not UTF-8" },
    { BODY("\"\xe0\x80\x80\""), "line 1, byte 3: not UTF-8" },
    { BODY("\"\xed\xa0\x80\""), "line 1, byte 3: not UTF-8" },
    { BODY("\"\xf4\x90\x80\x80\""), "line 1, byte 3: not UTF-8" },
    { BODY("\"01234567\x80\""), "line 1, byte 10: not UTF-8" },
    { BODY("\"ab\x80"
           "cdefghijkl\""),
      "line 1, byte 4: not UTF-8" },
    { BODY("\"\xe2\x82\""), "line 1, byte 4: not UTF-8" },
    { BODY(DEEP32 "["), "line 1, byte 33: nested too deeply" },
    { BODY(DEEP32 "{"), "line 1, byte 33: nested too deeply" },
    { BODY("\n\"a"), "line 2, byte 4: the text ends inside a string" },
    { BODY("\"\\"), "line 1, byte 3: the text ends inside a string" },
    { BODY("\"\xc3"), "line 1, byte 3: the text ends inside a string" },
};

static enum err
feed_gate(void *gate, struct str piece, struct why *why)
{
    return json_gate_feed(gate, piece, why);
}

Test(json_gate, refuses_what_yajl_forgives_however_it_is_cut)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (cut how = 0; how < 8; how++) {
            struct json_gate gate;
            struct why why = { "" };
            enum err err;

            json_gate_init(&gate);
            err = feed_cut(feed_gate, &gate, cases[i].text, how, &why);
            if (err == OK)
                err = json_gate_finish(&gate, &why);
            cr_expect_eq(err, cases[i].why == NULL ? OK : ERR_MALFORMED,
                         "row %zu: err %d, %s", i, err, why.text);
            cr_expect_str_eq(why.text, cases[i].why == NULL ? "" : cases[i].why,
                             "row %zu, cut %u: %s", i, how, why.text);
        }
    }
}

Test(json_gate, counts_bytes_and_lines)
{
    struct json_gate gate;
    struct str text = STR("[\n1,\n\"\\n\"]\n");

    json_gate_init(&gate);
    cr_assert_eq(json_gate_feed(&gate, text, NULL), OK);
    cr_expect_eq(gate.bytes, text.len);
    cr_expect_eq(gate.line, 4);
    cr_expect_eq(json_gate_feed(&gate, STR("  \f"), NULL), ERR_MALFORMED);
    cr_expect_eq(gate.bytes, text.len + 2, "the bad byte is not counted");
}

/* The text, and how much of it is whole tokens. */
static const struct {
    struct str text;
    uint64_t whole;
} tokens[] = {
    { BODY("[12"), 1 },
    { BODY("[12 "), 4 },
    { BODY("[-1.5E+3"), 1 },
    { BODY("[12,"), 4 },
    { BODY("{\"a\""), 4 },
    { BODY("{\"a"), 1 },
    { BODY("{\"a\\\"\":tru"), 7 },
    { BODY("{\"a:[] "), 1 },
    { BODY("[12\"a"), 1 },
    { BODY("true"), 0 },
    { BODY("true\n"), 5 },
};

Test(json_gate, knows_where_the_last_whole_token_ends)
{
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        struct json_gate gate;

        json_gate_init(&gate);
        cr_assert_eq(json_gate_feed(&gate, tokens[i].text, NULL), OK);
        cr_expect_eq(gate.whole, tokens[i].whole, "row %zu: %llu", i,
                     (unsigned long long)gate.whole);
    }
}
