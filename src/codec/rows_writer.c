/* The table of row formats, and what they share. */
#include "secmaster/rows_writer.h"

#include <assert.h>
#include <string.h>

#include "rows_formats.h"

const struct rows_format *
rows_format(enum media media)
{
    switch (media) {
    case MEDIA_JSON:
        return &rows_json;
    case MEDIA_NDJSON:
        return &rows_ndjson;
    case MEDIA_CSV:
        return &rows_csv;
    case MEDIA_TEXT:
    case MEDIA_YAML:
    case MEDIA_HTML:
    case MEDIA_NONE:
        break;
    }
    return NULL;
}

struct str
rows_name(const struct sheet *sheet, uint32_t column)
{
    struct str member =
        names_member(sheet->attributes, sheet->columns->attributes[column]);

    /* Without the quotes and the colon of `"name":`. */
    assert(member.len >= 3);
    return (struct str){ member.data + 1, member.len - 3 };
}

/* A date as a string; null for the open end. */
static struct value
date_value(struct date date, char text[static DATE_TEXT_BYTES])
{
    if (date.days == DATE_OPEN_DAYS)
        return VALUE_OF_NULL;
    date_format(date, text);
    return (struct value){ VALUE_STRING, { text, DATE_TEXT_BYTES } };
}

/* The digits of a security id, in text. */
static struct value
id_value(int64_t id, char text[static 24])
{
    char *at = text + 24;
    uint64_t rest = (uint64_t)id;

    do
        *--at = (char)('0' + rest % 10);
    while ((rest /= 10) > 0);
    return (struct value){ VALUE_NUMBER, { at, (size_t)(text + 24 - at) } };
}

void
row_fix(const struct row *row, struct row_fixed *buffer, struct line *line)
{
    assert(row != NULL);
    assert(row->security_id >= 0);
    assert(buffer != NULL);
    assert(line != NULL);

    line->fixed[0] = id_value(row->security_id, buffer->id);
    line->fixed[1] = date_value(row->start, buffer->start);
    line->fixed[2] = date_value(row->end, buffer->end);
}
