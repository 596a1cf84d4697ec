/* Plain rows of JSON, read at a glance; whatever is not plain is left. */
#ifndef CODEC_JSON_GLANCE_H
#define CODEC_JSON_GLANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json_rows.h"
#include "row_sink.h"
#include "secmaster/str.h"

/*
 * Nearly all rows are plain: known members, each once, none missing, no
 * escape, no white space but blanks, no fault. They must not cost what the
 * full reader does for the others. It never judges: a row that it leaves is
 * read again, from its start, by who can say what is wrong with it.
 */
struct json_glance {
    enum json_layout layout;
    const struct row_shape *shape;
    struct str names[ROW_MEMBERS_MAX]; /* of the shape's members */
    uint32_t required;                 /* a bit a member */
    uint8_t order[ROW_MEMBERS_MAX];    /* of the last row: the next is alike */
};

/* What a row and the separator before it took. */
struct glance {
    size_t bytes;
    uint64_t lines;
};

void json_glance_init(struct json_glance *glance, enum json_layout layout,
                      const struct row_shape *shape);

/*
 * Read the separator and the row at the front of text, which stands behind
 * another row. False: it is not plain, or not whole. The texts of tokens are
 * borrowed from text.
 */
bool json_glance_row(struct json_glance *glance, struct str text,
                     struct token *tokens, struct glance *out);

#endif
