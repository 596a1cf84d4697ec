/* The trades of one request, checked, on their way to the writer. */
#ifndef SECMASTER_TRADE_BATCH_H
#define SECMASTER_TRADE_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/batch_names.h"
#include "secmaster/err.h"
#include "secmaster/member.h"
#include "secmaster/out.h"
#include "secmaster/trade.h"

/* Who filed a trade: a member of Congress as of a day. All borrowed. */
struct trade_filer {
    struct str member_id; /* 1..255 bytes */
    struct date day;      /* the UTC day of version.updated */
    struct member_version version;
};

/* A version of a trade, and its filer, as their records will have them. */
struct trade_row {
    uint64_t hash;
    uint32_t transaction;                 /* index in transactions */
    struct date date;                     /* of the transaction */
    uint32_t content_offset, content_len; /* trade_put's, in text */
    uint32_t member;                      /* index in members; BATCH_END */
    struct date member_day;
    int64_t member_updated;
    uint32_t member_offset, member_len; /* member_put's, in text */
    uint8_t unknown;                    /* bit i: enum trade_unknown's i */
    bool is_held; /* an earlier row says the same, or (the writer found) the
                     store has it */
};

/* Filled by one thread, sealed, then read by another. Owned, on the heap,
 * bounded by the body that it came from. */
struct trade_batch {
    uint64_t seed;          /* of its tables */
    struct trade_row *rows; /* in order of arrival */
    uint32_t count, capacity;
    uint32_t *table; /* open addressing by hash, row + 1 */
    uint32_t table_size;
    struct out text;
    struct batch_names transactions, members; /* their ids */

    /* Set by trade_batch_seal: rows by transaction, date and arrival; those
     * with a member by member, day, updated and arrival. */
    uint32_t *by_transaction, *by_member;
    uint32_t by_member_count;

    /* The writer's answer. */
    uint32_t stored, unchanged; /* rows: together, count */
    uint32_t members_stored;
    uint32_t unknown[TRADE_UNKNOWNS]; /* of the rows that are stored */
};

/* NULL when out of memory. A client that does not know the seed cannot make
 * the tables slow (hash.h). */
struct trade_batch *trade_batch_new(uint64_t seed);
void trade_batch_free(struct trade_batch *batch);

/* Add one, which is valid; all is copied, its ordinal is its place. filer may
 * be NULL. ERR_TOO_LARGE: over 4 G of rows or text; ERR_BUSY: memory. */
enum err trade_batch_add(struct trade_batch *batch, const struct trade *trade,
                         const struct trade_filer *filer);

/* Put the rows in order. Call once, behind the last one. ERR_BUSY: memory. */
enum err trade_batch_seal(struct trade_batch *batch);

/* The first row that says this of a transaction and date, or BATCH_END. */
uint32_t trade_batch_find(const struct trade_batch *batch, uint32_t transaction,
                          struct date date, struct str content);

/* Borrowed from the batch. */
struct str trade_row_content(const struct trade_batch *batch, uint32_t row);
struct str trade_row_member(const struct trade_batch *batch, uint32_t row);

/* About what it holds in memory. */
size_t trade_batch_bytes(const struct trade_batch *batch);

#endif
