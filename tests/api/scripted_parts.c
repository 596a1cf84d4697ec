/* Parts for a relay of rows that are a script's, and not a store's. */
#include "tests/api/scripted_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct scripted {
    struct stream stream; /* first: streams are cast back */
    struct script *script;
    size_t at;    /* of the securities */
    unsigned row; /* of it, that is next */
    int64_t last;
    bool is_headed;
    atomic_bool is_filled; /* at present */
};

void
script_init(struct script *script, const struct scripted_security *securities,
            size_t count)
{
    script->securities = securities;
    script->count = count;
    script->chunk_bytes = STREAM_CHUNK_BYTES;
    script->rows_max = STREAM_RECORDS_MAX;
    script->fails_at = script->held_at = -1;
    script->seek_fails = INT64_MAX;
    sem_init(&script->held, 0, 0);
    sem_init(&script->go_on, 0, 0);
    atomic_init(&script->made, 0);
    atomic_init(&script->fills, 0);
    atomic_init(&script->at_once, 0);
    atomic_init(&script->parts, 0);
}

void
script_print(const struct script *script, struct out *out)
{
    out_str(out, STR("head\n"));
    for (size_t i = 0; i < script->count; i++) {
        const struct scripted_security *security = &script->securities[i];

        for (unsigned row = 0; row < security->rows; row++)
            out_print(out, "%lld %u\n", (long long)security->id, row);
    }
}

static bool
is_done(const struct scripted *part)
{
    return part->at == part->script->count ||
           part->script->securities[part->at].id > part->last;
}

static enum err
put_row(struct scripted *part, struct out *out)
{
    struct script *script = part->script;
    const struct scripted_security *security = &script->securities[part->at];

    if (security->id == script->fails_at)
        return ERR_STORE;
    if (security->id == script->held_at && part->row == 0) {
        sem_post(&script->held);
        sem_wait(&script->go_on);
    }
    if (part->row < security->rows)
        out_print(out, "%lld %u\n", (long long)security->id, part->row);
    if (++part->row >= security->rows) {
        part->row = 0;
        part->at++;
    }
    return OK;
}

static enum err
fill_chunk(struct scripted *part, struct out *out, bool *done)
{
    const struct script *script = part->script;
    size_t before = out->len;

    if (!part->is_headed)
        out_str(out, STR("head\n"));
    part->is_headed = true;
    for (unsigned i = 0; i < script->rows_max && !is_done(part) &&
                         out->len - before < script->chunk_bytes;
         i++)
        TRY(put_row(part, out));
    *done = is_done(part);
    return OK;
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct scripted *part = (struct scripted *)stream;
    struct script *script = part->script;
    size_t before = out->len;
    enum err err;

    if (atomic_exchange(&part->is_filled, true))
        atomic_store(&script->at_once, 2);
    atomic_fetch_add(&script->fills, 1);
    err = fill_chunk(part, out, done);
    atomic_fetch_add(&script->made, out->len - before);
    atomic_store(&part->is_filled, false);
    return err;
}

static void
free_part(struct stream *stream)
{
    struct scripted *part = (struct scripted *)stream;

    atomic_fetch_sub(&part->script->parts, 1);
    free(part);
}

static struct scripted *
part_new(struct script *script)
{
    struct scripted *part = calloc(1, sizeof *part);

    if (part == NULL)
        abort();
    part->stream = (struct stream){ .fill = fill, .free = free_part };
    part->script = script;
    part->last = INT64_MAX;
    atomic_fetch_add(&script->parts, 1);
    return part;
}

struct stream *
scripted_whole(struct script *script)
{
    return &part_new(script)->stream;
}

static struct stream *
part_like(const struct stream *like)
{
    struct scripted *part = part_new(((const struct scripted *)like)->script);

    part->is_headed = true;
    return &part->stream;
}

static size_t
find(const struct script *script, int64_t id)
{
    size_t at = 0;

    while (at < script->count && script->securities[at].id < id)
        at++;
    return at;
}

static void
begin(struct stream *stream, int64_t first, int64_t last)
{
    struct scripted *part = (struct scripted *)stream;

    assert(first <= last);
    part->at = find(part->script, first);
    part->row = 0;
    part->last = last;
}

static int64_t
cut(struct stream *stream)
{
    struct scripted *part = (struct scripted *)stream;

    assert(!is_done(part));
    part->last = part->script->securities[part->at].id;
    return part->last;
}

static enum err
next(const struct stream *like, int64_t from, int64_t *out)
{
    const struct script *script = ((const struct scripted *)like)->script;
    size_t at = find(script, from);

    if (from >= script->seek_fails)
        return ERR_STORE;
    if (at == script->count)
        return ERR_NOT_FOUND;
    *out = script->securities[at].id;
    return OK;
}

const struct relay_source scripted_parts = {
    .part = part_like,
    .begin = begin,
    .cut = cut,
    .next = next,
};
