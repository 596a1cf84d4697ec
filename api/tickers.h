/* Which securities the tickers of trades meant. */
#ifndef API_TICKERS_H
#define API_TICKERS_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/bearers.h"
#include "secmaster/store.h"
#include "trade_book.h"
#include "trade_choice.h"

/* Who bears a ticker, day by day. */
struct ticker_bearers {
    const struct bearer *items; /* NULL: not looked for yet */
    size_t count;
};

/* As known at a transaction; each ticker is looked for once, together with some
 * that are asked for next. */
struct tickers {
    const struct trade_book *book; /* borrowed */
    struct trade_choice *choice;   /* borrowed */
    struct view view;
    struct bearers bearers;
    struct ticker_bearers *known; /* by text of the book */
    struct arena arena;           /* of their items, and names */

    /* Those that are looked for together. */
    uint32_t *sought; /* texts of the book */
    struct str *names;
    struct out text;
    size_t sought_count, sought_max;
};

/* Of the trades of a choice, as known to its question. A view is open until
 * tickers_end, which follows where OK came back. */
enum err tickers_begin(struct tickers *tickers, struct trade_choice *choice,
                       struct store *store, struct why *why);
void tickers_end(struct tickers *tickers);

/*
 * The security that bore the ticker of the entry at a place of the choice on
 * its day, if exactly one did; else NO_SECURITY. It is a place that the choice
 * has; they are best asked for in order. Errors: those of bearers_find_all;
 * ERR_TOO_LARGE: more of them than are held.
 */
enum err tickers_resolve(struct tickers *tickers, size_t place, int64_t *out,
                         struct why *why);

/*
 * Mark the texts that a security ever bore as its ticker, as known at a
 * transaction. marks are by text of the book, all false.
 */
enum err tickers_mark(const struct trade_book *book, struct store *store,
                      const struct trade_question *question, bool *marks,
                      struct why *why);

#endif
