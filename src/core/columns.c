/* The set of columns and its order. */
#include <stdlib.h>
#include <string.h>

#include "secmaster/columns.h"
#include "secmaster/wire.h"

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

#define PRIORITY_NONE 3

/* asset_class, ticker and name stand before all others. No loop: compared with
 * literals a name is mostly told apart by its length. */
static int
priority(struct str name)
{
    if (str_equal(name, STR("asset_class")))
        return 0;
    if (str_equal(name, STR("ticker")))
        return 1;
    return str_equal(name, STR("name")) ? 2 : PRIORITY_NONE;
}

/* A column with the first bytes of its name as a number: mostly that decides.
 * No name begins with a byte below a space, so the first three fit before. */
struct sorted {
    uint64_t key;
    uint32_t attribute;
};

static uint64_t
key_of(struct str name)
{
    unsigned char first[sizeof(uint64_t)] = { 0 };
    int before = priority(name);

    if (before < PRIORITY_NONE)
        return (uint64_t)before;
    memcpy(first, name.data, name.len < sizeof first ? name.len : sizeof first);
    return get_be64(first);
}

static int
compare(const void *a, const void *b, void *names)
{
    const struct sorted *left = a, *right = b;

    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return str_compare(names_text(names, left->attribute),
                       names_text(names, right->attribute));
}

enum err
columns_sort(struct columns *columns, const struct names *attributes)
{
    struct sorted *sorted = calloc((size_t)columns->count + 1, sizeof *sorted);

    if (sorted == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < columns->count; i++) {
        uint32_t attribute = columns->attributes[i];

        sorted[i] = (struct sorted){ key_of(names_text(attributes, attribute)),
                                     attribute };
    }
    qsort_r(sorted, columns->count, sizeof *sorted, compare,
            (void *)(uintptr_t)attributes);
    for (uint32_t i = 0; i < columns->count; i++) {
        columns->attributes[i] = sorted[i].attribute;
        columns->position[sorted[i].attribute] = i + 1;
    }
    free(sorted);
    return OK;
}

void
columns_spread(const struct columns *columns, const struct row *row,
               const struct cell **out)
{
    memset(out, 0, columns->count * sizeof *out);
    for (size_t i = 0; i < row->cell_count; i++) {
        const struct cell *cell = &row->cells[i];
        uint32_t place = 0;

        if (cell->attribute < columns->position_size)
            place = columns->position[cell->attribute];
        if (place > 0)
            out[place - 1] = cell;
    }
}
