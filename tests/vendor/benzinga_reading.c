/* What a body of Benzinga's comes to, as text to compare. */
#include "tests/vendor/benzinga_reading.h"

#include <assert.h>

#include "secmaster/vendor.h"
#include "tests/codec/trades_reading.h"

void
benzinga_reading(struct out *out, struct str body)
{
    const struct vendor_adapter *adapter = vendor_find(STR("benzinga"));
    const struct vendor_page page = { body, STR("vendor") };
    struct trade_batch *batch = trade_batch_new(0);
    struct arena arena;
    struct complaints complaints;
    struct why why = { "" };
    enum err err;

    assert(adapter != NULL);
    assert(batch != NULL);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = adapter->decode_trades(&page, batch, &complaints, &why);
    if (put_verdict(out, err, &why, &complaints))
        trades_put(out, batch);
    trade_batch_free(batch);
    arena_fini(&arena);
}
