/* The trade book that was read last. */
#ifndef API_TRADE_BOOKS_H
#define API_TRADE_BOOKS_H

#include <stdatomic.h>
#include <stdint.h>

#include "trade_book.h"

/*
 * A book has every version's transaction, so it serves whoever asks about one
 * up to its own, and about later ones as long as no trades come.
 */
struct trade_books;

struct trade_books *trade_books_new(void); /* NULL when out of memory */
void trade_books_free(struct trade_books *books);

/*
 * A book that has all that was known at a transaction, and perhaps more; valid
 * until trade_books_end, which follows where OK came back. Errors: those of
 * trade_book_read.
 */
enum err trade_books_begin(struct trade_books *books, struct store *store,
                           uint64_t known_tx, const atomic_bool *stop,
                           struct trade_book **out, struct why *why);
void trade_books_end(struct trade_books *books, struct trade_book *book);

#endif
