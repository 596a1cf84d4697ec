/* All versions of all trades in memory: of each what questions are about. */
#ifndef API_TRADE_BOOK_H
#define API_TRADE_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/names.h"
#include "secmaster/store.h"
#include "secmaster/trade.h"
#include "secmaster/value.h"

/* Texts that trades share, and are asked for by. */
enum book_text {
    BOOK_MEMBER,
    BOOK_CHAMBER,
    BOOK_PARTY,
    BOOK_STATE,
    BOOK_TICKER,
    BOOK_AMOUNT,
    BOOK_COMMITTEES,
};
#define BOOK_TEXTS 7

/* One version. */
struct trade_entry {
    struct trade_version version;
    uint32_t transaction; /* id in NAMES_TRADES */
    uint32_t offset;      /* in the payload of its record */
    struct date date, report_date;
    uint32_t texts[BOOK_TEXTS]; /* ids in the book's texts; NAME_NONE: null */
    enum trade_type type;
};

struct trade_book {
    struct names *texts;         /* as JSON */
    struct amount *amounts;      /* what texts say that are amounts, by text */
    struct trade_entry *entries; /* by transaction_id, and version */
    uint64_t *order; /* of entries, by date: its days from DATE_FIRST_DAYS on in
                        the upper half, the entry below */
    size_t count;
    size_t bytes;   /* that it holds, about */
    unsigned users; /* the books', who count them */
};

static inline uint64_t
trade_book_key(struct date date, size_t entry)
{
    return (uint64_t)(date.days - DATE_FIRST_DAYS) << 32 | entry;
}

static inline size_t
trade_book_at(const struct trade_book *book, size_t place)
{
    return (size_t)(book->order[place] & UINT32_MAX);
}

/* The first place whose key is not below one; count: there is none. */
size_t trade_book_find(const struct trade_book *book, uint64_t key);

/* A text of an entry: an id's scalar, or, of BOOK_COMMITTEES, JSON. */
struct value trade_book_value(const struct trade_book *book, uint32_t text);

/* What its text of BOOK_AMOUNT says. */
struct amount trade_book_amount(const struct trade_book *book,
                                const struct trade_entry *entry);

/* Take the next name off the front of a list of committees, as JSON has it. */
bool trade_book_committee(struct str *list, struct str *out);

/*
 * Read the book of all that is known at a transaction. ERR_TOO_LARGE: it would
 * hold more than TRADE_BOOK_BYTES_MAX. ERR_BUSY: out of memory, or *stop was
 * set. Other errors: those of store_view_begin and store_scan.
 */
enum err trade_book_read(struct store *store, uint64_t known_tx,
                         const atomic_bool *stop, struct trade_book **out,
                         struct why *why);
void trade_book_free(struct trade_book *book);

#endif
