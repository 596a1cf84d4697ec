/* Trades in groups: how many, and what they amount to. */
#ifndef API_TRADE_GROUPS_H
#define API_TRADE_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "secmaster/decimal.h"
#include "secmaster/store.h"
#include "secmaster/value.h"
#include "trade_choice.h"

/* What trades have in common; no value of it is a group, too. */
enum trade_grouping {
    BY_MEMBER,
    BY_SECURITY,
    BY_SECTOR,
    BY_COMMITTEE,
    BY_PARTY,
    BY_STATE,
    BY_MONTH,
};
#define TRADE_GROUPINGS 7

/* A sum with as many digits behind the point as the longest of its parts. */
struct amount_sum {
    struct decimal_sum sum;
    uint8_t scale;
};

struct trade_group {
    struct value key; /* borrowed from the groups; VALUE_NULL: none */
    int64_t number;   /* of a security's; else 0 */
    uint64_t trades;
    struct amount_sum low, high;
    uint64_t open_ended;
    size_t last; /* place of the entry that was counted last, and one */
};

struct trade_groups {
    enum trade_grouping by;
    struct names *keys;        /* as JSON: of the group one behind */
    struct trade_group *items; /* in order of their keys, null last */
    size_t count, capacity;
    struct out scratch;
};

/*
 * Count the trades of a choice. Call trade_groups_fini in any case. Errors:
 * those of tickers_resolve and timeline_finish.
 */
enum err trade_groups_make(struct trade_groups *groups, enum trade_grouping by,
                           struct trade_choice *choice, struct store *store,
                           struct why *why);
void trade_groups_fini(struct trade_groups *groups);

#endif
