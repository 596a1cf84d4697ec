/* Rows as JSON and NDJSON: mostly copies of texts kept as JSON already. */
#include "rows_formats.h"

#include <string.h>

/* `,"name":value`, of a name that is not quoted yet. */
static void
fixed_member(struct out *out, char before, struct str name, struct value value)
{
    size_t quotes = value.type == VALUE_STRING ? 2 : 0;
    size_t size = 4 + name.len + value.text.len + quotes;
    char *to = out_reserve(out, size);

    if (to == NULL)
        return;
    *to++ = before;
    *to++ = '"';
    memcpy(to, name.data, name.len);
    to += name.len;
    *to++ = '"';
    *to++ = ':';
    if (quotes > 0)
        *to++ = '"';
    memcpy(to, value.text.data, value.text.len);
    if (quotes > 0)
        to[value.text.len] = '"';
    out->len += size;
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

/* The fixed columns, the brace still open. */
static void
begin_object(struct out *out, const struct sheet *sheet,
             const struct line *line)
{
    for (size_t i = 0; i < FIXED_COLUMNS; i++)
        fixed_member(out, i == 0 ? '{' : ',', str_of(sheet->fixed[i]),
                     line->fixed[i]);
}

static void
json_cell(struct out *out, const struct sheet *sheet, uint32_t column,
          struct value value)
{
    uint32_t attribute = sheet->columns->attributes[column];

    attribute_member(out, names_member(sheet->attributes, attribute), value);
}

void
rows_object(struct out *out, const struct sheet *sheet, const struct line *line)
{
    begin_object(out, sheet, line);
    for (uint32_t i = 0; i < sheet->columns->count; i++)
        json_cell(out, sheet, i,
                  line->cells[i] == NULL ? VALUE_OF_NULL
                                         : line->cells[i]->value);
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
json_begin(struct out *out, const struct sheet *sheet, const struct line *line,
           bool first)
{
    if (!first)
        out_char(out, ',');
    begin_object(out, sheet, line);
}

static void
json_end(struct out *out)
{
    out_char(out, '}');
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

const struct rows_format rows_json = {
    .head = json_head,
    .line = json_line,
    .tail = json_tail,
    .begin = json_begin,
    .cell = json_cell,
    .end = json_end,
    .value = json_value,
};

static void
ndjson_head(struct out *out, const struct sheet *sheet)
{
    (void)out;
    (void)sheet;
}

static void
ndjson_begin(struct out *out, const struct sheet *sheet,
             const struct line *line, bool first)
{
    (void)first;
    begin_object(out, sheet, line);
}

static void
ndjson_end(struct out *out)
{
    out_bytes(out, "}\n", 2);
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

const struct rows_format rows_ndjson = {
    .head = ndjson_head,
    .line = ndjson_line,
    .tail = ndjson_tail,
    .begin = ndjson_begin,
    .cell = json_cell,
    .end = ndjson_end,
    .value = json_value,
};
