/* A row by itself, with the columns that it has. */
#include "lone_row.h"

#include <stdlib.h>

#include "secmaster/columns.h"
#include "secmaster/rows_writer.h"

static void
write_row(const struct sheet *sheet, const struct line *line, enum media media,
          struct out *out)
{
    const struct rows_format *format = rows_format(media);

    if (media == MEDIA_JSON) {
        rows_object(out, sheet, line);
        return;
    }
    format->head(out, sheet);
    format->line(out, sheet, line, true);
    format->tail(out);
}

/* The columns are the row's own cells. */
static enum err
columns_of_row(struct columns *columns, const struct row *row,
               const struct names *attributes)
{
    for (size_t i = 0; i < row->cell_count; i++)
        TRY(columns_add(columns, row->cells[i].attribute));
    return columns_sort(columns, attributes);
}

enum err
lone_row_print(const struct row *row, const struct names *attributes,
               enum media media, struct out *out)
{
    struct columns columns;
    struct sheet sheet = { SHEET_ROWS, &columns, attributes };
    struct row_fixed buffer;
    const struct cell **cells = calloc(row->cell_count + 1, sizeof *cells);
    struct line line = { .cells = cells };
    enum err err = ERR_BUSY;

    columns_init(&columns);
    if (cells != NULL)
        err = columns_of_row(&columns, row, attributes);
    if (err == OK) {
        columns_spread(&columns, row, cells);
        row_fix(row, &buffer, &line);
        write_row(&sheet, &line, media, out);
        err = out_finish(out);
    }
    columns_fini(&columns);
    free(cells);
    return err;
}
