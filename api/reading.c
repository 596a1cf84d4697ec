/* Rows of many securities: scan, fold, visit. */
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
    int64_t began; /* the turn, with this security */
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

/* What is asked for of a security begins with the window, or behind what was
 * passed of it. */
static enum err
read_from(struct reader *reader, int64_t security_id, record_visitor *visitor,
          struct why *why)
{
    struct date from = reader->reading->window.from;
    struct date passed = reader->turn->passed;
    bool is_later = security_id == reader->began && passed.days > from.days;
    const struct scan_fold fold = { is_later ? passed : from, from };
    const struct scan_range range = {
        .kind = RECORD_FACTS,
        .first_security = security_id,
        .last_security = reader->reading->last_security,
        .first_date = { DATE_FIRST_DAYS },
        .last_date = { DATE_LAST_DAYS },
        .fold = &fold,
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
    struct reader reader = {
        .reading = reading,
        .turn = turn,
        .began = turn->security_id,
    };
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

static enum visit
note_record(void *context, const struct record *record)
{
    bool *any = context;

    (void)record;
    *any = true;
    return VISIT_STOP;
}

enum err
reading_knows(const struct reading *reading, int64_t security_id, bool *out,
              struct why *why)
{
    const struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);
    struct view view;
    enum err err;

    *out = false;
    TRY(store_view_begin(reading->store, reading->known_tx, &view, why));
    err = store_scan(&view, &range, note_record, out, why);
    store_view_end(&view);
    return err;
}
