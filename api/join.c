/* POST /v1/positions/join: positions in, each with its row out. */
#include "joined.h"
#include "knowledge.h"
#include "number.h"
#include "problem.h"
#include "secmaster/log.h"
#include "service.h"

/* So many are worth a thread of their own for half of them. */
#define JOIN_PARTS_POSITIONS 50000

/* Lives in the request's arena, what it points to on the heap. */
struct joining {
    struct stream stream; /* first: streams are cast back */
    struct complaints complaints;
    struct positions_reader *reader;
    struct joined *joined;
    enum media media;
    bool headed;
};

static void
begin(struct request *request, struct response *response)
{
    struct joining *joining = arena_zalloc(request->arena, 1, sizeof *joining);

    if (joining == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    request->state = joining;
    complaints_init(&joining->complaints, request->arena);
    joining->joined = joined_new();
    if (joining->joined != NULL)
        joining->reader = positions_reader_new(
            request->body_media, joined_positions(joining->joined),
            &joining->complaints);
    if (joining->reader == NULL)
        problem_err(request, response, ERR_BUSY, NULL);
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct joining *joining = request->state;
    struct why why = { 0 };
    enum err err = positions_reader_feed(joining->reader, piece, &why);

    if (err != OK)
        problem_body(request, response, err, &joining->complaints, &why);
}

/* False: the response is set. */
static bool
rules_read(struct request *request, struct response *response,
           struct join_rules *out)
{
    struct str unmatched = request_param(request, "unmatched");
    struct str max_age = request_param(request, "max_age");
    struct clocks clocks;

    if (!clocks_read(request, response, &clocks))
        return false;
    *out = (struct join_rules){
        .known_tx = clocks.known_tx,
        .memory = request->service->column_memory,
        .stop = &request->service->draining,
        .age_days_max = UINT64_MAX,
        .media = request->media,
        .window_bytes_max = JOIN_WINDOW_BYTES_MAX,
        .parts = 1,
    };
    if (max_age.data != NULL && !number_read(max_age, &out->age_days_max)) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "max_age is a number of days");
        return false;
    }
    if (unmatched.data == NULL || str_equal(unmatched, STR("drop")))
        return true;
    if (str_equal(unmatched, STR("keep"))) {
        out->unmatched = UNMATCHED_KEEP;
        return true;
    }
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "unmatched is drop or keep");
    return false;
}

static void
put_end(const struct joining *joining, struct out *out)
{
    uint64_t matched = joined_matched(joining->joined);
    uint64_t all = joined_positions(joining->joined)->count;

    joined_tail(joining->joined, out);
    if (joining->media == MEDIA_JSON)
        out_print(out, ",\"matched\":%llu,\"unmatched\":%llu}",
                  (unsigned long long)matched,
                  (unsigned long long)(all - matched));
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct joining *joining = (struct joining *)stream;
    struct why why = { 0 };
    enum err err;

    if (!joining->headed)
        joined_head(joining->joined, out);
    joining->headed = true;
    err = joined_put(joining->joined, out, done, &why);
    if (err != OK) {
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
        return err;
    }
    if (*done)
        put_end(joining, out);
    return out_finish(out);
}

/* What it holds goes early, it itself with the request. */
static void
free_stream(struct stream *stream)
{
    struct joining *joining = (struct joining *)stream;

    joined_free(joining->joined);
    joining->joined = NULL;
}

static void
handle(struct request *request, struct response *response)
{
    struct joining *joining = request->state;
    struct joined *joined = joining->joined;
    struct join_rules rules;
    struct why why = { 0 };
    uint64_t matched, all;
    enum err err;

    if (!rules_read(request, response, &rules))
        return;
    err = positions_reader_finish(joining->reader, &why);
    if (err != OK) {
        problem_body(request, response, err, &joining->complaints, &why);
        return;
    }
    if (joined_positions(joined)->count >= JOIN_PARTS_POSITIONS)
        rules.parts = JOIN_PARTS_MAX;
    err = joined_begin(joined, request->service->store, &rules, &why);
    if (err == OK)
        err = joined_match(joined, &why);
    if (err != OK) {
        problem_err(request, response, err, &why);
        return;
    }
    matched = joined_matched(joined);
    all = joined_positions(joined)->count;
    if (request->media != MEDIA_JSON) {
        response_header(request, response, "Secmaster-Matched", "%llu",
                        (unsigned long long)matched);
        response_header(request, response, "Secmaster-Unmatched", "%llu",
                        (unsigned long long)(all - matched));
    }
    response->status = 200;
    response->media = request->media;
    joining->media = request->media;
    joining->stream = (struct stream){
        .fill = fill,
        .free = free_stream,
        .bytes_held = joined_bytes_held(joined),
    };
    response->stream = &joining->stream;
}

static void
drop(struct request *request)
{
    struct joining *joining = request->state;

    positions_reader_free(joining->reader);
    free_stream(&joining->stream);
}

static const char *const params[] = {
    "known_at", "known_tx", "unmatched", "max_age", NULL,
};

const struct endpoint endpoint_join = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .bodies = MEDIA_TABLES,
    .params = params,
    .begin = begin,
    .body = body,
    .handle = handle,
    .drop = drop,
};
