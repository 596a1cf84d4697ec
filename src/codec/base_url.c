/* Where a key may be sent: a plain origin, and a path that no client changes.
 */
#include "base_url.h"

#include <stdbool.h>

#include "secmaster/bounds.h"
#include "secmaster/url.h"

static bool
is_hex(char c)
{
    return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

static bool
is_path_char(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
           (c >= 'A' && c <= 'Z') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=:@/", c) != NULL);
}

/* Whether a segment begins here that a client would take out of a path. */
static bool
is_dots(struct str text)
{
    size_t dots = 0;

    while (dots < text.len && text.data[dots] == '.')
        dots++;
    return (dots == 1 || dots == 2) &&
           (dots == text.len || text.data[dots] == '/');
}

const char *
url_path_fault(struct str text)
{
    if (text.len > BASE_URL_BYTES_MAX)
        return "the path is too long";
    if (text.len == 0 || text.data[0] != '/')
        return "the path must begin with \"/\"";
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '%') {
            if (text.len - i < 3 || !is_hex(text.data[i + 1]) ||
                !is_hex(text.data[i + 2]))
                return "the path has a broken escape";
            /* An escaped dot or slash is a dot or slash to some. */
            if (str_equal((struct str){ text.data + i + 1, 1 }, STR("2")) &&
                memchr("eEfF", text.data[i + 2], 4) != NULL)
                return "the path has an escaped \".\" or \"/\"";
            i += 2;
            continue;
        }
        if (!is_path_char(text.data[i]))
            return "the path has a character that does not belong in one";
        if (text.data[i] == '/' &&
            is_dots((struct str){ text.data + i + 1, text.len - i - 1 }))
            return "the path has a segment \".\" or \"..\"";
    }
    return NULL;
}

const char *
base_url_fault(struct str text)
{
    struct url_origin origin;
    const char *fault;

    if (text.len > BASE_URL_BYTES_MAX)
        return "the URL is too long";
    fault = url_origin_fault(text, &origin);
    if (fault != NULL)
        return fault;
    if (!origin.is_https && !origin.is_loopback)
        return "the URL must begin with \"https://\": only this machine may be "
               "asked by \"http://\"";
    if (origin.len == text.len)
        return NULL;
    return url_path_fault(
        (struct str){ text.data + origin.len, text.len - origin.len });
}
