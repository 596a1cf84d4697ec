/* Securities and days in the order in which rows are looked for. */
#ifndef API_SEEKS_H
#define API_SEEKS_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/lookup_reader.h"
#include "secmaster/positions_reader.h"

/* A security and a day to look for, and where they stood as sent. */
struct seek {
    int64_t security_id;
    struct date date;
    uint32_t index;
};

/* By security and date. */
struct seeks {
    struct seek *items; /* owned */
    size_t count;
};

/* ERR_BUSY: out of memory. seeks may be zero, else it was made before. */
enum err seeks_of_positions(struct seeks *seeks,
                            const struct positions *positions);

/* The same of keys that are all dated. */
enum err seeks_of_keys(struct seeks *seeks, const struct lookup_key *keys,
                       size_t count);

void seeks_fini(struct seeks *seeks);

#endif
