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

/* As known at a transaction; each ticker is looked for once. */
struct tickers {
    const struct trade_book *book; /* borrowed */
    struct view view;
    struct bearers bearers;
    struct ticker_bearers *known; /* by text of the book */
    struct arena arena;           /* of their items */
    struct out text;
};

/* A view is open until tickers_end, which follows where OK came back. */
enum err tickers_begin(struct tickers *tickers, const struct trade_book *book,
                       struct store *store, uint64_t known_tx, struct why *why);
void tickers_end(struct tickers *tickers);

/*
 * The security that bore the entry's ticker on its day, if exactly one did;
 * else NO_SECURITY. Errors: those of bearers_find; ERR_TOO_LARGE: more of them
 * than are held.
 */
enum err tickers_resolve(struct tickers *tickers,
                         const struct trade_entry *entry, int64_t *out,
                         struct why *why);

/*
 * Mark the texts that a security ever bore as its ticker, as known at a
 * transaction. marks are by text of the book, all false.
 */
enum err tickers_mark(const struct trade_book *book, struct store *store,
                      const struct trade_question *question, bool *marks,
                      struct why *why);

#endif
