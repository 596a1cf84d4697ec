/* What a vendor lists of a day: its securities, and splits. */
#ifndef SECMASTER_LISTING_H
#define SECMASTER_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/value.h"

/* Facts about a listed security, in the order of their attributes. */
enum listed_field {
    LISTED_TICKER, /* 1..TICKER_BYTES_MAX bytes, always told */
    LISTED_NAME,
    LISTED_ACTIVE,
    LISTED_CIK,
    LISTED_COMPOSITE_FIGI,
    LISTED_SHARE_CLASS_FIGI,
    LISTED_PRIMARY_EXCHANGE,
    LISTED_TYPE,
};
#define LISTED_FIELDS 8
extern const char *const listed_attributes[LISTED_FIELDS];

/* Where a row stood: a page of the run, from 0, and a row of it, from 0. */
struct listed_place {
    uint32_t page, row;
};

/* One security. A field that is null was not told. */
struct listed {
    struct listed_place place;
    struct value fields[LISTED_FIELDS];
};

/* So many new shares for so many old ones, from a day on. */
struct listed_split {
    struct listed_place place;
    struct str ticker; /* who bears it on that day: raw UTF-8 */
    struct date execution;
    struct str from, to; /* numbers above zero, with the digits as sent */
};

/* Filled page by page. Owned, on the heap; bounded by LISTING_BYTES_MAX. */
struct listing {
    struct arena arena; /* of all texts */
    struct listed *rows;
    uint32_t count, capacity;
    struct listed_split *splits;
    uint32_t split_count, split_capacity;
    uint32_t page; /* of the rows that are added next */
};

void listing_init(struct listing *listing);
void listing_fini(struct listing *listing);

/* Add one behind the others, with its texts copied and listing->page as its
 * page. ERR_TOO_LARGE: over LISTING_BYTES_MAX; ERR_BUSY: memory. */
enum err listing_add(struct listing *listing, const struct listed *row);
enum err listing_add_split(struct listing *listing,
                           const struct listed_split *split);

/* Drop the rows and splits of a page, which is the last one. */
void listing_drop_page(struct listing *listing, uint32_t page);

#endif
