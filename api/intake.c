/* Count, unpack, hand over. */
#include "intake.h"

#include <assert.h>
#include <stdatomic.h>

#include "problem.h"
#include "route.h"
#include "secmaster/gzip.h"
#include "service.h"

#define UNPACKED_BYTES (16UL * 1024) /* handed over at a time */

/* False: it is over the limit of all bodies together. */
static bool
count_bytes(struct exchange *exchange, size_t len)
{
    struct request *request = &exchange->request;
    atomic_uint_least64_t *in_flight = &request->service->body_bytes_in_flight;

    exchange->bytes_counted += len;
    if (atomic_fetch_add(in_flight, len) + len <= BODY_BYTES_IN_FLIGHT_MAX)
        return true;
    problem_set(request, &exchange->response, PROBLEM_UNAVAILABLE,
                "too many bodies are being read");
    return false;
}

static bool
check_limits(struct exchange *exchange, struct str piece)
{
    struct request *request = &exchange->request;
    struct response *response = &exchange->response;
    uint64_t bytes_max = request->service->body_bytes_max;
    bool is_long = request->body_bytes > bytes_max;

    if (response->status != 0)
        return !is_long;
    if (!is_long)
        return count_bytes(exchange, piece.len);
    problem_set(request, response, PROBLEM_TOO_LARGE,
                "a body may have at most %llu bytes",
                (unsigned long long)bytes_max);
    return false;
}

static void
hand_over(struct exchange *exchange, struct str piece)
{
    struct request *request = &exchange->request;

    request->route->endpoint->body(request, &exchange->response, piece);
}

static void
refuse(struct exchange *exchange, enum err err, const struct why *why)
{
    if (err == ERR_MALFORMED)
        problem_set(&exchange->request, &exchange->response,
                    PROBLEM_MALFORMED_BODY, "the body's Content-Encoding: %s",
                    why->text);
    else
        problem_err(&exchange->request, &exchange->response, err, NULL);
}

/* So much more came out of it. False: it is past a limit. */
static bool
take_unpacked(struct exchange *exchange, struct str piece)
{
    struct request *request = &exchange->request;
    uint64_t bytes_max = request->service->body_bytes_max;

    if (piece.len == 0)
        return true;
    exchange->unpacked_bytes += piece.len;
    if (exchange->unpacked_bytes > bytes_max) {
        problem_set(request, &exchange->response, PROBLEM_TOO_LARGE,
                    "unpacked, a body may have at most %llu bytes",
                    (unsigned long long)bytes_max);
        return false;
    }
    if (!count_bytes(exchange, piece.len))
        return false;
    hand_over(exchange, piece);
    return true;
}

/* A buffer at a time: a few bytes may unpack to a thousand times as many. */
static bool
unpack(struct exchange *exchange, struct str piece)
{
    char buffer[UNPACKED_BYTES];
    struct why why = { "" };
    size_t len;

    if (exchange->unpacker == NULL)
        exchange->unpacker = gzip_unpacker_new();
    if (exchange->unpacker == NULL) {
        refuse(exchange, ERR_BUSY, NULL);
        return true;
    }
    do {
        enum err err = gzip_unpack(exchange->unpacker, &piece, buffer,
                                   sizeof buffer, &len, &why);

        if (err != OK) {
            refuse(exchange, err, &why);
            return true;
        }
        if (!take_unpacked(exchange, (struct str){ buffer, len }))
            return false;
    } while (exchange->response.status == 0 &&
             (piece.len > 0 || len == sizeof buffer));
    return true;
}

bool
intake_piece(struct exchange *exchange, struct str piece)
{
    if (!check_limits(exchange, piece))
        return false;
    if (exchange->response.status != 0)
        return true;
    if (exchange->request.body_coding == CODING_GZIP)
        return unpack(exchange, piece);
    hand_over(exchange, piece);
    return true;
}

void
intake_end(struct exchange *exchange)
{
    struct why why = { "" };
    enum err err = OK;

    assert(exchange->response.status == 0);

    if (exchange->request.body_coding != CODING_GZIP)
        return;
    if (exchange->unpacker == NULL)
        err = why_set(&why, ERR_MALFORMED, "the gzip data is missing");
    else
        err = gzip_unpack_end(exchange->unpacker, &why);
    if (err != OK)
        refuse(exchange, err, &why);
}

void
intake_fini(struct exchange *exchange)
{
    gzip_unpacker_free(exchange->unpacker);
}
