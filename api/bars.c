/* GET /v1/securities/{security_id}/prices and /v1/prices: bars as they were
 * sent. */
#include "bar_table.h"
#include "knowledge.h"
#include "problem.h"
#include "secmaster/names.h"
#include "service.h"

static void
bar_columns(const void *state, struct cells_writer *cells)
{
    (void)state;
    cells_add(cells, STR("security_id"));
    cells_add(cells, STR("date"));
    for (unsigned i = 0; i < BAR_FIELDS; i++)
        cells_add(cells, str_of(bar_field_names[i]));
    cells_add(cells, STR("source"));
}

static void
put_bar(struct bar_table *table, int64_t security_id, const struct bar *bar)
{
    struct cells_writer *cells = &table->cells;
    struct out *out = table->out;
    struct str source =
        names_member(table->reading.store->sources, bar->source);

    cells_begin(cells, out);
    cells_next(cells, out);
    out_int(out, security_id);
    cells_date(cells, out, bar->date);
    for (unsigned i = 0; i < BAR_FIELDS; i++)
        bar_table_put(table, bar, i);
    /* Without the quotes and the colon of `"name":`. */
    cells_string(cells, out, (struct str){ source.data + 1, source.len - 3 });
    cells_end(cells, out);
}

static enum visit
put_bars(struct bar_table *table, const struct bar_span *span)
{
    for (size_t i = span->wanted; i < span->count; i++) {
        const struct bar *bar = &span->bars[i];

        if (!bar_table_admit(table, span->security_id, bar->date))
            return VISIT_STOP;
        put_bar(table, span->security_id, bar);
    }
    return VISIT_NEXT;
}

static const struct bar_rows rows = {
    .columns = bar_columns,
    .span = put_bars,
};

static void
handle_security(struct request *request, struct response *response)
{
    struct bar_question question;
    uint64_t known_tx;

    if (!bar_question_read(request, response, &question, &known_tx))
        return;
    question.rows = &rows;
    bar_table_answer(request, response, &question, known_tx);
}

static void
handle_day(struct request *request, struct response *response)
{
    struct bar_question question;
    uint64_t known_tx;
    struct date day;
    bool is_given;

    if (!bar_question_read(request, response, &question, &known_tx) ||
        !date_read(request, response, "date", &is_given, &day))
        return;
    if (!is_given) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "date is missing: the day whose bars are wanted");
        return;
    }
    question.rows = &rows;
    question.window = (struct window){ day, { day.days + 1 } };
    bar_table_answer(request, response, &question, known_tx);
}

static const char *const security_params[] = {
    "from", "to", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_security_prices = {
    .place = ON_LOOP,
    .gives = MEDIA_TABLES,
    .params = security_params,
    .handle = handle_security,
};

static const char *const day_params[] = {
    "date", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_prices_of_day = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = day_params,
    .handle = handle_day,
};
