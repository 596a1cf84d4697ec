/* Rows of columns with plain names: what stands before each value is made once
 * for all rows. */
#include "secmaster/cells_writer.h"

#include <assert.h>
#include <string.h>

#include "secmaster/value.h"

void
cells_init(struct cells_writer *writer, enum media media)
{
    *writer = (struct cells_writer){
        .format = rows_format(media),
        .is_json = media == MEDIA_JSON,
        .is_csv = media == MEDIA_CSV,
    };
    assert(writer->format != NULL);
}

void
cells_add(struct cells_writer *writer, struct str name)
{
    char *to = writer->before + writer->begins[writer->count];

    assert(writer->count < CELLS_MAX);
    assert(name.len <= CELL_NAME_BYTES_MAX);
    assert(value_is_plain(name));
    to[0] = writer->count == 0 ? '{' : ',';
    to[1] = '"';
    memcpy(to + 2, name.data, name.len);
    memcpy(to + 2 + name.len, "\":", 2);
    writer->count++;
    writer->begins[writer->count] =
        (uint16_t)(to + name.len + 4 - writer->before);
    /* Behind the last value there are up to two bytes more. */
    writer->row_room = writer->begins[writer->count] +
                       (size_t)writer->count * (1 + DECIMAL_ROOM) + 2;
}

static struct str
name_of(const struct cells_writer *writer, unsigned column)
{
    const char *from = writer->before + writer->begins[column];
    size_t len = (size_t)(writer->begins[column + 1] - writer->begins[column]);

    return (struct str){ from + 2, len - 4 };
}

void
cells_head(const struct cells_writer *writer, struct out *out)
{
    if (!writer->is_json && !writer->is_csv)
        return;
    if (writer->is_json)
        out_str(out, STR("{\"columns\":["));
    for (unsigned i = 0; i < writer->count; i++) {
        if (i > 0)
            out_char(out, ',');
        if (writer->is_json)
            out_json(out, name_of(writer, i));
        else
            out_str(out, name_of(writer, i));
    }
    out_str(out, writer->is_json ? STR("],\"rows\":[") : STR("\r\n"));
}

void
cells_begin(struct cells_writer *writer, struct out *out)
{
    if (writer->is_json && writer->has_rows)
        out_char(out, ',');
    writer->has_rows = true;
    writer->at = 0;
}

void
cells_end(const struct cells_writer *writer, struct out *out)
{
    assert(writer->at == writer->count);
    if (writer->is_csv)
        out_bytes(out, "\r\n", 2);
    else
        out_bytes(out, "}\n", writer->is_json ? 1 : 2);
}

void
cells_tail(const struct cells_writer *writer, struct out *out)
{
    if (writer->is_json)
        out_char(out, ']');
}

/* The month that date is of, and its text. */
static void
begin_month(struct cells_writer *writer, struct date date)
{
    struct civil civil = date_civil(date);

    writer->month.days = date.days - (int32_t)civil.day + 1;
    writer->month_days = date_month_days(civil);
    date_format_civil(civil, writer->month_text);
}

/* As date_format, which has to divide. */
static inline void
put_date(struct cells_writer *writer, char *to, struct date date)
{
    uint32_t day = (uint32_t)(date.days - writer->month.days); /* from 0 */

    if (day >= writer->month_days) {
        begin_month(writer, date);
        day = (uint32_t)(date.days - writer->month.days);
    }
    memcpy(to, writer->month_text, DATE_TEXT_BYTES - 2);
    to[8] = (char)('0' + (day + 1) / 10);
    to[9] = (char)('0' + (day + 1) % 10);
}

char *
cells_row_date(struct cells_writer *writer, char *to, struct date date)
{
    to = cells_row_next(writer, to);
    if (date.days == DATE_OPEN_DAYS)
        return cells_row_no_number(writer, to);
    if (writer->is_csv) {
        put_date(writer, to, date);
        return to + DATE_TEXT_BYTES;
    }
    to[0] = '"';
    put_date(writer, to + 1, date);
    to[DATE_TEXT_BYTES + 1] = '"';
    return to + DATE_TEXT_BYTES + 2;
}

void
cells_date(struct cells_writer *writer, struct out *out, struct date date)
{
    char *to;

    if (date.days == DATE_OPEN_DAYS) {
        cells_null(writer, out);
        return;
    }
    cells_next(writer, out);
    to = out_reserve(out, DATE_TEXT_BYTES + 2);
    if (to == NULL)
        return;
    if (writer->is_csv) {
        put_date(writer, to, date);
        out->len += DATE_TEXT_BYTES;
        return;
    }
    to[0] = '"';
    put_date(writer, to + 1, date);
    to[DATE_TEXT_BYTES + 1] = '"';
    out->len += DATE_TEXT_BYTES + 2;
}

void
cells_string(struct cells_writer *writer, struct out *out, struct str escaped)
{
    cells_next(writer, out);
    writer->format->value(out, (struct value){ VALUE_STRING, escaped });
}
