/* Pack rows and unpack them. */
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
    *rows = (struct kept_rows){ 0 };
    out_init(&rows->bytes, 0);
    out_init(&rows->text, TEXT_BYTES_MAX);
}

void
kept_rows_fini(struct kept_rows *rows)
{
    out_fini(&rows->bytes);
    out_fini(&rows->text);
    repeats_fini(&rows->repeats);
    free(rows->unpacked);
    free(rows->printed);
}

static void
encode(void *context, struct out *out, uint32_t column, struct value value)
{
    struct kept_rows *rows = context;
    unsigned char len[VARINT_BYTES_MAX];
    struct str text;

    (void)column;
    out_reset(&rows->text);
    rows->format->value(&rows->text, value);
    text = out_text(&rows->text);
    out_bytes(out, (const char *)len, put_varint(len, text.len));
    out_str(out, text);
    if (out->err == OK)
        out->err = out_finish(&rows->text);
}

enum err
kept_rows_open(struct kept_rows *rows, const struct columns *columns,
               const struct rows_format *format, size_t bytes_max)
{
    size_t count = (size_t)columns->count + 1;

    assert(rows->unpacked == NULL);
    rows->columns = columns;
    rows->format = format;
    out_init(&rows->bytes, bytes_max);
    TRY(repeats_init(&rows->repeats, columns, encode, rows));
    rows->unpacked = calloc(count, sizeof *rows->unpacked);
    rows->printed = calloc(count, sizeof *rows->printed);
    if (rows->unpacked == NULL || rows->printed == NULL)
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
    repeats_reset(&rows->repeats);
}

uint32_t
kept_rows_add(struct kept_rows *rows, const struct row *row)
{
    size_t at = rows->bytes.len;

    /* A row of no columns is somewhere, too. */
    (void)out_reserve(&rows->bytes, 0);
    repeats_put(&rows->repeats, &rows->bytes, row);
    return (uint32_t)at;
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
