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

/* "" is the scheme's own port. */
static bool
read_port(struct str text, struct url_origin *out)
{
    unsigned port = 0;

    if (text.len == 0)
        return true;
    if (text.data[0] != ':' || text.len == 1 ||
        text.len > 1 + PORT_DIGITS_MAX || text.data[1] == '0')
        return false;
    for (size_t i = 1; i < text.len; i++) {
        if (!is_digit(text.data[i]))
            return false;
        port = port * 10 + (unsigned)(text.data[i] - '0');
    }
    out->port = port;
    return port <= PORT_MAX;
}

/* [IPv6] has many spellings; the shortest stands for all. One that ends as IPv4
 * does is refused: not every reader knows it. */
static bool
take_bracketed(struct str *rest, struct url_origin *out)
{
    struct str inside = take_until(rest, ']');
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;

    if (rest->len == 0 || inside.len > sizeof text ||
        memchr(inside.data, '.', inside.len) != NULL)
        return false;
    rest->data++;
    rest->len--;
    memcpy(text, inside.data + 1, inside.len - 1);
    text[inside.len - 1] = '\0';
    if (inet_pton(AF_INET6, text, &address) != 1)
        return false;
    out->host[0] = '[';
    if (inet_ntop(AF_INET6, &address, out->host + 1, INET6_ADDRSTRLEN) == NULL)
        return false;
    out->host_len = strlen(out->host) + 1;
    out->host[out->host_len - 1] = ']';
    out->is_loopback = IN6_IS_ADDR_LOOPBACK(&address);
    return true;
}

/* Four numbers, each in full: resolvers read shorter forms as they like. */
static bool
read_ipv4(struct str host, struct in_addr *out)
{
    char text[INET_ADDRSTRLEN];

    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return inet_pton(AF_INET, text, out) == 1;
}

/* Labels of small letters, digits and hyphens, and nothing that whoever
 * connects would read as another host; the last one begins with a letter, or it
 * would be an address of some form. */
static bool
is_name(struct str host)
{
    for (;;) {
        struct str label = take_until(&host, '.');

        if (label.len == 0 || label.data[0] == '-' ||
            label.data[label.len - 1] == '-')
            return false;
        for (size_t i = 0; i < label.len; i++)
            if (!(label.data[i] >= 'a' && label.data[i] <= 'z') &&
                !is_digit(label.data[i]) && label.data[i] != '-')
                return false;
        if (host.len == 0)
            return !is_digit(label.data[0]);
        host.data++;
        host.len--;
    }
}

static bool
take_named(struct str *rest, struct url_origin *out)
{
    struct str host = take_until(rest, ':');
    struct in_addr address;

    if (host.len > sizeof out->host)
        return false;
    for (size_t i = 0; i < host.len; i++)
        out->host[i] = small(host.data[i]);
    out->host_len = host.len;
    host.data = out->host;
    if (read_ipv4(host, &address)) {
        out->is_loopback = ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
        return true;
    }
    out->is_loopback = str_equal(host, STR("localhost"));
    return is_name(host);
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

/* All that is wrong with it up to its host, which is what is left. */
static const char *
begin_fault(struct str *rest, struct url_origin *out)
{
    *out = (struct url_origin){ .is_https = true, .port = HTTPS_PORT };
    if (rest->len > URL_BYTES_MAX)
        return "the URL is too long";
    if (!is_visible(*rest))
        return "the URL has a character that must be escaped, or a fragment";
    if (take_scheme(rest, STR("https://")))
        return NULL;
    if (!take_scheme(rest, STR("http://")))
        return "the URL must begin with \"https://\" or \"http://\"";
    out->is_https = false;
    out->port = HTTP_PORT;
    return NULL;
}

bool
url_is_absolute(struct str text)
{
    struct url_origin origin;

    return begin_fault(&text, &origin) == NULL;
}

const char *
url_origin_fault(struct str url, struct url_origin *out)
{
    struct url_origin origin;
    struct str rest = url;
    const char *fault = begin_fault(&rest, &origin);
    bool has_host;

    assert(out != NULL);

    if (fault != NULL)
        return fault;
    rest = take_until(&rest, '/');
    rest = take_until(&rest, '?');
    origin.len = (size_t)(rest.data + rest.len - url.data);
    has_host = rest.len > 0 && rest.data[0] == '['
                   ? take_bracketed(&rest, &origin)
                   : take_named(&rest, &origin);
    if (!has_host)
        return "the URL has no host that is a name or an address";
    if (!read_port(rest, &origin))
        return "the URL's port must be from 1 to 65535";
    *out = origin;
    return NULL;
}

bool
url_same_origin(struct str a, struct str b)
{
    struct url_origin left, right;

    return url_origin_fault(a, &left) == NULL &&
           url_origin_fault(b, &right) == NULL &&
           left.is_https == right.is_https && left.port == right.port &&
           str_equal((struct str){ left.host, left.host_len },
                     (struct str){ right.host, right.host_len });
}
