/* A growing, bounded, sticky byte writer: write freely, ask once. */
#ifndef SECMASTER_OUT_H
#define SECMASTER_OUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/str.h"

/*
 * After a failed write (past limit, or out of memory) every call is a no-op
 * and out_finish says so. fail_after is for tests: the N-th growth from now
 * fails (0: never).
 */
struct out {
    char *data; /* owned */
    size_t len, capacity, limit;
    size_t fail_after;
    enum err err;
};

void out_init(struct out *out, size_t limit);
void out_fini(struct out *out);

/* Empty it and forget an error; the memory stays. */
void out_reset(struct out *out);

/* The same, but more memory than so much is given back. */
void out_empty(struct out *out, size_t kept_max);

/* Change what was written, and its memory, for another's. */
void out_swap(struct out *out, struct out *other);

/* OK, ERR_TOO_LARGE past the limit, ERR_BUSY out of memory. */
enum err out_finish(const struct out *out);

/* What was written; borrowed until the next write. */
struct str out_text(const struct out *out);

/* Make room for size more bytes: where they go, or NULL after an error. */
char *out_grow(struct out *out, size_t size);

/*
 * As out_grow, inline where the room is there; then add to len by hand. The
 * comparison is strict so that no offset is added to the NULL of an empty out.
 */
static inline char *
out_reserve(struct out *out, size_t size)
{
    if (out->err == OK && out->capacity - out->len > size)
        return out->data + out->len;
    return out_grow(out, size);
}

static inline void
out_bytes(struct out *out, const char *data, size_t len)
{
    char *to = out_reserve(out, len);

    if (to == NULL || len == 0)
        return;
    memcpy(to, data, len);
    out->len += len;
}

static inline void
out_str(struct out *out, struct str s)
{
    out_bytes(out, s.data, s.len);
}

static inline void
out_char(struct out *out, char c)
{
    out_bytes(out, &c, 1);
}

void out_int(struct out *out, int64_t number);
void out_date(struct out *out, struct date date);
void out_print(struct out *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string with its quotes, from UTF-8 text (value.h's escaping). */
void out_json(struct out *out, struct str text);

#endif
