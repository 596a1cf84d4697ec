/* columns=: which columns the rows of a table of bars have. */
#ifndef API_BAR_COLUMNS_H
#define API_BAR_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "request.h"
#include "secmaster/cells_writer.h"

/* In the order of a row. A code is what the table knows a column by. */
struct bar_columns {
    unsigned count;
    uint8_t codes[CELLS_MAX];
    const char *names[CELLS_MAX]; /* static text */
};

/* One more column. */
void bar_columns_add(struct bar_columns *columns, const char *name,
                     unsigned code);

/*
 * Of all columns that a table can have keep the first ones, so many as are in
 * every row, and behind them those that columns= names, in its order; all where
 * it is not given. On failure the response is set and false returned.
 */
bool bar_columns_read(struct request *request, struct response *response,
                      unsigned fixed, struct bar_columns *columns);

/* Name them to what prints the rows. */
void bar_columns_name(const struct bar_columns *columns,
                      struct cells_writer *cells);

#endif
