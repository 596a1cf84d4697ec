/* The payload of a RECORD_MEMBERS record: a member of Congress from a day on.
 */
#ifndef SECMASTER_MEMBER_H
#define SECMASTER_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/*
 * A record's effective date is the UTC day of updated; of a member and a day
 * the one with the greatest updated, then tx, stands.
 *
 *   updated  varint  zigzag, seconds since 1970
 *   text     bytes   to the end: the members of its object behind member_id and
 *                    effective_start_date, as JSON: "name":"..","chamber":..
 */
struct member_version {
    int64_t updated;
    struct str text; /* borrowed from the payload */
};

void member_put(struct out *out, const struct member_version *member);

/* False: the bytes are no member. */
bool member_read(struct str payload, struct member_version *out);

#endif
