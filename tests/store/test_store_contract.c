/* What the socket promises, of every store that plugs into it. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "tests/store/store_bench.h"

Test(store, shows_what_was_known_in_key_order)
{
    static const struct {
        uint64_t known_tx;
        const char *expected;
    } cases[] = {
        { 0, "" },
        { 1, "1@10#1 2@-5#1 " },
        { 2, "0@7#2 1@10#1 1@10#2 2@-5#1 " },
        { 3, "0@7#2 1@9#3 1@10#1 1@10#2 2@-5#1 " },
        { KNOWN_NEWEST, "0@7#2 1@9#3 1@10#1 1@10#2 2@-5#1 " },
    };

    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        APPEND_FACTS(&bench, 1, { 2, -5 }, { 1, 10 });
        APPEND_FACTS(&bench, 2, { 1, 10 }, { 0, 7 });
        APPEND_FACTS(&bench, 3, { 1, 9 });
        for (int round = 0; round < 2; round++) {
            cr_expect_eq(store_newest(bench.store), 3, "%s", stores[s].name);
            for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                expect_scan(&bench, cases[i].known_tx, SCAN_ALL(RECORD_FACTS),
                            cases[i].expected, stores[s].name);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

Test(store, refuses_a_view_above_the_newest)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;
        struct view view;

        stores[s].make(&bench);
        cr_expect_eq(store_newest(bench.store), 0, "%s", stores[s].name);
        cr_expect_eq(store_view_begin(bench.store, 1, &view, NULL), ERR_INVALID,
                     "%s: empty", stores[s].name);
        APPEND_FACTS(&bench, 1, { 1, 1 });
        begin(&bench, 1, &view);
        store_view_end(&view);
        cr_expect_eq(store_view_begin(bench.store, 2, &view, NULL), ERR_INVALID,
                     "%s: one", stores[s].name);
        stores[s].drop(&bench);
    }
}

Test(store, keeps_a_view_as_it_was)
{
    for (size_t s = 0; s < STORES; s++) {
        const struct scan_range all = SCAN_ALL(RECORD_FACTS);
        struct seen seen = { 0 };
        struct bench bench;
        struct view view;

        stores[s].make(&bench);
        out_init(&seen.text, SIZE_MAX);
        APPEND_FACTS(&bench, 1, { 1, 1 });
        begin(&bench, KNOWN_NEWEST, &view);
        APPEND_FACTS(&bench, 2, { 0, 1 }, { 1, 1 }, { 9, 9 });
        scan(&view, &all, &seen);
        cr_expect_str_eq(seen.text.data, "1@1#1 ", "%s: %s", stores[s].name,
                         seen.text.data);
        cr_expect_eq(view.known_tx, 1, "%s", stores[s].name);
        store_view_end(&view);
        out_fini(&seen.text);
        stores[s].drop(&bench);
    }
}

Test(store, scans_both_ends_of_a_range)
{
    const struct {
        const char *name;
        struct scan_range range;
        const char *expected;
    } cases[] = {
        { "one security", SCAN_SECURITY(RECORD_FACTS, 2),
          "2@1#1 2@5#1 2@9#1 " },
        { "no such security", SCAN_SECURITY(RECORD_FACTS, 4), "" },
        { "one day", between(2, 5, 2, 5), "2@5#1 " },
        { "between days", between(2, 2, 2, 4), "" },
        { "up to a day", between(2, DATE_FIRST_DAYS, 2, 5), "2@1#1 2@5#1 " },
        { "from a day", between(2, 5, 2, DATE_LAST_DAYS), "2@5#1 2@9#1 " },
        { "days of the ends only", between(1, 4, 3, 4),
          "2@1#1 2@5#1 2@9#1 3@2#1 " },
        { "the last security", between(3, 3, INT64_MAX, DATE_LAST_DAYS - 1),
          "" },
        { "its last day", between(3, 3, INT64_MAX, DATE_LAST_DAYS),
          "9223372036854775807@2932896#1 " },
        { "the first day", between(1, DATE_FIRST_DAYS, 1, DATE_FIRST_DAYS),
          "1@-719162#1 " },
    };

    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;
        struct batch_maker maker;

        stores[s].make(&bench);
        maker_init(&maker, 1, 0);
        maker_first_names(&maker);
        maker_fact(&maker, INT64_MAX, DATE_LAST_DAYS, "1");
        maker_fact(&maker, 2, 5, "1");
        maker_fact(&maker, 2, 9, "1");
        maker_fact(&maker, 3, 2, "1");
        maker_fact(&maker, 1, DATE_FIRST_DAYS, "1");
        maker_fact(&maker, 2, 1, "1");
        must_append(&bench, &maker);
        maker_fini(&maker);
        stores[s].reopen(&bench);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
            expect_scan(&bench, KNOWN_NEWEST, cases[i].range, cases[i].expected,
                        cases[i].name);
        stores[s].drop(&bench);
    }
}

Test(store, does_what_the_visitor_wants)
{
    static const struct {
        const char *name;
        size_t at;
        enum visit visit;
        const char *expected;
    } cases[] = {
        { "stop at the first", 1, VISIT_STOP, "1@1#1 " },
        { "stop later", 4, VISIT_STOP, "1@1#1 1@2#1 2@1#1 2@2#1 " },
        { "skip one", 2, VISIT_SKIP,
          "1@1#1 1@2#1 2@1#1 2@2#1 2@3#1 2@4#1 2@5#1 2@6#1 2@7#1 2@8#1 2@9#1 "
          "2@10#1 2@11#1 2@12#1 3@1#1 " },
        { "skip none left", 2, VISIT_SKIP,
          "1@1#1 1@2#1 2@1#1 2@2#1 2@3#1 2@4#1 2@5#1 2@6#1 2@7#1 2@8#1 2@9#1 "
          "2@10#1 2@11#1 2@12#1 3@1#1 " },
        { "skip many", 3, VISIT_SKIP, "1@1#1 1@2#1 2@1#1 3@1#1 " },
        { "skip at the end", 15, VISIT_SKIP,
          "1@1#1 1@2#1 2@1#1 2@2#1 2@3#1 2@4#1 2@5#1 2@6#1 2@7#1 2@8#1 2@9#1 "
          "2@10#1 2@11#1 2@12#1 3@1#1 " },
    };

    for (size_t s = 0; s < STORES; s++) {
        const struct scan_range all = SCAN_ALL(RECORD_FACTS);
        struct bench bench;
        struct view view;

        stores[s].make(&bench);
        APPEND_FACTS(&bench, 1, { 3, 1 }, { 2, 12 }, { 2, 11 }, { 2, 10 },
                     { 2, 9 }, { 2, 8 }, { 2, 7 }, { 2, 6 }, { 2, 5 }, { 2, 4 },
                     { 2, 3 }, { 2, 2 }, { 2, 1 }, { 1, 2 }, { 1, 1 });
        begin(&bench, KNOWN_NEWEST, &view);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct seen seen = { .special_at = cases[i].at,
                                 .special = cases[i].visit };

            out_init(&seen.text, SIZE_MAX);
            scan(&view, &all, &seen);
            cr_expect_str_eq(seen.text.data, cases[i].expected, "%s, %s: %s",
                             stores[s].name, cases[i].name, seen.text.data);
            out_fini(&seen.text);
        }
        store_view_end(&view);
        stores[s].drop(&bench);
    }
}

static enum visit
check_payload(void *context, const struct record *record)
{
    const struct record **next = context;

    cr_expect(str_equal(record->payload, (*next)->payload),
              "payload of security %" PRId64, record->security_id);
    (*next)++;
    return VISIT_NEXT;
}

Test(store, keeps_payloads_byte_for_byte)
{
    for (size_t s = 0; s < STORES; s++) {
        const struct scan_range all = SCAN_ALL(RECORD_FACTS);
        const struct record *next;
        struct batch_maker maker;
        struct bench bench;
        struct view view;
        struct str payload;
        char *large;

        stores[s].make(&bench);
        maker_init(&maker, 1, 0);
        maker_first_names(&maker);
        payload = maker_payload(&maker.arena, "549000.10");
        large = arena_alloc(&maker.arena, 300000 * payload.len);
        for (size_t i = 0; i < 300000; i++)
            memcpy(large + i * payload.len, payload.data, payload.len);
        maker_fact(&maker, 0, 0, "12345678901234567890.123456789");
        maker_record(&maker, 1, 0, (struct str){ large, 300000 * payload.len });
        maker_fact(&maker, 2, 0, "1e-7");
        must_append(&bench, &maker);
        for (int round = 0; round < 2; round++) {
            next = maker.records;
            begin(&bench, 1, &view);
            cr_expect_eq(store_scan(&view, &all, check_payload, &next, NULL),
                         OK);
            cr_expect_eq(next, maker.records + 3, "%s", stores[s].name);
            store_view_end(&view);
            stores[s].reopen(&bench);
        }
        maker_fini(&maker);
        stores[s].drop(&bench);
    }
}

static void
expect_state(struct bench *bench, enum state_space space, const char *key,
             const char *expected)
{
    struct arena arena;
    struct str value;
    enum err err;

    arena_init(&arena, 1UL << 16);
    err =
        store_state_get(bench->store, space, str_of(key), &arena, &value, NULL);
    cr_expect_eq(err, expected == NULL ? ERR_NOT_FOUND : OK, "%s: err %d", key,
                 (int)err);
    if (expected != NULL && err == OK)
        cr_expect(str_equal(value, str_of(expected)), "%s: %.*s", key,
                  STR_ARG(value));
    arena_fini(&arena);
}

Test(store, keeps_state_beside_the_records)
{
    static const char longest[] =
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123"
        "0123456789012345678901234567890123456789012345678901234567890123";

    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker maker;
        struct bench bench;

        stores[s].make(&bench);
        expect_state(&bench, STATE_MINT, "next", NULL);
        maker_init(&maker, 1, 0);
        maker_state(&maker, STATE_MINT, "next", "1");
        maker_state(&maker, STATE_MINT, "kept", "k");
        maker_state(&maker, STATE_MINT, "empty", "");
        maker_state(&maker, STATE_WEBHOOKS, "next", "other space");
        maker_state(&maker, STATE_WEBHOOKS, longest, "l");
        maker_state(&maker, STATE_MINT, "both", "first");
        maker_state(&maker, STATE_MINT, "both", "last");
        must_append(&bench, &maker);
        maker_fini(&maker);
        expect_state(&bench, STATE_MINT, "next", "1");
        expect_state(&bench, STATE_MINT, "nex", NULL);
        expect_state(&bench, STATE_MINT, "nextt", NULL);

        maker_init(&maker, 2, 0);
        maker_state(&maker, STATE_MINT, "next", NULL);
        maker_state(&maker, STATE_MINT, "never there", NULL);
        maker_state(&maker, STATE_WEBHOOKS, "next", "changed");
        must_append(&bench, &maker);
        maker_fini(&maker);
        for (int round = 0; round < 2; round++) {
            expect_state(&bench, STATE_MINT, "next", NULL);
            expect_state(&bench, STATE_MINT, "kept", "k");
            expect_state(&bench, STATE_MINT, "empty", "");
            expect_state(&bench, STATE_MINT, "both", "last");
            expect_state(&bench, STATE_WEBHOOKS, "next", "changed");
            expect_state(&bench, STATE_WEBHOOKS, longest, "l");
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

Test(store, keeps_names_and_their_milestones)
{
    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker maker;
        struct bench bench;

        stores[s].make(&bench);
        maker_init(&maker, 1, 0);
        maker_first_names(&maker);
        maker_name(&maker, NAMES_ATTRIBUTES, 1, "n\u00e4me \"quoted\"");
        maker.names[2].first_assertion = TX_NEVER;
        must_append(&bench, &maker);
        maker_fini(&maker);
        maker_init(&maker, 2, 0);
        maker_name(&maker, NAMES_ATTRIBUTES, 2, "late");
        maker_name(&maker, NAMES_ATTRIBUTES, 0, "price");
        maker.names[1].first_assertion = 1;
        maker.names[1].first_retraction = 2;
        must_append(&bench, &maker);
        maker_fini(&maker);

        for (int round = 0; round < 2; round++) {
            const struct names *names = bench.store->attributes;

            cr_assert_eq(names_count(names), 3, "%s", stores[s].name);
            cr_expect_eq(names_count(bench.store->sources), 1);
            cr_expect_eq(names_find(bench.store->sources, STR("default")), 0);
            cr_expect_eq(names_find(names, STR("price")), 0);
            cr_expect_eq(names_find(names, STR("late")), 2);
            cr_expect_eq(names_find(names, STR("n\u00e4me \"quoted\"")), 1);
            cr_expect_eq(names_first_assertion(names, 0), 1);
            cr_expect_eq(names_first_retraction(names, 0), 2);
            cr_expect_eq(names_first_assertion(names, 1), TX_NEVER);
            cr_expect_eq(names_first_retraction(names, 1), TX_NEVER);
            cr_expect_eq(names_first_assertion(names, 2), 2);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

Test(store, appends_several_batches_at_once)
{
    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker makers[3];
        const struct append_batch *batches[3];
        struct store_health health;
        struct bench bench;

        stores[s].make(&bench);
        for (size_t i = 0; i < 3; i++) {
            maker_init(&makers[i], i + 1, 7);
            if (i == 0)
                maker_first_names(&makers[i]);
            maker_fact(&makers[i], 5, 5, "1");
            maker_fact(&makers[i], (int64_t)i, 5, "1");
            maker_state(&makers[i], STATE_WATERMARKS, "w", "x");
            batches[i] = &makers[i].batch;
        }
        /* The second may use a name that the first brings in. */
        maker_name(&makers[1], NAMES_ATTRIBUTES, 1, "second");
        maker_name(&makers[2], NAMES_ATTRIBUTES, 1, "second");
        maker_state(&makers[2], STATE_WATERMARKS, "w", "last");
        cr_assert_eq(store_append(bench.store, batches, 3, NULL), OK);
        for (size_t i = 0; i < 3; i++)
            maker_fini(&makers[i]);
        for (int round = 0; round < 2; round++) {
            expect_scan(&bench, 2, SCAN_ALL(RECORD_FACTS),
                        "0@5#1 1@5#2 5@5#1 5@5#2 ", stores[s].name);
            expect_scan(&bench, 3, SCAN_ALL(RECORD_FACTS),
                        "0@5#1 1@5#2 2@5#3 5@5#1 5@5#2 5@5#3 ", stores[s].name);
            expect_state(&bench, STATE_WATERMARKS, "w", "last");
            cr_expect_eq(names_first_assertion(bench.store->attributes, 1), 3);
            store_health(bench.store, &health);
            cr_expect_eq(health.newest_tx, 3);
            /* What is merged is no longer in memory. */
            cr_expect(health.memtable_records == 6 ||
                          (health.memtable_records < 6 && health.merged_tx > 0),
                      "%s: %d", stores[s].name, (int)health.memtable_records);
            cr_expect_gt(health.memtable_bytes, 0);
            cr_expect(!health.failed);
            cr_expect(!health.full);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}
