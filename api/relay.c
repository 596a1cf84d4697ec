/*
 * Parts of a stream, made ahead by workers. They stand in a ring, in the order
 * of their securities; the loop sends what the first one has, and begins others
 * behind the last. Whatever is not with a worker is the loop's alone.
 */
#include "relay.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "exchange.h"
#include "secmaster/clock.h"
#include "secmaster/workers.h"
#include "service.h"

struct part {
    struct worker_job job; /* first: an item that comes home is cast back */
    struct relay *relay;
    bool is_out;           /* with the workers: then what follows is theirs */
    struct stream *stream; /* owned; NULL: it was not needed yet */
    struct out chunks[RELAY_CHUNKS_MAX]; /* that are made */
    unsigned count;
    int64_t first, last; /* securities */
    int64_t us;          /* that it took so far */
    bool is_done;
    enum err err;
};

struct relay {
    struct stream stream; /* first: streams are cast back */
    struct request *request;
    const struct relay_source *source;
    const struct relay_options *options;
    struct part parts[RELAY_PARTS_MAX]; /* the ring */
    unsigned head, count;
    struct out chunks[RELAY_CHUNKS_MAX]; /* taken from the head, to be sent */
    unsigned at, chunk_count;
    int64_t next;  /* the first security behind the parts */
    int64_t width; /* of the next part */
    bool is_begun; /* the first chunk is made */
    bool is_last;  /* there is nothing behind the parts */
    atomic_bool is_left;
};

static const struct relay_options usual = {
    .parts_max = RELAY_PARTS_MAX,
    .chunks_max = RELAY_CHUNKS_MAX,
    .chunk_bytes = STREAM_CHUNK_BYTES,
    .chunk_records = STREAM_RECORDS_MAX,
    .width_least = 1,
    .width_most = INT64_MAX / 4,
    .part_us = RELAY_PART_US,
    .turn_us = RELAY_TURN_US,
};

const struct relay_options *
relay_options(const struct service *service)
{
    return service->relay != NULL ? service->relay : &usual;
}

static struct part *
part_at(struct relay *relay, unsigned i)
{
    return &relay->parts[(relay->head + i) % relay->options->parts_max];
}

static bool
has_chunks(const struct relay *relay)
{
    return relay->at < relay->chunk_count;
}

static enum err
make_chunk(struct part *part)
{
    struct out *chunk = &part->chunks[part->count];

    out_empty(chunk, 2 * STREAM_CHUNK_BYTES);
    TRY(part->stream->fill(part->stream, chunk, &part->is_done));
    TRY(out_finish(chunk));
    if (chunk->len > 0)
        part->count++;
    return OK;
}

static void
run(struct worker_job *job)
{
    struct part *part = (struct part *)job;
    const struct relay *relay = part->relay;
    int64_t began_us = clock_monotonic_us(), now_us = began_us;

    exchange_note(exchange_of(&job->item));
    while (!part->is_done && part->err == OK &&
           part->count < relay->options->chunks_max &&
           now_us - began_us < relay->options->turn_us &&
           !atomic_load_explicit(&relay->is_left, memory_order_relaxed)) {
        part->err = make_chunk(part);
        now_us = clock_monotonic_us();
    }
    exchange_note_end();
    part->us += now_us - began_us;
}

/* Fit the width to how long a part took, and to what is made ahead of one: by
 * steps, as securities differ, and a worker may have been interrupted. */
static void
fit_width(struct relay *relay, const struct part *part)
{
    const struct relay_options *options = relay->options;
    int64_t width = part->last - part->first + 1;

    if (!part->is_done || part->us > 2 * options->part_us)
        width /= 2;
    else if (part->us < options->part_us / 2)
        width =
            width < options->width_most / 2 ? 2 * width : options->width_most;
    if (width < options->width_least)
        width = options->width_least;
    relay->width = width < options->width_most ? width : options->width_most;
}

/* Take what the head has, and those behind it that are done and empty. The ring
 * of chunks that it gets back for it is empty: it can go on. */
static enum err
take_chunks(struct relay *relay)
{
    while (!has_chunks(relay) && relay->count > 0) {
        struct part *head = part_at(relay, 0);

        if (head->is_out)
            return OK;
        if (head->count == 0 && head->err != OK)
            return head->err;
        for (unsigned i = 0; i < head->count; i++)
            out_swap(&relay->chunks[i], &head->chunks[i]);
        relay->at = 0;
        relay->chunk_count = head->count;
        head->count = 0;
        if (!head->is_done)
            return OK;
        relay->head = (relay->head + 1) % relay->options->parts_max;
        relay->count--;
    }
    return OK;
}

/* What is behind a part is for others. */
static void
end_at(struct relay *relay, struct part *part, int64_t last)
{
    part->last = last;
    relay->is_last = last == INT64_MAX;
    relay->next = relay->is_last ? last : last + 1;
}

static void
begin_part(struct relay *relay, struct part *part, int64_t first)
{
    int64_t last =
        first < INT64_MAX - relay->width ? first + relay->width - 1 : INT64_MAX;

    relay->source->begin(part->stream, first, last);
    part->first = first;
    part->us = 0;
    part->is_done = false;
    part->err = OK;
    relay->count++;
    end_at(relay, part, last);
}

/* Where many answers are being read, nothing is made ahead of this one. */
static bool
is_crowded(const struct relay *relay)
{
    return atomic_load(&relay->request->service->answer_bytes_in_flight) >
           RELAY_BYTES_IN_FLIGHT_MAX;
}

/* One more part like one that is not with a worker; ERR_BUSY also where all
 * are. */
static enum err
make_part(struct relay *relay, struct part *part)
{
    for (unsigned i = 0; i < RELAY_PARTS_MAX && part->stream == NULL; i++) {
        const struct part *like = &relay->parts[i];

        if (like->stream != NULL && !like->is_out)
            part->stream = relay->source->part(like->stream);
    }
    return part->stream == NULL ? ERR_BUSY : OK;
}

static enum err
begin_parts(struct relay *relay)
{
    unsigned parts_max = is_crowded(relay) ? 1 : relay->options->parts_max;
    const struct stream *like = relay->parts[0].stream;

    while (!relay->is_last && relay->count < parts_max) {
        struct part *part = part_at(relay, relay->count);
        int64_t first;
        enum err err = relay->source->next(like, relay->next, &first);

        if (err == ERR_NOT_FOUND) {
            relay->is_last = true;
            return OK;
        }
        TRY(err);
        err = make_part(relay, part);
        if (err != OK)
            return relay->count > 0 ? OK : err;
        begin_part(relay, part, first);
    }
    return OK;
}

/* What they do not take the loop makes itself, when it comes to it. */
static void
hand_to_workers(struct relay *relay)
{
    for (unsigned i = 0; i < relay->count; i++) {
        struct part *part = part_at(relay, i);

        if (part->is_out || part->is_done || part->err != OK ||
            part->count == relay->options->chunks_max)
            continue;
        part->job = (struct worker_job){
            .item = { .home = relay->request->home, .owner = relay->request },
            .run = run,
        };
        if (workers_offer(relay->request->service->workers, &part->job) != OK)
            return;
        part->is_out = true;
        relay->stream.jobs++;
    }
}

/* False: a worker is at it. */
static bool
take_back(struct relay *relay, struct part *part)
{
    if (!workers_withdraw(relay->request->service->workers, &part->job))
        return false;
    part->is_out = false;
    relay->stream.jobs--;
    return true;
}

/* The head is needed now: where it is still waiting in the queue, which others
 * may fill for long, the loop makes a chunk of it. */
static enum err
make_head(struct relay *relay)
{
    struct part *head = part_at(relay, 0);

    if (head->is_out && !take_back(relay, head)) {
        relay->stream.waits = true;
        return OK;
    }
    if (head->count == 0 && !head->is_done && head->err == OK)
        head->err = make_chunk(head);
    return take_chunks(relay);
}

/* With the first chunk it is known whether there is more: then the rest is left
 * to others. */
static enum err
make_first(struct relay *relay, struct out *out)
{
    struct part *part = &relay->parts[0];

    relay->is_begun = true;
    TRY(part->stream->fill(part->stream, out, &part->is_done));
    if (part->is_done) {
        relay->is_last = true;
        return OK;
    }
    relay->count = 1;
    end_at(relay, part, relay->source->cut(part->stream));
    part->first = part->last;
    return OK;
}

static enum err
make_on(struct relay *relay, struct out *out)
{
    TRY(take_chunks(relay));
    TRY(begin_parts(relay));
    if (!is_crowded(relay))
        hand_to_workers(relay);
    if (!has_chunks(relay) && relay->count > 0)
        TRY(make_head(relay));
    if (has_chunks(relay)) {
        assert(out->len == 0);
        out_swap(out, &relay->chunks[relay->at]);
        if (is_crowded(relay))
            out_empty(&relay->chunks[relay->at], 0);
        relay->at++;
    }
    return OK;
}

/* Of what is with a worker: what it may come to. */
static void
count_held(struct relay *relay)
{
    size_t bytes = sizeof *relay;

    for (unsigned i = 0; i < RELAY_CHUNKS_MAX; i++)
        bytes += relay->chunks[i].capacity;
    for (unsigned i = 0; i < RELAY_PARTS_MAX; i++) {
        const struct part *part = &relay->parts[i];

        if (part->stream == NULL)
            continue;
        bytes += part->stream->bytes_held;
        for (unsigned j = 0; j < relay->options->chunks_max; j++)
            bytes += part->is_out ? 2 * STREAM_CHUNK_BYTES
                                  : part->chunks[j].capacity;
    }
    relay->stream.bytes_held = bytes;
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct relay *relay = (struct relay *)stream;

    stream->waits = false;
    if (relay->is_begun)
        TRY(make_on(relay, out));
    else
        TRY(make_first(relay, out));
    count_held(relay);
    *done = relay->is_last && relay->count == 0 && !has_chunks(relay);
    return OK;
}

/* A part that is not done was wide: where it is the last one, others begin
 * behind the security that it is in. */
static void
home(struct stream *stream, struct inbox_item *item)
{
    struct relay *relay = (struct relay *)stream;
    struct part *part = (struct part *)item;

    assert(part->is_out);
    assert(part->relay == relay);

    part->is_out = false;
    stream->jobs--;
    if (part == part_at(relay, 0))
        stream->waits = false;
    if (part->err != OK)
        return;
    if (!part->is_done && part == part_at(relay, relay->count - 1))
        end_at(relay, part, relay->source->cut(part->stream));
    fit_width(relay, part);
}

static void
leave(struct stream *stream)
{
    struct relay *relay = (struct relay *)stream;

    atomic_store_explicit(&relay->is_left, true, memory_order_relaxed);
    for (unsigned i = 0; i < relay->count; i++) {
        struct part *part = part_at(relay, i);

        if (part->is_out)
            (void)take_back(relay, part);
    }
}

static void
free_stream(struct stream *stream)
{
    struct relay *relay = (struct relay *)stream;

    assert(stream->jobs == 0);

    for (unsigned i = 0; i < RELAY_PARTS_MAX; i++) {
        struct part *part = &relay->parts[i];

        if (part->stream != NULL)
            part->stream->free(part->stream);
        for (unsigned j = 0; j < RELAY_CHUNKS_MAX; j++)
            out_fini(&part->chunks[j]);
    }
    for (unsigned i = 0; i < RELAY_CHUNKS_MAX; i++)
        out_fini(&relay->chunks[i]);
    free(relay);
}

struct stream *
relay_new(struct request *request, struct stream *whole,
          const struct relay_source *source)
{
    const struct relay_options *options = relay_options(request->service);
    struct relay *relay = calloc(1, sizeof *relay);

    assert(options->parts_max > 0);
    assert(options->parts_max <= RELAY_PARTS_MAX);
    assert(options->chunks_max > 0);
    assert(options->chunks_max <= RELAY_CHUNKS_MAX);

    if (relay == NULL)
        return NULL;
    relay->stream = (struct stream){
        .fill = fill, .free = free_stream, .home = home, .leave = leave
    };
    relay->request = request;
    relay->source = source;
    relay->options = options;
    relay->width = options->width_least;
    for (unsigned i = 0; i < RELAY_CHUNKS_MAX; i++)
        out_init(&relay->chunks[i], ANSWER_BYTES_MAX);
    for (unsigned i = 0; i < RELAY_PARTS_MAX; i++) {
        struct part *part = &relay->parts[i];

        part->relay = relay;
        for (unsigned j = 0; j < RELAY_CHUNKS_MAX; j++)
            out_init(&part->chunks[j], ANSWER_BYTES_MAX);
    }
    relay->parts[0].stream = whole;
    return &relay->stream;
}
