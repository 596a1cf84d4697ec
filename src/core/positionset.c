/* Encode and decode the payload of a record of positions. */
#include "secmaster/positionset.h"

#include <assert.h>

#include "secmaster/bounds.h"
#include "secmaster/wire.h"

void
positionset_put(struct out *out, const struct positionset_item *item)
{
    size_t most = (size_t)2 * VARINT_BYTES_MAX + item->quantity.len;
    unsigned char *to = (unsigned char *)out_reserve(out, most);
    size_t n;

    assert(item->security_id >= 0);
    assert(item->quantity.len > 0);
    assert(item->quantity.len <= VALUE_BYTES_MAX);

    if (to == NULL)
        return;
    n = put_varint(to, (uint64_t)item->security_id);
    n += put_varint(to + n, item->quantity.len);
    memcpy(to + n, item->quantity.data, item->quantity.len);
    out->len += n + item->quantity.len;
}

static bool
take(struct str *from, struct positionset_item *out)
{
    uint64_t security = 0, len = 0;

    if (!take_varint(from, &security) || security > SECURITY_ID_MAX)
        return false;
    if (!take_varint(from, &len) || len == 0 || len > VALUE_BYTES_MAX ||
        len > from->len)
        return false;
    out->security_id = (int64_t)security;
    out->quantity = (struct str){ from->data, (size_t)len };
    from->data += len;
    from->len -= (size_t)len;
    return true;
}

bool
positionset_next(struct str *payload, struct positionset_item *out,
                 enum err *err)
{
    *err = OK;
    if (payload->len == 0)
        return false;
    if (!take(payload, out))
        *err = ERR_STORE;
    return *err == OK;
}
