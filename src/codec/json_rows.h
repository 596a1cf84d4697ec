/* Rows from JSON: an object with a list, a bare list, or lines (NDJSON). */
#ifndef CODEC_JSON_ROWS_H
#define CODEC_JSON_ROWS_H

#include "row_sink.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

struct json_rows;

enum json_layout { JSON_TEXT, JSON_LINES };

/* sink is borrowed. NULL when out of memory. */
struct json_rows *json_rows_new(enum json_layout layout, struct row_sink *sink);
void json_rows_free(struct json_rows *rows);

/* The next piece; the text is whole. ERR_MALFORMED with line and byte in why,
 * and the sink's own errors; after an error only free. */
enum err json_rows_feed(struct json_rows *rows, struct str piece,
                        struct why *why);
enum err json_rows_finish(struct json_rows *rows, struct why *why);

#endif
