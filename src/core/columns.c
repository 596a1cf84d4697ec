/* The set of columns and its order. */
#include <stdlib.h>
#include <string.h>

#include "secmaster/columns.h"

void
columns_init(struct columns *columns)
{
    memset(columns, 0, sizeof *columns);
}

void
columns_fini(struct columns *columns)
{
    free(columns->attributes);
    free(columns->position);
    columns_init(columns);
}

/* Make position cover attribute; both arrays have the same size. */
static enum err
grow(struct columns *columns, uint32_t attribute)
{
    uint32_t size = columns->position_size == 0 ? 32 : columns->position_size;
    uint32_t *bigger;

    if (attribute < columns->position_size)
        return OK;
    while (size <= attribute)
        size *= 2;
    bigger = realloc(columns->position, size * sizeof *bigger);
    if (bigger == NULL)
        return ERR_BUSY;
    memset(bigger + columns->position_size, 0,
           (size - columns->position_size) * sizeof *bigger);
    columns->position = bigger;
    bigger = realloc(columns->attributes, size * sizeof *bigger);
    if (bigger == NULL)
        return ERR_BUSY;
    columns->attributes = bigger;
    columns->position_size = size;
    return OK;
}

enum err
columns_add(struct columns *columns, uint32_t attribute)
{
    if (columns_has(columns, attribute))
        return OK;
    TRY(grow(columns, attribute));
    columns->attributes[columns->count++] = attribute;
    columns->position[attribute] = columns->count;
    return OK;
}

bool
columns_has(const struct columns *columns, uint32_t attribute)
{
    return attribute < columns->position_size &&
           columns->position[attribute] != 0;
}

/* asset_class, ticker and name stand before all others. No loop: compared with
 * literals a name is mostly told apart by its length. */
static int
priority(struct str name)
{
    if (str_equal(name, STR("asset_class")))
        return 0;
    if (str_equal(name, STR("ticker")))
        return 1;
    return str_equal(name, STR("name")) ? 2 : 3;
}

static int
compare(const void *a, const void *b, void *context)
{
    const struct names *names = context;
    struct str left = names_text(names, *(const uint32_t *)a);
    struct str right = names_text(names, *(const uint32_t *)b);
    int order = priority(left) - priority(right);

    return order != 0 ? order : str_compare(left, right);
}

void
columns_sort(struct columns *columns, const struct names *attributes)
{
    if (columns->count == 0)
        return;
    qsort_r(columns->attributes, columns->count, sizeof columns->attributes[0],
            compare, (void *)attributes);
    for (uint32_t i = 0; i < columns->count; i++)
        columns->position[columns->attributes[i]] = i + 1;
}

void
columns_spread(const struct columns *columns, const struct row *row,
               const struct cell **out)
{
    memset(out, 0, columns->count * sizeof *out);
    for (size_t i = 0; i < row->cell_count; i++) {
        const struct cell *cell = &row->cells[i];

        if (columns_has(columns, cell->attribute))
            out[columns->position[cell->attribute] - 1] = cell;
    }
}
