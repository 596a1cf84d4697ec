/* From "HOST:PORT" to a listening socket. */
#include "listener.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#define PORT_MAX 65535
#define BACKLOG 4096 /* the kernel lowers it to its own limit */

static_assert(offsetof(struct sockaddr_in, sin_port) ==
                  offsetof(struct sockaddr_in6, sin6_port),
              "the port of either address is read as IPv6's");

/* Whether it is a number; a port only up to PORT_MAX. */
static bool
read_port(const char *text, unsigned *out)
{
    unsigned port = 0;

    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        if (port <= PORT_MAX)
            port = port * 10 + (unsigned)(*text - '0');
    }
    *out = port;
    return true;
}

static bool
read_ip4(const char *host, in_port_t port, struct listener_address *out)
{
    struct sockaddr_in *ip4 = (struct sockaddr_in *)&out->socket;

    if (strcmp(host, "localhost") == 0)
        host = "127.0.0.1";
    if (inet_pton(AF_INET, host, &ip4->sin_addr) != 1)
        return false;
    ip4->sin_family = AF_INET;
    ip4->sin_port = port;
    out->len = sizeof *ip4;
    out->is_loopback = ntohl(ip4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return true;
}

static bool
read_ip6(const char *host, in_port_t port, struct listener_address *out)
{
    struct sockaddr_in6 *ip6 = (struct sockaddr_in6 *)&out->socket;

    if (inet_pton(AF_INET6, host, &ip6->sin6_addr) != 1)
        return false;
    ip6->sin6_family = AF_INET6;
    ip6->sin6_port = port;
    out->len = sizeof *ip6;
    out->is_loopback = IN6_IS_ADDR_LOOPBACK(&ip6->sin6_addr) ||
                       (IN6_IS_ADDR_V4MAPPED(&ip6->sin6_addr) &&
                        ip6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET);
    return true;
}

enum err
listener_parse(const char *text, struct listener_address *out, struct why *why)
{
    const char *colon = strrchr(text, ':');
    char host[INET6_ADDRSTRLEN + 2]; /* its brackets */
    unsigned number;
    size_t len;

    assert(out != NULL);

    *out = (struct listener_address){ .len = 0 };
    len = colon == NULL ? 0 : (size_t)(colon - text);
    if (len == 0 || len >= sizeof host || !read_port(colon + 1, &number))
        return why_set(why, ERR_INVALID, "'%s' is not HOST:PORT", text);
    if (number > PORT_MAX)
        return why_set(why, ERR_INVALID,
                       "the port of '%s' is out of range: at most %d", text,
                       PORT_MAX);

    in_port_t port = htons((in_port_t)number);

    memcpy(host, text, len);
    host[len] = '\0';
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        if (read_ip6(host + 1, port, out))
            return OK;
    } else if (read_ip4(host, port, out)) {
        return OK;
    }
    return why_set(why, ERR_INVALID,
                   "the host of '%s' is neither a numeric address nor "
                   "localhost",
                   text);
}

/* Close what was made, and say "what HOST:PORT: " and errno's words. */
static enum err
failed(int fd, const char *what, const struct listener_address *address,
       struct why *why)
{
    const struct sockaddr_in *ip4 = (const void *)&address->socket;
    const struct sockaddr_in6 *ip6 = (const void *)&address->socket;
    bool is_ip6 = address->socket.ss_family == AF_INET6;
    char host[INET6_ADDRSTRLEN] = "?";
    int number = errno;

    if (fd >= 0)
        close(fd);
    (void)inet_ntop(address->socket.ss_family,
                    is_ip6 ? (const void *)&ip6->sin6_addr : &ip4->sin_addr,
                    host, sizeof host);
    return why_set(why, number == EADDRINUSE ? ERR_BUSY : ERR_INVALID,
                   is_ip6 ? "%s [%s]:%u: %s" : "%s %s:%u: %s", what, host,
                   (unsigned)ntohs(ip6->sin6_port), strerrordesc_np(number));
}

enum err
listener_open(const struct listener_address *address, int *fd, uint16_t *port,
              struct why *why)
{
    struct sockaddr_in6 bound = { 0 }; /* IPv4's port stands there too */
    socklen_t len = sizeof bound;
    const int one = 1;
    int made = socket(address->socket.ss_family,
                      SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (made < 0)
        return failed(made, "socket", address, why);
    if (setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return failed(made, "SO_REUSEADDR", address, why);
    if (bind(made, (const struct sockaddr *)&address->socket, address->len) !=
        0)
        return failed(made, "bind", address, why);
    if (listen(made, BACKLOG) != 0)
        return failed(made, "listen", address, why);
    if (getsockname(made, (struct sockaddr *)&bound, &len) != 0)
        return failed(made, "getsockname", address, why);
    *port = ntohs(bound.sin6_port);
    *fd = made;
    return OK;
}
