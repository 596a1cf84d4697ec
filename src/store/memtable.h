/* Records in memory, in key order, and who ever asserted a value: one writer,
 * readers without locks. */
#ifndef STORE_MEMTABLE_H
#define STORE_MEMTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/record.h"

#include "inverted.h"

struct memtable;

/* NULL when out of memory. A client that does not know the seed cannot foresee
 * which records are met first, and so not make finding them slow. */
struct memtable *memtable_new(uint64_t seed);
void memtable_free(struct memtable *memtable);

/*
 * The writer's way in: copy records in while that can still fail, then make
 * them readable when nothing can. Nothing staged is seen by a reader.
 */

/* Copy a record, payload included, with its inverted entries. Records come in
 * order of their tx. ERR_BUSY: out of memory. */
enum err memtable_stage(struct memtable *memtable, const struct record *record);

/* Make ready what linking the inverted entries needs. ERR_BUSY: out of
 * memory. */
enum err memtable_ready(struct memtable *memtable);

/* Put what is staged in key order; false: two of them have one key, of tx
 * *twice_tx. */
bool memtable_sort(struct memtable *memtable, uint64_t *twice_tx);

/* Make what is staged, ready and sorted readable. No key may be there already.
 */
void memtable_link(struct memtable *memtable);

/* Forget what is staged. */
void memtable_drop(struct memtable *memtable);

/* About the memory that a record will take. */
size_t memtable_cost(const struct record *record);

/* The inverted entries of what is linked; borrowed. */
const struct inverted *memtable_inverted(const struct memtable *memtable);

/* Any thread. What is staged counts among the bytes already. */
uint64_t memtable_bytes(const struct memtable *memtable);
uint64_t memtable_records(const struct memtable *memtable);

/*
 * A place in the table. Any thread; what was linked before the place was
 * sought is met, what is linked later may be. Nothing to release.
 */
struct memtable_cursor {
    const struct memtable *memtable;
    const struct memtable_node *node;
};

/* Go to the first record not before key, whose payload does not matter. */
void memtable_seek(struct memtable_cursor *cursor,
                   const struct memtable *memtable, const struct record *key);
void memtable_next(struct memtable_cursor *cursor);

/* The record there, false at the end. Its payload lives with the table. */
bool memtable_at(const struct memtable_cursor *cursor, struct record *out);

#endif
