/* Pages of other origins: the Fetch standard's CORS protocol, off by default.
 */
#ifndef API_CORS_H
#define API_CORS_H

#include "request.h"
#include "secmaster/err.h"

/*
 * Whether text is an origin as browsers write it: http or https, a host in
 * lower case, a port only where it is not the scheme's own. ERR_INVALID:
 * anything else, "null" and "*" too; why says what.
 */
enum err cors_origin_check(const char *text, struct why *why);

#define CORS_HEADERS_MAX 4

/* The headers that this answer gets for its Origin, static or of the service;
 * none where it is not listed. Returns how many. */
size_t cors_headers(const struct request *request,
                    const struct response *response,
                    struct pair out[static CORS_HEADERS_MAX]);

#endif
