/* Rows as JSON and NDJSON: mostly copies of texts kept as JSON already. */
#include "rows_formats.h"

#include <string.h>

/* `,"name":` before a fixed column's value. */
static void
fixed_member(struct out *out, const struct sheet *sheet, size_t i)
{
    out_char(out, i == 0 ? '{' : ',');
    out_char(out, '"');
    out_str(out, str_of(sheet->fixed[i]));
    out_bytes(out, "\":", 2);
}

/* `,"name":value`, with its room reserved at once. */
static void
attribute_member(struct out *out, struct str member, struct value value)
{
    size_t quotes = value.type == VALUE_STRING ? 2 : 0;
    size_t size = 1 + member.len + value.text.len + quotes;
    char *to = out_reserve(out, size);

    if (to == NULL)
        return;
    *to++ = ',';
    memcpy(to, member.data, member.len);
    to += member.len;
    if (quotes > 0)
        *to++ = '"';
    if (value.text.len > 0)
        memcpy(to, value.text.data, value.text.len);
    if (quotes > 0)
        to[value.text.len] = '"';
    out->len += size;
}

void
rows_object(struct out *out, const struct sheet *sheet, const struct line *line)
{
    const struct columns *columns = sheet->columns;

    for (size_t i = 0; i < FIXED_COLUMNS; i++) {
        fixed_member(out, sheet, i);
        value_json(out, line->fixed[i]);
    }
    for (uint32_t i = 0; i < columns->count; i++) {
        const struct cell *cell = line->cells[i];
        struct str member =
            names_member(sheet->attributes, columns->attributes[i]);

        attribute_member(out, member,
                         cell == NULL ? VALUE_OF_NULL : cell->value);
    }
    out_char(out, '}');
}

static void
json_value(struct out *out, struct value value)
{
    value_json(out, value);
}

static void
json_head(struct out *out, const struct sheet *sheet)
{
    out_str(out, STR("{\"columns\":["));
    for (size_t i = 0; i < FIXED_COLUMNS; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, str_of(sheet->fixed[i]));
    }
    for (uint32_t i = 0; i < sheet->columns->count; i++) {
        out_bytes(out, ",\"", 2);
        out_str(out, rows_name(sheet, i));
        out_char(out, '"');
    }
    out_str(out, STR("],\"rows\":["));
}

static void
json_line(struct out *out, const struct sheet *sheet, const struct line *line,
          bool first)
{
    if (!first)
        out_char(out, ',');
    rows_object(out, sheet, line);
}

static void
json_tail(struct out *out)
{
    out_char(out, ']');
}

const struct rows_format rows_json = { json_head, json_line, json_tail,
                                       json_value };

static void
ndjson_head(struct out *out, const struct sheet *sheet)
{
    (void)out;
    (void)sheet;
}

static void
ndjson_line(struct out *out, const struct sheet *sheet, const struct line *line,
            bool first)
{
    (void)first;
    rows_object(out, sheet, line);
    out_char(out, '\n');
}

static void
ndjson_tail(struct out *out)
{
    (void)out;
}

const struct rows_format rows_ndjson = { ndjson_head, ndjson_line, ndjson_tail,
                                         json_value };
