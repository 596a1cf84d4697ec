/* The columns that the rows of a reading have: settled, remembered or looked
 * for. */
#include <assert.h>
#include <stdlib.h>

#include "reading.h"
#include "secmaster/bounds.h"

/* A pass over rows for the columns that they have. */
struct pass {
    const struct reading *reading;
    struct columns *columns; /* found so far */
    uint32_t left;           /* more than can still be found: 0 ends it */
    struct turn turn;
    int64_t security_id; /* of the row before; its cells are all in */
    size_t cell_count;
    enum err err;
};

/* From one row of a security to the next no attribute is lost, and new ones
 * stand behind the others; but a value may be null in one of them only. */
static enum visit
find_in_row(void *context, const struct row *row)
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
take_turn(struct pass *pass, struct why *why)
{
    struct column_memory *memory = pass->reading->memory;

    pass->turn.records_max = memory == NULL
                                 ? STREAM_RECORDS_MAX
                                 : column_memory_pass_records(memory);
    TRY(reading_rows(pass->reading, &pass->turn, find_in_row, pass, why));
    return pass->err;
}

/* A pass over all records would outlast the time that a stop waits. */
static enum err
may_go_on(const struct reading *reading)
{
    return reading->stop != NULL && atomic_load(reading->stop) ? ERR_BUSY : OK;
}

static bool
is_over(const struct pass *pass)
{
    return !pass->turn.cut || pass->left == 0;
}

/* A pass over all days: of each attribute the first on which a row has it. */
struct days {
    struct columns columns;
    struct date *since;  /* by attribute id */
    int64_t security_id; /* of the row before */
    size_t cell_count;
    enum err err;
};

/* A cell that the row before had not is of an attribute whose first live
 * assertion starts this row. */
static enum visit
note_days(void *context, const struct row *row)
{
    struct days *days = context;
    bool is_next = row->security_id == days->security_id;

    for (size_t i = is_next ? days->cell_count : 0;
         i < row->cell_count && days->err == OK; i++) {
        uint32_t attribute = row->cells[i].attribute;
        struct date *since = &days->since[attribute];

        if (!columns_has(&days->columns, attribute) ||
            row->start.days < since->days)
            *since = row->start;
        days->err = columns_add(&days->columns, attribute);
    }
    days->security_id = row->security_id;
    days->cell_count = row->cell_count;
    return days->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static enum err
read_days(const struct reading *reading, struct days *days, struct why *why)
{
    struct turn turn = TURN_WHOLE(reading->first_security);
    struct reading all = *reading;

    all.window = WINDOW_ALL;
    turn.records_max = STREAM_RECORDS_MAX;
    do {
        TRY(may_go_on(reading));
        TRY(reading_rows(&all, &turn, note_days, days, why));
        TRY(days->err);
    } while (turn.cut);
    return columns_sort(&days->columns, reading->store->attributes);
}

/* Remember all days, and take the columns of this one. */
static enum err
find_by_days(const struct reading *reading, struct columns *columns,
             struct why *why)
{
    uint32_t count = names_count(reading->store->attributes);
    struct days days = { .security_id = -1 };
    enum err err;

    columns_init(&days.columns);
    days.since = calloc((size_t)count + 1, sizeof *days.since);
    err = days.since == NULL ? ERR_BUSY : read_days(reading, &days, why);
    if (err == OK)
        column_memory_keep_days(reading->memory, reading, &days.columns,
                                days.since);
    for (uint32_t i = 0; i < days.columns.count && err == OK; i++) {
        uint32_t attribute = days.columns.attributes[i];

        if (days.since[attribute].days < reading->window.to.days)
            err = columns_add(columns, attribute);
    }
    free(days.since);
    columns_fini(&days.columns);
    return err;
}

/*
 * A pass that is not over after a turn is remembered. Where every row is
 * selected, an attribute is a column from its first live assertion on: who asks
 * for one day after another has one pass over all days in the end, instead of
 * one each.
 */
static enum err
go_on(struct pass *pass, struct why *why)
{
    const struct reading *reading = pass->reading;
    bool is_by_days =
        reading->memory != NULL && reading->selection.count == 0 &&
        column_memory_days(reading->memory, reading) >= COLUMN_DAYS_APART;

    if (is_by_days)
        TRY(find_by_days(reading, pass->columns, why));
    while (!is_by_days && !is_over(pass)) {
        TRY(may_go_on(reading));
        TRY(take_turn(pass, why));
    }
    TRY(columns_sort(pass->columns, reading->store->attributes));
    if (reading->memory != NULL && !is_by_days)
        column_memory_keep(reading->memory, reading, pass->columns);
    return OK;
}

static enum err
find_or_recall(const struct reading *reading, struct columns *columns,
               struct why *why)
{
    struct pass pass = {
        .reading = reading,
        .columns = columns,
        .turn = TURN_WHOLE(reading->first_security),
        .security_id = -1,
    };
    enum err err = ERR_NOT_FOUND;

    if (reading->memory != NULL)
        err = column_memory_recall(reading->memory, reading, columns);
    if (err != ERR_NOT_FOUND)
        return err;
    TRY(settle(&pass));
    if (pass.left > 0)
        TRY(take_turn(&pass, why));
    if (!is_over(&pass))
        return go_on(&pass, why);
    return columns_sort(columns, reading->store->attributes);
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
