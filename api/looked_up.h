/* Securities and days, and for each the row in force. */
#ifndef API_LOOKED_UP_H
#define API_LOOKED_UP_H

#include <stddef.h>
#include <stdint.h>

#include "reading.h"
#include "secmaster/lookup_reader.h"
#include "secmaster/media.h"
#include "secmaster/out.h"

/* All keys have a day; borrowed. */
struct wanted_rows {
    const struct lookup_key *keys;
    size_t key_count;
    struct projection projection;
    bool is_projected; /* those columns, even if they are none */
};

/*
 * Find the rows of a snapshot (the reading's store and known_tx) and print
 * them in the order of the keys, null where there is none. Each security is
 * folded once, in order of their ids. Errors: those of store_view_begin,
 * store_scan and timeline_finish; ERR_TOO_LARGE: more than LOOKUP_BYTES_MAX
 * of rows.
 */
enum err looked_up_print(const struct reading *reading,
                         const struct wanted_rows *wanted, enum media media,
                         struct out *out, struct why *why);

#endif
