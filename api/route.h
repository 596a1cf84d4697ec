/* From a request line to an endpoint. */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "request.h"
#include "secmaster/err.h"

struct route {
    enum method method;
    const char *path; /* "/v1/securities/{security_id}" */
    const struct endpoint *endpoint;
};

/* All routes, in routes.def's order. */
const struct route *route_table(size_t *count);

/* "GET"; of the methods that routes have. */
const char *route_method_name(enum method method);

/* The methods that some path serves ("GET, HEAD, POST, OPTIONS"), in the
 * request's arena. */
const char *route_methods(const struct request *request);

/*
 * Find the route of request->path and ->method (HEAD as GET), set route and
 * the decoded segments. The path is split at its slashes before anything is
 * decoded. OK; ERR_NOT_FOUND: no such path; ERR_CONFLICT: the path has other
 * methods, *allow lists them ("GET, HEAD, OPTIONS"), in the arena;
 * ERR_MALFORMED: bad percent-encoding, %00 or no UTF-8.
 */
enum err route_find(struct request *request, const char **allow,
                    struct why *why);

/*
 * Decode request->query into params: names the endpoint knows, each once
 * (except "where"), none without a value. ERR_MALFORMED: named in why.
 */
enum err route_params(struct request *request, struct why *why);

/* Percent-decode into the arena; plus: '+' is a space. ERR_MALFORMED: bad
 * escapes, NUL, not UTF-8. */
enum plus { PLUS_IS_PLUS, PLUS_IS_SPACE };
enum err percent_decode(struct arena *arena, struct str in, enum plus plus,
                        struct str *out);

/*
 * The media of the answer: ?format= wins, else Accept by its q values, else
 * JSON. ERR_MALFORMED: an unknown format; ERR_INVALID: nothing this endpoint
 * gives is acceptable (406).
 */
enum err route_media(struct request *request, struct why *why);

#endif
