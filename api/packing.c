/* Answers as gzip. */
#include "packing.h"

#include <assert.h>
#include <stdlib.h>

#include "answer.h"
#include "problem.h"
#include "secmaster/gzip.h"

/* A client sees at least every 64 KiB of rows; at fixed places, so that one
 * answer has one packing however its chunks fell. */
#define FLUSH_BYTES GZIP_FLUSH_BYTES_MAX

/* What a chunk may be at most: a row is written whole. */
#define CHUNK_BYTES_MAX ANSWER_BYTES_MAX

struct packed_stream {
    struct stream stream; /* first: streams are cast back */
    struct stream *plain; /* owned */
    struct gzip_packer *packer;
    struct out chunk; /* of plain */
    bool is_made;     /* the chunk, and not yet packed */
    bool is_last;
    uint64_t at; /* bytes of plain that were packed */
};

/* Pack a chunk, with a flush at each multiple. */
static enum err
pack_chunk(struct packed_stream *packed, struct out *out)
{
    struct str rest = out_text(&packed->chunk);

    while (rest.len > 0) {
        size_t left = FLUSH_BYTES - packed->at % FLUSH_BYTES;
        struct str piece = { rest.data, rest.len < left ? rest.len : left };

        TRY(gzip_pack(packed->packer, piece,
                      piece.len == left ? GZIP_FLUSH : GZIP_MORE, out));
        packed->at += piece.len;
        rest.data += piece.len;
        rest.len -= piece.len;
    }
    if (packed->is_last)
        TRY(gzip_pack(packed->packer, STR(""), GZIP_END, out));
    return OK;
}

/* The memory of a wide row is not kept for the others. */
static void
empty_chunk(struct packed_stream *packed)
{
    out_empty(&packed->chunk, 2 * STREAM_CHUNK_BYTES);
}

/* What the plain one says of itself, and what packing it takes. */
static void
note_plain(struct packed_stream *packed)
{
    packed->stream.bytes_held =
        packed->plain->bytes_held + GZIP_PACKER_BYTES + packed->chunk.capacity;
    packed->stream.jobs = packed->plain->jobs;
    packed->stream.waits = packed->plain->waits;
}

static enum err
make_chunk(struct packed_stream *packed)
{
    empty_chunk(packed);
    TRY(packed->plain->fill(packed->plain, &packed->chunk, &packed->is_last));
    TRY(out_finish(&packed->chunk));
    packed->is_made = true;
    note_plain(packed);
    return OK;
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct packed_stream *packed = (struct packed_stream *)stream;

    if (!packed->is_made)
        TRY(make_chunk(packed));
    packed->is_made = false;
    TRY(pack_chunk(packed, out));
    empty_chunk(packed);
    note_plain(packed);
    *done = packed->is_last;
    return OK;
}

static void
home(struct stream *stream, struct inbox_item *item)
{
    struct packed_stream *packed = (struct packed_stream *)stream;

    packed->plain->home(packed->plain, item);
    note_plain(packed);
}

static void
leave(struct stream *stream)
{
    struct packed_stream *packed = (struct packed_stream *)stream;

    packed->plain->leave(packed->plain);
    note_plain(packed);
}

static void
free_stream(struct stream *stream)
{
    struct packed_stream *packed = (struct packed_stream *)stream;

    if (packed->plain != NULL)
        packed->plain->free(packed->plain);
    gzip_packer_free(packed->packer);
    out_fini(&packed->chunk);
    free(packed);
}

/* NULL: out of memory; plain is as it was. */
static struct packed_stream *
packed_new(struct stream *plain)
{
    struct packed_stream *packed = calloc(1, sizeof *packed);

    if (packed == NULL)
        return NULL;
    out_init(&packed->chunk, CHUNK_BYTES_MAX);
    packed->packer = gzip_packer_new(GZIP_LENGTH_UNKNOWN);
    if (packed->packer == NULL) {
        free_stream(&packed->stream);
        return NULL;
    }
    packed->plain = plain;
    packed->stream = (struct stream){
        .fill = fill, .free = free_stream, .home = home, .leave = leave
    };
    return packed;
}

static bool
is_small(const struct exchange *exchange, size_t len)
{
    return len <= PACKED_BYTES_MIN &&
           exchange->request.codings[CODING_IDENTITY];
}

/* Whether it is small shows in its first chunk. */
static void
pack_stream(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    struct packed_stream *packed = packed_new(response->stream);
    enum err err;

    if (packed == NULL) {
        problem_err(&exchange->request, response, ERR_BUSY, NULL);
        return;
    }
    response->stream = &packed->stream;
    exchange_note(exchange);
    err = make_chunk(packed);
    exchange_note_end();
    if (err != OK) {
        problem_err(&exchange->request, response, err, NULL);
        return;
    }
    assert(!packed->stream.waits);
    if (!packed->is_last || !is_small(exchange, packed->chunk.len)) {
        response->coding = CODING_GZIP;
        return;
    }
    out_reset(&response->body);
    out_str(&response->body, out_text(&packed->chunk));
    response->stream->free(response->stream);
    response->stream = NULL;
}

static enum err
pack_text(struct str text, struct out *out)
{
    struct gzip_packer *packer = gzip_packer_new(text.len);
    enum err err;

    if (packer == NULL)
        return ERR_BUSY;
    err = gzip_pack(packer, text, GZIP_END, out);
    gzip_packer_free(packer);
    return err;
}

static void
pack_whole(struct exchange *exchange)
{
    struct response *response = &exchange->response;
    struct out packed;
    enum err err;

    out_init(&packed, ANSWER_BYTES_MAX);
    err = pack_text(answer_text(exchange), &packed);
    if (err != OK) {
        out_fini(&packed);
        problem_err(&exchange->request, response, err, NULL);
        return;
    }
    out_fini(&response->body);
    response->body = packed;
    response->fixed = (struct str){ NULL, 0 };
    response->coding = CODING_GZIP;
}

/* An answer that is sent early, past the library, goes as it is. */
static bool
is_to_be_packed(const struct exchange *exchange)
{
    const struct response *response = &exchange->response;

    return exchange->request.coding == CODING_GZIP &&
           response->coding == CODING_IDENTITY && !exchange->early &&
           response->status != 204 && response->status != 304 &&
           out_finish(&response->body) == OK;
}

bool
packing_takes_long(const struct exchange *exchange)
{
    return is_to_be_packed(exchange) && exchange->response.stream == NULL &&
           answer_text(exchange).len > PACKED_ON_LOOP_BYTES_MAX;
}

void
packing_apply(struct exchange *exchange)
{
    assert(exchange->response.status != 0);

    if (!is_to_be_packed(exchange))
        return;
    if (exchange->response.stream != NULL)
        pack_stream(exchange);
    else if (!is_small(exchange, answer_text(exchange).len))
        pack_whole(exchange);
}
