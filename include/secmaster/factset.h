/* The payload of a RECORD_FACTS record: facts of one security on one date. */
#ifndef SECMASTER_FACTSET_H
#define SECMASTER_FACTSET_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/fact.h"
#include "secmaster/out.h"

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
struct factset_item {
    uint32_t attribute, source; /* dictionary ids */
    enum fact_op op;
    struct value value; /* borrowed from the payload */
};

/* Append one fact. */
void factset_put(struct out *out, const struct factset_item *item);

/*
 * Take the next fact off the front of *payload; false at its end.
 * *err is ERR_STORE where the bytes are no fact set, and OK otherwise.
 */
bool factset_next(struct str *payload, struct factset_item *out, enum err *err);

#endif
