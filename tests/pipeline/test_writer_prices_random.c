/* Random batches of bars against a table of what was said last. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar_fold.h"
#include "secmaster/bounds.h"
#include "secmaster/store_lmdb.h"
#include "tests/pipeline/writing.h"
#include "tests/support/temp_dir.h"

enum {
    SECURITIES = 3,
    DAYS = 70, /* three months */
    PRICES = 3,
    ROWS_MAX = 100,
    BATCHES = 120,
    CHECK_EVERY = 30,
    ROW_BYTES_MAX = 32,
};

/* What a security cost on a day: price * 2 + source; 0: nobody said. */
struct table {
    int said[SECURITIES][DAYS];
};

/* A batch at random, and what it says into the table; returns how many rows of
 * it are new. */
static uint32_t
make_batch(struct table *table, int rows, char *text, size_t bytes)
{
    uint32_t fresh = 0;
    size_t len = 0;

    for (int i = 0; i < rows; i++) {
        const int security = rand() % SECURITIES, day = rand() % DAYS;
        const int price = 1 + rand() % PRICES, source = rand() % 2;
        int *said = &table->said[security][day];

        fresh += *said != price * 2 + source;
        *said = price * 2 + source;
        len += (size_t)snprintf(text + len, bytes - len, "%s#%d/%d=%d@%c",
                                i == 0 ? "" : " ", security, day, price,
                                "ab"[source]);
    }
    return fresh;
}

static enum visit
compare_bars(void *context, int64_t security_id, const struct bar *bars,
             size_t count)
{
    struct table *left = context;

    for (size_t i = 0; i < count; i++) {
        const int day = bars[i].date.days;
        const struct str source =
            names_text(writing.store->sources, bars[i].source);
        const int said =
            (int)bars[i].mantissas[BAR_CLOSE] * 2 + (source.data[0] - 'a');

        cr_expect_eq(left->said[security_id][day], said, "#%ld/%d: %d",
                     security_id, day, said);
        left->said[security_id][day] = 0;
    }
    return VISIT_NEXT;
}

static void
expect_table(const struct table *table)
{
    const struct scan_range all = SCAN_ALL(RECORD_BARS);
    static const struct table none;
    struct table left = *table;
    struct bar_fold fold;
    struct view view;

    bar_fold_init(&fold, (struct date){ 0 }, (struct date){ DAYS },
                  compare_bars, &left);
    cr_assert_eq(store_view_begin(writing.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    cr_assert_eq(store_scan(&view, &all, bar_fold_record, &fold, NULL), OK);
    cr_assert_eq(bar_fold_end(&fold), OK);
    store_view_end(&view);
    cr_expect_eq(memcmp(&left, &none, sizeof left), 0, "bars are missing");
}

static void
run_batch(struct table *table)
{
    char text[ROWS_MAX * ROW_BYTES_MAX];
    const int rows = 1 + rand() % (rand() % 4 == 0 ? ROWS_MAX : 3);
    const uint64_t newest = store_newest(writing.store);
    const uint32_t fresh = make_batch(table, rows, text, sizeof text);
    struct test_job *job = test_bars_new(text);

    atomic_store(&writing.calls, 0);
    test_job_submit_and_wait(job);
    cr_assert_eq(job->job.err, OK, "%s: %s", text, job->job.why.text);
    cr_assert_eq(job->job.bars->stored, fresh, "%s: %u, not %u", text,
                 job->job.bars->stored, fresh);
    cr_assert_eq(job->job.bars->unchanged, (uint32_t)rows - fresh, "%s", text);
    cr_assert_eq(job->job.tx, fresh == 0 ? 0 : newest + 1, "%s", text);
    cr_assert_eq(store_newest(writing.store), newest + (fresh > 0), "%s", text);
    test_job_free(job);
}

/* The store's memory is small: most of what is judged by is in the index. */
static struct store *
open_store(const struct temp_dir *dir)
{
    const struct store_lmdb_options options = {
        .dir = dir->path,
        .memtable_bytes = MEMTABLE_BYTES_LEAST,
    };
    struct store *store = NULL;
    struct why why = { "" };
    enum err err = store_lmdb_open(&options, &store, &why);

    cr_assert_eq(err, OK, "%s", why.text);
    return store;
}

Test(writer_prices_random, what_was_said_last_stands)
{
    struct table table = { 0 };
    struct store_health health;
    struct temp_dir dir;

    srand(20240229);
    temp_dir_make(&dir);
    writing_start(open_store(&dir));
    for (int i = 1; i <= BATCHES; i++) {
        run_batch(&table);
        if (i % CHECK_EVERY > 0)
            continue;
        expect_table(&table);
        writing_stop();
        writing_start(open_store(&dir));
        expect_table(&table);
    }
    store_health(writing.store, &health);
    cr_expect_gt(health.index_bytes, 0);
    cr_expect_gt(health.merged_tx, 0, "nothing was ever merged");
    writing_stop();
    temp_dir_remove(&dir);
}
