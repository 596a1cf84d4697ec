/* Read bars: from month to month of a security, from security to security. */
#include "bar_reading.h"

#include <assert.h>

/* Records that are passed over one by one before the next one that is wanted is
 * sought, and what that costs, in records that are neighbours. */
#define PASSED_MAX 4
#define SEEK_RECORDS 8

struct reader {
    struct bar_reading *reading;
    struct bar_fold fold;
    struct date first;   /* month of every security but the place's */
    int64_t security_id; /* and the month of it that is at hand */
    struct date month;
    uint64_t records_left;
    unsigned passed;
    bool is_cut;   /* the turn is over, and the place set */
    bool is_apart; /* what comes next is to be sought, and the place set */
};

static void
go_to(struct reader *reader, int64_t security_id, struct date day)
{
    reader->reading->security_id = security_id;
    reader->reading->day = day;
}

/* Histories are long and spans are short: where a few records of a month that
 * is not wanted have come, many more are likely to. */
static enum visit
pass_over(struct reader *reader, const struct record *record)
{
    const struct bar_reading *reading = reader->reading;

    if (++reader->passed < PASSED_MAX)
        return VISIT_NEXT;
    reader->passed = 0;
    if (record->effective.days < reading->to.days)
        go_to(reader, record->security_id, reading->from);
    else if (record->security_id < reading->last_security)
        go_to(reader, record->security_id + 1, reading->from);
    else
        return VISIT_STOP;
    reader->is_apart = true;
    return VISIT_STOP;
}

static bool
is_of_month(const struct reader *reader, const struct record *record)
{
    return record->security_id == reader->security_id &&
           record->effective.days == reader->month.days;
}

static enum visit
read_record(void *context, const struct record *record)
{
    struct reader *reader = context;
    const struct bar_reading *reading = reader->reading;
    enum visit visit = VISIT_STOP;

    if (reader->records_left > 0)
        reader->records_left--;
    /* Of the place's security the scan begins with the right month. */
    if (record->effective.days >= reading->to.days ||
        (record->effective.days < reader->first.days &&
         record->security_id != reading->security_id))
        return pass_over(reader, record);
    reader->passed = 0;
    if (reader->records_left > 0 || is_of_month(reader, record))
        visit = bar_fold_record(&reader->fold, record);
    reader->security_id = record->security_id;
    reader->month = record->effective;
    if (visit == VISIT_NEXT)
        return visit;
    assert(visit == VISIT_STOP);
    reader->is_cut = true;
    go_to(reader, record->security_id, record->effective);
    return visit;
}

static enum err
scan(struct reader *reader, struct view *view, struct why *why)
{
    const struct bar_reading *reading = reader->reading;
    const struct scan_range range = {
        .kind = RECORD_BARS,
        .first_security = reading->security_id,
        .last_security = reading->last_security,
        .first_date = bar_month(reading->day),
        .last_date = { reading->to.days > DATE_LAST_DAYS
                           ? DATE_LAST_DAYS
                           : reading->to.days - 1 },
    };

    reader->is_apart = false;
    reader->records_left -= reader->records_left < SEEK_RECORDS
                                ? reader->records_left
                                : SEEK_RECORDS;
    return store_scan(view, &range, read_record, reader, why);
}

enum err
bar_reading_turn(struct bar_reading *reading, uint64_t *records_left,
                 bars_visitor *visitor, void *context, bool *more,
                 struct why *why)
{
    struct reader reader = {
        .reading = reading,
        .first = bar_month(reading->from),
        .security_id = -1,
        /* Two records at least: the first one, and one to be cut at. */
        .records_left = *records_left + SEEK_RECORDS + 2,
    };
    struct view view;
    enum err err;

    assert(*records_left < UINT64_MAX / 2);

    *more = false;
    if (reading->from.days >= reading->to.days)
        return OK;
    bar_fold_init(&reader.fold, (struct date){ DATE_FIRST_DAYS }, reading->to,
                  visitor, context);
    reader.fold.run_visitor = reading->run_visitor;
    TRY(store_view_begin(reading->store, reading->known_tx, &view, why));
    do
        err = scan(&reader, &view, why);
    while (err == OK && reader.is_apart && reader.records_left > 0);
    store_view_end(&view);
    TRY(err);
    *more = reader.is_cut || reader.is_apart;
    *records_left = reader.records_left;
    if (bar_fold_end(&reader.fold) != OK)
        return why_set(why, ERR_STORE, "a record is no set of bars");
    return OK;
}

static enum visit
note_security(void *context, const struct record *record)
{
    int64_t *security_id = context;

    *security_id = record->security_id;
    return VISIT_STOP;
}

enum err
bar_reading_next(const struct bar_reading *reading, int64_t from, int64_t *out,
                 struct why *why)
{
    const struct scan_range range = {
        .kind = RECORD_BARS,
        .first_security = from,
        .last_security = INT64_MAX,
        .first_date = { DATE_FIRST_DAYS },
        .last_date = { DATE_LAST_DAYS },
    };
    struct view view;
    enum err err;

    *out = -1;
    TRY(store_view_begin(reading->store, reading->known_tx, &view, why));
    err = store_scan(&view, &range, note_security, out, why);
    store_view_end(&view);
    if (err == OK && *out < 0)
        return ERR_NOT_FOUND;
    return err;
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
bar_reading_knows(const struct bar_reading *reading, int64_t security_id,
                  bool *out, struct why *why)
{
    static const enum record_kind kinds[] = { RECORD_BARS, RECORD_FACTS };
    struct view view;
    enum err err = OK;

    *out = false;
    TRY(store_view_begin(reading->store, reading->known_tx, &view, why));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const struct scan_range range = SCAN_SECURITY(kinds[i], security_id);

        if (err == OK && !*out)
            err = store_scan(&view, &range, note_record, out, why);
    }
    store_view_end(&view);
    return err;
}
