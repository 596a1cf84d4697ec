/* Threads that keep and recall columns of more tables than there is room for:
 * what comes back is what was kept. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/reading.h"
#include "secmaster/bounds.h"

enum { THREADS = 4, TABLES = 2 * COLUMN_TABLES_MAX, TIMES = 20000 };
enum { COLUMNS_MAX = 8 };

static struct column_memory *memory;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_column_memory: %s\n", what);
    exit(1);
}

/* Every other table is kept for any window: a column from each day on. */
static bool
is_of_any_window(uint32_t number)
{
    return number % 2 == 1;
}

/* A table's columns are its number and the few behind it. */
static void
keep(const struct reading *reading, uint32_t number)
{
    struct date since[TABLES + COLUMNS_MAX];
    struct columns columns;

    columns_init(&columns);
    for (uint32_t i = 0; i < number % COLUMNS_MAX; i++) {
        check(columns_add(&columns, number + i) == OK, "add");
        since[number + i].days = (int32_t)i;
    }
    if (is_of_any_window(number))
        column_memory_keep_days(memory, reading, &columns, since);
    else
        column_memory_keep(memory, reading, &columns);
    columns_fini(&columns);
}

static void
recall(struct reading *reading, uint32_t number, uint32_t days)
{
    uint32_t count = number % COLUMNS_MAX;
    struct columns columns;
    enum err err;

    if (is_of_any_window(number)) {
        reading->window = (struct window){ { -1 }, { (int32_t)days } };
        count = count < days ? count : days;
    }
    columns_init(&columns);
    err = column_memory_recall(memory, reading, &columns);
    check(err == OK || err == ERR_NOT_FOUND, "recall");
    check(err != OK || columns.count == count, "another count");
    for (uint32_t i = 0; i < columns.count; i++)
        check(columns.attributes[i] == number + i, "another table's columns");
    columns_fini(&columns);
    if (err == ERR_NOT_FOUND)
        keep(reading, number);
    check(column_memory_days(memory, reading) <= 1, "kept twice");
}

static void *
work(void *seed)
{
    unsigned state = *(unsigned *)seed;

    for (int i = 0; i < TIMES; i++) {
        uint32_t number = (uint32_t)rand_r(&state) % TABLES;
        struct reading reading = reading_all(NULL, number);
        struct column_figures figures;

        recall(&reading, number, (uint32_t)rand_r(&state) % COLUMNS_MAX);
        column_memory_figures(memory, &figures);
        check(figures.tables <= COLUMN_TABLES_MAX, "too many tables");
    }
    return NULL;
}

int
main(void)
{
    pthread_t threads[THREADS];
    unsigned seeds[THREADS];
    struct column_figures figures;

    memory = column_memory_new(COLUMN_PASS_RECORDS);
    check(memory != NULL, "memory");
    for (unsigned i = 0; i < THREADS; i++) {
        seeds[i] = i + 1;
        check(pthread_create(&threads[i], NULL, work, &seeds[i]) == 0,
              "thread");
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    column_memory_figures(memory, &figures);
    check(figures.tables == COLUMN_TABLES_MAX, "room is left");
    check(figures.recalls + figures.passes == THREADS * TIMES, "one or other");
    column_memory_free(memory);
    return EXIT_SUCCESS;
}
