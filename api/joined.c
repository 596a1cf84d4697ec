/*
 * Positions and the rows they meet. Sorted by security, each security is
 * folded once to note where each position's row starts. To print in the order
 * sent, the rows of a window of positions are encoded once each, behind a
 * second fold; a window is all positions unless their rows are too large.
 */
#include <assert.h>
#include <stdlib.h>

#include "joined.h"
#include "reading.h"
#include "secmaster/bounds.h"
#include "secmaster/rows_writer.h"

/* No row: before every day. */
#define START_NONE INT32_MIN

/* A window's offsets are bounded too. */
#define WINDOW_POSITIONS_MAX (1U << 20)
static_assert(JOIN_WINDOW_BYTES_MAX <= UINT32_MAX, "offsets are 32 bits");

#define ID_TEXT_BYTES_MAX 20

/* A position to look for, in the order of looking. */
struct seek {
    int64_t security_id;
    struct date date;
    uint32_t index;
};

/* The part of a line behind its fixed columns, in texts. */
struct fragment {
    uint32_t offset, len;
};

struct joined {
    struct positions positions;
    struct store *store;
    struct join_rules rules;
    struct columns columns;
    const struct cell **cells, **nulls;
    struct sheet sheet, bare; /* bare: without attribute columns */
    const struct rows_format *format;
    size_t fixed_bytes; /* of a blank line, up to the fragment */
    size_t tail_bytes;  /* of a bare line, behind its fixed columns */

    struct date *starts; /* of each position's row, or START_NONE */
    uint64_t matched;

    /* Looking through one security: seeks[next..end). */
    struct seek *seeks;
    size_t seek_count, next, end;

    /* The window: positions first..first + window_count. */
    struct fragment *fragments; /* of each; nothing's where unmatched */
    size_t first, window_count, window_max;
    struct out texts;

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
    out_init(&joined->texts, 0);
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
    columns_fini(&joined->columns);
    out_fini(&joined->texts);
    out_fini(&joined->id);
    free(joined->cells);
    free(joined->nulls);
    free(joined->starts);
    free(joined->seeks);
    free(joined->fragments);
    free(joined);
}

struct positions *
joined_positions(struct joined *joined)
{
    return &joined->positions;
}

static int
by_place(const void *a, const void *b)
{
    const struct seek *left = a, *right = b;

    if (left->security_id != right->security_id)
        return left->security_id < right->security_id ? -1 : 1;
    if (left->date.days != right->date.days)
        return left->date.days < right->date.days ? -1 : 1;
    return 0;
}

/* The positions of [from, from + count) that may have a row, in order of
 * security and date; they often come that way. */
static enum err
make_seeks(struct joined *joined, size_t from, size_t count)
{
    struct seek *seeks = calloc(count + 1, sizeof *seeks);
    bool in_order = true;
    size_t n = 0;

    if (seeks == NULL)
        return ERR_BUSY;
    for (size_t i = from; i < from + count; i++) {
        const struct position *position = &joined->positions.items[i];

        if (joined->starts[i].days == START_NONE)
            continue;
        seeks[n] = (struct seek){
            position->security_id,
            position->date,
            (uint32_t)i,
        };
        in_order =
            in_order && (n == 0 || by_place(&seeks[n - 1], &seeks[n]) <= 0);
        n++;
    }
    if (!in_order)
        qsort(seeks, n, sizeof *seeks, by_place);
    free(joined->seeks);
    joined->seeks = seeks;
    joined->seek_count = n;
    return OK;
}

/* Fold the security of seeks[next]; what the last of them cannot see is not
 * read. */
static enum err
fold_one(struct joined *joined, struct view *view, struct timeline *timeline,
         struct why *why)
{
    int64_t security_id = joined->seeks[joined->next].security_id;
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    joined->end = joined->next;
    while (joined->end < joined->seek_count &&
           joined->seeks[joined->end].security_id == security_id)
        joined->end++;
    range.last_date = joined->seeks[joined->end - 1].date;
    TRY(store_scan(view, &range, timeline_record, timeline, why));
    TRY(timeline_finish(timeline));
    return out_finish(&joined->texts);
}

/* Fold every security of seeks; the visitor moves next on and what it leaves
 * has no row. */
static enum err
fold_all(struct joined *joined, row_visitor *visitor, struct why *why)
{
    struct timeline *timeline = timeline_new(
        joined->store->seed, WINDOW_ALL,
        rulebook_precedence(joined->store->rules, joined->rules.known_tx),
        visitor, joined);
    struct view view;
    enum err err;

    if (timeline == NULL)
        return ERR_BUSY;
    err = store_view_begin(joined->store, joined->rules.known_tx, &view, why);
    if (err != OK) {
        timeline_free(timeline);
        return err;
    }
    joined->next = 0;
    while (err == OK && joined->next < joined->seek_count) {
        err = fold_one(joined, &view, timeline, why);
        for (; err == OK && joined->next < joined->end; joined->next++)
            joined->starts[joined->seeks[joined->next].index].days = START_NONE;
    }
    store_view_end(&view);
    timeline_free(timeline);
    return err;
}

static bool
is_too_old(const struct joined *joined, struct date start, struct date date)
{
    return (uint64_t)(date.days - start.days) > joined->rules.age_days_max;
}

/* The first pass: note where each position's row starts. */
static enum visit
note_start(void *context, const struct row *row)
{
    struct joined *joined = context;

    for (; joined->next < joined->end; joined->next++) {
        const struct seek *seek = &joined->seeks[joined->next];
        struct date *start = &joined->starts[seek->index];

        if (seek->date.days >= row->end.days)
            return VISIT_NEXT;
        if (seek->date.days < row->start.days ||
            is_too_old(joined, row->start, seek->date)) {
            start->days = START_NONE;
            continue;
        }
        *start = row->start;
        joined->matched++;
    }
    return VISIT_STOP;
}

/* Every fixed column as short as can be: what a fragment is cut from. */
static struct line
blank_line(const struct cell *const *cells)
{
    struct value zero = { VALUE_NUMBER, STR("0") };

    return (struct line){ { zero, zero, zero }, cells };
}

/* Append the fragment of a row with these cells to texts. */
static struct fragment
put_fragment(struct joined *joined, const struct cell *const *cells)
{
    struct line line = blank_line(cells);
    size_t from = joined->texts.len + joined->fixed_bytes;

    joined->format->line(&joined->texts, &joined->sheet, &line, true);
    if (out_finish(&joined->texts) != OK)
        return (struct fragment){ 0, 0 };
    return (struct fragment){
        (uint32_t)from,
        (uint32_t)(joined->texts.len - from),
    };
}

/* The second pass: a row that has positions is encoded, once. */
static enum visit
encode_row(void *context, const struct row *row)
{
    struct joined *joined = context;
    struct fragment fragment = { 0, 0 };
    bool encoded = false;

    for (; joined->next < joined->end; joined->next++) {
        const struct seek *seek = &joined->seeks[joined->next];

        if (seek->date.days >= row->end.days)
            return VISIT_NEXT;
        if (seek->date.days < row->start.days)
            continue;
        if (!encoded) {
            columns_spread(&joined->columns, row, joined->cells);
            fragment = put_fragment(joined, joined->cells);
            if (out_finish(&joined->texts) != OK)
                return VISIT_STOP;
        }
        encoded = true;
        joined->fragments[seek->index - joined->first] = fragment;
    }
    return VISIT_STOP;
}

/* Encode the rows of the positions from first on, as many as window_max. */
static enum err
try_window(struct joined *joined, struct why *why)
{
    size_t left = joined->positions.count - joined->first;
    struct fragment nothing;

    joined->window_count =
        left < joined->window_max ? left : joined->window_max;
    out_reset(&joined->texts);
    nothing = put_fragment(joined, joined->nulls);
    TRY(out_finish(&joined->texts));
    for (size_t i = 0; i < joined->window_count; i++)
        joined->fragments[i] = nothing;
    TRY(make_seeks(joined, joined->first, joined->window_count));
    return fold_all(joined, encode_row, why);
}

/* The same, with half as many where their rows are too large together. */
static enum err
make_window(struct joined *joined, struct why *why)
{
    enum err err = try_window(joined, why);

    while (err == ERR_TOO_LARGE && joined->window_max > 1) {
        joined->window_max = (joined->window_max + 1) / 2;
        err = try_window(joined, why);
    }
    return err;
}

/*
 * Learn where lines can be cut: a line with and one without attribute columns
 * are the same up to the end of the fixed ones, in any format.
 */
static enum err
learn_cuts(struct joined *joined)
{
    struct line line = blank_line(joined->nulls);
    struct out bare;
    struct str whole;
    enum err err;

    out_init(&bare, STREAM_CHUNK_BYTES);
    out_reset(&joined->texts);
    joined->format->line(&bare, &joined->bare, &line, true);
    joined->format->line(&joined->texts, &joined->sheet, &line, true);
    whole = out_text(&joined->texts);
    err = out_finish(&bare);
    if (err == OK)
        err = out_finish(&joined->texts);
    joined->fixed_bytes = 0;
    while (err == OK && joined->fixed_bytes < bare.len &&
           joined->fixed_bytes < whole.len &&
           bare.data[joined->fixed_bytes] == whole.data[joined->fixed_bytes])
        joined->fixed_bytes++;
    joined->tail_bytes = bare.len - joined->fixed_bytes;
    out_fini(&bare);
    return err;
}

static enum err
make_columns(struct joined *joined, struct why *why)
{
    static const struct columns no_columns;
    struct reading all = reading_all(joined->store, joined->rules.known_tx);
    size_t count;

    TRY(reading_columns(&all, &joined->columns, why));
    count = (size_t)joined->columns.count + 1;
    joined->cells = calloc(count, sizeof *joined->cells);
    joined->nulls = calloc(count, sizeof *joined->nulls);
    if (joined->cells == NULL || joined->nulls == NULL)
        return ERR_BUSY;
    joined->sheet = (struct sheet){
        .fixed = { "security_id", "quantity", "date" },
        .columns = &joined->columns,
        .attributes = joined->store->attributes,
    };
    joined->bare = joined->sheet;
    joined->bare.columns = &no_columns;
    joined->format = rows_format(joined->rules.media);
    assert(joined->format != NULL);
    return learn_cuts(joined);
}

enum err
joined_begin(struct joined *joined, struct store *store,
             const struct join_rules *rules, struct why *why)
{
    assert(!rules->is_uncounted || (rules->unmatched == UNMATCHED_KEEP &&
                                    rules->age_days_max == UINT64_MAX));

    joined->store = store;
    joined->rules = *rules;
    out_init(&joined->texts, rules->window_bytes_max);
    return make_columns(joined, why);
}

/* Forget the positions before. */
static enum err
begin_anew(struct joined *joined)
{
    size_t count = joined->positions.count;

    joined->window_max =
        count < WINDOW_POSITIONS_MAX ? count : WINDOW_POSITIONS_MAX;
    joined->first = joined->at = 0;
    joined->matched = 0;
    free(joined->starts);
    free(joined->fragments);
    joined->starts = calloc(count + 1, sizeof *joined->starts);
    joined->fragments =
        calloc(joined->window_max + 1, sizeof *joined->fragments);
    return joined->starts == NULL || joined->fragments == NULL ? ERR_BUSY : OK;
}

enum err
joined_match(struct joined *joined, struct why *why)
{
    size_t count = joined->positions.count;

    if (count >= UINT32_MAX)
        return why_set(why, ERR_TOO_LARGE, "too many positions");
    TRY(begin_anew(joined));
    if (!joined->rules.is_uncounted) {
        TRY(make_seeks(joined, 0, count));
        TRY(fold_all(joined, note_start, why));
    }

    /* The first window belongs to what may take long. */
    return make_window(joined, why);
}

size_t
joined_securities(const struct joined *joined)
{
    size_t count = 0;

    for (size_t i = 0; i < joined->seek_count; i++)
        count += i == 0 || joined->seeks[i].security_id !=
                               joined->seeks[i - 1].security_id;
    return count;
}

uint64_t
joined_matched(const struct joined *joined)
{
    return joined->matched;
}

/* Fixed columns with the tail of a bare line, which the fragment replaces. */
static void
put_position(struct joined *joined, struct out *out)
{
    const struct position *position = &joined->positions.items[joined->at];
    struct fragment fragment = joined->fragments[joined->at - joined->first];
    char date[DATE_TEXT_BYTES];
    struct line line = { .cells = joined->nulls };

    out_reset(&joined->id);
    out_int(&joined->id, position->security_id);
    date_format(position->date, date);
    line.fixed[0] = (struct value){ VALUE_NUMBER, out_text(&joined->id) };
    line.fixed[1] = (struct value){
        VALUE_NUMBER,
        position_quantity(&joined->positions, joined->at),
    };
    line.fixed[2] = (struct value){ VALUE_STRING, { date, sizeof date } };
    joined->format->line(out, &joined->bare, &line, !joined->any);
    joined->any = true;
    if (out_finish(out) != OK)
        return;
    out->len -= joined->tail_bytes;
    out_bytes(out, joined->texts.data + fragment.offset, fragment.len);
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
    bool is_one_window = joined->window_count == joined->positions.count;

    return is_one_window ? joined->texts.capacity
                         : joined->rules.window_bytes_max;
}
