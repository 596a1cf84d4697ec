/*
 * The fold. Records of a security come by date, and within a date by
 * transaction. All facts of one date are gathered (the group); when it ends,
 * the last fact of each (attribute, source) decides whether it is live, the
 * row before it is shown, and the live ones go into the cells. A retraction
 * reaches only its own date, so nothing before a group is ever looked at
 * again.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/factset.h"
#include "secmaster/timeline.h"

/* Key -> place, emptied by counting up its generation. The place is the top of
 * a product, whose factor a client must not know. */
struct slot {
    uint64_t key;
    uint32_t generation, place;
};
struct table {
    struct slot *slots;
    uint32_t size, used, generation;
    int shift; /* leaves the bits of size - 1 */
    uint64_t factor;
};

/* What the group holds: the last fact of an (attribute, source). */
struct event {
    uint32_t attribute, source;
    enum fact_op op;
    enum value_type type;
    size_t text_offset, text_len; /* in texts */
    uint64_t tx, order;
};

/* What a cell owns beside its public face. */
struct backing {
    char *text;
    size_t capacity;
    uint32_t rank;
    uint64_t order; /* of the winning fact among all */
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

    enum state state;
    enum err err;
    int64_t security_id;
    uint64_t order; /* facts so far */

    bool has_row;
    struct date start; /* of the row that the cells are */
    struct cell *cells;
    struct backing *backings;
    size_t cell_count, cell_capacity;
    struct table cell_table; /* attribute -> cell */

    bool has_group;
    struct date date; /* of the group */
    struct event *events;
    size_t event_count, event_capacity;
    struct table event_table; /* attribute, source -> event */
    struct out texts;
};

/* A group's texts are bounded by memory alone. */
#define TEXTS_BYTES_MAX SIZE_MAX
#define TABLE_FIRST 64
#define CELLS_FIRST 32
#define GOLDEN 0x9e3779b97f4a7c15U

static struct slot *
table_slot(struct table *table, uint64_t key)
{
    uint32_t at = (uint32_t)(key * table->factor >> table->shift);

    while (table->slots[at].generation == table->generation &&
           table->slots[at].key != key)
        at = (at + 1) & (table->size - 1);
    return &table->slots[at];
}

static void
table_clear(struct table *table)
{
    table->used = 0;
    table->generation++;
    if (table->generation == 0) {
        memset(table->slots, 0, table->size * sizeof *table->slots);
        table->generation = 1;
    }
}

/* Make room for one more key; at most half of the slots are taken. */
static enum err
table_reserve(struct table *table)
{
    struct table larger = { .size = table->size * 2,
                            .generation = 1,
                            .factor = table->factor };

    if (table->used < table->size / 2)
        return OK;
    if (larger.size == 0)
        larger.size = TABLE_FIRST;
    larger.shift = 64 - __builtin_ctz(larger.size);
    larger.slots = calloc(larger.size, sizeof *larger.slots);
    if (larger.slots == NULL)
        return ERR_BUSY;
    for (uint32_t i = 0; i < table->size; i++) {
        struct slot *slot = &table->slots[i];

        if (slot->generation != table->generation)
            continue;
        *table_slot(&larger, slot->key) =
            (struct slot){ slot->key, larger.generation, slot->place };
        larger.used++;
    }
    free(table->slots);
    *table = larger;
    return OK;
}

/*
 * The place of key; when it is new it becomes *next, which counts up.
 * Room must have been reserved.
 */
static size_t
table_place(struct table *table, uint64_t key, size_t *next)
{
    struct slot *slot = table_slot(table, key);

    if (slot->generation == table->generation)
        return slot->place;
    *slot = (struct slot){ key, table->generation, (uint32_t)(*next)++ };
    table->used++;
    return slot->place;
}

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
    out_init(&t->texts, TEXTS_BYTES_MAX);
    t->cell_table.factor = t->event_table.factor = (seed ^ GOLDEN) | 1;
    if (table_reserve(&t->cell_table) != OK ||
        table_reserve(&t->event_table) != OK) {
        timeline_free(t);
        return NULL;
    }
    return t;
}

void
timeline_free(struct timeline *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->cell_capacity; i++)
        free(t->backings[i].text);
    free(t->cells);
    free(t->backings);
    free(t->events);
    free(t->cell_table.slots);
    free(t->event_table.slots);
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

static enum err
cells_reserve(struct timeline *t)
{
    size_t capacity =
        t->cell_capacity == 0 ? CELLS_FIRST : t->cell_capacity * 2;
    struct cell *cells;
    struct backing *backings;

    TRY(table_reserve(&t->cell_table));
    if (t->cell_count < t->cell_capacity)
        return OK;
    cells = realloc(t->cells, capacity * sizeof *cells);
    if (cells == NULL)
        return ERR_BUSY;
    t->cells = cells;
    backings = realloc(t->backings, capacity * sizeof *backings);
    if (backings == NULL)
        return ERR_BUSY;
    memset(backings + t->cell_capacity, 0,
           (capacity - t->cell_capacity) * sizeof *backings);
    t->backings = backings;
    t->cell_capacity = capacity;
    return OK;
}

/* Keep a copy of the winner's text in the cell's own buffer. */
static enum err
cell_text(struct cell *cell, struct backing *backing, struct str text)
{
    if (text.len > backing->capacity) {
        size_t capacity = text.len < 32 ? 32 : text.len;
        char *bigger = realloc(backing->text, capacity);

        if (bigger == NULL)
            return ERR_BUSY;
        backing->text = bigger;
        backing->capacity = capacity;
    }
    if (text.len > 0)
        memcpy(backing->text, text.data, text.len);
    cell->value.text = (struct str){ backing->text, text.len };
    return OK;
}

/*
 * Let a live assertion of the group compete for its cell: a better rank
 * wins, an equal one when it is later, which across groups it always is.
 */
static enum err
compete(struct timeline *t, const struct event *event)
{
    uint32_t rank = t->precedence.rank == NULL
                        ? 0
                        : t->precedence.rank(t->precedence.rule,
                                             event->attribute, event->source);
    size_t count = t->cell_count, place;
    struct backing *backing;
    struct cell *cell;
    bool is_new;

    TRY(cells_reserve(t));
    place = table_place(&t->cell_table, event->attribute, &t->cell_count);
    is_new = place == count;
    cell = &t->cells[place];
    backing = &t->backings[place];
    if (!is_new && (rank > backing->rank ||
                    (rank == backing->rank && event->order < backing->order)))
        return OK;
    backing->rank = rank;
    backing->order = event->order;
    cell->attribute = event->attribute;
    cell->source = event->source;
    cell->effective = t->date;
    cell->tx = event->tx;
    cell->value.type = event->type;
    if (event->type == VALUE_NUMBER || event->type == VALUE_STRING)
        return cell_text(cell, backing,
                         (struct str){ t->texts.data + event->text_offset,
                                       event->text_len });
    cell->value = value_of_type(event->type);
    return OK;
}

/* The date is over: a row ends and another starts if anything is live. */
static void
close_group(struct timeline *t)
{
    bool live = false;

    if (!t->has_group)
        return;
    t->has_group = false;
    for (size_t i = 0; i < t->event_count && !live; i++)
        live = t->events[i].op == FACT_ASSERT;
    if (!live)
        return;
    show_row(t, t->date);
    if (t->state != FOLDING)
        return;
    if (t->date.days >= t->window.to.days) {
        t->state = SKIPPING;
        return;
    }
    for (size_t i = 0; i < t->event_count; i++) {
        if (t->events[i].op == FACT_RETRACT)
            continue;
        enum err err = compete(t, &t->events[i]);
        if (err != OK) {
            fail(t, err);
            return;
        }
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
    table_clear(&t->event_table);
    out_reset(&t->texts);
}

static enum err
events_reserve(struct timeline *t)
{
    size_t capacity =
        t->event_capacity == 0 ? CELLS_FIRST : t->event_capacity * 2;
    struct event *events;

    TRY(table_reserve(&t->event_table));
    if (t->event_count < t->event_capacity)
        return OK;
    events = realloc(t->events, capacity * sizeof *events);
    if (events == NULL)
        return ERR_BUSY;
    t->events = events;
    t->event_capacity = capacity;
    return OK;
}

/* A fact of the group: the last of its attribute and source stands. */
static enum err
gather(struct timeline *t, const struct factset_item *item, uint64_t tx)
{
    uint64_t key = (uint64_t)item->attribute << 32 | item->source;
    struct event *event;

    TRY(events_reserve(t));
    event = &t->events[table_place(&t->event_table, key, &t->event_count)];
    *event = (struct event){
        .attribute = item->attribute,
        .source = item->source,
        .op = item->op,
        .type = item->value.type,
        .text_offset = t->texts.len,
        .text_len = item->value.text.len,
        .tx = tx,
        .order = t->order++,
    };
    if (item->value.type == VALUE_NUMBER || item->value.type == VALUE_STRING)
        out_str(&t->texts, item->value.text);
    return out_finish(&t->texts);
}

/* No more records of this security. */
static void
close_security(struct timeline *t)
{
    if (t->state == FOLDING)
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
    table_clear(&t->cell_table);
}

static void
fold(struct timeline *t, const struct record *record)
{
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    if (t->has_group && t->date.days != record->effective.days)
        close_group(t);
    if (t->state != FOLDING)
        return;
    if (!t->has_group)
        open_group(t, record->effective);
    while (factset_next(&payload, &item, &err)) {
        err = gather(t, &item, record->tx);
        if (err != OK)
            break;
    }
    if (err != OK)
        fail(t, err);
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
