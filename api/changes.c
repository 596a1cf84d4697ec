/*
 * GET /v1/changes: the facts in the order in which they were recorded. A small
 * page is read on the loop, a large one on a worker; where there is nothing to
 * tell yet, the request waits for a commit (waiting.c).
 */
#include <stdatomic.h>

#include "feed.h"
#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "service.h"
#include "validator.h"

#define US_PER_SECOND 1000000LL

/* What is told at once; more is streamed. */
#define PRINTED_BYTES_MAX (STREAM_CHUNK_BYTES / 4)

/* Lives in the request's arena. */
struct changing {
    struct worker_job job; /* its item's owner is the request */
    struct feed_page page;
    struct feed *feed; /* handed over to the response where it is streamed */
    bool is_submitted;
    enum err err; /* the worker's */
    struct why why;
};

static void
read_on_worker(struct worker_job *job)
{
    const struct request *request = job->item.owner;
    struct changing *changing = request->state;
    bool done;

    changing->err =
        feed_read(changing->feed, &FEED_TURN_WHOLE, &done, &changing->why);
}

/* The page is whole. */
static void
tell(struct request *request, struct response *response)
{
    struct changing *changing = request->state;
    struct feed *feed = changing->feed;
    struct clocks clocks = { .known_tx = feed_last_tx(feed) };
    enum err err = OK;

    response->tx = feed_newest(feed);
    response->tx_set = true;
    /* What was asked for and the history up to the last transaction say all
     * that is on the page. */
    if (!validator_begin(request, response, &clocks))
        return;
    if (request->media == MEDIA_NDJSON)
        response_header(request, response, "Secmaster-Last-Tx", "%llu",
                        (unsigned long long)feed_last_tx(feed));
    if (feed_bytes(feed) > PRINTED_BYTES_MAX) {
        response->stream = feed_stream(feed);
        changing->feed = NULL;
    } else {
        err = feed_print(feed, &response->body, &changing->why);
    }
    if (err != OK) {
        problem_err(request, response, err, &changing->why);
        return;
    }
    response->status = 200;
    response->media = request->media;
}

/* Read the page, here or on a worker, and tell it. */
static void
answer(struct request *request, struct response *response)
{
    static const struct feed_turn short_turn = { FEED_TURN_BYTES,
                                                 FEED_TURN_TRANSACTIONS };
    struct changing *changing = request->state;
    bool done = false;
    enum err err = ERR_BUSY;

    changing->feed = feed_new(request->service->store, &changing->page);
    if (changing->feed != NULL)
        err = feed_read(changing->feed, &short_turn, &done, &changing->why);
    if (err == OK && done) {
        tell(request, response);
        return;
    }
    changing->job.item.home = request->home;
    changing->job.item.owner = request;
    changing->job.run = read_on_worker;
    changing->is_submitted = true;
    if (err == OK)
        err = workers_submit(request->service->workers, &changing->job);
    if (err != OK)
        problem_err(request, response, err, &changing->why);
}

/* False: the response is set. */
static bool
number_asked(struct request *request, struct response *response,
             const char *name, uint64_t *out)
{
    struct str text = request_param(request, name);

    *out = 0;
    if (text.data == NULL || number_read(text, out))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "%s is a whole number, 0 or more", name);
    return false;
}

/* False: the response is set. */
static bool
wait_asked(struct request *request, struct response *response, uint64_t *out)
{
    if (!number_asked(request, response, "wait", out))
        return false;
    if (*out <= CHANGES_WAIT_SECONDS_MAX)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "wait is at most %d seconds", CHANGES_WAIT_SECONDS_MAX);
    return false;
}

static void
handle(struct request *request, struct response *response)
{
    struct service *service = request->service;
    struct changing *changing =
        arena_zalloc(request->arena, 1, sizeof *changing);
    uint64_t newest = store_newest(service->store), wait_seconds;
    bool limited;

    if (changing == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    request->state = changing;
    changing->page.media = request->media;
    if (!number_asked(request, response, "after_tx",
                      &changing->page.after_tx) ||
        !wait_asked(request, response, &wait_seconds) ||
        !limit_read(request, response, &limited, &changing->page.limit))
        return;
    if (changing->page.after_tx < newest || wait_seconds == 0 ||
        atomic_load(&service->draining)) {
        answer(request, response);
        return;
    }
    request->wait = (struct wait){
        .seen_tx = newest,
        .until_us =
            clock_monotonic_us() + (int64_t)wait_seconds * US_PER_SECOND,
    };
}

/* The wait is over, or the worker has read the page. */
static void
resume(struct request *request, struct response *response)
{
    struct changing *changing = request->state;

    if (!changing->is_submitted)
        answer(request, response);
    else if (changing->err == OK)
        tell(request, response);
    else
        problem_err(request, response, changing->err, &changing->why);
}

static void
drop(struct request *request)
{
    struct changing *changing = request->state;

    feed_free(changing->feed);
}

static const char *const params[] = { "after_tx", "limit", "wait", NULL };

const struct endpoint endpoint_changes = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON) | MEDIA_BIT(MEDIA_NDJSON),
    .params = params,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
