/* Turn yajl's offset in a piece into a line and byte of the whole text. */
#include "json_place.h"

#include <assert.h>
#include <string.h>

/* yajl's message is a line of its own, ended by a newline and maybe a stop. */
static int
words_len(const char *message)
{
    size_t len = strlen(message);

    while (len > 0 && strchr(".\n", message[len - 1]) != NULL)
        len--;
    return (int)len;
}

enum err
json_place_fault(struct json_place place, yajl_handle yajl, struct str piece,
                 const char *detail, struct why *why)
{
    size_t consumed = yajl_get_bytes_consumed(yajl);
    unsigned long long byte = place.bytes + consumed;
    unsigned char *message = NULL;
    const char *words = detail;

    assert(consumed <= piece.len);

    /* The byte that yajl took last is the one it fell over; or, where it goes
     * back to the token's start, the one before, maybe a newline; before the
     * first one there is none. */
    if (byte == 0)
        byte = 1;
    for (size_t i = 0; i < consumed; i++)
        place.line += piece.data[i] == '\n';
    if (words == NULL) {
        message = yajl_get_error(yajl, 0, NULL, 0);
        words = message == NULL ? "not JSON" : (const char *)message;
    }
    (void)why_set(why, ERR_MALFORMED, "line %llu, byte %llu: %.*s",
                  (unsigned long long)place.line, byte, words_len(words),
                  words);
    if (message != NULL)
        yajl_free_error(yajl, message);
    return ERR_MALFORMED;
}
