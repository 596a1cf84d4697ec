/* Rows out as JSON, NDJSON and CSV: a format is a row in a table. */
#ifndef SECMASTER_ROWS_WRITER_H
#define SECMASTER_ROWS_WRITER_H

#include "secmaster/columns.h"
#include "secmaster/media.h"
#include "secmaster/names.h"
#include "secmaster/out.h"
#include "secmaster/timeline.h"

#define FIXED_COLUMNS 3

/* A table's head: three fixed columns, then attributes. All borrowed. */
struct sheet {
    const char *fixed[FIXED_COLUMNS]; /* plain ASCII names */
    const struct columns *columns;
    const struct names *attributes;
};

/* One line: cells[i] of column i, NULL where the row has no value. */
struct line {
    struct value fixed[FIXED_COLUMNS];
    const struct cell *const *cells;
};

/*
 * head, then lines (first: this is the first one), then tail. JSON:
 * `{"columns":[..],"rows":[` .. `]`, the tail stays open so that the caller
 * adds members and the closing brace. NDJSON: lines only. CSV: RFC 4180 with
 * CRLF; null is empty, an empty string or one that would read as a number,
 * true or false is quoted.
 *
 * line is begin, which takes the fixed values, then cell for each column, then
 * end; value is a value by itself, as cell puts it.
 */
struct rows_format {
    void (*head)(struct out *out, const struct sheet *sheet);
    void (*line)(struct out *out, const struct sheet *sheet,
                 const struct line *line, bool first);
    void (*tail)(struct out *out);

    void (*begin)(struct out *out, const struct sheet *sheet,
                  const struct line *line, bool first);
    void (*cell)(struct out *out, const struct sheet *sheet, uint32_t column,
                 struct value value);
    void (*end)(struct out *out);
    void (*value)(struct out *out, struct value value);
};

/* NULL: rows cannot be written so. */
const struct rows_format *rows_format(enum media media);

/* One line as a JSON object with every column, no line end (NDJSON's too). */
void rows_object(struct out *out, const struct sheet *sheet,
                 const struct line *line);

/* The fixed values of a type-2 row; buffer holds their texts. */
struct row_fixed {
    char id[24], start[DATE_TEXT_BYTES], end[DATE_TEXT_BYTES];
};
void row_fix(const struct row *row, struct row_fixed *buffer,
             struct line *line);

/* The fixed columns of a type-2 table. */
#define SHEET_ROWS                                                             \
    {                                                                          \
        "security_id", "effective_start_date", "effective_end_date"            \
    }

#endif
