/*
 * Rows from CSV by a reader of our own: libcsv cannot tell a quoted field
 * from a bare one, and that decides a value's type.
 */
#include "csv_rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "csv_glance.h"
#include "secmaster/bounds.h"
#include "secmaster/utf8.h"

#define BOM STR("\xef\xbb\xbf")

enum csv_state {
    FIELD_BEGINS,
    IN_BARE,
    IN_QUOTED,
    QUOTE_SEEN, /* in a quoted field: its end, or half of a quote */
    CR_SEEN,
};

struct field {
    size_t offset, len; /* in text */
    bool quoted;
};

struct csv_rows {
    struct row_sink *sink; /* borrowed */
    enum csv_state state;
    uint32_t utf8;        /* state of utf8_step */
    uint64_t bytes, line; /* of the byte that is next; line from 1 */

    /* The record being read. */
    uint64_t record_line;            /* its first */
    uint64_t quote_line, quote_byte; /* that opened the last quoted field */
    struct out text;
    struct field field;                   /* the one being read */
    struct field fields[CSV_COLUMNS_MAX]; /* the first ones */
    size_t field_count;                   /* of them all */

    /* The header. */
    bool header_read, header_bad;
    size_t columns[CSV_COLUMNS_MAX]; /* column -> member of the shape */
    size_t column_count;
};

struct csv_rows *
csv_rows_new(struct row_sink *sink)
{
    struct csv_rows *rows = calloc(1, sizeof *rows);

    assert(sink != NULL);

    if (rows == NULL)
        return NULL;
    rows->sink = sink;
    rows->sink->pointer = NULL;
    rows->line = rows->record_line = 1;
    out_init(&rows->text, BODY_BYTES_CEILING);
    return rows;
}

void
csv_rows_free(struct csv_rows *rows)
{
    if (rows == NULL)
        return;
    out_fini(&rows->text);
    free(rows);
}

static void
field_end(struct csv_rows *rows)
{
    rows->field.len = rows->text.len - rows->field.offset;
    if (rows->field_count < CSV_COLUMNS_MAX)
        rows->fields[rows->field_count] = rows->field;
    rows->field_count++;
    rows->field = (struct field){ .offset = rows->text.len };
}

static struct str
field_text(const struct csv_rows *rows, size_t i)
{
    struct field field = rows->fields[i];

    if (field.len == 0)
        return STR("");
    return (struct str){ rows->text.data + field.offset, field.len };
}

/* Note what column i holds; complain when it is nothing we know. */
static void
header_field(struct csv_rows *rows, size_t i)
{
    const struct row_shape *shape = rows->sink->shape;
    struct str name = field_text(rows, i);

    rows->columns[i] = member_find(shape->members, shape->member_count, name);
    if (rows->columns[i] == shape->member_count)
        row_complain(rows->sink, name, "unknown column");
    for (size_t j = 0; j < i; j++) {
        if (str_equal(field_text(rows, j), name)) {
            row_complain(rows->sink, name, "duplicate column");
            return;
        }
    }
}

static bool
has_column(const struct csv_rows *rows, size_t member)
{
    for (size_t i = 0; i < rows->column_count; i++) {
        if (rows->columns[i] == member)
            return true;
    }
    return false;
}

/* Take the header that somebody else has; false: it is not that. */
static bool
foreign_header(struct csv_rows *rows)
{
    const struct row_shape *shape = rows->sink->shape;

    if (shape->foreign_count == 0 || rows->field_count != shape->foreign_count)
        return false;
    for (size_t i = 0; i < shape->foreign_count; i++) {
        if (!str_equal(field_text(rows, i), str_of(shape->foreign[i].name)))
            return false;
    }
    rows->column_count = shape->foreign_count;
    for (size_t i = 0; i < shape->foreign_count; i++)
        rows->columns[i] = shape->foreign[i].member;
    return true;
}

static void
own_header(struct csv_rows *rows)
{
    const struct row_shape *shape = rows->sink->shape;

    rows->column_count = rows->field_count;
    if (rows->column_count > CSV_COLUMNS_MAX) {
        row_complain(rows->sink, (struct str){ 0 }, "too many columns");
        rows->column_count = CSV_COLUMNS_MAX;
    }
    for (size_t i = 0; i < rows->column_count; i++)
        header_field(rows, i);
    for (size_t i = 0; i < shape->member_count; i++) {
        if (shape->members[i].need != MEMBER_OPTIONAL && !has_column(rows, i))
            row_complain(rows->sink, str_of(shape->members[i].name),
                         "the column is missing");
    }
}

static void
header_end(struct csv_rows *rows)
{
    struct row_sink *sink = rows->sink;
    uint32_t members = 0;

    rows->header_read = true;
    sink->row_bad = false;
    if (!foreign_header(rows))
        own_header(rows);
    for (size_t i = 0; i < sink->shape->member_count; i++)
        members |= has_column(rows, i) ? UINT32_C(1) << i : 0;
    if (sink->header != NULL)
        sink->header(sink, members);
    rows->header_bad = sink->row_bad;
}

static enum err
row_fields(struct csv_rows *rows)
{
    const struct row_shape *shape = rows->sink->shape;

    for (size_t i = 0; i < rows->column_count; i++) {
        size_t member = rows->columns[i];
        struct token token =
            csv_token(&shape->members[member], field_text(rows, i),
                      rows->fields[i].quoted);

        if (token.type != TOKEN_ABSENT)
            TRY(row_sink_member(rows->sink, member, token));
    }
    return OK;
}

/* A row of data; under a bad header nobody knows what it says. */
static enum err
row_end(struct csv_rows *rows)
{
    row_sink_begin(rows->sink);
    if (rows->header_bad)
        return OK;
    if (rows->field_count != rows->column_count) {
        row_complain(rows->sink, (struct str){ 0 },
                     "must have as many fields as the header");
        return OK;
    }
    TRY(row_fields(rows));
    return row_sink_end(rows->sink);
}

static enum err
record_end(struct csv_rows *rows)
{
    enum err err = OK;

    field_end(rows);
    TRY(out_finish(&rows->text));
    rows->sink->line = rows->record_line;
    if (rows->header_read)
        err = row_end(rows);
    else
        header_end(rows);
    out_reset(&rows->text);
    rows->field = (struct field){ 0 };
    rows->field_count = 0;
    rows->record_line = rows->line;
    rows->state = FIELD_BEGINS;
    return err;
}

static enum err
malformed(const struct csv_rows *rows, uint64_t byte, const char *fault,
          struct why *why)
{
    return why_set(why, ERR_MALFORMED, "line %llu, byte %llu: %s",
                   (unsigned long long)rows->line, (unsigned long long)byte,
                   fault);
}

/*
 * Judge the byte that is next, at the beginning of a field or at the end of a
 * text run. IN_BARE behind it: it is text, and still to be taken.
 */
static enum err
mark(struct csv_rows *rows, char c, struct why *why)
{
    uint64_t byte = rows->bytes + 1;

    if (rows->state == CR_SEEN && c != '\n')
        return malformed(rows, byte - 1, "a carriage return alone", why);
    switch (c) {
    case ',':
        field_end(rows);
        rows->state = FIELD_BEGINS;
        return OK;
    case '\r':
        rows->state = CR_SEEN;
        return OK;
    case '\n':
        rows->line++;
        return record_end(rows);
    case '"':
        if (rows->state == IN_QUOTED) {
            rows->state = QUOTE_SEEN;
            return OK;
        }
        if (rows->state == IN_BARE)
            return malformed(rows, byte, "a quote inside a bare field", why);
        if (rows->state == QUOTE_SEEN) {
            /* The second of two quotes is one that was meant. */
            out_char(&rows->text, c);
        } else {
            rows->field.quoted = true;
            rows->quote_line = rows->line;
            rows->quote_byte = byte;
        }
        rows->state = IN_QUOTED;
        return OK;
    }
    if (rows->state == QUOTE_SEEN)
        return malformed(rows, byte, "text behind a closing quote", why);
    assert(rows->state == FIELD_BEGINS);
    rows->state = IN_BARE;
    return OK;
}

/* How much of piece goes on with the field, and keep it. */
static enum err
text_run(struct csv_rows *rows, struct str piece, size_t *taken,
         struct why *why)
{
    bool quoted = rows->state == IN_QUOTED;
    uint32_t utf8 = rows->utf8; /* a copy, for the loop to keep at hand */
    size_t at;

    for (at = 0; at < piece.len; at++) {
        unsigned char byte = (unsigned char)piece.data[at];

        if (byte >= 0x80 || utf8 != 0) {
            if (!utf8_step(&utf8, byte))
                return malformed(rows, rows->bytes + at + 1, "not UTF-8", why);
            continue;
        }
        if (byte == '"')
            break;
        if (quoted)
            rows->line += byte == '\n';
        else if (byte == ',' || byte == '\r' || byte == '\n')
            break;
    }
    rows->utf8 = utf8;
    out_bytes(&rows->text, piece.data, at);
    *taken = at;
    return out_finish(&rows->text);
}

/* Take the plain rows at the front of piece. */
static enum err
feed_glance(struct csv_rows *rows, struct str *piece)
{
    struct row_sink *sink = rows->sink;
    size_t bytes;

    while (csv_glance_row(sink->shape, rows->columns, rows->column_count,
                          *piece, sink->tokens, &bytes)) {
        piece->data += bytes;
        piece->len -= bytes;
        rows->bytes += bytes;
        sink->line = rows->line++;
        rows->record_line = rows->line;
        TRY(row_sink_whole(sink));
    }
    return OK;
}

/* Whether a row of data begins here. */
static bool
row_begins(const struct csv_rows *rows)
{
    return rows->header_read && !rows->header_bad &&
           rows->state == FIELD_BEGINS && rows->field_count == 0;
}

static enum err
feed(struct csv_rows *rows, struct str piece, struct why *why)
{
    while (piece.len > 0) {
        size_t taken = 0;

        if (row_begins(rows)) {
            TRY(feed_glance(rows, &piece));
            if (piece.len == 0)
                return OK;
        }
        if (rows->state == IN_BARE || rows->state == IN_QUOTED)
            TRY(text_run(rows, piece, &taken, why));
        if (taken == 0) {
            TRY(mark(rows, piece.data[0], why));
            taken = rows->state == IN_BARE ? 0 : 1;
        }
        rows->bytes += taken;
        piece.data += taken;
        piece.len -= taken;
    }
    return OK;
}

/* A byte order mark is no part of the first field, quoted or not. */
static void
drop_bom(struct csv_rows *rows)
{
    if (!str_equal(out_text(&rows->text), BOM))
        return;
    out_reset(&rows->text);
    rows->state = FIELD_BEGINS;
}

enum err
csv_rows_feed(struct csv_rows *rows, struct str piece, struct why *why)
{
    if (rows->bytes < BOM.len) {
        struct str head = piece;

        if (head.len > BOM.len - rows->bytes)
            head.len = BOM.len - rows->bytes;
        TRY(feed(rows, head, why));
        if (rows->bytes == BOM.len)
            drop_bom(rows);
        piece.data += head.len;
        piece.len -= head.len;
    }
    return feed(rows, piece, why);
}

enum err
csv_rows_finish(struct csv_rows *rows, struct why *why)
{
    bool is_begun = rows->state != FIELD_BEGINS || rows->field_count > 0;

    if (rows->utf8 != 0)
        return malformed(rows, rows->bytes, "not UTF-8", why);
    if (rows->state == CR_SEEN)
        return malformed(rows, rows->bytes, "a carriage return alone", why);
    if (rows->state == IN_QUOTED)
        return why_set(why, ERR_MALFORMED,
                       "line %llu, byte %llu: a quote that never closes",
                       (unsigned long long)rows->quote_line,
                       (unsigned long long)rows->quote_byte);
    /* The last record may lack its line end. */
    if (is_begun)
        TRY(record_end(rows));
    rows->sink->line = 1;
    if (!rows->header_read)
        row_complain(rows->sink, (struct str){ 0 }, "the header is missing");
    else if (!rows->header_bad)
        row_sink_list_end(rows->sink);
    return OK;
}
