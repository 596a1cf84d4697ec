/* gzip (RFC 1952) both ways, piece by piece. */
#ifndef SECMASTER_GZIP_H
#define SECMASTER_GZIP_H

#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/* What a packer of unknown length holds in memory, about. */
#define GZIP_PACKER_BYTES (272UL * 1024)

struct gzip_packer;

/* bytes: how many there will be, or GZIP_LENGTH_UNKNOWN; few take less memory
 * and time. NULL: out of memory. */
#define GZIP_LENGTH_UNKNOWN SIZE_MAX
struct gzip_packer *gzip_packer_new(size_t bytes);
void gzip_packer_free(struct gzip_packer *packer);

/* What comes behind a piece: more; more, but the reader shall have all so far;
 * or nothing. A flush at least every so many bytes, or never. */
#define GZIP_FLUSH_BYTES_MAX (64UL * 1024)
enum gzip_flush { GZIP_MORE, GZIP_FLUSH, GZIP_END };

/*
 * Pack a piece behind the others. What comes out depends on the bytes and on
 * where a flush was asked for, not on how they were cut into pieces. Errors of
 * out.
 */
enum err gzip_pack(struct gzip_packer *packer, struct str piece,
                   enum gzip_flush flush, struct out *out);

struct gzip_unpacker;

/* NULL: out of memory. */
struct gzip_unpacker *gzip_unpacker_new(void);
void gzip_unpacker_free(struct gzip_unpacker *unpacker);

/*
 * Unpack from the front of *rest, which moves on, into to[0..size); *len says
 * how much came out. Call again until *rest is empty and *len < size. Members
 * may follow each other. ERR_MALFORMED: damaged, or something else behind a
 * member's end. ERR_BUSY: out of memory.
 */
enum err gzip_unpack(struct gzip_unpacker *unpacker, struct str *rest, char *to,
                     size_t size, size_t *len, struct why *why);

/* No more will come. ERR_MALFORMED: it was cut off, or there was nothing. */
enum err gzip_unpack_end(const struct gzip_unpacker *unpacker, struct why *why);

/* Unpack what is whole behind out, whose limit bounds it. The errors of the
 * above and of out; some of it may be there already. */
enum err gzip_unpack_whole(struct str packed, struct out *out, struct why *why);

#endif
