/* A strict reading of URLs: what two parsers could read two ways is refused,
 * lest a key goes to another host than the one that was meant. */
#include "base_url.h"

#include <stdbool.h>

#include "secmaster/bounds.h"

#define HOST_BYTES_MAX 253 /* of a name in the DNS */
#define PORT_DIGITS_MAX 5
#define PORT_MAX 65535

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_alnum(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool
take(struct str *from, struct str prefix)
{
    if (from->len < prefix.len ||
        !str_equal((struct str){ from->data, prefix.len }, prefix))
        return false;
    from->data += prefix.len;
    from->len -= prefix.len;
    return true;
}

/* Cut what is before the first stop off the front, or all. */
static struct str
take_until(struct str *from, char stop)
{
    const char *at =
        from->len == 0 ? NULL : memchr(from->data, stop, from->len);
    struct str taken = *from;

    if (at != NULL)
        taken.len = (size_t)(at - from->data);
    from->data += taken.len;
    from->len -= taken.len;
    return taken;
}

/* 0 .. most, without a sign or a leading zero. */
static bool
is_number(struct str text, unsigned most)
{
    unsigned number = 0;

    if (text.len == 0 || text.len > PORT_DIGITS_MAX ||
        (text.len > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        number = number * 10 + (unsigned)(text.data[i] - '0');
    }
    return number <= most;
}

/* Four numbers, each in full: resolvers read shorter forms as they like. */
static bool
is_ipv4(struct str host)
{
    for (int i = 0; i < 4; i++) {
        if (i > 0 && !take(&host, STR(".")))
            return false;
        if (!is_number(take_until(&host, '.'), 255))
            return false;
    }
    return host.len == 0;
}

/* Labels of letters, digits and hyphens; the last one begins with a letter, or
 * it would be an address of some form. */
static bool
is_name(struct str host)
{
    struct str label;

    if (host.len > HOST_BYTES_MAX)
        return false;
    for (;;) {
        label = take_until(&host, '.');
        if (label.len == 0 || label.data[0] == '-' ||
            label.data[label.len - 1] == '-')
            return false;
        for (size_t i = 0; i < label.len; i++)
            if (!is_alnum(label.data[i]) && label.data[i] != '-')
                return false;
        if (host.len == 0)
            return !is_digit(label.data[0]);
        (void)take(&host, STR("."));
    }
}

/* Hexadecimal digits and colons; the resolver knows the rest. */
static bool
is_ipv6(struct str host)
{
    if (host.len < 2)
        return false;
    for (size_t i = 0; i < host.len; i++)
        if (!is_hex(host.data[i]) && host.data[i] != ':')
            return false;
    return memchr(host.data, ':', host.len) != NULL;
}

static bool
is_loopback(struct str host)
{
    return str_equal(host, STR("localhost")) || str_equal(host, STR("[::1]")) ||
           (is_ipv4(host) && take(&host, STR("127.")));
}

/* Take HOST off the front; it is empty where there is none. */
static struct str
take_host(struct str *from)
{
    struct str host = *from, inner;

    if (take(&host, STR("["))) {
        inner = take_until(&host, ']');
        if (!is_ipv6(inner) || !take(&host, STR("]")))
            return STR("");
        host = (struct str){ from->data, inner.len + 2 };
    } else {
        for (size_t i = 0; i < host.len; i++)
            if (!is_alnum(host.data[i]) && host.data[i] != '.' &&
                host.data[i] != '-')
                host.len = i;
        if (!is_ipv4(host) && !is_name(host))
            return STR("");
    }
    from->data += host.len;
    from->len -= host.len;
    return host;
}

static bool
is_path_char(char c)
{
    return is_alnum(c) ||
           (c != '\0' && strchr("-._~!$&'()*+,;=:@/", c) != NULL);
}

/* Nothing that a client would take out of a path, also in disguise. */
static bool
has_dots(struct str path)
{
    while (path.len > 0) {
        struct str segment;

        (void)take(&path, STR("/"));
        segment = take_until(&path, '/');
        if (str_equal(segment, STR(".")) || str_equal(segment, STR("..")))
            return true;
    }
    return false;
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
    }
    if (has_dots(text))
        return "the path has a segment \".\" or \"..\"";
    return NULL;
}

const char *
base_url_fault(struct str text)
{
    struct str host;
    bool is_plain;

    if (text.len > BASE_URL_BYTES_MAX)
        return "the URL is too long";
    is_plain = take(&text, STR("http://"));
    if (!is_plain && !take(&text, STR("https://")))
        return "the URL must begin with \"https://\"";
    host = take_host(&text);
    if (host.len == 0)
        return "the URL has no host that is a name or an address";
    if (is_plain && !is_loopback(host))
        return "the URL must begin with \"https://\": only this machine may be "
               "asked by \"http://\"";
    if (take(&text, STR(":"))) {
        struct str port = take_until(&text, '/');

        if (!is_number(port, PORT_MAX) || str_equal(port, STR("0")))
            return "the URL's port must be from 1 to 65535";
    }
    return text.len == 0 ? NULL : url_path_fault(text);
}
