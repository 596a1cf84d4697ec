/* Rows of many securities: scan, fold, visit; and the columns they have. */
#include <assert.h>

#include "reading.h"
#include "secmaster/bounds.h"

/* Every source ranks the same. */
#define PRECEDENCE_EQUAL ((struct precedence){ NULL, NULL })

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
    reader.timeline = timeline_new(reading->store->seed, reading->window,
                                   PRECEDENCE_EQUAL, visitor, context);
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

/* A pass over rows for the columns that they have. */
struct pass {
    const struct reading *reading;
    struct columns *columns; /* found so far */
    uint32_t left;           /* more than can still be found: 0 ends it */
    bool is_long;            /* it took more than one turn */
    int64_t security_id;     /* of the row before; its cells are all in */
    size_t cell_count;
    enum err err;
};

/* From one row of a security to the next no attribute is lost, and new ones
 * stand behind the others; but a value may be null in one of them only. */
static enum visit
find_columns(void *context, const struct row *row)
{
    struct pass *pass = context;
    bool is_class_view = pass->reading->is_class_view;
    bool is_next = row->security_id == pass->security_id && !is_class_view;

    if (!selection_has(&pass->reading->selection, row))
        return VISIT_NEXT;
    for (size_t i = is_next ? pass->cell_count : 0;
         i < row->cell_count && pass->err == OK; i++) {
        const struct cell *cell = &row->cells[i];

        if (columns_has(pass->columns, cell->attribute) ||
            (is_class_view && cell->value.type == VALUE_NULL))
            continue;
        assert(pass->left > 0);
        pass->left--;
        pass->err = columns_add(pass->columns, cell->attribute);
    }
    pass->security_id = row->security_id;
    pass->cell_count = row->cell_count;
    return pass->err == OK && pass->left > 0 ? VISIT_NEXT : VISIT_STOP;
}

static bool
is_unfiltered(const struct reading *reading)
{
    return reading->selection.count == 0 && reading->first_security == 0 &&
           reading->last_security == INT64_MAX;
}

/* A class view has no column of an attribute that has to be null. */
static bool
is_left_out(const struct reading *reading, uint32_t attribute)
{
    const struct selection *selection = &reading->selection;

    if (!reading->is_class_view)
        return false;
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->conditions[i].is_null &&
            selection->conditions[i].attribute == attribute)
            return true;
    }
    return false;
}

/*
 * Count what can be found: attributes asserted by then. Over every row there
 * is, one is a column when it has a live assertion: if it was never retracted
 * by then, nothing has to be read for it.
 */
static enum err
settle(struct pass *pass)
{
    const struct reading *reading = pass->reading;
    const struct names *names = reading->store->attributes;
    uint32_t count = names_count(names);
    bool is_whole =
        is_unfiltered(reading) && reading->window.to.days == DATE_OPEN_DAYS;

    /* Reading one security is less than looking through many names. */
    if (reading->first_security == reading->last_security) {
        pass->left = count;
        return OK;
    }
    for (uint32_t id = 0; id < count; id++) {
        if (names_first_assertion(names, id) > reading->known_tx ||
            is_left_out(reading, id))
            continue;
        if (is_whole && names_first_retraction(names, id) > reading->known_tx)
            TRY(columns_add(pass->columns, id));
        else
            pass->left++;
    }
    return OK;
}

static enum err
read_columns(struct pass *pass, struct why *why)
{
    const struct reading *reading = pass->reading;
    struct turn turn = TURN_WHOLE(reading->first_security);

    turn.records_max = reading->memory == NULL
                           ? STREAM_RECORDS_MAX
                           : column_memory_pass_records(reading->memory);
    do {
        TRY(reading_rows(reading, &turn, find_columns, pass, why));
        TRY(pass->err);
        pass->is_long = pass->is_long || turn.cut;
    } while (turn.cut && pass->left > 0);
    return OK;
}

static enum err
find_or_recall(const struct reading *reading, struct columns *columns,
               struct why *why)
{
    struct pass pass = {
        .reading = reading,
        .columns = columns,
        .security_id = -1,
    };
    enum err err = ERR_NOT_FOUND;

    if (reading->memory != NULL)
        err = column_memory_recall(reading->memory, reading, columns);
    if (err != ERR_NOT_FOUND)
        return err;
    TRY(settle(&pass));
    if (pass.left > 0)
        TRY(read_columns(&pass, why));
    TRY(columns_sort(columns, reading->store->attributes));
    if (pass.is_long && reading->memory != NULL)
        column_memory_keep(reading->memory, reading, columns);
    return OK;
}

enum err
reading_columns(const struct reading *reading, struct columns *columns,
                struct why *why)
{
    const struct projection *projection = &reading->projection;
    struct reading shown = *reading;

    for (size_t i = 0; i < projection->count; i++)
        TRY(columns_add(columns, projection->attributes[i]));
    if (projection->count > 0)
        return OK;

    /* Where every row is selected, the last one of a security has all that the
     * others have: it alone is looked at. */
    if (reading->selection.count == 0)
        shown.window.from.days = shown.window.to.days - 1;
    /* One security is soon read again, and would push out what is not. */
    if (reading->first_security == reading->last_security)
        shown.memory = NULL;
    return find_or_recall(&shown, columns, why);
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
