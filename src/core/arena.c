/* Memory of one request or one batch: a bump allocator in chunks. */
#include "secmaster/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#define ALIGNMENT 16
#define CHUNK_BYTES_FIRST (8UL << 10) /* most requests need no second one */
#define CHUNK_BYTES_MAX (1UL << 20)   /* doubled up to here */

/* Poisoned space between allocations, so that an overrun cannot land in one. */
#if defined(__SANITIZE_ADDRESS__)
#define GAP_BYTES ALIGNMENT
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GAP_BYTES ALIGNMENT
#endif
#endif
#ifndef GAP_BYTES
#define GAP_BYTES 0
#endif

struct arena_chunk {
    struct arena_chunk *older;
    size_t used, capacity;
    _Alignas(ALIGNMENT) char bytes[];
};

static_assert(sizeof(struct arena_chunk) % ALIGNMENT == 0,
              "a chunk's first allocation is aligned");

static size_t
round_up(size_t size)
{
    /* An empty allocation has an address of its own too. */
    if (size == 0)
        return ALIGNMENT;
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

static bool
has_room(const struct arena_chunk *chunk, size_t size)
{
    return chunk != NULL && chunk->capacity - chunk->used >= size;
}

static struct arena_chunk *
add_chunk(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk;
    size_t capacity = CHUNK_BYTES_FIRST;

    if (arena->chunks != NULL)
        capacity = 2 * arena->chunks->capacity;
    if (capacity > CHUNK_BYTES_MAX)
        capacity = CHUNK_BYTES_MAX;
    if (capacity < size)
        capacity = size;
    chunk = malloc(sizeof *chunk + capacity);
    if (chunk == NULL)
        return NULL;
    chunk->older = arena->chunks;
    chunk->used = 0;
    chunk->capacity = capacity;
    ASAN_POISON_MEMORY_REGION(chunk->bytes, capacity);
    arena->chunks = chunk;
    return chunk;
}

static void
free_chunk(struct arena_chunk *chunk)
{
    ASAN_UNPOISON_MEMORY_REGION(chunk->bytes, chunk->capacity);
    free(chunk);
}

void
arena_init(struct arena *arena, size_t budget)
{
    assert(arena != NULL);

    *arena = (struct arena){ .budget = budget };
}

void
arena_fini(struct arena *arena)
{
    assert(arena != NULL);

    while (arena->chunks != NULL) {
        struct arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->older;
        free_chunk(chunk);
    }
    arena->used = 0;
}

void
arena_reset(struct arena *arena)
{
    struct arena_chunk *first;

    assert(arena != NULL);

    arena->used = 0;
    if (arena->chunks == NULL)
        return;
    while (arena->chunks->older != NULL) {
        struct arena_chunk *chunk = arena->chunks;

        arena->chunks = chunk->older;
        free_chunk(chunk);
    }
    first = arena->chunks;
    first->used = 0;
    ASAN_POISON_MEMORY_REGION(first->bytes, first->capacity);
    /* One huge request must not hold its memory while a client idles. */
    if (first->capacity > CHUNK_BYTES_FIRST)
        arena_fini(arena);
}

size_t
arena_held(const struct arena *arena)
{
    size_t held = 0;

    assert(arena != NULL);

    for (const struct arena_chunk *chunk = arena->chunks; chunk != NULL;
         chunk = chunk->older)
        held += sizeof *chunk + chunk->capacity;
    return held;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk;
    size_t rounded;
    char *at;

    assert(arena != NULL);

    if (arena->fail_after != 0 && --arena->fail_after == 0)
        return NULL;
    if (size > arena->budget - arena->used)
        return NULL;
    rounded = round_up(size);
    if (rounded < size || rounded > arena->budget - arena->used)
        return NULL;
    chunk = arena->chunks;
    if (!has_room(chunk, rounded + GAP_BYTES))
        chunk = add_chunk(arena, rounded + GAP_BYTES);
    if (chunk == NULL)
        return NULL;
    at = chunk->bytes + chunk->used;
    chunk->used += rounded + GAP_BYTES;
    arena->used += rounded;
    ASAN_UNPOISON_MEMORY_REGION(at, size);
    return at;
}

void *
arena_zalloc(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    void *at;

    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    at = arena_alloc(arena, total);
    if (at != NULL)
        memset(at, 0, total);
    return at;
}

struct str
arena_copy(struct arena *arena, struct str s)
{
    char *to = s.len == SIZE_MAX ? NULL : arena_alloc(arena, s.len + 1);

    if (to == NULL)
        return (struct str){ NULL, 0 };
    if (s.len > 0)
        memcpy(to, s.data, s.len);
    to[s.len] = '\0';
    return (struct str){ to, s.len };
}

struct str
arena_print(struct arena *arena, const char *format, ...)
{
    va_list args;
    struct str text;

    va_start(args, format);
    text = arena_vprint(arena, format, args);
    va_end(args);
    return text;
}

struct str
arena_vprint(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    int len;
    char *to;

    assert(format != NULL);

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    to = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1);
    if (to == NULL)
        return (struct str){ NULL, 0 };
    (void)vsnprintf(to, (size_t)len + 1, format, args);
    return (struct str){ to, (size_t)len };
}
