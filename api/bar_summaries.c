/* GET /v1/securities/{security_id}/prices/summary and /v1/prices/summary: a row
 * for each week, month, quarter or year that has bars. */
#include <stdlib.h>

#include "bar_table.h"
#include "problem.h"
#include "secmaster/bar_summary.h"
#include "secmaster/period.h"
#include "service.h"

/* The period at hand; its row is put when it is over. */
struct summing {
    enum period period;
    int64_t security_id;
    struct period_span span;
    struct bar_summary summary; /* no days: there is none */
};

static void
summary_columns(const void *state, struct cells_writer *cells)
{
    const struct summing *summing = state;

    cells_add(cells, STR("security_id"));
    cells_add(cells, STR("period_start"));
    cells_add(cells, STR("period_end"));
    cells_add(cells, STR("year"));
    if (summing->period != PERIOD_YEAR)
        cells_add(cells, str_of(period_names[summing->period]));
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++)
        cells_add(cells, str_of(summary_column_names[i]));
}

static char *
write_number(struct cells_writer *cells, char *to, uint64_t number)
{
    return decimal_write_whole(cells_row_next(cells, to), number);
}

static void
put_row(struct bar_table *table, const struct summing *summing)
{
    struct cells_writer *cells = &table->cells;
    char *to = cells_row_begin(cells, table->out);

    if (to == NULL)
        return;
    to = write_number(cells, to, (uint64_t)summing->security_id);
    to = cells_row_date(cells, to, summing->span.start);
    to = cells_row_date(cells, to, summing->span.end);
    to = write_number(cells, to, summing->span.year);
    if (summing->period != PERIOD_YEAR)
        to = write_number(cells, to, summing->span.number);
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
        char *from = cells_row_next(cells, to);

        to = bar_summary_write(from, &summing->summary, i);
        if (to == from)
            to = cells_row_no_number(cells, to);
    }
    cells_row_end(cells, table->out, to);
}

static void
end(struct bar_table *table)
{
    struct summing *summing = table->state;

    if (summing->summary.days == 0)
        return;
    put_row(table, summing);
    summing->summary = (struct bar_summary){ 0 };
}

/* A bar comes; false: it would begin a row that the page has no room for. */
static bool
come_to(struct bar_table *table, int64_t security_id, struct date day)
{
    struct summing *summing = table->state;

    if (security_id != summing->security_id ||
        day.days >= summing->span.end.days)
        end(table);
    if (summing->summary.days > 0)
        return true;
    if (!bar_table_admit(table, security_id, day))
        return false;
    summing->security_id = security_id;
    summing->span = period_behind(summing->period, &summing->span, day);
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
        days = bar_run_days_from(run, summing->span.end);
        behind = run->count - bar_days_count(days);
        bar_summary_add_run(&summing->summary, run, first, behind);
    }
    return VISIT_NEXT;
}

static void
renew(void *state)
{
    struct summing *summing = state;

    summing->summary = (struct bar_summary){ 0 };
}

static const struct bar_rows rows = {
    .columns = summary_columns,
    .span = sum_up,
    .run_span = sum_up_run,
    .end = end,
    .state_bytes = sizeof(struct summing),
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

static void
handle(struct request *request, struct response *response)
{
    struct bar_question question;
    struct summing *summing;
    enum period period;
    uint64_t known_tx;

    if (!bar_question_read(request, response, &question, &known_tx) ||
        !period_read(request, response, &period))
        return;
    summing = calloc(1, sizeof *summing);
    if (summing == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    summing->period = period;
    question.rows = &rows;
    question.state = summing;
    bar_table_answer(request, response, &question, known_tx);
}

static const char *const params[] = {
    "period", "from", "to", "known_at", "known_tx", "limit", "cursor", NULL,
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
