/* Which server a URL points to. */
#include "secmaster/url.h"

#include <arpa/inet.h>
#include <assert.h>

#define HTTP_PORT 80
#define HTTPS_PORT 443
#define PORT_MAX 65535
#define PORT_DIGITS_MAX 5

static char
small(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Nothing else: a percent sign, a backslash or a letter of another script would
 * be read as one host here and as another one by whoever connects. */
static bool
is_host_char(char c)
{
    return (small(c) >= 'a' && small(c) <= 'z') || is_digit(c) || c == '-' ||
           c == '.' || c == '_';
}

/* Take a prefix, in any case, off the front. */
static bool
take_scheme(struct str *rest, struct str scheme)
{
    if (rest->len < scheme.len)
        return false;
    for (size_t i = 0; i < scheme.len; i++)
        if (small(rest->data[i]) != scheme.data[i])
            return false;
    rest->data += scheme.len;
    rest->len -= scheme.len;
    return true;
}

/* "" and ":" are the scheme's own port. */
static bool
read_port(struct str text, struct url_origin *out)
{
    unsigned port = 0;

    if (text.len == 0)
        return true;
    if (text.data[0] != ':' || text.len > 1 + PORT_DIGITS_MAX)
        return false;
    if (text.len == 1)
        return true;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    if (port == 0 || port > PORT_MAX)
        return false;
    out->port = port;
    return true;
}

/* [IPv6] has many spellings; the shortest stands for all. */
static bool
read_bracketed(struct str text, struct url_origin *out)
{
    const char *end = memchr(text.data, ']', text.len);
    char inside[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (end == NULL)
        return false;

    size_t len = (size_t)(end - text.data) - 1;

    if (len == 0 || len >= sizeof inside)
        return false;
    memcpy(inside, text.data + 1, len);
    inside[len] = '\0';
    if (inet_pton(AF_INET6, inside, &address) != 1)
        return false;
    out->host[0] = '[';
    if (inet_ntop(AF_INET6, &address, out->host + 1, INET6_ADDRSTRLEN) == NULL)
        return false;
    out->host_len = strlen(out->host) + 1;
    out->host[out->host_len - 1] = ']';
    out->is_loopback = IN6_IS_ADDR_LOOPBACK(&address);
    return read_port((struct str){ end + 1, text.len - len - 2 }, out);
}

static bool
is_loopback(struct str host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr address;

    if (str_equal(host, STR("localhost")))
        return true;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, &address) == 1 &&
           ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
}

static bool
read_named(struct str text, struct url_origin *out)
{
    size_t len = 0;

    while (len < text.len && is_host_char(text.data[len])) {
        if (len == sizeof out->host)
            return false;
        out->host[len] = small(text.data[len]);
        len++;
    }
    if (len == 0)
        return false;
    out->host_len = len;
    out->is_loopback = is_loopback((struct str){ out->host, len });
    return read_port((struct str){ text.data + len, text.len - len }, out);
}

static bool
is_visible(struct str url)
{
    for (size_t i = 0; i < url.len; i++)
        if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '\\' ||
            url.data[i] == '#')
            return false;
    return true;
}

enum err
url_origin_read(struct str url, struct url_origin *out, struct why *why)
{
    struct str rest = url;
    struct url_origin origin = { .is_https = true, .port = HTTPS_PORT };
    bool is_read;

    assert(out != NULL);

    if (url.len > URL_BYTES_MAX)
        return why_set(why, ERR_INVALID, "the URL is longer than %d bytes",
                       URL_BYTES_MAX);
    if (!is_visible(url))
        return why_set(why, ERR_INVALID,
                       "the URL has a character that must be escaped, or a "
                       "fragment");
    if (take_scheme(&rest, STR("http://"))) {
        origin.is_https = false;
        origin.port = HTTP_PORT;
    } else if (!take_scheme(&rest, STR("https://"))) {
        return why_set(why, ERR_INVALID, "the URL is not one of http or https");
    }

    rest.len = 0;
    while (rest.data + rest.len < url.data + url.len &&
           rest.data[rest.len] != '/' && rest.data[rest.len] != '?')
        rest.len++;
    is_read = rest.len > 0 && rest.data[0] == '['
                  ? read_bracketed(rest, &origin)
                  : read_named(rest, &origin);
    if (!is_read)
        return why_set(why, ERR_INVALID,
                       "the URL's host and port are not plain");
    *out = origin;
    return OK;
}

bool
url_same_origin(struct str a, struct str b)
{
    struct url_origin left, right;

    return url_origin_read(a, &left, NULL) == OK &&
           url_origin_read(b, &right, NULL) == OK &&
           left.is_https == right.is_https && left.port == right.port &&
           str_equal((struct str){ left.host, left.host_len },
                     (struct str){ right.host, right.host_len });
}
