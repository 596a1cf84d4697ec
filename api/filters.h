/* where=, attributes= and the asset class: which rows and columns of a table.
 */
#ifndef API_FILTERS_H
#define API_FILTERS_H

#include "reading.h"
#include "request.h"

/*
 * Read where= and attributes= into a reading whose known_tx is set, and keep
 * only the rows of an asset class ("none": of no class; data NULL: of any).
 * What it points to lives in the request's arena. On failure the response is
 * set and false returned.
 */
bool filters_read(struct request *request, struct response *response,
                  struct str class, struct reading *reading);

#endif
