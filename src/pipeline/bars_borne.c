/* Rows copied into a new batch, but those that are nobody's or several's. */
#include "bars_borne.h"

#include <assert.h>
#include <stdlib.h>

#include "bar_tickers.h"

static enum err
copy_row(const struct bar_batch *from, uint32_t i, struct bar_batch *into)
{
    struct bar_row row = from->rows[i];

    assert(row.security_id < 0);
    TRY(bar_batch_ticker(into, from->tickers.items[-1 - row.security_id],
                         &row.security_id));
    return bar_batch_add(into, &row);
}

/* Sources are as they were, by their numbers. */
static enum err
copy_sources(const struct bar_batch *from, struct bar_batch *into)
{
    TRY(bar_batch_default_source(into, from->sources.items[0]));
    for (uint32_t i = 1; i < from->sources.count; i++) {
        uint32_t index;

        TRY(bar_batch_source(into, from->sources.items[i], &index));
        assert(index == i);
    }
    return OK;
}

static enum err
copy(const struct bar_batch *from, const struct placed_bar *places,
     struct bar_batch *into)
{
    TRY(copy_sources(from, into));
    into->pointer_prefix = from->pointer_prefix;
    into->ticker_member = from->ticker_member;
    into->ticker_pointer = from->ticker_pointer;
    into->creates = from->creates;
    for (uint32_t i = 0; i < from->count; i++)
        if (places[i].security_id >= 0)
            TRY(copy_row(from, i, into));
    return OK;
}

enum err
bars_borne(struct bar_batch **batch, struct view *view, struct why *why)
{
    const struct bar_batch *from = *batch;
    struct bar_batch *into = bar_batch_new(from->seed);
    struct placed_bar *places = calloc(from->count + 1, sizeof *places);
    enum err err = into == NULL || places == NULL ? ERR_BUSY : OK;

    if (err == OK)
        err = bar_tickers_resolve(from, view, places, why);
    if (err == OK)
        err = copy(from, places, into);
    free(places);
    if (err != OK) {
        bar_batch_free(into);
        return err;
    }
    bar_batch_free(*batch);
    *batch = into;
    return OK;
}
