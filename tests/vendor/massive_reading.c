/* What a body of Massive's comes to, as text to compare. */
#include "tests/vendor/massive_reading.h"

#include <assert.h>

#include "secmaster/vendor.h"
#include "tests/codec/bars_reading.h"

static void
put_reading(struct out *out, struct str body,
            void (*put)(struct out *out, const struct bar_batch *batch))
{
    const struct vendor_adapter *adapter = vendor_find(STR("massive"));
    const struct vendor_page page = { body, STR("vendor") };
    struct bar_batch *batch = bar_batch_new(0);
    struct arena arena;
    struct complaints complaints;
    struct why why = { "" };
    enum err err;

    assert(adapter != NULL);
    assert(batch != NULL);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = adapter->decode_bars(&page, batch, &complaints, &why);
    if (put_verdict(out, err, &why, &complaints))
        put(out, batch);
    bar_batch_free(batch);
    arena_fini(&arena);
}

void
massive_reading(struct out *out, struct str body)
{
    put_reading(out, body, bars_put);
}

void
massive_ticker_place(struct out *out, struct str body)
{
    put_reading(out, body, bars_put_ticker_place);
}
