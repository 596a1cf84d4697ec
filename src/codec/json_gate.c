/* Refuse what yajl lets through, ahead of it and faster than it. */
#include "secmaster/json_gate.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/utf8.h"

/* gate->escape: 0, or how many bytes of \uXXXX are still to come. */
#define ESCAPE_LETTER 5

#define LONE_SURROGATE "a lone surrogate"
#define NOT_UTF8 "not UTF-8"

/* A byte in each of eight places. */
#define EIGHT(byte) ((byte)*0x0101010101010101ULL)

void
json_gate_init(struct json_gate *gate)
{
    assert(gate != NULL);

    *gate = (struct json_gate){ .line = 1 };
}

static bool
is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* Whether eight bytes of a string are plain, by borrows out of top bits. */
static bool
eight_plain(const unsigned char *from)
{
    uint64_t eight, quote, backslash, found;

    memcpy(&eight, from, sizeof eight);
    quote = eight ^ EIGHT('"');
    backslash = eight ^ EIGHT('\\');
    found = (eight - EIGHT(0x20)) | eight;
    found |= (quote - EIGHT(1)) & ~quote;
    found |= (backslash - EIGHT(1)) & ~backslash;
    return (found & EIGHT(0x80)) == 0;
}

/* Behind the plain bytes of a string that begin at at. */
static const unsigned char *
skip_plain(const unsigned char *at, const unsigned char *end)
{
    while (end - at >= 8 && eight_plain(at))
        at += 8;
    while (at < end && is_plain(*at))
        at++;
    return at;
}

/* Whether a byte outside strings may be inside a number or a word. */
static bool
is_word(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') ||
           byte == 'E' || byte == '.' || byte == '-' || byte == '+';
}

/* Each of these takes one byte: NULL, or what is wrong with it. */
static const char *
outside_byte(struct json_gate *gate, unsigned char byte)
{
    if (is_word(byte))
        return NULL;
    /* A word straight before a string stays with it: yajl ends a word only
     * when it sees the byte behind. */
    if (byte == '"') {
        gate->in_string = 1;
        return NULL;
    }
    gate->whole = gate->bytes + 1;
    switch (byte) {
    case '[':
    case '{':
        if (++gate->depth > JSON_DEPTH_MAX)
            return "nested too deeply";
        return NULL;
    case ']':
    case '}':
        /* One too many is yajl's to refuse. */
        if (gate->depth > 0)
            gate->depth--;
        return NULL;
    case '\n':
        gate->line++;
        return NULL;
    case '\v':
        return "a vertical tab is no white space";
    case '\f':
        return "a form feed is no white space";
    }
    if (byte < 0x80)
        return NULL;
    /* Its first byte tells: no character outside strings has it. */
    if (gate->bytes == 0 && byte == 0xef)
        return "a byte order mark";
    return "not JSON";
}

static const char *
unit_end(struct json_gate *gate)
{
    bool is_low = gate->unit >= 0xdc00 && gate->unit <= 0xdfff;
    bool is_high = gate->unit >= 0xd800 && gate->unit <= 0xdbff;

    if (is_low != (gate->high != 0))
        return LONE_SURROGATE;
    gate->high = is_high ? gate->unit : 0;
    return NULL;
}

static const char *
escape_byte(struct json_gate *gate, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef0123456789ABCDEF";
    const char *digit;

    if (gate->escape == ESCAPE_LETTER && byte == 'u') {
        gate->escape--;
        gate->unit = 0;
        return NULL;
    }
    if (gate->escape == ESCAPE_LETTER) {
        if (gate->high != 0)
            return LONE_SURROGATE;
        gate->escape = 0;
        return memchr("\"\\/bfnrt", byte, 8) != NULL ? NULL : "no such escape";
    }
    digit = memchr(hex, byte, sizeof hex - 1);
    if (digit == NULL)
        return "\\u takes four hexadecimal digits";
    gate->unit = gate->unit << 4 | ((uint32_t)(digit - hex) & 0xf);
    if (--gate->escape > 0)
        return NULL;
    return unit_end(gate);
}

static const char *
string_byte(struct json_gate *gate, unsigned char byte)
{
    if (gate->escape != 0)
        return escape_byte(gate, byte);
    if (gate->high != 0 && byte != '\\')
        return LONE_SURROGATE;
    if (gate->utf8 != 0 || byte >= 0x80)
        return utf8_step(&gate->utf8, byte) ? NULL : NOT_UTF8;
    if (byte < 0x20)
        return "a control character in a string must be escaped";
    if (byte == '"') {
        gate->in_string = 0;
        gate->whole = gate->bytes + 1;
    }
    if (byte == '\\')
        gate->escape = ESCAPE_LETTER;
    return NULL;
}

static enum err
refuse(const struct json_gate *gate, const char *fault, struct why *why)
{
    return why_set(why, ERR_MALFORMED, "line %llu, byte %llu: %s",
                   (unsigned long long)gate->line,
                   (unsigned long long)gate->bytes + 1, fault);
}

enum err
json_gate_object(struct json_gate *gate, struct str piece, bool *object_ended,
                 struct why *why)
{
    const unsigned char *at = (const unsigned char *)piece.data;
    const unsigned char *end;

    assert(gate != NULL);

    *object_ended = false;
    if (piece.len == 0)
        return OK;
    for (end = at + piece.len; at < end && !*object_ended; at++) {
        const char *fault;

        if (gate->in_string && (gate->escape | gate->high | gate->utf8) == 0) {
            const unsigned char *run = at;

            at = skip_plain(run, end);
            gate->bytes += (uint64_t)(at - run);
            if (at == end)
                return OK;
        }
        *object_ended = !gate->in_string && *at == '}';
        fault =
            gate->in_string ? string_byte(gate, *at) : outside_byte(gate, *at);
        if (fault != NULL)
            return refuse(gate, fault, why);
        gate->bytes++;
    }
    return OK;
}

enum err
json_gate_feed(struct json_gate *gate, struct str piece, struct why *why)
{
    bool object_ended = true;

    while (object_ended) {
        uint64_t begun = gate->bytes;

        TRY(json_gate_object(gate, piece, &object_ended, why));
        piece.data += gate->bytes - begun;
        piece.len -= (size_t)(gate->bytes - begun);
    }
    return OK;
}

enum err
json_gate_finish(const struct json_gate *gate, struct why *why)
{
    assert(gate != NULL);

    if (gate->in_string)
        return refuse(gate, "the text ends inside a string", why);
    return OK;
}
