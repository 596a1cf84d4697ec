/* Collect the bars of one request. */
#include "secmaster/bar_batch.h"

#include <assert.h>
#include <stdlib.h>

#define ROWS_FIRST 64

struct bar_batch *
bar_batch_new(uint64_t seed)
{
    struct bar_batch *batch = calloc(1, sizeof *batch);

    if (batch == NULL)
        return NULL;
    batch->seed = seed;
    batch->ticker_member = "ticker";
    if (batch_names_init_default(&batch->sources, seed, DEFAULT_SOURCE) == OK)
        return batch;
    bar_batch_free(batch);
    return NULL;
}

void
bar_batch_free(struct bar_batch *batch)
{
    if (batch == NULL)
        return;
    batch_names_fini(&batch->sources);
    batch_names_fini(&batch->tickers);
    free(batch->rows);
    batch_free(batch->created);
    free(batch);
}

enum err
bar_batch_ticker(struct bar_batch *batch, struct str ticker, int64_t *out)
{
    uint32_t index;

    assert(ticker.len > 0);
    TRY(batch_names_intern(&batch->tickers, batch->seed, ticker, &index));
    *out = -1 - (int64_t)index;
    return OK;
}

enum err
bar_batch_source(struct bar_batch *batch, struct str source, uint32_t *out)
{
    assert(source.len > 0);
    return batch_names_intern(&batch->sources, batch->seed, source, out);
}

enum err
bar_batch_default_source(struct bar_batch *batch, struct str source)
{
    assert(source.len > 0);
    return batch_names_set_default(&batch->sources, source);
}

static enum err
grow(struct bar_batch *batch)
{
    uint32_t capacity = batch->capacity == 0 ? ROWS_FIRST : batch->capacity * 2;
    struct bar_row *rows;

    if (capacity <= batch->capacity)
        return ERR_TOO_LARGE;
    rows = realloc(batch->rows, capacity * sizeof *rows);
    if (rows == NULL)
        return ERR_BUSY;
    batch->rows = rows;
    batch->capacity = capacity;
    return OK;
}

enum err
bar_batch_add(struct bar_batch *batch, const struct bar_row *row)
{
    enum bar_field field;

    assert(bar_fault(&row->bar, &field) == NULL);
    assert(row->security_id >= 0 ||
           -1 - row->security_id < batch->tickers.count);
    assert(row->bar.source < batch->sources.count);

    if (batch->count == batch->capacity)
        TRY(grow(batch));
    batch->rows[batch->count++] = *row;
    return OK;
}

void
bar_batch_complain_ticker(const struct bar_batch *batch,
                          struct complaints *complaints, uint32_t i,
                          const char *detail)
{
    const struct row_place place = { batch->pointer_prefix, i,
                                     batch->rows[i].line };

    if (batch->ticker_pointer != NULL)
        complaints_add(complaints, batch->ticker_pointer, 0, "%s", detail);
    else
        complaints_add_row(complaints, &place, batch->ticker_member, detail);
}
