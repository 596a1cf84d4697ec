/* The inverted entries on disk: what merges make of their blocks, and finding
 * in them. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "src/store/entry_cursor.h"
#include "src/store/index_merge.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ATTRIBUTES = 2 };

struct bench {
    struct temp_dir dir;
    struct index *index;
    uint64_t tx;
    struct entry *all; /* ever merged, some twice */
    size_t count, capacity;
};

static void
bench_make(struct bench *bench)
{
    *bench = (struct bench){ 0 };
    temp_dir_make(&bench->dir);
    cr_assert_eq(index_create(bench->dir.path, 0, &bench->index, NULL), OK);
}

static void
bench_drop(struct bench *bench)
{
    index_close(bench->index);
    temp_dir_remove(&bench->dir);
    free(bench->all);
}

static struct entry
entry_of(int64_t security, uint32_t attribute, struct str text)
{
    const struct inverted_key key = { hash_xxh64(text), attribute };

    return (struct entry){ entry_term(&key), security };
}

static void
stage(struct bench *bench, struct memtable *memtable, int64_t security,
      uint32_t attribute, const char *text)
{
    const struct factset_item item = {
        .attribute = attribute, .value = { VALUE_STRING, str_of(text) }
    };
    struct record record = { RECORD_FACTS, security, { 0 }, bench->tx, { 0 } };
    struct out payload;

    /* A place of its own. */
    record.effective.days = (int32_t)(bench->count % 1000000);
    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    record.payload = out_text(&payload);
    cr_assert_eq(memtable_stage(memtable, &record), OK);
    out_fini(&payload);
    if (bench->count == bench->capacity) {
        bench->capacity = bench->capacity * 2 + 64;
        bench->all = realloc(bench->all, bench->capacity * sizeof *bench->all);
    }
    bench->all[bench->count++] = entry_of(security, attribute, item.value.text);
}

static void
link_all(struct memtable *memtable)
{
    uint64_t twice;

    cr_assert_eq(memtable_ready(memtable), OK);
    cr_assert(memtable_sort(memtable, &twice));
    memtable_link(memtable);
}

/* Some values of securities at random; every fourth entry is of a value that
 * all have. */
static struct memtable *
random_memtable(struct bench *bench, int count, int values, int securities)
{
    struct memtable *memtable = memtable_new(0);

    bench->tx++;
    for (int i = 0; i < count; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d",
                       i % 4 == 0 ? 0 : rand() % values);
        stage(bench, memtable, rand() % securities,
              (uint32_t)(rand() % ATTRIBUTES), text);
    }
    link_all(memtable);
    return memtable;
}

/* Merge a memtable whole; how many transactions that took. */
static size_t
merge_all(struct bench *bench, const struct memtable *memtable,
          size_t transaction_bytes)
{
    const struct index_mark mark = { .tx = bench->tx };
    struct index_merge *merge =
        index_merge_new(bench->index, transaction_bytes);
    bool is_done = false;
    size_t steps = 0;

    cr_assert_not_null(merge);
    index_merge_begin(merge, memtable, &mark);
    for (; !is_done; steps++)
        cr_assert_eq(index_merge_step(merge, &is_done, NULL), OK);
    index_merge_free(merge);
    return steps;
}

static int
compare_entries(const void *a, const void *b)
{
    return entry_compare(a, b);
}

/* In order, each once. */
static void
sort_all(struct bench *bench)
{
    size_t kept = 0;

    if (bench->count > 0)
        qsort(bench->all, bench->count, sizeof *bench->all, compare_entries);
    for (size_t i = 0; i < bench->count; i++)
        if (kept == 0 ||
            entry_compare(&bench->all[kept - 1], &bench->all[i]) != 0)
            bench->all[kept++] = bench->all[i];
    bench->count = kept;
}

static void
expect_at(const struct entry_cursor *cursor, const struct bench *bench,
          size_t i, const char *row)
{
    cr_assert_eq(cursor->at_end, i >= bench->count, "%s: entry %zu of %zu", row,
                 i, bench->count);
    if (i < bench->count)
        cr_assert_eq(entry_compare(&cursor->entry, &bench->all[i]), 0,
                     "%s: entry %zu", row, i);
}

/* Everything in order, and from some places at random. */
static void
expect_all(struct bench *bench, const char *row)
{
    static const struct entry first = { 0, 0 };
    struct index_reader reader;
    struct entry_cursor cursor;

    sort_all(bench);
    cr_assert_eq(index_read_begin(bench->index, &reader, NULL), OK);
    cr_assert_eq(entry_cursor_open(&cursor, &reader, NULL), OK);
    cr_assert_eq(entry_cursor_seek(&cursor, &first, NULL), OK);
    for (size_t i = 0; i < bench->count; i++) {
        expect_at(&cursor, bench, i, row);
        cr_assert_eq(entry_cursor_next(&cursor, NULL), OK);
    }
    expect_at(&cursor, bench, bench->count, row);
    for (int i = 0; i < 200 && bench->count > 0; i++) {
        size_t at = (size_t)rand() % bench->count;
        struct entry sought = bench->all[at];

        cr_assert_eq(entry_cursor_seek(&cursor, &sought, NULL), OK);
        expect_at(&cursor, bench, at, row);
        cr_assert_eq(entry_cursor_next(&cursor, NULL), OK);
        cr_assert_eq(entry_cursor_seek(&cursor, &sought, NULL), OK);
        expect_at(&cursor, bench, at, row);
        sought.security_id++;
        cr_assert_eq(entry_cursor_seek(&cursor, &sought, NULL), OK);
        expect_at(&cursor, bench, at + 1, row);
    }
    entry_cursor_close(&cursor);
    index_read_end(&reader);
}

struct shape {
    size_t blocks, bytes;
    uint64_t digest; /* of all of them */
};

/* Walk the blocks by hand: each announces the next, none is too large. */
static struct shape
shape_of(struct bench *bench, const char *row)
{
    struct shape shape = { 0 };
    struct entry_block block = { 0 };
    MDB_cursor *cursor;
    MDB_txn *txn;
    MDB_val k, v;

    cr_assert_eq(mdb_txn_begin(bench->index->env, NULL, MDB_RDONLY, &txn), 0);
    cr_assert_eq(mdb_cursor_open(txn, bench->index->inverted, &cursor), 0);
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
        const struct entry expected = block.next;
        const struct str value = { v.mv_data, v.mv_size };

        cr_assert_null(entry_block_open((struct str){ k.mv_data, k.mv_size },
                                        value, &block),
                       "%s: block %zu", row, shape.blocks);
        cr_assert_eq(entry_compare(&block.fence, &expected), 0, "%s: block %zu",
                     row, shape.blocks);
        shape.blocks++;
        shape.bytes += v.mv_size;
        shape.digest = shape.digest * 31 + hash_xxh64(value);
    }
    cr_expect(!block.has_next, "%s", row);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return shape;
}

Test(entry_merge, is_empty_at_first)
{
    struct bench bench;

    bench_make(&bench);
    expect_all(&bench, "empty");
    cr_expect_eq(shape_of(&bench, "empty").blocks, 1);
    bench_drop(&bench);
}

/* How full blocks are, in per cent, and how many there are at least. */
Test(entry_merge, keeps_blocks_full_enough)
{
    static const struct {
        const char *name;
        int rounds, count, values, securities;
        size_t transaction_bytes;
        size_t blocks, fill;
    } cases[] = {
        { "one load", 1, 40000, 20000, 5000, SIZE_MAX, 25, 95 },
        { "one load, block by block", 1, 20000, 20000, 5000, 1, 12, 60 },
        { "few large merges", 4, 10000, 20000, 5000, SIZE_MAX, 25, 60 },
        { "many small merges", 200, 100, 20000, 5000, SIZE_MAX, 12, 60 },
        { "bounded transactions", 30, 1000, 20000, 5000, 20000, 20, 60 },
        { "few values", 10, 4000, 5, 1000000, SIZE_MAX, 10, 50 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        struct shape shape;
        size_t steps = 0;

        srand(20240229);
        bench_make(&bench);
        for (int round = 0; round < cases[i].rounds; round++) {
            struct memtable *memtable = random_memtable(
                &bench, cases[i].count, cases[i].values, cases[i].securities);

            steps += merge_all(&bench, memtable, cases[i].transaction_bytes);
            memtable_free(memtable);
        }
        expect_all(&bench, cases[i].name);
        shape = shape_of(&bench, cases[i].name);
        cr_expect_geq(shape.blocks, cases[i].blocks, "%s: %zu blocks",
                      cases[i].name, shape.blocks);
        cr_expect_geq(100 * shape.bytes / (shape.blocks * BLOCK_BYTES_MAX),
                      cases[i].fill, "%s: %zu blocks of %zu bytes on average",
                      cases[i].name, shape.blocks, shape.bytes / shape.blocks);
        if (cases[i].transaction_bytes == SIZE_MAX)
            cr_expect_eq(steps, (size_t)cases[i].rounds, "%s", cases[i].name);
        else
            cr_expect_gt(steps, 5 * (size_t)cases[i].rounds, "%s: %zu",
                         cases[i].name, steps);
        bench_drop(&bench);
    }
}

/* What a merge of the entries would put: its transaction comes to nothing. */
static size_t
bytes_to_put(struct bench *bench, const struct memtable *memtable)
{
    static struct entry_merge merge;
    MDB_cursor *cursor;
    MDB_txn *txn;
    size_t bytes;

    merge = (struct entry_merge){ 0 };
    cr_assert_eq(entry_merge_collect(&merge, memtable_inverted(memtable), NULL),
                 OK);
    cr_assert_eq(mdb_txn_begin(bench->index->env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_cursor_open(txn, bench->index->inverted, &cursor), 0);
    cr_assert_eq(entry_merge_fill(&merge, cursor, SIZE_MAX, &bytes, NULL), OK);
    cr_expect(entry_merge_is_done(&merge));
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    entry_merge_reset(&merge);
    return bytes;
}

/* Securities from one on, each with a value of its own. */
static struct memtable *
memtable_of(struct bench *bench, int64_t security, int count)
{
    struct memtable *memtable = memtable_new(0);

    bench->tx++;
    for (int i = 0; i < count; i++, security++) {
        char text[24];

        (void)snprintf(text, sizeof text, "%" PRId64, security);
        stage(bench, memtable, security, 0, text);
    }
    link_all(memtable);
    return memtable;
}

Test(entry_merge, puts_no_block_that_has_nothing_new)
{
    struct bench bench;
    struct memtable *whole, *part, *one;
    struct shape before, after;

    bench_make(&bench);
    whole = memtable_of(&bench, 0, 20000);
    cr_expect_gt(bytes_to_put(&bench, whole), 20 * BLOCK_BYTES_MAX);
    (void)merge_all(&bench, whole, SIZE_MAX);
    before = shape_of(&bench, "once");
    cr_expect_eq(bytes_to_put(&bench, whole), 0);
    (void)merge_all(&bench, whole, 1);
    after = shape_of(&bench, "twice");
    cr_expect_eq(after.digest, before.digest);
    cr_expect_eq(after.blocks, before.blocks);

    /* Many old ones and one that is new: one block, or what becomes of it. */
    part = memtable_of(&bench, 5000, 15000);
    cr_expect_eq(bytes_to_put(&bench, part), 0);
    one = memtable_of(&bench, 5001, 15000);
    cr_expect_gt(bytes_to_put(&bench, one), 0);
    cr_expect_lt(bytes_to_put(&bench, one), 2 * BLOCK_BYTES_MAX);
    (void)merge_all(&bench, one, SIZE_MAX);
    expect_all(&bench, "one more");
    memtable_free(whole);
    memtable_free(part);
    memtable_free(one);
    bench_drop(&bench);
}

/* What a merge that was cut off has put is put again. */
Test(entry_merge, goes_on_where_a_merge_was_cut_off)
{
    struct index_mark mark = { .tx = 1 };
    struct memtable *memtable;
    struct bench bench;
    bool is_done;

    srand(11);
    bench_make(&bench);
    memtable = random_memtable(&bench, 20000, 20000, 5000);
    for (int cut = 1; cut <= 4; cut++) {
        struct index_merge *merge = index_merge_new(bench.index, 1);
        struct shape shape;

        index_merge_begin(merge, memtable, &mark);
        for (int i = 0; i < cut; i++) {
            cr_assert_eq(index_merge_step(merge, &is_done, NULL), OK);
            cr_assert(!is_done);
        }
        index_merge_free(merge);
        index_close(bench.index);
        cr_assert_eq(index_open(bench.dir.path, 0, &bench.index, NULL), OK);
        cr_expect_eq(bench.index->marks.merged.tx, 0, "cut %d", cut);
        cr_expect_eq(bench.index->marks.reached.tx, 1, "cut %d", cut);
        shape = shape_of(&bench, "cut off");
        cr_expect_gt(shape.blocks, (size_t)cut, "cut %d", cut);
    }
    (void)merge_all(&bench, memtable, 1);
    expect_all(&bench, "again");
    memtable_free(memtable);
    bench_drop(&bench);
}

/* What a transaction put that came to nothing is put again. */
Test(entry_merge, goes_on_where_the_map_was_full)
{
    struct index_mark mark = { .tx = 1 };
    struct index_merge *merge;
    struct memtable *memtable;
    struct bench bench = { 0 };
    struct why why = { 0 };
    size_t map_bytes = 64 * 1024;
    bool is_done = false;
    int failures = 0;

    srand(13);
    temp_dir_make(&bench.dir);
    cr_assert_eq(index_create(bench.dir.path, map_bytes, &bench.index, NULL),
                 OK);
    memtable = random_memtable(&bench, 20000, 20000, 5000);
    merge = index_merge_new(bench.index, 30000);
    index_merge_begin(merge, memtable, &mark);
    while (!is_done) {
        enum err err = index_merge_step(merge, &is_done, &why);

        if (err == OK)
            continue;
        cr_assert_eq(err, ERR_FULL, "%s", why.text);
        failures++;
        map_bytes += 16 * 1024;
        cr_assert_eq(mdb_env_set_mapsize(bench.index->env, map_bytes), 0);
    }
    cr_expect_gt(failures, 5);
    expect_all(&bench, "full at times");
    index_merge_free(merge);
    memtable_free(memtable);
    bench_drop(&bench);
}

/* The block before it announces a lost one, also to who looks for its very
 * fence. */
Test(entry_merge, misses_a_block_that_is_lost)
{
    static const struct entry first = { 0, 0 };
    struct memtable *memtable;
    struct entry_block block;
    struct entry_key key;
    struct bench bench;
    struct why why = { 0 };
    MDB_cursor *cursor;
    MDB_txn *txn;
    MDB_val k = { ENTRY_KEY_BYTES, key.bytes };

    bench_make(&bench);
    memtable = memtable_of(&bench, 0, 20000);
    (void)merge_all(&bench, memtable, SIZE_MAX);
    cr_assert_eq(mdb_txn_begin(bench.index->env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_cursor_open(txn, bench.index->inverted, &cursor), 0);
    cr_assert_eq(entry_find(cursor, &first, &block, &why), OK);
    cr_assert(block.has_next);
    key = entry_key_of(&block.next);
    cr_assert_eq(mdb_del(txn, bench.index->inverted, &k, NULL), 0);
    cr_expect_eq(entry_find(cursor, &block.next, &block, &why), ERR_STORE);
    cr_expect_not_null(strstr(why.text, "it is missing"), "%s", why.text);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    memtable_free(memtable);
    bench_drop(&bench);
}

/* Its file is as long as its pages say, or the next start would not trust
 * it. */
Test(entry_merge, leaves_a_file_of_full_length)
{
    struct bench bench;
    char path[PATH_MAX];

    srand(5);
    bench_make(&bench);
    temp_path(path, bench.dir.path, "index/data.mdb");
    for (int round = 0; round < 30; round++) {
        struct memtable *memtable =
            random_memtable(&bench, rand() % 3000 + 1, 20000, 5000);
        MDB_envinfo info;
        struct stat st;

        (void)merge_all(&bench, memtable, 30000);
        memtable_free(memtable);
        cr_assert_eq(mdb_env_info(bench.index->env, &info), 0);
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_geq((size_t)st.st_size, (info.me_last_pgno + 1) * 4096,
                      "round %d", round);
        index_close(bench.index);
        cr_assert_eq(index_open(bench.dir.path, 0, &bench.index, NULL), OK);
    }
    expect_all(&bench, "length");
    bench_drop(&bench);
}
