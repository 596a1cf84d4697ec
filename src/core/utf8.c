/* UTF-8 by RFC 3629, whole or byte by byte. */
#include "secmaster/utf8.h"

#include <assert.h>
#include <string.h>

/*
 * Inside a character the state says what may come next: the range of the next
 * byte (low, high) and how many bytes are missing. Only the second byte has a
 * range of its own; that range is what keeps out overlong forms, surrogates
 * and what lies beyond U+10FFFF.
 */
#define STATE(low, high, missing)                                              \
    ((uint32_t)(low) | (uint32_t)(high) << 8 | (uint32_t)(missing) << 16)

/* The state behind a first byte from 0x80 up; 0: none may begin so. */
static uint32_t
state_after_first(unsigned char byte)
{
    if (byte < 0xc2 || byte > 0xf4)
        return 0;
    if (byte < 0xe0)
        return STATE(0x80, 0xbf, 1);
    if (byte == 0xe0)
        return STATE(0xa0, 0xbf, 2);
    if (byte == 0xed)
        return STATE(0x80, 0x9f, 2);
    if (byte < 0xf0)
        return STATE(0x80, 0xbf, 2);
    if (byte == 0xf0)
        return STATE(0x90, 0xbf, 3);
    if (byte < 0xf4)
        return STATE(0x80, 0xbf, 3);
    return STATE(0x80, 0x8f, 3);
}

/* How many bytes from at on are ASCII, eight at a time. */
static size_t
ascii_run(struct str text, size_t at)
{
    size_t end = at;
    uint64_t eight;

    while (text.len - end >= sizeof eight) {
        memcpy(&eight, text.data + end, sizeof eight);
        if ((eight & 0x8080808080808080) != 0)
            break;
        end += sizeof eight;
    }
    while (end < text.len && (unsigned char)text.data[end] < 0x80)
        end++;
    return end - at;
}

size_t
utf8_span(struct str text)
{
    size_t start = 0; /* of the character that is being read */

    for (;;) {
        uint32_t state = 0;
        size_t at;

        start += ascii_run(text, start);
        at = start;
        do {
            if (at == text.len ||
                !utf8_step(&state, (unsigned char)text.data[at]))
                return start;
            at++;
        } while (state != 0);
        start = at;
    }
}

bool
utf8_has_control(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte < 0x20 || byte == 0x7f)
            return true;
    }
    return false;
}

bool
utf8_step(uint32_t *state, unsigned char byte)
{
    uint32_t low = *state & 0xff;
    uint32_t high = *state >> 8 & 0xff;
    uint32_t missing = *state >> 16;

    assert(missing <= 3);

    if (missing == 0) {
        *state = byte < 0x80 ? 0 : state_after_first(byte);
        return byte < 0x80 || *state != 0;
    }
    if (byte < low || byte > high)
        return false;
    *state = missing == 1 ? 0 : STATE(0x80, 0xbf, missing - 1);
    return true;
}

void
utf8_copy(char *to, size_t size, const char *text)
{
    struct str rest = str_of(text);
    size_t len = 0;

    assert(size > 0);

    while (rest.len > 0 && len + 1 < size) {
        size_t span = utf8_span(rest), room = size - 1 - len;

        if (span == 0) {
            to[len++] = '?';
            span = 1;
        } else {
            if (span > room)
                span = utf8_span((struct str){ rest.data, room });
            if (span == 0)
                break;
            memcpy(to + len, rest.data, span);
            len += span;
        }
        rest.data += span;
        rest.len -= span;
    }
    to[len] = '\0';
}
