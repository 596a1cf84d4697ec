/* Every store there is, made and dropped for a contract test. */
#include "tests/store/store_bench.h"

#include <criterion/criterion.h>
#include <inttypes.h>

#include "secmaster/store_lmdb.h"
#include "tests/support/store_memory.h"

static void
open_lmdb(struct bench *bench)
{
    const struct store_lmdb_options options = { .dir = bench->dir.path };
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &bench->store, &why);

    cr_assert_eq(err, OK, "open: err %d: %s", (int)err, why.text);
}

static void
make_lmdb(struct bench *bench)
{
    temp_dir_make(&bench->dir);
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
    { "memory", make_memory, reopen_memory, drop_memory },
};

void
must_append(struct bench *bench, const struct batch_maker *maker)
{
    struct why why = { 0 };
    enum err err = maker_append(bench->store, maker, &why);

    cr_assert_eq(err, OK, "append: err %d: %s", (int)err, why.text);
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

struct scan_range
between(int64_t first, int32_t first_day, int64_t last, int32_t last_day)
{
    return (struct scan_range){
        RECORD_FACTS, first, last, { first_day }, { last_day }
    };
}
