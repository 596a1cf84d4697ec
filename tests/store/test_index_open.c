/* An index that is damaged, foreign or of another journal is built anew. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/store/index.h"
#include "tests/store/held_merger.h"
#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"
#include "tests/support/store_memory.h"

Test(index_open, a_sound_index_is_kept)
{
    struct temp_dir dir;
    struct store *store;

    temp_dir_make(&dir);
    index_make(&dir, 1);
    for (int round = 0; round < 3; round++) {
        struct store_health health;

        store = index_store_open(dir.path, 0, NULL);
        store_health(store, &health);
        cr_expect_str_eq(noticed, "");
        cr_expect_gt(health.merged_tx, 3);
        cr_expect_lt(health.merged_tx, INDEX_BATCHES);
        cr_expect_eq(health.memtable_records,
                     INDEX_BATCH * (INDEX_BATCHES - health.merged_tx),
                     "only what the index has not is in memory");
        index_expect(store, 1, INDEX_BATCHES, "sound");
        store_close(store);
    }
    temp_dir_remove(&dir);
}

static void
edit_marks(const char *dir, size_t at, size_t len, unsigned char byte)
{
    struct journal_edit edit;
    struct str value;
    char copy[128];

    edit_begin_in(&edit, dir, "index");
    value = edit_get(&edit, "meta", STR("marks"));
    cr_assert_leq(value.len, sizeof copy);
    memcpy(copy, value.data, value.len);
    memset(copy + at, byte, len);
    if (at >= 4)
        edit_reseal(STR("marks"), copy, value.len);
    edit_put(&edit, "meta", STR("marks"), (struct str){ copy, value.len });
    edit_commit(&edit);
}

static void
remove_data(const char *dir)
{
    char path[PATH_MAX];

    cr_assert_eq(remove(temp_path(path, dir, "index/data.mdb")), 0);
}

static void
cut_off(const char *dir)
{
    char path[PATH_MAX];

    cr_assert_eq(truncate(temp_path(path, dir, "index/data.mdb"), 40000), 0);
}

static void
write_foreign(const char *dir)
{
    static char text[40000];
    char path[PATH_MAX];

    memset(text, 'x', sizeof text);
    temp_write(temp_path(path, dir, "index/data.mdb"), text, sizeof text);
}

static void
write_foreign_lmdb(const char *dir)
{
    struct journal_edit edit;

    remove_data(dir);
    edit_begin_in(&edit, dir, "index");
    edit_put(&edit, "other", STR("key"), STR("value"));
    edit_commit(&edit);
}

static void
write_format(const char *dir, unsigned char format)
{
    unsigned char value[8] = { 0, 0, 0, 0, format };
    struct journal_edit edit;

    edit_begin_in(&edit, dir, "index");
    edit_reseal(STR("format"), (char *)value, sizeof value);
    edit_put(&edit, "meta", STR("format"),
             (struct str){ (char *)value, sizeof value });
    edit_commit(&edit);
}

static void
write_older_format(const char *dir)
{
    write_format(dir, INDEX_FORMAT - 1);
}

static void
write_newer_format(const char *dir)
{
    write_format(dir, INDEX_FORMAT + 1);
}

static void
remove_inverted(const char *dir)
{
    struct journal_edit edit;

    edit_begin_in(&edit, dir, "index");
    edit_drop(&edit, "inverted");
    edit_commit(&edit);
}

static void
damage_marks(const char *dir)
{
    edit_marks(dir, 0, 1, 0xa5);
}

static void
change_digest(const char *dir)
{
    edit_marks(dir, 12, 1, 0xa5);
}

static void
claim_too_much(const char *dir)
{
    edit_marks(dir, 4, 1, 100);
    edit_marks(dir, 44, 1, 100);
}

Test(index_open, what_does_not_fit_is_built_anew)
{
    static const struct {
        const char *name;
        void (*spoil)(const char *dir);
        const char *words;
    } cases[] = {
        { "no directory", index_remove, "data.mdb is missing" },
        { "no file", remove_data, "data.mdb is missing" },
        { "a piece of a file", cut_off, "is truncated" },
        { "text", write_foreign, "no LMDB file" },
        { "another LMDB file", write_foreign_lmdb, "lacks a table" },
        { "no inverted entries", remove_inverted, "lacks a table" },
        { "an older format", write_older_format, "another format" },
        { "a newer format", write_newer_format, "another format" },
        { "damaged marks", damage_marks, "how far it goes is damaged" },
        { "another digest", change_digest, "is not the journal's" },
        { "more than the journal", claim_too_much, "is not the journal's" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    index_make(&dir, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store *store;

        cases[i].spoil(dir.path);
        store = index_store_open(dir.path, INDEX_MEMTABLE_BYTES, NULL);
        cr_expect_not_null(strstr(noticed, "built anew"), "%s: %s",
                           cases[i].name, noticed);
        cr_expect_not_null(strstr(noticed, cases[i].words), "%s: %s",
                           cases[i].name, noticed);
        index_expect(store, 1, INDEX_BATCHES, cases[i].name);
        cr_expect_gt(index_merged_tx(store), 0, "%s", cases[i].name);
        store_close(store);
    }
    temp_dir_remove(&dir);
}

static void
copy_data(const char *from, const char *to, const char *name)
{
    char source[PATH_MAX], target[PATH_MAX];
    size_t len;
    char *data = temp_read(temp_path(source, from, name), &len);

    temp_write(temp_path(target, to, name), data, len);
    free(data);
}

Test(index_open, an_index_of_another_journal_is_built_anew)
{
    struct temp_dir one, two;
    struct store *store;

    temp_dir_make(&one);
    temp_dir_make(&two);
    index_make(&one, 1);
    index_make(&two, 100);
    copy_data(one.path, two.path, "index/data.mdb");
    store = index_store_open(two.path, 0, NULL);
    cr_expect_not_null(strstr(noticed, "is not the journal's"), "%s", noticed);
    index_expect(store, 100, INDEX_BATCHES, "other journal");
    store_close(store);
    temp_dir_remove(&one);
    temp_dir_remove(&two);
}

/*
 * A merge was cut off, then the journal was restored from a backup that the
 * index's merged transaction is older than, and went on in another way: what
 * the merge had put already is of no journal.
 */
Test(index_open, what_a_merge_left_of_a_lost_history_is_not_shown)
{
    struct held_merger held;
    struct temp_dir dir, backup;
    char path[PATH_MAX];
    struct store *store, *model = store_memory_new();
    uint64_t tx = 0;

    held_merger_init(&held);
    held.testing.transaction_bytes = 1;
    temp_dir_make(&dir);
    temp_dir_make(&backup);
    store = index_store_open(dir.path, 4 * INDEX_MEMTABLE_BYTES, &held.testing);
    index_append(store, ++tx, 1);
    cr_assert_eq(mkdir(temp_path(path, backup.path, "journal"), 0700), 0);
    cr_assert_eq(mkdir(temp_path(path, backup.path, "index"), 0700), 0);
    copy_data(dir.path, backup.path, "journal/data.mdb");
    while (index_merged_tx(store) == 0) {
        struct store_health health;

        store_health(store, &health);
        if (health.sealed_memtables == 0) {
            index_append(store, ++tx, 1);
            continue;
        }
        if (held_merger_await(&held) == MERGE_TRANSACTION) {
            /* All but the last transaction of it, in the end. */
            copy_data(dir.path, backup.path, "index/data.mdb");
        }
        held_merger_step(&held);
    }
    held_merger_release(&held);
    store_close(store);

    store = index_store_open(backup.path, 0, NULL);
    cr_expect_not_null(strstr(noticed, "is not the journal's"), "%s", noticed);
    for (uint64_t other = 2; other <= 6; other++)
        index_append(store, other, 1000);
    store_close(store);
    store = index_store_open(backup.path, INDEX_MEMTABLE_BYTES, NULL);
    cr_expect_eq(store_newest(store), 6);
    index_append(model, 1, 1);
    for (uint64_t other = 2; other <= 6; other++)
        index_append(model, other, 1000);
    expect_same(store, model, 6, "another history");
    store_close(model);
    store_close(store);
    held_merger_fini(&held);
    temp_dir_remove(&dir);
    temp_dir_remove(&backup);
}
