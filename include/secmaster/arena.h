/* Memory of one request or one batch: bump to allocate, free all at once. */
#ifndef SECMASTER_ARENA_H
#define SECMASTER_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "secmaster/str.h"

/*
 * Chunked bump allocator with a budget. Free and reset space is poisoned
 * under AddressSanitizer. fail_after is for tests: the N-th allocation from
 * now fails (0: never).
 */
struct arena_chunk;
struct arena {
    struct arena_chunk *chunks;
    size_t used, budget;
    size_t fail_after;
};

void arena_init(struct arena *arena, size_t budget);
void arena_fini(struct arena *arena);

/* Give everything back but a first chunk of ordinary size. */
void arena_reset(struct arena *arena);

/* The bytes that it holds, in use or not. */
size_t arena_held(const struct arena *arena);

/* 16-byte aligned, not zeroed; NULL past the budget or out of memory. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, zeroed; NULL also when count * size overflows. */
void *arena_zalloc(struct arena *arena, size_t count, size_t size);

/* A copy with a terminating NUL behind it; data is NULL on failure. */
struct str arena_copy(struct arena *arena, struct str s);

/* printf into the arena, terminated; data is NULL on failure. */
struct str arena_print(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str arena_vprint(struct arena *arena, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
