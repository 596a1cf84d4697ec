/* Records of trades and of members: ranges of their own, names of their own. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/store/store_bench.h"

/* A version that says nothing, its ordinal in front. */
#define VERSION(ordinal) ordinal "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define MEMBER "\x02\"name\":1"

static void
add_record(struct batch_maker *maker, enum record_kind kind, int64_t name,
           struct str payload)
{
    maker_record(maker, name, 5, payload);
    maker->records[maker->batch.record_count - 1].kind = kind;
    maker->batch.info.kind = BATCH_TRADES;
    maker->batch.info.facts = 0;
    maker->batch.info.securities = 0;
}

/* Facts of security 0, and trade 0 and member 0 of the same day. */
static void
fill(struct bench *bench)
{
    struct batch_maker maker;

    APPEND_FACTS(bench, 1, { 0, 5 });
    maker_init(&maker, 2, 2000);
    maker_name(&maker, NAMES_TRADES, 0, "t");
    maker_name(&maker, NAMES_TRADES, 1, "default");
    maker_name(&maker, NAMES_MEMBERS, 0, "t");
    add_record(&maker, RECORD_TRADES, 0, STR(VERSION("\0") VERSION("\1")));
    add_record(&maker, RECORD_TRADES, 1, STR(VERSION("\2")));
    add_record(&maker, RECORD_MEMBERS, 0, STR(MEMBER));
    must_append(bench, &maker);
    maker_fini(&maker);
    maker_init(&maker, 3, 3000);
    add_record(&maker, RECORD_TRADES, 0, STR(VERSION("\7")));
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
        { "facts", 3, SCAN_ALL(RECORD_FACTS), "0@5#1 " },
        { "positions", 3, SCAN_ALL(RECORD_POSITIONS), "" },
        { "bars", 3, SCAN_ALL(RECORD_BARS), "" },
        { "trades", 3, SCAN_ALL(RECORD_TRADES), "0@5#2 0@5#3 1@5#2 " },
        { "trade 0", 3, SCAN_SECURITY(RECORD_TRADES, 0), "0@5#2 0@5#3 " },
        { "trades, before", 2, SCAN_ALL(RECORD_TRADES), "0@5#2 1@5#2 " },
        { "members", 3, SCAN_ALL(RECORD_MEMBERS), "0@5#2 " },
        { "member 1", 3, SCAN_SECURITY(RECORD_MEMBERS, 1), "" },
        { "members, before", 1, SCAN_ALL(RECORD_MEMBERS), "" },
    };

    for (size_t i = 0; i < sizeof scans / sizeof scans[0]; i++) {
        char row[64];

        (void)snprintf(row, sizeof row, "%s: %s", store, scans[i].name);
        expect_scan(bench, scans[i].known_tx, scans[i].range, scans[i].expected,
                    row);
    }
}

static void
expect_names(struct bench *bench, const char *store)
{
    const struct names *trades = bench->store->trades;
    const struct names *members = bench->store->members;

    cr_expect_eq(names_count(trades), 2, "%s", store);
    cr_expect_eq(names_find(trades, STR("default")), 1, "%s", store);
    cr_expect_eq(names_first_assertion(trades, 0), 2, "%s", store);
    cr_expect_eq(names_count(members), 1, "%s", store);
    cr_expect_eq(names_find(members, STR("t")), 0, "%s", store);
    cr_expect_eq(names_count(bench->store->portfolios), 0, "%s", store);
    cr_expect_eq(names_count(bench->store->sources), 1, "%s", store);
}

Test(store_trades, have_ranges_and_names_of_their_own)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        fill(&bench);
        for (int round = 0; round < 2; round++) {
            expect_scans(&bench, stores[s].name);
            expect_names(&bench, stores[s].name);
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

Test(store_trades, a_new_index_has_them_too)
{
    struct bench bench;

    stores[0].make(&bench);
    fill(&bench);
    must_reindex(&bench);
    expect_scans(&bench, "reindexed");
    stores[0].drop(&bench);
}

/* Whoever wrote it put all checksums right: it is judged when it is read. */
Test(store_trades, a_start_refuses_what_cannot_be)
{
    const struct {
        const char *name;
        enum record_kind kind;
        int64_t id;
        struct str payload;
        enum err err;
    } cases[] = {
        { "a trade", RECORD_TRADES, 0, STR(VERSION("\0")), OK },
        { "two versions", RECORD_TRADES, 0, STR(VERSION("\0") VERSION("\1")),
          OK },
        { "cut short", RECORD_TRADES, 0, { VERSION("\0"), 21 }, ERR_STORE },
        { "nobody's", RECORD_TRADES, 1, STR(VERSION("\0")), ERR_STORE },
        { "a member", RECORD_MEMBERS, 0, STR(MEMBER), OK },
        { "no member", RECORD_MEMBERS, 0, STR("\x02"), ERR_STORE },
        { "no such member", RECORD_MEMBERS, 1, STR(MEMBER), ERR_STORE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct batch_maker maker;
        struct bench bench;
        struct why why = { 0 };
        enum err err;

        stores[0].make(&bench);
        maker_init(&maker, 1, 1000);
        maker_name(&maker, NAMES_TRADES, 0, "t");
        maker_name(&maker, NAMES_MEMBERS, 0, "m");
        add_record(&maker, cases[i].kind, cases[i].id, cases[i].payload);
        must_append(&bench, &maker);
        maker_fini(&maker);
        err = start_again(&bench, &why);
        cr_expect_eq(err, cases[i].err, "%s: %s", cases[i].name, why.text);
        stores[0].drop(&bench);
    }
}
