/* /v1/vendors/{vendor}/runs: what was asked of a vendor, and what came of it;
 * asking for more, and ending it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "polling.h"
#include "problem.h"
#include "secmaster/run_asked.h"
#include "service.h"

static void
put_day(struct out *out, const char *name, const struct run_info *run,
        struct date date)
{
    out_print(out, ",\"%s\":", name);
    if (!run->has_range) {
        out_str(out, STR("null"));
        return;
    }
    out_char(out, '"');
    out_date(out, date);
    out_char(out, '"');
}

static void
put_run(struct out *out, const struct run_info *run)
{
    out_print(out,
              "{\"run\":\"%llu\",\"vendor\":", (unsigned long long)run->id);
    out_json(out, run->vendor);
    out_str(out, STR(",\"dataset\":"));
    out_json(out, run->dataset);
    put_day(out, "from", run, run->from);
    put_day(out, "to", run, run->to);
    out_print(out, ",\"state\":\"%s\"", run_state_name(run->state));
    polling_put_instant(out, "started_at", run->started_at);
    polling_put_instant(out, "finished_at", run->finished_at);
    polling_put_number(out, "done", run->done);
    if (run->total == 0)
        out_str(out, STR(",\"total\":null"));
    else
        polling_put_number(out, "total", run->total);
    polling_put_instant(out, "estimated_end", run->estimated_end);
    polling_put_number(out, "pages", run->pages);
    polling_put_number(out, "stored", run->stored);
    polling_put_number(out, "unchanged", run->unchanged);
    out_str(out, STR(",\"error\":"));
    if (run->error[0] == '\0')
        out_str(out, STR("null"));
    else
        out_json(out, str_of(run->error));
    out_char(out, '}');
}

/* One more than are asked for tell whether the list goes on. */
static void
list(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct out *out = &response->body;
    struct polling_page asked;
    struct str vendor;
    struct run_info *runs;
    size_t count;

    if (!polling_page_read(request, response, &asked) ||
        !polling_vendor_read(request, response, &vendor))
        return;
    runs = calloc((size_t)asked.limit + 1, sizeof *runs);
    if (runs == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    const struct poller_run_page page = { vendor, asked.before,
                                          (size_t)asked.limit + 1 };

    count = polling->runs(polling->poller, &page, runs);
    out_str(out, STR("{\"runs\":["));
    for (size_t i = 0; i < count && i < asked.limit; i++) {
        if (i > 0)
            out_char(out, ',');
        put_run(out, &runs[i]);
    }
    out_char(out, ']');
    polling_list_end(request, response,
                     count > asked.limit ? runs[asked.limit - 1].id : 0);
    free(runs);
}

static const char *const list_params[] = { "limit", "cursor", NULL };

const struct endpoint endpoint_runs = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = list_params,
    .handle = list,
};

/* Whose run, and which. False: the response is set. */
static bool
run_read(struct request *request, struct response *response, struct str *vendor,
         uint64_t *run)
{
    return polling_number_read(request, response, 1, run) &&
           polling_vendor_read(request, response, vendor);
}

static void
refuse_unknown(struct request *request, struct response *response)
{
    problem_set(request, response, PROBLEM_NOT_FOUND,
                "the vendor has no such run");
}

static void
get(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct run_info run;
    struct str vendor;
    uint64_t id;

    if (!run_read(request, response, &vendor, &id))
        return;
    if (polling->run(polling->poller, vendor, id, &run) != OK) {
        refuse_unknown(request, response);
        return;
    }
    put_run(&response->body, &run);
    polling_answer(request, response, 200);
}

static const char *const no_params[] = { NULL };

const struct endpoint endpoint_run = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = no_params,
    .handle = get,
};

static void
cancel(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct why why = { "" };
    struct run_info run;
    struct str vendor;
    uint64_t id;
    enum err err;

    if (!run_read(request, response, &vendor, &id))
        return;
    err = polling->cancel(polling->poller, vendor, id, &run, &why);
    if (err == ERR_NOT_FOUND) {
        refuse_unknown(request, response);
    } else if (err == ERR_CONFLICT) {
        problem_set(request, response, PROBLEM_CONFLICT,
                    "the run has ended already");
    } else if (err != OK) {
        problem_err(request, response, err, &why);
    } else {
        put_run(&response->body, &run);
        polling_answer(request, response, 200);
    }
}

const struct endpoint endpoint_run_delete = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = no_params,
    .handle = cancel,
};

/* Lives in the request's arena, the body on the heap. */
struct posting {
    struct out body;
    struct complaints complaints;
};

static void
begin(struct request *request, struct response *response)
{
    struct posting *posting = arena_zalloc(request->arena, 1, sizeof *posting);

    if (posting == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    out_init(&posting->body, RUN_ASKED_BYTES_MAX);
    complaints_init(&posting->complaints, request->arena);
    request->state = posting;
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct posting *posting = request->state;
    enum err err;

    out_str(&posting->body, piece);
    err = out_finish(&posting->body);
    if (err == ERR_TOO_LARGE)
        problem_set(request, response, PROBLEM_TOO_LARGE,
                    "what is to be fetched is said in %d bytes at most",
                    RUN_ASKED_BYTES_MAX);
    else if (err != OK)
        problem_err(request, response, err, NULL);
}

/* Where the vendor is left alone for now, it is said for how long. */
static void
refuse_busy(struct request *request, struct response *response, int64_t wait_us,
            const struct why *why)
{
    if (wait_us <= 0) {
        problem_err(request, response, ERR_BUSY, why);
        return;
    }
    response_header(request, response, "Retry-After", "%lld",
                    (long long)((wait_us + 999999) / 1000000));
    problem_set(request, response, PROBLEM_UNAVAILABLE,
                "the vendor fails again and again, and is left alone for now");
}

static void
refuse(struct request *request, struct response *response, enum err err,
       const struct poller_answer *answer, const struct why *why)
{
    struct posting *posting = request->state;
    char pointer[32];

    if (err == ERR_INVALID) {
        assert(answer->member != NULL);
        (void)snprintf(pointer, sizeof pointer, "/%s", answer->member);
        complaints_add(&posting->complaints, pointer, 0, "%s", why->text);
        problem_list(request, response, PROBLEM_INVALID_BODY,
                     &posting->complaints);
    } else if (err == ERR_CONFLICT) {
        problem_begin(request, response, PROBLEM_CONFLICT,
                      "run %llu of this dataset is under way",
                      (unsigned long long)answer->run);
        out_print(&response->body, ",\"run\":\"%llu\"}",
                  (unsigned long long)answer->run);
    } else if (err == ERR_BUSY) {
        refuse_busy(request, response, answer->wait_us, why);
    } else {
        problem_err(request, response, err, why);
    }
}

/* It is on disk, and may even have begun. */
static void
tell(struct request *request, struct response *response, struct str vendor,
     uint64_t id)
{
    const struct polling *polling = request->service->polling;
    struct run_info run;
    enum err err = polling->run(polling->poller, vendor, id, &run);

    if (err != OK) {
        problem_err(request, response, ERR_INTERNAL, NULL);
        return;
    }
    put_run(&response->body, &run);
    response_header(request, response, "Location", "/v1/vendors/%.*s/runs/%llu",
                    STR_ARG(vendor), (unsigned long long)id);
    polling_answer(request, response, 202);
}

static void
post(struct request *request, struct response *response)
{
    const struct polling *polling = request->service->polling;
    struct posting *posting = request->state;
    struct poller_answer answer = { 0 };
    struct poller_request wanted = { 0 };
    struct run_asked asked;
    struct why why = { "" };
    enum err err;

    err = run_asked_read(out_text(&posting->body), request->arena,
                         &posting->complaints, &asked, &why);
    if (err != OK) {
        problem_body(request, response, err, &posting->complaints, &why);
        return;
    }
    if (!polling_vendor_read(request, response, &wanted.vendor))
        return;
    wanted.dataset = asked.dataset;
    wanted.has_from = asked.has_from;
    wanted.has_to = asked.has_to;
    wanted.from = asked.from;
    wanted.to = asked.to;
    err = polling->request(polling->poller, &wanted, &answer, &why);
    if (err == OK)
        tell(request, response, wanted.vendor, answer.run);
    else
        refuse(request, response, err, &answer, &why);
}

static void
drop(struct request *request)
{
    struct posting *posting = request->state;

    out_fini(&posting->body);
}

const struct endpoint endpoint_run_post = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_BIT(MEDIA_JSON),
    .params = no_params,
    .begin = begin,
    .body = body,
    .handle = post,
    .drop = drop,
};
