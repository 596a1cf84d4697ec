/* A growing, bounded, sticky byte writer. */
#include "secmaster/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "digits.h"
#include "secmaster/value.h"

#define CAPACITY_FIRST 256
#define INT_TEXT_BYTES_MAX 20 /* "-9223372036854775808" */

static char *
fail(struct out *out, enum err err)
{
    out->err = err;
    return NULL;
}

void
out_init(struct out *out, size_t limit)
{
    assert(out != NULL);

    /* No object is larger, and no sum below it overflows. */
    if (limit > PTRDIFF_MAX - 1)
        limit = PTRDIFF_MAX - 1;
    *out = (struct out){ .limit = limit };
}

void
out_fini(struct out *out)
{
    assert(out != NULL);

    free(out->data);
    out->data = NULL;
    out->len = out->capacity = 0;
}

void
out_reset(struct out *out)
{
    assert(out != NULL);

    out->len = 0;
    out->err = OK;
}

void
out_empty(struct out *out, size_t kept_max)
{
    assert(out != NULL);

    if (out->capacity > kept_max)
        out_fini(out);
    out_reset(out);
}

void
out_swap(struct out *out, struct out *other)
{
    struct out mine;

    assert(out != NULL);
    assert(other != NULL);
    assert(out->capacity <= other->limit);
    assert(other->capacity <= out->limit);

    mine = *out;
    out->data = other->data;
    out->len = other->len;
    out->capacity = other->capacity;
    out->err = other->err;
    other->data = mine.data;
    other->len = mine.len;
    other->capacity = mine.capacity;
    other->err = mine.err;
}

enum err
out_finish(const struct out *out)
{
    assert(out != NULL);

    return out->err;
}

struct str
out_text(const struct out *out)
{
    assert(out != NULL);

    return (struct str){ out->data, out->len };
}

char *
out_grow(struct out *out, size_t size)
{
    size_t capacity;
    char *data;

    assert(out != NULL);

    if (out->err != OK)
        return NULL;
    if (size > out->limit - out->len)
        return fail(out, ERR_TOO_LARGE);
    if (out->data != NULL && size <= out->capacity - out->len)
        return out->data + out->len;
    if (out->fail_after != 0 && --out->fail_after == 0)
        return fail(out, ERR_BUSY);

    capacity = 2 * out->capacity;
    if (capacity < CAPACITY_FIRST)
        capacity = CAPACITY_FIRST;
    if (capacity < out->len + size)
        capacity = out->len + size;
    if (capacity > out->limit)
        capacity = out->limit;
    /* One byte more than we own up to: room for the NUL of out_print. */
    data = realloc(out->data, capacity + 1);
    if (data == NULL)
        return fail(out, ERR_BUSY);
    out->data = data;
    out->capacity = capacity;
    return data + out->len;
}

void
out_int(struct out *out, int64_t number)
{
    char text[INT_TEXT_BYTES_MAX];
    char *at = text + sizeof text;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;

    for (; rest >= 100; rest /= 100) {
        at -= 2;
        digits_put_two(at, (unsigned)(rest % 100));
    }
    if (rest >= 10) {
        at -= 2;
        digits_put_two(at, (unsigned)rest);
    } else {
        *--at = (char)('0' + rest);
    }
    if (number < 0)
        *--at = '-';
    out_bytes(out, at, (size_t)(text + sizeof text - at));
}

void
out_date(struct out *out, struct date date)
{
    char *to = out_reserve(out, DATE_TEXT_BYTES);

    if (to == NULL)
        return;
    date_format(date, to);
    out->len += DATE_TEXT_BYTES;
}

void
out_print(struct out *out, const char *format, ...)
{
    va_list args;
    int len;
    char *to;

    assert(format != NULL);

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    to = out_reserve(out, (size_t)len);
    if (to == NULL)
        return;
    va_start(args, format);
    (void)vsnprintf(to, (size_t)len + 1, format, args);
    va_end(args);
    out->len += (size_t)len;
}

void
out_json(struct out *out, struct str text)
{
    out_char(out, '"');
    value_escape(out, text);
    out_char(out, '"');
}
