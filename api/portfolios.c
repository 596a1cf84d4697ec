/* GET /v1/portfolios: the names of all portfolios. */
#include <assert.h>
#include <stdlib.h>

#include "knowledge.h"
#include "page.h"
#include "portfolio.h"
#include "problem.h"
#include "service.h"

/* Some of those that are known, by name. */
struct listing {
    uint32_t *ids; /* owned */
    size_t count;
};

static int
by_name(const void *a, const void *b, void *context)
{
    const uint32_t *left = a, *right = b;

    return str_compare(names_text(context, *left), names_text(context, *right));
}

/* All that are known at a transaction and behind a name; data NULL: any. */
static enum err
list(const struct request *request, uint64_t known_tx, struct str behind,
     struct listing *out)
{
    struct names *names = request->service->store->portfolios;
    uint32_t all = names_count(names);

    out->count = 0;
    out->ids = calloc((size_t)all + 1, sizeof *out->ids);
    if (out->ids == NULL)
        return ERR_BUSY;
    for (uint32_t id = 0; id < all; id++)
        if (portfolio_is_known(request, id, known_tx) &&
            (behind.data == NULL ||
             str_compare(names_text(names, id), behind) > 0))
            out->ids[out->count++] = id;
    qsort_r(out->ids, out->count, sizeof *out->ids, by_name, names);
    return OK;
}

static enum err
write_page(struct request *request, struct response *response,
           const struct listing *listing, uint64_t known_tx, uint32_t limit)
{
    const struct names *names = request->service->store->portfolios;
    struct out *out = &response->body;
    struct cursor next = { .known_tx = known_tx };
    size_t count = listing->count < limit ? listing->count : limit;

    out_str(out, STR("{\"portfolios\":["));
    for (size_t i = 0; i < count; i++) {
        out_print(out, "%s{\"portfolio\":", i > 0 ? "," : "");
        out_json(out, names_text(names, listing->ids[i]));
        out_print(
            out, ",\"first_tx\":%llu}",
            (unsigned long long)names_first_assertion(names, listing->ids[i]));
    }
    out_char(out, ']');
    response->status = 200;
    response->media = MEDIA_JSON;
    if (count == listing->count)
        return page_end(request, response, NULL, NULL);
    next.key = listing->ids[count - 1];
    return page_end(request, response, &next, NULL);
}

/* False: the response is set. */
static bool
behind_read(struct request *request, struct response *response, struct str *out)
{
    const struct names *names = request->service->store->portfolios;
    struct cursor cursor;
    bool paged;
    enum err err = cursor_read(request, &paged, &cursor);

    assert(err == OK); /* clocks_read has refused any other */
    *out = (struct str){ NULL, 0 };
    if (!paged)
        return true;
    if (cursor.key >= names_count(names)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return false;
    }
    *out = names_text(names, (uint32_t)cursor.key);
    return true;
}

static void
handle(struct request *request, struct response *response)
{
    struct listing listing;
    struct clocks clocks;
    struct str behind;
    uint32_t limit;
    bool limited;
    enum err err;

    if (!clocks_read(request, response, &clocks) ||
        !limit_read(request, response, &limited, &limit) ||
        !behind_read(request, response, &behind))
        return;
    err = list(request, clocks.known_tx, behind, &listing);
    if (err == OK)
        err = write_page(request, response, &listing, clocks.known_tx, limit);
    free(listing.ids);
    if (err != OK)
        problem_err(request, response, err, NULL);
}

static const char *const params[] = {
    "known_at", "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_portfolios = {
    .place = ON_WORKER,
    .gives = MEDIA_BIT(MEDIA_JSON),
    .params = params,
    .handle = handle,
};
