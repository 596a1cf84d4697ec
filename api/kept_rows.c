/* Pack rows and unpack them; what a row shares with the one before it is
 * copied, not encoded again. */
#include "kept_rows.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/wire.h"

/* A string of so many bytes is six times as long at most, and quoted. */
#define TEXT_BYTES_MAX (6UL * VALUE_BYTES_MAX + 2)

void
kept_rows_init(struct kept_rows *rows)
{
    *rows = (struct kept_rows){ .last_security = -1 };
    out_init(&rows->bytes, 0);
    out_init(&rows->text, TEXT_BYTES_MAX);
}

void
kept_rows_fini(struct kept_rows *rows)
{
    out_fini(&rows->bytes);
    out_fini(&rows->text);
    free(rows->cells);
    free(rows->last);
    free(rows->unpacked);
    free(rows->printed);
}

enum err
kept_rows_open(struct kept_rows *rows, const struct columns *columns,
               const struct rows_format *format, size_t bytes_max)
{
    size_t count = (size_t)columns->count + 1;

    assert(rows->cells == NULL);
    rows->columns = columns;
    rows->format = format;
    out_init(&rows->bytes, bytes_max);
    rows->cells = calloc(count, sizeof *rows->cells);
    rows->last = calloc(count, sizeof *rows->last);
    rows->unpacked = calloc(count, sizeof *rows->unpacked);
    rows->printed = calloc(count, sizeof *rows->printed);
    if (rows->cells == NULL || rows->last == NULL || rows->unpacked == NULL ||
        rows->printed == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < columns->count; i++) {
        /* No format changes a number's text: what is encoded passes as one. */
        rows->unpacked[i].value.type = VALUE_NUMBER;
        rows->printed[i] = &rows->unpacked[i];
    }
    return OK;
}

void
kept_rows_reset(struct kept_rows *rows)
{
    out_reset(&rows->bytes);
    rows->last_security = -1;
}

/* Copy the values of columns [from, to) of the row before. */
static void
repeat(struct kept_rows *rows, uint32_t from, uint32_t to)
{
    size_t begin = rows->last[from].at, end = rows->last[to].at;
    size_t at = rows->bytes.len;
    char *room;

    if (from == to)
        return;
    room = out_reserve(&rows->bytes, end - begin);
    if (room == NULL)
        return;
    memcpy(room, rows->bytes.data + begin, end - begin);
    rows->bytes.len += end - begin;
    for (uint32_t i = from; i < to; i++)
        rows->last[i].at += at - begin;
}

static void
encode(struct kept_rows *rows, struct value value)
{
    char len[VARINT_BYTES_MAX];
    struct str text;

    out_reset(&rows->text);
    rows->format->value(&rows->text, value);
    text = out_text(&rows->text);
    out_bytes(&rows->bytes, len, put_varint((unsigned char *)len, text.len));
    out_str(&rows->bytes, text);
    if (rows->bytes.err == OK)
        rows->bytes.err = out_finish(&rows->text);
}

static bool
is_same(const struct kept_value *last, const struct cell *cell)
{
    if (cell == NULL)
        return last->tx == 0;
    return last->tx == cell->tx &&
           last->effective.days == cell->effective.days &&
           last->source == cell->source;
}

static void
note(struct kept_value *last, size_t at, const struct cell *cell)
{
    *last = (struct kept_value){ .at = at };
    if (cell == NULL)
        return;
    last->tx = cell->tx;
    last->effective = cell->effective;
    last->source = cell->source;
}

uint32_t
kept_rows_add(struct kept_rows *rows, const struct row *row)
{
    static const struct row no_row = { .security_id = -1 };
    uint32_t count = rows->columns->count, same_from = 0;
    size_t begin = rows->bytes.len;
    bool is_new = row == NULL || rows->last_security != row->security_id;

    row = row == NULL ? &no_row : row;
    columns_spread(rows->columns, row, rows->cells);
    for (uint32_t i = 0; i < count; i++) {
        const struct cell *cell = rows->cells[i];

        if (!is_new && is_same(&rows->last[i], cell))
            continue;
        repeat(rows, same_from, i);
        same_from = i + 1;
        note(&rows->last[i], rows->bytes.len, cell);
        encode(rows, cell == NULL ? VALUE_OF_NULL : cell->value);
    }
    repeat(rows, same_from, count);
    rows->last[count].at = rows->bytes.len;
    rows->last_security = row->security_id;
    return (uint32_t)begin;
}

const struct cell *const *
kept_rows_cells(struct kept_rows *rows, uint32_t at)
{
    struct str from = { rows->bytes.data + at, rows->bytes.len - at };

    for (uint32_t i = 0; i < rows->columns->count; i++) {
        uint64_t len = 0;
        bool is_whole = take_varint(&from, &len);

        assert(is_whole);
        assert(len <= from.len);
        rows->unpacked[i].value.text = (struct str){ from.data, len };
        from.data += len;
        from.len -= len;
    }
    return rows->printed;
}
