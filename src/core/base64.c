/* Three bytes are four of sixty-four letters. */
#include "secmaster/base64.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz"
                              "0123456789+/";

/* Up to three bytes, the rest zero. */
static uint32_t
take_group(struct str bytes, size_t at)
{
    uint32_t group = 0;

    for (size_t i = 0; i < 3; i++) {
        group <<= 8;
        if (at + i < bytes.len)
            group |= (unsigned char)bytes.data[at + i];
    }
    return group;
}

void
base64_encode(struct str bytes, char *out)
{
    for (size_t at = 0; at < bytes.len; at += 3) {
        uint32_t group = take_group(bytes, at);

        for (size_t i = 0; i < 4; i++)
            *out++ =
                at + i > bytes.len ? '=' : letters[group >> (18 - 6 * i) & 63];
    }
}

enum err
base64_decode(struct str text, unsigned char *out, size_t room, size_t *len)
{
    size_t padding = 0;
    uint32_t group = 0;

    assert(out != NULL);

    if (text.len % 4 != 0)
        return ERR_INVALID;
    while (padding < 2 && padding < text.len &&
           text.data[text.len - 1 - padding] == '=')
        padding++;
    text.len -= padding;
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        const char *found = memchr(letters, text.data[i], 64);

        if (found == NULL)
            return ERR_INVALID;
        group = group << 6 | (uint32_t)(found - letters);
        if (i % 4 == 0)
            continue;
        if (*len == room)
            return ERR_TOO_LARGE;
        out[(*len)++] = (unsigned char)(group >> (6 - 2 * (i % 4)));
    }
    /* The bits behind the last byte say nothing, and are zero. */
    if (text.len % 4 == 2 && (group & 15) != 0)
        return ERR_INVALID;
    if (text.len % 4 == 3 && (group & 3) != 0)
        return ERR_INVALID;
    return OK;
}
