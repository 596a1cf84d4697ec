/* Where a JSON text went wrong: yajl's verdict as line and byte. */
#ifndef CODEC_JSON_PLACE_H
#define CODEC_JSON_PLACE_H

#include <stdint.h>
#include <yajl/yajl_parse.h>

#include "secmaster/err.h"
#include "secmaster/str.h"

/* The first byte of a piece in the whole text; line from 1. */
struct json_place {
    uint64_t bytes, line;
};

/* Fill why for a handle that stopped in piece; detail NULL: yajl's words.
 * Returns ERR_MALFORMED. */
enum err json_place_fault(struct json_place place, yajl_handle yajl,
                          struct str piece, const char *detail,
                          struct why *why);

#endif
