/* Rows as CSV (RFC 4180), so that our own reader reads the same values. */
#include "rows_formats.h"

#include <string.h>

static const char *
find(struct str text, char c)
{
    return text.len == 0 ? NULL : memchr(text.data, c, text.len);
}

/* Whether RFC 4180 wants quotes around a text in canonical escaping. */
static bool
needs_quotes(struct str escaped)
{
    const char *at = find(escaped, '\\');

    if (find(escaped, ',') != NULL)
        return true;
    while (at != NULL) {
        struct str rest;

        if (memchr("\"rn", at[1], 3) != NULL)
            return true;
        /* Two bytes of it at least; the rest of \u00xx has no backslash. */
        rest.data = at + 2;
        rest.len = (size_t)(escaped.data + escaped.len - rest.data);
        at = find(rest, '\\');
    }
    return false;
}

/* Whether the reader would take the bare text for something else. */
static bool
reads_as_other(struct str text)
{
    return text.len == 0 || value_is_number(text) ||
           str_equal(text, STR("true")) || str_equal(text, STR("false"));
}

/* The text between quotes: what escapes stand for, quotes twice. */
static void
quoted(struct out *out, struct str escaped)
{
    size_t at = 0;

    out_char(out, '"');
    while (at < escaped.len) {
        const char *from = escaped.data + at;
        struct str rest = { from, escaped.len - at };
        const char *backslash = find(rest, '\\');

        /* An escape at a time; the text before it goes along with it. */
        if (backslash != NULL)
            rest.len = (size_t)(backslash - from) + 2;
        if (backslash != NULL && backslash[1] == '"') {
            out_bytes(out, from, rest.len - 2);
            out_bytes(out, "\"\"", 2);
        } else {
            if (backslash != NULL && backslash[1] == 'u')
                rest.len += 4;
            value_unescape(out, rest);
        }
        at += rest.len;
    }
    out_char(out, '"');
}

static void
field(struct out *out, struct value value)
{
    switch (value.type) {
    case VALUE_NULL:
        return;
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_NUMBER:
        out_str(out, value.text);
        return;
    case VALUE_STRING:
        break;
    }
    if (reads_as_other(value.text) || needs_quotes(value.text))
        quoted(out, value.text);
    else
        value_unescape(out, value.text);
}

static void
csv_head(struct out *out, const struct sheet *sheet)
{
    for (size_t i = 0; i < FIXED_COLUMNS; i++) {
        if (i > 0)
            out_char(out, ',');
        out_str(out, str_of(sheet->fixed[i]));
    }
    for (uint32_t i = 0; i < sheet->columns->count; i++) {
        struct str name = rows_name(sheet, i);

        out_char(out, ',');
        if (needs_quotes(name))
            quoted(out, name);
        else
            value_unescape(out, name);
    }
    out_bytes(out, "\r\n", 2);
}

static void
csv_begin(struct out *out, const struct sheet *sheet, const struct line *line,
          bool first)
{
    (void)sheet;
    (void)first;
    for (size_t i = 0; i < FIXED_COLUMNS; i++) {
        if (i > 0)
            out_char(out, ',');
        field(out, line->fixed[i]);
    }
}

static void
csv_cell(struct out *out, const struct sheet *sheet, uint32_t column,
         struct value value)
{
    (void)sheet;
    (void)column;
    if (value.type == VALUE_NUMBER) {
        /* The commonest, and all of a join's: its room reserved at once. */
        char *to = out_reserve(out, 1 + value.text.len);

        if (to == NULL)
            return;
        *to = ',';
        memcpy(to + 1, value.text.data, value.text.len);
        out->len += 1 + value.text.len;
        return;
    }
    out_char(out, ',');
    field(out, value);
}

static void
csv_end(struct out *out)
{
    out_bytes(out, "\r\n", 2);
}

static void
csv_line(struct out *out, const struct sheet *sheet, const struct line *line,
         bool first)
{
    csv_begin(out, sheet, line, first);
    for (uint32_t i = 0; i < sheet->columns->count; i++)
        csv_cell(out, sheet, i,
                 line->cells[i] == NULL ? VALUE_OF_NULL
                                        : line->cells[i]->value);
    csv_end(out);
}

static void
csv_tail(struct out *out)
{
    (void)out;
}

const struct rows_format rows_csv = {
    .head = csv_head,
    .line = csv_line,
    .tail = csv_tail,
    .begin = csv_begin,
    .cell = csv_cell,
    .end = csv_end,
    .value = field,
};
