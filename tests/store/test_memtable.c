/* The skip list: order, staging, and what a cursor meets. */
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "src/store/memtable.h"

static struct record
record_of(int64_t security, int32_t days, uint64_t tx)
{
    return (
        struct record){ RECORD_FACTS, security, { days }, tx, STR("payload") };
}

static void
stage(struct memtable *memtable, int64_t security, int32_t days, uint64_t tx)
{
    struct record record = record_of(security, days, tx);

    cr_assert_eq(memtable_stage(memtable, &record), OK);
}

static void
sort_and_link(struct memtable *memtable)
{
    uint64_t twice = 0;

    cr_assert_eq(memtable_ready(memtable), OK);
    cr_assert(memtable_sort(memtable, &twice), "tx %d twice", (int)twice);
    memtable_link(memtable);
}

static const struct record lowest = { .kind = RECORD_FACTS,
                                      .effective = { INT32_MIN } };

/* Walk from the lowest key; the records seen, each above the one before. */
static size_t
count_in_order(const struct memtable *memtable)
{
    struct memtable_cursor cursor;
    struct record record, last = lowest;
    size_t count = 0;

    memtable_seek(&cursor, memtable, &lowest);
    for (; memtable_at(&cursor, &record); memtable_next(&cursor)) {
        cr_assert_lt(record_compare(&last, &record), 0, "record %zu", count);
        last = record;
        count++;
    }
    return count;
}

Test(memtable, keeps_key_order_however_records_come)
{
    static const struct {
        const char *name;
        int step; /* of the next record's number; 0: at random */
        int batch;
    } cases[] = {
        { "ascending", 1, 1 },
        { "descending", -1, 1 },
        { "ascending, batched", 1, 100 },
        { "descending, batched", -1, 100 },
        { "scattered", 7919, 1 },
        { "scattered, batched", 7919, 64 },
        { "scattered, one batch", 7919, 10000 },
    };
    enum { COUNT = 10000 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct memtable *memtable = memtable_new(0);
        int number = 0;

        cr_assert_not_null(memtable);
        for (int n = 1; n <= COUNT; n++) {
            stage(memtable, number / 100, number % 100, (uint64_t)n);
            number = (number + cases[i].step + COUNT) % COUNT;
            if (n % cases[i].batch != 0 && n != COUNT)
                continue;
            sort_and_link(memtable);
        }
        cr_expect_eq(count_in_order(memtable), COUNT, "%s", cases[i].name);
        cr_expect_eq(memtable_records(memtable), COUNT, "%s", cases[i].name);
        memtable_free(memtable);
    }
}

/* Sorting goes by the bytes of a key: each of them has to count. */
Test(memtable, keeps_key_order_whatever_the_keys)
{
    static const int64_t securities[] = { 0,
                                          1,
                                          255,
                                          256,
                                          INT64_C(1) << 31,
                                          INT64_C(1) << 32,
                                          (INT64_C(1) << 32) + 1,
                                          INT64_C(1) << 40,
                                          INT64_C(1) << 62,
                                          INT64_MAX };
    static const int32_t days[] = { -719162, -65536, -256, -1,    0,
                                    1,       255,    256,  65536, 2932896 };
    static const int batches[] = { 1, 2, 15, 16, 17, 100 };
    enum { COUNT = 100, STEP = 37 };

    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
        struct memtable *memtable = memtable_new(0);

        for (int n = 1; n <= COUNT; n++) {
            int key = n * STEP % COUNT;

            stage(memtable, securities[key / 10], days[key % 10], 1);
            if (n % batches[i] == 0 || n == COUNT)
                sort_and_link(memtable);
        }
        cr_expect_eq(count_in_order(memtable), COUNT, "%d a batch", batches[i]);
        memtable_free(memtable);
    }
}

/* A large batch among records near to its own: every search begins where the
 * one before has ended. */
Test(memtable, keeps_key_order_of_batches_between_each_other)
{
    enum { COUNT = 20000, ROUNDS = 4 };
    struct memtable *memtable = memtable_new(0);

    for (int round = 0; round < ROUNDS; round++) {
        for (int n = round; n < COUNT; n += ROUNDS)
            stage(memtable, n, 0, (uint64_t)round + 1);
        sort_and_link(memtable);
        cr_expect_eq(count_in_order(memtable),
                     (size_t)(round + 1) * COUNT / ROUNDS, "round %d", round);
    }
    memtable_free(memtable);
}

/* Later transactions of a group commit are staged behind earlier ones. */
Test(memtable, keeps_transactions_of_one_key_in_order)
{
    enum { COUNT = 50 };
    struct memtable *memtable = memtable_new(0);

    for (uint64_t tx = 1; tx <= COUNT; tx++) {
        stage(memtable, 2, 0, tx);
        stage(memtable, 1, 0, tx);
    }
    sort_and_link(memtable);
    cr_expect_eq(count_in_order(memtable), 2 * COUNT);
    memtable_free(memtable);
}

Test(memtable, seeks_the_first_record_not_before_a_key)
{
    static const struct {
        int64_t security;
        int32_t days;
        uint64_t tx;
        int64_t found_security; /* -1: the end */
        int32_t found_days;
        uint64_t found_tx;
    } cases[] = {
        { 0, 0, 0, 10, -3, 2 },  { 10, -3, 2, 10, -3, 2 },
        { 10, -3, 3, 10, 5, 1 }, { 10, 5, 1, 10, 5, 1 },
        { 10, 5, 2, 10, 5, 4 },  { 10, 5, 5, 30, 0, 1 },
        { 11, 0, 0, 30, 0, 1 },  { 30, 0, 1, 30, 0, 1 },
        { 30, 0, 2, -1, 0, 0 },  { INT64_MAX, 0, 0, -1, 0, 0 },
    };
    struct memtable *memtable = memtable_new(0);

    stage(memtable, 30, 0, 1);
    stage(memtable, 10, 5, 1);
    stage(memtable, 10, 5, 4);
    stage(memtable, 10, -3, 2);
    sort_and_link(memtable);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct record key =
            record_of(cases[i].security, cases[i].days, cases[i].tx);
        struct memtable_cursor cursor;
        struct record found;

        memtable_seek(&cursor, memtable, &key);
        if (cases[i].found_security < 0) {
            cr_expect(!memtable_at(&cursor, &found), "case %zu", i);
            continue;
        }
        cr_assert(memtable_at(&cursor, &found), "case %zu", i);
        cr_expect_eq(found.security_id, cases[i].found_security, "case %zu", i);
        cr_expect_eq(found.effective.days, cases[i].found_days, "case %zu", i);
        cr_expect_eq(found.tx, cases[i].found_tx, "case %zu", i);
        cr_expect(str_equal(found.payload, STR("payload")), "case %zu", i);
    }
    memtable_free(memtable);
}

Test(memtable, shows_only_what_is_linked)
{
    struct memtable *memtable = memtable_new(0);
    uint64_t bytes;

    cr_expect_eq(memtable_bytes(memtable), 0);
    stage(memtable, 1, 1, 1);
    cr_expect_eq(count_in_order(memtable), 0);
    /* Its memory is taken from here on. */
    bytes = memtable_bytes(memtable);
    cr_expect_geq(bytes, sizeof "payload");
    sort_and_link(memtable);
    cr_expect_eq(count_in_order(memtable), 1);
    cr_expect_eq(memtable_bytes(memtable), bytes);

    /* More than a chunk, so that chunks are given back too. */
    for (int i = 0; i < 40000; i++)
        stage(memtable, 2, i, 2);
    memtable_drop(memtable);
    cr_expect_eq(count_in_order(memtable), 1);
    cr_expect_eq(memtable_bytes(memtable), bytes);
    memtable_drop(memtable);
    stage(memtable, 2, 1, 2);
    sort_and_link(memtable);
    cr_expect_eq(count_in_order(memtable), 2);
    memtable_free(memtable);
}

/* An append that is refused again and again must cost no memory. */
Test(memtable, gives_dropped_memory_back)
{
    static const struct {
        const char *name;
        size_t payload_bytes;
        int rounds;
    } cases[] = {
        { "in one chunk", 1000, 50000 },
        { "in chunks of their own", 2UL << 20, 50 },
    };
    char *bytes = calloc(1, 2UL << 20);
    struct memtable *memtable = memtable_new(0);

    stage(memtable, 0, 0, 1);
    sort_and_link(memtable);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mallinfo2 before = mallinfo2(), after;

        for (int round = 0; round < cases[i].rounds; round++) {
            struct record record = record_of(1, 1, 2);

            record.payload = (struct str){ bytes, cases[i].payload_bytes };
            cr_assert_eq(memtable_stage(memtable, &record), OK);
            memtable_drop(memtable);
        }
        after = mallinfo2();
        cr_expect_lt(after.uordblks + after.hblkhd,
                     before.uordblks + before.hblkhd + (8UL << 20), "%s",
                     cases[i].name);
    }
    memtable_free(memtable);
    free(bytes);
}

Test(memtable, notices_a_key_staged_twice)
{
    static const struct {
        const char *name;
        int32_t days[4];
        bool are_distinct;
    } cases[] = {
        { "distinct", { 3, 1, 4, 2 }, true },
        { "side by side", { 1, 1, 2, 3 }, false },
        { "apart", { 1, 2, 3, 1 }, false },
        { "descending", { 3, 2, 2, 1 }, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct memtable *memtable = memtable_new(0);
        uint64_t twice = 0;

        for (size_t n = 0; n < 4; n++)
            stage(memtable, 1, cases[i].days[n], 7);
        cr_expect_eq(memtable_sort(memtable, &twice), cases[i].are_distinct,
                     "%s", cases[i].name);
        cr_expect_eq(twice, cases[i].are_distinct ? 0 : 7, "%s", cases[i].name);
        memtable_drop(memtable);
        memtable_free(memtable);
    }
}

Test(memtable, holds_payloads_of_any_size)
{
    static const size_t sizes[] = { 0, 1, 7, 8, 1000, 1UL << 20, 3UL << 20 };
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    struct memtable *memtable = memtable_new(0);
    char *bytes = malloc(sizes[COUNT - 1]);

    for (size_t i = 0; i < sizes[COUNT - 1]; i++)
        bytes[i] = (char)(i * 31);
    for (size_t i = 0; i < COUNT; i++) {
        struct record record = record_of((int64_t)i, 0, 1);

        record.payload = (struct str){ bytes, sizes[i] };
        cr_assert_eq(memtable_stage(memtable, &record), OK);
    }
    sort_and_link(memtable);
    for (size_t i = 0; i < COUNT; i++) {
        struct record key = record_of((int64_t)i, 0, 1), found;
        struct memtable_cursor cursor;

        memtable_seek(&cursor, memtable, &key);
        cr_assert(memtable_at(&cursor, &found), "%zu bytes", sizes[i]);
        cr_expect(str_equal(found.payload, (struct str){ bytes, sizes[i] }),
                  "%zu bytes", sizes[i]);
    }
    memtable_free(memtable);
    free(bytes);
}

/* As the table draws them, from the same start. */
static uint64_t
random_next(uint64_t *random)
{
    uint64_t x = *random;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *random = x;
}

/*
 * Who foresees the heights can put all low records side by side, so that the
 * search goes through them one by one.
 */
Test(memtable, foreseen_heights_are_of_no_use, .timeout = 10)
{
    enum { RECORDS = 300000, SEEKS = 20000 };
    struct memtable *memtable = memtable_new(1);
    uint64_t random = UINT64_C(0x9e3779b97f4a7c15);
    struct memtable_cursor cursor;
    struct record found;

    for (int i = 0; i < RECORDS; i++) {
        bool is_low = (random_next(&random) & 3) != 0;

        stage(memtable, is_low ? i : RECORDS + i, 0, 1);
    }
    sort_and_link(memtable);
    for (int i = 0; i < SEEKS; i++) {
        struct record key = record_of(RECORDS - 1 - i, 0, 0);

        memtable_seek(&cursor, memtable, &key);
        cr_assert(memtable_at(&cursor, &found), "seek %d", i);
    }
    memtable_free(memtable);
}
