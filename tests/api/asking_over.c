/* A service over a store of any kind. */
#include "tests/api/asking_over.h"

#include <criterion/criterion.h>

#include "secmaster/store_lmdb.h"

static const char *const names[STORE_KINDS] = { "memory", "lmdb", "merging" };

void
asking_over_init(struct asking_over *over, enum store_kind kind)
{
    struct store_lmdb_options options = { 0 };
    struct store *store;

    over->has_dir = kind != STORE_MEMORY;
    over->name = names[kind];
    if (!over->has_dir) {
        asking_init(&over->a);
        return;
    }
    temp_dir_make(&over->dir);
    options.dir = over->dir.path;
    options.memtable_bytes = kind == STORE_MERGING ? 3000 : 0;
    cr_assert_eq(store_lmdb_open(&options, &store, NULL), OK);
    asking_init_on(&over->a, store);
}

void
asking_over_fini(struct asking_over *over)
{
    asking_fini(&over->a);
    if (over->has_dir)
        temp_dir_remove(&over->dir);
}
