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

/* Whether a column is in every row of a table. */
bool is_fixed_column(struct str name);

/* Whether someone has asserted an attribute by the reading's known_tx, on
 * whatever date, withdrawn since or not; its id. */
bool attribute_is_known(const struct reading *reading, struct str name,
                        uint32_t *out);

/* The same, as the address must have it. On failure the response is set and
 * false returned. */
bool attribute_find(struct request *request, struct response *response,
                    const struct reading *reading, struct str name,
                    uint32_t *out);

/* Make the condition that an attribute's value is this text; it lives in the
 * request's arena. On failure the response is set and false returned. */
bool equality_make(struct request *request, struct response *response,
                   uint32_t attribute, struct str text, struct condition *out);

#endif
