/* Threads that keep and recall columns of more tables than there is room for:
 * what comes back is what was kept. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/reading.h"
#include "secmaster/bounds.h"

enum { THREADS = 4, TABLES = 2 * COLUMN_TABLES_MAX, TIMES = 20000 };

static struct column_memory *memory;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_column_memory: %s\n", what);
    exit(1);
}

/* A table's columns are its number and the few behind it. */
static void
keep(const struct reading *reading, uint32_t number)
{
    struct columns columns;

    columns_init(&columns);
    for (uint32_t i = 0; i < number % 8; i++)
        check(columns_add(&columns, number + i) == OK, "add");
    column_memory_keep(memory, reading, &columns);
    columns_fini(&columns);
}

static void
recall(const struct reading *reading, uint32_t number)
{
    struct columns columns;
    enum err err;

    columns_init(&columns);
    err = column_memory_recall(memory, reading, &columns);
    check(err == OK || err == ERR_NOT_FOUND, "recall");
    check(err != OK || columns.count == number % 8, "another count");
    for (uint32_t i = 0; i < columns.count; i++)
        check(columns.attributes[i] == number + i, "another table's columns");
    columns_fini(&columns);
    if (err == ERR_NOT_FOUND)
        keep(reading, number);
}

static void *
work(void *seed)
{
    unsigned state = *(unsigned *)seed;

    for (int i = 0; i < TIMES; i++) {
        uint32_t number = (uint32_t)rand_r(&state) % TABLES;
        struct reading reading = reading_all(NULL, number);
        struct column_figures figures;

        recall(&reading, number);
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
