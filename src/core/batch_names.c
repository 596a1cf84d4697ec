/* The names of a batch, each once. */
#include "secmaster/batch_names.h"

#include <stdlib.h>
#include <string.h>

#include "secmaster/hash.h"

#define TABLE_FIRST 64

static enum err
grow(struct batch_names *names, uint64_t seed)
{
    uint32_t size =
        names->table_size == 0 ? TABLE_FIRST : names->table_size * 2;
    uint32_t *table = calloc(size, sizeof *table);
    struct str *items = realloc(names->items, size * sizeof *items);

    if (items != NULL) {
        names->items = items;
        names->capacity = size;
    }
    if (table == NULL || items == NULL) {
        free(table);
        return ERR_BUSY;
    }
    for (uint32_t i = names->reserved; i < names->count; i++) {
        uint32_t at = (uint32_t)hash_str(seed, items[i]) & (size - 1);

        while (table[at] != 0)
            at = (at + 1) & (size - 1);
        table[at] = i + 1;
    }
    free(names->table);
    names->table = table;
    names->table_size = size;
    return OK;
}

/* Where a name is noted when it is met; another one may push it out. */
static uint32_t
recent_place(struct str name)
{
    unsigned first = (unsigned char)name.data[0];
    unsigned last = (unsigned char)name.data[name.len - 1];

    return (uint32_t)(first + 3 * last + 7 * name.len) % BATCH_RECENT;
}

uint32_t
batch_names_recent(const struct batch_names *names, struct str name)
{
    uint32_t item;

    if (name.len == 0)
        return BATCH_END;
    item = names->recent[recent_place(name)];
    if (item == 0 || !str_equal(names->items[item - 1], name))
        return BATCH_END;
    return item - 1;
}

/* The index of name, added when it is new. */
static enum err
find_or_add(struct batch_names *names, uint64_t seed, struct str name,
            uint32_t *out)
{
    uint32_t at;
    char *copy;

    if (names->count * 2 >= names->table_size)
        TRY(grow(names, seed));
    at = (uint32_t)hash_str(seed, name) & (names->table_size - 1);
    while (names->table[at] != 0) {
        *out = names->table[at] - 1;
        if (str_equal(names->items[*out], name))
            return OK;
        at = (at + 1) & (names->table_size - 1);
    }
    copy = malloc(name.len);
    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, name.data, name.len);
    *out = names->count++;
    names->items[*out] = (struct str){ copy, name.len };
    names->table[at] = *out + 1;
    return OK;
}

enum err
batch_names_intern(struct batch_names *names, uint64_t seed, struct str name,
                   uint32_t *out)
{
    *out = batch_names_recent(names, name);
    if (*out != BATCH_END)
        return OK;
    TRY(find_or_add(names, seed, name, out));
    if (name.len > 0)
        names->recent[recent_place(name)] = *out + 1;
    return OK;
}

void
batch_names_fini(struct batch_names *names)
{
    for (uint32_t i = 0; i < names->count; i++)
        free((void *)names->items[i].data);
    free(names->items);
    free(names->table);
}

enum err
batch_names_set_default(struct batch_names *names, struct str name)
{
    char *copy = malloc(name.len);

    if (copy == NULL)
        return ERR_BUSY;
    memcpy(copy, name.data, name.len);
    if (names->count > 0)
        free((void *)names->items[0].data);
    names->items[0] = (struct str){ copy, name.len };
    return OK;
}

enum err
batch_names_init_default(struct batch_names *names, uint64_t seed,
                         struct str name)
{
    TRY(grow(names, seed));
    TRY(batch_names_set_default(names, name));
    names->count = names->reserved = 1;
    return OK;
}
