/* POST /v1/facts: a batch, parsed while it arrives, on its way to the disk. */
#include "problem.h"
#include "secmaster/facts_reader.h"
#include "service.h"

/* Lives in the request's arena, the batch and the reader on the heap. */
struct posting {
    struct write_job job;
    struct complaints complaints;
    struct facts_reader *reader;
};

static void
begin(struct request *request, struct response *response)
{
    struct posting *posting = arena_zalloc(request->arena, 1, sizeof *posting);

    if (posting == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    request->state = posting;
    complaints_init(&posting->complaints, request->arena);
    posting->job.batch = batch_new(request->service->store->seed);
    if (posting->job.batch != NULL)
        posting->reader = facts_reader_new(
            request->body_media, posting->job.batch, &posting->complaints);
    if (posting->reader == NULL)
        problem_err(request, response, ERR_BUSY, NULL);
}

/* What the reader found wrong. */
static void
refuse(struct request *request, struct response *response, enum err err,
       const struct why *why)
{
    struct posting *posting = request->state;

    if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_BODY, "%s", why->text);
    else if (err == ERR_INVALID)
        problem_list(request, response, PROBLEM_INVALID_FACT,
                     &posting->complaints);
    else
        problem_err(request, response, err, why);
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct posting *posting = request->state;
    struct why why = { 0 };
    enum err err = facts_reader_feed(posting->reader, piece, &why);

    if (err != OK)
        refuse(request, response, err, &why);
}

/* About what a batch holds in memory. */
static size_t
batch_bytes(const struct batch *batch)
{
    return batch->fact_capacity * sizeof batch->facts[0] +
           batch->record_count * sizeof batch->records[0] +
           batch->text.capacity;
}

static void
handle(struct request *request, struct response *response)
{
    struct posting *posting = request->state;
    struct write_job *job = &posting->job;
    struct why why = { 0 };
    enum err err = facts_reader_finish(posting->reader, &why);

    if (err != OK) {
        refuse(request, response, err, &why);
        return;
    }
    job->item.home = request->home;
    job->item.owner = request;
    job->kind = BATCH_FACTS;
    job->bytes = batch_bytes(job->batch);
    job->complaints = &posting->complaints;
    err = writer_submit(request->service->writer, job);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

static void
resume(struct request *request, struct response *response)
{
    const struct posting *posting = request->state;
    const struct write_job *job = &posting->job;
    char recorded_at[INSTANT_TEXT_BYTES];

    if (job->err != OK) {
        refuse(request, response, job->err, &job->why);
        return;
    }
    instant_format(job->recorded_at, recorded_at);
    out_print(&response->body,
              "{\"tx\":%llu,\"recorded_at\":\"%.*s\",\"facts\":%u,"
              "\"securities\":%u}",
              (unsigned long long)job->tx, INSTANT_TEXT_BYTES, recorded_at,
              job->facts, job->securities);
    response_header(request, response, "Location", "/v1/transactions/%llu",
                    (unsigned long long)job->tx);
    response->status = 201;
    response->media = MEDIA_JSON;
    response->tx = job->tx;
    response->tx_set = true;
}

static void
drop(struct request *request)
{
    struct posting *posting = request->state;

    facts_reader_free(posting->reader);
    batch_free(posting->job.batch);
}

const struct endpoint endpoint_facts = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_TABLES,
    .begin = begin,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
