/* GET /v1/securities/{security_id}/prices/summary and /v1/prices/summary: a row
 * for each week, month, quarter or year that has bars. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "bar_columns.h"
#include "bar_periods.h"
#include "bar_table.h"
#include "problem.h"
#include "secmaster/bar_summary.h"
#include "service.h"

/* What stands in a row before the summary, whose columns go on from there. */
enum {
    COLUMN_SECURITY_ID,
    COLUMN_START,
    COLUMN_END,
    COLUMN_YEAR,
    COLUMN_NUMBER,
    COLUMN_SUMMARY,
};

/* The first so many are in every row. */
#define COLUMNS_FIXED 2

#define NO_SECURITY (-1)

/* What rows have in common is copied as so many bytes whatever its length:
 * behind it there is the room of a row. */
#define SECURITY_BYTES 48
#define SECURITY_LEN_MAX (sizeof "{\"security_id\":" - 1 + 19) /* digits */
static_assert(SECURITY_BYTES >= SECURITY_LEN_MAX, "an id is copied whole");
static_assert(SECURITY_BYTES <= SECURITY_LEN_MAX + DECIMAL_ROOM, "it is there");
static_assert(SECURITY_LEN_MAX + PERIOD_TEXT_BYTES <=
                  (COLUMNS_FIXED + 1) * DECIMAL_ROOM,
              "there is room, and columns= names one more");

/* Columns of the summary that stand in its own order, from one on. */
struct together {
    unsigned columns; /* SUMMARY_BITs */
    unsigned count;
};

/* The security and the period at hand; the row is put when they are over. */
struct summing {
    int64_t security_id;
    size_t security_len;
    char security_text[SECURITY_LEN_MAX + DECIMAL_ROOM]; /* rows' beginning */
    struct bar_summary summary; /* no days: there is none */
    struct bar_columns columns;
    struct cell_text fronts[CELLS_MAX]; /* of them */
    struct cell_text none;
    struct together together[CELLS_MAX];
    unsigned copied_end; /* of the columns that say what period it is */
    struct bar_periods periods;
    struct bar_period table[];
};

static struct bar_period *
period_at_hand(struct summing *summing)
{
    return &summing->table[summing->periods.at];
}

static void
name_columns(const void *state, struct cells_writer *cells)
{
    const struct summing *summing = state;

    bar_columns_name(&summing->columns, cells);
}

static char *
write_number(struct cells_writer *cells, char *to, uint64_t number)
{
    return decimal_write_whole(cells_row_next(cells, to), number);
}

/* Inline: a row is some hundred nanoseconds. */
static inline char *
write_of_period(struct cells_writer *cells, char *to,
                const struct period_span *span, unsigned column)
{
    if (column == COLUMN_START)
        return cells_row_date(cells, to, span->start);
    if (column == COLUMN_END)
        return cells_row_date(cells, to, span->end);
    if (column == COLUMN_YEAR)
        return write_number(cells, to, span->year);
    assert(column == COLUMN_NUMBER);
    return write_number(cells, to, span->number);
}

/* What a period's first row has printed is there for the others to copy. */
static char *
write_period(struct cells_writer *cells, char *to, struct summing *summing)
{
    struct bar_period *period = period_at_hand(summing);
    char *from = to;

    if (period->len > 0) {
        cells_row_go_on(cells, summing->copied_end);
        return bar_period_copy(period, to);
    }
    cells_row_go_on(cells, COLUMN_START);
    for (unsigned i = COLUMN_START; i < summing->copied_end; i++)
        to = write_of_period(cells, to, &period->span,
                             summing->columns.codes[i]);
    if (to > from)
        bar_period_keep(period, from, to);
    return to;
}

static inline char *
write_others(struct cells_writer *cells, char *to, struct summing *summing)
{
    const struct bar_columns *columns = &summing->columns;
    const struct together *together;

    for (unsigned i = summing->copied_end; i < columns->count;
         i += together->count) {
        together = &summing->together[i];
        if (together->columns == 0) {
            to = write_of_period(cells, to, &period_at_hand(summing)->span,
                                 columns->codes[i]);
            continue;
        }
        to = bar_summary_write(to, &summing->summary, together->columns,
                               &summing->fronts[i], &summing->none);
        cells_row_go_on(cells, i + together->count);
    }
    return to;
}

static void
put_row(struct bar_table *table, struct summing *summing)
{
    struct cells_writer *cells = &table->cells;
    char *to = cells_row_begin(cells, table->out);

    if (to == NULL)
        return;
    memcpy(to, summing->security_text, SECURITY_BYTES);
    to = write_period(cells, to + summing->security_len, summing);
    to = write_others(cells, to, summing);
    cells_row_end(cells, table->out, to);
}

static void
end(struct bar_table *table)
{
    struct summing *summing = table->state;

    if (summing->summary.days == 0)
        return;
    put_row(table, summing);
    summing->summary.days = 0;
}

static void
begin_security(struct summing *summing, struct cells_writer *cells,
               int64_t security_id)
{
    char *text = summing->security_text;

    cells_row_go_on(cells, COLUMN_SECURITY_ID);
    summing->security_id = security_id;
    summing->security_len =
        (size_t)(write_number(cells, text, (uint64_t)security_id) - text);
}

/* A bar comes; false: it would begin a row that the page has no room for. */
static bool
come_to(struct bar_table *table, int64_t security_id, struct date day)
{
    struct summing *summing = table->state;

    if (security_id != summing->security_id ||
        day.days >= period_at_hand(summing)->span.end.days)
        end(table);
    if (summing->summary.days > 0)
        return true;
    if (!bar_table_admit(table, security_id, day))
        return false;
    if (security_id != summing->security_id)
        begin_security(summing, &table->cells, security_id);
    bar_periods_seek(&summing->periods, summing->table, day);
    return true;
}

static enum visit
sum_up(struct bar_table *table, const struct bar_span *span)
{
    struct summing *summing = table->state;

    for (size_t i = span->wanted; i < span->count; i++) {
        if (!come_to(table, span->security_id, span->bars[i].date))
            return VISIT_STOP;
        bar_summary_add(&summing->summary, &span->bars[i]);
    }
    return VISIT_NEXT;
}

static enum visit
sum_up_run(struct bar_table *table, const struct bar_run_span *span)
{
    struct summing *summing = table->state;
    const struct bar_run *run = span->run;
    size_t first = span->wanted, behind;
    uint32_t days; /* from first on */

    if (first == run->count)
        return VISIT_NEXT;
    days = bar_run_days_from(run, bar_run_date(run, first));
    for (; days != 0; first = behind) {
        struct date day = { run->month.days + __builtin_ctz(days) };

        if (!come_to(table, span->security_id, day))
            return VISIT_STOP;
        days = bar_run_days_from(run, period_at_hand(summing)->span.end);
        behind = run->count - bar_days_count(days);
        bar_summary_add_run(&summing->summary, run, first, behind);
    }
    return VISIT_NEXT;
}

static void
renew(void *state)
{
    struct summing *summing = state;

    summing->summary.days = 0;
}

static const struct bar_rows rows = {
    .columns = name_columns,
    .span = sum_up,
    .run_span = sum_up_run,
    .end = end,
    .renew = renew,
    .free = free,
};

/* False: the response is set. */
static bool
period_read(struct request *request, struct response *response,
            enum period *out)
{
    struct str text = request_param(request, "period");

    for (unsigned i = 0; i < PERIODS && text.data != NULL; i++) {
        *out = i;
        if (str_equal(text, str_of(period_names[i])))
            return true;
    }
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "period is %s: week, month, quarter or year",
                text.data == NULL ? "missing" : "unknown");
    return false;
}

/* All that a row can have. */
static struct bar_columns
columns_of(enum period period)
{
    struct bar_columns columns = { .count = 0 };

    bar_columns_add(&columns, "security_id", COLUMN_SECURITY_ID);
    bar_columns_add(&columns, "period_start", COLUMN_START);
    bar_columns_add(&columns, "period_end", COLUMN_END);
    bar_columns_add(&columns, "year", COLUMN_YEAR);
    if (period != PERIOD_YEAR)
        bar_columns_add(&columns, period_names[period], COLUMN_NUMBER);
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++)
        bar_columns_add(&columns, summary_column_names[i], COLUMN_SUMMARY + i);
    return columns;
}

/* What rows have in common. */
static void
make_ready(struct summing *summing, enum media media)
{
    const struct bar_columns *columns = &summing->columns;
    struct cells_writer cells;

    cells_init(&cells, media);
    name_columns(summing, &cells);
    summing->none = cell_text_of(cells_none(&cells));
    for (unsigned i = columns->count; i-- > 0;) {
        struct together *together = &summing->together[i];
        unsigned code = columns->codes[i];

        summing->fronts[i] = cell_text_of(cells_row_before(&cells, i));
        *together = (struct together){ 0, 1 };
        if (code < COLUMN_SUMMARY)
            continue;
        together->columns = SUMMARY_BIT(code - COLUMN_SUMMARY);
        if (i + 1 == columns->count || columns->codes[i + 1] < code)
            continue;
        together->columns |= together[1].columns;
        together->count += together[1].count;
    }
}

/* NULL: out of memory. No two rows of one security are of one period: nothing
 * is kept for others. */
static struct summing *
summing_new(enum period period, const struct bar_columns *columns,
            struct bar_question *question)
{
    uint16_t slots = question->is_of_one ? 1 : BAR_PERIODS_SHARED;
    struct summing *summing;

    question->state_bytes = sizeof *summing + slots * sizeof *summing->table;
    summing = calloc(1, question->state_bytes);
    if (summing == NULL)
        return NULL;
    summing->security_id = NO_SECURITY;
    summing->columns = *columns;
    summing->periods = (struct bar_periods){ .period = period, .slots = slots };
    summing->copied_end = COLUMN_START;
    while (!question->is_of_one && summing->copied_end < columns->count &&
           columns->codes[summing->copied_end] < COLUMN_SUMMARY)
        summing->copied_end++;
    question->state = summing;
    return summing;
}

static void
handle(struct request *request, struct response *response)
{
    struct bar_question question;
    struct bar_columns columns;
    enum period period;
    uint64_t known_tx;

    if (!bar_question_read(request, response, &question, &known_tx) ||
        !period_read(request, response, &period))
        return;
    columns = columns_of(period);
    if (!bar_columns_read(request, response, COLUMNS_FIXED, &columns))
        return;
    if (summing_new(period, &columns, &question) == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    make_ready(question.state, request->media);
    question.rows = &rows;
    bar_table_answer(request, response, &question, known_tx);
}

static const char *const params[] = {
    "period",   "columns", "from",   "to", "known_at",
    "known_tx", "limit",   "cursor", NULL,
};

const struct endpoint endpoint_security_summary = {
    .place = ON_LOOP,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};

const struct endpoint endpoint_prices_summary = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
