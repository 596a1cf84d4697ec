/* UTF-8: what is a character and where the first fault is. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/utf8.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

Test(utf8, span_ends_at_the_first_fault)
{
    static const struct {
        struct str text;
        size_t span;
    } cases[] = {
        { { NULL, 0 }, 0 },
        { S("plain ASCII with \0 inside"), 25 },
        { S("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), 9 },
        { S("\xed\x9f\xbf"), 3 },     /* U+D7FF */
        { S("\xed\xa0\x80"), 0 },     /* U+D800, a surrogate */
        { S("\xed\xbf\xbf"), 0 },     /* U+DFFF */
        { S("\xee\x80\x80"), 3 },     /* U+E000 */
        { S("\xf4\x8f\xbf\xbf"), 4 }, /* U+10FFFF */
        { S("\xf4\x90\x80\x80"), 0 }, /* beyond it */
        { S("\xf5\x80\x80\x80"), 0 },
        { S("\xc0\x80"), 0 }, /* overlong NUL */
        { S("\xc1\xbf"), 0 },
        { S("\xc2\x80"), 2 },
        { S("\xe0\x9f\xbf"), 0 }, /* overlong in three */
        { S("\xe0\xa0\x80"), 3 },
        { S("\xf0\x8f\xbf\xbf"), 0 }, /* overlong in four */
        { S("\xf0\x90\x80\x80"), 4 },
        { S("\x80"), 0 },
        { S("\xff"), 0 },
        { S("ab\xc3"), 2 },
        { S("ab\xe4\xb8"), 2 },
        { S("ab\xf0\x9f\x98"), 2 },
        { S("ab\xc3z"), 2 },
        { S("\xc3\xa9\xa9"), 2 },
        { S("\xef\xbb\xbf"), 3 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t got = utf8_span(cases[i].text);

        cr_expect_eq(got, cases[i].span, "row %zu: %zu", i, got);
    }
}

Test(utf8, span_finds_a_fault_at_any_offset)
{
    char text[41];

    for (size_t len = 1; len <= sizeof text; len++) {
        for (size_t at = 0; at < len; at++) {
            struct str all = { text, len };

            memset(text, 'x', sizeof text);
            text[at] = '\x80';
            cr_expect_eq(utf8_span(all), at, "length %zu, at %zu", len, at);
            text[at] = '\x7f';
            cr_expect_eq(utf8_span(all), len, "length %zu, DEL at %zu", len,
                         at);
        }
    }
}

/*
 * Another way to say it: decode the first character by its bit pattern, then
 * ask whether its length is the shortest one. Its length, or 0.
 */
static size_t
decoded_length(const unsigned char *text, size_t len)
{
    static const uint32_t first_of_length[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t need = 1;
    uint32_t code;

    if (text[0] < 0x80)
        return 1;
    while (need < 5 && (text[0] << need & 0x80) != 0)
        need++;
    if (need < 2 || need > 5 || (text[0] & 0xf8) == 0xf8 ||
        (text[0] & 0xc0) == 0x80)
        return 0;
    need = (text[0] & 0xf8) == 0xf0 ? 4 : (text[0] & 0xf0) == 0xe0 ? 3 : 2;
    if (len < need)
        return 0;
    code = text[0] & (0x7fU >> need);
    for (size_t i = 1; i < need; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3f);
    }
    if (code < first_of_length[need] || code > 0x10ffff)
        return 0;
    return code >= 0xd800 && code <= 0xdfff ? 0 : need;
}

static size_t
decoded_span(const unsigned char *text, size_t len)
{
    size_t at = 0;

    while (at < len) {
        size_t length = decoded_length(text + at, len - at);

        if (length == 0)
            return at;
        at += length;
    }
    return at;
}

/* How far utf8_step goes: the offset behind the last whole character. */
static size_t
stepped_span(const unsigned char *text, size_t len)
{
    uint32_t state = 0;
    size_t whole = 0;

    for (size_t at = 0; at < len; at++) {
        if (!utf8_step(&state, text[at]))
            return whole;
        if (state == 0)
            whole = at + 1;
    }
    return whole;
}

Test(utf8, span_and_step_agree_with_a_decoder)
{
    static const unsigned char bytes[] = {
        0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
        0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
    };
    enum { COUNT = sizeof bytes };

    for (uint32_t n = 0; n < COUNT * COUNT * COUNT * COUNT; n++) {
        unsigned char text[4] = { bytes[n / COUNT / COUNT / COUNT],
                                  bytes[n / COUNT / COUNT % COUNT],
                                  bytes[n / COUNT % COUNT], bytes[n % COUNT] };
        struct str all = { (const char *)text, sizeof text };
        size_t expected = decoded_span(text, sizeof text);

        if (utf8_span(all) != expected ||
            stepped_span(text, sizeof text) != expected)
            cr_assert_fail("%02x %02x %02x %02x: span %zu, step %zu, not %zu",
                           text[0], text[1], text[2], text[3], utf8_span(all),
                           stepped_span(text, sizeof text), expected);
    }
}

Test(utf8, step_stops_at_the_byte_that_cannot_continue)
{
    static const struct {
        struct str text;
        size_t taken;
        bool whole;
    } cases[] = {
        { S("a\xc3\xa9"), 3, true },     { S("a\xc3"), 2, false },
        { S("\xe4\xb8"), 2, false },     { S("\xe0\x80\x80"), 1, false },
        { S("\xed\xa0\x80"), 1, false }, { S("\xf4\x90"), 1, false },
        { S("\xc3z"), 1, false },        { S("\x80"), 0, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str text = cases[i].text;
        uint32_t state = 0;
        size_t taken = 0;

        while (taken < text.len &&
               utf8_step(&state, (unsigned char)text.data[taken]))
            taken++;
        cr_expect_eq(taken, cases[i].taken, "row %zu: %zu", i, taken);
        cr_expect_eq(state == 0, cases[i].whole, "row %zu: state %x", i, state);
    }
}

Test(utf8, controls_are_the_32_and_del)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[] = { 'a', (char)byte, 'b' };
        bool control = byte < 0x20 || byte == 0x7f;
        bool got = utf8_has_control((struct str){ text, sizeof text });

        cr_expect_eq(got, control, "%02x: %d", byte, got);
    }
    cr_expect_not(utf8_has_control((struct str){ NULL, 0 }));
}

Test(utf8, copy_never_ends_within_a_character)
{
    static const struct {
        const char *text;
        size_t size;
        const char *copy;
    } cases[] = {
        { "", 1, "" },
        { "plain", 6, "plain" },
        { "plain", 5, "plai" },
        { "plain", 1, "" },
        { "a\xc3\xa9", 4, "a\xc3\xa9" },
        { "a\xc3\xa9", 3, "a" },
        { "\xf0\x9f\x98\x80!", 5, "\xf0\x9f\x98\x80" },
        { "\xf0\x9f\x98\x80!", 4, "" },
        { "a\xff\xfe"
          "b",
          8, "a??b" },
        { "a\xff\xfe"
          "b",
          3, "a?" },
        { "\xe4\xb8", 8, "??" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char copy[16];

        memset(copy, 'x', sizeof copy);
        utf8_copy(copy, cases[i].size, cases[i].text);
        cr_expect_str_eq(copy, cases[i].copy, "row %zu: %s", i, copy);
    }
}
