/* JSON scalars as exact text: number grammar and canonical escaping. */
#include "secmaster/value.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*0x0101010101010101ULL)

/* The letter of a control character's short escape; 0: it has none. */
static const char short_escapes[0x20] = {
    ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
};

struct value
value_of_type(enum value_type type)
{
    switch (type) {
    case VALUE_NULL:
        return VALUE_OF_NULL;
    case VALUE_FALSE:
        return VALUE_OF_FALSE;
    case VALUE_TRUE:
        return VALUE_OF_TRUE;
    case VALUE_NUMBER:
    case VALUE_STRING:
        break;
    }
    assert(type <= VALUE_TRUE); /* a number or string has a text of its own */
    return VALUE_OF_NULL;
}

struct value
value_of_json(struct str json)
{
    assert(json.len > 0);

    switch (json.data[0]) {
    case '"':
        assert(json.len >= 2);
        return (struct value){ VALUE_STRING, { json.data + 1, json.len - 2 } };
    case 'n':
        return VALUE_OF_NULL;
    case 'f':
        return VALUE_OF_FALSE;
    case 't':
        return VALUE_OF_TRUE;
    default:
        return (struct value){ VALUE_NUMBER, json };
    }
}

bool
value_equal(struct value a, struct value b)
{
    return a.type == b.type && str_equal(a.text, b.text);
}

bool
value_is_text(struct value value, struct str text, struct str escaped)
{
    switch (value.type) {
    case VALUE_NULL:
        return false;
    case VALUE_STRING:
        return str_equal(value.text, escaped);
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_NUMBER:
        return str_equal(value.text, text);
    }
    return false;
}

/* The offset behind the digits that begin at at. */
static size_t
skip_digits(struct str text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

static bool
has_at(struct str text, size_t at, char c)
{
    return at < text.len && text.data[at] == c;
}

bool
value_is_number(struct str text)
{
    size_t at = has_at(text, 0, '-') ? 1 : 0;
    size_t end = has_at(text, at, '0') ? at + 1 : skip_digits(text, at);

    if (end == at)
        return false;
    if (has_at(text, end, '.')) {
        at = end + 1;
        end = skip_digits(text, at);
        if (end == at)
            return false;
    }
    if (has_at(text, end, 'e') || has_at(text, end, 'E')) {
        at = end + 1;
        if (has_at(text, at, '+') || has_at(text, at, '-'))
            at++;
        end = skip_digits(text, at);
        if (end == at)
            return false;
    }
    return end == text.len;
}

static bool
needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

/* Whether one of eight bytes needs an escape, by borrows out of its top bit. */
static bool
eight_need_escape(const char *from)
{
    uint64_t eight, quote, backslash, found;

    memcpy(&eight, from, sizeof eight);
    quote = eight ^ EIGHT('"');
    backslash = eight ^ EIGHT('\\');
    found = (eight - EIGHT(0x20)) & ~eight;
    found |= (quote - EIGHT(1)) & ~quote;
    found |= (backslash - EIGHT(1)) & ~backslash;
    return (found & EIGHT(0x80)) != 0;
}

/* The offset of the next byte from at on that needs an escape, or len. */
static size_t
plain_end(struct str text, size_t at)
{
    while (text.len - at >= 8 && !eight_need_escape(text.data + at))
        at += 8;
    while (at < text.len && !needs_escape((unsigned char)text.data[at]))
        at++;
    return at;
}

bool
value_is_plain(struct str text)
{
    return plain_end(text, 0) == text.len;
}

static void
escape_byte(struct out *out, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";
    char text[] = { '\\', (char)byte, '0', '0', '0', '0' };

    if (byte >= 0x20) {
        out_bytes(out, text, 2);
        return;
    }
    if (short_escapes[byte] != '\0') {
        text[1] = short_escapes[byte];
        out_bytes(out, text, 2);
        return;
    }
    text[1] = 'u';
    text[4] = hex[byte >> 4];
    text[5] = hex[byte & 0xf];
    out_bytes(out, text, 6);
}

void
value_escape(struct out *out, struct str text)
{
    size_t at = 0;

    assert(out != NULL);

    while (at < text.len) {
        size_t end = plain_end(text, at);

        out_bytes(out, text.data + at, end - at);
        if (end < text.len)
            escape_byte(out, (unsigned char)text.data[end++]);
        at = end;
    }
}

/* The value of a lower-case hexadecimal digit. */
static unsigned
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    assert(c >= 'a' && c <= 'f');
    return (unsigned)(c - 'a') + 10;
}

static char
short_escape_of(char letter)
{
    size_t c = 0;

    if (letter == '"' || letter == '\\')
        return letter;
    /* Only our own escaping is read here: another letter is a bug. */
    assert(letter != '\0');
    while (short_escapes[c] != letter) {
        c++;
        assert(c < sizeof short_escapes);
    }
    return (char)c;
}

/* Append what the escape at the front stands for; its length. */
static size_t
unescape_one(struct out *out, struct str escape)
{
    assert(escape.len >= 2);

    if (escape.data[1] != 'u') {
        out_char(out, short_escape_of(escape.data[1]));
        return 2;
    }
    assert(escape.len >= 6);
    assert(escape.data[2] == '0');
    assert(escape.data[3] == '0');
    assert(escape.data[4] <= '1');
    out_char(out, (char)(hex_value(escape.data[4]) << 4 |
                         hex_value(escape.data[5])));
    return 6;
}

void
value_unescape(struct out *out, struct str escaped)
{
    assert(out != NULL);

    while (escaped.len > 0) {
        const char *backslash = memchr(escaped.data, '\\', escaped.len);
        size_t run = backslash == NULL ? escaped.len
                                       : (size_t)(backslash - escaped.data);

        out_bytes(out, escaped.data, run);
        escaped.data += run;
        escaped.len -= run;
        if (escaped.len > 0) {
            size_t taken = unescape_one(out, escaped);

            escaped.data += taken;
            escaped.len -= taken;
        }
    }
}
