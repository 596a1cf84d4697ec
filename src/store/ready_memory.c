/* Chunks in a list, the newest of which is taken from. */
#include "ready_memory.h"

#include <assert.h>
#include <stdlib.h>

#define CHUNK_BYTES (1UL << 20)

struct memory_chunk {
    struct memory_chunk *older;
    size_t used, size;
    _Alignas(8) unsigned char bytes[];
};

static size_t
room_in(const struct memory_chunk *chunk)
{
    return chunk == NULL ? 0 : chunk->size - chunk->used;
}

static struct memory_chunk *
chunk_new(size_t size)
{
    struct memory_chunk *chunk;

    if (size < CHUNK_BYTES)
        size = CHUNK_BYTES;
    chunk = malloc(sizeof *chunk + size);
    if (chunk != NULL)
        *chunk = (struct memory_chunk){ .size = size };
    return chunk;
}

static void
push_chunk(struct ready_memory *memory, struct memory_chunk *chunk)
{
    chunk->older = memory->chunk;
    memory->chunk = chunk;
}

static void *
cut(struct ready_memory *memory, size_t size)
{
    struct memory_chunk *chunk = memory->chunk;
    uint64_t bytes = atomic_load_explicit(&memory->bytes, memory_order_relaxed);
    void *to = chunk->bytes + chunk->used;

    assert(size % 8 == 0);
    assert(size <= room_in(chunk));
    chunk->used += size;
    /* One thread writes, so reading and writing apart is enough. */
    atomic_store_explicit(&memory->bytes, bytes + size, memory_order_relaxed);
    return to;
}

void *
ready_memory_allocate(struct ready_memory *memory, size_t size)
{
    if (room_in(memory->chunk) < size) {
        struct memory_chunk *chunk = chunk_new(size);

        if (chunk == NULL)
            return NULL;
        push_chunk(memory, chunk);
    }
    return cut(memory, size);
}

void *
ready_memory_take(struct ready_memory *memory, size_t size)
{
    if (room_in(memory->chunk) < size) {
        assert(memory->spare != NULL);
        push_chunk(memory, memory->spare);
        memory->spare = NULL;
    }
    return cut(memory, size);
}

enum err
ready_memory_reserve(struct ready_memory *memory, size_t size)
{
    if (room_in(memory->chunk) >= size || room_in(memory->spare) >= size)
        return OK;
    free(memory->spare);
    memory->spare = chunk_new(size);
    return memory->spare == NULL ? ERR_BUSY : OK;
}

void
ready_memory_trim(struct ready_memory *memory, size_t size)
{
    if (room_in(memory->spare) <= size)
        return;
    free(memory->spare);
    memory->spare = NULL;
}

void
ready_memory_fini(struct ready_memory *memory)
{
    while (memory->chunk != NULL) {
        struct memory_chunk *older = memory->chunk->older;

        free(memory->chunk);
        memory->chunk = older;
    }
    free(memory->spare);
    memory->spare = NULL;
}
