/* GET /v1/securities/{security_id}: one row, the one in force on a day. */
#include <stdlib.h>

#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "reading.h"
#include "secmaster/rows_writer.h"
#include "service.h"

struct answer {
    struct request *request;
    struct out *out;
    const struct names *attributes;
    bool found;
    enum err err;
};

static void
write_row(const struct answer *answer, const struct sheet *sheet,
          const struct line *line)
{
    const struct rows_format *format = rows_format(answer->request->media);

    if (answer->request->media == MEDIA_JSON) {
        rows_object(answer->out, sheet, line);
        return;
    }
    format->head(answer->out, sheet);
    format->line(answer->out, sheet, line, true);
    format->tail(answer->out);
}

/* The columns are the row's own cells. */
static enum err
columns_of_row(struct columns *columns, const struct row *row,
               const struct names *attributes)
{
    for (size_t i = 0; i < row->cell_count; i++)
        TRY(columns_add(columns, row->cells[i].attribute));
    return columns_sort(columns, attributes);
}

static enum visit
visit_row(void *context, const struct row *row)
{
    struct answer *answer = context;
    struct columns columns;
    struct sheet sheet = { SHEET_ROWS, &columns, answer->attributes };
    struct row_fixed buffer;
    const struct cell **cells = calloc(row->cell_count + 1, sizeof *cells);
    struct line line = { .cells = cells };

    answer->found = true;
    columns_init(&columns);
    answer->err = cells == NULL
                      ? ERR_BUSY
                      : columns_of_row(&columns, row, answer->attributes);
    if (answer->err == OK) {
        columns_spread(&columns, row, cells);
        row_fix(row, &buffer, &line);
        write_row(answer, &sheet, &line);
        answer->err = out_finish(answer->out);
    }
    columns_fini(&columns);
    free(cells);
    return VISIT_STOP;
}

/* There is no row on that day; say why. */
static void
answer_nothing(struct request *request, struct response *response,
               const struct reading *reading)
{
    long long id = (long long)reading->first_security;
    struct why why = { 0 };
    bool is_known, exists = false;
    enum err err =
        reading_knows(reading, reading->first_security, &is_known, &why);

    if (err == OK && is_known)
        err = reading_exists(reading, reading->first_security, &exists, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
    else if (exists)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "security %lld has not yet begun on that day", id);
    else if (is_known)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "every fact about security %lld was withdrawn", id);
    else
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "security %lld is unknown", id);
}

static void
handle(struct request *request, struct response *response)
{
    struct store *store = request->service->store;
    struct answer answer = { request, &response->body, store->attributes, false,
                             OK };
    struct why why = { 0 };
    struct reading reading;
    struct clocks clocks;
    struct turn turn;
    int64_t id;
    enum err err;

    if (!security_id_read(request, response, &id) ||
        !clocks_read(request, response, &clocks))
        return;
    reading = reading_all(store, clocks.known_tx);
    reading.first_security = reading.last_security = id;
    reading.window.from = clocks.as_of;
    reading.window.to.days = clocks.as_of.days + 1;
    turn = TURN_WHOLE(id);
    err = reading_rows(&reading, &turn, visit_row, &answer, &why);
    if (err == OK)
        err = answer.err;
    if (err != OK) {
        problem_err(request, response, err, &why);
        return;
    }
    if (!answer.found) {
        answer_nothing(request, response, &reading);
        return;
    }
    response->status = 200;
    response->media = request->media;
}

static const char *const params[] = { "as_of", "known_at", "known_tx", NULL };

const struct endpoint endpoint_security = {
    .place = ON_LOOP,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
