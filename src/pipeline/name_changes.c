/* The dictionary's next entries, while their commit is being built. */
#include "name_changes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "secmaster/bounds.h"
#include "secmaster/hash.h"

#define TABLE_SIZE_FIRST 256

/* A table that one commit blew up beyond this is given back, or every later
 * one would have to wipe it. */
#define TABLE_SIZE_KEPT (1UL << 14)

void
name_changes_init(struct name_changes *changes, struct store *store)
{
    *changes = (struct name_changes){ .store = store };
}

void
name_changes_fini(struct name_changes *changes)
{
    free(changes->items);
    free(changes->table);
    *changes = (struct name_changes){ .store = changes->store };
}

/* Where the name is in the table, or the free place where it belongs. */
static size_t
table_place(const struct name_changes *changes, enum name_space space,
            struct str text)
{
    size_t mask = changes->table_size - 1;
    uint64_t hash = hash_str(changes->store->seed, text) ^ (unsigned)space;
    size_t at = hash & mask;

    for (; changes->table[at] != 0; at = (at + 1) & mask) {
        const struct name_change *item =
            &changes->items[changes->table[at] - 1];

        if (item->space == space && str_equal(item->text, text))
            break;
    }
    return at;
}

static void
table_fill(struct name_changes *changes)
{
    memset(changes->table, 0, changes->table_size * sizeof *changes->table);
    for (size_t i = 0; i < changes->count; i++) {
        const struct name_change *item = &changes->items[i];

        changes->table[table_place(changes, item->space, item->text)] =
            (uint32_t)i + 1;
    }
}

/* Room for one more item, and a table that it leaves half free. */
static enum err
reserve_one(struct name_changes *changes)
{
    struct name_change *items = array_reserve(
        changes->items, &changes->capacity, changes->count + 1, sizeof *items);

    if (items == NULL)
        return ERR_BUSY;
    changes->items = items;
    if (changes->count + 1 <= changes->table_size / 2)
        return OK;

    size_t size =
        changes->table_size == 0 ? TABLE_SIZE_FIRST : changes->table_size * 2;
    uint32_t *table = realloc(changes->table, size * sizeof *table);

    if (table == NULL)
        return ERR_BUSY;
    changes->table = table;
    changes->table_size = size;
    table_fill(changes);
    return OK;
}

/* Append behind reserve_one. */
static void
add(struct name_changes *changes, const struct name_change *item)
{
    size_t place = table_place(changes, item->space, item->text);

    changes->items[changes->count++] = *item;
    changes->table[place] = (uint32_t)changes->count;
}

static enum err
add_new(struct name_changes *changes, enum name_space space, struct str text,
        uint64_t tx, struct name_use *out)
{
    uint32_t *fresh = &changes->fresh[NAME_SPACE_PLACE(space)];
    uint32_t id = names_count(store_dictionary(changes->store, space)) + *fresh;

    if (id >= NAMES_MAX)
        return ERR_FULL;
    TRY(reserve_one(changes));
    add(changes, &(struct name_change){
                     .space = space,
                     .id = id,
                     .text = text,
                     .first_assertion = space == NAMES_SOURCES ? TX_NEVER : tx,
                     .first_retraction = TX_NEVER,
                 });
    ++*fresh;
    *out = (struct name_use){ id, (uint32_t)changes->count - 1 };
    return OK;
}

/* The first assertion of an attribute that a rule of precedence brought in. */
static enum err
use_mentioned(struct name_changes *changes, uint32_t id, uint64_t tx,
              struct name_use *out)
{
    struct str text = names_text(changes->store->attributes, id);
    uint32_t at = 0;

    if (changes->count > 0)
        at = changes->table[table_place(changes, NAMES_ATTRIBUTES, text)];
    if (at == 0) {
        TRY(reserve_one(changes));
        add(changes, &(struct name_change){
                         .space = NAMES_ATTRIBUTES,
                         .id = id,
                         .text = text,
                         .first_assertion = tx,
                         .first_retraction = TX_NEVER,
                     });
        at = (uint32_t)changes->count;
    }
    *out = (struct name_use){ id, at - 1 };
    return OK;
}

enum err
name_changes_use(struct name_changes *changes, enum name_space space,
                 struct str text, uint64_t tx, struct name_use *out)
{
    uint32_t id = names_find(store_dictionary(changes->store, space), text);

    if (id != NAME_NONE && space == NAMES_ATTRIBUTES && tx != TX_NEVER &&
        names_first_assertion(changes->store->attributes, id) == TX_NEVER)
        return use_mentioned(changes, id, tx, out);
    if (id != NAME_NONE) {
        *out = (struct name_use){ id, CHANGE_NONE };
        return OK;
    }
    if (changes->count > 0) {
        uint32_t at = changes->table[table_place(changes, space, text)];

        if (at != 0) {
            *out = (struct name_use){ changes->items[at - 1].id, at - 1 };
            return OK;
        }
    }
    return add_new(changes, space, text, tx, out);
}

enum err
name_changes_retract(struct name_changes *changes, uint32_t id, uint64_t tx)
{
    const struct names *attributes = changes->store->attributes;

    if (names_first_retraction(attributes, id) != TX_NEVER)
        return OK;
    TRY(reserve_one(changes));
    add(changes, &(struct name_change){
                     .space = NAMES_ATTRIBUTES,
                     .id = id,
                     .text = names_text(attributes, id),
                     .first_assertion = names_first_assertion(attributes, id),
                     .first_retraction = tx,
                 });
    return OK;
}

void
name_changes_cut(struct name_changes *changes, size_t count)
{
    assert(count <= changes->count);

    while (changes->count > count) {
        const struct name_change *item = &changes->items[changes->count - 1];
        size_t place = table_place(changes, item->space, item->text);

        /* It came last: nothing was put behind it because of it. */
        assert(changes->table[place] == changes->count);
        changes->table[place] = 0;
        changes->count--;
        if (item->id <
            names_count(store_dictionary(changes->store, item->space)))
            continue; /* a milestone of a known name */
        changes->fresh[NAME_SPACE_PLACE(item->space)]--;
    }
}

void
name_changes_clear(struct name_changes *changes)
{
    if (changes->table_size > TABLE_SIZE_KEPT) {
        name_changes_fini(changes);
        return;
    }
    memset(changes->fresh, 0, sizeof changes->fresh);
    if (changes->count == 0)
        return;
    changes->count = 0;
    table_fill(changes);
}
