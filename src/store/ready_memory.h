/* Memory that is only taken, and of which some can be made ready. */
#ifndef STORE_READY_MEMORY_H
#define STORE_READY_MEMORY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/err.h"

/*
 * One thread takes; what it took stays until the end. Taking from what was
 * made ready cannot fail: first from chunk and, when that is full, from spare.
 * Zero to begin with.
 */
struct ready_memory {
    struct memory_chunk *chunk, *spare;
    _Atomic uint64_t bytes; /* taken; any thread reads it */
};

void ready_memory_fini(struct ready_memory *memory);

/* NULL when out of memory. size is a multiple of 8, and so aligned. */
void *ready_memory_allocate(struct ready_memory *memory, size_t size);

/* Make so many bytes ready, in pieces that leave less than one of them over.
 * ERR_BUSY: out of memory. */
enum err ready_memory_reserve(struct ready_memory *memory, size_t size);

/* From what was made ready. */
void *ready_memory_take(struct ready_memory *memory, size_t size);

/* Give a spare of more than so many bytes back. */
void ready_memory_trim(struct ready_memory *memory, size_t size);

#endif
