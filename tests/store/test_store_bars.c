/* Records of bars: a range of their own beside the facts of a security. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/bar.h"
#include "secmaster/wire.h"
#include "tests/store/store_bench.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define JANUARY 0 /* days since 1970-01-01 */
#define FEBRUARY 31
#define BARS_BYTES_MAX (4 * BAR_RUN_BYTES_MAX)

/* A record of bars on days of a month, counted from its first. */
struct bars_case {
    const char *name;
    int64_t security_id;
    int32_t month;
    uint32_t source;
    int days[3], count;
    enum err err; /* of a start that finds it */
};

static void
add_payload(struct batch_maker *maker, int64_t security_id, int32_t month,
            struct str payload)
{
    maker_record(maker, security_id, month, payload);
    maker->records[maker->batch.record_count - 1].kind = RECORD_BARS;
    maker->batch.info.kind = BATCH_PRICES;
    maker->batch.info.facts = maker->batch.info.securities = 0;
}

static void
add_bars(struct batch_maker *maker, const struct bars_case *bars)
{
    struct out payload;

    out_init(&payload, BARS_BYTES_MAX);
    for (int i = 0; i < bars->count; i++) {
        struct bar bar = { .date = { bars->month + bars->days[i] },
                           .source = bars->source };

        for (unsigned field = BAR_OPEN; field <= BAR_CLOSE; field++)
            bar_set(&bar, field, (struct decimal){ 77, 0 });
        size_t at = payload.len;

        barset_put(&payload, &bar, 1);
        /* Its day, which a month may not have. */
        put_le32((unsigned char *)payload.data + at, UINT32_C(1)
                                                         << bars->days[i]);
    }
    add_payload(maker, bars->security_id, bars->month, out_text(&payload));
    out_fini(&payload);
}

/* Facts of 1 and 2 and bars of 0, 1 and 2, in turn. */
static void
fill(struct bench *bench)
{
    const struct bars_case first[] = {
        { .security_id = 1, .count = 1 },
        { .security_id = 1, .month = FEBRUARY, .days = { 0, 27 }, .count = 2 },
        { .security_id = 2, .count = 1 }
    };
    const struct bars_case second[] = { { .count = 1 },
                                        { .security_id = 1, .count = 1 } };
    struct batch_maker maker;

    APPEND_FACTS(bench, 1, { 1, 0 }, { 2, 0 });
    maker_init(&maker, 2, 2000);
    for (size_t i = 0; i < COUNT(first); i++)
        add_bars(&maker, &first[i]);
    must_append(bench, &maker);
    maker_fini(&maker);
    APPEND_FACTS(bench, 3, { 1, 0 }, { 1, 31 });
    maker_init(&maker, 4, 4000);
    for (size_t i = 0; i < COUNT(second); i++)
        add_bars(&maker, &second[i]);
    must_append(bench, &maker);
    maker_fini(&maker);
}

static void
expect_scans(struct bench *bench, const char *store)
{
    const struct scan_range february = { RECORD_BARS,  1,   1, { FEBRUARY },
                                         { FEBRUARY }, NULL };
    const struct {
        const char *name;
        uint64_t known_tx;
        struct scan_range range;
        const char *expected;
    } scans[] = {
        { "facts", 4, SCAN_ALL(RECORD_FACTS), "1@0#1 1@0#3 1@31#3 2@0#1 " },
        { "facts of 1", 4, SCAN_SECURITY(RECORD_FACTS, 1),
          "1@0#1 1@0#3 1@31#3 " },
        { "bars", 4, SCAN_ALL(RECORD_BARS), "0@0#4 1@0#2 1@0#4 1@31#2 2@0#2 " },
        { "bars of 1", 4, SCAN_SECURITY(RECORD_BARS, 1),
          "1@0#2 1@0#4 1@31#2 " },
        { "bars of none", 4, SCAN_SECURITY(RECORD_BARS, 3), "" },
        { "bars of 1 in a month", 4, february, "1@31#2 " },
        { "bars, before", 3, SCAN_ALL(RECORD_BARS), "1@0#2 1@31#2 2@0#2 " },
        { "bars, at first", 1, SCAN_ALL(RECORD_BARS), "" },
        { "positions", 4, SCAN_ALL(RECORD_POSITIONS), "" },
    };

    for (size_t i = 0; i < COUNT(scans); i++) {
        char row[64];

        (void)snprintf(row, sizeof row, "%s: %s", store, scans[i].name);
        expect_scan(bench, scans[i].known_tx, scans[i].range, scans[i].expected,
                    row);
    }
}

Test(store_bars, facts_and_bars_never_show_as_each_other)
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
count_candidate(void *context, int64_t security_id)
{
    int *count = context;

    (void)security_id;
    (*count)++;
    return VISIT_NEXT;
}

Test(store_bars, nobody_is_found_by_a_price)
{
    for (size_t s = 0; s < STORES; s++) {
        const struct lookup_range values = LOOKUP_ALL(0, STR("77"));
        struct bench bench;
        struct view view;
        int count = 0;

        stores[s].make(&bench);
        fill(&bench);
        begin(&bench, KNOWN_NEWEST, &view);
        cr_assert_eq(
            store_lookup(&view, &values, count_candidate, &count, NULL), OK);
        store_view_end(&view);
        cr_expect_eq(count, 0, "%s: %d", stores[s].name, count);
        stores[s].drop(&bench);
    }
}

Test(store_bars, a_new_index_has_them_too)
{
    struct bench bench;

    stores[0].make(&bench);
    fill(&bench);
    must_reindex(&bench);
    expect_scans(&bench, "reindexed");
    stores[0].drop(&bench);
}

/* Whoever wrote it put all checksums right: it is judged when it is read. */
Test(store_bars, a_start_refuses_what_cannot_be)
{
    static const struct bars_case cases[] = {
        { "three", 1, JANUARY, 0, { 0, 1, 30 }, 3, OK },
        { "the last of February", 1, FEBRUARY, 0, { 27 }, 1, OK },
        { "a day more", 1, FEBRUARY, 0, { 28 }, 1, ERR_STORE },
        { "a day twice", 1, JANUARY, 0, { 3, 3 }, 2, ERR_STORE },
        { "days in disorder", 1, JANUARY, 0, { 3, 2 }, 2, ERR_STORE },
        { "a day that no month has", 1, JANUARY, 0, { 31 }, 1, ERR_STORE },
        { "not a month's first day", 1, 1, 0, { 3 }, 1, ERR_STORE },
        { "a source that is missing", 1, JANUARY, 1, { 3 }, 1, ERR_STORE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct batch_maker maker;
        struct bench bench;
        struct why why = { 0 };
        enum err err;

        stores[0].make(&bench);
        maker_init(&maker, 1, 1000);
        maker_name(&maker, NAMES_SOURCES, 0, "default");
        add_bars(&maker, &cases[i]);
        must_append(&bench, &maker);
        maker_fini(&maker);
        err = start_again(&bench, &why);
        cr_expect_eq(err, cases[i].err, "%s: %s", cases[i].name, why.text);
        stores[0].drop(&bench);
    }
}

/* A bar whose close has a digit behind the point and was sent without it. */
#define LACKING(close)                                                         \
    "\x01\0\0\x80\xaa\0\0\x10\0\0\0\x01\0\0\0\x01\0\0\0\x01\0\0\0" close       \
    "\0\0\0\x08\x01"

Test(store_bars, a_start_refuses_digits_that_are_there_and_not)
{
    static const struct {
        const char *name;
        struct str payload;
        enum err err;
    } cases[] = {
        { "a zero", { LACKING("\x0a"), sizeof LACKING("\x0a") - 1 }, OK },
        { "a one", { LACKING("\x0b"), sizeof LACKING("\x0b") - 1 }, ERR_STORE },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct batch_maker maker;
        struct bench bench;
        struct why why = { 0 };
        enum err err;

        stores[0].make(&bench);
        maker_init(&maker, 1, 1000);
        maker_name(&maker, NAMES_SOURCES, 0, "default");
        add_payload(&maker, 1, JANUARY, cases[i].payload);
        must_append(&bench, &maker);
        maker_fini(&maker);
        err = start_again(&bench, &why);
        cr_expect_eq(err, cases[i].err, "%s: %s", cases[i].name, why.text);
        stores[0].drop(&bench);
    }
}
