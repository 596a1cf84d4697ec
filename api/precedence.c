/* GET and PUT /v1/precedence: whose word counts, and since which transaction.
 */
#include "knowledge.h"
#include "problem.h"
#include "secmaster/rule_reader.h"
#include "service.h"
#include "submission.h"

static void
put_list(struct out *out, const struct names *names,
         const struct rule_list *list)
{
    out_char(out, '[');
    for (uint32_t i = 0; i < list->source_count; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, names_text(names, list->sources[i]));
    }
    out_char(out, ']');
}

/* "default":[..],"attributes":{..}, as it was told; rule NULL: nothing was. */
static void
put_rule(struct out *out, const struct store *store, const struct rule *rule)
{
    static const struct rule_list nothing;
    const struct rule_list *lists = &nothing;
    uint32_t count = 1;

    if (rule != NULL)
        lists = rule_lists(rule, &count);
    out_str(out, STR("\"default\":"));
    put_list(out, store->sources, &lists[0]);
    out_str(out, STR(",\"attributes\":{"));
    for (uint32_t i = 1; i < count; i++) {
        if (i > 1)
            out_char(out, ',');
        out_str(out, names_member(store->attributes, lists[i].attribute));
        put_list(out, store->sources, &lists[i]);
    }
    out_char(out, '}');
}

static void
get(struct request *request, struct response *response)
{
    const struct store *store = request->service->store;
    struct out *out = &response->body;
    struct clocks clocks;

    if (!clocks_read(request, response, &clocks))
        return;
    out_char(out, '{');
    put_rule(out, store, rulebook_at(store->rules, clocks.known_tx));
    out_char(out, '}');
    response->status = 200;
    response->media = MEDIA_JSON;
}

static const char *const params[] = { "known_at", "known_tx", NULL };

const struct endpoint endpoint_precedence = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = get,
};

/* Lives in the request's arena, the body on the heap. */
struct putting {
    struct write_job job;
    struct complaints complaints;
    struct rule_names rule;
    struct out body;
};

static void
begin(struct request *request, struct response *response)
{
    struct putting *putting = arena_zalloc(request->arena, 1, sizeof *putting);

    if (putting == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    out_init(&putting->body, RULE_BODY_BYTES_MAX);
    complaints_init(&putting->complaints, request->arena);
    request->state = putting;
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct putting *putting = request->state;
    enum err err;

    out_str(&putting->body, piece);
    err = out_finish(&putting->body);
    if (err == ERR_TOO_LARGE)
        problem_set(request, response, PROBLEM_TOO_LARGE,
                    "a rule of precedence may have at most %lu bytes",
                    RULE_BODY_BYTES_MAX);
    else if (err != OK)
        problem_err(request, response, err, NULL);
}

static void
put_sources(struct out *out, const struct rule_names_list *list)
{
    out_char(out, '[');
    for (uint32_t i = 0; i < list->source_count; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, list->sources[i]);
    }
    out_char(out, ']');
}

/* As put_rule has it, from the words: the writer asks for it before the
 * dictionaries know them. */
static void
print_answer(const struct write_job *job, struct out *out)
{
    const struct rule_names *rule = job->rule;

    out_print(out, "{\"tx\":%llu,\"default\":", (unsigned long long)job->tx);
    put_sources(out, &rule->lists[0]);
    out_str(out, STR(",\"attributes\":{"));
    for (uint32_t i = 1; i < rule->list_count; i++) {
        if (i > 1)
            out_char(out, ',');
        out_json(out, rule->lists[i].attribute);
        out_char(out, ':');
        put_sources(out, &rule->lists[i]);
    }
    out_str(out, STR("}}"));
}

static void
handle(struct request *request, struct response *response)
{
    struct putting *putting = request->state;
    struct write_job *job = &putting->job;
    struct why why = { 0 };
    enum err err = rule_read(out_text(&putting->body), request->arena,
                             &putting->complaints, &putting->rule, &why);

    if (err != OK) {
        problem_body(request, response, err, &putting->complaints, &why);
        return;
    }
    job->kind = BATCH_PRECEDENCE;
    job->rule = &putting->rule;
    job->bytes = putting->body.capacity;
    job->complaints = &putting->complaints;
    job->once.print = print_answer;
    job->once.status = 200;
    submission_send(request, response, job);
}

static void
resume(struct request *request, struct response *response)
{
    const struct putting *putting = request->state;

    submission_tell(request, response, &putting->job, PROBLEM_INVALID_BODY);
}

static void
drop(struct request *request)
{
    struct putting *putting = request->state;

    out_fini(&putting->body);
    out_fini(&putting->job.once.answer);
}

const struct endpoint endpoint_precedence_put = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_BIT(MEDIA_JSON),
    .takes_key = true,
    .begin = begin,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
