/* Encode and decode the payload of a fact record. */
#include <assert.h>

#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "secmaster/wire.h"

#define HEAD_TYPE 0x07
#define HEAD_RETRACT 0x08
#define HEAD_SOURCE 0x10
#define HEAD_ALL (HEAD_TYPE | HEAD_RETRACT | HEAD_SOURCE)

static_assert(VALUE_STRING <= HEAD_TYPE, "the type has three bits");

/* Escaping makes at most six bytes of one. */
#define TEXT_BYTES_MAX (6 * VALUE_BYTES_MAX)

static bool
has_text(unsigned type)
{
    return type == VALUE_NUMBER || type == VALUE_STRING;
}

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
    to[n++] =
        (unsigned char)(type | (item->op == FACT_RETRACT ? HEAD_RETRACT : 0) |
                        (item->source != 0 ? HEAD_SOURCE : 0));
    n += put_varint(to + n, item->attribute);
    if (item->source != 0)
        n += put_varint(to + n, item->source);
    if (has_text(type)) {
        n += put_varint(to + n, item->value.text.len);
        if (item->value.text.len > 0)
            memcpy(to + n, item->value.text.data, item->value.text.len);
        n += item->value.text.len;
    }
    out->len += n;
}

/* A dictionary id off the front. */
static bool
take_id(struct str *from, uint32_t *out)
{
    uint64_t id;

    if (!take_varint(from, &id) || id >= NAMES_MAX)
        return false;
    *out = (uint32_t)id;
    return true;
}

/* What follows the head byte. */
static bool
take_item(struct str *payload, unsigned head, struct factset_item *out)
{
    unsigned type = head & HEAD_TYPE;
    uint64_t len;

    out->op = (head & HEAD_RETRACT) != 0 ? FACT_RETRACT : FACT_ASSERT;
    out->source = 0;
    if ((head & ~(unsigned)HEAD_ALL) != 0 || type > VALUE_STRING)
        return false;
    if (out->op == FACT_RETRACT && type != VALUE_NULL)
        return false;
    if (!take_id(payload, &out->attribute))
        return false;
    if ((head & HEAD_SOURCE) != 0 && !take_id(payload, &out->source))
        return false;
    if (!has_text(type)) {
        out->value = value_of_type((enum value_type)type);
        return true;
    }
    if (!take_varint(payload, &len) || len > payload->len ||
        len > TEXT_BYTES_MAX)
        return false;
    out->value.type = (enum value_type)type;
    out->value.text = (struct str){ payload->data, (size_t)len };
    payload->data += len;
    payload->len -= (size_t)len;
    return true;
}

bool
factset_next(struct str *payload, struct factset_item *out, enum err *err)
{
    unsigned head;

    *err = OK;
    if (payload->len == 0)
        return false;
    head = (unsigned char)payload->data[0];
    payload->data++;
    payload->len--;
    if (take_item(payload, head, out))
        return true;
    *err = ERR_STORE;
    return false;
}
