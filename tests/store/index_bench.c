/* Stores with most of their batches in the index. */
#include "tests/store/index_bench.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/store_memory.h"

char noticed[512];

void
note_notice(const char *words)
{
    (void)snprintf(noticed, sizeof noticed, "%s", words);
}

struct store *
index_store_open(const char *dir, size_t memtable_bytes,
                 const struct store_testing *testing)
{
    const struct store_lmdb_options options = { .dir = dir,
                                                .memtable_bytes =
                                                    memtable_bytes,
                                                .notice = note_notice,
                                                .testing = testing };
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err;

    noticed[0] = '\0';
    err = store_lmdb_open(&options, &store, &why);
    cr_assert_eq(err, OK, "open: err %d: %s", (int)err, why.text);
    return store;
}

enum err
index_try_append(struct store *store, uint64_t tx, unsigned seed,
                 struct why *why)
{
    struct batch_maker maker;
    enum err err;

    srand(seed + (unsigned)tx);
    maker_random(&maker, tx, INDEX_BATCH);
    err = maker_append(store, &maker, why);
    maker_fini(&maker);
    return err;
}

void
index_append(struct store *store, uint64_t tx, unsigned seed)
{
    struct why why = { 0 };
    enum err err = index_try_append(store, tx, seed, &why);

    cr_assert_eq(err, OK, "append: err %d: %s", (int)err, why.text);
}

void
index_make(const struct temp_dir *dir, unsigned seed)
{
    struct store *store =
        index_store_open(dir->path, INDEX_MEMTABLE_BYTES, NULL);

    for (uint64_t tx = 1; tx <= INDEX_BATCHES; tx++)
        index_append(store, tx, seed);
    store_close(store);
}

void
index_expect(struct store *store, unsigned seed, uint64_t newest,
             const char *row)
{
    struct store *model = store_memory_new();

    for (uint64_t tx = 1; tx <= newest; tx++)
        index_append(model, tx, seed);
    cr_expect_eq(store_newest(store), newest, "%s", row);
    for (uint64_t tx = 0; tx <= newest; tx += 3)
        expect_same(store, model, tx, row);
    expect_same(store, model, newest, row);
    store_close(model);
}

uint64_t
index_merged_tx(struct store *store)
{
    struct store_health health;

    store_health(store, &health);
    return health.merged_tx;
}

void
index_remove(const char *dir)
{
    char path[PATH_MAX];

    cr_assert_eq(remove(temp_path(path, dir, "index/data.mdb")), 0);
    (void)remove(temp_path(path, dir, "index/lock.mdb"));
    cr_assert_eq(rmdir(temp_path(path, dir, "index")), 0);
}
