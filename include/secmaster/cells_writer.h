/* Rows of columns with plain names, out as JSON, NDJSON and CSV. */
#ifndef SECMASTER_CELLS_WRITER_H
#define SECMASTER_CELLS_WRITER_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/cell_text.h"
#include "secmaster/date.h"
#include "secmaster/decimal.h"
#include "secmaster/media.h"
#include "secmaster/out.h"
#include "secmaster/rows_writer.h"
#include "secmaster/str.h"

#define CELLS_MAX 24
#define CELL_NAME_BYTES_MAX (CELL_TEXT_BYTES - 4) /* in JSON: ,"": */

/*
 * A table's head, then its rows: begin, a value for each column in their order,
 * end; then its tail, which in JSON stays open so that the caller adds members
 * and the closing brace. As rows_format has it, but a column is where it stands
 * and no attribute, and numbers are printed where they go.
 */
struct cells_writer {
    const struct rows_format *format;
    bool is_json, is_csv;
    bool has_rows;
    unsigned count, at;
    size_t row_room; /* of a row of numbers and dates */
    /* What stands before a value in JSON: `{"a":`, `,"b":`. */
    uint16_t begins[CELLS_MAX + 1];
    char before[CELLS_MAX * (CELL_NAME_BYTES_MAX + 4)];

    /* The month of a date that was written: the next one is mostly of it. */
    struct date month;
    uint32_t month_days; /* 0: there is none */
    char month_text[DATE_TEXT_BYTES];
};

/* media: one of MEDIA_TABLES. */
void cells_init(struct cells_writer *writer, enum media media);

/* One more column; its name is plain ASCII. */
void cells_add(struct cells_writer *writer, struct str name);

void cells_head(const struct cells_writer *writer, struct out *out);
void cells_begin(struct cells_writer *writer, struct out *out);
void cells_end(const struct cells_writer *writer, struct out *out);
void cells_tail(const struct cells_writer *writer, struct out *out);

/* Go on to the next column: the caller prints a number. */
static inline void
cells_next(struct cells_writer *writer, struct out *out)
{
    unsigned at = writer->at++;

    assert(at < writer->count);
    if (!writer->is_csv)
        out_bytes(out, writer->before + writer->begins[at],
                  (size_t)(writer->begins[at + 1] - writer->begins[at]));
    else if (at > 0)
        out_char(out, ',');
}

/* How no number is written. */
static inline struct str
cells_none(const struct cells_writer *writer)
{
    return writer->is_csv ? STR("") : STR("null");
}

/* Behind cells_next: there is no number. */
static inline void
cells_no_number(const struct cells_writer *writer, struct out *out)
{
    out_str(out, cells_none(writer));
}

static inline void
cells_null(struct cells_writer *writer, struct out *out)
{
    cells_next(writer, out);
    cells_no_number(writer, out);
}

/*
 * A row of numbers and dates alone can be written where it stands, in place of
 * cells_begin, ..., cells_end: what is written next goes to the pointer that is
 * handed on, behind cells_row_next DECIMAL_ROOM bytes. NULL: out has failed.
 */
static inline char *
cells_row_begin(struct cells_writer *writer, struct out *out)
{
    if (writer->is_json && writer->has_rows)
        out_char(out, ',');
    writer->has_rows = true;
    writer->at = 0;
    return out_reserve(out, writer->row_room);
}

char *cells_row_date(struct cells_writer *writer, char *to, struct date date);

static inline void
cells_row_end(const struct cells_writer *writer, struct out *out, char *to)
{
    assert(writer->at == writer->count);
    memcpy(to, writer->is_csv ? "\r\n" : "}\n", 2);
    out->len = (size_t)(to - out->data) + (writer->is_json ? 1 : 2);
}

static inline char *
cells_row_next(struct cells_writer *writer, char *to)
{
    unsigned at = writer->at++;
    size_t len;

    assert(at < writer->count);
    if (writer->is_csv) {
        *to = ',';
        return at > 0 ? to + 1 : to;
    }
    len = (size_t)(writer->begins[at + 1] - writer->begins[at]);
    memcpy(to, writer->before + writer->begins[at], len);
    return to + len;
}

/*
 * What cells_row_next writes before a column, borrowed: for who has texts that
 * many rows share, and copies them. cells_row_go_on says with which column the
 * other functions go on.
 */
static inline struct str
cells_row_before(const struct cells_writer *writer, unsigned column)
{
    const char *from;

    assert(column < writer->count);
    from = writer->before + writer->begins[column];
    if (writer->is_csv)
        return column > 0 ? STR(",") : STR("");
    return (struct str){
        from,
        (size_t)(writer->begins[column + 1] - writer->begins[column]),
    };
}

static inline void
cells_row_go_on(struct cells_writer *writer, unsigned column)
{
    assert(column <= writer->count);
    writer->at = column;
}

/* Behind cells_row_next: there is no number. */
static inline char *
cells_row_no_number(const struct cells_writer *writer, char *to)
{
    struct str none = cells_none(writer);

    memcpy(to, none.data, none.len);
    return to + none.len;
}

/* DATE_OPEN_DAYS is null. */
void cells_date(struct cells_writer *writer, struct out *out, struct date date);

/* A string, in canonical escaping (value.h). */
void cells_string(struct cells_writer *writer, struct out *out,
                  struct str escaped);

#endif
