/* Numbers in paths, parameters and headers: digits alone. */
#ifndef API_NUMBER_H
#define API_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"

/*
 * Read digits without a sign and without leading zeros. False: anything else.
 * What is larger than a number can be becomes UINT64_MAX.
 */
bool number_read(struct str text, uint64_t *out);

/* "18446744073709551615" and its NUL. */
#define NUMBER_TEXT_BYTES 21

/* The digits of a number, terminated, somewhere in text. */
struct str number_text(uint64_t number, char text[static NUMBER_TEXT_BYTES]);

/* The first segment as a security's id. On failure the response is set and
 * false returned. */
bool security_id_read(struct request *request, struct response *response,
                      int64_t *out);

#endif
