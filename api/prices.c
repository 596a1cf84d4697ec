/* POST /v1/prices: a batch of bars, ours or a vendor's, on its way to disk. */
#include "prices.h"

#include <assert.h>

#include "facts.h"
#include "number.h"
#include "problem.h"
#include "secmaster/bars_reader.h"
#include "secmaster/bounds.h"
#include "secmaster/vendor.h"
#include "service.h"
#include "submission.h"

/* Lives in the request's arena, what it points to on the heap. */
struct pricing {
    struct worker_job reading; /* first: jobs are cast back; of a page */
    struct write_job job;
    struct complaints complaints;
    struct bars_reader *reader;
    const struct vendor_adapter *adapter; /* instead of the reader */
    struct out page;                      /* the adapter's, until it is read */
    enum err err;                         /* of the worker that reads it */
    struct why why;
    bool is_submitted; /* to the writer */
};

static bool
refuse_param(struct request *request, struct response *response,
             const char *words)
{
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER, "%s", words);
    return false;
}

/* Whose all bars are, where the request says it. *out NULL: it does not.
 * False: the response is set. */
static bool
owner_read(struct request *request, struct response *response,
           struct bars_owner *owner, const struct bars_owner **out)
{
    struct str id = request_param(request, "security_id");
    const char *fault = NULL;
    uint64_t number = 0;

    owner->ticker = request_param(request, "ticker");
    *out = owner->ticker.data == NULL && id.data == NULL ? NULL : owner;
    if (owner->ticker.data != NULL && id.data != NULL)
        fault = "bars have a ticker or a security_id, not both";
    else if (owner->ticker.data != NULL)
        fault = ticker_fault(owner->ticker);
    else if (id.data != NULL &&
             (!number_read(id, &number) || number > (uint64_t)SECURITY_ID_MAX))
        fault = "a security_id is an integer from 0 to 9223372036854775807";
    owner->security_id = (int64_t)number;
    return fault == NULL || refuse_param(request, response, fault);
}

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
    if (*out == NULL || (*out)->decode_bars == NULL)
        return refuse_param(request, response,
                            "there is no adapter of this name for prices");
    assert(request->body_media == MEDIA_JSON); /* of an adapter: admission */
    return true;
}

/* What takes the body in. False: the response is set. */
static bool
door_open(struct request *request, struct response *response,
          struct pricing *pricing)
{
    const struct bars_owner *owner;
    struct bars_owner owned;

    if (!owner_read(request, response, &owned, &owner) ||
        !adapter_read(request, response, &pricing->adapter))
        return false;
    if (pricing->adapter != NULL && owner != NULL)
        return refuse_param(request, response,
                            "a vendor's own body says whose its bars are: "
                            "leave ticker and security_id out");
    if (pricing->adapter != NULL)
        return true;
    pricing->reader = bars_reader_new(request->body_media, owner,
                                      pricing->job.bars, &pricing->complaints);
    if (pricing->reader == NULL)
        problem_err(request, response, ERR_BUSY, NULL);
    return pricing->reader != NULL;
}

static void
begin(struct request *request, struct response *response)
{
    struct pricing *pricing = arena_zalloc(request->arena, 1, sizeof *pricing);
    struct bar_batch *bars;

    if (pricing == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    request->state = pricing;
    out_init(&pricing->page, BODY_BYTES_CEILING);
    complaints_init(&pricing->complaints, request->arena);
    bars = pricing->job.bars = bar_batch_new(request->service->store->seed);
    if (bars == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    if (submission_flag(request, response, "dry_run", &pricing->job.dry_run) &&
        submission_flag(request, response, "create", &bars->creates))
        (void)door_open(request, response, pricing);
}

/* What the reader found wrong. */
static void
refuse(struct request *request, struct response *response, enum err err,
       const struct why *why)
{
    const struct pricing *pricing = request->state;

    if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_BODY, "%s", why->text);
    else if (err == ERR_INVALID)
        problem_list(request, response, PROBLEM_INVALID_PRICE,
                     &pricing->complaints);
    else if (err == ERR_TOO_LARGE && pricing->adapter != NULL)
        problem_set(request, response, PROBLEM_TOO_LARGE,
                    "the vendor's body has too many values to be read at once: "
                    "send it in parts");
    else
        problem_err(request, response, err, why);
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct pricing *pricing = request->state;
    struct why why = { 0 };
    enum err err;

    if (pricing->adapter != NULL) {
        out_str(&pricing->page, piece);
        err = out_finish(&pricing->page);
    } else {
        err = bars_reader_feed(pricing->reader, piece, &why);
    }
    if (err != OK)
        refuse(request, response, err, &why);
}

static void
submit(struct request *request, struct response *response)
{
    struct pricing *pricing = request->state;
    struct write_job *job = &pricing->job;

    pricing->is_submitted = true;
    job->kind = BATCH_PRICES;
    job->bytes = job->bars->capacity * sizeof job->bars->rows[0];
    job->complaints = &pricing->complaints;
    job->once.print = prices_answer;
    job->once.status = 201;
    submission_send(request, response, job);
}

static void
read_on_worker(struct worker_job *job)
{
    struct pricing *pricing = (struct pricing *)job;
    const struct vendor_adapter *adapter = pricing->adapter;
    const struct vendor_page page = { .body = out_text(&pricing->page),
                                      .source = str_of(adapter->name) };

    pricing->err = adapter->decode_bars(&page, pricing->job.bars,
                                        &pricing->complaints, &pricing->why);
    out_fini(&pricing->page);
}

/* Our own shapes were read as they came; a page is read at once, which takes a
 * while: not on the loop. */
static void
handle(struct request *request, struct response *response)
{
    struct pricing *pricing = request->state;
    struct why why = { 0 };
    enum err err;

    if (pricing->adapter == NULL) {
        err = bars_reader_finish(pricing->reader, &why);
        if (err == OK)
            submit(request, response);
        else
            refuse(request, response, err, &why);
        return;
    }
    pricing->reading.item.home = request->home;
    pricing->reading.item.owner = request;
    pricing->reading.run = read_on_worker;
    err = workers_submit(request->service->workers, &pricing->reading);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

void
prices_answer(const struct write_job *job, struct out *out)
{
    const struct bar_batch *bars = job->bars;
    out_char(out, '{');
    submission_put_tx(out, job);
    out_print(out, "\"rows\":%u,\"unchanged\":%u", bars->stored,
              bars->unchanged);
    if (bars->created != NULL)
        facts_put_minted(job, bars->created, out);
    out_char(out, '}');
}

/* A worker has read the page, or the writer has judged the batch. */
static void
resume(struct request *request, struct response *response)
{
    const struct pricing *pricing = request->state;

    if (pricing->is_submitted)
        submission_tell(request, response, &pricing->job,
                        PROBLEM_INVALID_PRICE);
    else if (pricing->err != OK)
        refuse(request, response, pricing->err, &pricing->why);
    else
        submit(request, response);
}

static void
drop(struct request *request)
{
    struct pricing *pricing = request->state;

    bars_reader_free(pricing->reader);
    bar_batch_free(pricing->job.bars);
    out_fini(&pricing->page);
    out_fini(&pricing->job.once.answer);
}

static const char *const params[] = {
    "ticker", "security_id", "adapter", "create", "dry_run", NULL,
};

const struct endpoint endpoint_prices_post = {
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
