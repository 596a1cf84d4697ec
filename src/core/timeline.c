/*
 * The fold. Records of a security come by date, and within a date by
 * transaction. All facts of one date are gathered (the group); when it ends,
 * the last fact of each (attribute, source) decides whether it is live, the
 * row before it is shown, and the live ones go into the cells. A retraction
 * reaches only its own date, so nothing before a group is ever looked at
 * again. Of superseded facts there may be any number: few are kept.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/arena.h"
#include "secmaster/factset.h"
#include "secmaster/timeline.h"

#include "places.h"

/* A fact of the group. */
struct event {
    uint32_t attribute, source;
    enum fact_op op;
    enum value_type type;
    size_t text_offset, text_len; /* in texts */
    uint64_t tx;
};

/* What was copied last of a record's payload, and may have the next texts. */
struct piece {
    size_t begin, end; /* in the payload; at its beginning nothing is a text */
    size_t offset;     /* in texts */
};

/* What a cell has beside its public face. */
struct backing {
    char *text; /* its buffer, kept from one security to the next */
    size_t capacity;
    uint32_t rank; /* of the winner */
};

enum state {
    IDLE,     /* no security */
    FOLDING,  /* in a security */
    SKIPPING, /* the visitor wants no more of this security */
    STOPPED,  /* the visitor wants no more, or err is set */
};

struct timeline {
    struct window window;
    struct precedence precedence;
    row_visitor *visitor;
    void *context;

    /* Holds all that grows, by doubling: what is outgrown is wasted, and is as
     * much again at most. */
    struct arena arena;

    enum state state;
    enum err err;
    int64_t security_id;

    bool has_row;
    struct date start; /* of the row that the cells are */
    struct cell *cells;
    struct backing *backings;
    size_t cell_count, cell_capacity;
    struct places cell_places; /* attribute -> cell */

    bool has_group;
    struct date date; /* of the group */
    struct event *events;
    size_t event_count, event_capacity;
    bool is_retracting;         /* one of the events is a retraction */
    struct places event_places; /* attribute, source -> event */
    struct out texts;           /* of the group's facts */
    struct piece piece;
};

/* A group's texts are bounded by memory alone. */
#define TEXTS_BYTES_MAX SIZE_MAX
#define CELLS_FIRST 32
#define PIECE_BYTES_MAX (16UL << 10) /* unless a text is longer */
#define TEXT_FIRST 32

struct timeline *
timeline_new(uint64_t seed, struct window window, struct precedence precedence,
             row_visitor *visitor, void *context)
{
    struct timeline *t = calloc(1, sizeof *t);

    assert(window.from.days < window.to.days);
    assert(visitor != NULL);
    if (t == NULL)
        return NULL;
    t->window = window;
    t->precedence = precedence;
    t->visitor = visitor;
    t->context = context;
    arena_init(&t->arena, SIZE_MAX);
    out_init(&t->texts, TEXTS_BYTES_MAX);
    places_init(&t->cell_places, seed);
    places_init(&t->event_places, seed);
    return t;
}

void
timeline_free(struct timeline *t)
{
    if (t == NULL)
        return;
    arena_fini(&t->arena);
    out_fini(&t->texts);
    free(t);
}

static void
fail(struct timeline *t, enum err err)
{
    t->err = err;
    t->state = STOPPED;
}

/* Show the row that the cells are, unless it ends before the window. */
static void
show_row(struct timeline *t, struct date end)
{
    struct row row = { t->security_id, t->start, end, t->cells, t->cell_count };

    if (!t->has_row)
        return;
    t->has_row = false;
    if (end.days <= t->window.from.days)
        return;
    switch (t->visitor(t->context, &row)) {
    case VISIT_NEXT:
        break;
    case VISIT_SKIP:
        t->state = SKIPPING;
        break;
    case VISIT_STOP:
        t->state = STOPPED;
        break;
    }
}

/* An array of twice the capacity. */
static void *
larger_array(struct arena *arena, const void *from, size_t size,
             size_t *capacity)
{
    size_t larger = *capacity == 0 ? CELLS_FIRST : *capacity * 2;
    void *to;

    to = arena_zalloc(arena, larger, size);
    if (to != NULL && *capacity > 0)
        memcpy(to, from, *capacity * size);
    if (to != NULL)
        *capacity = larger;
    return to;
}

/* Make room for one more cell. */
static enum err
cells_reserve(struct timeline *t)
{
    size_t capacity = t->cell_capacity;
    struct cell *cells;
    struct backing *backings;

    TRY(places_reserve(&t->cell_places, &t->arena, 1));
    if (t->cell_count < capacity)
        return OK;
    cells = larger_array(&t->arena, t->cells, sizeof *cells, &capacity);
    backings = larger_array(&t->arena, t->backings, sizeof *backings,
                            &t->cell_capacity);
    if (cells == NULL || backings == NULL)
        return ERR_BUSY;
    t->cells = cells;
    t->backings = backings;
    return OK;
}

/* Keep a copy of the winner's text in the cell's own buffer. */
static enum err
cell_text(struct timeline *t, size_t place, struct str text)
{
    struct backing *backing = &t->backings[place];

    if (text.len > backing->capacity) {
        size_t capacity = 2 * backing->capacity;
        char *bigger;

        if (capacity < text.len)
            capacity = text.len < TEXT_FIRST ? TEXT_FIRST : text.len;
        bigger = arena_alloc(&t->arena, capacity);
        if (bigger == NULL)
            return ERR_BUSY;
        backing->text = bigger;
        backing->capacity = capacity;
    }
    if (text.len > 0)
        memcpy(backing->text, text.data, text.len);
    t->cells[place].value.text = (struct str){ backing->text, text.len };
    return OK;
}

static uint32_t
rank_of(const struct timeline *t, const struct event *event)
{
    const struct precedence *by = &t->precedence;

    return by->rank == NULL
               ? 0
               : by->rank(by->rule, event->attribute, event->source);
}

/*
 * Let a live assertion of the group compete for its cell: a better rank wins,
 * an equal one too, as it is later.
 */
static enum err
compete(struct timeline *t, const struct event *event)
{
    size_t count = t->cell_count, place;
    uint32_t rank = rank_of(t, event);
    struct cell *cell;

    TRY(cells_reserve(t));
    place = places_find(&t->cell_places, event->attribute, &t->cell_count);
    cell = &t->cells[place];
    if (place < count && rank > t->backings[place].rank)
        return OK;
    t->backings[place].rank = rank;
    cell->attribute = event->attribute;
    cell->source = event->source;
    cell->effective = t->date;
    cell->tx = event->tx;
    cell->value.type = event->type;
    if (factset_has_text(event->type))
        return cell_text(t, place,
                         (struct str){ t->texts.data + event->text_offset,
                                       event->text_len });
    cell->value = value_of_type(event->type);
    return OK;
}

/* Keep the texts of the events alone: they stand in the events' order. */
static void
pack_texts(struct timeline *t)
{
    size_t len = 0;

    for (size_t i = 0; i < t->event_count; i++) {
        struct event *event = &t->events[i];

        if (!factset_has_text(event->type))
            continue;
        assert(event->text_offset >= len);
        if (event->text_len > 0)
            memmove(t->texts.data + len, t->texts.data + event->text_offset,
                    event->text_len);
        event->text_offset = len;
        len += event->text_len;
    }
    t->texts.len = len;
    t->piece = (struct piece){ 0 };
}

/*
 * Of each attribute and source the last fact stands, the others are as good as
 * withdrawn. For assertions alone that need not be done to know the winner: an
 * earlier one loses to a later one of its source anyhow.
 */
static enum err
settle(struct timeline *t)
{
    size_t count = 0, first = t->event_count;

    places_clear(&t->event_places);
    for (size_t i = t->event_count; i-- > 0;) {
        const struct event *event = &t->events[i];
        uint64_t key = (uint64_t)event->attribute << 32 | event->source;
        size_t before = count;

        TRY(places_reserve(&t->event_places, &t->arena, 1));
        (void)places_find(&t->event_places, key, &count);
        if (count > before)
            t->events[--first] = *event;
    }
    memmove(t->events, t->events + first, count * sizeof *t->events);
    t->event_count = count;
    return OK;
}

static enum err
apply_events(struct timeline *t)
{
    for (size_t i = 0; i < t->event_count; i++)
        if (t->events[i].op == FACT_ASSERT)
            TRY(compete(t, &t->events[i]));
    return OK;
}

/* The date is over: a row ends and another starts if anything is live. */
static void
close_group(struct timeline *t)
{
    enum err err = t->is_retracting ? settle(t) : OK;
    bool live = false;

    t->has_group = false;
    for (size_t i = 0; i < t->event_count && !live; i++)
        live = t->events[i].op == FACT_ASSERT;
    if (err == OK && !live)
        return;
    if (err == OK)
        show_row(t, t->date);
    if (t->state != FOLDING)
        return;
    if (t->date.days >= t->window.to.days) {
        t->state = SKIPPING;
        return;
    }
    if (err == OK)
        err = apply_events(t);
    if (err != OK) {
        fail(t, err);
        return;
    }
    t->has_row = true;
    t->start = t->date;
}

static void
open_group(struct timeline *t, struct date date)
{
    t->has_group = true;
    t->date = date;
    t->event_count = 0;
    t->is_retracting = false;
    out_reset(&t->texts);
}

/* Make room for one more event: doubled unless half of them were superseded, so
 * that settling costs a fact no more than doubling. */
static enum err
events_reserve(struct timeline *t)
{
    struct event *events;

    if (t->event_count < t->event_capacity)
        return OK;
    if (t->event_count > 0)
        TRY(settle(t));
    pack_texts(t);
    if (t->event_count < t->event_capacity / 2)
        return OK;
    events =
        larger_array(&t->arena, t->events, sizeof *events, &t->event_capacity);
    if (events == NULL)
        return ERR_BUSY;
    t->events = events;
    return OK;
}

/* Keep an event's text, which the payload has at `at`: it dies before the group
 * ends. Copied is a piece at a time, as most have the texts of many. */
static enum err
keep_text(struct timeline *t, struct event *event, struct str payload,
          size_t at)
{
    struct piece *piece = &t->piece;

    if (at + event->text_len > piece->end) {
        size_t rest = payload.len - at;
        size_t len = rest < PIECE_BYTES_MAX ? rest : PIECE_BYTES_MAX;

        if (len < event->text_len)
            len = event->text_len;
        *piece = (struct piece){ at, at + len, t->texts.len };
        out_bytes(&t->texts, payload.data + at, len);
        TRY(out_finish(&t->texts));
    }
    event->text_offset = piece->offset + (at - piece->begin);
    return OK;
}

/* Take a record's facts into the group. */
static enum err
gather(struct timeline *t, const struct record *record)
{
    struct str rest = record->payload;
    struct factset_item item;
    enum err err;

    t->piece = (struct piece){ 0 };
    while (factset_next(&rest, &item, &err)) {
        const char *text = item.value.text.data;
        struct event *event;

        TRY(events_reserve(t));
        event = &t->events[t->event_count++];
        event->attribute = item.attribute;
        event->source = item.source;
        event->op = item.op;
        event->type = item.value.type;
        event->tx = record->tx;
        if (item.op == FACT_RETRACT)
            t->is_retracting = true;
        if (!factset_has_text(item.value.type))
            continue;
        event->text_len = item.value.text.len;
        TRY(keep_text(t, event, record->payload,
                      (size_t)(text - record->payload.data)));
    }
    return err;
}

/* No more records of this security. */
static void
close_security(struct timeline *t)
{
    if (t->state == FOLDING && t->has_group)
        close_group(t);
    if (t->state == FOLDING)
        show_row(t, (struct date){ DATE_OPEN_DAYS });
    if (t->state != STOPPED)
        t->state = IDLE;
}

static void
open_security(struct timeline *t, int64_t security_id)
{
    t->state = FOLDING;
    t->security_id = security_id;
    t->has_row = false;
    t->has_group = false;
    t->cell_count = 0;
    places_clear(&t->cell_places);
}

static void
fold(struct timeline *t, const struct record *record)
{
    enum err err;

    if (t->has_group && t->date.days != record->effective.days)
        close_group(t);
    if (t->state != FOLDING)
        return;
    if (!t->has_group)
        open_group(t, record->effective);
    err = gather(t, record);
    if (err != OK)
        fail(t, err);
}

size_t
timeline_held(const struct timeline *t)
{
    return t->arena.used + t->texts.capacity;
}

enum visit
timeline_record(void *timeline, const struct record *record)
{
    struct timeline *t = timeline;

    assert(record->kind == RECORD_FACTS);
    if (t->state != IDLE && t->state != STOPPED &&
        t->security_id != record->security_id)
        close_security(t);
    if (t->state == IDLE)
        open_security(t, record->security_id);
    if (t->state == FOLDING)
        fold(t, record);
    switch (t->state) {
    case IDLE:
    case FOLDING:
        return VISIT_NEXT;
    case SKIPPING:
        return VISIT_SKIP;
    case STOPPED:
        return VISIT_STOP;
    }
    return VISIT_STOP;
}

enum err
timeline_finish(struct timeline *t)
{
    enum err err;

    if (t->state == FOLDING || t->state == SKIPPING)
        close_security(t);
    err = t->err;
    t->state = IDLE;
    t->err = OK;
    return err;
}
