/*
 * Workers that share the kept book of trades while trades come: whoever asks
 * about a transaction has all its versions, in order, for as long as it likes.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/trade_books.h"
#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

enum { READERS = 3, TRANSACTIONS = 120 };

static struct store *store;
static struct trade_books *books;
static const atomic_bool never;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_trade_books: %s\n", what);
    exit(1);
}

/* Of every third transaction, none has come. */
static bool
is_of_facts(uint64_t tx)
{
    return tx % 3 == 1;
}

static size_t
versions_at(uint64_t tx)
{
    return (size_t)(tx - (tx + 2) / 3);
}

/* A party of each, that the name is a text of one book alone. */
static void
add_version(struct batch_maker *maker, uint32_t id, int32_t days)
{
    struct trade trade = { .notification_date = TRADE_NO_DATE,
                           .report_date = TRADE_NO_DATE };
    struct out content, payload;
    char text[16];

    (void)snprintf(text, sizeof text, "p%u", id);
    trade.fields[TRADE_PARTY] =
        (struct value){ .type = VALUE_STRING, .text = str_of(text) };
    out_init(&content, SIZE_MAX);
    out_init(&payload, SIZE_MAX);
    trade_put(&content, &trade);
    tradeset_put(&payload, 0, out_text(&content));
    check(out_finish(&payload) == OK, "payload");
    maker_name(maker, NAMES_TRADES, id, text);
    maker_record(maker, id, days, out_text(&payload));
    maker->records[maker->batch.record_count - 1].kind = RECORD_TRADES;
    maker->batch.info.kind = BATCH_TRADES;
    maker->batch.info.facts = 0;
    maker->batch.info.securities = 0;
    out_fini(&content);
    out_fini(&payload);
}

static void *
write_all(void *context)
{
    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        struct batch_maker maker;

        maker_init(&maker, tx, (int64_t)tx * 10);
        if (tx == 1)
            maker_first_names(&maker);
        if (is_of_facts(tx))
            maker_fact(&maker, 1, (int32_t)tx, "1");
        else
            add_version(&maker, (uint32_t)versions_at(tx) - 1,
                        (int32_t)(tx * 37 % 50));
        check(maker_append(store, &maker, NULL) == OK, "append");
        maker_fini(&maker);
    }
    return context;
}

/* Each version once, by day, with its own text. */
static void
check_book(const struct trade_book *book, uint64_t known_tx)
{
    size_t known = 0;

    for (size_t i = 0; i < book->count; i++) {
        const struct trade_entry *entry =
            &book->entries[trade_book_at(book, i)];
        struct value party = trade_book_value(book, entry->texts[BOOK_PARTY]);

        check(i == 0 || book->order[i - 1] < book->order[i], "order");
        check(str_equal(party.text,
                        names_text(store->trades, entry->transaction)),
              "another's text");
        known += entry->version.tx <= known_tx;
    }
    check(known == versions_at(known_tx), "versions are missing");
}

static void *
read_on(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)context;
    uint64_t newest;

    do {
        struct trade_book *book;
        uint64_t known_tx;

        newest = store_newest(store);
        known_tx = newest - (uint64_t)rand_r(&seed) % 4 % (newest + 1);
        check(trade_books_begin(books, store, known_tx, &never, &book, NULL) ==
                  OK,
              "begin");
        check_book(book, known_tx);
        trade_books_end(books, book);
    } while (newest < TRANSACTIONS);
    return NULL;
}

static void
race(size_t memtable_bytes)
{
    const struct store_testing testing = { .transaction_bytes = 1 };
    struct store_lmdb_options options = {
        .map_bytes = 64UL << 20,
        .memtable_bytes = memtable_bytes,
        .testing = &testing,
    };
    pthread_t writer, readers[READERS];
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    check(store_lmdb_open(&options, &store, NULL) == OK, "open");
    books = trade_books_new();
    check(books != NULL, "books");
    for (uintptr_t i = 0; i < READERS; i++)
        check(pthread_create(&readers[i], NULL, read_on, (void *)(i + 1)) == 0,
              "thread");
    check(pthread_create(&writer, NULL, write_all, NULL) == 0, "thread");
    check(pthread_join(writer, NULL) == 0, "join");
    for (int i = 0; i < READERS; i++)
        check(pthread_join(readers[i], NULL) == 0, "join");
    trade_books_free(books);
    store_close(store);
    temp_dir_remove(&dir);
}

int
main(void)
{
    race(0);
    race(4000);
    return 0;
}
