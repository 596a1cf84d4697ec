/* Damage in the index is named by the read or the merge that meets it, and
 * costs no more than a reindex. */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/store/held_merger.h"
#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"

static enum visit
ignore(void *context, const struct record *record)
{
    (void)context;
    (void)record;
    return VISIT_NEXT;
}

static enum err
scan_all(struct store *store, struct why *why)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct view view;
    enum err err = store_view_begin(store, KNOWN_NEWEST, &view, why);

    if (err != OK)
        return err;
    err = store_scan(&view, &all, ignore, NULL, why);
    store_view_end(&view);
    return err;
}

Test(index_damage, a_read_names_the_damage_that_it_meets)
{
    static const struct {
        const char *name;
        void (*spoil)(struct journal_edit *edit, const char *table,
                      size_t number);
        size_t number;
        const char *words;
    } cases[] = {
        { "the first block", edit_flip, 0, "the first is damaged" },
        { "a block", edit_flip, 3, "does not match" },
        { "no first block", edit_lose, 0, "it is missing" },
        { "a lost block", edit_lose, 4, "it is missing" },
        { "a stale block", edit_add_stale, 4, "it is missing" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    index_make(&dir, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct store_lmdb_options options = { .dir = dir.path };
        struct journal_edit edit;
        struct store *store;
        struct why why = { 0 };

        edit_begin_in(&edit, dir.path, "index");
        cases[i].spoil(&edit, "blocks", cases[i].number);
        edit_commit(&edit);
        store = index_store_open(dir.path, 0, NULL);
        cr_expect_eq(scan_all(store, &why), ERR_STORE, "%s", cases[i].name);
        cr_expect_not_null(strstr(why.text, cases[i].words), "%s: %s",
                           cases[i].name, why.text);
        cr_expect_not_null(strstr(why.text, "run secmaster reindex"), "%s: %s",
                           cases[i].name, why.text);
        store_close(store);

        cr_assert_eq(store_lmdb_reindex(&options, NULL, &why), OK, "%s: %s",
                     cases[i].name, why.text);
        store = index_store_open(dir.path, 0, NULL);
        cr_expect_eq(index_merged_tx(store), INDEX_BATCHES, "%s",
                     cases[i].name);
        index_expect(store, 1, INDEX_BATCHES, cases[i].name);
        store_close(store);
    }
    temp_dir_remove(&dir);
}

/* The merger meets damage: merging stops, and nothing else. */
Test(index_damage, a_merge_stops_at_damage)
{
    const struct store_testing testing = { .wait_ms = 30000 };
    struct store_health health;
    struct journal_edit edit;
    struct temp_dir dir;
    struct store *store;
    struct why why = { 0 };
    uint64_t tx = INDEX_BATCHES;
    enum err err;

    temp_dir_make(&dir);
    index_make(&dir, 1);
    edit_begin_in(&edit, dir.path, "index");
    edit_flip(&edit, "blocks", 2);
    edit_commit(&edit);
    store = index_store_open(dir.path, INDEX_MEMTABLE_BYTES, &testing);
    do {
        err = index_try_append(store, ++tx, 1, &why);
    } while (err == OK && tx < INDEX_BATCHES + 20);
    /* At once: there is nothing to wait for. */
    cr_expect_eq(err, ERR_BUSY, "err %d: %s", (int)err, why.text);
    cr_expect_not_null(strstr(noticed, "is damaged"), "%s", noticed);
    store_health(store, &health);
    cr_expect(health.merge_failed);
    cr_expect(!health.failed);
    cr_expect_eq(health.newest_tx, tx - 1);
    store_close(store);

    index_remove(dir.path);
    store = index_store_open(dir.path, INDEX_MEMTABLE_BYTES, NULL);
    index_expect(store, 1, tx - 1, "built anew");
    store_close(store);
    temp_dir_remove(&dir);
}

static void
limit_file_size(rlim_t bytes)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The index cannot be written: reads are right, writes are held up in the end,
 * and a later start goes on. */
Test(index_damage, a_write_error_stops_merging_only)
{
    struct held_merger held;
    struct store_health health;
    struct batch_maker maker;
    struct temp_dir dir;
    struct store *store;
    struct why why = { 0 };
    uint64_t tx = 0;

    (void)signal(SIGXFSZ, SIG_IGN);
    held_merger_init(&held);
    temp_dir_make(&dir);
    store = index_store_open(dir.path, INDEX_MEMTABLE_BYTES, &held.testing);
    do {
        index_append(store, ++tx, 1);
        store_health(store, &health);
    } while (health.sealed_memtables == 0);
    cr_assert_eq(held_merger_await(&held), MERGE_TRANSACTION);
    limit_file_size(health.index_bytes);
    held_merger_release(&held);
    do {
        store_health(store, &health);
    } while (!health.merge_failed);
    limit_file_size(RLIM_INFINITY);
    cr_expect_not_null(strstr(noticed, "a commit failed"), "%s", noticed);
    cr_expect_eq(health.merged_tx, 0);
    cr_expect(!health.failed);
    index_expect(store, 1, tx, "failed");

    srand(1);
    maker_random(&maker, tx + 1, 4 * INDEX_BATCH);
    cr_expect_eq(maker_append(store, &maker, &why), ERR_BUSY, "%s", why.text);
    maker_fini(&maker);
    store_close(store);
    store = index_store_open(dir.path, 1, NULL);
    index_expect(store, 1, tx, "again");
    while (index_merged_tx(store) == 0)
        (void)usleep(1000);
    store_close(store);
    held_merger_fini(&held);
    temp_dir_remove(&dir);
}

/* No room in the index's map is no failure: it is tried again. */
Test(index_damage, a_full_map_holds_up_merging)
{
    struct store_lmdb_options options = { .map_bytes = 4UL << 20,
                                          .memtable_bytes = 200000,
                                          .notice = note_notice };
    const struct store_testing testing = { .wait_ms = 500 };
    struct store_health health;
    struct temp_dir dir;
    struct store *store;
    struct why why = { 0 };
    uint64_t tx = 0;
    enum err err = OK;

    temp_dir_make(&dir);
    options.dir = dir.path;
    options.testing = &testing;
    noticed[0] = '\0';
    cr_assert_eq(store_lmdb_open(&options, &store, &why), OK);
    while (err == OK) {
        err = index_try_append(store, ++tx, 1, &why);
        store_health(store, &health);
    }
    cr_expect_eq(err, ERR_BUSY, "err %d: %s", (int)err, why.text);
    cr_expect(health.full);
    cr_expect_not_null(strstr(noticed, "MDB_MAP_FULL"), "%s", noticed);
    cr_expect(!health.failed);
    cr_expect(!health.merge_failed);
    tx = store_newest(store);
    index_expect(store, 1, tx, "full");
    store_close(store);

    options.map_bytes = 64UL << 20;
    cr_assert_eq(store_lmdb_open(&options, &store, &why), OK, "%s", why.text);
    index_expect(store, 1, tx, "larger");
    store_close(store);
    temp_dir_remove(&dir);
}

Test(index_damage, reindex_refuses_what_is_no_store)
{
    struct store_lmdb_options options = { 0 };
    struct temp_dir dir;
    struct store *store;
    struct why why = { 0 };
    char path[PATH_MAX];

    temp_dir_make(&dir);
    options.dir = dir.path;
    cr_expect_eq(store_lmdb_reindex(&options, NULL, &why), ERR_NOT_FOUND);
    options.dir = temp_path(path, dir.path, "missing");
    cr_expect_eq(store_lmdb_reindex(&options, NULL, &why), ERR_INVALID);

    store = index_store_open(dir.path, 0, NULL);
    options.dir = dir.path;
    cr_expect_eq(store_lmdb_reindex(&options, NULL, &why), ERR_BUSY);
    index_append(store, 1, 1);
    store_close(store);
    cr_expect_eq(store_lmdb_reindex(&options, NULL, &why), OK);
    temp_dir_remove(&dir);
}

struct shown {
    uint64_t calls, tx, last_tx;
};

static void
note_progress(void *context, uint64_t tx, uint64_t last_tx)
{
    struct shown *shown = context;

    cr_expect_eq(tx, shown->tx + 1);
    shown->calls++;
    shown->tx = tx;
    shown->last_tx = last_tx;
}

Test(index_damage, reindex_takes_everything_in)
{
    struct store_lmdb_options options = { .memtable_bytes =
                                              INDEX_MEMTABLE_BYTES };
    struct shown shown = { 0 };
    const struct reindex_progress progress = { note_progress, &shown };
    struct store_health health;
    struct temp_dir dir;
    struct store *store;
    struct why why = { 0 };

    temp_dir_make(&dir);
    index_make(&dir, 1);
    options.dir = dir.path;
    for (int round = 0; round < 2; round++) {
        shown = (struct shown){ 0 };
        cr_assert_eq(store_lmdb_reindex(&options, &progress, &why), OK, "%s",
                     why.text);
        cr_expect_eq(shown.calls, INDEX_BATCHES);
        cr_expect_eq(shown.last_tx, INDEX_BATCHES);
    }
    store = index_store_open(dir.path, 0, NULL);
    store_health(store, &health);
    cr_expect_str_eq(noticed, "");
    cr_expect_eq(health.merged_tx, INDEX_BATCHES);
    cr_expect_eq(health.memtable_records, 0);
    index_expect(store, 1, INDEX_BATCHES, "all of it");
    store_close(store);
    temp_dir_remove(&dir);
}
