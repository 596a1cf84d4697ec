/* A borrowed run of bytes. */
#ifndef SECMASTER_STR_H
#define SECMASTER_STR_H

#include <stdbool.h>
#include <stddef.h>

/* Always borrowed, not terminated; data may be NULL only when len is 0. */
struct str {
    const char *data;
    size_t len;
};

/* A string literal as a str. */
#define STR(literal) ((struct str){ (literal), sizeof(literal) - 1 })

/* For "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).data

/* The str of a terminated string; borrowed from text. */
struct str str_of(const char *text);
bool str_equal(struct str a, struct str b);

/* Byte order; a prefix sorts first. <0, 0, >0. */
int str_compare(struct str a, struct str b);

#endif
