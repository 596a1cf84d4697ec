/* Content codings: how an answer may be packed, how a body is. */
#ifndef API_CODING_H
#define API_CODING_H

#include "request.h"

/*
 * Read Accept-Encoding into the request's codings and the best of them. What
 * is not packed is always acceptable unless it was refused. False: nothing is
 * acceptable; then what is not packed stays the best.
 */
bool coding_accepted(struct request *request);

/* Read Content-Encoding into the request's body_coding. False: it is another,
 * or more than one. */
bool coding_of_body(struct request *request);

#endif
