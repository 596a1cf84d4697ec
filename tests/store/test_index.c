/* The index by itself: what merges make of its blocks, and finding in them. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "src/store/index_merge.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char letters[1UL << 18];

struct bench {
    struct temp_dir dir;
    struct index *index;
    uint64_t tx;
    struct record *records; /* all that was merged */
    size_t count, capacity;
};

static void
bench_make(struct bench *bench)
{
    *bench = (struct bench){ 0 };
    memset(letters, 'x', sizeof letters);
    temp_dir_make(&bench->dir);
    cr_assert_eq(index_create(bench->dir.path, 0, &bench->index, NULL), OK);
}

static void
bench_drop(struct bench *bench)
{
    index_close(bench->index);
    temp_dir_remove(&bench->dir);
    free(bench->records);
}

static void
stage(struct bench *bench, struct memtable *memtable, int64_t security,
      int32_t days, size_t len)
{
    const struct record record = {
        RECORD_FACTS, security, { days }, bench->tx, { letters, len }
    };

    cr_assert_eq(memtable_stage(memtable, &record), OK);
    if (bench->count == bench->capacity) {
        bench->capacity = bench->capacity * 2 + 64;
        bench->records =
            realloc(bench->records, bench->capacity * sizeof *bench->records);
    }
    bench->records[bench->count++] = record;
}

static void
link_all(struct memtable *memtable)
{
    uint64_t twice;

    cr_assert_eq(memtable_ready(memtable), OK);
    cr_assert(memtable_sort(memtable, &twice));
    memtable_link(memtable);
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
compare_records(const void *a, const void *b)
{
    return record_compare(a, b);
}

static void
expect_record(const struct index_cursor *cursor, const struct bench *bench,
              size_t i, const char *row)
{
    cr_assert(!cursor->at_end, "%s: ends at %zu of %zu", row, i, bench->count);
    cr_assert_eq(record_compare(&cursor->record, &bench->records[i]), 0,
                 "%s: record %zu", row, i);
    cr_assert_eq(cursor->record.payload.len, bench->records[i].payload.len,
                 "%s: record %zu", row, i);
}

/* Everything in order, and from some places at random. */
static void
expect_all(struct bench *bench, const char *row)
{
    const struct record first = { .kind = RECORD_FACTS,
                                  .effective = { DATE_FIRST_DAYS } };
    struct index_reader reader;
    struct index_cursor cursor;

    if (bench->count > 0)
        qsort(bench->records, bench->count, sizeof *bench->records,
              compare_records);
    cr_assert_eq(index_read_begin(bench->index, &reader, NULL), OK);
    cr_expect_eq(reader.merged_tx, bench->tx, "%s", row);
    cr_assert_eq(index_cursor_open(&cursor, &reader, NULL), OK);
    cr_assert_eq(index_cursor_seek(&cursor, &first, NULL), OK);
    for (size_t i = 0; i < bench->count; i++) {
        expect_record(&cursor, bench, i, row);
        cr_assert_eq(index_cursor_next(&cursor, NULL), OK);
    }
    cr_expect(cursor.at_end, "%s", row);
    for (int i = 0; i < 100 && bench->count > 0; i++) {
        size_t at = (size_t)rand() % bench->count, next = at;
        const struct record *sought = &bench->records[at];
        struct record after = *sought;

        cr_assert_eq(index_cursor_seek(&cursor, sought, NULL), OK);
        expect_record(&cursor, bench, at, row);
        cr_assert_eq(index_cursor_skip(&cursor, NULL), OK);
        while (next < bench->count &&
               bench->records[next].security_id == sought->security_id)
            next++;
        cr_assert_eq(cursor.at_end, next == bench->count, "%s", row);
        if (next < bench->count)
            expect_record(&cursor, bench, next, row);
        after.tx++;
        cr_assert_eq(index_cursor_seek(&cursor, &after, NULL), OK);
        cr_assert_eq(cursor.at_end, at + 1 == bench->count, "%s", row);
        if (at + 1 < bench->count)
            expect_record(&cursor, bench, at + 1, row);
    }
    index_cursor_close(&cursor);
    index_read_end(&reader);
}

struct shape {
    size_t blocks, bytes, longest;
};

/* Walk the blocks by hand: each announces the next, none is too large. */
static struct shape
shape_of(struct bench *bench, const char *row)
{
    struct shape shape = { 0 };
    struct block block = { 0 };
    MDB_cursor *cursor;
    MDB_txn *txn;
    MDB_val k, v;

    cr_assert_eq(mdb_txn_begin(bench->index->env, NULL, MDB_RDONLY, &txn), 0);
    cr_assert_eq(mdb_cursor_open(txn, bench->index->blocks, &cursor), 0);
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
        const struct block_key expected = block.next;

        cr_assert_null(block_open((struct str){ k.mv_data, k.mv_size },
                                  (struct str){ v.mv_data, v.mv_size }, &block),
                       "%s: block %zu", row, shape.blocks);
        cr_assert_eq(block_key_compare(&block.fence, &expected), 0,
                     "%s: block %zu", row, shape.blocks);
        cr_assert(v.mv_size <= BLOCK_BYTES_MAX || block.left == 1, "%s", row);
        shape.blocks++;
        shape.bytes += v.mv_size;
        if (v.mv_size > shape.longest)
            shape.longest = v.mv_size;
    }
    cr_expect(!block.has_next, "%s", row);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    return shape;
}

Test(index, is_empty_at_first)
{
    struct bench bench;

    bench_make(&bench);
    expect_all(&bench, "empty");
    cr_expect_eq(shape_of(&bench, "empty").blocks, 1);
    cr_expect_gt(index_disk_bytes(bench.index), 0);
    bench_drop(&bench);
}

/* How full blocks are, in per cent, after rounds of so many records each. */
Test(index, keeps_blocks_full_enough)
{
    static const struct {
        const char *name;
        bool is_shuffled;
        int rounds, records;
        size_t transaction_bytes;
        size_t fill;
    } cases[] = {
        { "one load", true, 1, 60000, SIZE_MAX, 95 },
        { "one load, block by block", true, 1, 20000, 1, 60 },
        { "in order", false, 40, 500, SIZE_MAX, 95 },
        { "in order, one by one", false, 300, 1, SIZE_MAX, 40 },
        { "few large merges", true, 4, 20000, SIZE_MAX, 60 },
        { "many small merges", true, 300, 100, SIZE_MAX, 60 },
        { "bounded transactions", true, 40, 1000, 20000, 60 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bench bench;
        struct shape shape;
        size_t steps = 0;

        srand(20240229);
        bench_make(&bench);
        for (int round = 0; round < cases[i].rounds; round++) {
            struct memtable *memtable = memtable_new(0);

            bench.tx++;
            for (int r = 0; r < cases[i].records; r++) {
                int place = round * cases[i].records + r;

                if (cases[i].is_shuffled)
                    stage(&bench, memtable, rand() % 1000, r, 10);
                else
                    stage(&bench, memtable, place / 100, place % 100, 10);
            }
            link_all(memtable);
            steps += merge_all(&bench, memtable, cases[i].transaction_bytes);
            memtable_free(memtable);
        }
        expect_all(&bench, cases[i].name);
        shape = shape_of(&bench, cases[i].name);
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

Test(index, takes_records_of_any_size)
{
    struct bench bench;

    srand(3);
    bench_make(&bench);
    for (int round = 0; round < 12; round++) {
        struct memtable *memtable = memtable_new(0);

        bench.tx++;
        for (int i = 0; i < 60; i++) {
            static const size_t sizes[] = { 1,    62,   63,     500,   2030,
                                            4000, 4050, 4080,   4081,  8200,
                                            9,    9,    200000, 30000, 3 };

            stage(&bench, memtable, rand() % 5, i,
                  sizes[(size_t)rand() % COUNT(sizes)]);
        }
        link_all(memtable);
        (void)merge_all(&bench, memtable, round % 2 == 0 ? 1 : SIZE_MAX);
        memtable_free(memtable);
        expect_all(&bench, "sizes");
    }
    cr_expect_gt(shape_of(&bench, "sizes").longest, 200000);
    bench_drop(&bench);
}

/* What a merge that was cut off has put is not to be seen, and is put again. */
Test(index, goes_on_where_a_merge_was_cut_off)
{
    struct memtable *memtable = memtable_new(0);
    struct index_merge *merge;
    struct index_reader reader;
    struct index_mark mark = { .tx = 7 };
    struct bench bench;
    bool is_done;

    bench_make(&bench);
    bench.tx = 7;
    for (int i = 0; i < 3000; i++)
        stage(&bench, memtable, i % 30, i, 10);
    link_all(memtable);
    for (int cut = 1; cut <= 3; cut++) {
        merge = index_merge_new(bench.index, 1);
        index_merge_begin(merge, memtable, &mark);
        for (int i = 0; i < cut; i++) {
            cr_assert_eq(index_merge_step(merge, &is_done, NULL), OK);
            cr_assert(!is_done);
        }
        index_merge_free(merge);
        cr_assert_eq(index_read_begin(bench.index, &reader, NULL), OK);
        cr_expect_eq(reader.merged_tx, 0);
        index_read_end(&reader);
        index_close(bench.index);
        cr_assert_eq(index_open(bench.dir.path, 0, &bench.index, NULL), OK);
        cr_expect_eq(bench.index->marks.merged.tx, 0);
        cr_expect_eq(bench.index->marks.reached.tx, 7);
    }
    (void)merge_all(&bench, memtable, 1);
    expect_all(&bench, "again");
    cr_expect_eq(bench.index->marks.reached.tx, 7);

    /* Merging all of it twice changes nothing. */
    (void)merge_all(&bench, memtable, SIZE_MAX);
    expect_all(&bench, "twice");
    memtable_free(memtable);
    bench_drop(&bench);
}

/* Its file is as long as its pages say, or the next start would not trust
 * it. */
Test(index, leaves_a_file_of_full_length)
{
    struct bench bench;
    char path[PATH_MAX];

    srand(5);
    bench_make(&bench);
    temp_path(path, bench.dir.path, "index/data.mdb");
    for (int round = 0; round < 30; round++) {
        struct memtable *memtable = memtable_new(0);
        MDB_envinfo info;
        struct stat st;

        bench.tx++;
        for (int i = 0; i < 200; i++)
            stage(&bench, memtable, rand() % 50, i,
                  rand() % 20 == 0 ? 20000 : 10);
        link_all(memtable);
        (void)merge_all(&bench, memtable, 50000);
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
