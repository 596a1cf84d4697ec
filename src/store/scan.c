/* Merge the streams of a view, each in key order, into one. */
#include "scan.h"

#include <assert.h>

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
    struct index_cursor index;
    struct source sources[SOURCES_MAX];
    size_t count;
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
                   .index = &scan->index,
               });
    for (size_t i = 0; i < from->version->count; i++)
        add_source(scan, &(struct source){
                             .after_tx = merged,
                             .last_tx = from->known_tx,
                             .memtable = from->version->memtables[i],
                         });
}

static enum err
begin(struct scan *scan, struct why *why)
{
    const struct record first = { .kind = scan->range->kind,
                                  .security_id = scan->range->first_security,
                                  .effective = scan->range->first_date };

    for (size_t i = 0; i < scan->count; i++) {
        TRY(seek(&scan->sources[i], &first, why));
        TRY(settle(&scan->sources[i], scan->range, why));
    }
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

    for (size_t i = 0; i < scan->count; i++) {
        struct source *source = &scan->sources[i];

        if (source->at_end || !is_same_security(source->record, &left))
            continue;
        TRY(skip(source, &left, why));
        TRY(settle(source, scan->range, why));
    }
    return OK;
}

static enum err
show_all(struct scan *scan, record_visitor *visitor, void *context,
         struct why *why)
{
    struct source *source;

    TRY(begin(scan, why));
    while ((source = first_source(scan)) != NULL) {
        switch (visitor(context, source->record)) {
        case VISIT_NEXT:
            TRY(step(source, why));
            TRY(settle(source, scan->range, why));
            break;
        case VISIT_SKIP:
            TRY(skip_all(scan, source->record, why));
            break;
        case VISIT_STOP:
            return OK;
        }
    }
    return OK;
}

enum err
scan_run(struct scan_sources *sources, const struct scan_range *range,
         record_visitor *visitor, void *context, struct why *why)
{
    struct scan scan;
    enum err err;

    scan.range = range;
    scan.count = 0;
    add_sources(&scan, sources);
    TRY(index_cursor_open(&scan.index, &sources->reader, why));
    err = show_all(&scan, visitor, context, why);
    index_cursor_close(&scan.index);
    return err;
}
