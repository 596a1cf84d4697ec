/* Tickers to securities: all of a batch are looked for together, each once. */
#include "bar_tickers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/bearers.h"
#include "secmaster/bounds.h"

#define ATTRIBUTE STR("ticker")

/* "on 2024-01-05 no security bears the ticker ...; create=true makes one" */
#define COMPLAINT_BYTES_MAX (128 + TICKER_BYTES_MAX)

/* The rows of each ticker, as chains in order of arrival. */
struct chains {
    uint32_t *first; /* by ticker, BATCH_END: none */
    uint32_t *next;  /* by row */
};

static bool
has_ticker(const struct bar_row *row)
{
    return row->security_id < 0;
}

static uint32_t
ticker_of(const struct bar_row *row)
{
    assert(has_ticker(row));
    return (uint32_t)(-1 - row->security_id);
}

static void
chains_free(struct chains *chains)
{
    free(chains->first);
    free(chains->next);
}

static enum err
chains_make(const struct bar_batch *batch, struct chains *out)
{
    const uint32_t tickers = batch->tickers.count;

    out->first = malloc(tickers * sizeof *out->first);
    out->next = malloc(batch->count * sizeof *out->next);
    if (out->first == NULL || out->next == NULL) {
        chains_free(out);
        return ERR_BUSY;
    }
    for (uint32_t i = 0; i < tickers; i++)
        out->first[i] = BATCH_END;
    for (uint32_t i = batch->count; i-- > 0;) {
        const struct bar_row *row = &batch->rows[i];

        if (!has_ticker(row))
            continue;
        out->next[i] = out->first[ticker_of(row)];
        out->first[ticker_of(row)] = i;
    }
    return OK;
}

/* The days that have tickers; at least one. */
static struct window
days_of(const struct bar_batch *batch)
{
    struct window days = { { INT32_MAX }, { INT32_MIN } };

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct bar_row *row = &batch->rows[i];

        if (!has_ticker(row))
            continue;
        if (row->bar.date.days < days.from.days)
            days.from = row->bar.date;
        if (row->bar.date.days >= days.to.days)
            days.to.days = row->bar.date.days + 1;
    }
    assert(days.from.days < days.to.days);
    return days;
}

static int64_t
owner_on(const struct bearers *bearers, struct date day)
{
    int64_t owner = BORNE_BY_NONE;

    return bearers_on(bearers, day, &owner) > 1 ? BORNE_BY_MANY : owner;
}

struct resolving {
    const struct bar_batch *batch;
    struct chains chains;
    struct placed_bar *places;
};

static enum visit
place_rows(void *context, const struct bearers *bearers, size_t ticker)
{
    struct resolving *resolving = context;
    const struct chains *chains = &resolving->chains;

    for (uint32_t row = chains->first[ticker]; row != BATCH_END;
         row = chains->next[row])
        resolving->places[row].security_id =
            owner_on(bearers, resolving->batch->rows[row].bar.date);
    return VISIT_NEXT;
}

static bool
has_tickers(const struct bar_batch *batch)
{
    uint32_t i = 0;

    while (i < batch->count && !has_ticker(&batch->rows[i]))
        i++;
    return i < batch->count;
}

enum err
bar_tickers_resolve(const struct bar_batch *batch, struct view *view,
                    struct placed_bar *places, struct why *why)
{
    const uint32_t attribute = names_find(view->store->attributes, ATTRIBUTE);
    const struct bearers_names tickers = { batch->tickers.items,
                                           batch->tickers.count };
    struct resolving resolving = { .batch = batch, .places = places };
    struct bearers bearers;
    enum err err;

    if (!has_tickers(batch))
        return OK;
    TRY(chains_make(batch, &resolving.chains));
    err = bearers_init(&bearers, view, attribute, days_of(batch));
    if (err == OK)
        err = bearers_find_all(&bearers, &tickers, place_rows, &resolving, why);
    bearers_fini(&bearers);
    chains_free(&resolving.chains);
    return err;
}

/* The rows that a ticker is first missed by: BATCH_END where by none. */
static void
find_first(const struct bar_batch *batch, const struct placed_bar *places,
           uint32_t *first)
{
    for (uint32_t i = 0; i < batch->tickers.count; i++)
        first[i] = BATCH_END;
    for (uint32_t i = 0; i < batch->count; i++) {
        uint32_t *row;

        if (places[i].security_id != BORNE_BY_NONE)
            continue;
        row = &first[ticker_of(&batch->rows[i])];
        if (*row == BATCH_END || places[i].day < places[*row].day)
            *row = i;
    }
}

/* A security that bears a ticker from a row's day on. */
static enum err
create(struct bar_batch *batch, uint32_t ticker, const struct bar_row *row)
{
    struct fact fact = {
        .attribute = ATTRIBUTE,
        .value = { .type = VALUE_STRING },
        .effective = row->bar.date,
        .source = batch->sources.items[row->bar.source],
    };
    struct out text;
    enum err err;

    out_init(&text, SIZE_MAX);
    value_escape(&text, batch->tickers.items[ticker]);
    err = out_finish(&text);
    fact.value.text = out_text(&text);
    if (err == OK)
        err = batch_label(batch->created, batch->tickers.items[ticker],
                          &fact.security_id);
    if (err == OK)
        err = batch_add(batch->created, &fact, row->line);
    out_fini(&text);
    return err;
}

static enum err
create_all(struct bar_batch *batch, const uint32_t *first)
{
    for (uint32_t i = 0; i < batch->tickers.count; i++) {
        if (first[i] == BATCH_END)
            continue;
        if (batch->created == NULL)
            batch->created = batch_new(batch->seed);
        if (batch->created == NULL)
            return ERR_BUSY;
        TRY(create(batch, i, &batch->rows[first[i]]));
    }
    return OK;
}

static enum err
label_rows(const struct bar_batch *batch, struct placed_bar *places)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct bar_row *row = &batch->rows[i];

        if (places[i].security_id == BORNE_BY_NONE)
            TRY(batch_label(batch->created,
                            batch->tickers.items[ticker_of(row)],
                            &places[i].security_id));
    }
    return OK;
}

enum err
bar_tickers_create(struct bar_batch *batch, struct placed_bar *places)
{
    uint32_t *first;
    enum err err;

    /* A batch that the store had no room for can come again. */
    batch_free(batch->created);
    batch->created = NULL;
    if (!batch->creates || batch->tickers.count == 0)
        return OK;
    first = malloc(batch->tickers.count * sizeof *first);
    if (first == NULL)
        return ERR_BUSY;
    find_first(batch, places, first);
    err = create_all(batch, first);
    free(first);
    if (err != OK || batch->created == NULL)
        return err;
    TRY(label_rows(batch, places));
    return batch_seal(batch->created);
}

void
bar_tickers_place(const struct bar_batch *batch, struct placed_bar *places)
{
    for (uint32_t i = 0; i < batch->count; i++)
        places[i].security_id =
            batch_security(batch->created, places[i].security_id);
}

static void
complain(const struct bar_batch *batch, const struct placed_bar *place,
         struct complaints *complaints)
{
    const struct bar_row *row = &batch->rows[place->row];
    const bool is_shared = place->security_id == BORNE_BY_MANY;
    char text[COMPLAINT_BYTES_MAX], day[DATE_TEXT_BYTES];

    date_format(row->bar.date, day);
    (void)snprintf(text, sizeof text,
                   "on %.*s %s security bears the ticker \"%.*s\"%s",
                   DATE_TEXT_BYTES, day, is_shared ? "more than one" : "no",
                   STR_ARG(batch->tickers.items[ticker_of(row)]),
                   is_shared ? "" : "; create=true makes one");
    bar_batch_complain_ticker(batch, complaints, place->row, text);
}

bool
bar_tickers_refuse(const struct bar_batch *batch,
                   const struct placed_bar *places,
                   struct complaints *complaints)
{
    bool any = false;

    for (uint32_t i = 0; i < batch->count; i++) {
        const int64_t id = places[i].security_id;

        if (id != BORNE_BY_MANY && (id != BORNE_BY_NONE || batch->creates))
            continue;
        complain(batch, &places[i], complaints);
        any = true;
    }
    return any;
}
