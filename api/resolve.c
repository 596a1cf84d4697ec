/* GET /v1/resolve: which security bore an identifier on a day. */
#include <stdatomic.h>

#include "filters.h"
#include "knowledge.h"
#include "problem.h"
#include "secmaster/bounds.h"
#include "service.h"

/* Who bears it, ascending: the first are listed, all are counted. */
struct bearers {
    const struct selection *selection;
    int64_t ids[BEARERS_LISTED_MAX];
    uint64_t count;
};

static enum visit
visit_row(void *context, const struct row *row)
{
    struct bearers *bearers = context;

    if (!selection_has(bearers->selection, row))
        return VISIT_NEXT;
    if (bearers->count < BEARERS_LISTED_MAX)
        bearers->ids[bearers->count] = row->security_id;
    bearers->count++;
    return VISIT_NEXT;
}

/* Many may once have borne what one does: a view for some of them at a time. */
static enum err
find_bearers(const struct reading *reading, struct bearers *bearers,
             struct why *why)
{
    struct turn turn = { reading->first_security, BEFORE_ALL,
                         STREAM_RECORDS_MAX, true };

    while (turn.cut) {
        if (atomic_load(reading->stop))
            return ERR_BUSY;
        TRY(reading_rows(reading, &turn, visit_row, bearers, why));
    }
    return OK;
}

static void
answer_none(struct request *request, struct response *response,
            const struct reading *reading)
{
    char day[DATE_TEXT_BYTES];

    date_format(reading->window.from, day);
    problem_set(request, response, PROBLEM_NOT_FOUND,
                "on %.*s no security bears the %.*s \"%.*s\"", DATE_TEXT_BYTES,
                day, STR_ARG(request_param(request, "attribute")),
                STR_ARG(request_param(request, "value")));
}

static void
answer_many(struct request *request, struct response *response,
            const struct reading *reading, const struct bearers *bearers)
{
    unsigned long long count = bearers->count;
    struct out *out = &response->body;
    char day[DATE_TEXT_BYTES];

    date_format(reading->window.from, day);
    problem_begin(request, response, PROBLEM_AMBIGUOUS,
                  "on %.*s %llu securities bear the %.*s \"%.*s\"",
                  DATE_TEXT_BYTES, day, count,
                  STR_ARG(request_param(request, "attribute")),
                  STR_ARG(request_param(request, "value")));
    out_print(out, ",\"candidate_count\":%llu,\"candidates\":[", count);
    for (size_t i = 0; i < count && i < BEARERS_LISTED_MAX; i++) {
        if (i > 0)
            out_char(out, ',');
        out_int(out, bearers->ids[i]);
    }
    out_str(out, STR("]}"));
}

static void
answer_one(struct request *request, struct response *response,
           const struct reading *reading, int64_t security_id)
{
    struct out *out = &response->body;

    out_str(out, STR("{\"attribute\":"));
    out_json(out, request_param(request, "attribute"));
    out_str(out, STR(",\"value\":"));
    out_json(out, request_param(request, "value"));
    out_str(out, STR(",\"as_of\":\""));
    out_date(out, reading->window.from);
    out_print(out, "\",\"security_id\":%lld}", (long long)security_id);
    response->status = 200;
    response->media = MEDIA_JSON;
}

static void
resolve(struct request *request, struct response *response,
        const struct reading *reading)
{
    struct bearers bearers = { .selection = &reading->selection };
    struct reading picked = *reading;
    struct why why = { 0 };
    struct picks picks;
    enum err err;

    picks_init(&picks);
    picked.picks = &picks;
    err = find_bearers(&picked, &bearers, &why);
    picks_fini(&picks);
    if (err != OK)
        problem_err(request, response, err, &why);
    else if (bearers.count == 0)
        answer_none(request, response, reading);
    else if (bearers.count == 1)
        answer_one(request, response, reading, bearers.ids[0]);
    else
        answer_many(request, response, reading, &bearers);
}

/* False: the response is set. */
static bool
is_given(struct request *request, struct response *response, const char *name)
{
    if (request_param(request, name).data != NULL)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER, "%s is missing",
                name);
    return false;
}

static void
handle(struct request *request, struct response *response)
{
    struct condition condition;
    struct reading reading;
    struct clocks clocks;
    uint32_t attribute;

    if (!is_given(request, response, "attribute") ||
        !is_given(request, response, "value") ||
        !clocks_read(request, response, &clocks))
        return;
    reading = reading_all(request->service->store, clocks.known_tx);
    reading.window.from = clocks.as_of;
    reading.window.to.days = clocks.as_of.days + 1;
    reading.stop = &request->service->draining;
    if (!attribute_find(request, response, &reading,
                        request_param(request, "attribute"), &attribute) ||
        !equality_make(request, response, attribute,
                       request_param(request, "value"), &condition))
        return;
    reading.selection = (struct selection){ &condition, 1 };
    resolve(request, response, &reading);
}

static const char *const params[] = {
    "attribute", "value", "as_of", "known_at", "known_tx", NULL,
};

const struct endpoint endpoint_resolve = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
