/* A borrowed run of bytes. */
#ifndef SECMASTER_STR_H
#define SECMASTER_STR_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Always borrowed, not terminated; data may be NULL only when len is 0. */
struct str {
    const char *data;
    size_t len;
};

/* A string literal as a str. */
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* For "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).data

/* The str of a terminated string; borrowed from text. Inline so that the length
 * of a literal is known when compiling. */
static inline struct str
str_of(const char *text)
{
    assert(text != NULL);

    return (struct str){ text, strlen(text) };
}

static inline bool
str_equal(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

/* Byte order; a prefix sorts first. <0, 0, >0. */
int str_compare(struct str a, struct str b);

#endif
