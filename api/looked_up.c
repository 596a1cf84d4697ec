/*
 * Securities and days, and for each the row in force. Keys are sorted, so that
 * the store is read in its own order and a security once; the rows that they
 * meet are copied, and printed when the columns of all are known.
 */
#include "looked_up.h"

#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/rows_writer.h"
#include "seeks.h"

struct looked_up {
    const struct wanted_rows *wanted;
    struct columns columns;
    struct arena arena;       /* of the rows */
    const struct row **found; /* by key; NULL: none is in force */

    /* Looking through one security: seeks[next..end). */
    struct seeks seeks;
    size_t next, end;
    enum err err; /* of the visitor */
};

static void
looked_up_fini(struct looked_up *l)
{
    columns_fini(&l->columns);
    arena_fini(&l->arena);
    free(l->found);
    seeks_fini(&l->seeks);
}

static enum err
looked_up_init(struct looked_up *l, const struct wanted_rows *wanted)
{
    const struct projection *projection = &wanted->projection;

    *l = (struct looked_up){ .wanted = wanted };
    columns_init(&l->columns);
    arena_init(&l->arena, LOOKUP_BYTES_MAX);
    l->found = calloc(wanted->key_count + 1, sizeof *l->found);
    if (l->found == NULL)
        return ERR_BUSY;
    for (size_t i = 0; i < projection->count; i++)
        TRY(columns_add(&l->columns, projection->attributes[i]));
    return seeks_of_keys(&l->seeks, wanted->keys, wanted->key_count);
}

/* Copy the cells of a row that may be printed. */
static enum err
copy_cells(struct looked_up *l, const struct row *row, struct row *out)
{
    struct cell *cells =
        arena_zalloc(&l->arena, row->cell_count + 1, sizeof *cells);

    *out = (struct row){ row->security_id, row->start, row->end, cells, 0 };
    if (cells == NULL)
        return ERR_TOO_LARGE;
    for (size_t i = 0; i < row->cell_count; i++) {
        struct cell cell = row->cells[i];

        if (l->wanted->is_projected &&
            !columns_has(&l->columns, cell.attribute))
            continue;
        cell.value.text = arena_copy(&l->arena, cell.value.text);
        if (cell.value.text.data == NULL)
            return ERR_TOO_LARGE;
        TRY(columns_add(&l->columns, cell.attribute));
        cells[out->cell_count++] = cell;
    }
    return OK;
}

static enum err
keep_row(struct looked_up *l, const struct row *row, const struct row **out)
{
    struct row *copy = arena_alloc(&l->arena, sizeof *copy);

    if (copy == NULL)
        return ERR_TOO_LARGE;
    *out = copy;
    return copy_cells(l, row, copy);
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct looked_up *l = context;
    const struct row *copy = NULL;

    for (; l->next < l->end; l->next++) {
        const struct seek *seek = &l->seeks.items[l->next];

        if (seek->date.days >= row->end.days)
            return VISIT_NEXT;
        if (seek->date.days < row->start.days)
            continue;
        if (copy == NULL)
            l->err = keep_row(l, row, &copy);
        if (l->err != OK)
            return VISIT_STOP;
        l->found[seek->index] = copy;
    }
    return VISIT_STOP;
}

/* Fold the security of seeks[next], from its first key on, until the last is
 * settled. */
static enum err
fold_one(struct looked_up *l, struct view *view, struct timeline *timeline,
         struct why *why)
{
    int64_t security_id = l->seeks.items[l->next].security_id;
    const struct scan_fold fold = { .first = l->seeks.items[l->next].date };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security_id);

    range.fold = &fold;
    l->end = l->next;
    while (l->end < l->wanted->key_count &&
           l->seeks.items[l->end].security_id == security_id)
        l->end++;
    TRY(store_scan(view, &range, timeline_record, timeline, why));
    TRY(timeline_finish(timeline));
    l->next = l->end;
    return l->err;
}

static enum err
fold_all(struct looked_up *l, const struct reading *reading, struct why *why)
{
    struct timeline *timeline =
        timeline_new(reading->store->seed, WINDOW_ALL,
                     reading_precedence(reading), visit_row, l);
    struct view view;
    enum err err;

    if (timeline == NULL)
        return ERR_BUSY;
    err = store_view_begin(reading->store, reading->known_tx, &view, why);
    if (err == OK) {
        while (err == OK && l->next < l->wanted->key_count)
            err = fold_one(l, &view, timeline, why);
        store_view_end(&view);
    }
    timeline_free(timeline);
    return err;
}

/* A line of nulls where the format has no other way to say that none is. */
static void
put_none(struct out *out, const struct sheet *sheet, enum media media,
         const struct cell **cells)
{
    struct value null = VALUE_OF_NULL;
    struct line nulls = { { null, null, null }, cells };

    if (media != MEDIA_CSV) {
        out_str(out, STR("null"));
        return;
    }
    memset(cells, 0, sheet->columns->count * sizeof *cells);
    rows_format(media)->line(out, sheet, &nulls, true);
}

static void
put_row(const struct row *row, struct out *out, const struct sheet *sheet,
        enum media media, const struct cell **cells)
{
    struct row_fixed buffer;
    struct line line = { .cells = cells };

    if (row == NULL) {
        put_none(out, sheet, media, cells);
        return;
    }
    columns_spread(sheet->columns, row, cells);
    row_fix(row, &buffer, &line);
    if (media == MEDIA_CSV)
        rows_format(media)->line(out, sheet, &line, true);
    else
        rows_object(out, sheet, &line);
}

static enum err
print(struct looked_up *l, const struct names *attributes, enum media media,
      struct out *out)
{
    struct sheet sheet = { SHEET_ROWS, &l->columns, attributes };
    const struct cell **cells =
        arena_zalloc(&l->arena, l->columns.count + 1UL, sizeof *cells);

    if (cells == NULL)
        return ERR_TOO_LARGE;
    if (!l->wanted->is_projected)
        TRY(columns_sort(&l->columns, attributes));
    rows_format(media)->head(out, &sheet);
    for (size_t i = 0; i < l->wanted->key_count; i++) {
        if (media == MEDIA_JSON && i > 0)
            out_char(out, ',');
        put_row(l->found[i], out, &sheet, media, cells);
        if (media == MEDIA_NDJSON)
            out_char(out, '\n');
        TRY(out_finish(out));
    }
    rows_format(media)->tail(out);
    if (media == MEDIA_JSON)
        out_char(out, '}');
    return out_finish(out);
}

enum err
looked_up_print(const struct reading *reading, const struct wanted_rows *wanted,
                enum media media, struct out *out, struct why *why)
{
    struct looked_up l;
    enum err err = looked_up_init(&l, wanted);

    if (err == OK)
        err = fold_all(&l, reading, why);
    if (err == OK)
        err = print(&l, reading->store->attributes, media, out);
    looked_up_fini(&l);
    if (err == ERR_TOO_LARGE)
        err = why_set(why, err, "the rows are too large: ask for fewer");
    return err;
}
