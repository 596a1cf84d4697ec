/* A body's way from the wire to its endpoint: limits, and what is packed is
 * unpacked. */
#ifndef API_INTAKE_H
#define API_INTAKE_H

#include "exchange.h"

/*
 * A piece as it arrived, already counted in request->body_bytes; may set the
 * response. False: it is past a limit, and nobody reads on for the answer's
 * sake, even where the answer was settled long before.
 */
bool intake_piece(struct exchange *exchange, struct str piece);

/* All pieces were there: sets the response where a packed body was cut off. */
void intake_end(struct exchange *exchange);

void intake_fini(struct exchange *exchange);

#endif
