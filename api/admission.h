/* What a request must show before its body is read. */
#ifndef API_ADMISSION_H
#define API_ADMISSION_H

#include "request.h"

/*
 * Read the request's method, target and headers: set its path, query, route,
 * parameters and media, and refuse it by setting the response. No I/O.
 */
void admission_check(struct request *request, struct response *response);

/* Whether a body follows the head, whoever wants it. */
bool admission_has_body(const struct request *request);

/* Whether the target is under /v1, where every answer names its snapshot. */
bool admission_is_versioned(const struct request *request);

#endif
