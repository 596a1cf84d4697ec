/* Transactions by number, by moment and by what came before them, of every
 * store that plugs into the socket. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "tests/store/store_bench.h"

Test(store_transactions, tells_what_a_transaction_did)
{
    static const uint32_t sources[] = { 0, 2 };

    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker maker;
        struct arena arena;
        struct bench bench;
        struct tx_info info;

        stores[s].make(&bench);
        arena_init(&arena, 1UL << 20);
        maker_init(&maker, 1, 1700000000000001);
        maker_first_names(&maker);
        maker_name(&maker, NAMES_SOURCES, 1, "b");
        maker_name(&maker, NAMES_SOURCES, 2, "c");
        maker_fact(&maker, 1, 1, "1");
        maker.batch.info.facts = 5;
        maker.batch.info.securities = 3;
        maker.batch.info.sources = sources;
        maker.batch.info.source_count = 2;
        maker.batch.info.idempotency_key = STR("once\0more");
        must_append(&bench, &maker);
        maker_fini(&maker);

        for (int round = 0; round < 2; round++) {
            cr_assert_eq(store_transaction(bench.store, 1, &arena, &info, NULL),
                         OK);
            cr_expect_eq(info.tx, 1);
            cr_expect_eq(info.recorded_at.us, 1700000000000001);
            cr_expect_eq(info.kind, BATCH_FACTS);
            cr_expect_eq(info.facts, 5, "%s", stores[s].name);
            cr_expect_eq(info.securities, 3);
            cr_assert_eq(info.source_count, 2);
            cr_expect_eq(info.sources[0], 0);
            cr_expect_eq(info.sources[1], 2);
            cr_expect(str_equal(info.idempotency_key, STR("once\0more")));
            cr_expect_eq(store_transaction(bench.store, 0, &arena, &info, NULL),
                         ERR_NOT_FOUND);
            cr_expect_eq(store_transaction(bench.store, 2, &arena, &info, NULL),
                         ERR_NOT_FOUND);
            stores[s].reopen(&bench);
        }
        arena_fini(&arena);
        stores[s].drop(&bench);
    }
}

Test(store_transactions, finds_the_transaction_of_a_moment)
{
    static const int64_t recorded[] = { 10, 20, 20, 35, 50 };
    static const struct {
        int64_t us;
        uint64_t tx;
    } cases[] = {
        { INT64_MIN, 0 }, { 9, 0 },  { 10, 1 }, { 11, 1 },
        { 19, 1 },        { 20, 3 }, { 34, 3 }, { 35, 4 },
        { 49, 4 },        { 50, 5 }, { 51, 5 }, { INT64_MAX, 5 },
    };

    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;
        uint64_t tx = 99;

        stores[s].make(&bench);
        cr_expect_eq(store_tx_at(bench.store, (struct instant){ 5 }, &tx, NULL),
                     OK);
        cr_expect_eq(tx, 0, "%s: empty", stores[s].name);
        for (size_t i = 0; i < sizeof recorded / sizeof recorded[0]; i++) {
            struct batch_maker maker;

            maker_init(&maker, i + 1, recorded[i]);
            if (i == 0)
                maker_first_names(&maker);
            maker_fact(&maker, 1, 1, "1");
            must_append(&bench, &maker);
            maker_fini(&maker);
        }
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct instant at = { cases[i].us };

            cr_expect_eq(store_tx_at(bench.store, at, &tx, NULL), OK);
            cr_expect_eq(tx, cases[i].tx, "%s: at %" PRId64 ": %" PRIu64,
                         stores[s].name, at.us, tx);
        }
        stores[s].drop(&bench);
    }
}

/* Transaction tx of a history in which only one batch says another number. */
static void
append_one_of(struct bench *bench, uint64_t tx, uint64_t other_tx)
{
    struct batch_maker maker;

    maker_init(&maker, tx, (int64_t)tx / 2);
    if (tx == 1)
        maker_first_names(&maker);
    maker_fact(&maker, 1, (int32_t)tx, tx == other_tx ? "2" : "1");
    must_append(bench, &maker);
    maker_fini(&maker);
}

static uint64_t
history_of(struct bench *bench, uint64_t tx)
{
    uint64_t number = 0;

    cr_expect_eq(store_history(bench->store, tx, &number, NULL), OK, "tx %d",
                 (int)tx);
    return number;
}

/* More transactions than are remembered, asked for in turn. */
Test(store_transactions, numbers_histories_by_all_that_is_in_them)
{
    enum { COUNT = 2 * HISTORY_SLOTS + 2, OTHER = 70 };

    for (size_t s = 0; s < STORES; s++) {
        uint64_t numbers[COUNT + 1] = { 0 }, number;
        struct bench one, two;

        stores[s].make(&one);
        stores[s].make(&two);
        for (uint64_t tx = 1; tx <= COUNT; tx++) {
            append_one_of(&one, tx, 0);
            append_one_of(&two, tx, OTHER);
            numbers[tx] = history_of(&one, tx);
            cr_expect_neq(numbers[tx], numbers[tx - 1], "%s", stores[s].name);
        }
        for (int round = 0; round < 2; round++) {
            for (uint64_t tx = 0; tx <= COUNT; tx++) {
                cr_expect_eq(history_of(&one, tx), numbers[tx], "%s: %d",
                             stores[s].name, (int)tx);
                cr_expect_eq(history_of(&two, tx) == numbers[tx], tx < OTHER,
                             "%s: another, %d", stores[s].name, (int)tx);
            }
            cr_expect_eq(store_history(one.store, COUNT + 1, &number, NULL),
                         ERR_NOT_FOUND, "%s", stores[s].name);
            stores[s].reopen(&one);
            stores[s].reopen(&two);
        }
        stores[s].drop(&one);
        stores[s].drop(&two);
    }
}
