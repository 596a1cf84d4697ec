/* Entity tags: what the answer of a snapshot is called, and whether the client
 * has it already (RFC 9110, 8.8.3 and 13.1.2). */
#ifndef API_VALIDATOR_H
#define API_VALIDATOR_H

#include "knowledge.h"
#include "request.h"

/* "HASH-LENGTH-gzip" in its quotes, terminated. */
#define ETAG_BYTES_MAX 64

/*
 * Name the answer before it is made, by all that its bytes depend on: the
 * target, the media, the day, the transaction and the history up to it, and
 * the program. False: the response is set, to 304 where If-None-Match has this
 * name. Nobody was given it but with a 200 to the same question, so there is
 * nothing left to check. Only GET and HEAD have names.
 */
bool validator_begin(struct request *request, struct response *response,
                     const struct clocks *clocks);

/* The same for content that is part of the program, and goes by this name. */
bool validator_begin_fixed(struct request *request, struct response *response,
                           const char *name);

/* Name an answer that is made, and not packed yet, by its own bytes: one that
 * depends on more than what is recorded. It becomes a 304 where If-None-Match
 * has this name. Only whole ones. */
void validator_name_body(struct request *request, struct response *response);

/* The answer is made and packed: where If-None-Match is "*", a 200 becomes a
 * 304. */
void validator_end(struct request *request, struct response *response);

/* Write the ETag of a response; false: it has none. */
bool validator_print(const struct response *response,
                     char out[static ETAG_BYTES_MAX]);

#endif
