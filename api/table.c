/*
 * Answers that are tables of type-2 rows. Columns are worked out first; then
 * rows go into a page, or into a stream that reads a turn for each chunk and
 * holds nothing but its place in between, and the candidates of a filter.
 */
#include <assert.h>
#include <stdlib.h>

#include "page.h"
#include "problem.h"
#include "repeats.h"
#include "secmaster/bounds.h"
#include "secmaster/log.h"
#include "secmaster/rows_writer.h"
#include "service.h"
#include "table.h"

struct table {
    struct stream stream;   /* first: streams are cast back */
    struct reading reading; /* the request, which it borrows from, ends later */
    struct picks picks;
    struct columns columns;
    struct repeats repeats;
    struct sheet sheet;
    const struct rows_format *format;
    bool headed;

    /* The place: the last row that was passed. */
    int64_t security_id;
    struct date start;

    /* The present turn. */
    struct out *out;
    size_t bytes_max;   /* of out: then the turn is over */
    uint64_t rows_left; /* of the page */
    bool first, full;
};

static void
table_free(struct table *table)
{
    if (table == NULL)
        return;
    columns_fini(&table->columns);
    picks_fini(&table->picks);
    repeats_fini(&table->repeats);
    free(table);
}

static void
write_cell(void *context, struct out *out, uint32_t column, struct value value)
{
    const struct table *table = context;

    table->format->cell(out, &table->sheet, column, value);
}

/* Everything but the place. */
static enum err
table_new(const struct request *request, const struct reading *reading,
          struct table **out, struct why *why)
{
    struct table *table = calloc(1, sizeof *table);
    enum err err;

    if (table == NULL)
        return ERR_BUSY;
    columns_init(&table->columns);
    picks_init(&table->picks);
    table->reading = *reading;
    table->reading.memory = request->service->column_memory;
    table->reading.stop = &request->service->draining;
    if (picks_are_few(&reading->selection))
        table->reading.picks = &table->picks;
    err = reading_columns(&table->reading, &table->columns, why);
    if (err == OK)
        err = repeats_init(&table->repeats, &table->columns, write_cell, table);
    if (err != OK) {
        table_free(table);
        return err;
    }
    table->sheet = (struct sheet){
        .fixed = SHEET_ROWS,
        .columns = &table->columns,
        .attributes = reading->store->attributes,
    };
    table->format = rows_format(request->media);
    assert(table->format != NULL);
    *out = table;
    return OK;
}

static void
write_row(struct table *table, const struct row *row)
{
    struct row_fixed buffer;
    struct line line;

    row_fix(row, &buffer, &line);
    table->format->begin(table->out, &table->sheet, &line, table->first);
    repeats_put(&table->repeats, table->out, row);
    table->format->end(table->out);
    table->first = false;
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct table *table = context;

    if (row->security_id == table->security_id &&
        row->start.days <= table->start.days)
        return VISIT_NEXT;
    if (selection_has(&table->reading.selection, row)) {
        if (table->rows_left == 0) {
            table->full = true;
            return VISIT_STOP;
        }
        table->rows_left--;
        write_row(table, row);
        table->full = table->out->len >= table->bytes_max;
    }
    table->security_id = row->security_id;
    table->start = row->start;
    return table->full ? VISIT_STOP : VISIT_NEXT;
}

/* Write rows behind the place until out or the page is full. *more: perhaps
 * not all were written. */
static enum err
table_turn(struct table *table, struct out *out, uint64_t records_max,
           bool *more, struct why *why)
{
    struct turn turn = { table->security_id, table->start, records_max, false };

    table->out = out;
    table->full = false;
    repeats_reset(&table->repeats);
    TRY(reading_rows(&table->reading, &turn, visit_row, table, why));
    *more = table->full || turn.cut;
    if (turn.cut && !table->full) {
        table->security_id = turn.security_id;
        table->start = BEFORE_ALL;
    }
    return out_finish(out);
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct table *table = (struct table *)stream;
    struct why why = { 0 };
    bool more;
    enum err err;

    if (!table->headed)
        table->format->head(out, &table->sheet);
    table->headed = true;
    table->bytes_max = out->len + STREAM_CHUNK_BYTES;
    err = table_turn(table, out, STREAM_RECORDS_MAX, &more, &why);
    if (err != OK) {
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
        return err;
    }
    if (!more)
        table->format->tail(out);
    *done = !more;
    return out_finish(out);
}

static void
free_stream(struct stream *stream)
{
    table_free((struct table *)stream);
}

static enum err
write_page(struct request *request, struct response *response,
           struct table *table, const struct clocks *clocks, struct why *why)
{
    struct out *out = &response->body;
    struct cursor cursor;
    bool more;

    table->bytes_max = SIZE_MAX;
    table->format->head(out, &table->sheet);
    TRY(table_turn(table, out, UINT64_MAX, &more, why));
    table->format->tail(out);
    cursor = (struct cursor){
        .known_tx = clocks->known_tx,
        .as_of = clocks->as_of,
        .key = table->security_id,
        .start = table->start,
    };
    return page_end(request, response, more ? &cursor : NULL, why);
}

/* Rows have columns: only where there are none it is asked whether the security
 * is known. */
static enum err
check_known(const struct table *table, struct why *why)
{
    const struct reading *reading = &table->reading;
    int64_t id = reading->first_security;
    bool is_known;

    if (!reading->is_of_one || table->columns.count > 0)
        return OK;
    TRY(reading_knows(reading, id, &is_known, why));
    if (is_known)
        return OK;
    return why_set(why, ERR_NOT_FOUND, "security %lld is unknown",
                   (long long)id);
}

void
table_answer(struct request *request, struct response *response,
             const struct reading *reading, const struct clocks *clocks)
{
    struct cursor cursor = { .start = BEFORE_ALL };
    struct table *table = NULL;
    struct why why = { 0 };
    bool limited, paged;
    uint32_t limit;
    enum err err;

    if (!limit_read(request, response, &limited, &limit))
        return;
    cursor.key = reading->first_security;
    err = cursor_read(request, &paged, &cursor);
    assert(err == OK); /* clocks_read has refused any other */
    if (cursor.key < reading->first_security ||
        cursor.key > reading->last_security) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return;
    }
    err = table_new(request, reading, &table, &why);
    if (err == OK)
        err = check_known(table, &why);
    if (err != OK) {
        table_free(table);
        problem_err(request, response, err, &why);
        return;
    }
    table->security_id = cursor.key;
    table->start = cursor.start;
    table->first = true;
    table->rows_left = UINT64_MAX;
    response->status = 200;
    response->media = request->media;
    if (request->media != MEDIA_JSON && !limited) {
        table->stream = (struct stream){ .fill = fill, .free = free_stream };
        response->stream = &table->stream;
        return;
    }
    table->rows_left = limit;
    err = write_page(request, response, table, clocks, &why);
    table_free(table);
    if (err == ERR_TOO_LARGE && why.text[0] == '\0')
        err = why_set(&why, err, "the page is too large: ask for fewer rows");
    if (err != OK)
        problem_err(request, response, err, &why);
}

bool
window_read(struct request *request, struct response *response,
            struct window *out)
{
    bool from_given, to_given;

    *out = (struct window){ { INT32_MIN }, { DATE_OPEN_DAYS } };
    if (!date_read(request, response, "from", &from_given, &out->from) ||
        !date_read(request, response, "to", &to_given, &out->to))
        return false;
    if (out->from.days < out->to.days)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "from must be before to");
    return false;
}
