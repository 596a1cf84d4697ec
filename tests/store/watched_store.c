/* A store with keyframes, whose merger tells how far it is. */
#include "tests/store/watched_store.h"

#include <criterion/criterion.h>
#include <stdatomic.h>
#include <unistd.h>

#include "tests/store/fold_bench.h"
#include "tests/store/index_bench.h"

static void
note_step(void *context, enum merge_step step)
{
    _Atomic int *last = context;

    atomic_store(last, (int)step);
}

void
watched_open(struct watched *watched, size_t memtable_bytes)
{
    atomic_store(&watched->step, MERGE_DONE);
    watched->store =
        index_store_open(watched->dir.path, memtable_bytes, &watched->testing);
    cr_assert_str_eq(noticed, "", "the index is as it was left");
}

void
watched_make(struct watched *watched, uint32_t keyframe_records,
             size_t memtable_bytes)
{
    *watched = (struct watched){
        .testing = { .step = note_step,
                     .context = &watched->step,
                     .wait_ms = 30000,
                     .keyframe_records = keyframe_records },
    };
    temp_dir_make(&watched->dir);
    watched_open(watched, memtable_bytes);
}

void
watched_drop(struct watched *watched)
{
    store_close(watched->store);
    temp_dir_remove(&watched->dir);
}

bool
watched_is_quiet(struct watched *watched)
{
    struct store_health health;

    store_health(watched->store, &health);
    return health.sealed_memtables == 0 &&
           atomic_load(&watched->step) == MERGE_DONE;
}

void
watched_append(struct watched *watched, int64_t security, int32_t day)
{
    struct batch_maker maker;
    struct why why = { 0 };

    maker_init(&maker, ++watched->newest, 0);
    if (watched->newest == 1)
        maker_first_names(&maker);
    maker_fact(&maker, security, day, "1.50");
    cr_assert_eq(maker_append(watched->store, &maker, &why), OK, "%s",
                 why.text);
    maker_fini(&maker);
}

void
watched_settle(struct watched *watched)
{
    watched_append(watched, 9, 0);
    while (!watched_is_quiet(watched))
        (void)usleep(100);
}

void
watched_make_ten(struct watched *watched)
{
    watched_make(watched, 3, 1);
    for (int32_t day = 10; day <= 100; day += 10)
        watched_append(watched, 1, day);
    watched_settle(watched);
}

void
expect_records(struct watched *watched, const struct expected *cases,
               size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t records =
            fold_records(watched->store, cases[i].known_tx, 1, cases[i].day);

        cr_expect_eq(records, cases[i].records, "%s: %zu records",
                     cases[i].name, records);
    }
}
