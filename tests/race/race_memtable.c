/*
 * One writer and many readers of a memtable: each reader sees whole
 * transactions, all of those published before it looked, and key order.
 */
#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/store/memtable.h"

enum { READERS = 3, TRANSACTIONS = 2000, RECORDS = 8, SECURITIES = 64 };

static struct memtable *memtable;
static _Atomic uint64_t published;

static void
check(bool is_true, const char *what)
{
    if (is_true)
        return;
    (void)fprintf(stderr, "race_memtable: %s\n", what);
    exit(1);
}

/* Securities of a transaction are far apart and wander from one to the next. */
static struct record
record_of(uint64_t tx, uint64_t i)
{
    return (struct record){
        .kind = RECORD_FACTS,
        .security_id = (int64_t)((tx * 37 + i * 8) % SECURITIES),
        .effective = { (int32_t)(tx * 7919 % 1000) },
        .tx = tx,
        .payload = { (const char *)&published, sizeof tx },
    };
}

static void *
write_all(void *context)
{
    uint64_t twice;

    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        for (uint64_t i = 0; i < RECORDS; i++) {
            struct record record = record_of(tx, i);
            char payload[sizeof tx];

            memcpy(payload, &tx, sizeof tx);
            record.payload.data = payload;
            check(memtable_stage(memtable, &record) == OK, "out of memory");
        }
        check(memtable_ready(memtable) == OK, "out of memory");
        check(memtable_sort(memtable, &twice), "a key twice");
        memtable_link(memtable);
        atomic_store_explicit(&published, tx, memory_order_release);
    }
    return context;
}

static uint64_t
read_all(uint64_t known_tx)
{
    struct record record = { .kind = RECORD_FACTS }, last = record;
    struct memtable_cursor cursor;
    uint64_t count = 0, tx;

    memtable_seek(&cursor, memtable, &record);
    for (; memtable_at(&cursor, &record); memtable_next(&cursor)) {
        check(record_compare(&last, &record) < 0, "out of order");
        memcpy(&tx, record.payload.data, sizeof tx);
        check(tx == record.tx, "a payload of another record");
        count += record.tx <= known_tx;
        last = record;
    }
    return count;
}

/* Each published record is found by its key. */
static void
seek_some(uint64_t known_tx)
{
    for (uint64_t i = 0; i < RECORDS && known_tx > 0; i++) {
        struct record key = record_of(known_tx, i), found;
        struct memtable_cursor cursor;

        memtable_seek(&cursor, memtable, &key);
        check(memtable_at(&cursor, &found), "not found");
        check(record_compare(&key, &found) == 0, "another one found");
    }
}

static void *
read_on(void *context)
{
    uint64_t known_tx;

    do {
        known_tx = atomic_load_explicit(&published, memory_order_acquire);
        check(read_all(known_tx) == known_tx * RECORDS, "records missing");
        seek_some(known_tx);
        check(memtable_records(memtable) >= known_tx * RECORDS, "miscounted");
    } while (known_tx < TRANSACTIONS);
    return context;
}

int
main(void)
{
    pthread_t writer, readers[READERS];

    memtable = memtable_new(0);
    assert(memtable != NULL);
    for (int i = 0; i < READERS; i++)
        check(pthread_create(&readers[i], NULL, read_on, NULL) == 0, "thread");
    check(pthread_create(&writer, NULL, write_all, NULL) == 0, "thread");
    check(pthread_join(writer, NULL) == 0, "join");
    for (int i = 0; i < READERS; i++)
        check(pthread_join(readers[i], NULL) == 0, "join");
    check(read_all(TRANSACTIONS) == TRANSACTIONS * RECORDS, "records lost");
    memtable_free(memtable);
    return 0;
}
