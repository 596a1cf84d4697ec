/* The columns of the tables that were asked for last. */
#ifndef API_COLUMN_MEMORY_H
#define API_COLUMN_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/columns.h"
#include "secmaster/date.h"
#include "secmaster/err.h"

struct reading;

/*
 * What a known transaction, securities, a window and conditions gave never
 * changes. Bounded: COLUMN_TABLES_MAX tables and COLUMN_MEMORY_BYTES_MAX bytes;
 * the one that was not asked for longest goes. Any thread.
 */
struct column_memory;

/*
 * NULL when out of memory. A pass of fewer records than these is cheaper than
 * what would be pushed out by it, and not worth remembering.
 */
struct column_memory *column_memory_new(uint64_t pass_records);
void column_memory_free(struct column_memory *memory);

uint64_t column_memory_pass_records(const struct column_memory *memory);

/* Put a reading's columns into an empty set, in order. ERR_NOT_FOUND: they are
 * not remembered, alone or among days. ERR_BUSY: out of memory. */
enum err column_memory_recall(struct column_memory *memory,
                              const struct reading *reading,
                              struct columns *out);

/* Remember a reading's columns, as they are in order; unless there is no
 * memory, or too many for it. */
void column_memory_keep(struct column_memory *memory,
                        const struct reading *reading,
                        const struct columns *columns);

/*
 * Where every row is selected: remember columns for any window of the reading's
 * securities at its transaction. Since, by attribute id, is the first day of
 * each: it is a column of every window that goes on to a later one.
 */
void column_memory_keep_days(struct column_memory *memory,
                             const struct reading *reading,
                             const struct columns *columns,
                             const struct date *since);

/* How many tables are remembered that differ from a reading, where every row
 * is selected, in nothing but the window. */
size_t column_memory_days(struct column_memory *memory,
                          const struct reading *reading);

struct column_figures {
    uint64_t passes, recalls; /* so far */
    uint64_t tables, bytes;   /* remembered now */
};

void column_memory_figures(struct column_memory *memory,
                           struct column_figures *out);

#endif
