/* A fold that begins with a keyframe shows what it would without. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "tests/store/fold_bench.h"
#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"
#include "tests/store/watched_store.h"
#include "tests/support/store_memory.h"

static void
append_random(struct watched *watched, size_t count, struct store *model)
{
    struct batch_maker maker;
    struct why why = { 0 };

    maker_random_facts(&maker, watched[0].newest + 1);
    for (size_t i = 0; i < count; i++) {
        cr_assert_eq(maker_append(watched[i].store, &maker, &why), OK, "%s",
                     why.text);
        watched[i].newest++;
    }
    cr_assert_eq(maker_append(model, &maker, NULL), OK);
    maker_fini(&maker);
}

/* Spaced as the seed says, as the program has it, and none. */
enum { WAYS = 3 };

static void
compare_ways(struct watched *ways, struct store *model, uint64_t known_tx,
             unsigned seed)
{
    for (size_t i = 0; i < WAYS; i++) {
        char row[64];

        (void)snprintf(row, sizeof row, "seed %u, tx %d, way %zu", seed,
                       (int)ways[i].newest, i);
        expect_same_folds(ways[i].store, model, known_tx, row);
    }
}

/* Which store has keyframes may change with each opening. */
static void
reopen_ways(struct watched *ways)
{
    static const size_t memtable_bytes[] = { 1, 2000, 6000 };

    for (size_t i = 0; i < WAYS; i++) {
        store_close(ways[i].store);
        if (rand() % 4 == 0)
            ways[i].testing.has_no_keyframes =
                !ways[i].testing.has_no_keyframes;
        watched_open(&ways[i], memtable_bytes[rand() % 3]);
    }
}

Test(store_keyframes, folds_are_the_same_wherever_they_begin)
{
    for (unsigned seed = 1; seed <= 3; seed++) {
        struct store *model = store_memory_new();
        struct watched ways[WAYS];

        srand(seed);
        watched_make(&ways[0], 1 + seed % 3, 2000);
        watched_make(&ways[1], 0, 1);
        watched_make(&ways[2], 1, 1);
        ways[2].testing.has_no_keyframes = true;
        for (int round = 0; round < 30; round++) {
            append_random(ways, WAYS, model);
            for (int i = 0; i < 50 && rand() % 3 > 0 && !watched_is_quiet(ways);
                 i++)
                (void)usleep(200);
            compare_ways(ways, model, ways[0].newest, seed);
            compare_ways(ways, model, (uint64_t)rand() % ways[0].newest, seed);
            if (round % 10 == 9)
                reopen_ways(ways);
        }
        for (uint64_t tx = 0; tx <= ways[0].newest; tx++)
            expect_same_folds(ways[0].store, model, tx, "every tx");
        for (size_t i = 0; i < WAYS; i++)
            watched_drop(&ways[i]);
        store_close(model);
    }
}

/* Keyframes are at days 30, 60 and 90. */
Test(store_keyframes, stand_for_what_is_known_and_merged)
{
    static const struct expected in_order[] = {
        { "behind the last", KNOWN_NEWEST, 95, 2 },
        { "on its day", KNOWN_NEWEST, 90, 2 },
        { "the day before", KNOWN_NEWEST, 89, 5 },
        { "before the first", KNOWN_NEWEST, 29, 10 },
        { "long after", KNOWN_NEWEST, DATE_OPEN_DAYS, 2 },
        { "every row is wanted", KNOWN_NEWEST, INT32_MIN, 10 },
        { "known when the last was", 9, 95, 1 },
        { "known before the last was", 8, 95, 3 },
        { "known before the second was", 5, 95, 3 },
        { "known before the first was", 2, 95, 2 },
        { "nothing known", 0, 95, 0 },
    };
    static const struct expected in_memory[] = {
        { "a late one in memory", KNOWN_NEWEST, 95, 9 },
        { "not wanted", KNOWN_NEWEST, 44, 9 },
        { "not yet known", 11, 95, 2 },
    };
    /* Now they are at 30, 50 and 80, the last two with the late one's tx. */
    static const struct expected merged[] = {
        { "a late one merged", KNOWN_NEWEST, 95, 3 },
        { "between", KNOWN_NEWEST, 79, 6 },
        { "known before it", 11, 95, 8 },
        { "known with it", 12, 95, 3 },
    };
    static const struct expected equal[] = {
        { "on a keyframe's own day", KNOWN_NEWEST, 95, 10 },
        { "not yet known", 13, 95, 3 },
    };
    struct watched watched;

    watched_make_ten(&watched);
    EXPECT_RECORDS(&watched, in_order);
    watched_append(&watched, 1, 45);
    EXPECT_RECORDS(&watched, in_memory);
    watched_settle(&watched);
    EXPECT_RECORDS(&watched, merged);
    watched_append(&watched, 1, 50);
    EXPECT_RECORDS(&watched, equal);
    watched_drop(&watched);
}

Test(store_keyframes, can_be_switched_off_and_on)
{
    static const struct expected on[] = { { "on", KNOWN_NEWEST, 95, 2 } };
    static const struct expected off[] = { { "off", KNOWN_NEWEST, 95, 10 } };
    static const struct expected late[] = {
        { "a late one merged while off", KNOWN_NEWEST, 95, 9 },
        { "before it", KNOWN_NEWEST, 44, 9 },
    };
    struct watched watched;

    watched_make_ten(&watched);
    EXPECT_RECORDS(&watched, on);
    store_close(watched.store);
    watched.testing.has_no_keyframes = true;
    watched_open(&watched, 1);
    EXPECT_RECORDS(&watched, off);
    watched_append(&watched, 1, 45);
    watched_settle(&watched);
    store_close(watched.store);
    /* What is left is used, and nothing made of so few. */
    watched.testing.has_no_keyframes = false;
    watched.testing.keyframe_records = 1000;
    watched_open(&watched, 1);
    EXPECT_RECORDS(&watched, late);
    watched_drop(&watched);
}

/* A history of so many dates, each with a fact of one attribute in turn. */
static void
append_history(struct watched *watched, int32_t days, uint32_t attributes)
{
    struct batch_maker maker;

    maker_init(&maker, ++watched->newest, 0);
    maker_name(&maker, NAMES_SOURCES, 0, "default");
    for (uint32_t i = 0; i < attributes; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "a%u", i);
        maker_name(&maker, NAMES_ATTRIBUTES, i, name);
    }
    for (int32_t day = 0; day < days; day++) {
        const struct factset_item item = {
            .attribute = (uint32_t)day % attributes,
            .op = FACT_ASSERT,
            .value = { VALUE_NUMBER, STR("123456") },
        };
        struct out payload;

        out_init(&payload, SIZE_MAX);
        factset_put(&payload, &item);
        maker_record(&maker, 1, day, out_text(&payload));
        out_fini(&payload);
    }
    cr_assert_eq(maker_append(watched->store, &maker, NULL), OK);
    maker_fini(&maker);
    watched_settle(watched);
}

/* As the program itself has it: where a history is long, and its state small
 * against what comes between. */
Test(store_keyframes, are_made_where_they_pay)
{
    static const struct {
        const char *name;
        int32_t days;
        uint32_t attributes;
        size_t most; /* records shown as of the last day */
        size_t least;
    } cases[] = {
        { "a long history", 4000, 1, 66, 1 },
        { "of many attributes", 4000, 100, 700, 300 },
        { "each date another attribute", 4000, 4000, 4000, 4000 },
        { "within a block", 150, 1, 150, 150 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watched watched;
        size_t records;

        watched_make(&watched, 0, 1);
        append_history(&watched, cases[i].days, cases[i].attributes);
        records = fold_records(watched.store, KNOWN_NEWEST, 1, cases[i].days);
        cr_expect_leq(records, cases[i].most, "%s: %zu records", cases[i].name,
                      records);
        cr_expect_geq(records, cases[i].least, "%s: %zu records", cases[i].name,
                      records);
        watched_drop(&watched);
    }
}

/* So many facts of one attribute on one day, which no keyframe can divide. */
static void
append_crowd(struct watched *watched, int32_t day, int facts)
{
    const struct factset_item item = { .op = FACT_ASSERT,
                                       .value = VALUE_OF_NULL };
    struct batch_maker maker;
    struct out payload;

    out_init(&payload, SIZE_MAX);
    for (int i = 0; i < facts; i++)
        factset_put(&payload, &item);
    maker_init(&maker, ++watched->newest, 0);
    maker_record(&maker, 1, day, out_text(&payload));
    cr_assert_eq(maker_append(watched->store, &maker, NULL), OK);
    maker_fini(&maker);
    out_fini(&payload);
    watched_settle(watched);
}

/* A security of which too much is read for a keyframe is given up; its list is
 * done with all the same, and those before it stay. */
Test(store_keyframes, are_given_up_behind_a_crowd)
{
    static const struct {
        const char *name;
        int32_t day;
        int facts;
        size_t most, least;
    } cases[] = {
        { "some", -1, KEYFRAME_PASS_FACTS_MAX / 2, 67, 1 },
        { "too many", -1, KEYFRAME_PASS_FACTS_MAX, 4001, 4001 },
        { "too many behind others", 2000, KEYFRAME_PASS_FACTS_MAX, 2100, 2000 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct watched watched;
        size_t records;

        watched_make(&watched, 0, 1);
        append_history(&watched, 4000, 1);
        append_crowd(&watched, cases[i].day, cases[i].facts);
        records = fold_records(watched.store, KNOWN_NEWEST, 1, 4000);
        cr_expect_leq(records, cases[i].most, "%s: %zu records", cases[i].name,
                      records);
        cr_expect_geq(records, cases[i].least, "%s: %zu records", cases[i].name,
                      records);
        watched_drop(&watched);
    }
}

/* More keyframes than one transaction makes, or drops. */
Test(store_keyframes, take_several_transactions)
{
    static const struct expected made[] = {
        { "made", KNOWN_NEWEST, 700, 2 },
    };
    static const struct expected in_memory[] = {
        { "out of date", KNOWN_NEWEST, 700, 701 },
    };
    static const struct expected made_anew[] = {
        { "made anew", KNOWN_NEWEST, 700, 2 },
        { "known before the late one", 2, 700, 700 },
    };
    struct watched watched;

    watched_make(&watched, 1, 1);
    append_history(&watched, 700, 1);
    EXPECT_RECORDS(&watched, made);
    watched_append(&watched, 1, -1);
    EXPECT_RECORDS(&watched, in_memory);
    watched_settle(&watched);
    EXPECT_RECORDS(&watched, made_anew);
    watched_drop(&watched);
}

struct counter {
    struct watched *watched;
    _Atomic int transactions;
};

static void
count_transaction(void *context, enum merge_step step)
{
    struct counter *counter = context;

    if (step == MERGE_TRANSACTION)
        counter->transactions++;
    counter->watched->step = (int)step;
}

/* As none is made, a security stays noted from one merge to the next. */
Test(store_keyframes, are_dropped_by_transactions_that_change_something)
{
    static const struct {
        const char *name;
        int32_t day;
        int transactions;
    } cases[] = {
        { "is noted", 110, 2 },
        { "was noted", 120, 1 },
        { "loses one", 90, 2 },
        { "has lost it", 90, 1 },
    };
    struct watched watched;
    struct counter counter = { .watched = &watched };

    watched_make_ten(&watched);
    store_close(watched.store);
    watched.testing.has_no_keyframes = true;
    watched.testing.step = count_transaction;
    watched.testing.context = &counter;
    watched_open(&watched, 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        watched_append(&watched, 1, cases[i].day);
        while (!watched_is_quiet(&watched))
            (void)usleep(100);
        counter.transactions = 0;
        watched_settle(&watched);
        cr_expect_eq(counter.transactions, cases[i].transactions, "%s: %d",
                     cases[i].name, counter.transactions);
    }
    watched_drop(&watched);
}

/*
 * A page made and freed in one transaction is not written: were it the last
 * one, the next start would take the file for truncated. That is rare, so what
 * is looked for is the length that is added lest it happen.
 */
Test(store_keyframes, leave_a_file_of_full_length)
{
    struct journal_edit edit;
    struct watched watched;
    char path[PATH_MAX];
    MDB_envinfo info;
    struct stat st;

    watched_make_ten(&watched);
    store_close(watched.store);
    cr_assert_eq(stat(temp_path(path, watched.dir.path, "index/data.mdb"), &st),
                 0);
    edit_begin_in(&edit, watched.dir.path, "index");
    cr_assert_eq(mdb_env_info(edit.env, &info), 0);
    cr_expect_gt((size_t)st.st_size, (info.me_last_pgno + 1) * 4096);
    edit_commit(&edit);
    watched_open(&watched, 1);
    watched_drop(&watched);
}

Test(store_keyframes, stay_within_the_range)
{
    const struct scan_fold fold = { { 100 }, { 100 } };
    struct scan_range range = between(1, DATE_FIRST_DAYS, 1, 45);
    struct seen seen = { 0 };
    struct watched watched;
    struct view view;

    watched_make_ten(&watched);
    range.fold = &fold;
    out_init(&seen.text, SIZE_MAX);
    cr_assert_eq(store_view_begin(watched.store, KNOWN_NEWEST, &view, NULL),
                 OK);
    scan(&view, &range, &seen);
    store_view_end(&view);
    cr_expect_str_eq(seen.text.data, "1@30#3 1@40#4 ", "%s", seen.text.data);
    out_fini(&seen.text);
    watched_drop(&watched);
}

/* A pass that was cut off, by a kill or by another memtable, is gone on with at
 * the next start. */
Test(store_keyframes, are_made_by_a_later_start)
{
    struct watched watched;
    struct journal_edit edit;
    struct str key, value;
    char copy[16];
    size_t records;

    watched_make_ten(&watched);
    store_close(watched.store);
    edit_begin_in(&edit, watched.dir.path, "index");
    while (edit_walk(&edit, "keyframes", 0, &key, &value)) {
        memcpy(copy, key.data, key.len);
        edit_put(&edit, "unframed", (struct str){ copy, 9 }, STR(""));
        edit_remove(&edit, "keyframes", (struct str){ copy, 13 });
    }
    edit_commit(&edit);
    watched_open(&watched, 1);
    do {
        records = fold_records(watched.store, KNOWN_NEWEST, 1, 95);
        cr_assert(records == 10 || records == 2, "%zu", records);
    } while (records == 10);
    watched_drop(&watched);
}

/* What is not folded has none, and is no security that lacks them. */
Test(store_keyframes, are_of_facts_alone)
{
    enum { DAYS = 3000 }; /* several blocks */
    for (uint32_t every = 0; every <= 1; every++) {
        struct batch_maker maker;
        struct watched watched;
        struct store_health health;
        struct journal_edit edit;
        struct str key, value;

        watched_make(&watched, every, 1);
        for (int32_t day = 1; day <= 10; day++)
            watched_append(&watched, 1, 10 * day);
        maker_init(&maker, ++watched.newest, 0);
        maker_name(&maker, NAMES_PORTFOLIOS, 0, "core");
        for (int32_t day = 0; day < DAYS; day++)
            maker_positions(&maker, 0, day, "100");
        cr_assert_eq(maker_append(watched.store, &maker, NULL), OK);
        maker_fini(&maker);
        watched_settle(&watched);
        store_health(watched.store, &health);
        cr_expect(!health.failed && !health.merge_failed, "every %u: %s", every,
                  noticed);
        cr_expect_str_eq(noticed, "", "every %u: %s", every, noticed);
        store_close(watched.store);
        edit_begin_in(&edit, watched.dir.path, "index");
        cr_expect(!edit_walk(&edit, "unframed", 0, &key, &value) ||
                      key.data[0] == RECORD_FACTS,
                  "every %u", every);
        edit_commit(&edit);
        temp_dir_remove(&watched.dir);
    }
}
