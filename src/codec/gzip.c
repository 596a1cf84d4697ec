/* gzip over zlib's deflate and inflate. */
#include "secmaster/gzip.h"

#include <assert.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

/*
 * The quickest level: on tables it packs 4.6 (CSV) to 12 (JSON) to one, and
 * level 6 has 1.3 times that for 2.5 to 3 times the time.
 */
#define PACK_LEVEL 1
#define PACK_STEP_BYTES (16UL * 1024)
#define WHOLE_STEP_BYTES (16UL * 1024)

/* Holds whatever a flush sets free: were it filled to the last byte, zlib
 * would flush once more, into an empty block. */
#define FLUSH_STEP_BYTES (GZIP_FLUSH_BYTES_MAX + 16UL * 1024)

#define GZIP_FORMAT 16 /* zlib: added to the window's bits */

/* Setting up the large window takes longer than packing so few bytes. */
#define FEW_BYTES (8UL * 1024)
#define FEW_WINDOW_BITS 13
#define FEW_MEMORY_LEVEL 7

/* zlib counts in unsigned int. */
#define STEP_BYTES_MAX (1UL << 30)

struct gzip_packer {
    z_stream stream;
};

struct gzip_unpacker {
    z_stream stream;
    bool is_inside; /* a member has begun and not ended */
    bool has_any;   /* a member has ended */
};

struct gzip_packer *
gzip_packer_new(size_t bytes)
{
    struct gzip_packer *packer = calloc(1, sizeof *packer);
    bool are_few = bytes <= FEW_BYTES;
    int bits = are_few ? FEW_WINDOW_BITS : MAX_WBITS;
    int memory = are_few ? FEW_MEMORY_LEVEL : MAX_MEM_LEVEL - 1;

    if (packer == NULL)
        return NULL;
    if (deflateInit2(&packer->stream, PACK_LEVEL, Z_DEFLATED,
                     bits + GZIP_FORMAT, memory, Z_DEFAULT_STRATEGY) == Z_OK)
        return packer;
    free(packer);
    return NULL;
}

void
gzip_packer_free(struct gzip_packer *packer)
{
    if (packer == NULL)
        return;
    (void)deflateEnd(&packer->stream);
    free(packer);
}

static int
zlib_flush(enum gzip_flush flush)
{
    switch (flush) {
    case GZIP_MORE:
        return Z_NO_FLUSH;
    case GZIP_FLUSH:
        return Z_SYNC_FLUSH;
    case GZIP_END:
        return Z_FINISH;
    }
    abort();
}

/* Take as much as zlib counts; the pointer is not written through. */
static void
give(z_stream *stream, struct str *rest)
{
    size_t len = rest->len < STEP_BYTES_MAX ? rest->len : STEP_BYTES_MAX;

    stream->next_in = (unsigned char *)(uintptr_t)rest->data;
    stream->avail_in = (uInt)len;
}

static void
take_back(const z_stream *stream, struct str *rest)
{
    rest->len -= (size_t)((const char *)stream->next_in - rest->data);
    rest->data = (const char *)stream->next_in;
}

enum err
gzip_pack(struct gzip_packer *packer, struct str piece, enum gzip_flush flush,
          struct out *out)
{
    size_t step = flush == GZIP_FLUSH ? FLUSH_STEP_BYTES : PACK_STEP_BYTES;
    z_stream *stream = &packer->stream;
    bool is_last;

    if (piece.len == 0)
        piece.data = "";
    do {
        give(stream, &piece);
        is_last = stream->avail_in == piece.len;
        /* A full buffer may hide more: zlib is asked again. */
        do {
            char *to = out_reserve(out, step);

            if (to == NULL)
                return out_finish(out);
            stream->next_out = (unsigned char *)to;
            stream->avail_out = (uInt)step;
            (void)deflate(stream, is_last ? zlib_flush(flush) : Z_NO_FLUSH);
            out->len += step - stream->avail_out;
        } while (stream->avail_out == 0);
        assert(stream->avail_in == 0);
        take_back(stream, &piece);
    } while (!is_last);
    return OK;
}

struct gzip_unpacker *
gzip_unpacker_new(void)
{
    struct gzip_unpacker *unpacker = calloc(1, sizeof *unpacker);

    if (unpacker == NULL)
        return NULL;
    if (inflateInit2(&unpacker->stream, MAX_WBITS + GZIP_FORMAT) == Z_OK)
        return unpacker;
    free(unpacker);
    return NULL;
}

void
gzip_unpacker_free(struct gzip_unpacker *unpacker)
{
    if (unpacker == NULL)
        return;
    (void)inflateEnd(&unpacker->stream);
    free(unpacker);
}

static enum err
judge(struct gzip_unpacker *unpacker, int result, struct why *why)
{
    z_stream *stream = &unpacker->stream;

    if (result == Z_STREAM_END) {
        unpacker->is_inside = false;
        unpacker->has_any = true;
        (void)inflateReset(stream);
        return OK;
    }
    if (result == Z_OK || result == Z_BUF_ERROR)
        return OK;
    if (result == Z_MEM_ERROR)
        return ERR_BUSY;
    return why_set(why, ERR_MALFORMED, "not gzip%s: %s",
                   unpacker->has_any ? " behind the end of another" : "",
                   stream->msg != NULL ? stream->msg : "damaged");
}

enum err
gzip_unpack(struct gzip_unpacker *unpacker, struct str *rest, char *to,
            size_t size, size_t *len, struct why *why)
{
    z_stream *stream = &unpacker->stream;
    enum err err = OK;

    assert(size > 0);
    assert(size <= UINT_MAX);

    stream->next_out = (unsigned char *)to;
    stream->avail_out = (uInt)size;
    /* Also without input: zlib may hold back what did not fit before. */
    do {
        bool has_input = rest->len > 0;
        int result;

        if (!has_input && !unpacker->is_inside)
            break;
        give(stream, rest);
        unpacker->is_inside = true;
        result = inflate(stream, Z_NO_FLUSH);
        if (has_input)
            take_back(stream, rest);
        err = judge(unpacker, result, why);
    } while (err == OK && rest->len > 0 && stream->avail_out > 0);
    *len = size - stream->avail_out;
    return err;
}

enum err
gzip_unpack_end(const struct gzip_unpacker *unpacker, struct why *why)
{
    if (unpacker->has_any && !unpacker->is_inside)
        return OK;
    return why_set(why, ERR_MALFORMED, "the gzip data is cut off");
}

enum err
gzip_unpack_whole(struct str packed, struct out *out, struct why *why)
{
    struct gzip_unpacker *unpacker = gzip_unpacker_new();
    char piece[WHOLE_STEP_BYTES];
    enum err err;
    size_t len;

    if (unpacker == NULL)
        return ERR_BUSY;
    do {
        err = gzip_unpack(unpacker, &packed, piece, sizeof piece, &len, why);
        out_bytes(out, piece, len);
        if (err == OK)
            err = out_finish(out);
    } while (err == OK && (packed.len > 0 || len == sizeof piece));
    if (err == OK)
        err = gzip_unpack_end(unpacker, why);
    gzip_unpacker_free(unpacker);
    return err;
}
