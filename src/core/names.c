/*
 * The dictionary: entries in chunks that never move, found through a table
 * of ids that is replaced when it fills up; readers take no lock.
 */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/hash.h"
#include "secmaster/names.h"
#include "secmaster/out.h"

#define CHUNK_NAMES 4096
#define CHUNKS_MAX (NAMES_MAX / CHUNK_NAMES)
#define TABLE_SIZE_FIRST 256

/* "\u00xx" for each byte, two quotes and a colon. */
#define MEMBER_BYTES_MAX(text_len) (6 * (text_len) + 3)

struct entry {
    struct str text, member; /* one allocation, owned: text.data */
    atomic_uint_least64_t first_assertion, first_retraction;
};

/* Slots hold id + 1, 0 is free; never more than half are taken. */
struct table {
    struct table *older; /* a reader may still be in it */
    uint32_t size;
    atomic_uint_least32_t slots[];
};

struct names {
    uint64_t seed;
    struct entry *_Atomic chunks[CHUNKS_MAX];
    struct table *_Atomic table;
    atomic_uint_least32_t count;
};

static struct table *
table_new(uint32_t size, struct table *older)
{
    struct table *table =
        calloc(1, sizeof *table + size * sizeof table->slots[0]);

    if (table == NULL)
        return NULL;
    table->size = size;
    table->older = older;
    return table;
}

static struct entry *
entry_of(const struct names *names, uint32_t id)
{
    struct entry *chunk = atomic_load_explicit(&names->chunks[id / CHUNK_NAMES],
                                               memory_order_acquire);

    return &chunk[id % CHUNK_NAMES];
}

struct names *
names_new(uint64_t seed)
{
    struct names *names = calloc(1, sizeof *names);
    struct table *table = table_new(TABLE_SIZE_FIRST, NULL);

    if (names == NULL || table == NULL) {
        free(names);
        free(table);
        return NULL;
    }
    names->seed = seed;
    atomic_store(&names->table, table);
    return names;
}

void
names_free(struct names *names)
{
    struct table *table, *older;

    if (names == NULL)
        return;
    for (uint32_t id = 0; id < names_count(names); id++)
        free((void *)entry_of(names, id)->text.data);
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        free(atomic_load(&names->chunks[i]));
    for (table = atomic_load(&names->table); table != NULL; table = older) {
        older = table->older;
        free(table);
    }
    free(names);
}

static void
table_put(const struct names *names, struct table *table, uint32_t id)
{
    struct str text = entry_of(names, id)->text;
    uint32_t at = (uint32_t)hash_str(names->seed, text) & (table->size - 1);

    while (atomic_load_explicit(&table->slots[at], memory_order_relaxed) != 0)
        at = (at + 1) & (table->size - 1);
    atomic_store_explicit(&table->slots[at], id + 1, memory_order_release);
}

/* The table with room for one more. NULL: out of memory. */
static struct table *
table_with_room(struct names *names, uint32_t count)
{
    struct table *table = atomic_load(&names->table);
    struct table *larger;

    if (count < table->size / 2)
        return table;
    larger = table_new(table->size * 2, table);
    if (larger == NULL)
        return NULL;
    for (uint32_t id = 0; id < count; id++)
        table_put(names, larger, id);
    atomic_store_explicit(&names->table, larger, memory_order_release);
    return larger;
}

/* Copy text and its JSON member form into one allocation. */
static enum err
entry_fill(struct entry *entry, struct str text)
{
    struct out member;
    char *copy = NULL;
    enum err err;

    out_init(&member, MEMBER_BYTES_MAX(text.len));
    out_json(&member, text);
    out_char(&member, ':');
    err = out_finish(&member);
    if (err == OK) {
        copy = malloc(text.len + member.len);
        err = copy == NULL ? ERR_BUSY : OK;
    }
    if (copy != NULL) {
        memcpy(copy, text.data, text.len);
        memcpy(copy + text.len, member.data, member.len);
        entry->text = (struct str){ copy, text.len };
        entry->member = (struct str){ copy + text.len, member.len };
        atomic_init(&entry->first_assertion, TX_NEVER);
        atomic_init(&entry->first_retraction, TX_NEVER);
    }
    out_fini(&member);
    return err;
}

enum err
names_add(struct names *names, struct str text)
{
    uint32_t id = names_count(names);
    struct entry *chunk;
    struct table *table;

    assert(text.len > 0);
    assert(names_find(names, text) == NAME_NONE);
    if (id >= NAMES_MAX)
        return ERR_TOO_LARGE;
    table = table_with_room(names, id);
    if (table == NULL)
        return ERR_BUSY;
    chunk = atomic_load(&names->chunks[id / CHUNK_NAMES]);
    if (chunk == NULL) {
        chunk = calloc(CHUNK_NAMES, sizeof *chunk);
        if (chunk == NULL)
            return ERR_BUSY;
        atomic_store_explicit(&names->chunks[id / CHUNK_NAMES], chunk,
                              memory_order_release);
    }
    TRY(entry_fill(&chunk[id % CHUNK_NAMES], text));
    atomic_store_explicit(&names->count, id + 1, memory_order_release);
    table_put(names, table, id);
    return OK;
}

uint32_t
names_find(const struct names *names, struct str text)
{
    struct table *table =
        atomic_load_explicit(&names->table, memory_order_acquire);
    uint32_t at = (uint32_t)hash_str(names->seed, text) & (table->size - 1);

    for (;;) {
        uint32_t found = (uint32_t)atomic_load_explicit(&table->slots[at],
                                                        memory_order_acquire);

        if (found == 0)
            return NAME_NONE;
        if (str_equal(entry_of(names, found - 1)->text, text))
            return found - 1;
        at = (at + 1) & (table->size - 1);
    }
}

uint32_t
names_count(const struct names *names)
{
    return (uint32_t)atomic_load_explicit(&names->count, memory_order_acquire);
}

struct str
names_text(const struct names *names, uint32_t id)
{
    assert(id < names_count(names));
    return entry_of(names, id)->text;
}

struct str
names_member(const struct names *names, uint32_t id)
{
    assert(id < names_count(names));
    return entry_of(names, id)->member;
}

uint64_t
names_first_assertion(const struct names *names, uint32_t id)
{
    assert(id < names_count(names));
    return atomic_load_explicit(&entry_of(names, id)->first_assertion,
                                memory_order_relaxed);
}

uint64_t
names_first_retraction(const struct names *names, uint32_t id)
{
    assert(id < names_count(names));
    return atomic_load_explicit(&entry_of(names, id)->first_retraction,
                                memory_order_relaxed);
}

void
names_mark(struct names *names, uint32_t id, uint64_t first_assertion,
           uint64_t first_retraction)
{
    struct entry *entry;

    assert(id < names_count(names));
    entry = entry_of(names, id);
    atomic_store_explicit(&entry->first_assertion, first_assertion,
                          memory_order_relaxed);
    atomic_store_explicit(&entry->first_retraction, first_retraction,
                          memory_order_relaxed);
}
