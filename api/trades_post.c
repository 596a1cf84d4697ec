/* POST /v1/trades: a batch of trades, ours or a vendor's, read by a worker on
 * its way to the writer. */
#include <assert.h>

#include "problem.h"
#include "secmaster/trades_reader.h"
#include "secmaster/vendor.h"
#include "service.h"
#include "submission.h"

/* Lives in the request's arena, what it points to on the heap. */
struct posting {
    struct worker_job reading; /* first: jobs are cast back */
    struct write_job job;
    struct complaints complaints;
    const struct vendor_adapter *adapter; /* NULL: our own shape */
    enum media media;
    struct out body; /* until it is read */
    enum err err;    /* of the worker */
    struct why why;
    bool is_submitted; /* to the writer */
};

/* False: the response is set. */
static bool
adapter_read(struct request *request, struct response *response,
             const struct vendor_adapter **out)
{
    struct str name = request_param(request, "adapter");

    *out = NULL;
    if (name.data == NULL)
        return true;
    *out = vendor_find(name);
    if (*out == NULL || (*out)->decode_trades == NULL) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "there is no adapter of this name for trades");
        return false;
    }
    assert(request->body_media == MEDIA_JSON); /* of an adapter: admission */
    return true;
}

static void
begin(struct request *request, struct response *response)
{
    struct posting *posting = arena_zalloc(request->arena, 1, sizeof *posting);

    if (posting == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    request->state = posting;
    out_init(&posting->body, BODY_BYTES_CEILING);
    complaints_init(&posting->complaints, request->arena);
    posting->media = request->body_media;
    if (!submission_flag(request, response, "dry_run", &posting->job.dry_run) ||
        !adapter_read(request, response, &posting->adapter))
        return;
    posting->job.trades = trade_batch_new(request->service->store->seed);
    if (posting->job.trades == NULL)
        problem_err(request, response, ERR_BUSY, NULL);
}

/* What the reader found wrong. */
static void
refuse(struct request *request, struct response *response, enum err err,
       const struct why *why)
{
    const struct posting *posting = request->state;

    if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_BODY, "%s", why->text);
    else if (err == ERR_INVALID)
        problem_list(request, response, PROBLEM_INVALID_TRADE,
                     &posting->complaints);
    else if (err == ERR_TOO_LARGE)
        problem_set(request, response, PROBLEM_TOO_LARGE,
                    "the document has too many values to be read at once: send "
                    "it in parts, or trades as application/x-ndjson");
    else
        problem_err(request, response, err, why);
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct posting *posting = request->state;
    enum err err;

    out_str(&posting->body, piece);
    err = out_finish(&posting->body);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

static void
read_on_worker(struct worker_job *job)
{
    struct posting *posting = (struct posting *)job;
    const struct vendor_adapter *adapter = posting->adapter;
    struct str text = out_text(&posting->body);

    if (adapter == NULL)
        posting->err = trades_read(text, posting->media, posting->job.trades,
                                   &posting->complaints, &posting->why);
    else
        posting->err = adapter->decode_trades(
            &(struct vendor_page){ text, str_of(adapter->name) },
            posting->job.trades, &posting->complaints, &posting->why);
    out_fini(&posting->body);
}

/* A tree of a large body takes a while: not on the loop. */
static void
handle(struct request *request, struct response *response)
{
    struct posting *posting = request->state;
    enum err err;

    posting->reading.item.home = request->home;
    posting->reading.item.owner = request;
    posting->reading.run = read_on_worker;
    err = workers_submit(request->service->workers, &posting->reading);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

/* Also by the writer's thread, which has all of it then. */
static void
print_answer(const struct write_job *job, struct out *out)
{
    const struct trade_batch *trades = job->trades;
    out_char(out, '{');
    submission_put_tx(out, job);
    out_print(out, "\"trades\":%u,\"unchanged\":%u,\"members\":%u}",
              trades->stored, trades->unchanged, trades->members_stored);
}

static void
submit(struct request *request, struct response *response)
{
    struct posting *posting = request->state;
    struct write_job *job = &posting->job;

    if (posting->err != OK) {
        refuse(request, response, posting->err, &posting->why);
        return;
    }
    posting->is_submitted = true;
    job->kind = BATCH_TRADES;
    job->bytes = trade_batch_bytes(job->trades);
    job->complaints = &posting->complaints;
    job->once.print = print_answer;
    job->once.status = 201;
    submission_send(request, response, job);
}

/* The worker has read the body, or the writer has judged it. */
static void
resume(struct request *request, struct response *response)
{
    const struct posting *posting = request->state;

    if (posting->is_submitted)
        submission_tell(request, response, &posting->job,
                        PROBLEM_INVALID_TRADE);
    else
        submit(request, response);
}

static void
drop(struct request *request)
{
    struct posting *posting = request->state;

    trade_batch_free(posting->job.trades);
    out_fini(&posting->body);
    out_fini(&posting->job.once.answer);
}

static const char *const params[] = { "adapter", "dry_run", NULL };

const struct endpoint endpoint_trades_post = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = params,
    .takes_key = true,
    .begin = begin,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
