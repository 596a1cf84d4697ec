/* Positions from a body: the rules of one, whatever format it came in. */
#include "secmaster/positions_reader.h"

#include <assert.h>
#include <stdlib.h>

#include "row_sink.h"
#include "row_source.h"

/* Those of one day go without the last. */
enum { SECURITY_ID, QUANTITY, DATE, POSITION_MEMBERS };

static const struct row_member position_members[] = {
    [SECURITY_ID] = { "security_id", MEMBER_ID, MEMBER_REQUIRED },
    [QUANTITY] = { "quantity", MEMBER_NUMBER, MEMBER_REQUIRED },
    [DATE] = { "date", MEMBER_TEXT, MEMBER_REQUIRED },
};

static const struct row_shape position_shape = {
    .pointer = "/positions",
    .members = position_members,
    .member_count = POSITION_MEMBERS,
};

static const struct row_shape day_shape = {
    .pointer = "/positions",
    .members = position_members,
    .member_count = DATE,
};

#define CAPACITY_FIRST 64

struct positions_reader {
    struct row_sink sink;
    struct row_source source;
    struct positions *into; /* borrowed */
    struct date date;       /* of each, where they bring none */
    bool is_fed;            /* with one byte at least */
};

enum err
positions_init(struct positions *positions)
{
    assert(positions != NULL);

    *positions = (struct positions){ 0 };
    /* Offsets are 32 bits wide. */
    out_init(&positions->quantities, UINT32_MAX);
    return OK;
}

void
positions_fini(struct positions *positions)
{
    assert(positions != NULL);

    free(positions->items);
    positions->items = NULL;
    positions->count = positions->capacity = 0;
    out_fini(&positions->quantities);
}

size_t
positions_held(const struct positions *positions)
{
    return positions->capacity * sizeof *positions->items +
           positions->quantities.capacity;
}

struct str
position_quantity(const struct positions *positions, size_t i)
{
    const struct position *position = &positions->items[i];

    assert(i < positions->count);

    return (struct str){
        positions->quantities.data + position->quantity_offset,
        position->quantity_len,
    };
}

/* Make room for one more. */
static enum err
grow(struct positions *positions)
{
    size_t capacity = 2 * positions->capacity;
    struct position *items;

    if (positions->count < positions->capacity)
        return OK;
    if (capacity == 0)
        capacity = CAPACITY_FIRST;
    items = reallocarray(positions->items, capacity, sizeof *items);
    if (items == NULL)
        return ERR_BUSY;
    positions->items = items;
    positions->capacity = capacity;
    return OK;
}

enum err
positions_add(struct positions *positions, const struct position *place,
              struct str quantity)
{
    struct position position = *place;

    TRY(grow(positions));
    position.quantity_offset = (uint32_t)positions->quantities.len;
    position.quantity_len = (uint32_t)quantity.len;
    out_str(&positions->quantities, quantity);
    TRY(out_finish(&positions->quantities));
    positions->items[positions->count++] = position;
    return OK;
}

void
positions_cut(struct positions *positions, size_t count)
{
    assert(count <= positions->count);

    if (count == positions->count)
        return;
    positions->quantities.len = positions->items[count].quantity_offset;
    positions->count = count;
}

static enum err
position_row(struct row_sink *sink, const struct token *tokens)
{
    struct positions_reader *reader = sink->context;
    struct position position = { .date = reader->date };
    bool has_id = row_id(sink, SECURITY_ID, &position.security_id);
    bool has_date =
        sink->shape == &day_shape || row_date(sink, DATE, &position.date);

    if (sink->row_bad)
        return OK;
    assert(has_id);
    assert(has_date);
    return positions_add(reader->into, &position, tokens[QUANTITY].text);
}

static struct positions_reader *
reader_new(enum media media, const struct row_shape *shape,
           struct positions *into, struct complaints *complaints)
{
    struct positions_reader *reader = calloc(1, sizeof *reader);

    assert(into != NULL);
    assert(complaints != NULL);

    if (reader == NULL)
        return NULL;
    row_sink_init(&reader->sink, shape, complaints);
    reader->sink.row = position_row;
    reader->sink.context = reader;
    reader->into = into;
    if (!row_source_open(&reader->source, media, &reader->sink)) {
        free(reader);
        return NULL;
    }
    return reader;
}

struct positions_reader *
positions_reader_new(enum media media, struct positions *into,
                     struct complaints *complaints)
{
    return reader_new(media, &position_shape, into, complaints);
}

struct positions_reader *
positions_reader_new_day(enum media media, struct date date,
                         struct positions *into, struct complaints *complaints)
{
    struct positions_reader *reader =
        reader_new(media, &day_shape, into, complaints);

    if (reader != NULL)
        reader->date = date;
    return reader;
}

void
positions_reader_free(struct positions_reader *reader)
{
    if (reader == NULL)
        return;
    row_source_close(&reader->source);
    row_sink_fini(&reader->sink);
    free(reader);
}

enum err
positions_reader_feed(struct positions_reader *reader, struct str piece,
                      struct why *why)
{
    assert(reader != NULL);

    reader->is_fed = reader->is_fed || piece.len > 0;
    return row_source_feed(&reader->source, piece, why);
}

enum err
positions_reader_finish(struct positions_reader *reader, struct why *why)
{
    assert(reader != NULL);

    TRY(row_source_finish(&reader->source, &reader->sink, why));
    /* Lines are the one format in which a pipe that broke before its first
     * byte would look like no positions, and clear the day. */
    if (!reader->is_fed && reader->sink.shape == &day_shape) {
        complaints_add(
            reader->sink.complaints, NULL, 1,
            "the body is empty: to clear the day, send a blank line");
        return why_set(why, ERR_INVALID, "the body is empty");
    }
    return OK;
}
