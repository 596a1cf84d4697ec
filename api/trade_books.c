/* Keep the trade book that was read last while no trades come. */
#include "trade_books.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

struct trade_books {
    pthread_mutex_t mutex;   /* over what follows, and each one's users */
    struct trade_book *kept; /* NULL: none */
    uint64_t known_tx;       /* up to which it has all trades */
};

struct trade_books *
trade_books_new(void)
{
    struct trade_books *books = calloc(1, sizeof *books);

    if (books != NULL && pthread_mutex_init(&books->mutex, NULL)) {
        free(books);
        return NULL;
    }
    return books;
}

/* The one that is kept is in use for that. */
static void
release(struct trade_book *book)
{
    assert(book->users > 0);

    if (--book->users == 0)
        trade_book_free(book);
}

void
trade_books_free(struct trade_books *books)
{
    if (books == NULL)
        return;
    if (books->kept != NULL)
        release(books->kept);
    pthread_mutex_destroy(&books->mutex);
    free(books);
}

static void
take(struct trade_books *books, struct trade_book **out, uint64_t *known_tx)
{
    pthread_mutex_lock(&books->mutex);
    *out = books->kept;
    *known_tx = books->known_tx;
    if (*out != NULL)
        (*out)->users++;
    pthread_mutex_unlock(&books->mutex);
}

/* Whether transactions from one on, up to another, brought no trades: false
 * where so many would have to be looked at that reading is as fast. */
static enum err
has_no_trades(struct store *store, uint64_t from, uint64_t to, bool *out,
              struct why *why)
{
    struct arena arena;
    struct tx_info info;
    enum err err = OK;

    *out = to < from || to - from < TRADE_BOOK_STEPS_MAX;
    arena_init(&arena, TX_INFO_BYTES_MAX);
    for (uint64_t tx = from; *out && err == OK && tx <= to; tx++) {
        err = store_transaction(store, tx, &arena, &info, why);
        *out = err == OK && info.kind != BATCH_TRADES;
        arena_reset(&arena);
    }
    arena_fini(&arena);
    return err;
}

/* Whoever looked further than those before has what all others want. */
static void
keep(struct trade_books *books, struct trade_book *book, uint64_t known_tx)
{
    pthread_mutex_lock(&books->mutex);
    if (books->kept == NULL || known_tx > books->known_tx) {
        book->users++;
        if (books->kept != NULL)
            release(books->kept);
        books->kept = book;
        books->known_tx = known_tx;
    }
    pthread_mutex_unlock(&books->mutex);
}

/*
 * Two workers may read the same book at one time: to wait for one another would
 * keep both from others no less long.
 */
enum err
trade_books_begin(struct trade_books *books, struct store *store,
                  uint64_t known_tx, const atomic_bool *stop,
                  struct trade_book **out, struct why *why)
{
    uint64_t kept_tx, newest;
    bool is_whole = false;
    enum err err = OK;

    take(books, out, &kept_tx);
    if (*out != NULL) {
        err = has_no_trades(store, kept_tx + 1, known_tx, &is_whole, why);
        if (err == OK && is_whole) {
            keep(books, *out, known_tx);
            return OK;
        }
        trade_books_end(books, *out);
        TRY(err);
    }
    /* What comes behind a known_tx of long ago is wanted next. */
    newest = store_newest(store);
    TRY(trade_book_read(store, newest, stop, out, why));
    (*out)->users = 1;
    keep(books, *out, newest);
    return OK;
}

void
trade_books_end(struct trade_books *books, struct trade_book *book)
{
    pthread_mutex_lock(&books->mutex);
    release(book);
    pthread_mutex_unlock(&books->mutex);
}
