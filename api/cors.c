/* An origin is listed exactly, or it gets nothing. */
#include "cors.h"

#include <string.h>

#include "field.h"
#include "secmaster/bounds.h"
#include "secmaster/url.h"
#include "service.h"

#define MAX_AGE "600" /* seconds that a browser keeps a preflight's answer */
#define TAKEN                                                                  \
    "Content-Type, Authorization, Idempotency-Key, If-None-Match, "            \
    "X-Request-Id, Accept, Content-Encoding"
#define SHOWN                                                                  \
    "Secmaster-Tx, Link, ETag, Location, X-Request-Id, Secmaster-Matched, "    \
    "Secmaster-Unmatched, Idempotency-Replayed, Secmaster-Last-Tx, "           \
    "Retry-After, Allow, Accept-Encoding"

static bool
ends_with(struct str text, struct str end)
{
    return text.len >= end.len &&
           str_equal((struct str){ text.data + text.len - end.len, end.len },
                     end);
}

/* To a browser an underscore is a letter of a host, though to url.h it is a
 * doubt: it is read as one. */
static struct str
without_underscores(const char *text, char to[static ORIGIN_BYTES_MAX])
{
    size_t len = strlen(text);

    for (size_t i = 0; i < len; i++)
        to[i] = text[i] == '_' ? 'x' : text[i];
    return (struct str){ to, len };
}

enum err
cors_origin_check(const char *text, struct why *why)
{
    char plain[ORIGIN_BYTES_MAX];
    struct url_origin origin;
    struct str url, own_port;
    const char *fault;

    if (strlen(text) > ORIGIN_BYTES_MAX)
        return why_set(why, ERR_INVALID, "it is too long");
    url = without_underscores(text, plain);
    fault = url_origin_fault(url, &origin);
    if (fault != NULL)
        return why_set(why, ERR_INVALID, "%s", fault);
    if (origin.len < url.len)
        return why_set(why, ERR_INVALID, "an origin has no path");
    if (strpbrk(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
        return why_set(why, ERR_INVALID, "browsers write it in lower case");
    own_port = origin.is_https ? STR(":443") : STR(":80");
    if (ends_with(url, own_port))
        return why_set(why, ERR_INVALID, "browsers leave %.*s out",
                       STR_ARG(own_port));
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
