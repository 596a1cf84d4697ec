/* Wherever a merge is stopped, every read is as if there were none. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/store/fold_bench.h"
#include "tests/store/held_merger.h"
#include "tests/store/store_bench.h"
#include "tests/support/store_memory.h"

/* Half of it is a memtable: two or three large batches fill it, and leave room
 * for a few small ones. */
enum { MEMTABLE_BYTES = 200000, LARGE = 140, SMALL = 1 };

/* A store that merges, one in memory that got the same, and the hand on the
 * merger. */
struct pair {
    struct held_merger held;
    struct temp_dir dir;
    struct store *store, *model;
    uint64_t newest;
};

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

static void
pair_make(struct pair *pair, size_t transaction_bytes)
{
    held_merger_init(&pair->held);
    pair->held.testing.transaction_bytes = transaction_bytes;
    pair->held.testing.keyframe_records = 1 + (uint32_t)rand() % 3;
    temp_dir_make(&pair->dir);
    pair->store = open_dir(pair->dir.path, &pair->held.testing, MEMTABLE_BYTES);
    pair->model = store_memory_new();
    pair->newest = 0;
}

static void
pair_drop(struct pair *pair)
{
    held_merger_release(&pair->held);
    store_close(pair->store);
    store_close(pair->model);
    held_merger_fini(&pair->held);
    temp_dir_remove(&pair->dir);
}

static void
append_both(struct pair *pair, int count)
{
    struct batch_maker maker;

    maker_random(&maker, ++pair->newest, count);
    cr_assert_eq(maker_append(pair->store, &maker, NULL), OK);
    cr_assert_eq(maker_append(pair->model, &maker, NULL), OK);
    maker_fini(&maker);
}

/* Append until a memtable is sealed: the merger has something to do. */
static void
fill_memtable(struct pair *pair)
{
    struct store_health health;

    do {
        append_both(pair, LARGE);
        store_health(pair->store, &health);
    } while (health.sealed_memtables == 0);
}

/* All that is known, and what was known at some earlier moments. */
static void
expect_same_always(const struct pair *pair, struct store *store,
                   const char *row)
{
    expect_same(store, pair->model, pair->newest, row);
    for (int i = 0; i < 3; i++) {
        uint64_t known_tx = (uint64_t)rand() % (pair->newest + 1);

        expect_same(store, pair->model, known_tx, row);
        expect_same_fold(store, pair->model, known_tx, row);
        expect_same_fold(store, pair->model, pair->newest, row);
    }
}

/* What a kill at this moment leaves, opened. */
static void
expect_same_after_kill(const struct pair *pair, const char *row)
{
    static const char *const files[] = { "journal", "index" };
    const struct store_testing testing = {
        .keyframe_records = pair->held.testing.keyframe_records,
    };
    char from[PATH_MAX], to[PATH_MAX];
    struct temp_dir copy;
    struct store *store;

    temp_dir_make(&copy);
    for (size_t i = 0; i < 2; i++) {
        char name[32];
        size_t len;
        char *data;

        cr_assert_eq(mkdir(temp_path(to, copy.path, files[i]), 0700), 0);
        (void)snprintf(name, sizeof name, "%s/data.mdb", files[i]);
        data = temp_read(temp_path(from, pair->dir.path, name), &len);
        temp_write(temp_path(to, copy.path, name), data, len);
        free(data);
    }
    /* Small enough to go on merging where the other was killed. */
    store = open_dir(copy.path, &testing, MEMTABLE_BYTES / 2);
    expect_same_always(pair, store, row);
    store_close(store);
    store = open_dir(copy.path, &testing, 0);
    expect_same_always(pair, store, row);
    store_close(store);
    temp_dir_remove(&copy);
}

/* Let a merge take its steps; before each, everything is compared. */
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
        expect_same_always(pair, pair->store, row);
        /* Keyframes are dropped by the first step or two, and made behind
         * all. */
        if (rand() % 8 == 0 || steps < 3 || step == MERGE_PUBLICATION ||
            step == MERGE_KEYFRAMES)
            expect_same_after_kill(pair, row);
        if (rand() % 4 == 0) {
            append_both(pair, SMALL);
            expect_same_always(pair, pair->store, row);
        }
        held_merger_step(&pair->held);
        steps++;
    } while (step != MERGE_DONE);
    return steps;
}

Test(store_merge, is_not_to_be_seen_between_any_two_steps)
{
    for (unsigned seed = 1; seed <= 2; seed++) {
        struct store_health health;
        struct pair pair;
        size_t steps = 0;

        srand(seed);
        /* A block a transaction, or about five. */
        pair_make(&pair, seed == 1 ? 1 : 20000);
        for (int merge = 0; merge < 4; merge++) {
            fill_memtable(&pair);
            steps += walk_merge(&pair, seed);
        }
        cr_expect_gt(steps, 25, "seed %u: %zu steps", seed, steps);
        store_health(pair.store, &health);
        cr_expect_eq(health.merges, 4);
        pair_drop(&pair);
    }
}

static char *
text_of(struct view *view)
{
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct seen seen = { .with_payloads = true };

    out_init(&seen.text, SIZE_MAX);
    scan(view, &all, &seen);
    return seen.text.data;
}

/* One view a step, each held until the memtable it needs would be freed. */
Test(store_merge, leaves_a_view_as_it_was)
{
    enum { VIEWS_MAX = 60 };
    struct view views[VIEWS_MAX];
    char *texts[VIEWS_MAX];
    struct pair pair;
    size_t count = 0;
    enum merge_step step;

    srand(7);
    pair_make(&pair, 1);
    for (int round = 0; round < 3; round++) {
        fill_memtable(&pair);
        do {
            step = held_merger_await(&pair.held);
            if (step == MERGE_DONE)
                break;
            cr_assert_lt(count, VIEWS_MAX);
            cr_assert_eq(store_view_begin(pair.store,
                                          count % 2 == 0 ? KNOWN_NEWEST
                                                         : pair.newest - 1,
                                          &views[count], NULL),
                         OK);
            texts[count] = text_of(&views[count]);
            count++;
            if (step < MERGE_FREEING)
                append_both(&pair, rand() % 2);
            for (size_t i = 0; i < count; i++) {
                char *now = text_of(&views[i]);

                cr_expect_str_eq(now, texts[i], "step %d: view %zu", (int)step,
                                 i);
                free(now);
            }
            /* From here on the merger waits for them. */
            while (step >= MERGE_FREEING && count > 0) {
                count--;
                store_view_end(&views[count]);
                free(texts[count]);
            }
            held_merger_step(&pair.held);
        } while (true);
        held_merger_step(&pair.held);
    }
    pair_drop(&pair);
}

/* What a memtable holds is not given back under a reader. */
Test(store_merge, waits_for_readers_before_it_frees)
{
    struct store_health health;
    struct view view;
    struct pair pair;
    char *before, *after;

    srand(11);
    pair_make(&pair, 0);
    fill_memtable(&pair);
    cr_assert_eq(held_merger_await(&pair.held), MERGE_TRANSACTION);
    cr_assert_eq(store_view_begin(pair.store, KNOWN_NEWEST, &view, NULL), OK);
    before = text_of(&view);
    held_merger_release(&pair.held);
    do {
        store_health(pair.store, &health);
    } while (health.sealed_memtables > 0);
    cr_expect_eq(health.merged_tx, pair.newest - 1);
    cr_expect_eq(health.merges, 0, "it did not wait");
    after = text_of(&view);
    cr_expect_str_eq(before, after);
    store_view_end(&view);
    do {
        store_health(pair.store, &health);
    } while (health.merges == 0);
    free(before);
    free(after);
    pair_drop(&pair);
}

/* Memory is full while the merger does not move: writes are refused, reads go
 * on, and nothing is half there. */
Test(store_merge, holds_up_writes_when_it_is_behind)
{
    struct batch_maker maker;
    struct store_health health;
    struct why why = { 0 };
    struct pair pair;

    srand(13);
    held_merger_init(&pair.held);
    pair.held.testing.wait_ms = 50;
    temp_dir_make(&pair.dir);
    pair.store = open_dir(pair.dir.path, &pair.held.testing, MEMTABLE_BYTES);
    pair.model = store_memory_new();
    pair.newest = 0;
    fill_memtable(&pair);
    cr_assert_eq(held_merger_await(&pair.held), MERGE_TRANSACTION);

    maker_random(&maker, pair.newest + 1, 2 * LARGE);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(maker_append(pair.store, &maker, &why), ERR_BUSY);
        cr_expect_not_null(strstr(why.text, "the index is behind"), "%s",
                           why.text);
        expect_same_always(&pair, pair.store, "refused");
    }
    store_health(pair.store, &health);
    cr_expect(!health.failed);
    cr_expect(!health.merge_failed);
    cr_expect_eq(health.newest_tx, pair.newest);
    cr_expect_eq(health.sealed_memtables, 1);
    cr_expect_eq(health.memtable_records, pair.newest * LARGE);
    cr_expect_leq(health.memtable_bytes, MEMTABLE_BYTES);

    /* What fits is taken all the same; and all of it once there is room. */
    held_merger_release(&pair.held);
    do {
        store_health(pair.store, &health);
    } while (health.merges == 0);
    cr_expect_eq(maker_append(pair.store, &maker, &why), OK, "%s", why.text);
    cr_expect_eq(maker_append(pair.model, &maker, NULL), OK);
    maker_fini(&maker);
    pair.newest++;
    expect_same_always(&pair, pair.store, "taken");
    pair_drop(&pair);
}

/* One commit may be larger than all memtables are to be. */
Test(store_merge, takes_a_batch_of_any_size)
{
    struct pair pair;

    srand(17);
    pair_make(&pair, 0);
    held_merger_release(&pair.held);
    for (int i = 0; i < 4; i++) {
        append_both(&pair, 1000);
        append_both(&pair, 1);
        expect_same_always(&pair, pair.store, "large");
    }
    store_close(pair.store);
    /* A memtable a batch, also at the start. */
    pair.store = open_dir(pair.dir.path, &pair.held.testing, 1);
    expect_same_always(&pair, pair.store, "again");
    pair_drop(&pair);
}
