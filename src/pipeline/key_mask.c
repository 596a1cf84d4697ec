/* What is kept of an answer has no key in it, though the vendor says it. */
#include "key_mask.h"

#include <stdbool.h>
#include <string.h>

#define ESCAPE_BYTES 3 /* %XX */

/* -1: it is no digit. */
static int
digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool
is_escape(struct str text, char c)
{
    int high, low;

    if (text.len < ESCAPE_BYTES || text.data[0] != '%')
        return false;
    high = digit_of(text.data[1]);
    low = digit_of(text.data[2]);
    return high >= 0 && low >= 0 && (char)(high * 16 + low) == c;
}

/* In how many bytes the text begins with a character; 0: with another. */
static size_t
spells_char(struct str text, char c)
{
    if (is_escape(text, c))
        return ESCAPE_BYTES;
    if (text.len > 1 && text.data[0] == '\\' && text.data[1] == c)
        return 2;
    return text.len > 0 && text.data[0] == c ? 1 : 0;
}

static size_t
spells(struct str text, struct str key)
{
    size_t at = 0;

    for (size_t i = 0; i < key.len; i++) {
        const struct str rest = { text.data + at, text.len - at };
        const size_t bytes = spells_char(rest, key.data[i]);

        if (bytes == 0)
            return 0;
        at += bytes;
    }
    return at;
}

void
key_mask(struct str key, char *text, size_t len)
{
    size_t at = 0;

    if (key.len < KEY_MASKED_BYTES_MIN)
        return;
    while (at < len) {
        const size_t bytes = spells((struct str){ text + at, len - at }, key);

        if (bytes > 0)
            memset(text + at, '*', bytes);
        at += bytes > 0 ? bytes : 1;
    }
}
