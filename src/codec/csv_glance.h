/* Plain rows of CSV, read at a glance; whatever is not plain is left. */
#ifndef CODEC_CSV_GLANCE_H
#define CODEC_CSV_GLANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "row_sink.h"
#include "secmaster/str.h"

/*
 * Read the line at the front of text, whose columns are these members of the
 * shape. Plain: no quote, as many fields as columns, no fault. It never
 * judges: a line that it leaves is read again, from its start, by who can say
 * what is wrong with it. False: it is not plain, or not whole. The texts of
 * tokens are borrowed from text; *bytes are the line's, with its end.
 */
bool csv_glance_row(const struct row_shape *shape, const size_t *columns,
                    size_t column_count, struct str text, struct token *tokens,
                    size_t *bytes);

/* What a field reads as; bare where it is not quoted. */
struct token csv_token(const struct row_member *member, struct str text,
                       bool quoted);

#endif
