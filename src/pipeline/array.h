/* Growing arrays that are reused from commit to commit. */
#ifndef PIPELINE_ARRAY_H
#define PIPELINE_ARRAY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define ARRAY_ITEMS_FIRST 64

/*
 * items with room for count of size bytes each; *capacity is theirs. NULL:
 * out of memory, items are as before.
 */
static inline void *
array_reserve(void *items, size_t *capacity, size_t count, size_t size)
{
    if (count <= *capacity && items != NULL)
        return items;

    size_t larger =
        *capacity * 2 > ARRAY_ITEMS_FIRST ? *capacity * 2 : ARRAY_ITEMS_FIRST;
    if (larger < count)
        larger = count;
    if (larger > SIZE_MAX / size)
        return NULL;

    void *moved = realloc(items, larger * size);

    if (moved != NULL)
        *capacity = larger;
    return moved;
}

#endif
