/* Many rows in little memory, their values encoded for a format already. */
#ifndef API_KEPT_ROWS_H
#define API_KEPT_ROWS_H

#include <stdint.h>

#include "repeats.h"
#include "secmaster/columns.h"
#include "secmaster/rows_writer.h"

/* A row is a length and a text for each column, one behind the other. */
struct kept_rows {
    const struct columns *columns; /* borrowed */
    const struct rows_format *format;
    struct out bytes; /* sticky: past its limit no more rows are kept */
    struct out text;  /* of a value */

    struct repeats repeats;

    struct cell *unpacked; /* of one row, a column each */
    const struct cell **printed;
};

void kept_rows_init(struct kept_rows *rows);
void kept_rows_fini(struct kept_rows *rows);

/* Before the first row; columns are borrowed. ERR_BUSY: out of memory. */
enum err kept_rows_open(struct kept_rows *rows, const struct columns *columns,
                        const struct rows_format *format, size_t bytes_max);

/* Forget all rows. */
void kept_rows_reset(struct kept_rows *rows);

/* Keep a row, or one of nulls (NULL): where it is, worthless unless
 * out_finish(&rows->bytes) is OK. */
uint32_t kept_rows_add(struct kept_rows *rows, const struct row *row);

/* A line's cells for a kept row, until the next call. */
const struct cell *const *kept_rows_cells(struct kept_rows *rows, uint32_t at);

#endif
