/* What an answer to an ask means, as text to compare. */
#include "tests/vendor/answers.h"

#include <assert.h>

#include "tests/codec/bars_reading.h"
#include "tests/codec/trades_reading.h"

static const char *const verdicts[] = {
    [VENDOR_ROWS] = "rows",
    [VENDOR_EMPTY] = "empty",
    [VENDOR_REFUSED] = "refused",
    [VENDOR_FAILED] = "failed",
    [VENDOR_UNDECODABLE] = "undecodable",
};

/* What rows are put in. */
struct rows {
    struct listing listing;
    struct bar_batch *bars;
    struct trade_batch *trades;
    struct arena arena;
    struct complaints reasons;
};

static void
rows_init(struct rows *rows)
{
    const struct listed before = { .fields[LISTED_TICKER] = { VALUE_STRING,
                                                              STR("before") } };
    enum err err;

    listing_init(&rows->listing);
    err = listing_add(&rows->listing, &before);
    assert(err == OK);
    rows->listing.page = 7;
    rows->bars = bar_batch_new(0);
    rows->trades = trade_batch_new(0);
    assert(rows->bars != NULL);
    assert(rows->trades != NULL);
    arena_init(&rows->arena, 1UL << 20);
    complaints_init(&rows->reasons, &rows->arena);
}

static void
rows_fini(struct rows *rows)
{
    listing_fini(&rows->listing);
    bar_batch_free(rows->bars);
    trade_batch_free(rows->trades);
    arena_fini(&rows->arena);
}

static void
put_listing(struct out *out, const struct listing *listing)
{
    for (uint32_t i = 0; i < listing->count; i++) {
        const struct listed *row = &listing->rows[i];

        out_print(out, "%u.%u", row->place.page, row->place.row);
        for (size_t field = 0; field < LISTED_FIELDS; field++) {
            out_char(out, ' ');
            if (row->fields[field].type == VALUE_NULL)
                out_char(out, '-');
            else
                value_json(out, row->fields[field]);
        }
        out_char(out, '\n');
    }
    for (uint32_t i = 0; i < listing->split_count; i++) {
        const struct listed_split *split = &listing->splits[i];

        out_print(out, "%u.%u %.*s ", split->place.page, split->place.row,
                  STR_ARG(split->ticker));
        out_date(out, split->execution);
        out_print(out, " %.*s:%.*s\n", STR_ARG(split->from),
                  STR_ARG(split->to));
    }
}

static void
put_marks(struct out *out, const struct vendor_reading *read)
{
    out_print(out, "%s", verdicts[read->verdict]);
    if (read->rows > 0)
        out_print(out, " %u", read->rows);
    if (read->updated_last != 0)
        out_print(out, " updated %ld", read->updated_last);
    if (read->next.data != NULL)
        out_print(out, " next %.*s", STR_ARG(read->next));
    out_char(out, '\n');
}

static void
put_reasons(struct out *out, const struct complaints *reasons)
{
    for (size_t i = 0; i < reasons->listed; i++) {
        const struct complaint *reason = &reasons->items[i];

        out_print(out, "%s: %s\n",
                  reason->pointer == NULL ? "" : reason->pointer,
                  reason->detail);
    }
}

/* Read an answer into rows, which are new. */
static const struct vendor_dataset *
read_answer(const struct answer_case *answer, struct rows *rows,
            struct vendor_reading *out)
{
    const struct vendor_adapter *vendor = vendor_find(str_of(answer->vendor));
    const struct vendor_answer sent = {
        .asked = STR(ASKED),
        .status = answer->status,
        .content_type = STR("text/x"),
        .body = answer->body,
        .source = STR("vendor"),
    };
    const struct vendor_dataset *dataset;
    enum err err;

    assert(vendor != NULL);
    dataset = vendor_dataset(vendor, str_of(answer->dataset));
    assert(dataset != NULL);
    rows_init(rows);
    *out = (struct vendor_reading){
        .listing = &rows->listing,
        .bars = rows->bars,
        .trades = rows->trades,
        .reasons = &rows->reasons,
        .arena = &rows->arena,
    };
    err = vendor_read(vendor, dataset, &sent, out);
    assert(err == OK);
    return dataset;
}

void
answer_put(struct out *out, const struct answer_case *answer)
{
    const struct vendor_dataset *dataset;
    struct vendor_reading read;
    struct rows rows;

    dataset = read_answer(answer, &rows, &read);
    put_marks(out, &read);
    put_reasons(out, &rows.reasons);
    if (dataset->brings == BRINGS_LISTING || dataset->brings == BRINGS_SPLITS)
        put_listing(out, &rows.listing);
    if (read.verdict == VENDOR_ROWS && dataset->brings == BRINGS_BARS)
        bars_put(out, rows.bars);
    if (read.verdict == VENDOR_ROWS && dataset->brings == BRINGS_TRADES)
        trades_put(out, rows.trades);
    rows_fini(&rows);
}

uint64_t
answer_print(const char *vendor, const char *dataset, struct str body)
{
    const struct answer_case answer = { vendor, dataset, 200, body };
    struct vendor_reading read;
    struct rows rows;

    (void)read_answer(&answer, &rows, &read);
    rows_fini(&rows);
    return read.print;
}
