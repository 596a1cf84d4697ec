/* Encode the payload of a fact record; the decoder is inline. */
#include <assert.h>

#include "secmaster/factset.h"
#include "secmaster/wire.h"

void
factset_put(struct out *out, const struct factset_item *item)
{
    unsigned type = item->value.type;
    size_t most = 1 + 3 * VARINT_BYTES_MAX + item->value.text.len;
    unsigned char *to = (unsigned char *)out_reserve(out, most);
    size_t n = 0;

    assert(item->op == FACT_ASSERT || type == VALUE_NULL);
    if (to == NULL)
        return;
    to[n++] = (unsigned char)(type |
                              (item->op == FACT_RETRACT ? FACTSET_RETRACT : 0) |
                              (item->source != 0 ? FACTSET_SOURCE : 0));
    n += put_varint(to + n, item->attribute);
    if (item->source != 0)
        n += put_varint(to + n, item->source);
    if (factset_has_text(type)) {
        n += put_varint(to + n, item->value.text.len);
        if (item->value.text.len > 0)
            memcpy(to + n, item->value.text.data, item->value.text.len);
        n += item->value.text.len;
    }
    out->len += n;
}
