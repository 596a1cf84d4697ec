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

/* What a scan and those inside it show. */
struct nested {
    struct view *view;
    struct out text;
};

static enum visit
note_inner(void *context, const struct record *record)
{
    struct nested *nested = context;

    out_print(&nested->text, "%d", record->effective.days);
    return VISIT_NEXT;
}

static enum visit
note_outer(void *context, const struct record *record)
{
    struct nested *nested = context;
    const struct scan_range inner =
        SCAN_SECURITY(RECORD_FACTS, (record->security_id + 1) % 3);

    out_print(&nested->text, " %d(", (int)record->security_id);
    cr_assert_eq(store_scan(nested->view, &inner, note_inner, nested, NULL),
                 OK);
    out_char(&nested->text, ')');
    return VISIT_NEXT;
}

Test(store_agreement, a_visitor_may_scan_too)
{
    struct bench bench;

    stores[0].make(&bench);
    APPEND_FACTS(&bench, 1, { 0, 1 }, { 0, 2 }, { 1, 3 }, { 1, 4 }, { 2, 5 });
    for (int round = 0; round < 2; round++) {
        struct view view;
        struct nested nested = { .view = &view };

        out_init(&nested.text, SIZE_MAX);
        begin(&bench, KNOWN_NEWEST, &view);
        cr_assert_eq(store_scan(&view, &SCAN_ALL(RECORD_FACTS), note_outer,
                                &nested, NULL),
                     OK);
        store_view_end(&view);
        cr_expect(str_equal(out_text(&nested.text),
                            STR(" 0(34) 0(34) 1(5) 1(5) 2(12)")),
                  "round %d: %.*s", round, STR_ARG(out_text(&nested.text)));
        out_fini(&nested.text);
        must_reindex(&bench);
    }
    stores[0].drop(&bench);
}
