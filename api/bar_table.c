/*
 * Answers that are tables made of bars. A page reads from its first row to its
 * last. A stream reads a turn for each chunk: what its rows are made of goes on
 * from chunk to chunk, but no view does.
 */
#include "bar_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "knowledge.h"
#include "number.h"
#include "page.h"
#include "problem.h"
#include "relay.h"
#include "secmaster/bounds.h"
#include "secmaster/log.h"
#include "service.h"
#include "table.h"

#define NO_SECURITY (-1)

static void
table_free(struct bar_table *table)
{
    if (table->state != NULL)
        table->rows->free(table->state);
    free(table);
}

bool
bar_table_admit(struct bar_table *table, int64_t security_id, struct date day)
{
    if (table->rows_left > 0) {
        table->rows_left--;
        return true;
    }
    table->is_full = true;
    table->next_security = security_id;
    table->next_day = day;
    return false;
}

/* The first day of a security that is asked for. */
static struct date
first_day(const struct bar_table *table, int64_t security_id)
{
    return security_id == table->resumed ? table->resumed_at : table->from;
}

/* Where reading begins for bars from a day on. */
static struct date
day_before(const struct bar_table *table, struct date day)
{
    int64_t days = day.days - table->days_before;

    return (struct date){ days < DATE_FIRST_DAYS ? DATE_FIRST_DAYS
                                                 : (int32_t)days };
}

bool
bar_table_again(struct bar_table *table, int64_t security_id)
{
    struct date from = day_before(table, first_day(table, security_id));

    if (table->whole == security_id || from.days == DATE_FIRST_DAYS)
        return false;
    table->whole = security_id;
    table->is_again = true;
    return true;
}

static enum visit
show_bars(void *context, int64_t security_id, const struct bar *bars,
          size_t count)
{
    struct bar_table *table = context;
    struct date from = first_day(table, security_id);
    struct bar_span span = { security_id, bars, 0, count };

    while (span.wanted < count && bars[span.wanted].date.days < from.days)
        span.wanted++;
    if (table->rows->span(table, &span) == VISIT_STOP)
        return VISIT_STOP;
    return table->out->len < table->bytes_max ? VISIT_NEXT : VISIT_STOP;
}

static enum visit
show_run(void *context, int64_t security_id, const struct bar_run *run)
{
    struct bar_table *table = context;
    struct date from = first_day(table, security_id);
    struct bar_run_span span = { security_id, run, bar_run_before(run, from) };

    if (table->rows->run_span(table, &span) == VISIT_STOP)
        return VISIT_STOP;
    return table->out->len < table->bytes_max ? VISIT_NEXT : VISIT_STOP;
}

/* Write rows until out or the page is full. *more: perhaps not all were
 * written. */
static enum err
table_turn(struct bar_table *table, struct out *out, uint64_t records_max,
           bool *more, struct why *why)
{
    struct bar_reading *reading = &table->reading;
    uint64_t records_left = records_max;

    table->out = out;
    do {
        table->is_again = false;
        TRY(bar_reading_turn(reading, &records_left, show_bars, table, more,
                             why));
        if (!table->is_again)
            break;
        reading->security_id = table->whole;
        reading->day.days = DATE_FIRST_DAYS;
    } while (records_left > 0);
    *more = *more || table->is_again || table->is_full;
    if (!*more && table->rows->end != NULL)
        table->rows->end(table);
    return out_finish(out);
}

/* The formats that are streamed end with their last row. */
static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct bar_table *table = (struct bar_table *)stream;
    struct why why = { 0 };
    bool more;
    enum err err;

    if (!table->is_headed)
        cells_head(&table->cells, out);
    table->is_headed = true;
    table->bytes_max = out->len + table->chunk_bytes;
    err = table_turn(table, out, table->chunk_records, &more, &why);
    if (err != OK) {
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
        return err;
    }
    *done = !more;
    return out_finish(out);
}

static void
free_stream(struct stream *stream)
{
    table_free((struct bar_table *)stream);
}

/* With a state of its own, and the head is another's. */
static struct stream *
part_new(const struct stream *like)
{
    const struct bar_table *from = (const struct bar_table *)like;
    struct bar_table *table = malloc(sizeof *table);

    if (table == NULL)
        return NULL;
    *table = *from;
    table->is_headed = true;
    if (from->state == NULL)
        return &table->stream;
    table->state = malloc(from->state_bytes);
    if (table->state == NULL) {
        free(table);
        return NULL;
    }
    memcpy(table->state, from->state, from->state_bytes);
    if (table->rows->renew != NULL)
        table->rows->renew(table->state);
    return &table->stream;
}

static void
part_begin(struct stream *part, int64_t first, int64_t last)
{
    struct bar_table *table = (struct bar_table *)part;

    table->reading.security_id = first;
    table->reading.last_security = last;
    table->reading.day = table->reading.from;
}

static int64_t
part_cut(struct stream *part)
{
    struct bar_table *table = (struct bar_table *)part;

    table->reading.last_security = table->reading.security_id;
    return table->reading.last_security;
}

static enum err
part_next(const struct stream *like, int64_t from, int64_t *out)
{
    const struct bar_table *table = (const struct bar_table *)like;
    struct why why = { 0 };
    enum err err = bar_reading_next(&table->reading, from, out, &why);

    if (err != OK && err != ERR_NOT_FOUND)
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
    return err;
}

static const struct relay_source parts = {
    .part = part_new,
    .begin = part_begin,
    .cut = part_cut,
    .next = part_next,
};

/* False: out of memory. Over to the response. */
static bool
make_stream(struct request *request, struct response *response,
            struct bar_table *table, bool is_of_one)
{
    const struct relay_options *options = relay_options(request->service);

    table->chunk_bytes = options->chunk_bytes;
    table->chunk_records = options->chunk_records;
    table->stream = (struct stream){ .fill = fill, .free = free_stream };
    if (is_of_one) {
        response->stream = &table->stream;
        return true;
    }
    table->stream.bytes_held = sizeof *table + table->state_bytes;
    response->stream = relay_new(request, &table->stream, &parts);
    return response->stream != NULL;
}

static enum err
write_page(struct request *request, struct response *response,
           struct bar_table *table, struct why *why)
{
    struct out *out = &response->body;
    struct cursor next;
    bool more;

    table->bytes_max = SIZE_MAX;
    cells_head(&table->cells, out);
    TRY(table_turn(table, out, UINT64_MAX / 4, &more, why));
    assert(more == table->is_full);
    cells_tail(&table->cells, out);
    next = (struct cursor){
        .known_tx = table->reading.known_tx,
        .key = table->next_security,
        .start = table->next_day,
    };
    return page_end(request, response, more ? &next : NULL, why);
}

/* Go on where the cursor says. False: it is of no place in this table. */
static bool
resume(struct bar_table *table, const struct cursor *cursor)
{
    struct bar_reading *reading = &table->reading;

    if (cursor->key < reading->security_id ||
        cursor->key > reading->last_security ||
        cursor->start.days < table->from.days ||
        cursor->start.days >= reading->to.days)
        return false;
    table->resumed = cursor->key;
    table->resumed_at = cursor->start;
    reading->security_id = cursor->key;
    reading->day = day_before(table, cursor->start);
    return true;
}

/* The table of a question, its state handed over. NULL: out of memory. */
static struct bar_table *
table_new(const struct request *request, const struct bar_question *question,
          uint64_t known_tx)
{
    struct bar_table *table = calloc(1, sizeof *table);

    if (table == NULL)
        return NULL;
    table->rows = question->rows;
    table->from = question->window.from;
    table->days_before = question->days_before;
    table->resumed = table->whole = NO_SECURITY;
    table->reading = (struct bar_reading){
        .store = request->service->store,
        .known_tx = known_tx,
        .last_security = INT64_MAX,
        .to = question->window.to,
    };
    if (table->rows->run_span != NULL)
        table->reading.run_visitor = show_run;
    if (table->from.days < DATE_FIRST_DAYS)
        table->from.days = DATE_FIRST_DAYS;
    table->reading.from = table->reading.day = day_before(table, table->from);
    if (question->is_of_one)
        table->reading.security_id = table->reading.last_security =
            question->security_id;
    cells_init(&table->cells, request->media);
    table->rows->columns(question->state, &table->cells);
    table->state = question->state;
    table->state_bytes = question->state_bytes;
    table->rows_left = UINT64_MAX;
    return table;
}

static enum err
check_known(const struct bar_table *table, const struct bar_question *question,
            struct why *why)
{
    bool is_known;

    if (!question->is_of_one)
        return OK;
    TRY(bar_reading_knows(&table->reading, question->security_id, &is_known,
                          why));
    if (is_known)
        return OK;
    return why_set(why, ERR_NOT_FOUND, "security %lld is unknown",
                   (long long)question->security_id);
}

static enum err
begin(struct request *request, struct response *response,
      struct bar_table *table, const struct bar_question *question)
{
    struct why why = { 0 };
    struct cursor cursor;
    bool is_paged;
    enum err err = cursor_read(request, &is_paged, &cursor);

    assert(err == OK); /* clocks_read has refused any other */
    if (is_paged && !resume(table, &cursor)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return ERR_MALFORMED;
    }
    err = check_known(table, question, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
    return err;
}

static void
answer_page(struct request *request, struct response *response,
            struct bar_table *table)
{
    struct why why = { 0 };
    enum err err = write_page(request, response, table, &why);

    if (err == ERR_TOO_LARGE && why.text[0] == '\0')
        err = why_set(&why, err, "the page is too large: ask for fewer rows");
    if (err != OK)
        problem_err(request, response, err, &why);
}

void
bar_table_answer(struct request *request, struct response *response,
                 const struct bar_question *question, uint64_t known_tx)
{
    struct bar_table *table = table_new(request, question, known_tx);
    bool is_limited;
    uint32_t limit;

    if (table == NULL) {
        if (question->state != NULL)
            question->rows->free(question->state);
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    if (!limit_read(request, response, &is_limited, &limit) ||
        begin(request, response, table, question) != OK) {
        table_free(table);
        return;
    }
    response->status = 200;
    response->media = request->media;
    if (request->media != MEDIA_JSON && !is_limited) {
        if (make_stream(request, response, table, question->is_of_one))
            return;
        table_free(table);
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    table->rows_left = limit;
    answer_page(request, response, table);
    table_free(table);
}

bool
bar_question_read(struct request *request, struct response *response,
                  struct bar_question *out, uint64_t *known_tx)
{
    struct clocks clocks;

    *out = (struct bar_question){ .is_of_one = request->segment_count > 0 };
    if (out->is_of_one &&
        !security_id_read(request, response, &out->security_id))
        return false;
    if (!clocks_read(request, response, &clocks))
        return false;
    *known_tx = clocks.known_tx;
    return window_read(request, response, &out->window);
}
