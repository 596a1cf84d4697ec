/* Positions from a body: the rules of one, whatever format it came in. */
#include "secmaster/positions_reader.h"

#include <assert.h>
#include <stdlib.h>

#include "row_sink.h"
#include "row_source.h"

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

#define CAPACITY_FIRST 64

struct positions_reader {
    struct row_sink sink;
    struct row_source source;
    struct positions *into; /* borrowed */
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

static enum err
position_row(struct row_sink *sink, const struct token *tokens)
{
    struct positions_reader *reader = sink->context;
    struct positions *into = reader->into;
    struct str quantity = tokens[QUANTITY].text;
    struct position position = { 0 };
    bool has_id = row_id(sink, SECURITY_ID, &position.security_id);
    bool has_date = row_date(sink, DATE, &position.date);

    if (sink->row_bad)
        return OK;
    assert(has_id);
    assert(has_date);
    TRY(grow(into));
    position.quantity_offset = (uint32_t)into->quantities.len;
    position.quantity_len = (uint32_t)quantity.len;
    out_str(&into->quantities, quantity);
    TRY(out_finish(&into->quantities));
    into->items[into->count++] = position;
    return OK;
}

struct positions_reader *
positions_reader_new(enum media media, struct positions *into,
                     struct complaints *complaints)
{
    struct positions_reader *reader = calloc(1, sizeof *reader);

    assert(into != NULL);
    assert(complaints != NULL);

    if (reader == NULL)
        return NULL;
    row_sink_init(&reader->sink, &position_shape, complaints);
    reader->sink.row = position_row;
    reader->sink.context = reader;
    reader->into = into;
    if (!row_source_open(&reader->source, media, &reader->sink)) {
        free(reader);
        return NULL;
    }
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

    return row_source_feed(&reader->source, piece, why);
}

enum err
positions_reader_finish(struct positions_reader *reader, struct why *why)
{
    assert(reader != NULL);

    return row_source_finish(&reader->source, &reader->sink, why);
}
