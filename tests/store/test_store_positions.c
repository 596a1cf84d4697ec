/* Records of positions: a range of their own, with names of their own. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/store/store_bench.h"

/* Facts of security 1, and positions of portfolios 0 and 1 that look alike. */
static void
fill(struct bench *bench)
{
    struct batch_maker maker;

    APPEND_FACTS(bench, 1, { 1, 5 }, { 0, 5 });
    maker_init(&maker, 2, 2000);
    maker_name(&maker, NAMES_PORTFOLIOS, 0, "core");
    maker_positions(&maker, 0, 5, "1.50");
    must_append(bench, &maker);
    maker_fini(&maker);
    maker_init(&maker, 3, 3000);
    maker_name(&maker, NAMES_PORTFOLIOS, 1, "default");
    maker_positions(&maker, 1, 4, "1.50");
    must_append(bench, &maker);
    maker_fini(&maker);
    APPEND_FACTS(bench, 4, { 1, 5 }, { 2, 5 });
    maker_init(&maker, 5, 5000);
    maker_positions(&maker, 0, 5, NULL);
    must_append(bench, &maker);
    maker_fini(&maker);
}

static void
expect_scans(struct bench *bench, const char *store)
{
    const struct {
        const char *name;
        uint64_t known_tx;
        struct scan_range range;
        const char *expected;
    } scans[] = {
        { "facts", 5, SCAN_ALL(RECORD_FACTS), "0@5#1 1@5#1 1@5#4 2@5#4 " },
        { "facts of 0", 5, SCAN_SECURITY(RECORD_FACTS, 0), "0@5#1 " },
        { "positions", 5, SCAN_ALL(RECORD_POSITIONS), "0@5#2 0@5#5 1@4#3 " },
        { "positions of 0", 5, SCAN_SECURITY(RECORD_POSITIONS, 0),
          "0@5#2 0@5#5 " },
        { "positions of none", 5, SCAN_SECURITY(RECORD_POSITIONS, 2), "" },
        { "positions, before", 2, SCAN_ALL(RECORD_POSITIONS), "0@5#2 " },
        { "positions, at first", 1, SCAN_ALL(RECORD_POSITIONS), "" },
    };

    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        char row[64];

        (void)snprintf(row, sizeof row, "%s: %s", store, scans[i].name);
        expect_scan(bench, scans[i].known_tx, scans[i].range, scans[i].expected,
                    row);
    }
}

Test(store_positions, facts_and_positions_never_show_as_each_other)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        fill(&bench);
        for (int round = 0; round < 2; round++) {
            expect_scans(&bench, stores[s].name);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

static enum visit
note_bytes(void *context, const struct record *record)
{
    struct out *seen = context;

    out_print(seen, "%zu:", record->payload.len);
    out_str(seen, record->payload);
    return VISIT_NEXT;
}

Test(store_positions, payloads_are_kept_and_may_be_empty)
{
    const struct scan_range all = SCAN_ALL(RECORD_POSITIONS);

    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;
        struct out seen;
        struct view view;

        stores[s].make(&bench);
        fill(&bench);
        for (int round = 0; round < 2; round++) {
            out_init(&seen, 1000);
            begin(&bench, KNOWN_NEWEST, &view);
            cr_assert_eq(store_scan(&view, &all, note_bytes, &seen, NULL), OK);
            store_view_end(&view);
            cr_expect(str_equal(out_text(&seen), STR("6:\x01\x04"
                                                     "1.500:6:\x01\x04"
                                                     "1.50")),
                      "%s: %.*s", stores[s].name, STR_ARG(out_text(&seen)));
            out_fini(&seen);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

Test(store_positions, portfolios_have_ids_of_their_own_and_a_first_day)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        fill(&bench);
        for (int round = 0; round < 2; round++) {
            const struct names *names = bench.store->portfolios;

            cr_assert_eq(names_count(names), 2, "%s", stores[s].name);
            cr_expect_eq(names_find(names, STR("core")), 0);
            cr_expect_eq(names_find(names, STR("default")), 1);
            cr_expect_eq(names_find(names, STR("price")), NAME_NONE);
            cr_expect_eq(names_first_assertion(names, 0), 2);
            cr_expect_eq(names_first_assertion(names, 1), 3);
            cr_expect_eq(names_count(bench.store->sources), 1);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

static enum visit
count_candidate(void *context, int64_t security_id)
{
    int *count = context;

    (void)security_id;
    (*count)++;
    return VISIT_NEXT;
}

/* What positions say is nobody's value: their bytes could be taken for one. */
Test(store_positions, nobody_is_found_by_a_quantity)
{
    for (size_t s = 0; s < STORES; s++) {
        const struct lookup_range values = LOOKUP_ALL(0, STR("77"));
        struct batch_maker maker;
        struct bench bench;
        struct view view;
        int count = 0;

        stores[s].make(&bench);
        APPEND_FACTS(&bench, 1, { 1, 5 });
        maker_init(&maker, 2, 2000);
        maker_name(&maker, NAMES_PORTFOLIOS, 0, "core");
        maker_record(&maker, 0, 5,
                     STR("\x03\x00\x02"
                         "77"));
        maker.records[0].kind = RECORD_POSITIONS;
        maker.batch.info.kind = BATCH_POSITIONS;
        must_append(&bench, &maker);
        maker_fini(&maker);
        begin(&bench, KNOWN_NEWEST, &view);
        cr_assert_eq(
            store_lookup(&view, &values, count_candidate, &count, NULL), OK);
        store_view_end(&view);
        cr_expect_eq(count, 0, "%s: %d", stores[s].name, count);
        stores[s].drop(&bench);
    }
}

Test(store_positions, a_new_index_has_them_too)
{
    struct bench bench;

    stores[0].make(&bench);
    fill(&bench);
    must_reindex(&bench);
    expect_scans(&bench, "reindexed");
    stores[0].drop(&bench);
}

/* Whoever wrote it put all checksums right: it is judged when it is read. */
Test(store_positions, a_start_refuses_what_cannot_be)
{
    static const struct {
        const char *name;
        int64_t portfolio;
        struct str payload;
        enum err err;
    } cases[] = {
        { "one", 0, { "\x01\x01\x37", 3 }, OK },
        { "cut short", 0, { "\x01\x02\x37", 3 }, ERR_STORE },
        { "nobody's", 1, { "\x01\x01\x37", 3 }, ERR_STORE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct batch_maker maker;
        struct bench bench;
        struct why why = { 0 };
        enum err err;

        stores[0].make(&bench);
        maker_init(&maker, 1, 1000);
        maker_name(&maker, NAMES_PORTFOLIOS, 0, "core");
        maker_record(&maker, cases[i].portfolio, 5, cases[i].payload);
        maker.records[0].kind = RECORD_POSITIONS;
        maker.batch.info.kind = BATCH_POSITIONS;
        must_append(&bench, &maker);
        maker_fini(&maker);
        err = start_again(&bench, &why);
        cr_expect_eq(err, cases[i].err, "%s: %s", cases[i].name, why.text);
        stores[0].drop(&bench);
    }
}
