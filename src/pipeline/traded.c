/* One pass over all trades, each ticker kept once. */
#include "traded.h"

#include <stdlib.h>

#include "array.h"
#include "secmaster/batch_names.h"
#include "secmaster/bounds.h"
#include "secmaster/trade.h"
#include "secmaster/vendor.h"

struct gathering {
    uint64_t seed;
    struct batch_names names;
    struct out text;
    enum err err;
};

static enum err
gather(struct gathering *gathering, const struct trade *trade)
{
    const struct value *ticker = &trade->fields[TRADE_TICKER];
    uint32_t index;

    if (ticker->type != VALUE_STRING)
        return OK;
    out_reset(&gathering->text);
    value_unescape(&gathering->text, ticker->text);
    TRY(out_finish(&gathering->text));
    if (!vendor_can_ask(out_text(&gathering->text)))
        return OK;
    TRY(batch_names_intern(&gathering->names, gathering->seed,
                           out_text(&gathering->text), &index));
    return gathering->names.count > UNIVERSE_TICKERS_MAX ? ERR_TOO_LARGE : OK;
}

static enum visit
visit(void *context, const struct record *record)
{
    struct gathering *gathering = context;
    struct str payload = record->payload;
    struct trade trade;

    while (tradeset_next(&payload, &trade, &gathering->err)) {
        gathering->err = gather(gathering, &trade);
        if (gathering->err != OK)
            return VISIT_STOP;
    }
    return gathering->err == OK ? VISIT_NEXT : VISIT_STOP;
}

static int
compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static enum err
keep(const struct batch_names *names, struct arena *arena, struct tickers *out)
{
    struct str *items = arena_zalloc(arena, names->count + 1, sizeof *items);

    if (items == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < names->count; i++) {
        items[i] = arena_copy(arena, names->items[i]);
        if (items[i].data == NULL)
            return ERR_TOO_LARGE;
    }
    qsort(items, names->count, sizeof *items, compare);
    *out = (struct tickers){ items, names->count };
    return OK;
}

enum err
traded_tickers(struct view *view, struct arena *arena, struct tickers *out,
               struct why *why)
{
    const struct scan_range range = SCAN_ALL(RECORD_TRADES);
    struct gathering gathering = { .seed = view->store->seed };
    enum err err;

    out_init(&gathering.text, VALUE_BYTES_MAX);
    err = store_scan(view, &range, visit, &gathering, why);
    if (err == OK && gathering.err == ERR_TOO_LARGE)
        err = why_set(why, ERR_TOO_LARGE, "more than %d tickers were traded",
                      UNIVERSE_TICKERS_MAX);
    else if (err == OK && gathering.err != OK)
        err = why_set(why, gathering.err,
                      "trades cannot be read for their tickers");
    if (err == OK)
        err = keep(&gathering.names, arena, out);
    out_fini(&gathering.text);
    batch_names_fini(&gathering.names);
    return err;
}
