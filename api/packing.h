/* Packing answers: whole ones at once, streams chunk by chunk. */
#ifndef API_PACKING_H
#define API_PACKING_H

#include "exchange.h"

/* Whether packing would hold up a loop. */
bool packing_takes_long(const struct exchange *exchange);

/*
 * Pack the answer where the client would rather have it so and it is not
 * small; it may become an error. A stream's first chunk is made for that: on
 * the loop. Whole answers on any thread.
 */
void packing_apply(struct exchange *exchange);

#endif
