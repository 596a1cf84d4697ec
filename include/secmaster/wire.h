/* Integers as bytes: big-endian where bytes must order as values (keys),
 * little-endian and varints (LEB128, RFC-less but as in protobuf) elsewhere. */
#ifndef SECMASTER_WIRE_H
#define SECMASTER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/str.h"

#define VARINT_BYTES_MAX 10

static inline void
put_be32(unsigned char *to, uint32_t v)
{
    to[0] = (unsigned char)(v >> 24);
    to[1] = (unsigned char)(v >> 16);
    to[2] = (unsigned char)(v >> 8);
    to[3] = (unsigned char)v;
}

static inline uint32_t
get_be32(const unsigned char *from)
{
    return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
           (uint32_t)from[2] << 8 | from[3];
}

static inline void
put_be64(unsigned char *to, uint64_t v)
{
    put_be32(to, (uint32_t)(v >> 32));
    put_be32(to + 4, (uint32_t)v);
}

static inline uint64_t
get_be64(const unsigned char *from)
{
    return (uint64_t)get_be32(from) << 32 | get_be32(from + 4);
}

static inline void
put_le16(unsigned char *to, uint16_t v)
{
    to[0] = (unsigned char)v;
    to[1] = (unsigned char)(v >> 8);
}

static inline uint16_t
get_le16(const unsigned char *from)
{
    return (uint16_t)(from[0] | from[1] << 8);
}

static inline void
put_le32(unsigned char *to, uint32_t v)
{
    put_le16(to, (uint16_t)v);
    put_le16(to + 2, (uint16_t)(v >> 16));
}

static inline uint32_t
get_le32(const unsigned char *from)
{
    return get_le16(from) | (uint32_t)get_le16(from + 2) << 16;
}

static inline void
put_le64(unsigned char *to, uint64_t v)
{
    put_le32(to, (uint32_t)v);
    put_le32(to + 4, (uint32_t)(v >> 32));
}

static inline uint64_t
get_le64(const unsigned char *from)
{
    return get_le32(from) | (uint64_t)get_le32(from + 4) << 32;
}

/* Write v in 1..10 bytes; returns how many. */
static inline size_t
put_varint(unsigned char *to, uint64_t v)
{
    size_t n = 0;

    while (v >= 0x80) {
        to[n++] = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    to[n++] = (unsigned char)v;
    return n;
}

/* take_varint, of any length. */
bool take_long_varint(struct str *from, uint64_t *out);

/* Take a varint off the front of *from. False: cut short, or over 64 bits. Most
 * are of one byte or two; copies go to the others, lest from leave registers.
 */
static inline bool
take_varint(struct str *from, uint64_t *out)
{
    const unsigned char *at = (const unsigned char *)from->data;
    size_t taken = 1;

    if (from->len < 2 || (at[0] >= 0x80 && at[1] >= 0x80)) {
        struct str rest = *from;
        uint64_t number;

        if (!take_long_varint(&rest, &number))
            return false;
        *from = rest;
        *out = number;
        return true;
    }
    *out = at[0];
    if (at[0] >= 0x80) {
        *out = (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
        taken = 2;
    }
    from->data += taken;
    from->len -= taken;
    return true;
}

/* Signed numbers near zero as small unsigned ones: 0, -1, 1, -2 ... */
static inline uint64_t
zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (uint64_t)(v >> 63);
}

static inline int64_t
unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

#endif
