/*
 * GET /v1/portfolios/{portfolio}/positions: each position with the row in
 * force on its day. They are joined a window at a time, so a span of any length
 * takes as much memory as a short one.
 */
#include <assert.h>
#include <stdlib.h>

#include "holdings.h"
#include "joined.h"
#include "knowledge.h"
#include "page.h"
#include "portfolio.h"
#include "problem.h"
#include "secmaster/log.h"
#include "service.h"
#include "table.h"

/* Of a window, beside its rows. */
#define QUANTITY_BYTES_MAX (1UL << 20)

struct listing {
    struct stream stream; /* first: streams are cast back */
    struct holdings holdings;
    struct joined *joined; /* owned */
    size_t window;         /* positions joined at a time */
    bool at_end;           /* the window is the last one */
    bool headed;
};

/*
 * Join the next window. What costs is to fold a security, and it is folded once
 * a window: the same ones day by day allow for larger windows.
 */
static enum err
next_window(struct listing *listing, struct why *why)
{
    const struct holdings_share share = {
        .count_max = listing->window,
        .quantity_bytes_max = QUANTITY_BYTES_MAX,
    };
    struct positions *positions = joined_positions(listing->joined);

    positions_cut(positions, 0);
    TRY(holdings_take(&listing->holdings, &share, positions, &listing->at_end,
                      why));
    TRY(joined_match(listing->joined, why));
    if (joined_securities(listing->joined) > HOLDINGS_WINDOW_SECURITIES)
        listing->window /= 2;
    else if (listing->window < HOLDINGS_WINDOW_POSITIONS_MAX)
        listing->window *= 2;
    return OK;
}

static enum err
fill(struct stream *stream, struct out *out, bool *done)
{
    struct listing *listing = (struct listing *)stream;
    struct why why = { 0 };
    bool is_out;
    enum err err;

    if (!listing->headed)
        joined_head(listing->joined, out);
    listing->headed = true;
    err = joined_put(listing->joined, out, &is_out, &why);
    *done = err == OK && is_out && listing->at_end;
    if (err == OK && is_out && !listing->at_end)
        err = next_window(listing, &why);
    if (err != OK) {
        log_event(LOG_ERROR, "stream-cut", "%s", why.text);
        return err;
    }
    if (*done)
        joined_tail(listing->joined, out);
    return out_finish(out);
}

static void
listing_free(struct listing *listing)
{
    joined_free(listing->joined);
    free(listing);
}

static void
free_stream(struct stream *stream)
{
    listing_free((struct listing *)stream);
}

static struct listing *
listing_new(void)
{
    struct listing *listing = calloc(1, sizeof *listing);

    if (listing == NULL)
        return NULL;
    listing->joined = joined_new();
    if (listing->joined != NULL)
        return listing;
    free(listing);
    return NULL;
}

static size_t
bytes_held(const struct listing *listing)
{
    size_t positions = QUANTITY_BYTES_MAX + VALUE_BYTES_MAX +
                       HOLDINGS_WINDOW_POSITIONS_MAX * sizeof(struct position);

    if (listing->at_end)
        return joined_bytes_held(listing->joined);
    return HOLDINGS_WINDOW_BYTES_MAX + positions;
}

static enum err
answer_whole(struct listing *listing, struct why *why)
{
    listing->window = HOLDINGS_WINDOW_SECURITIES;
    TRY(next_window(listing, why));
    listing->stream = (struct stream){
        .fill = fill,
        .free = free_stream,
        .bytes_held = bytes_held(listing),
    };
    return OK;
}

static enum err
answer_page(struct request *request, struct response *response,
            struct listing *listing, uint32_t limit, struct why *why)
{
    const struct holdings_share share = {
        .count_max = limit,
        .quantity_bytes_max = ANSWER_BYTES_MAX,
    };
    struct holdings *holdings = &listing->holdings;
    struct positions *positions = joined_positions(listing->joined);
    struct cursor next = { .known_tx = holdings->known_tx };
    bool is_out = false;

    TRY(holdings_take(holdings, &share, positions, &listing->at_end, why));
    if (!listing->at_end && positions->count < limit)
        return ERR_TOO_LARGE;
    next.start = holdings->day;
    next.key = (int64_t)holdings->ordinal;
    TRY(joined_match(listing->joined, why));
    joined_head(listing->joined, &response->body);
    while (!is_out)
        TRY(joined_put(listing->joined, &response->body, &is_out, why));
    joined_tail(listing->joined, &response->body);
    return page_end(request, response, listing->at_end ? NULL : &next, why);
}

/* The span, and where in it to begin. False: the response is set. */
static bool
span_read(struct request *request, struct response *response,
          struct holdings *out)
{
    struct window window;
    struct cursor cursor;
    bool paged;
    enum err err = cursor_read(request, &paged, &cursor);

    assert(err == OK); /* clocks_read has refused any other */
    if (!window_read(request, response, &window))
        return false;
    out->day.days =
        window.from.days < DATE_FIRST_DAYS ? DATE_FIRST_DAYS : window.from.days;
    out->last.days =
        window.to.days > DATE_LAST_DAYS ? DATE_LAST_DAYS : window.to.days - 1;
    if (!paged)
        return true;
    if (cursor.start.days < out->day.days ||
        cursor.start.days > out->last.days) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return false;
    }
    out->day = cursor.start;
    out->ordinal = (uint64_t)cursor.key;
    return true;
}

static enum err
begin(struct request *request, struct response *response,
      struct listing *listing, struct why *why)
{
    const struct join_rules rules = {
        .known_tx = listing->holdings.known_tx,
        .memory = request->service->column_memory,
        .unmatched = UNMATCHED_KEEP,
        .age_days_max = UINT64_MAX,
        .media = request->media,
        .window_bytes_max = HOLDINGS_WINDOW_BYTES_MAX,
        .parts = 1,
    };

    TRY(joined_begin(listing->joined, request->service->store, &rules, why));
    response->status = 200;
    response->media = request->media;
    return OK;
}

static void
handle(struct request *request, struct response *response)
{
    struct holdings holdings = { .store = request->service->store };
    struct listing *listing;
    struct why why = { 0 };
    struct clocks clocks;
    bool limited, is_whole;
    uint32_t limit;
    enum err err;

    if (!clocks_read(request, response, &clocks) ||
        !span_read(request, response, &holdings) ||
        !limit_read(request, response, &limited, &limit) ||
        !portfolio_find(request, response, clocks.known_tx,
                        &holdings.portfolio))
        return;
    listing = listing_new();
    if (listing == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    holdings.known_tx = clocks.known_tx;
    listing->holdings = holdings;
    err = begin(request, response, listing, &why);
    is_whole = request->media != MEDIA_JSON && !limited;
    if (err == OK && is_whole)
        err = answer_whole(listing, &why);
    else if (err == OK)
        err = answer_page(request, response, listing, limit, &why);
    if (err == OK && is_whole)
        response->stream = &listing->stream;
    else
        listing_free(listing);
    if (err == ERR_TOO_LARGE && why.text[0] == '\0')
        err = why_set(&why, err, "the rows are too large: ask for fewer");
    if (err != OK)
        problem_err(request, response, err, &why);
}

static const char *const params[] = {
    "known_at", "known_tx", "from", "to", "limit", "cursor", NULL,
};

const struct endpoint endpoint_holdings = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
