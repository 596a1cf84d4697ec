/* Merge the streams of a view, each in key order, into one. */
#include "scan.h"

#include <assert.h>

#include "keyframe_table.h"

#define SOURCES_MAX (1 + VERSION_MEMTABLES_MAX)

/* Records of a security passed over one by one before seeking the next. */
#define SKIP_STEPS_MAX 8

/*
 * One stream: the index, or a memtable. It shows the records with after_tx <
 * tx <= last_tx. record is where it stands, unless at_end.
 */
struct source {
    bool at_end;
    const struct record *record; /* the index cursor's, or here */
    uint64_t after_tx, last_tx;
    const struct memtable *memtable; /* NULL: the index */
    struct memtable_cursor cursor;
    struct record here;
    struct index_cursor *index;
};

struct scan {
    const struct scan_range *range;
    record_visitor *visitor;
    void *context;
    struct scan_place *place;
    struct source sources[SOURCES_MAX];
    size_t count;
    int64_t entered; /* the security at hand; -1: none yet */
    bool has_skipped;
};

/* Whether a record lies behind the end of a range. */
static inline bool
is_past(const struct scan_range *range, const struct record *record)
{
    if (record->kind != range->kind)
        return record->kind > range->kind;
    if (record->security_id != range->last_security)
        return record->security_id > range->last_security;
    return record->effective.days > range->last_date.days;
}

static inline bool
is_same_security(const struct record *a, const struct record *b)
{
    return a->kind == b->kind && a->security_id == b->security_id;
}

/* Take the record that the cursor stands at. */
static inline void
load(struct source *source)
{
    if (source->memtable != NULL) {
        source->at_end = !memtable_at(&source->cursor, &source->here);
        return;
    }
    source->at_end = source->index->at_end;
}

static inline enum err
step(struct source *source, struct why *why)
{
    if (source->memtable != NULL)
        memtable_next(&source->cursor);
    else
        TRY(index_cursor_next(source->index, why));
    load(source);
    return OK;
}

/* Pass over what the view does not see, and end behind the range. */
static inline enum err
settle(struct source *source, const struct scan_range *range, struct why *why)
{
    while (!source->at_end && !is_past(range, source->record)) {
        if (source->record->tx > source->after_tx &&
            source->record->tx <= source->last_tx)
            return OK;
        TRY(step(source, why));
    }
    source->at_end = true;
    return OK;
}

static enum err
seek(struct source *source, const struct record *key, struct why *why)
{
    if (source->memtable != NULL)
        memtable_seek(&source->cursor, source->memtable, key);
    else
        TRY(index_cursor_seek(source->index, key, why));
    load(source);
    return OK;
}

/* Leave the security. In memory a few steps are cheaper than a seek, many are
 * not. */
static enum err
skip(struct source *source, const struct record *from, struct why *why)
{
    struct record last = *from;

    if (source->memtable == NULL) {
        TRY(index_cursor_skip(source->index, why));
        load(source);
        return OK;
    }
    for (int i = 0; i < SKIP_STEPS_MAX; i++) {
        TRY(step(source, why));
        if (source->at_end || !is_same_security(source->record, from))
            return OK;
    }
    last.tx = UINT64_MAX;
    last.effective.days = DATE_LAST_DAYS;
    return seek(source, &last, why);
}

static void
add_source(struct scan *scan, const struct source *source)
{
    struct source *to = &scan->sources[scan->count];

    assert(scan->count < SOURCES_MAX);
    assert((source->memtable == NULL) != (source->index == NULL));
    if (source->after_tx >= source->last_tx)
        return;
    *to = *source;
    to->record = to->memtable != NULL ? &to->here : &to->index->record;
    scan->count++;
}

/* The sources that can hold anything the view sees, each with its share: rule 5
 * of docs/storage.md, Reading. */
static void
add_sources(struct scan *scan, const struct scan_sources *from)
{
    uint64_t merged = from->reader.merged_tx;

    add_source(scan,
               &(struct source){
                   .last_tx = merged < from->known_tx ? merged : from->known_tx,
                   .index = &scan->place->cursor,
               });
    for (size_t i = 0; i < from->version->count; i++)
        add_source(scan, &(struct source){
                             .after_tx = merged,
                             .last_tx = from->known_tx,
                             .memtable = from->version->memtables[i],
                         });
}

/* Whether the index stands where a search for a key would end. */
static bool
is_there(const struct scan_place *place, const struct record *key)
{
    return place->has_passed && record_compare(&place->passed, key) < 0 &&
           (place->cursor.at_end ||
            record_compare(key, &place->cursor.record) <= 0);
}

static enum err
seek_first(const struct scan *scan, struct source *source,
           const struct record *key, struct why *why)
{
    if (source->memtable != NULL || !is_there(scan->place, key))
        return seek(source, key, why);
    load(source);
    return OK;
}

static struct record
first_of(const struct scan_range *range)
{
    return (struct record){ .kind = range->kind,
                            .security_id = range->first_security,
                            .effective = range->first_date };
}

static enum err
begin(struct scan *scan, struct why *why)
{
    const struct record first = first_of(scan->range);

    for (size_t i = 0; i < scan->count; i++) {
        TRY(seek_first(scan, &scan->sources[i], &first, why));
        TRY(settle(&scan->sources[i], scan->range, why));
    }
    scan->place->has_passed = false;
    return OK;
}

/* The source with the first record; NULL: all are at their end. */
static inline struct source *
first_source(struct scan *scan)
{
    struct source *first = NULL;

    for (size_t i = 0; i < scan->count; i++) {
        struct source *source = &scan->sources[i];

        if (source->at_end)
            continue;
        if (first == NULL || record_compare(source->record, first->record) < 0)
            first = source;
    }
    return first;
}

/* Every source leaves the security, not only the one that it was shown of. */
static enum err
skip_all(struct scan *scan, const struct record *from, struct why *why)
{
    const struct record left = *from;

    scan->has_skipped = true;
    for (size_t i = 0; i < scan->count; i++) {
        struct source *source = &scan->sources[i];

        if (source->at_end || !is_same_security(source->record, &left))
            continue;
        TRY(skip(source, &left, why));
        TRY(settle(source, scan->range, why));
    }
    return OK;
}

/*
 * A keyframe stands for the index alone, so it is of use only before the first
 * record that a memtable shows of the security.
 */
static struct date
leap_date(const struct scan *scan, const struct record *first)
{
    const struct scan_range *range = scan->range;
    struct date to = first->security_id == range->first_security
                         ? range->fold->first
                         : range->fold->others;

    if (first->security_id == range->last_security &&
        range->last_date.days < to.days)
        to = range->last_date;
    for (size_t i = 0; i < scan->count; i++) {
        const struct source *source = &scan->sources[i];

        if (source->memtable != NULL && !source->at_end &&
            is_same_security(source->record, first) &&
            source->record->effective.days <= to.days)
            to.days = source->record->effective.days - 1;
    }
    return to;
}

/*
 * Whether a keyframe can be shown in place of a security's first records. Rule
 * 6 of docs/storage.md, Reading. None is looked for where it spares less than
 * the rest of a block.
 */
static enum err
find_leap(struct scan *scan, const struct source *source, struct keyframe *out,
          bool *is_found, struct why *why)
{
    const struct block *block = &scan->place->cursor.block;
    struct index_reader *reader = scan->place->cursor.reader;
    const struct keyframe_rule *rule = &reader->index->keyframe_rule;
    struct record limit = *source->record;

    *is_found = false;
    if (source->memtable != NULL || rule->records == 0)
        return OK;
    limit.effective = leap_date(scan, source->record);
    limit.tx = source->last_tx;
    if (!rule->is_everywhere &&
        !(block->has_next && record_compare(&block->end, &limit) < 0 &&
          is_same_security(&block->end, &limit)))
        return OK;
    return keyframe_find(reader, &limit, out, is_found, why);
}

/* Show a keyframe, then go on behind what it stands for. */
static enum err
leap(struct scan *scan, struct source *source, struct keyframe *keyframe,
     enum visit *visit, struct why *why)
{
    const struct keyframe_key key = keyframe_key_of(&keyframe->limit);
    struct record record = keyframe->limit;
    const char *fault = NULL;

    *visit = VISIT_NEXT;
    while (*visit == VISIT_NEXT && keyframe_next(keyframe, &record, &fault))
        *visit = scan->visitor(scan->context, &record);
    if (fault != NULL)
        return keyframe_damaged(
            why, (struct str){ (const char *)key.bytes, KEYFRAME_KEY_BYTES },
            fault);
    if (*visit != VISIT_NEXT)
        return OK;
    record = keyframe->limit;
    record.effective.days++;
    record.tx = 0;
    TRY(seek(source, &record, why));
    return settle(source, scan->range, why);
}

/* Show what comes first; the source then stands behind it, unless the visitor
 * wants something else than what comes next. */
static enum err
show_first(struct scan *scan, struct source *source, enum visit *visit,
           struct why *why)
{
    if (scan->range->fold != NULL &&
        source->record->security_id != scan->entered) {
        struct keyframe keyframe;
        bool is_found;

        scan->entered = source->record->security_id;
        TRY(find_leap(scan, source, &keyframe, &is_found, why));
        if (is_found)
            return leap(scan, source, &keyframe, visit, why);
    }
    *visit = scan->visitor(scan->context, source->record);
    if (*visit != VISIT_NEXT)
        return OK;
    TRY(step(source, why));
    return settle(source, scan->range, why);
}

/* The scan has seen all of its range: note that the index stands behind it. So
 * it does not where the range is none, or where what was skipped goes on behind
 * it. */
static void
note_passed(struct scan *scan)
{
    const struct scan_range *range = scan->range;
    const struct record first = first_of(range);
    const struct record passed = { .kind = range->kind,
                                   .security_id = range->last_security,
                                   .effective = range->last_date,
                                   .tx = UINT64_MAX };

    scan->place->passed = passed;
    if (scan->has_skipped || record_compare(&first, &passed) > 0)
        return;
    for (size_t i = 0; i < scan->count; i++)
        if (scan->sources[i].memtable == NULL)
            scan->place->has_passed = true;
}

static enum err
show_all(struct scan *scan, struct why *why)
{
    struct source *source;
    enum visit visit;

    TRY(begin(scan, why));
    while ((source = first_source(scan)) != NULL) {
        TRY(show_first(scan, source, &visit, why));
        switch (visit) {
        case VISIT_NEXT:
            break;
        case VISIT_SKIP:
            TRY(skip_all(scan, source->record, why));
            break;
        case VISIT_STOP:
            return OK;
        }
    }
    note_passed(scan);
    return OK;
}

static enum err
place_open(struct scan_place *place, struct index_reader *reader,
           struct why *why)
{
    if (place->is_open)
        return OK;
    place->has_passed = false;
    TRY(index_cursor_open(&place->cursor, reader, why));
    place->is_open = true;
    return OK;
}

void
scan_place_close(struct scan_place *place)
{
    assert(!place->is_busy);
    if (place->is_open)
        index_cursor_close(&place->cursor);
    place->is_open = false;
}

enum err
scan_run(struct scan_sources *sources, const struct scan_range *range,
         record_visitor *visitor, void *context, struct why *why)
{
    struct scan_place own;
    struct scan scan;
    enum err err;

    scan.range = range;
    scan.visitor = visitor;
    scan.context = context;
    scan.count = 0;
    scan.entered = -1;
    scan.has_skipped = false;
    own.is_open = false;
    /* A visitor may scan, too. */
    scan.place = sources->place.is_busy ? &own : &sources->place;
    TRY(place_open(scan.place, &sources->reader, why));
    scan.place->is_busy = true;
    add_sources(&scan, sources);
    err = show_all(&scan, why);
    scan.place->is_busy = false;
    /* Behind an error it stands nowhere. */
    if (scan.place == &own || err != OK)
        scan_place_close(scan.place);
    return err;
}
