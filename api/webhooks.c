/* POST /v1/webhooks/{vendor}: what vendors push, each delivery stored once. */
#include <assert.h>
#include <string.h>

#include "polling.h"
#include "problem.h"
#include "secmaster/hmac.h"
#include "service.h"
#include "webhook_body.h"
#include "webhook_ids.h"
#include "webhook_signature.h"

#define DIGEST_ID_PREFIX "sha256:"
#define DIGEST_ID_BYTES (sizeof DIGEST_ID_PREFIX + 2 * (size_t)DIGEST_BYTES)

/* What a worker has come to, or the writer. */
enum delivery_state {
    DELIVERY_DECODED, /* to be published */
    DELIVERY_STRAY,   /* to be quarantined */
    DELIVERY_UNSIGNED,
    DELIVERY_SETTLED, /* nothing is left to do */
};

/* Lives in the request's arena, what it points to on the heap. */
struct delivery {
    struct worker_job job; /* first: jobs are cast back */
    struct write_job writing;
    struct publication publication;
    const struct webhook_door *door;
    struct webhook_claim claim;
    bool is_signed;
    struct request *request;
    struct out body;
    struct complaints complaints;
    struct webhook_parts parts;
    struct state_change guard;
    enum delivery_state state;
    bool is_submitted; /* to the writer */
    enum err err;
    struct why why;
};

static void
begin_at(struct request *request, struct response *response,
         const struct webhook_door *door)
{
    struct delivery *delivery;

    if (door == NULL) {
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "nothing is taken here");
        return;
    }
    delivery = arena_zalloc(request->arena, 1, sizeof *delivery);
    if (delivery == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    delivery->request = request;
    delivery->door = door;
    out_init(&delivery->body, BODY_BYTES_CEILING);
    complaints_init(&delivery->complaints, request->arena);
    request->state = delivery;
}

static void
begin_signed(struct request *request, struct response *response)
{
    struct delivery *delivery;

    begin_at(
        request, response,
        webhook_door_signed(request->service->webhooks, request->segments[0]));
    delivery = request->state;
    if (delivery == NULL)
        return;
    delivery->is_signed = true;
    (void)webhook_claim_read(request, response, &delivery->claim);
}

static void
begin_unsigned(struct request *request, struct response *response)
{
    assert(request->segment_count == 2);

    begin_at(request, response,
             webhook_door_unsigned(request->service->webhooks,
                                   request->segments[0], request->segments[1]));
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct delivery *delivery = request->state;
    enum err err;

    out_str(&delivery->body, piece);
    err = out_finish(&delivery->body);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

/* Of a body that says none: the same one again is no news. */
static enum err
digest_id(struct delivery *delivery, struct str *out)
{
    static const char hex[] = "0123456789abcdef";
    struct digester *digester = digester_new();
    char *text = arena_alloc(delivery->request->arena, DIGEST_ID_BYTES);
    unsigned char digest[DIGEST_BYTES];
    enum err err = ERR_BUSY;
    char *to;

    if (digester != NULL && text != NULL)
        err = digester_hash(digester, out_text(&delivery->body), digest);
    digester_free(digester);
    TRY(err);
    to = stpcpy(text, DIGEST_ID_PREFIX);
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        *to++ = hex[digest[i] >> 4];
        *to++ = hex[digest[i] & 15];
    }
    *out = (struct str){ text, (size_t)(to - text) };
    return OK;
}

/* What the delivery is known by, beside its vendor. */
static enum err
find_id(struct delivery *delivery, struct str *out)
{
    *out = delivery->claim.id;
    if (delivery->is_signed)
        return OK;
    *out = request_header(delivery->request, "X-BZ-Delivery");
    if (!webhook_is_id(*out))
        *out = delivery->parts.id;
    return webhook_is_id(*out) ? OK : digest_id(delivery, out);
}

static enum err
set_guard(struct delivery *delivery)
{
    struct request *request = delivery->request;
    struct str id;

    TRY(find_id(delivery, &id));
    return webhook_id_put(request->arena, delivery->door->vendor, id,
                          request->service->now(), &delivery->guard);
}

static enum err
decode(struct delivery *delivery)
{
    const struct webhook_body body = {
        .door = delivery->door,
        .text = out_text(&delivery->body),
        .media = delivery->request->body_media,
        .seed = delivery->request->service->store->seed,
        .arena = delivery->request->arena,
        .complaints = &delivery->complaints,
    };
    enum err err = webhook_body_read(&body, &delivery->parts, &delivery->why);

    delivery->state = err == ERR_INVALID ? DELIVERY_STRAY : DELIVERY_DECODED;
    return err == ERR_INVALID ? OK : err;
}

static enum err
verify(struct delivery *delivery)
{
    bool holds = true;

    if (delivery->is_signed)
        TRY(webhook_claim_holds(&delivery->claim, delivery->door,
                                out_text(&delivery->body), &holds));
    if (!holds)
        delivery->state = DELIVERY_UNSIGNED;
    return OK;
}

/* The raw body, for a person to look at. */
static enum err
quarantine(struct delivery *delivery)
{
    const struct polling *polling = delivery->request->service->polling;
    const struct poller_stray stray = {
        .vendor = delivery->door->vendor,
        .dataset = STR(POLLER_STRAYS),
        .body = out_text(&delivery->body),
        .reason = delivery->why.text,
        .guard = &delivery->guard,
    };
    struct why why = { "" };
    uint64_t id;
    enum err err = ERR_BUSY;

    if (polling != NULL)
        err = polling->quarantine_stray(polling->poller, &stray, &id, &why);
    delivery->why = why;
    delivery->state = DELIVERY_SETTLED;
    return err;
}

static enum err
prepare(struct delivery *delivery)
{
    struct publication *publication = &delivery->publication;
    struct webhook_expired expired;

    TRY(webhook_ids_expired(delivery->request, &expired, &delivery->why));
    *publication = (struct publication){
        .facts = delivery->parts.facts,
        .bars = delivery->parts.bars,
        .trades = delivery->parts.trades,
        .state = expired.removals,
        .state_count = expired.count,
        .guard = delivery->guard,
    };
    return OK;
}

static enum err
take(struct delivery *delivery)
{
    delivery->state = DELIVERY_DECODED;
    TRY(verify(delivery));
    if (delivery->state == DELIVERY_UNSIGNED)
        return OK;
    TRY(decode(delivery));
    TRY(set_guard(delivery));
    if (delivery->state == DELIVERY_STRAY)
        return quarantine(delivery);
    return prepare(delivery);
}

static void
take_on_worker(struct worker_job *job)
{
    struct delivery *delivery = (struct delivery *)job;

    delivery->err = take(delivery);
}

static void
quarantine_on_worker(struct worker_job *job)
{
    struct delivery *delivery = (struct delivery *)job;

    delivery->err = quarantine(delivery);
}

static void
send_to_worker(struct request *request, struct response *response,
               void (*run)(struct worker_job *job))
{
    struct delivery *delivery = request->state;
    enum err err;

    delivery->job.item.home = request->home;
    delivery->job.item.owner = request;
    delivery->job.run = run;
    err = workers_submit(request->service->workers, &delivery->job);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

static void
handle(struct request *request, struct response *response)
{
    send_to_worker(request, response, take_on_worker);
}

static void
publish(struct request *request, struct response *response)
{
    struct delivery *delivery = request->state;
    struct write_job *job = &delivery->writing;
    enum err err;

    delivery->is_submitted = true;
    job->publication = &delivery->publication;
    job->bytes = webhook_parts_bytes(&delivery->parts);
    job->complaints = &delivery->complaints;
    job->item.home = request->home;
    job->item.owner = request;
    err = writer_submit(request->service->writer, job);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

/* Whatever was new of it is on disk. */
static void
answer(struct response *response, uint64_t tx)
{
    response->status = 204;
    response->media = MEDIA_NONE;
    response->tx = tx;
    response->tx_set = tx > 0;
}

/* The writer has judged it. */
static void
resume_written(struct request *request, struct response *response)
{
    struct delivery *delivery = request->state;
    const struct write_job *job = &delivery->writing;

    delivery->state = DELIVERY_SETTLED;
    if (job->err == OK) {
        answer(response, job->tx);
    } else if (job->err == ERR_INVALID) {
        (void)webhook_why_complaint(&delivery->complaints, &delivery->why);
        send_to_worker(request, response, quarantine_on_worker);
    } else {
        problem_err(request, response, job->err, &job->why);
    }
}

static void
resume(struct request *request, struct response *response)
{
    struct delivery *delivery = request->state;

    if (delivery->is_submitted && delivery->state == DELIVERY_DECODED) {
        resume_written(request, response);
        return;
    }
    if (delivery->err != OK)
        problem_err(request, response, delivery->err, &delivery->why);
    else if (delivery->state == DELIVERY_UNSIGNED)
        webhook_refuse(request, response, "no signature is one of this body's");
    else if (delivery->state == DELIVERY_DECODED)
        publish(request, response);
    else
        answer(response, 0);
}

static void
drop(struct request *request)
{
    struct delivery *delivery = request->state;

    webhook_parts_fini(&delivery->parts);
    out_fini(&delivery->body);
}

static const char *const params[] = { NULL };

/* Nothing is given: like a probe's, the answer suits any Accept. */
const struct endpoint endpoint_webhook = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_TEXT),
    .bodies = MEDIA_TABLES | MEDIA_BIT(MEDIA_NONE),
    .params = params,
    .begin = begin_signed,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};

const struct endpoint endpoint_webhook_unsigned = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_TEXT),
    .bodies = MEDIA_TABLES | MEDIA_BIT(MEDIA_NONE),
    .params = params,
    .begin = begin_unsigned,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
