/*
 * Positions and the rows they meet. Sorted by security, each security is
 * folded once, which tells where each position's row starts. To print in the
 * order sent, the rows of a window of positions are kept, each once, its values
 * encoded as the format wants them. The first window is all positions, in the
 * same fold; where their rows are too large together, smaller ones follow, with
 * a fold each, which holds up the loop. A fold of many is done in two parts at
 * a time, as nobody else has work for the second core while the client waits.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "joined.h"
#include "kept_rows.h"
#include "reading.h"
#include "secmaster/bounds.h"
#include "secmaster/rows_writer.h"
#include "seeks.h"

/* Every part keeps a row of nulls first. */
#define ROW_NOTHING 0

/* No row: before every day. */
#define START_NONE INT32_MIN

#define WINDOW_POSITIONS_MAX (1U << 20)
static_assert(JOIN_WINDOW_BYTES_MAX <= UINT32_MAX, "offsets are 32 bits");

#define ID_TEXT_BYTES_MAX 20

/* Prefetched: so many positions ahead, so much of a row. */
#define AHEAD_POSITIONS 24
#define AHEAD_BYTES 256
#define CACHE_LINE_BYTES 64

/* The securities of seeks[from..to), folded by one thread. */
struct part {
    struct joined *joined;
    size_t from, to;
    size_t next, end; /* of the security that is looked through */
    struct kept_rows kept;
    enum err err;
    struct why why;
};

struct joined {
    struct positions positions;
    struct store *store;
    struct join_rules rules;
    struct columns columns;
    struct sheet sheet;
    const struct rows_format *format;

    struct date *starts; /* of each position's row, or START_NONE */
    uint64_t matched;

    struct seeks seeks;
    bool is_first; /* fold: the starts are to be found */
    struct part parts[JOIN_PARTS_MAX];
    unsigned part_count;
    int64_t first_part_to; /* the last security of parts[0] */

    /* The window: positions first..first + window_count. */
    uint32_t *rows; /* of each, in its part; ROW_NOTHING where unmatched */
    size_t first, window_count, window_max;

    size_t at;     /* of the position to be printed next */
    struct out id; /* its security's, as text */
    bool any;
};

struct joined *
joined_new(void)
{
    struct joined *joined = calloc(1, sizeof *joined);

    if (joined == NULL)
        return NULL;
    columns_init(&joined->columns);
    for (size_t i = 0; i < JOIN_PARTS_MAX; i++)
        kept_rows_init(&joined->parts[i].kept);
    out_init(&joined->id, ID_TEXT_BYTES_MAX);
    if (positions_init(&joined->positions) != OK) {
        joined_free(joined);
        return NULL;
    }
    return joined;
}

void
joined_free(struct joined *joined)
{
    if (joined == NULL)
        return;
    positions_fini(&joined->positions);
    seeks_fini(&joined->seeks);
    columns_fini(&joined->columns);
    for (size_t i = 0; i < JOIN_PARTS_MAX; i++)
        kept_rows_fini(&joined->parts[i].kept);
    out_fini(&joined->id);
    free(joined->starts);
    free(joined->rows);
    free(joined);
}

struct positions *
joined_positions(struct joined *joined)
{
    return &joined->positions;
}

static bool
is_in_window(const struct joined *joined, const struct seek *seek)
{
    return seek->index >= joined->first &&
           seek->index - joined->first < joined->window_count;
}

static bool
is_match(const struct joined *joined, const struct row *row, struct date date)
{
    return date.days >= row->start.days &&
           (uint64_t)(date.days - row->start.days) <=
               joined->rules.age_days_max;
}

/* Note where the row of each position starts; keep it for those in the window,
 * once. */
static enum visit
meet_row(void *context, const struct row *row)
{
    struct part *part = context;
    struct joined *joined = part->joined;
    uint32_t kept = ROW_NOTHING;

    for (; part->next < part->end; part->next++) {
        const struct seek *seek = &joined->seeks.items[part->next];

        if (seek->date.days >= row->end.days)
            return VISIT_NEXT;
        if (!is_match(joined, row, seek->date))
            continue;
        joined->starts[seek->index] = row->start;
        if (!is_in_window(joined, seek))
            continue;
        if (kept == ROW_NOTHING && out_finish(&part->kept.bytes) == OK)
            kept = kept_rows_add(&part->kept, row);
        joined->rows[seek->index - joined->first] = kept;
    }
    return VISIT_STOP;
}

/* Whether the fold has to meet the row of a position. */
static bool
is_sought(const struct joined *joined, const struct seek *seek)
{
    return joined->is_first || (is_in_window(joined, seek) &&
                                joined->starts[seek->index].days != START_NONE);
}

/* Fold the security of seeks[next]; what the last of them cannot see is not
 * read, nor rows that end before the first. */
static enum err
fold_one(struct part *part, struct view *view, struct timeline *timeline)
{
    const struct joined *joined = part->joined;
    const struct seek *seeks = joined->seeks.items, *last = NULL;
    int64_t security_id = seeks[part->next].security_id;
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);
    const struct scan_fold fold = { .first = seeks[part->next].date };

    part->end = part->next;
    while (part->end < part->to &&
           seeks[part->end].security_id == security_id) {
        if (is_sought(joined, &seeks[part->end]))
            last = &seeks[part->end];
        part->end++;
    }
    if (last == NULL)
        return OK;
    range.last_date = last->date;
    range.fold = &fold;
    TRY(store_scan(view, &range, timeline_record, timeline, &part->why));
    return timeline_finish(timeline);
}

/* Fold every security that is sought in. Rows may have been too large for
 * kept, which says so. */
static enum err
fold_all(struct part *part, struct timeline *timeline)
{
    struct view view;
    enum err err = OK;

    TRY(store_view_begin(part->joined->store, part->joined->rules.known_tx,
                         &view, &part->why));
    for (part->next = part->from; err == OK && part->next < part->to;
         part->next = part->end)
        err = fold_one(part, &view, timeline);
    store_view_end(&view);
    return err;
}

/* A thread's, or called by ours. */
static void *
fold_part(void *context)
{
    struct part *part = context;
    const struct joined *joined = part->joined;
    struct timeline *timeline = timeline_new(
        joined->store->seed, WINDOW_ALL,
        rulebook_precedence(joined->store->rules, joined->rules.known_tx),
        meet_row, part);

    kept_rows_reset(&part->kept);
    (void)kept_rows_add(&part->kept, NULL);
    part->err = timeline == NULL ? ERR_BUSY : out_finish(&part->kept.bytes);
    if (part->err == OK)
        part->err = fold_all(part, timeline);
    timeline_free(timeline);
    return NULL;
}

/* All parts at a time, or one after the other where there is no thread. */
static enum err
fold_parts(struct joined *joined, struct why *why)
{
    pthread_t threads[JOIN_PARTS_MAX];
    bool started[JOIN_PARTS_MAX] = { false };

    for (unsigned i = 1; i < joined->part_count; i++)
        started[i] = pthread_create(&threads[i], NULL, fold_part,
                                    &joined->parts[i]) == 0;
    (void)fold_part(&joined->parts[0]);
    for (unsigned i = 1; i < joined->part_count; i++) {
        if (started[i])
            pthread_join(threads[i], NULL);
        else
            (void)fold_part(&joined->parts[i]);
    }
    for (unsigned i = 0; i < joined->part_count; i++) {
        const struct part *part = &joined->parts[i];

        if (part->err != OK)
            return why_set(why, part->err, "%s", part->why.text);
    }
    return OK;
}

/* Keep the rows of the positions from first on, as many as window_max. */
static enum err
try_window(struct joined *joined, struct why *why)
{
    size_t left = joined->positions.count - joined->first;

    joined->window_count =
        left < joined->window_max ? left : joined->window_max;
    for (size_t i = 0; i < joined->window_count; i++)
        joined->rows[i] = ROW_NOTHING;
    TRY(fold_parts(joined, why));
    joined->is_first = false;
    for (unsigned i = 0; i < joined->part_count; i++)
        TRY(out_finish(&joined->parts[i].kept.bytes));
    return OK;
}

/* The same, with half as many where their rows are too large together. */
static enum err
make_window(struct joined *joined, struct why *why)
{
    enum err err = try_window(joined, why);

    while (err == ERR_TOO_LARGE && joined->window_max > 1) {
        joined->window_max = (joined->window_count + 1) / 2;
        err = try_window(joined, why);
    }
    return err;
}

static enum err
make_columns(struct joined *joined, struct why *why)
{
    struct reading all = reading_all(joined->store, joined->rules.known_tx);

    all.memory = joined->rules.memory;
    all.stop = joined->rules.stop;
    TRY(reading_columns(&all, &joined->columns, why));
    joined->sheet = (struct sheet){
        .fixed = { "security_id", "quantity", "date" },
        .columns = &joined->columns,
        .attributes = joined->store->attributes,
    };
    joined->format = rows_format(joined->rules.media);
    assert(joined->format != NULL);
    return OK;
}

static enum err
make_parts(struct joined *joined)
{
    joined->part_count = joined->rules.parts;
    assert(joined->part_count > 0);
    assert(joined->part_count <= JOIN_PARTS_MAX);
    for (unsigned i = 0; i < joined->part_count; i++) {
        joined->parts[i].joined = joined;
        TRY(kept_rows_open(
            &joined->parts[i].kept, &joined->columns, joined->format,
            joined->rules.window_bytes_max / joined->part_count));
    }
    return OK;
}

/* Share the securities out, about as many positions to each part. */
static void
share_out(struct joined *joined)
{
    const struct seeks *seeks = &joined->seeks;
    size_t from = 0;

    for (unsigned i = 0; i < joined->part_count; i++) {
        size_t to = seeks->count * (i + 1) / joined->part_count;

        while (to > from && to < seeks->count &&
               seeks->items[to].security_id == seeks->items[to - 1].security_id)
            to++;
        joined->parts[i].from = from;
        joined->parts[i].to = to;
        from = to;
    }
    joined->first_part_to = -1;
    if (joined->parts[0].to > 0)
        joined->first_part_to =
            seeks->items[joined->parts[0].to - 1].security_id;
}

/* Where a position's row is kept. */
static inline struct kept_rows *
kept_of(struct joined *joined, const struct position *position)
{
    static_assert(JOIN_PARTS_MAX == 2, "one limit tells two parts apart");
    if (joined->part_count == 1 ||
        position->security_id <= joined->first_part_to)
        return &joined->parts[0].kept;
    return &joined->parts[1].kept;
}

/* Forget the positions before. */
static enum err
begin_anew(struct joined *joined)
{
    size_t count = joined->positions.count;

    joined->is_first = true;
    joined->first = joined->at = 0;
    joined->matched = 0;
    joined->window_max =
        count < WINDOW_POSITIONS_MAX ? count : WINDOW_POSITIONS_MAX;
    free(joined->starts);
    free(joined->rows);
    joined->starts = calloc(count + 1, sizeof *joined->starts);
    joined->rows = calloc(joined->window_max + 1, sizeof *joined->rows);
    if (joined->starts == NULL || joined->rows == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < count; i++)
        joined->starts[i].days = START_NONE;
    return OK;
}

enum err
joined_begin(struct joined *joined, struct store *store,
             const struct join_rules *rules, struct why *why)
{
    joined->store = store;
    joined->rules = *rules;
    TRY(make_columns(joined, why));
    return make_parts(joined);
}

enum err
joined_match(struct joined *joined, struct why *why)
{
    if (joined->positions.count >= UINT32_MAX)
        return why_set(why, ERR_TOO_LARGE, "too many positions");
    TRY(begin_anew(joined));
    TRY(seeks_of_positions(&joined->seeks, &joined->positions));
    share_out(joined);

    /* The first window belongs to what may take long. */
    TRY(make_window(joined, why));
    for (size_t i = 0; i < joined->positions.count; i++)
        joined->matched += joined->starts[i].days != START_NONE;
    return OK;
}

size_t
joined_securities(const struct joined *joined)
{
    const struct seeks *seeks = &joined->seeks;
    size_t count = 0;

    for (size_t i = 0; i < seeks->count; i++)
        count += i == 0 ||
                 seeks->items[i].security_id != seeks->items[i - 1].security_id;
    return count;
}

uint64_t
joined_matched(const struct joined *joined)
{
    return joined->matched;
}

/* Positions meet rows all over the memory: ask for one that is printed soon,
 * as waiting for it takes longer than printing it. Always inline: a function
 * that does nothing else is taken for one that does nothing. */
static inline __attribute__((always_inline)) void
expect_row(struct joined *joined)
{
    size_t i = joined->at - joined->first + AHEAD_POSITIONS;
    const char *row;

    if (i >= joined->window_count)
        return;
    row = kept_of(joined, &joined->positions.items[joined->first + i])
              ->bytes.data +
          joined->rows[i];
    for (size_t at = 0; at < AHEAD_BYTES; at += CACHE_LINE_BYTES)
        __builtin_prefetch(row + at);
}

static void
put_position(struct joined *joined, struct out *out)
{
    const struct position *position = &joined->positions.items[joined->at];
    char date[DATE_TEXT_BYTES];
    uint32_t row = joined->rows[joined->at - joined->first];
    struct line line = {
        .cells = kept_rows_cells(kept_of(joined, position), row),
    };

    out_reset(&joined->id);
    out_int(&joined->id, position->security_id);
    date_format(position->date, date);
    line.fixed[0] = (struct value){ VALUE_NUMBER, out_text(&joined->id) };
    line.fixed[1] = (struct value){
        VALUE_NUMBER,
        position_quantity(&joined->positions, joined->at),
    };
    line.fixed[2] = (struct value){ VALUE_STRING, { date, sizeof date } };
    joined->format->line(out, &joined->sheet, &line, !joined->any);
    joined->any = true;
}

enum err
joined_put(struct joined *joined, struct out *out, bool *done, struct why *why)
{
    size_t bytes_max = out->len + STREAM_CHUNK_BYTES;
    bool keep = joined->rules.unmatched == UNMATCHED_KEEP;

    for (; joined->at < joined->positions.count && out->len < bytes_max;
         joined->at++) {
        if (joined->at == joined->first + joined->window_count) {
            joined->first = joined->at;
            TRY(make_window(joined, why));
        }
        expect_row(joined);
        if (keep || joined->starts[joined->at].days != START_NONE)
            put_position(joined, out);
        TRY(out_finish(out));
    }
    *done = joined->at == joined->positions.count;
    return OK;
}

void
joined_head(const struct joined *joined, struct out *out)
{
    joined->format->head(out, &joined->sheet);
}

void
joined_tail(const struct joined *joined, struct out *out)
{
    joined->format->tail(out);
}

size_t
joined_bytes_held(const struct joined *joined)
{
    size_t count = joined->positions.count, held = 0;

    for (unsigned i = 0; i < joined->part_count; i++)
        held += joined->parts[i].kept.bytes.capacity;
    if (joined->window_count < count)
        held = joined->rules.window_bytes_max;
    return held + positions_held(&joined->positions) +
           count * (sizeof *joined->seeks.items + sizeof *joined->starts +
                    sizeof *joined->rows);
}
