/* The small grammar of header fields. */
#include "field.h"

#include <string.h>
#include <strings.h>

struct str
field_cut(struct str *rest, char separator)
{
    const char *end =
        rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    struct str piece = *rest;

    if (end == NULL) {
        *rest = (struct str){ NULL, 0 };
        return piece;
    }
    piece.len = (size_t)(end - piece.data);
    rest->data += piece.len + 1;
    rest->len -= piece.len + 1;
    return piece;
}

struct str
field_trim(struct str s)
{
    while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }
    while (s.len > 0 && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t'))
        s.len--;
    return s;
}

bool
field_is(struct str text, const char *word)
{
    return text.len == strlen(word) &&
           strncasecmp(text.data, word, text.len) == 0;
}

int
field_weight(struct str text)
{
    int q = 0, digit = 1000;

    if (text.len == 0 || text.len > 5 || (text.len > 1 && text.data[1] != '.'))
        return -1;
    for (size_t i = 0; i < text.len; i++) {
        if (i == 1)
            continue;
        if (text.data[i] < '0' || text.data[i] > '9')
            return -1;
        q += (text.data[i] - '0') * digit;
        digit /= 10;
    }
    return q > 1000 ? -1 : q;
}

bool
field_next(const struct request *request, const char *name, size_t *at,
           struct str *value)
{
    while (*at < request->header_count) {
        const struct pair *header = &request->headers[(*at)++];

        if (field_is(header->name, name)) {
            *value = header->value;
            return true;
        }
    }
    return false;
}
