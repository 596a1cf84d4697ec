/* A batch reads back as it was appended, from every store. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/bounds.h"
#include "secmaster/store_lmdb.h"
#include "tests/store/journal_edit.h"
#include "tests/store/store_bench.h"

static void
expect_batch(struct bench *bench, uint64_t tx, const struct append_batch *want,
             const char *row)
{
    const struct batch_room any = BATCH_ANY_SIZE;
    struct stored_batch got;
    struct why why = { 0 };
    enum err err = store_batch(bench->store, tx, &any, &got, &why);

    cr_assert_eq(err, OK, "%s: err %d: %s", row, (int)err, why.text);
    cr_expect_eq(got.info.tx, tx, "%s", row);
    cr_expect_eq(got.info.recorded_at.us, want->info.recorded_at.us);
    cr_expect_eq(got.info.kind, want->info.kind);
    cr_expect_eq(got.info.facts, want->info.facts, "%s", row);
    cr_assert_eq(got.record_count, want->record_count, "%s: %u records", row,
                 got.record_count);
    for (uint32_t i = 0; i < got.record_count; i++) {
        cr_assert_eq(record_compare(&got.records[i], &want->records[i]), 0,
                     "%s: record %u", row, i);
        cr_assert(str_equal(got.records[i].payload, want->records[i].payload),
                  "%s: payload %u", row, i);
    }
    cr_assert_eq(got.displaced_count, want->displaced_count, "%s", row);
    for (uint32_t i = 0; i < got.displaced_count; i++) {
        cr_expect_eq(got.displaced[i].sequence, want->displaced[i].sequence);
        cr_expect_eq(got.displaced[i].ordinal, want->displaced[i].ordinal);
    }
    cr_expect((got.bytes > 0) == (got.record_count > 0), "%s: %zu bytes", row,
              got.bytes);
    stored_batch_fini(&got);
}

/* Small, out of order, of several parts, of another kind. */
static void
make_batches(struct batch_maker makers[static 4])
{
    static const struct displaced displaced[] = { { 1, 2 }, { 2, 1 } };
    static const uint32_t sources[] = { 0 };
    struct str payload;
    char *large;

    for (uint64_t i = 0; i < 4; i++)
        maker_init(&makers[i], i + 1, (int64_t)i * 1000);
    maker_first_names(&makers[0]);
    maker_fact(&makers[0], 9, 3, "1.50");
    makers[0].batch.info.sources = sources;
    makers[0].batch.info.source_count = 1;
    makers[0].batch.info.idempotency_key = STR("key");

    maker_fact(&makers[1], 5, 3, "1");
    maker_fact(&makers[1], 2, -7, "-2e9");
    maker_fact(&makers[1], 5, 1, "3");
    makers[1].batch.displaced = displaced;
    makers[1].batch.displaced_count = 2;

    payload = maker_payload(&makers[2].arena, "12345.678");
    large = arena_alloc(&makers[2].arena, 300000 * payload.len);
    for (size_t i = 0; i < 300000; i++)
        memcpy(large + i * payload.len, payload.data, payload.len);
    maker_record(&makers[2], 7, 0, (struct str){ large, 300000 * payload.len });
    maker_fact(&makers[2], INT64_MAX, DATE_LAST_DAYS, "4");
    makers[2].batch.info.facts = 300001;

    makers[3].batch.info.kind = BATCH_PRECEDENCE;
    maker_state(&makers[3], STATE_PRECEDENCE, "k", "v");
}

Test(store_batch, reads_back_as_it_was_appended)
{
    for (size_t s = 0; s < STORES; s++) {
        const struct batch_room any = BATCH_ANY_SIZE;
        struct batch_maker makers[4];
        struct stored_batch got;
        struct bench bench;

        stores[s].make(&bench);
        make_batches(makers);
        for (size_t i = 0; i < 4; i++)
            must_append(&bench, &makers[i]);
        for (int round = 0; round < 2; round++) {
            for (size_t i = 0; i < 4; i++)
                expect_batch(&bench, i + 1, &makers[i].batch, stores[s].name);
            cr_expect_eq(store_batch(bench.store, 0, &any, &got, NULL),
                         ERR_NOT_FOUND);
            cr_expect_eq(store_batch(bench.store, 5, &any, &got, NULL),
                         ERR_NOT_FOUND);
            stores[s].reopen(&bench);
        }
        for (size_t i = 0; i < 4; i++)
            maker_fini(&makers[i]);
        stores[s].drop(&bench);
    }
}

Test(store_batch, is_left_where_it_finds_no_room)
{
    static const struct {
        const char *name;
        uint64_t tx;
        struct batch_room room;
        enum err err;
    } cases[] = {
        { "exactly as many facts", 2, { SIZE_MAX, 3 }, OK },
        { "a fact too many", 2, { SIZE_MAX, 2 }, ERR_TOO_LARGE },
        { "few bytes", 2, { 1000, 3 }, OK },
        { "too few bytes", 2, { 50, 3 }, ERR_TOO_LARGE },
        { "a large one", 3, { 1UL << 20, UINT32_MAX }, ERR_TOO_LARGE },
        { "another kind needs none", 4, { 0, 0 }, OK },
    };

    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker makers[4];
        struct bench bench;

        stores[s].make(&bench);
        make_batches(makers);
        for (size_t i = 0; i < 4; i++) {
            must_append(&bench, &makers[i]);
            maker_fini(&makers[i]);
        }
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct stored_batch got;
            enum err err = store_batch(bench.store, cases[i].tx, &cases[i].room,
                                       &got, NULL);

            cr_expect_eq(err, cases[i].err, "%s, %s: err %d", stores[s].name,
                         cases[i].name, (int)err);
            cr_expect_eq(got.info.tx, cases[i].tx, "%s: its info",
                         cases[i].name);
            cr_expect(err == OK || got.records == NULL, "%s: it holds nothing",
                      cases[i].name);
            cr_expect(err == OK || got.bytes > cases[i].room.bytes ||
                          got.info.facts > cases[i].room.facts,
                      "%s: what it would take", cases[i].name);
            stored_batch_fini(&got);
        }
        stores[s].drop(&bench);
    }
}

static enum err
read_damaged(struct store *store, uint64_t tx, struct why *why)
{
    const struct batch_room any = BATCH_ANY_SIZE;
    struct stored_batch got;
    enum err err = store_batch(store, tx, &any, &got, why);

    stored_batch_fini(&got);
    return err;
}

/* A start does not read what is in the index; the feed does. */
static void
make_merged(const char *dir)
{
    const struct store_lmdb_options options = { .dir = dir,
                                                .memtable_bytes = 1 };
    struct bench bench = { 0 };
    struct batch_maker makers[4];
    struct store_health health = { 0 };

    cr_assert_eq(store_lmdb_open(&options, &bench.store, NULL), OK);
    make_batches(makers);
    for (size_t i = 0; i < 4; i++) {
        must_append(&bench, &makers[i]);
        maker_fini(&makers[i]);
    }
    APPEND_FACTS(&bench, 5, { 1, 1 });
    APPEND_FACTS(&bench, 6, { 1, 2 });
    while (health.merged_tx < 4) {
        store_health(bench.store, &health);
        usleep(1000);
    }
    store_close(bench.store);
}

Test(store_batch, that_is_damaged_is_named)
{
    enum { HEAD = 4 };
    static const struct {
        const char *name;
        uint64_t tx;
        uint32_t part;
        size_t at;
        char by;        /* xor */
        bool is_sealed; /* the checksum is put right */
        const char *words;
    } cases[] = {
        { "a bit of the first part", 2, 0, 100, 4, false,
          "tx 2 part 0 is damaged: its checksum does not match" },
        { "a bit of a later part", 3, 2, 5000, 4, false,
          "tx 3 part 2 is damaged: its checksum does not match" },
        { "the tx", 2, 0, HEAD + 8, 4, true, "tx 2 is damaged: it is another" },
        { "the magic", 2, 0, HEAD, 4, true, "tx 2 is damaged: it is no batch" },
        { "the count of records", 2, 0, HEAD + 24, 4, true,
          "tx 2 is damaged: it has another number of records" },
        { "the count of records, high", 2, 0, HEAD + 26, 4, true,
          "tx 2 is damaged: its header contradicts itself" },
        { "the count of displaced facts, high", 2, 0, HEAD + 48, 4, true,
          "tx 2 is damaged: its header contradicts itself" },
        { "the count of displaced facts", 2, 0, HEAD + 48, 1, true,
          "tx 2 is damaged: its list of displaced facts has another length" },
        { "the kind of a record", 2, 0, HEAD + 92, 64, true,
          "tx 2 is damaged: a record is of a kind" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    make_merged(dir.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct store_lmdb_options options = { .dir = dir.path };
        struct str key = edit_part_key(cases[i].tx, cases[i].part), value;
        struct journal_edit edit;
        struct why why = { "" };
        struct store *store;
        char *bytes;
        enum err err;

        for (int round = 0; round < 2; round++) {
            edit_begin(&edit, dir.path);
            value = edit_get(&edit, "parts", key);
            bytes = malloc(value.len);
            cr_assert_not_null(bytes);
            memcpy(bytes, value.data, value.len);
            bytes[cases[i].at] = (char)(bytes[cases[i].at] ^ cases[i].by);
            if (cases[i].is_sealed)
                edit_reseal(key, bytes, value.len);
            edit_put(&edit, "parts", key, (struct str){ bytes, value.len });
            edit_commit(&edit);
            free(bytes);
            cr_assert_eq(store_lmdb_open(&options, &store, &why), OK, "%s: %s",
                         cases[i].name, why.text);
            err = read_damaged(store, cases[i].tx, &why);
            cr_expect_eq(err, round == 0 ? ERR_STORE : OK, "%s: err %d: %s",
                         cases[i].name, (int)err, why.text);
            cr_expect(round > 0 || strstr(why.text, cases[i].words) != NULL,
                      "%s: %s", cases[i].name, why.text);
            store_close(store);
        }
    }
    temp_dir_remove(&dir);
}
