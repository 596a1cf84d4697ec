/*
 * One writer and many readers of the embedded store: each view holds whole
 * transactions, with the names and the metadata that belong to them.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/store_lmdb.h"
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
            maker_fact(&maker, i, (int32_t)(tx * 37 % 50), "1");
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

static void *
read_on(void *context)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct store_health health;
    struct arena arena;
    struct view view;
    uint64_t known_tx;

    arena_init(&arena, 1UL << 20);
    do {
        uint64_t count = 0;

        check(store_view_begin(store, KNOWN_NEWEST, &view, NULL) == OK, "view");
        known_tx = view.known_tx;
        check(store_scan(&view, &all, count_one, &count, NULL) == OK, "scan");
        store_view_end(&view);
        check(count == known_tx * RECORDS, "a transaction in part");
        if (known_tx > 0)
            check_tables(known_tx, &arena);
        arena_reset(&arena);
        store_health(store, &health);
        check(health.newest_tx >= known_tx, "health");
    } while (known_tx < TRANSACTIONS);
    arena_fini(&arena);
    return context;
}

int
main(void)
{
    struct store_lmdb_options options = { .map_bytes = 64UL << 20 };
    pthread_t writer, readers[READERS];
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    check(store_lmdb_open(&options, &store, NULL) == OK, "open");
    for (int i = 0; i < READERS; i++)
        check(pthread_create(&readers[i], NULL, read_on, NULL) == 0, "thread");
    check(pthread_create(&writer, NULL, write_all, NULL) == 0, "thread");
    check(pthread_join(writer, NULL) == 0, "join");
    for (int i = 0; i < READERS; i++)
        check(pthread_join(readers[i], NULL) == 0, "join");
    store_close(store);
    temp_dir_remove(&dir);
    return 0;
}
