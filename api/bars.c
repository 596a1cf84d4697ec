/* GET /v1/securities/{security_id}/prices and /v1/prices: bars as they were
 * sent. */
#include <stdlib.h>
#include <string.h>

#include "bar_columns.h"
#include "bar_table.h"
#include "knowledge.h"
#include "problem.h"
#include "secmaster/names.h"
#include "service.h"

/* What stands in a row beside the fields, whose columns have their numbers. */
enum {
    COLUMN_SECURITY_ID = BAR_FIELDS,
    COLUMN_DATE,
    COLUMN_SOURCE,
};

/* The first so many are in every row. */
#define COLUMNS_FIXED 2

static void
name_columns(const void *state, struct cells_writer *cells)
{
    bar_columns_name(state, cells);
}

static void
put_source(struct bar_table *table, uint32_t source)
{
    struct str name = names_member(table->reading.store->sources, source);

    /* Without the quotes and the colon of `"name":`. */
    cells_string(&table->cells, table->out,
                 (struct str){ name.data + 1, name.len - 3 });
}

static void
put_column(struct bar_table *table, int64_t security_id, const struct bar *bar,
           unsigned column)
{
    switch (column) {
    case COLUMN_SECURITY_ID:
        cells_next(&table->cells, table->out);
        out_int(table->out, security_id);
        return;
    case COLUMN_DATE:
        cells_date(&table->cells, table->out, bar->date);
        return;
    case COLUMN_SOURCE:
        put_source(table, bar->source);
        return;
    }
    bar_table_put(table, bar, column);
}

static void
put_bar(struct bar_table *table, int64_t security_id, const struct bar *bar)
{
    const struct bar_columns *columns = table->state;

    cells_begin(&table->cells, table->out);
    for (unsigned i = 0; i < columns->count; i++)
        put_column(table, security_id, bar, columns->codes[i]);
    cells_end(&table->cells, table->out);
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
    .columns = name_columns,
    .span = put_bars,
    .free = free,
};

static void
answer(struct request *request, struct response *response,
       struct bar_question *question, uint64_t known_tx)
{
    struct bar_columns columns = { .count = 0 };

    bar_columns_add(&columns, "security_id", COLUMN_SECURITY_ID);
    bar_columns_add(&columns, "date", COLUMN_DATE);
    for (unsigned i = 0; i < BAR_FIELDS; i++)
        bar_columns_add(&columns, bar_field_names[i], i);
    bar_columns_add(&columns, "source", COLUMN_SOURCE);
    if (!bar_columns_read(request, response, COLUMNS_FIXED, &columns))
        return;
    question->rows = &rows;
    question->state = malloc(sizeof columns);
    question->state_bytes = sizeof columns;
    if (question->state == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    memcpy(question->state, &columns, sizeof columns);
    bar_table_answer(request, response, question, known_tx);
}

static void
handle_security(struct request *request, struct response *response)
{
    struct bar_question question;
    uint64_t known_tx;

    if (bar_question_read(request, response, &question, &known_tx))
        answer(request, response, &question, known_tx);
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
    question.window = (struct window){ day, { day.days + 1 } };
    answer(request, response, &question, known_tx);
}

static const char *const security_params[] = {
    "columns", "from", "to", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_security_prices = {
    .place = ON_LOOP,
    .gives = MEDIA_TABLES,
    .params = security_params,
    .handle = handle_security,
};

static const char *const day_params[] = {
    "date", "columns", "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_prices_of_day = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = day_params,
    .handle = handle_day,
};
