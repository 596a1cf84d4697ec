/* Which attributes are columns, in the API's order. */
#ifndef SECMASTER_COLUMNS_H
#define SECMASTER_COLUMNS_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/names.h"
#include "secmaster/timeline.h"

/*
 * A set of attribute ids, then a list: asset_class, ticker and name first,
 * the rest in byte order of their names.
 */
struct columns {
    uint32_t *attributes; /* ordered; owned */
    uint32_t count;
    uint32_t *position; /* attribute id -> place + 1, 0: not a column; owned */
    uint32_t position_size;
};

void columns_init(struct columns *columns);
void columns_fini(struct columns *columns);

/* Put an attribute into the set. ERR_BUSY: memory. */
enum err columns_add(struct columns *columns, uint32_t attribute);
bool columns_has(const struct columns *columns, uint32_t attribute);

/* Put the set in order; call once, behind the last add. ERR_BUSY: memory. */
enum err columns_sort(struct columns *columns, const struct names *attributes);

/*
 * Spread a row's cells over the columns: out[i] is the cell of column i or
 * NULL. out has room for columns->count.
 */
void columns_spread(const struct columns *columns, const struct row *row,
                    const struct cell **out);

#endif
