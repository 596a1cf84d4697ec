/* GET /v1/trades/summary: how many trades, and for how much, in groups. */
#include <assert.h>

#include "knowledge.h"
#include "page.h"
#include "problem.h"
#include "secmaster/cells_writer.h"
#include "service.h"
#include "trade_books.h"
#include "trade_groups.h"

/* By enum trade_grouping: the parameter's word and the column of its key. */
static const struct {
    const char *word, *column;
} groupings[TRADE_GROUPINGS] = {
    [BY_MEMBER] = { "member", "member_id" },
    [BY_SECURITY] = { "security", "security_id" },
    [BY_SECTOR] = { "sector", "sector" },
    [BY_COMMITTEE] = { "committee", "committee" },
    [BY_PARTY] = { "party", "party" },
    [BY_STATE] = { "state", "state" },
    [BY_MONTH] = { "month", "month" },
};

/* What a request wants of the table. */
struct wanted {
    struct trade_question question;
    enum trade_grouping by;
    bool is_limited, is_paged;
    uint32_t limit;
    struct cursor cursor;
};

/* False: the response is set. */
static bool
grouping_read(struct request *request, struct response *response,
              enum trade_grouping *out)
{
    struct str text = request_param(request, "by");

    for (unsigned i = 0; i < TRADE_GROUPINGS && text.data != NULL; i++) {
        *out = i;
        if (str_equal(text, str_of(groupings[i].word)))
            return true;
    }
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "by is %s: member, security, sector, committee, party, state "
                "or month",
                text.data == NULL ? "missing" : "unknown");
    return false;
}

static void
add_columns(struct cells_writer *cells, enum trade_grouping by)
{
    cells_add(cells, str_of(groupings[by].column));
    cells_add(cells, STR("trades"));
    cells_add(cells, STR("amount_low"));
    cells_add(cells, STR("amount_high"));
    cells_add(cells, STR("open_ended"));
}

static void
put_sum(struct cells_writer *cells, struct out *out,
        const struct amount_sum *sum)
{
    cells_next(cells, out);
    decimal_sum_put(out, &sum->sum, sum->scale);
}

static void
put_group(struct cells_writer *cells, struct out *out,
          const struct trade_group *group)
{
    cells_begin(cells, out);
    cells_next(cells, out);
    cells->format->value(out, group->key);
    cells_next(cells, out);
    out_int(out, (int64_t)group->trades);
    put_sum(cells, out, &group->low);
    put_sum(cells, out, &group->high);
    cells_next(cells, out);
    out_int(out, (int64_t)group->open_ended);
    cells_end(cells, out);
}

static enum err
write_table(struct request *request, struct response *response,
            const struct trade_groups *groups, const struct wanted *wanted,
            struct why *why)
{
    bool is_whole = request->media != MEDIA_JSON && !wanted->is_limited;
    size_t from = wanted->is_paged ? (size_t)wanted->cursor.key : 0;
    size_t end = groups->count;
    struct cells_writer cells;
    struct cursor next = { .known_tx = wanted->question.known_tx };

    if (from > end || (from == end && wanted->is_paged)) {
        problem_set(request, response, PROBLEM_INVALID_CURSOR,
                    "the cursor is damaged, or another query's");
        return OK;
    }
    if (!is_whole && end - from > wanted->limit)
        end = from + wanted->limit;
    cells_init(&cells, request->media);
    add_columns(&cells, wanted->by);
    cells_head(&cells, &response->body);
    for (size_t i = from; i < end; i++)
        put_group(&cells, &response->body, &groups->items[i]);
    cells_tail(&cells, &response->body);
    response->status = 200;
    response->media = request->media;
    next.key = (int64_t)end;
    return page_end(request, response, end < groups->count ? &next : NULL, why);
}

static enum err
summarise(struct request *request, struct response *response,
          const struct wanted *wanted, struct why *why)
{
    struct service *service = request->service;
    struct trade_groups groups = { .count = 0 };
    struct trade_choice choice;
    struct trade_book *book;
    enum err err;

    TRY(trade_books_begin(service->trade_books, service->store,
                          wanted->question.known_tx, &service->draining, &book,
                          why));
    err = trade_choice_init(&choice, book, &wanted->question);
    if (err == OK)
        err = trade_groups_make(&groups, wanted->by, &choice, service->store,
                                why);
    if (err == OK)
        err = write_table(request, response, &groups, wanted, why);
    trade_groups_fini(&groups);
    trade_choice_fini(&choice);
    trade_books_end(service->trade_books, book);
    return err;
}

static void
handle(struct request *request, struct response *response)
{
    struct why why = { 0 };
    struct wanted wanted;
    enum err err;

    if (!trade_question_read(request, response, &wanted.question) ||
        !grouping_read(request, response, &wanted.by) ||
        !limit_read(request, response, &wanted.is_limited, &wanted.limit))
        return;
    err = cursor_read(request, &wanted.is_paged, &wanted.cursor);
    assert(err == OK); /* clocks_read has refused any other */
    err = summarise(request, response, &wanted, &why);
    if (err != OK)
        problem_err(request, response, err, &why);
}

static const char *const params[] = {
    "by",       "from",  "to",     "disclosed_by", "known_at",
    "known_tx", "limit", "cursor", NULL,
};

const struct endpoint endpoint_trades_summary = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
