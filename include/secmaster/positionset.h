/* The payload of a RECORD_POSITIONS record: a portfolio's positions of a day.
 */
#ifndef SECMASTER_POSITIONSET_H
#define SECMASTER_POSITIONSET_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/*
 * Positions stand as sent, one behind the other; nothing at all is a day
 * without positions:
 *
 *   security  varint   id, below 2^63
 *   length    varint   of the quantity, 1 to 64 KiB
 *   quantity  bytes    a number's own text
 */
struct positionset_item {
    int64_t security_id;
    struct str quantity; /* borrowed from the payload */
};

/* Append one position. */
void positionset_put(struct out *out, const struct positionset_item *item);

/*
 * Take the next position off the front of *payload; false at its end. *err is
 * ERR_STORE where the bytes are no positions, and OK otherwise.
 */
bool positionset_next(struct str *payload, struct positionset_item *out,
                      enum err *err);

#endif
