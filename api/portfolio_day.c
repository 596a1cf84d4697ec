/* PUT /v1/portfolios/{portfolio}/positions/{date}: a day's positions, all of
 * them, in the place of those before. */
#include <assert.h>

#include "portfolio.h"
#include "problem.h"
#include "secmaster/positions_reader.h"
#include "secmaster/positionset.h"
#include "service.h"
#include "submission.h"

/* Lives in the request's arena, what it points to on the heap. */
struct putting {
    struct write_job job; /* first: jobs are cast back */
    struct portfolio_day day;
    struct complaints complaints;
    struct positions positions;
    struct positions_reader *reader;
    struct out payload;
};

static bool
day_read(struct request *request, struct response *response,
         struct portfolio_day *out)
{
    if (!portfolio_name_read(request, response, &out->portfolio))
        return false;
    assert(request->segment_count == 2);
    if (date_parse(request->segments[1], &out->date) == OK)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "the path ends in a day that exists, as YYYY-MM-DD");
    return false;
}

static void
begin(struct request *request, struct response *response)
{
    struct putting *putting = arena_zalloc(request->arena, 1, sizeof *putting);

    if (putting == NULL) {
        problem_err(request, response, ERR_TOO_LARGE, NULL);
        return;
    }
    if (!day_read(request, response, &putting->day))
        return;
    request->state = putting;
    complaints_init(&putting->complaints, request->arena);
    out_init(&putting->payload, BODY_BYTES_CEILING);
    if (positions_init(&putting->positions) == OK)
        putting->reader =
            positions_reader_new_day(request->body_media, putting->day.date,
                                     &putting->positions, &putting->complaints);
    if (putting->reader == NULL)
        problem_err(request, response, ERR_BUSY, NULL);
}

static void
body(struct request *request, struct response *response, struct str piece)
{
    struct putting *putting = request->state;
    struct why why = { 0 };
    enum err err = positions_reader_feed(putting->reader, piece, &why);

    if (err != OK)
        problem_body(request, response, err, &putting->complaints, &why);
}

/* A position takes no more bytes so than in a body. */
static enum err
encode(struct putting *putting)
{
    const struct positions *positions = &putting->positions;

    for (size_t i = 0; i < positions->count; i++)
        positionset_put(&putting->payload,
                        &(struct positionset_item){
                            .security_id = positions->items[i].security_id,
                            .quantity = position_quantity(positions, i),
                        });
    putting->day.payload = out_text(&putting->payload);
    return out_finish(&putting->payload);
}

/* Also by the writer's thread, which has all of it then. */
static void
print_answer(const struct write_job *job, struct out *out)
{
    const struct putting *putting = (const struct putting *)job;

    out_print(out, "{\"tx\":%llu,\"positions\":%zu}",
              (unsigned long long)job->tx, putting->positions.count);
}

static void
handle(struct request *request, struct response *response)
{
    struct putting *putting = request->state;
    struct write_job *job = &putting->job;
    struct why why = { 0 };
    enum err err = positions_reader_finish(putting->reader, &why);

    if (err == OK)
        err = encode(putting);
    if (err != OK) {
        problem_body(request, response, err, &putting->complaints, &why);
        return;
    }
    job->kind = BATCH_POSITIONS;
    job->day = &putting->day;
    job->bytes = putting->payload.capacity;
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

    positions_reader_free(putting->reader);
    positions_fini(&putting->positions);
    out_fini(&putting->payload);
    out_fini(&putting->job.once.answer);
}

const struct endpoint endpoint_holdings_put = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .bodies = MEDIA_TABLES,
    .takes_key = true,
    .begin = begin,
    .body = body,
    .handle = handle,
    .resume = resume,
    .drop = drop,
};
