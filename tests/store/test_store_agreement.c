/* Stores written in different ways show the same after the same batches. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/store/fold_bench.h"

static void
append_random(struct bench *benches, uint64_t tx)
{
    struct batch_maker maker;

    maker_random(&maker, tx, rand() % 20);
    for (size_t s = 0; s < STORES; s++)
        must_append(&benches[s], &maker);
    maker_fini(&maker);
}

static void
compare_random(struct bench *benches, uint64_t newest, unsigned seed)
{
    uint64_t known = (uint64_t)rand() % (newest + 1);
    char row[64];

    for (size_t s = 1; s < STORES; s++) {
        (void)snprintf(row, sizeof row, "seed %u, %s", seed, stores[s].name);
        expect_same(benches[0].store, benches[s].store, known, row);
        expect_same_fold(benches[0].store, benches[s].store, known, row);
    }
}

Test(store_agreement, agrees_with_every_other)
{
    for (unsigned seed = 1; seed <= 4; seed++) {
        struct bench benches[STORES];

        srand(seed);
        for (size_t s = 0; s < STORES; s++)
            stores[s].make(&benches[s]);
        for (uint64_t tx = 1; tx <= 60; tx++) {
            append_random(benches, tx);
            for (int i = 0; i < 3; i++)
                compare_random(benches, tx, seed);
            if (tx % 20 == 0)
                for (size_t s = 0; s < STORES; s++)
                    stores[s].reopen(&benches[s]);
        }
        for (size_t s = 0; s < STORES; s++)
            stores[s].drop(&benches[s]);
    }
}
