/* A write on its way: once, or not at all, or again with the same answer. */
#include "submission.h"

#include <string.h>
#include <strings.h>

#include "route.h"
#include "service.h"

#define KEY_HEADER "Idempotency-Key"
#define RETRY_AFTER_SECONDS 1

/* Lives in the request's arena. */
struct submission {
    struct str key;
    struct digester *digester;
};

/*
 * Of bytes as they were sent: nobody has to agree on what a body means. Keys
 * are one space for all writes, so the method and the target belong to it, or
 * the same body sent elsewhere would get an answer from here; and the media
 * type, as the same bytes can be read two ways.
 */
void
submission_digest(struct digester *digester, const struct submission_head *head)
{
    digester_begin(digester);
    digester_add(digester, head->method);
    digester_add(digester, STR(" "));
    digester_add(digester, head->target);
    digester_add(digester, STR("\n"));
    digester_add(digester, str_of(media_type(head->media)));
    digester_add(digester, STR("\n"));
}

static bool
is_key(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '!' || text.data[i] > '~')
            return false;
    }
    return text.len > 0 && text.len <= IDEMPOTENCY_KEY_BYTES_MAX;
}

static size_t
count_keys(const struct request *request)
{
    size_t count = 0;

    for (size_t i = 0; i < request->header_count; i++) {
        struct str name = request->headers[i].name;

        count += name.len == strlen(KEY_HEADER) &&
                 strncasecmp(name.data, KEY_HEADER, name.len) == 0;
    }
    return count;
}

void
submission_begin(struct request *request, struct response *response)
{
    struct str key = request_header(request, KEY_HEADER);
    struct submission *submission;

    if (!request->route->endpoint->takes_key || key.data == NULL)
        return;
    if (count_keys(request) > 1 || !is_key(key)) {
        problem_set(request, response, PROBLEM_MALFORMED_REQUEST,
                    "an Idempotency-Key is one header of 1 to %d visible "
                    "characters",
                    IDEMPOTENCY_KEY_BYTES_MAX);
        return;
    }
    submission = arena_zalloc(request->arena, 1, sizeof *submission);
    if (submission != NULL)
        submission->digester = digester_new();
    if (submission == NULL || submission->digester == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    submission->key = key;
    submission_digest(submission->digester, &(struct submission_head){
                                                .method = request->method_text,
                                                .target = request->target,
                                                .media = request->body_media,
                                            });
    request->submission = submission;
}

void
submission_piece(struct request *request, struct str piece)
{
    if (request->submission != NULL)
        digester_add(request->submission->digester, piece);
}

void
submission_end(struct request *request)
{
    if (request->submission != NULL)
        digester_free(request->submission->digester);
    request->submission = NULL;
}

bool
submission_flag(struct request *request, struct response *response,
                const char *name, bool *out)
{
    struct str value = request_param(request, name);

    *out = value.data != NULL && str_equal(value, STR("true"));
    if (value.data == NULL || *out || str_equal(value, STR("false")))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "%s is true or false", name);
    return false;
}

static enum err
set_key(struct submission *submission, struct write_once *once)
{
    if (submission == NULL)
        return OK;
    once->key = submission->key;
    return digester_end(submission->digester, once->digest);
}

void
submission_send(struct request *request, struct response *response,
                struct write_job *job)
{
    enum err err = set_key(request->submission, &job->once);

    job->item.home = request->home;
    job->item.owner = request;
    if (err == OK)
        err = writer_submit(request->service->writer, job);
    if (err == ERR_CONFLICT) {
        problem_set(request, response, PROBLEM_CONFLICT,
                    "a request with this Idempotency-Key is in flight");
        response_header(request, response, "Retry-After", "%d",
                        RETRY_AFTER_SECONDS);
    } else if (err != OK) {
        problem_err(request, response, err, NULL);
    }
}

/* The body is the first answer's: what goes with it. */
static void
tell_stored(struct request *request, struct response *response,
            const struct write_job *job)
{
    if (job->once.status == 201)
        response_header(request, response, "Location", "/v1/transactions/%llu",
                        (unsigned long long)job->tx);
    response->status = job->once.status;
    response->media = MEDIA_JSON;
    response->tx = job->tx;
    response->tx_set = true;
}

static void
repeat(struct request *request, struct response *response,
       const struct write_job *job)
{
    out_str(&response->body, out_text(&job->once.answer));
    response_header(request, response, "Idempotency-Replayed", "true");
    tell_stored(request, response, job);
}

/* Whether the key settles the answer, which is then given. */
static bool
is_settled(struct request *request, struct response *response,
           const struct write_job *job)
{
    switch (job->once.found) {
    case ONCE_FIRST:
        return false;
    case ONCE_AGAIN:
        if (job->err != OK)
            return false;
        repeat(request, response, job);
        return true;
    case ONCE_OTHER:
        problem_set(request, response, PROBLEM_KEY_REUSED,
                    "the Idempotency-Key was used for a request with another "
                    "method, path, query or body");
        return true;
    }
    return false;
}

static bool
is_stored(const struct write_job *job)
{
    return !job->dry_run && !job->is_known;
}

void
submission_tell(struct request *request, struct response *response,
                const struct write_job *job, enum problem invalid)
{
    if (is_settled(request, response, job))
        return;
    if (job->err == ERR_INVALID) {
        problem_list(request, response, invalid, job->complaints);
        return;
    }
    if (job->err != OK) {
        problem_err(request, response, job->err, &job->why);
        return;
    }
    job->once.print(job, &response->body);
    if (is_stored(job)) {
        tell_stored(request, response, job);
        return;
    }
    response->status = 200;
    response->media = MEDIA_JSON;
}

void
submission_put_tx(struct out *out, const struct write_job *job)
{
    char recorded_at[INSTANT_TEXT_BYTES];

    if (!is_stored(job))
        return;
    instant_format(job->recorded_at, recorded_at);
    out_print(out, "\"tx\":%llu,\"recorded_at\":\"%.*s\",",
              (unsigned long long)job->tx, INSTANT_TEXT_BYTES, recorded_at);
}
