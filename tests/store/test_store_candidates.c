/* Lookups while entries go from memory to disk: wherever the merge stands, they
 * show whom a store that never merges shows. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "secmaster/candidates.h"
#include "secmaster/store_lmdb.h"
#include "tests/store/held_merger.h"
#include "tests/store/lookup_bench.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

/* Half of it is a memtable, which takes a few batches. */
enum { MEMTABLE_BYTES = 800000, BATCH = 700, VALUES = 2000 };

static struct store *
open_dir(const char *dir, const struct store_testing *testing, size_t bytes)
{
    const struct store_lmdb_options options = { .dir = dir,
                                                .memtable_bytes = bytes,
                                                .testing = testing };
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &store, &why);

    cr_assert_eq(err, OK, "open: err %d: %s", (int)err, why.text);
    return store;
}

/* A store that merges, and one in memory that got the same. */
struct pair {
    struct held_merger held;
    struct temp_dir dir;
    struct store *store, *model;
    uint64_t newest;
};

static void
append_both(struct pair *pair)
{
    struct batch_maker maker;

    maker_values(&maker, ++pair->newest, BATCH, VALUES);
    cr_assert_eq(maker_append(pair->store, &maker, NULL), OK);
    cr_assert_eq(maker_append(pair->model, &maker, NULL), OK);
    maker_fini(&maker);
}

static void
fill_memtable(struct pair *pair)
{
    struct store_health health;

    do {
        append_both(pair);
        store_health(pair->store, &health);
    } while (health.sealed_memtables == 0);
}

static void
expect_pair(const struct pair *pair, struct store *store, const char *row)
{
    expect_values(store, pair->model, pair->newest, VALUES, row);
    expect_values(store, pair->model, (uint64_t)rand() % (pair->newest + 1),
                  VALUES, row);
}

/* What a kill at this moment leaves, opened, merging on and all merged. */
static void
expect_after_kill(const struct pair *pair, const char *row)
{
    static const char *const names[] = { "journal", "index" };
    char from[PATH_MAX], to[PATH_MAX];
    struct store_lmdb_options all = { 0 };
    struct temp_dir copy;
    struct store *store;

    temp_dir_make(&copy);
    for (size_t i = 0; i < 2; i++)
        temp_copy(temp_path(from, pair->dir.path, names[i]),
                  temp_path(to, copy.path, names[i]));
    store = open_dir(copy.path, NULL, MEMTABLE_BYTES / 3);
    expect_pair(pair, store, row);
    store_close(store);
    all.dir = copy.path;
    cr_assert_eq(store_lmdb_reindex(&all, NULL, NULL), OK);
    store = open_dir(copy.path, NULL, 0);
    expect_pair(pair, store, row);
    store_close(store);
    temp_dir_remove(&copy);
}

/* Let a merge take its steps; before each, lookups are compared. */
static size_t
walk_merge(struct pair *pair, unsigned seed)
{
    size_t steps = 0;
    enum merge_step step;

    do {
        char row[64];

        step = held_merger_await(&pair->held);
        (void)snprintf(row, sizeof row, "seed %u, tx %d, step %zu (%d)", seed,
                       (int)pair->newest, steps, (int)step);
        expect_pair(pair, pair->store, row);
        if (rand() % 16 == 0 || step == MERGE_PUBLICATION)
            expect_after_kill(pair, row);
        held_merger_step(&pair->held);
        steps++;
    } while (step != MERGE_DONE);
    return steps;
}

Test(store_candidates, are_shown_between_any_two_steps_of_a_merge)
{
    for (unsigned seed = 1; seed <= 2; seed++) {
        struct pair pair = { 0 };
        size_t steps = 0;

        srand(seed);
        held_merger_init(&pair.held);
        /* A block a transaction, or about four. */
        pair.held.testing.transaction_bytes = seed == 1 ? 1 : 16000;
        temp_dir_make(&pair.dir);
        pair.store =
            open_dir(pair.dir.path, &pair.held.testing, MEMTABLE_BYTES);
        pair.model = store_memory_new();
        for (int merge = 0; merge < 3; merge++) {
            fill_memtable(&pair);
            steps += walk_merge(&pair, seed);
        }
        cr_expect_gt(steps, 20, "seed %u: %zu steps", seed, steps);
        held_merger_release(&pair.held);
        store_close(pair.store);
        store_close(pair.model);
        held_merger_fini(&pair.held);
        temp_dir_remove(&pair.dir);
    }
}

/* A million values. */

enum { MILLION = 1000000, PER_BATCH = 4000, SECURITIES = 100000 };

/* Fact i is of security i % SECURITIES, and of a value of its own. */
static void
append_million(struct store *store)
{
    for (int first = 0; first < MILLION; first += PER_BATCH) {
        struct batch_maker maker;
        struct why why = { 0 };

        maker_init(&maker, (uint64_t)(first / PER_BATCH + 1), first);
        if (first == 0)
            maker_first_names(&maker);
        for (int i = first; i < first + PER_BATCH; i++) {
            char text[16];

            (void)snprintf(text, sizeof text, "%d.5", i);
            maker_fact(&maker, i % SECURITIES, i / SECURITIES, text);
        }
        cr_assert_eq(maker_append(store, &maker, &why), OK, "%s", why.text);
        maker_fini(&maker);
    }
}

static enum visit
note(void *context, int64_t security_id)
{
    cr_assert_eq(candidates_add(context, security_id), OK);
    return VISIT_NEXT;
}

/* How many others are shown, whose value has the same hash as far as that is
 * kept; the security itself always is, unless it is -1. */
static size_t
count_others(struct store *store, const char *text, int64_t security)
{
    const struct lookup_range range = LOOKUP_ALL(0, str_of(text));
    struct candidates found;
    struct why why = { 0 };
    struct view view;
    size_t others = 0;

    candidates_init(&found);
    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_assert_eq(store_lookup(&view, &range, note, &found, &why), OK, "%s: %s",
                 text, why.text);
    store_view_end(&view);
    for (size_t i = 0; i < found.count; i++)
        others += found.ids[i] != security;
    cr_expect_eq(found.count - others, security < 0 ? 0 : 1, "%s", text);
    candidates_fini(&found);
    return others;
}

Test(store_candidates, of_a_million_values_each_has_its_security)
{
    struct store_health health;
    struct temp_dir dir;
    struct store *store;
    size_t lookups = 0, others = 0;

    temp_dir_make(&dir);
    store = open_dir(dir.path, NULL, 64UL << 20);
    append_million(store);
    store_health(store, &health);
    cr_expect_gt(health.merged_tx, MILLION / PER_BATCH / 2);
    cr_expect_lt(health.merged_tx, MILLION / PER_BATCH);
    for (int i = 0; i < MILLION; i += 997) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d.5", i);
        others += count_others(store, text, i % SECURITIES);
        (void)snprintf(text, sizeof text, "%d.25", i);
        others += count_others(store, text, -1);
        lookups += 2;
    }
    cr_expect_lt(100 * others, lookups, "%zu others in %zu lookups", others,
                 lookups);
    store_close(store);
    temp_dir_remove(&dir);
}
