/* Rows of many securities: scan, fold, visit; and the columns they have. */
#include <assert.h>

#include "reading.h"
#include "secmaster/bounds.h"

/* What going to another security costs, in records that are neighbours. */
#define SEEK_RECORDS 8

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

struct precedence
reading_precedence(const struct reading *reading)
{
    return rulebook_precedence(reading->store->rules, reading->known_tx);
}

/* The fold, behind a counter of what it has read. */
struct reader {
    const struct reading *reading;
    struct view view;
    struct timeline *timeline;
    struct turn *turn;
    uint64_t records;
    size_t at;         /* of the picks: the first not passed */
    bool is_elsewhere; /* the scan met a security that is no candidate */
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

static enum err
read_from(struct reader *reader, int64_t security_id, record_visitor *visitor,
          struct why *why)
{
    const struct scan_range range = {
        .kind = RECORD_FACTS,
        .first_security = security_id,
        .last_security = reader->reading->last_security,
        .first_date = { DATE_FIRST_DAYS },
        .last_date = { DATE_LAST_DAYS },
    };

    return store_scan(&reader->view, &range, visitor, reader, why);
}

/* Candidates that are neighbours are read in one scan; it ends at the first
 * security that is none. */
static enum visit
read_candidate(void *context, const struct record *record)
{
    struct reader *reader = context;
    const struct candidates *ids = &reader->reading->picks->ids;

    while (reader->at < ids->count &&
           ids->ids[reader->at] < record->security_id)
        reader->at++;
    reader->is_elsewhere =
        reader->at == ids->count || ids->ids[reader->at] != record->security_id;
    return reader->is_elsewhere ? VISIT_STOP : read_record(reader, record);
}

/* Read the candidates that the picks cover, from a security on. *more: the
 * turn is not over. */
static enum err
read_covered(struct reader *reader, int64_t security_id, bool *more,
             struct why *why)
{
    const struct candidates *ids = &reader->reading->picks->ids;

    *more = true;
    reader->at = candidates_find(ids, security_id);
    while (*more && reader->at < ids->count) {
        security_id = ids->ids[reader->at];
        if (reader->records >= reader->turn->records_max &&
            security_id != reader->turn->security_id) {
            reader->turn->security_id = security_id;
            reader->turn->cut = true;
        }
        reader->is_elsewhere = false;
        reader->records += SEEK_RECORDS;
        if (!reader->turn->cut)
            TRY(read_from(reader, security_id, read_candidate, why));
        *more = reader->is_elsewhere;
    }
    return OK;
}

static enum err
read_candidates(struct reader *reader, struct why *why)
{
    const struct reading *reading = reader->reading;
    struct picks *picks = reading->picks;
    int64_t security_id = reader->turn->security_id;
    bool more = true;

    while (more) {
        TRY(picks_cover(picks, &reading->selection, &reader->view, security_id,
                        why));
        TRY(read_covered(reader, security_id, &more, why));
        if (picks->to >= reading->last_security)
            break;
        security_id = picks->to + 1;
    }
    return OK;
}

enum err
reading_rows(const struct reading *reading, struct turn *turn,
             row_visitor *visitor, void *context, struct why *why)
{
    struct reader reader = { .reading = reading, .turn = turn };
    enum err err, finished;

    turn->cut = false;
    TRY(store_view_begin(reading->store, reading->known_tx, &reader.view, why));
    reader.timeline =
        timeline_new(reading->store->seed, reading->window,
                     reading_precedence(reading), visitor, context);
    err = reader.timeline == NULL ? ERR_BUSY : OK;
    if (err == OK && reading->picks != NULL)
        err = read_candidates(&reader, why);
    else if (err == OK)
        err = read_from(&reader, turn->security_id, read_record, why);
    store_view_end(&reader.view);
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

    if (!selection_has(&c->reading->selection, row))
        return VISIT_NEXT;
    if (!c->reading->is_class_view && c->any &&
        c->security_id == row->security_id && c->cell_count == row->cell_count)
        return VISIT_NEXT;
    c->any = true;
    c->security_id = row->security_id;
    c->cell_count = row->cell_count;
    for (size_t i = 0; i < row->cell_count && c->err == OK; i++) {
        const struct cell *cell = &row->cells[i];

        if (!c->reading->is_class_view || cell->value.type != VALUE_NULL)
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
    const struct projection *projection = &reading->projection;
    bool whole = reading->selection.count == 0 &&
                 reading->first_security == 0 &&
                 reading->last_security == INT64_MAX &&
                 reading->window.from.days <= DATE_FIRST_DAYS &&
                 reading->window.to.days == DATE_OPEN_DAYS;

    for (size_t i = 0; i < projection->count; i++)
        TRY(columns_add(columns, projection->attributes[i]));
    if (projection->count > 0)
        return OK;
    if (whole)
        TRY(all_columns(reading, columns, why));
    else
        TRY(collect_columns(reading, columns, why));
    return columns_sort(columns, reading->store->attributes);
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
