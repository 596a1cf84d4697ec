/*
 * One writer, many readers and the merger of the embedded store: each view
 * holds whole transactions, with the names and the metadata that belong to
 * them; with everything in memory, and with everything on its way to disk.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

enum { READERS = 3, TRANSACTIONS = 150, RECORDS = 4 };

static struct store *store;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_store: %s\n", what);
    exit(1);
}

/* Half of a transaction's records are of securities that all have, half of new
 * ones, ascending. */
static int64_t
security_of(uint64_t tx, int record)
{
    return record < RECORDS / 2 ? record : (int64_t)tx * RECORDS + record;
}

static void *
write_all(void *context)
{
    char name[16];

    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        struct batch_maker maker;

        maker_init(&maker, tx, (int64_t)tx * 10);
        if (tx == 1)
            maker_first_names(&maker);
        (void)snprintf(name, sizeof name, "n%d", (int)tx);
        maker_name(&maker, NAMES_ATTRIBUTES, (uint32_t)tx, name);
        maker_state(&maker, STATE_MINT, "next", name);
        for (int i = 0; i < RECORDS; i++)
            maker_fact(&maker, security_of(tx, i), (int32_t)(tx * 37 % 50),
                       "1");
        check(maker_append(store, &maker, NULL) == OK, "append");
        maker_fini(&maker);
    }
    return context;
}

static enum visit
count_one(void *context, const struct record *record)
{
    check(str_equal(record->payload, STR("\x03\0\x01"
                                         "1")),
          "payload");
    *(uint64_t *)context += 1;
    return VISIT_NEXT;
}

/* Whoever asks for the number of a history gets the same one. */
static void
check_history(uint64_t tx)
{
    static _Atomic uint64_t numbers[TRANSACTIONS + 1];
    uint64_t number, before = 0;

    check(store_history(store, tx, &number, NULL) == OK, "history");
    if (!atomic_compare_exchange_strong(&numbers[tx], &before, number))
        check(number == before, "a history with two numbers");
}

static void
check_tables(uint64_t known_tx, struct arena *arena)
{
    struct tx_info info;
    struct str value;
    uint64_t tx;

    check(names_count(store->attributes) > known_tx, "names");
    check(store_transaction(store, known_tx, arena, &info, NULL) == OK,
          "transaction");
    check(info.recorded_at.us == (int64_t)known_tx * 10, "recorded_at");
    check(store_tx_at(store, info.recorded_at, &tx, NULL) == OK, "tx_at");
    check(tx == known_tx, "tx_at's tx");
    check(store_state_get(store, STATE_MINT, STR("next"), arena, &value,
                          NULL) == OK,
          "state");
}

/* Where a lookup is among the candidates it must show. */
struct expected {
    uint64_t tx, known_tx;
    int record;
};

/* What comes behind them is said later: some of it may be there. */
static enum visit
expect_candidate(void *context, int64_t security_id)
{
    struct expected *expected = context;

    if (expected->tx > expected->known_tx)
        return VISIT_STOP;
    check(security_id == security_of(expected->tx, expected->record),
          "a candidate is missing");
    expected->record++;
    if (expected->record == RECORDS) {
        expected->tx++;
        expected->record = RECORDS / 2;
    }
    return VISIT_NEXT;
}

static void
check_lookup(struct view *view, uint64_t known_tx)
{
    const struct lookup_range range = LOOKUP_ALL(0, STR("1"));
    struct expected expected = { 1, known_tx, 0 };

    if (known_tx == 0) /* nor is there an attribute */
        return;
    check(store_lookup(view, &range, expect_candidate, &expected, NULL) == OK,
          "lookup");
    check(expected.tx > known_tx, "candidates are missing");
}

static void
check_count(struct view *view, uint64_t known_tx)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    uint64_t count = 0;

    check(store_scan(view, &all, count_one, &count, NULL) == OK, "scan");
    check(count == known_tx * RECORDS, "a transaction in part");
}

/* The newest view twice, and one of the past. */
static uint64_t
check_views(unsigned *seed)
{
    struct view view, past;
    uint64_t known_tx, past_tx;

    check(store_view_begin(store, KNOWN_NEWEST, &view, NULL) == OK, "view");
    known_tx = view.known_tx;
    check_count(&view, known_tx);
    past_tx = (uint64_t)rand_r(seed) % (known_tx + 1);
    check(store_view_begin(store, past_tx, &past, NULL) == OK, "past view");
    check_count(&past, past_tx);
    check_lookup(&past, past_tx);
    store_view_end(&past);
    check_history(past_tx);
    check_history(known_tx);
    check_count(&view, known_tx);
    check_lookup(&view, known_tx);
    store_view_end(&view);
    return known_tx;
}

static void *
read_on(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)context;
    struct store_health health;
    struct arena arena;
    uint64_t known_tx;

    arena_init(&arena, 1UL << 20);
    do {
        known_tx = check_views(&seed);
        if (known_tx > 0)
            check_tables(known_tx, &arena);
        arena_reset(&arena);
        store_health(store, &health);
        check(health.newest_tx >= known_tx, "health");
        check(health.merged_tx <= store_newest(store), "merged");
    } while (known_tx < TRANSACTIONS);
    arena_fini(&arena);
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
    struct store_health health;
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    check(store_lmdb_open(&options, &store, NULL) == OK, "open");
    for (uintptr_t i = 0; i < READERS; i++)
        check(pthread_create(&readers[i], NULL, read_on, (void *)i) == 0,
              "thread");
    check(pthread_create(&writer, NULL, write_all, NULL) == 0, "thread");
    check(pthread_join(writer, NULL) == 0, "join");
    for (int i = 0; i < READERS; i++)
        check(pthread_join(readers[i], NULL) == 0, "join");
    store_health(store, &health);
    check((health.merges > 0) == (memtable_bytes > 0), "merges");
    store_close(store);
    temp_dir_remove(&dir);
}

int
main(void)
{
    race(0);
    race(1);
    race(4000);
    return 0;
}
