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

/* The windows that go on to a later day than since have it. */
struct dated {
    uint32_t attribute;
    struct date since;
};

struct remembered {
    struct dated *columns; /* one allocation, owned; the key is behind them */
    uint32_t count;
    struct str key;
};

/* In keys: no reading's, but that of all. In tables of one window: always. */
#define ANY_WINDOW ((struct window){ { INT32_MIN }, { INT32_MIN } })
#define SINCE_ALWAYS ((struct date){ INT32_MIN })

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
        free(memory->tables[i].columns);
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
put_key(struct out *key, const struct reading *reading, struct window window)
{
    unsigned char fixed[KEY_BYTES];

    assert(reading->known_tx != KNOWN_NEWEST);
    put_be64(fixed + KEY_KNOWN, reading->known_tx);
    put_be64(fixed + KEY_FIRST, (uint64_t)reading->first_security);
    put_be64(fixed + KEY_LAST, (uint64_t)reading->last_security);
    put_be32(fixed + KEY_FROM, (uint32_t)window.from.days);
    put_be32(fixed + KEY_TO, (uint32_t)window.to.days);
    fixed[KEY_CLASS_VIEW] = reading->is_class_view;
    out_bytes(key, (const char *)fixed, sizeof fixed);
    for (size_t i = 0; i < reading->selection.count; i++)
        put_condition(key, &reading->selection.conditions[i]);
}

static uint64_t
bytes_of(const struct remembered *table)
{
    return table->count * sizeof *table->columns + table->key.len;
}

static void
forget_last(struct column_memory *memory)
{
    struct remembered *last = &memory->tables[--memory->figures.tables];

    memory->figures.bytes -= bytes_of(last);
    free(last->columns);
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

/* Put the columns of windows up to a day. */
static enum err
take(struct column_memory *memory, struct str key, struct date to,
     struct columns *out)
{
    const struct remembered *table = &memory->tables[0];

    if (!find(memory, key))
        return ERR_NOT_FOUND;
    for (uint32_t i = 0; i < table->count; i++) {
        if (table->columns[i].since.days < to.days)
            TRY(columns_add(out, table->columns[i].attribute));
    }
    memory->figures.recalls++;
    return OK;
}

static enum err
recall(struct column_memory *memory, const struct reading *reading,
       struct window window, struct columns *out)
{
    struct out key;
    enum err err;

    out_init(&key, SIZE_MAX);
    put_key(&key, reading, window);
    err = out_finish(&key);
    if (err == OK) {
        pthread_mutex_lock(&memory->mutex);
        err = take(memory, out_text(&key), reading->window.to, out);
        pthread_mutex_unlock(&memory->mutex);
    }
    out_fini(&key);
    return err;
}

enum err
column_memory_recall(struct column_memory *memory,
                     const struct reading *reading, struct columns *out)
{
    enum err err = recall(memory, reading, reading->window, out);

    if (err == ERR_NOT_FOUND && reading->selection.count == 0)
        err = recall(memory, reading, ANY_WINDOW, out);
    return err;
}

/* Owns the table from here on. */
static void
add(struct column_memory *memory, struct remembered table)
{
    uint64_t bytes = bytes_of(&table);

    /* Two that asked at the same time have both looked. */
    if (bytes > COLUMN_MEMORY_BYTES_MAX || find(memory, table.key)) {
        free(table.columns);
        return;
    }
    while (memory->figures.tables == COLUMN_TABLES_MAX ||
           memory->figures.bytes + bytes > COLUMN_MEMORY_BYTES_MAX)
        forget_last(memory);
    put_first(memory, memory->figures.tables++, table);
    memory->figures.bytes += bytes;
}

/* NULL in columns: out of memory. */
static struct remembered
make_table(struct str key, const struct columns *columns,
           const struct date *since)
{
    struct remembered table = { .count = columns->count };
    size_t bytes = table.count * sizeof *table.columns;

    table.columns = malloc(bytes + key.len);
    if (table.columns == NULL)
        return table;
    for (uint32_t i = 0; i < table.count; i++) {
        uint32_t attribute = columns->attributes[i];

        table.columns[i] = (struct dated){
            attribute,
            since == NULL ? SINCE_ALWAYS : since[attribute],
        };
    }
    memcpy((char *)table.columns + bytes, key.data, key.len);
    table.key = (struct str){ (char *)table.columns + bytes, key.len };
    return table;
}

static void
keep(struct column_memory *memory, struct str key,
     const struct columns *columns, const struct date *since)
{
    struct remembered table = make_table(key, columns, since);

    pthread_mutex_lock(&memory->mutex);
    if (table.columns != NULL)
        add(memory, table);
    memory->figures.passes++;
    pthread_mutex_unlock(&memory->mutex);
}

void
column_memory_keep(struct column_memory *memory, const struct reading *reading,
                   const struct columns *columns)
{
    struct out key;

    out_init(&key, SIZE_MAX);
    put_key(&key, reading, reading->window);
    if (out_finish(&key) == OK)
        keep(memory, out_text(&key), columns, NULL);
    out_fini(&key);
}

void
column_memory_keep_days(struct column_memory *memory,
                        const struct reading *reading,
                        const struct columns *columns, const struct date *since)
{
    struct out key;

    assert(reading->selection.count == 0);
    out_init(&key, SIZE_MAX);
    put_key(&key, reading, ANY_WINDOW);
    if (out_finish(&key) == OK)
        keep(memory, out_text(&key), columns, since);
    out_fini(&key);
}

/* Keys of the same length have no conditions either. */
static size_t
count_days(struct column_memory *memory, struct str key)
{
    size_t count = 0;

    pthread_mutex_lock(&memory->mutex);
    for (size_t i = 0; i < memory->figures.tables; i++) {
        struct str other = memory->tables[i].key;

        count +=
            other.len == key.len && memcmp(other.data, key.data, KEY_FROM) == 0;
    }
    pthread_mutex_unlock(&memory->mutex);
    return count;
}

size_t
column_memory_days(struct column_memory *memory, const struct reading *reading)
{
    struct out key;
    size_t count = 0;

    assert(reading->selection.count == 0);
    out_init(&key, SIZE_MAX);
    put_key(&key, reading, ANY_WINDOW);
    if (out_finish(&key) == OK)
        count = count_days(memory, out_text(&key));
    out_fini(&key);
    return count;
}

void
column_memory_figures(struct column_memory *memory, struct column_figures *out)
{
    pthread_mutex_lock(&memory->mutex);
    *out = memory->figures;
    pthread_mutex_unlock(&memory->mutex);
}
