/* Remember columns under all that they depend on, byte by byte. */
#include "column_memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"
#include "secmaster/bounds.h"
#include "secmaster/out.h"
#include "secmaster/wire.h"

/* A key is this and then the conditions, each with its text behind it. */
#define KEY_KNOWN 0
#define KEY_FIRST 8
#define KEY_LAST 16
#define KEY_FROM 24
#define KEY_TO 28
#define KEY_CLASS_VIEW 32
#define KEY_BYTES 33
#define CONDITION_ATTRIBUTE 0
#define CONDITION_NULL 4
#define CONDITION_TEXT_LEN 5
#define CONDITION_BYTES 13

struct remembered {
    uint32_t *attributes; /* one allocation, owned; the key is behind them */
    uint32_t count;
    struct str key;
};

struct column_memory {
    uint64_t pass_records;
    pthread_mutex_t mutex; /* over all below; never held while reading */
    struct remembered tables[COLUMN_TABLES_MAX]; /* the last asked for first */
    struct column_figures figures;
};

struct column_memory *
column_memory_new(uint64_t pass_records)
{
    struct column_memory *memory = calloc(1, sizeof *memory);

    if (memory == NULL)
        return NULL;
    if (pthread_mutex_init(&memory->mutex, NULL) != 0) {
        free(memory);
        return NULL;
    }
    memory->pass_records = pass_records;
    return memory;
}

void
column_memory_free(struct column_memory *memory)
{
    if (memory == NULL)
        return;
    for (size_t i = 0; i < memory->figures.tables; i++)
        free(memory->tables[i].attributes);
    pthread_mutex_destroy(&memory->mutex);
    free(memory);
}

uint64_t
column_memory_pass_records(const struct column_memory *memory)
{
    return memory->pass_records;
}

static void
put_condition(struct out *key, const struct condition *condition)
{
    unsigned char fixed[CONDITION_BYTES];

    put_be32(fixed + CONDITION_ATTRIBUTE, condition->attribute);
    fixed[CONDITION_NULL] = condition->is_null;
    put_be64(fixed + CONDITION_TEXT_LEN, condition->text.len);
    out_bytes(key, (const char *)fixed, sizeof fixed);
    out_str(key, condition->text);
}

static void
put_key(struct out *key, const struct reading *reading)
{
    unsigned char fixed[KEY_BYTES];

    assert(reading->known_tx != KNOWN_NEWEST);
    put_be64(fixed + KEY_KNOWN, reading->known_tx);
    put_be64(fixed + KEY_FIRST, (uint64_t)reading->first_security);
    put_be64(fixed + KEY_LAST, (uint64_t)reading->last_security);
    put_be32(fixed + KEY_FROM, (uint32_t)reading->window.from.days);
    put_be32(fixed + KEY_TO, (uint32_t)reading->window.to.days);
    fixed[KEY_CLASS_VIEW] = reading->is_class_view;
    out_bytes(key, (const char *)fixed, sizeof fixed);
    for (size_t i = 0; i < reading->selection.count; i++)
        put_condition(key, &reading->selection.conditions[i]);
}

static uint64_t
bytes_of(const struct remembered *table)
{
    return table->count * sizeof *table->attributes + table->key.len;
}

static void
forget_last(struct column_memory *memory)
{
    struct remembered *last = &memory->tables[--memory->figures.tables];

    memory->figures.bytes -= bytes_of(last);
    free(last->attributes);
}

/* Move the tables before a place up by one, and put one first. */
static void
put_first(struct column_memory *memory, size_t place, struct remembered table)
{
    memmove(memory->tables + 1, memory->tables, place * sizeof table);
    memory->tables[0] = table;
}

/* Find a table and put it first. False: there is none. */
static bool
find(struct column_memory *memory, struct str key)
{
    for (size_t i = 0; i < memory->figures.tables; i++) {
        if (!str_equal(memory->tables[i].key, key))
            continue;
        put_first(memory, i, memory->tables[i]);
        return true;
    }
    return false;
}

static enum err
take(struct column_memory *memory, struct str key, struct columns *out)
{
    const struct remembered *table = &memory->tables[0];

    if (!find(memory, key))
        return ERR_NOT_FOUND;
    for (uint32_t i = 0; i < table->count; i++)
        TRY(columns_add(out, table->attributes[i]));
    memory->figures.recalls++;
    return OK;
}

enum err
column_memory_recall(struct column_memory *memory,
                     const struct reading *reading, struct columns *out)
{
    struct out key;
    enum err err;

    assert(out->count == 0);
    out_init(&key, SIZE_MAX);
    put_key(&key, reading);
    err = out_finish(&key);
    if (err == OK) {
        pthread_mutex_lock(&memory->mutex);
        err = take(memory, out_text(&key), out);
        pthread_mutex_unlock(&memory->mutex);
    }
    out_fini(&key);
    return err;
}

/* Owns the table from here on. */
static void
add(struct column_memory *memory, struct remembered table)
{
    uint64_t bytes = bytes_of(&table);

    /* Two that asked at the same time have both looked. */
    if (bytes > COLUMN_MEMORY_BYTES_MAX || find(memory, table.key)) {
        free(table.attributes);
        return;
    }
    while (memory->figures.tables == COLUMN_TABLES_MAX ||
           memory->figures.bytes + bytes > COLUMN_MEMORY_BYTES_MAX)
        forget_last(memory);
    put_first(memory, memory->figures.tables++, table);
    memory->figures.bytes += bytes;
}

void
column_memory_keep(struct column_memory *memory, const struct reading *reading,
                   const struct columns *columns)
{
    size_t size = columns->count * sizeof *columns->attributes;
    struct remembered table = { .count = columns->count };
    struct out key;

    out_init(&key, SIZE_MAX);
    put_key(&key, reading);
    if (out_finish(&key) == OK)
        table.attributes = malloc(size + key.len);
    if (table.attributes != NULL) {
        char *behind = (char *)table.attributes + size;

        if (size > 0)
            memcpy(table.attributes, columns->attributes, size);
        memcpy(behind, key.data, key.len);
        table.key = (struct str){ behind, key.len };
    }
    pthread_mutex_lock(&memory->mutex);
    memory->figures.passes++;
    if (table.attributes != NULL)
        add(memory, table);
    pthread_mutex_unlock(&memory->mutex);
    out_fini(&key);
}

void
column_memory_figures(struct column_memory *memory, struct column_figures *out)
{
    pthread_mutex_lock(&memory->mutex);
    *out = memory->figures;
    pthread_mutex_unlock(&memory->mutex);
}
