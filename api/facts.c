/* POST /v1/facts: a batch, parsed while it arrives, on its way to the disk. */
#include "facts.h"
#include "problem.h"
#include "secmaster/facts_reader.h"
#include "service.h"
#include "submission.h"

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
    if (!submission_flag(request, response, "dry_run", &posting->job.dry_run))
        return;
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

    if (err == ERR_INVALID)
        problem_list(request, response, PROBLEM_INVALID_FACT,
                     &posting->complaints);
    else
        problem_body(request, response, err, &posting->complaints, why);
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
    job->kind = BATCH_FACTS;
    job->bytes = facts_bytes(job->batch);
    job->complaints = &posting->complaints;
    job->once.print = facts_answer;
    job->once.status = 201;
    submission_send(request, response, job);
}

size_t
facts_bytes(const struct batch *batch)
{
    return batch->fact_capacity * sizeof batch->facts[0] +
           batch->record_count * sizeof batch->records[0] +
           batch->text.capacity;
}

void
facts_put_minted(const struct write_job *job, const struct batch *batch,
                 struct out *out)
{
    out_str(out, STR(",\"minted\":{"));
    for (uint32_t i = 0; i < batch->labels.count; i++) {
        if (i > 0)
            out_char(out, ',');
        out_json(out, batch->labels.items[i]);
        out_char(out, ':');
        if (job->dry_run)
            out_str(out, STR("null"));
        else
            out_int(out, batch->minted[i]);
    }
    out_char(out, '}');
}

void
facts_answer(const struct write_job *job, struct out *out)
{
    out_char(out, '{');
    submission_put_tx(out, job);
    out_print(out, "\"facts\":%u,\"securities\":%u", job->facts,
              job->securities);
    if (job->batch->labels.count > 0)
        facts_put_minted(job, job->batch, out);
    out_char(out, '}');
}

static void
resume(struct request *request, struct response *response)
{
    const struct posting *posting = request->state;

    submission_tell(request, response, &posting->job, PROBLEM_INVALID_FACT);
}

static void
drop(struct request *request)
{
    struct posting *posting = request->state;

    facts_reader_free(posting->reader);
    batch_free(posting->job.batch);
    out_fini(&posting->job.once.answer);
}

static const char *const params[] = { "dry_run", NULL };

const struct endpoint endpoint_facts = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_TABLES,
    .params = params,
    .takes_key = true,
    .begin = begin,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
