/* Every store there is, made and dropped for a contract test. */
#include "tests/store/store_bench.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/crc32c.h"
#include "secmaster/store_lmdb.h"
#include "src/store/store_testing.h"
#include "tests/store/lookup_bench.h"
#include "tests/support/store_memory.h"

/* Of one record that maker_random puts. */
enum { FACTS_MAX = 2000 };

#define RANDOM_PORTFOLIOS 3
static const char *const portfolios[RANDOM_PORTFOLIOS] = { "a", "b", "c" };

/* A few records fill a memtable, or some more; a block a transaction: then
 * something is on its way into the index whenever one looks, and keyframes are
 * dropped and made all the time. */
static const struct store_testing block_by_block = { .transaction_bytes = 1,
                                                     .keyframe_records = 2 };

static void
open_lmdb(struct bench *bench)
{
    size_t memtable_bytes = rand() % 2 == 0 ? 300 : 30000;
    const struct store_lmdb_options options = {
        .dir = bench->dir.path,
        .memtable_bytes = bench->is_merging ? memtable_bytes : 0,
        .testing = bench->is_merging ? &block_by_block : NULL,
    };
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &bench->store, &why);

    cr_assert_eq(err, OK, "open: err %d: %s", (int)err, why.text);
}

static void
make_lmdb(struct bench *bench)
{
    temp_dir_make(&bench->dir);
    bench->is_merging = false;
    open_lmdb(bench);
}

static void
make_merging(struct bench *bench)
{
    temp_dir_make(&bench->dir);
    bench->is_merging = true;
    open_lmdb(bench);
}

static void
make_memory(struct bench *bench)
{
    bench->store = store_memory_new();
}

static void
reopen_lmdb(struct bench *bench)
{
    store_close(bench->store);
    open_lmdb(bench);
}

static void
reopen_memory(struct bench *bench)
{
    (void)bench;
}

static void
drop_lmdb(struct bench *bench)
{
    store_close(bench->store);
    temp_dir_remove(&bench->dir);
}

static void
drop_memory(struct bench *bench)
{
    store_close(bench->store);
}

const struct bench_kind stores[STORES] = {
    { "lmdb", make_lmdb, reopen_lmdb, drop_lmdb },
    { "lmdb merging", make_merging, reopen_lmdb, drop_lmdb },
    { "memory", make_memory, reopen_memory, drop_memory },
};

void
must_append(struct bench *bench, const struct batch_maker *maker)
{
    struct why why = { 0 };
    enum err err = maker_append(bench->store, maker, &why);

    cr_assert_eq(err, OK, "append: err %d: %s", (int)err, why.text);
}

enum err
start_again(struct bench *bench, struct why *why)
{
    const struct store_lmdb_options options = { .dir = bench->dir.path };

    store_close(bench->store);
    bench->store = NULL;
    return store_lmdb_open(&options, &bench->store, why);
}

void
must_reindex(struct bench *bench)
{
    const struct store_lmdb_options options = { .dir = bench->dir.path };
    struct why why = { 0 };

    store_close(bench->store);
    cr_assert_eq(store_lmdb_reindex(&options, NULL, &why), OK, "%s", why.text);
    cr_assert_eq(store_lmdb_open(&options, &bench->store, &why), OK, "%s",
                 why.text);
}

void
append_facts(struct bench *bench, uint64_t tx, const int (*facts)[2],
             size_t count)
{
    struct batch_maker maker;

    maker_init(&maker, tx, (int64_t)tx * 1000);
    if (tx == 1)
        maker_first_names(&maker);
    for (size_t i = 0; i < count; i++)
        maker_fact(&maker, facts[i][0], facts[i][1], "1.50");
    must_append(bench, &maker);
    maker_fini(&maker);
}

static enum visit
note(void *context, const struct record *record)
{
    struct seen *seen = context;

    out_print(&seen->text, "%" PRId64 "@%d#%" PRIu64 " ", record->security_id,
              record->effective.days, record->tx);
    if (seen->with_payloads)
        out_print(&seen->text, "=%08x ",
                  crc32c(0, record->payload.data, record->payload.len));
    return ++seen->count == seen->special_at ? seen->special : VISIT_NEXT;
}

void
scan(struct view *view, const struct scan_range *range, struct seen *seen)
{
    struct why why = { 0 };
    enum err err;

    out_reset(&seen->text);
    seen->count = 0;
    err = store_scan(view, range, note, seen, &why);
    cr_assert_eq(err, OK, "scan: err %d: %s", (int)err, why.text);
    out_char(&seen->text, '\0');
    cr_assert_eq(out_finish(&seen->text), OK);
}

void
begin(struct bench *bench, uint64_t known_tx, struct view *view)
{
    struct why why = { 0 };
    enum err err = store_view_begin(bench->store, known_tx, view, &why);

    cr_assert_eq(err, OK, "view: err %d: %s", (int)err, why.text);
}

void
expect_scan(struct bench *bench, uint64_t known_tx, struct scan_range range,
            const char *expected, const char *row)
{
    struct seen seen = { 0 };
    struct view view;

    out_init(&seen.text, SIZE_MAX);
    begin(bench, known_tx, &view);
    scan(&view, &range, &seen);
    store_view_end(&view);
    cr_expect_str_eq(seen.text.data, expected, "%s: saw %s", row,
                     seen.text.data);
    out_fini(&seen.text);
}

static void
expect_same_scan(struct view views[2], const struct scan_range *range,
                 const struct seen *how, const char *row)
{
    struct seen seen[2] = { *how, *how };

    for (int i = 0; i < 2; i++) {
        out_init(&seen[i].text, SIZE_MAX);
        scan(&views[i], range, &seen[i]);
    }
    cr_assert_str_eq(seen[0].text.data, seen[1].text.data,
                     "%s: known_tx %" PRIu64 ", %" PRId64 "@%d to %" PRId64
                     "@%d: %zu records against %zu",
                     row, views[0].known_tx, range->first_security,
                     range->first_date.days, range->last_security,
                     range->last_date.days, seen[0].count, seen[1].count);
    for (int i = 0; i < 2; i++)
        out_fini(&seen[i].text);
}

/* Ranges at random; half of them begin where the one before ended, as the next
 * scan of a view may go on from there. */
static void
expect_same_ranges(struct view views[2], const char *row)
{
    int64_t last = 0;
    int32_t last_day = 0;

    for (int i = 0; i < 8; i++) {
        struct scan_range range =
            between(rand() % 9, rand() % 180, rand() % 9, rand() % 180);
        const struct seen how = {
            .special_at = (size_t)rand() % 12,
            .special = rand() % 3 > 0 ? VISIT_SKIP : VISIT_STOP,
        };

        if (rand() % 2 == 0) {
            range.first_security = last;
            range.first_date.days = last_day + rand() % 2;
        }
        last = range.last_security;
        last_day = range.last_date.days;
        expect_same_scan(views, &range, &how, row);
    }
}

void
expect_same(struct store *a, struct store *b, uint64_t known_tx,
            const char *row)
{
    struct store *const two[] = { a, b };
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    const struct scan_range positions = SCAN_ALL(RECORD_POSITIONS);
    const struct seen how = { .with_payloads = true };
    struct view views[2];

    for (int i = 0; i < 2; i++)
        cr_assert_eq(store_view_begin(two[i], known_tx, &views[i], NULL), OK,
                     "%s", row);
    expect_same_scan(views, &all, &how, row);
    expect_same_scan(views, &positions, &how, row);
    expect_same_ranges(views, row);
    for (int i = 0; i < 2; i++)
        store_view_end(&views[i]);
    expect_lookups(a, b, known_tx, row);
    expect_lookups(b, a, known_tx, row);
}

void
random_value(char to[static RANDOM_VALUE_BYTES], int number)
{
    (void)snprintf(to, RANDOM_VALUE_BYTES, "%d.75", number % RANDOM_VALUES);
}

/* Facts of each value in turn, so many as the longest payload has behind any
 * of them. */
static struct str
facts_in_turn(struct arena *arena)
{
    struct str facts = { 0 };
    char *to = NULL;

    for (int i = 0; i < FACTS_MAX + RANDOM_VALUES; i++) {
        char text[RANDOM_VALUE_BYTES];
        struct str fact;

        random_value(text, i);
        fact = maker_payload(arena, text);
        if (to == NULL)
            to = arena_alloc(arena, (FACTS_MAX + RANDOM_VALUES) * fact.len);
        memcpy(to + facts.len, fact.data, fact.len);
        facts = (struct str){ to, facts.len + fact.len };
    }
    return facts;
}

/* Days without positions among them, and long lists. */
static void
random_positions(struct batch_maker *maker, int count)
{
    static char longest[700];

    memset(longest, '7', sizeof longest - 1);
    for (int i = 0; i < count; i++) {
        const char *const quantities[] = {
            NULL, "1", "-0.10", longest + (size_t)rand() % sizeof longest / 2
        };

        maker_positions(maker, rand() % RANDOM_PORTFOLIOS,
                        rand() % 8 * count + i, quantities[rand() % 4]);
    }
}

void
maker_random(struct batch_maker *maker, uint64_t tx, int count)
{
    struct str facts;
    size_t fact_len;

    maker_init(maker, tx, (int64_t)tx);
    if (tx == 1) {
        maker_first_names(maker);
        for (uint32_t i = 0; i < RANDOM_PORTFOLIOS; i++)
            maker_name(maker, NAMES_PORTFOLIOS, i, portfolios[i]);
    }
    if (tx % 4 == 0) {
        random_positions(maker, count);
        return;
    }
    facts = facts_in_turn(&maker->arena);
    fact_len = facts.len / (FACTS_MAX + RANDOM_VALUES);
    /* Strides that never meet keep the keys of a batch apart. */
    for (int i = 0; i < count; i++) {
        size_t many = rand() % 3 > 0 ? 1 : (size_t)rand() % 300 + 1;
        size_t first = (size_t)rand() % RANDOM_VALUES;

        if (rand() % 200 == 0)
            many = (size_t)rand() % FACTS_MAX + 1;
        maker_record(
            maker, rand() % 8, rand() % 8 * count + i,
            (struct str){ facts.data + first * fact_len, many * fact_len });
    }
}

struct scan_range
between(int64_t first, int32_t first_day, int64_t last, int32_t last_day)
{
    return (struct scan_range){ RECORD_FACTS,  first,        last,
                                { first_day }, { last_day }, NULL };
}
