/* Damage to the inverted entries on disk is named by the lookup or the merge
 * that meets it, and costs no more than a reindex. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"
#include "tests/store/lookup_bench.h"
#include "tests/support/store_memory.h"

/* Some batches fill a memtable; their entries fill some blocks. */
enum { BATCHES = 12, BATCH = 700, VALUES = 2000, MEMTABLE_BYTES = 600000 };

static void
append(struct store *store, uint64_t tx)
{
    struct batch_maker maker;
    struct why why = { 0 };

    srand((unsigned)tx);
    maker_values(&maker, tx, BATCH, VALUES);
    cr_assert_eq(maker_append(store, &maker, &why), OK, "%s", why.text);
    maker_fini(&maker);
}

static enum visit
ignore(void *context, int64_t security_id)
{
    (void)context;
    (void)security_id;
    return VISIT_NEXT;
}

/* Lookups of every value, up to the first that fails. */
static enum err
look_up_all(struct store *store, struct why *why)
{
    struct view view;
    enum err err = store_view_begin(store, KNOWN_NEWEST, &view, why);

    if (err != OK)
        return err;
    for (int i = 0; i < VALUES && err == OK; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d", i);
        err = store_lookup(&view, &LOOKUP_ALL(0, str_of(text)), ignore, NULL,
                           why);
    }
    store_view_end(&view);
    return err;
}

static void
expect_sound(const char *dir, const char *row)
{
    struct store *store = index_store_open(dir, 0, NULL);
    struct store *model = store_memory_new();
    struct why why = { 0 };

    for (uint64_t tx = 1; tx <= BATCHES; tx++)
        append(model, tx);
    cr_expect_eq(index_merged_tx(store), BATCHES, "%s", row);
    cr_expect_eq(look_up_all(store, &why), OK, "%s: %s", row, why.text);
    expect_values(store, model, BATCHES, VALUES, row);
    store_close(store);
    store_close(model);
}

static void
make(const struct temp_dir *dir)
{
    const struct store_lmdb_options options = { .dir = dir->path };
    struct store *store = index_store_open(dir->path, MEMTABLE_BYTES, NULL);

    for (uint64_t tx = 1; tx <= BATCHES; tx++)
        append(store, tx);
    store_close(store);
    cr_assert_eq(store_lmdb_reindex(&options, NULL, NULL), OK);
    expect_sound(dir->path, "made");
}

static void
spoil(const struct temp_dir *dir,
      void (*how)(struct journal_edit *edit, const char *table, size_t number),
      size_t number)
{
    struct journal_edit edit;

    edit_begin_in(&edit, dir->path, "index");
    how(&edit, "inverted", number);
    edit_commit(&edit);
}

Test(entry_damage, a_lookup_names_the_damage_that_it_meets)
{
    static const struct {
        const char *name;
        void (*how)(struct journal_edit *edit, const char *table,
                    size_t number);
        size_t number;
        const char *words;
    } cases[] = {
        { "the first block", edit_flip, 0,
          "inverted block attribute 0 hash 0000000 security 0 is damaged" },
        { "a block", edit_flip, 2, "its checksum does not match" },
        { "no first block", edit_lose, 0, "it is missing" },
        { "a lost block", edit_lose, 2, "it is missing" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    make(&dir);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct store_lmdb_options options = { .dir = dir.path };
        struct store *store;
        struct why why = { 0 };

        spoil(&dir, cases[i].how, cases[i].number);
        store = index_store_open(dir.path, 0, NULL);
        cr_expect_eq(look_up_all(store, &why), ERR_STORE, "%s", cases[i].name);
        cr_expect_not_null(strstr(why.text, cases[i].words), "%s: %s",
                           cases[i].name, why.text);
        cr_expect_not_null(strstr(why.text, "index: inverted block"), "%s: %s",
                           cases[i].name, why.text);
        cr_expect_not_null(strstr(why.text, "run secmaster reindex"), "%s: %s",
                           cases[i].name, why.text);
        store_close(store);
        cr_assert_eq(store_lmdb_reindex(&options, NULL, &why), OK, "%s: %s",
                     cases[i].name, why.text);
        expect_sound(dir.path, cases[i].name);
    }
    temp_dir_remove(&dir);
}

/* The merger meets damage: merging stops, and nothing else. */
Test(entry_damage, a_merge_stops_at_damage)
{
    const struct store_testing testing = { .wait_ms = 30000 };
    struct store_health health;
    struct temp_dir dir;
    struct store *store;
    uint64_t tx = BATCHES;

    temp_dir_make(&dir);
    make(&dir);
    spoil(&dir, edit_flip, 2);
    store = index_store_open(dir.path, MEMTABLE_BYTES, &testing);
    do {
        append(store, ++tx);
        store_health(store, &health);
    } while (health.sealed_memtables == 0);
    do {
        store_health(store, &health);
    } while (!health.merge_failed && health.merges == 0);
    cr_expect(health.merge_failed);
    cr_expect(!health.failed);
    cr_expect_eq(health.merged_tx, BATCHES);
    store_close(store);
    cr_expect_not_null(strstr(noticed, "inverted block"), "%s", noticed);
    cr_expect_not_null(strstr(noticed, "is damaged"), "%s", noticed);
    temp_dir_remove(&dir);
}
