/* Rows of many securities: scan, fold, visit; and the columns they have. */
#include <assert.h>

#include "reading.h"
#include "secmaster/bounds.h"

/* Every source ranks the same. */
#define PRECEDENCE_EQUAL ((struct precedence){ NULL, NULL })

struct reading
reading_all(struct store *store, uint64_t known_tx)
{
    return (struct reading){
        .store = store,
        .known_tx = known_tx,
        .first_security = 0,
        .last_security = INT64_MAX,
        .window = WINDOW_ALL,
    };
}

/* Escaping makes at most six bytes of one. */
#define ESCAPED_BYTES_MAX (6 * (size_t)VALUE_BYTES_MAX)

enum err
reading_filter(struct reading *reading, struct str class, struct arena *arena)
{
    struct class_filter *filter = &reading->class;
    struct out escaped;
    enum err err;

    reading->filtered = true;
    filter->attribute =
        names_find(reading->store->attributes, STR("asset_class"));
    filter->none = str_equal(class, STR("none"));
    filter->text = arena_copy(arena, class);
    out_init(&escaped, ESCAPED_BYTES_MAX);
    value_escape(&escaped, class);
    err = out_finish(&escaped);
    if (err == OK)
        filter->escaped = arena_copy(arena, out_text(&escaped));
    out_fini(&escaped);
    if (err == OK &&
        (filter->text.data == NULL || filter->escaped.data == NULL))
        return ERR_TOO_LARGE;
    return err;
}

bool
reading_selects(const struct reading *reading, const struct row *row)
{
    const struct class_filter *filter = &reading->class;
    struct value value = VALUE_OF_NULL;

    if (!reading->filtered)
        return true;
    for (size_t i = 0; i < row->cell_count; i++) {
        if (row->cells[i].attribute == filter->attribute)
            value = row->cells[i].value;
    }
    switch (value.type) {
    case VALUE_NULL:
        return filter->none;
    case VALUE_STRING:
        return !filter->none && str_equal(value.text, filter->escaped);
    case VALUE_FALSE:
    case VALUE_TRUE:
    case VALUE_NUMBER:
        return !filter->none && str_equal(value.text, filter->text);
    }
    return false;
}

/* The fold, behind a counter of what it has read. */
struct reader {
    struct timeline *timeline;
    struct turn *turn;
    uint64_t records;
};

/* A turn ends between two securities only: folding one begins at its first
 * record. */
static enum visit
read_record(void *context, const struct record *record)
{
    struct reader *reader = context;

    if (++reader->records > reader->turn->records_max &&
        record->security_id != reader->turn->security_id) {
        reader->turn->security_id = record->security_id;
        reader->turn->cut = true;
        return VISIT_STOP;
    }
    reader->turn->security_id = record->security_id;
    return timeline_record(reader->timeline, record);
}

enum err
reading_rows(const struct reading *reading, struct turn *turn,
             row_visitor *visitor, void *context, struct why *why)
{
    struct scan_range range = {
        .kind = RECORD_FACTS,
        .first_security = turn->security_id,
        .last_security = reading->last_security,
        .first_date = { DATE_FIRST_DAYS },
        .last_date = { DATE_LAST_DAYS },
    };
    struct reader reader = { .turn = turn };
    struct view view;
    enum err err, finished;

    turn->cut = false;
    TRY(store_view_begin(reading->store, reading->known_tx, &view, why));
    reader.timeline = timeline_new(reading->store->seed, reading->window,
                                   PRECEDENCE_EQUAL, visitor, context);
    err = reader.timeline == NULL ? ERR_BUSY : OK;
    if (err == OK)
        err = store_scan(&view, &range, read_record, &reader, why);
    store_view_end(&view);
    if (err == OK) {
        finished = timeline_finish(reader.timeline);
        if (finished != OK)
            err = why_set(why, finished, "the records cannot be folded");
    }
    timeline_free(reader.timeline);
    return err;
}

/* What the pass for columns carries along. */
struct collector {
    const struct reading *reading;
    struct columns *columns;
    int64_t security_id; /* of the row before; its cells are all in */
    size_t cell_count;
    bool any;
    enum err err;
};

/* A row of the same security with as many cells carries nothing new, as
 * attributes are never lost from one row to the next. */
static enum visit
collect(void *context, const struct row *row)
{
    struct collector *c = context;

    if (!reading_selects(c->reading, row))
        return VISIT_NEXT;
    if (!c->reading->filtered && c->any && c->security_id == row->security_id &&
        c->cell_count == row->cell_count)
        return VISIT_NEXT;
    c->any = true;
    c->security_id = row->security_id;
    c->cell_count = row->cell_count;
    for (size_t i = 0; i < row->cell_count && c->err == OK; i++) {
        const struct cell *cell = &row->cells[i];

        if (!c->reading->filtered || cell->value.type != VALUE_NULL)
            c->err = columns_add(c->columns, cell->attribute);
    }
    return c->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
collect_columns(const struct reading *reading, struct columns *columns,
                struct why *why)
{
    struct collector collector = { .reading = reading, .columns = columns };
    struct turn turn = TURN_WHOLE(reading->first_security);

    TRY(reading_rows(reading, &turn, collect, &collector, why));
    return collector.err;
}

/* Attributes that were retracted somewhere: is a live assertion left? */
struct witnesses {
    struct columns missing; /* asked for */
    struct columns *found;
    uint32_t left;
    enum err err;
};

static enum visit
witness(void *context, const struct row *row)
{
    struct witnesses *w = context;

    for (size_t i = 0; i < row->cell_count && w->err == OK; i++) {
        uint32_t attribute = row->cells[i].attribute;

        if (!columns_has(&w->missing, attribute) ||
            columns_has(w->found, attribute))
            continue;
        w->err = columns_add(w->found, attribute);
        w->left--;
    }
    return w->err == OK && w->left > 0 ? VISIT_NEXT : VISIT_STOP;
}

/*
 * Over every row an attribute is a column when it has a live assertion: one
 * never retracted by then is settled by its first transaction.
 */
static enum err
settle_columns(const struct reading *reading, struct witnesses *witnesses)
{
    const struct names *names = reading->store->attributes;
    uint32_t count = names_count(names);

    for (uint32_t id = 0; id < count; id++) {
        bool asserted = names_first_assertion(names, id) <= reading->known_tx;
        bool retracted = names_first_retraction(names, id) <= reading->known_tx;

        if (asserted && !retracted)
            TRY(columns_add(witnesses->found, id));
        if (asserted && retracted) {
            TRY(columns_add(&witnesses->missing, id));
            witnesses->left++;
        }
    }
    return OK;
}

static enum err
all_columns(const struct reading *reading, struct columns *columns,
            struct why *why)
{
    struct witnesses witnesses = { .found = columns };
    struct turn turn = TURN_WHOLE(reading->first_security);
    enum err err;

    columns_init(&witnesses.missing);
    err = settle_columns(reading, &witnesses);
    if (err == OK && witnesses.left > 0)
        err = reading_rows(reading, &turn, witness, &witnesses, why);
    if (err == OK)
        err = witnesses.err;
    columns_fini(&witnesses.missing);
    return err;
}

enum err
reading_columns(const struct reading *reading, struct columns *columns,
                struct why *why)
{
    bool whole = !reading->filtered && reading->first_security == 0 &&
                 reading->last_security == INT64_MAX &&
                 reading->window.from.days <= DATE_FIRST_DAYS &&
                 reading->window.to.days == DATE_OPEN_DAYS;

    if (whole)
        TRY(all_columns(reading, columns, why));
    else
        TRY(collect_columns(reading, columns, why));
    columns_sort(columns, reading->store->attributes);
    return OK;
}

static enum visit
note_row(void *context, const struct row *row)
{
    bool *any = context;

    (void)row;
    *any = true;
    return VISIT_STOP;
}

enum err
reading_exists(const struct reading *reading, int64_t security_id, bool *out,
               struct why *why)
{
    struct reading one = reading_all(reading->store, reading->known_tx);
    struct turn turn = TURN_WHOLE(security_id);

    one.last_security = security_id;
    *out = false;
    return reading_rows(&one, &turn, note_row, out, why);
}
