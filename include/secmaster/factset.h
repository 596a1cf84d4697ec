/* The payload of a RECORD_FACTS record: facts of one security on one date. */
#ifndef SECMASTER_FACTSET_H
#define SECMASTER_FACTSET_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/err.h"
#include "secmaster/fact.h"
#include "secmaster/out.h"
#include "secmaster/wire.h"

/*
 * Facts stand in order of arrival, one behind the other:
 *
 *   head       1 byte   bits 0-2 value type, bit 3 retraction,
 *                       bit 4 a source id follows (else it is 0), 5-7 zero
 *   attribute  varint   id in the attribute dictionary
 *   source     varint   id in the source dictionary, if bit 4
 *   length     varint   of the text; numbers and strings only
 *   text       bytes    as in struct value; numbers and strings only
 */
#define FACTSET_TYPE 0x07
#define FACTSET_RETRACT 0x08
#define FACTSET_SOURCE 0x10
static_assert(VALUE_STRING <= FACTSET_TYPE, "the type has three bits");

/* Escaping makes at most six bytes of one. */
#define FACTSET_TEXT_BYTES_MAX (6 * VALUE_BYTES_MAX)

struct factset_item {
    uint32_t attribute, source; /* dictionary ids */
    enum fact_op op;
    struct value value; /* borrowed from the payload */
};

/* Append one fact. */
void factset_put(struct out *out, const struct factset_item *item);

static inline bool
factset_has_text(unsigned type)
{
    return type == VALUE_NUMBER || type == VALUE_STRING;
}

/* A dictionary id off the front. */
static inline bool
factset_take_id(struct str *from, uint32_t *out)
{
    uint64_t id;

    if (!take_varint(from, &id) || id >= NAMES_MAX)
        return false;
    *out = (uint32_t)id;
    return true;
}

static inline bool
factset_take_text(struct str *from, struct str *out)
{
    uint64_t len;

    if (!take_varint(from, &len) || len > from->len ||
        len > FACTSET_TEXT_BYTES_MAX)
        return false;
    *out = (struct str){ from->data, (size_t)len };
    from->data += len;
    from->len -= (size_t)len;
    return true;
}

static inline bool
factset_take(struct str *from, struct factset_item *out)
{
    unsigned head = (unsigned char)from->data[0], type = head & FACTSET_TYPE;

    from->data++;
    from->len--;
    out->op = (head & FACTSET_RETRACT) != 0 ? FACT_RETRACT : FACT_ASSERT;
    out->source = 0;
    if (head > (FACTSET_TYPE | FACTSET_RETRACT | FACTSET_SOURCE) ||
        type > VALUE_STRING)
        return false;
    if (out->op == FACT_RETRACT && type != VALUE_NULL)
        return false;
    if (!factset_take_id(from, &out->attribute))
        return false;
    if ((head & FACTSET_SOURCE) != 0 && !factset_take_id(from, &out->source))
        return false;
    if (!factset_has_text(type)) {
        out->value = value_of_type((enum value_type)type);
        return true;
    }
    out->value.type = (enum value_type)type;
    return factset_take_text(from, &out->value.text);
}

/*
 * Take the next fact off the front of *payload; false at its end.
 * *err is ERR_STORE where the bytes are no fact set, and OK otherwise. Inline
 * because a fold is made of little else.
 */
static inline bool
factset_next(struct str *payload, struct factset_item *out, enum err *err)
{
    struct str from = *payload; /* a copy, for registers */

    *err = OK;
    if (from.len == 0)
        return false;
    if (!factset_take(&from, out)) {
        *err = ERR_STORE;
        return false;
    }
    *payload = from;
    return true;
}

#endif
