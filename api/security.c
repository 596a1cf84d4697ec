/* GET /v1/securities/{security_id}: one row, the one in force on a day. */
#include "knowledge.h"
#include "lone_row.h"
#include "number.h"
#include "problem.h"
#include "reading.h"
#include "service.h"

struct answer {
    struct request *request;
    struct out *out;
    const struct names *attributes;
    bool found;
    enum err err;
};

static enum visit
visit_row(void *context, const struct row *row)
{
    struct answer *answer = context;

    answer->found = true;
    answer->err = lone_row_print(row, answer->attributes,
                                 answer->request->media, answer->out);
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
