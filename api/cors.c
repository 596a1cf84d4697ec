/* An origin is listed exactly, or it gets nothing. */
#include "cors.h"

#include <string.h>

#include "field.h"
#include "secmaster/bounds.h"
#include "service.h"

#define MAX_AGE "600" /* seconds that a browser keeps a preflight's answer */
#define TAKEN                                                                  \
    "Content-Type, Authorization, Idempotency-Key, If-None-Match, "            \
    "X-Request-Id, Accept, Content-Encoding"
#define SHOWN                                                                  \
    "Secmaster-Tx, Link, ETag, Location, X-Request-Id, Secmaster-Matched, "    \
    "Secmaster-Unmatched, Idempotency-Replayed, Secmaster-Last-Tx, "           \
    "Retry-After, Allow, Accept-Encoding"

/* What is behind "http://" or "https://", and that scheme's own port. */
static const char *
host_of(const char *text, const char **port)
{
    static const char http[] = "http://", https[] = "https://";

    if (strncmp(text, http, strlen(http)) == 0) {
        *port = ":80";
        return text + strlen(http);
    }
    if (strncmp(text, https, strlen(https)) == 0) {
        *port = ":443";
        return text + strlen(https);
    }
    return NULL;
}

/* The port, its colon first, or the end. */
static const char *
port_of(const char *host)
{
    const char *behind = strchr(host, ']');
    const char *colon = strchr(behind == NULL ? host : behind, ':');

    return colon == NULL ? host + strlen(host) : colon;
}

static bool
is_port(const char *port)
{
    size_t digits = strspn(port, "0123456789");

    return digits > 0 && digits <= 5 && port[digits] == '\0' && port[0] != '0';
}

enum err
cors_origin_check(const char *text, struct why *why)
{
    const char *own_port, *host = host_of(text, &own_port), *port;
    size_t len;

    if (strlen(text) > ORIGIN_BYTES_MAX)
        return why_set(why, ERR_INVALID, "it is too long");
    if (host == NULL)
        return why_set(why, ERR_INVALID,
                       "an origin begins with http:// or https://");
    port = port_of(host);
    len = (size_t)(port - host);
    if (len == 0 ||
        strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_[]:") < len)
        return why_set(why, ERR_INVALID,
                       "behind it comes a host in lower case, no path");
    if (*port != '\0' && !is_port(port + 1))
        return why_set(why, ERR_INVALID, "the port is no number");
    if (strcmp(port, own_port) == 0)
        return why_set(why, ERR_INVALID, "browsers leave %s out", own_port);
    return OK;
}

/* As it is listed; data NULL: it is not, or there is not one Origin. */
static struct str
listed_origin(const struct request *request)
{
    const struct service *service = request->service;
    struct str origin, second;
    size_t at = 0;

    if (!field_next(request, "Origin", &at, &origin) ||
        field_next(request, "Origin", &at, &second))
        return (struct str){ NULL, 0 };
    for (size_t i = 0; i < service->cors_origin_count; i++)
        if (str_equal(origin, str_of(service->cors_origins[i])))
            return str_of(service->cors_origins[i]);
    return (struct str){ NULL, 0 };
}

static struct str
allow_of(const struct response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (str_equal(response->headers[i].name, STR("Allow")))
            return response->headers[i].value;
    return (struct str){ NULL, 0 };
}

size_t
cors_headers(const struct request *request, const struct response *response,
             struct pair out[static CORS_HEADERS_MAX])
{
    struct str origin, methods = allow_of(response);

    if (request->service->cors_origin_count == 0)
        return 0;
    origin = listed_origin(request);
    if (origin.data == NULL)
        return 0;
    out[0] = (struct pair){ STR("Access-Control-Allow-Origin"), origin };
    if (request->method != METHOD_OPTIONS || methods.data == NULL ||
        request_header(request, "Access-Control-Request-Method").data == NULL) {
        out[1] =
            (struct pair){ STR("Access-Control-Expose-Headers"), STR(SHOWN) };
        return 2;
    }
    out[1] = (struct pair){ STR("Access-Control-Allow-Methods"), methods };
    out[2] = (struct pair){ STR("Access-Control-Allow-Headers"), STR(TAKEN) };
    out[3] = (struct pair){ STR("Access-Control-Max-Age"), STR(MAX_AGE) };
    return 4;
}
