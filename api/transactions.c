/* GET /v1/transactions: what was recorded, one after the other. */
#include <assert.h>

#include "knowledge.h"
#include "number.h"
#include "page.h"
#include "problem.h"
#include "service.h"
#include "transaction.h"

/* Sources as stored, decoded, and their names beside them. */
#define LISTED_BYTES_MAX (4 * TX_INFO_BYTES_MAX)

/* Transactions from first to last, both included. */
struct span {
    uint64_t first, last;
};

static enum err
write_span(struct store *store, const struct span *span, struct out *out,
           struct why *why)
{
    struct tx_info info;
    struct arena arena;
    enum err err = OK;

    arena_init(&arena, LISTED_BYTES_MAX);
    for (uint64_t tx = span->first; tx <= span->last && err == OK; tx++) {
        if (tx > span->first)
            out_char(out, ',');
        err = store_transaction(store, tx, &arena, &info, why);
        if (err == OK)
            err = transaction_print(store, &info, &arena, out);
        arena_reset(&arena);
    }
    arena_fini(&arena);
    return err;
}

static enum err
write_page(struct request *request, struct response *response, uint64_t after,
           uint32_t limit, const struct clocks *clocks)
{
    struct cursor next = { .known_tx = clocks->known_tx,
                           .as_of = clocks->as_of };
    struct span span = { after + 1, clocks->known_tx };
    struct why why = { 0 };
    bool is_last = true;
    enum err err = OK;

    if (after < clocks->known_tx && clocks->known_tx - after > limit) {
        span.last = after + limit;
        next.key = (int64_t)span.last;
        is_last = false;
    }
    out_str(&response->body, STR("{\"transactions\":["));
    if (after < clocks->known_tx)
        err = write_span(request->service->store, &span, &response->body, &why);
    out_char(&response->body, ']');
    if (err == OK)
        err = page_end(request, response, is_last ? NULL : &next, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
    return err;
}

/* What the page goes on behind. False: the response is set. */
static bool
after_read(struct request *request, struct response *response, uint64_t *out)
{
    struct str text = request_param(request, "after_tx");
    struct cursor cursor;
    bool paged;
    enum err err = cursor_read(request, &paged, &cursor);

    assert(err == OK); /* clocks_read has refused any other */
    *out = 0;
    if (text.data != NULL && !number_read(text, out)) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "after_tx is a whole number, 0 or more");
        return false;
    }
    if (paged)
        *out = (uint64_t)cursor.key;
    return true;
}

static void
handle(struct request *request, struct response *response)
{
    struct clocks clocks;
    uint64_t after;
    uint32_t limit;
    bool limited;

    if (!clocks_read(request, response, &clocks) ||
        !after_read(request, response, &after) ||
        !limit_read(request, response, &limited, &limit))
        return;
    if (write_page(request, response, after, limit, &clocks) != OK)
        return;
    response->status = 200;
    response->media = MEDIA_JSON;
}

static const char *const params[] = { "after_tx", "limit", "cursor", NULL };

const struct endpoint endpoint_transactions = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
