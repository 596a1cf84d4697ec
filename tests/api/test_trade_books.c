/* When a book of trades is read, and when the one that is kept will do. */
#include <criterion/criterion.h>

#include "api/trade_books.h"
#include "tests/api/asking.h"

#define FACT                                                                   \
    "{\"security_id\":1,\"attribute\":\"x\",\"value\":1,"                      \
    "\"effective_date\":\"2024-01-01\"}\n"

static void
post_trade(struct asking *a, const char *line)
{
    cr_assert_eq(ask_post(a, "/v1/trades", MEDIA_NDJSON, line, 0), 201);
}

/* The book that a question up to a transaction is answered from, which is kept
 * and so stays; and how many versions are in it. */
static const struct trade_book *
book_at(struct asking *a, uint64_t known_tx, size_t count)
{
    struct trade_book *book;

    cr_assert_eq(trade_books_begin(a->service.trade_books, a->service.store,
                                   known_tx, &a->service.draining, &book,
                                   &a->why),
                 OK);
    cr_expect_eq(book->count, count, "tx %llu: %zu",
                 (unsigned long long)known_tx, book->count);
    trade_books_end(a->service.trade_books, book);
    return book;
}

Test(trade_books, one_serves_until_trades_come)
{
    const struct trade_book *first, *second;
    struct asking a;

    asking_init(&a);
    first = book_at(&a, 0, 0);
    asking_facts(&a, FACT);
    cr_expect_eq(book_at(&a, 1, 0), first);
    post_trade(&a, "{\"transaction_id\":1,\"transaction_date\":"
                   "\"2024-01-01\"}");
    cr_expect_eq(book_at(&a, 1, 0), first, "of what was known before");
    second = book_at(&a, 2, 1);
    cr_expect_eq(book_at(&a, 0, 1), second, "whoever asks about before");
    asking_facts(&a, FACT);
    asking_facts(&a, FACT);
    cr_expect_eq(book_at(&a, 4, 1), second);
    post_trade(&a, "{\"transaction_id\":1,\"transaction_date\":"
                   "\"2024-01-02\"}");
    cr_expect_eq(book_at(&a, 3, 1), second);
    (void)book_at(&a, 5, 2);
    asking_fini(&a);
}

Test(trade_books, a_question_of_long_ago_reads_all_there_is)
{
    const struct trade_book *book;
    struct asking a;

    asking_init(&a);
    post_trade(&a, "{\"transaction_id\":1,\"transaction_date\":"
                   "\"2024-01-01\"}");
    book = book_at(&a, 0, 1);
    cr_expect_eq(book_at(&a, 1, 1), book);
    asking_fini(&a);
}

/* Who has a book keeps it, whatever is read meanwhile. */
Test(trade_books, a_book_stays_while_it_is_used)
{
    struct trade_book *book;
    struct asking a;

    asking_init(&a);
    post_trade(&a, "{\"transaction_id\":\"u\",\"transaction_date\":"
                   "\"2024-01-01\",\"party\":\"D\"}");
    cr_assert_eq(trade_books_begin(a.service.trade_books, a.service.store, 1,
                                   &a.service.draining, &book, &a.why),
                 OK);
    post_trade(&a, "{\"transaction_id\":\"v\",\"transaction_date\":"
                   "\"2024-01-01\"}");
    (void)book_at(&a, 2, 2);
    cr_expect_eq(book->count, 1);
    cr_expect(str_equal(
        trade_book_value(book, book->entries[0].texts[BOOK_PARTY]).text,
        STR("D")));
    trade_books_end(a.service.trade_books, book);
    asking_fini(&a);
}

Test(trade_books, a_server_that_stops_reads_none)
{
    struct trade_book *book;
    struct asking a;

    asking_init(&a);
    atomic_store(&a.service.draining, true);
    cr_expect_eq(trade_books_begin(a.service.trade_books, a.service.store, 0,
                                   &a.service.draining, &book, &a.why),
                 ERR_BUSY);
    atomic_store(&a.service.draining, false);
    (void)book_at(&a, 0, 0);
    atomic_store(&a.service.draining, true);
    (void)book_at(&a, 0, 0);
    asking_fini(&a);
}

/* The order that lists have: by day, then by id, then by version. */
Test(trade_books, entries_stand_by_day_and_id_and_version)
{
    static const struct {
        const char *id;
        uint32_t amendment;
    } order[] = { { "b", 1 }, { "a", 0 }, { "aa", 0 }, { "b", 0 }, { "b", 2 } };
    struct trade_book *book;
    struct asking a;

    asking_init(&a);
    post_trade(&a, "{\"transaction_id\":\"b\",\"transaction_date\":"
                   "\"2024-01-02\",\"amendment_number\":2}\n"
                   "{\"transaction_id\":\"b\",\"transaction_date\":"
                   "\"2024-01-01\",\"amendment_number\":1}\n"
                   "{\"transaction_id\":\"aa\",\"transaction_date\":"
                   "\"2024-01-02\"}\n"
                   "{\"transaction_id\":\"b\",\"transaction_date\":"
                   "\"2024-01-02\"}\n"
                   "{\"transaction_id\":\"a\",\"transaction_date\":"
                   "\"2024-01-02\"}\n");
    cr_assert_eq(trade_books_begin(a.service.trade_books, a.service.store, 1,
                                   &a.service.draining, &book, &a.why),
                 OK);
    cr_assert_eq(book->count, sizeof order / sizeof order[0]);
    for (size_t i = 0; i < book->count; i++) {
        const struct trade_entry *entry =
            &book->entries[trade_book_at(book, i)];
        struct str id = names_text(a.service.store->trades, entry->transaction);

        cr_expect(str_equal(id, str_of(order[i].id)), "place %zu: %.*s", i,
                  STR_ARG(id));
        cr_expect_eq(entry->version.amendment_number, order[i].amendment,
                     "place %zu", i);
    }
    trade_books_end(a.service.trade_books, book);
    asking_fini(&a);
}

/* Names of committees may have what lists have around them. */
Test(trade_books, lists_of_committees_are_taken_apart)
{
    static const struct {
        const char *list;
        const char *names[3];
    } cases[] = {
        { "[]", { NULL } },
        { "[\"\"]", { "" } },
        { "[\"A\",\"B, C\"]", { "A", "B, C" } },
        { "[\"\\\"],[\",\"\\\\\",\"é\"]", { "\\\"],[", "\\\\", "é" } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str list = str_of(cases[i].list), name;

        for (size_t k = 0; k < 3 && cases[i].names[k] != NULL; k++) {
            cr_assert(trade_book_committee(&list, &name), "%s", cases[i].list);
            cr_expect(str_equal(name, str_of(cases[i].names[k])), "%s: %.*s",
                      cases[i].list, STR_ARG(name));
        }
        cr_expect_not(trade_book_committee(&list, &name), "%s", cases[i].list);
    }
}
