/* Stores written in different ways show the same after the same batches. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>

#include "tests/store/store_bench.h"

static void
append_random(struct bench *benches, uint64_t tx)
{
    struct batch_maker maker;
    int count = rand() % 20;

    maker_init(&maker, tx, (int64_t)tx);
    if (tx == 1)
        maker_first_names(&maker);
    /* Strides that never meet keep the keys of a batch apart. */
    for (int i = 0; i < count; i++)
        maker_fact(&maker, rand() % 6, rand() % 8 * 20 + i, "1");
    for (size_t s = 0; s < STORES; s++)
        must_append(&benches[s], &maker);
    maker_fini(&maker);
}

static void
compare_random(struct bench *benches, uint64_t newest, unsigned seed)
{
    struct scan_range range =
        between(rand() % 7, rand() % 180, rand() % 7, rand() % 180);
    uint64_t known = (uint64_t)rand() % (newest + 1);
    size_t at = (size_t)rand() % 12;
    enum visit visit = rand() % 2 == 0 ? VISIT_SKIP : VISIT_STOP;
    struct seen seen[STORES];

    for (size_t s = 0; s < STORES; s++) {
        struct view view;

        seen[s] = (struct seen){ .special_at = at, .special = visit };
        out_init(&seen[s].text, SIZE_MAX);
        begin(&benches[s], known, &view);
        scan(&view, &range, &seen[s]);
        store_view_end(&view);
    }
    cr_expect_str_eq(seen[0].text.data, seen[1].text.data,
                     "seed %u, known_tx %" PRIu64 ": %s against %s", seed,
                     known, seen[0].text.data, seen[1].text.data);
    for (size_t s = 0; s < STORES; s++)
        out_fini(&seen[s].text);
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
            for (int i = 0; i < 10; i++)
                compare_random(benches, tx, seed);
            if (tx % 20 == 0)
                for (size_t s = 0; s < STORES; s++)
                    stores[s].reopen(&benches[s]);
        }
        for (size_t s = 0; s < STORES; s++)
            stores[s].drop(&benches[s]);
    }
}
