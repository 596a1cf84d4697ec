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

static void
put_row(struct bar_table *table, const struct summing *summing)
{
    struct cells_writer *cells = &table->cells;
    struct out *out = table->out;

    cells_begin(cells, out);
    cells_next(cells, out);
    out_int(out, summing->security_id);
    cells_date(cells, out, summing->span.start);
    cells_date(cells, out, summing->span.end);
    cells_next(cells, out);
    out_int(out, summing->span.year);
    if (summing->period != PERIOD_YEAR) {
        cells_next(cells, out);
        out_int(out, summing->span.number);
    }
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++) {
        cells_next(cells, out);
        if (!bar_summary_put(out, &summing->summary, i))
            cells_no_number(cells, out);
    }
    cells_end(cells, out);
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

static enum visit
sum_up(struct bar_table *table, const struct bar_span *span)
{
    struct summing *summing = table->state;

    if (span->security_id != summing->security_id)
        end(table);
    for (size_t i = span->wanted; i < span->count; i++) {
        const struct bar *bar = &span->bars[i];

        if (bar->date.days >= summing->span.end.days)
            end(table);
        if (summing->summary.days == 0) {
            if (!bar_table_admit(table, span->security_id, bar->date))
                return VISIT_STOP;
            summing->security_id = span->security_id;
            summing->span = period_of(summing->period, bar->date);
        }
        bar_summary_add(&summing->summary, bar);
    }
    return VISIT_NEXT;
}

static const struct bar_rows rows = {
    .columns = summary_columns,
    .span = sum_up,
    .end = end,
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
