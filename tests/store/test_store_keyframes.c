/* A fold that begins with a keyframe shows what it would without. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/factset.h"
#include "tests/store/fold_bench.h"
#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"
#include "tests/support/store_memory.h"

/* A store whose merger tells how far it is. */
struct watched {
    struct store_testing testing;
    _Atomic int step;
    struct temp_dir dir;
    struct store *store;
    uint64_t newest;
};

static void
note_step(void *context, enum merge_step step)
{
    _Atomic int *last = context;

    atomic_store(last, (int)step);
}

static void
watched_open(struct watched *watched, size_t memtable_bytes)
{
    atomic_store(&watched->step, MERGE_DONE);
    watched->store =
        index_store_open(watched->dir.path, memtable_bytes, &watched->testing);
}

/* keyframe_records 0: as the program itself has it. */
static void
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

static void
watched_drop(struct watched *watched)
{
    store_close(watched->store);
    temp_dir_remove(&watched->dir);
}

static bool
is_quiet(struct watched *watched)
{
    struct store_health health;

    store_health(watched->store, &health);
    return health.sealed_memtables == 0 &&
           atomic_load(&watched->step) == MERGE_DONE;
}

static void
append_fact(struct watched *watched, int64_t security, int32_t day)
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

/* Only where a memtable takes no second batch: push what is there into the
 * index by a batch about another security, and wait for its keyframes. */
static void
settle(struct watched *watched)
{
    append_fact(watched, 9, 0);
    while (!is_quiet(watched))
        (void)usleep(100);
}

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
        for (int round = 0; round < 40; round++) {
            append_random(ways, WAYS, model);
            for (int i = 0; i < 50 && rand() % 3 > 0 && !is_quiet(ways); i++)
                (void)usleep(200);
            compare_ways(ways, model, ways[0].newest, seed);
            compare_ways(ways, model, (uint64_t)rand() % ways[0].newest, seed);
            if (round % 12 == 11)
                reopen_ways(ways);
        }
        for (uint64_t tx = 0; tx <= ways[0].newest; tx++)
            expect_same_folds(ways[0].store, model, tx, "every tx");
        for (size_t i = 0; i < WAYS; i++)
            watched_drop(&ways[i]);
        store_close(model);
    }
}

/* Ten records of security 1 on days 10, 20 ... 100, in order, in the index. */
static void
make_ten(struct watched *watched)
{
    watched_make(watched, 3, 1);
    for (int32_t day = 10; day <= 100; day += 10)
        append_fact(watched, 1, day);
    settle(watched);
}

struct expected {
    const char *name;
    uint64_t known_tx;
    int32_t day;
    size_t records; /* a keyframe of one attribute is one record */
};

static void
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

#define EXPECT_RECORDS(watched, cases)                                         \
    expect_records((watched), (cases), sizeof(cases) / sizeof(cases)[0])

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

    make_ten(&watched);
    EXPECT_RECORDS(&watched, in_order);
    append_fact(&watched, 1, 45);
    EXPECT_RECORDS(&watched, in_memory);
    settle(&watched);
    EXPECT_RECORDS(&watched, merged);
    append_fact(&watched, 1, 50);
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

    make_ten(&watched);
    EXPECT_RECORDS(&watched, on);
    store_close(watched.store);
    watched.testing.has_no_keyframes = true;
    watched_open(&watched, 1);
    EXPECT_RECORDS(&watched, off);
    append_fact(&watched, 1, 45);
    settle(&watched);
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
    settle(watched);
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
        { "of many attributes", 4000, 100, 700, 100 },
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

/* A pass that was cut off, by a kill or by another memtable, is gone on with at
 * the next start. */
Test(store_keyframes, are_made_by_a_later_start)
{
    struct watched watched;
    struct journal_edit edit;
    struct str key, value;
    char copy[16];
    size_t records;

    make_ten(&watched);
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

/* Spoil keyframe number of a closed store. */
static void
spoil_keyframe(struct watched *watched, size_t number,
               void (*spoil)(char *key, char *value, size_t *len))
{
    struct journal_edit edit;
    char key[13], value[64];
    struct str k, v;
    size_t len;

    edit_begin_in(&edit, watched->dir.path, "index");
    cr_assert(edit_walk(&edit, "keyframes", number, &k, &v));
    cr_assert_eq(k.len, sizeof key);
    cr_assert_leq(v.len, sizeof value);
    len = v.len;
    memcpy(key, k.data, sizeof key);
    memcpy(value, v.data, len);
    edit_remove(&edit, "keyframes", (struct str){ key, sizeof key });
    spoil(key, value, &len);
    if (len > 0)
        edit_put(&edit, "keyframes", (struct str){ key, sizeof key },
                 (struct str){ value, len });
    edit_commit(&edit);
}

static void
flip(char *key, char *value, size_t *len)
{
    (void)key;
    value[*len - 1] ^= 4;
}

static void
cut(char *key, char *value, size_t *len)
{
    (void)key;
    (void)value;
    *len = 3;
}

static void
move(char *key, char *value, size_t *len)
{
    (void)value;
    (void)len;
    key[12]++;
}

static void
cut_and_reseal(char *key, char *value, size_t *len)
{
    (*len)--;
    edit_reseal((struct str){ key, 13 }, value, *len);
}

/* The first record's: a varint behind the checksum and the greatest tx. */
static void
raise_date(char *key, char *value, size_t *len)
{
    value[5]++;
    edit_reseal((struct str){ key, 13 }, value, *len);
}

static void
lose(char *key, char *value, size_t *len)
{
    (void)key;
    (void)value;
    *len = 0;
}

static enum visit
pass_by(void *context, const struct record *record)
{
    (void)context;
    (void)record;
    return VISIT_NEXT;
}

static enum err
try_fold(struct store *store, int32_t day, struct why *why)
{
    const struct scan_fold fold = { { day }, { day } };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, 1);
    struct view view;
    enum err err;

    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    range.fold = &fold;
    err = store_scan(&view, &range, pass_by, NULL, why);
    store_view_end(&view);
    return err;
}

/* The keyframe of day 60 is damaged: who needs it is told. */
Test(store_keyframes, damage_is_named)
{
    static const struct {
        const char *name;
        void (*spoil)(char *key, char *value, size_t *len);
        const char *words;
    } cases[] = {
        { "flipped", flip, "1 1970-03-02 is damaged: its checksum" },
        { "cut short", cut, "1 1970-03-02 is damaged: its checksum" },
        { "moved", move, "1 1970-03-03 is damaged: its checksum" },
        { "a record cut short", cut_and_reseal, "a record is malformed" },
        { "a record too late", raise_date, "a record is malformed" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_lmdb_options options = { 0 };
        struct why why = { 0 };
        struct watched watched;

        make_ten(&watched);
        store_close(watched.store);
        spoil_keyframe(&watched, 1, cases[i].spoil);
        watched_open(&watched, 0);
        cr_expect_eq(try_fold(watched.store, 70, &why), ERR_STORE, "%s",
                     cases[i].name);
        cr_expect_not_null(strstr(why.text, cases[i].words), "%s: %s",
                           cases[i].name, why.text);
        cr_expect_not_null(strstr(why.text, "run secmaster reindex"), "%s: %s",
                           cases[i].name, why.text);
        cr_expect_eq(fold_records(watched.store, KNOWN_NEWEST, 1, 59), 8, "%s",
                     cases[i].name);
        cr_expect_eq(fold_records(watched.store, KNOWN_NEWEST, 1, 95), 2, "%s",
                     cases[i].name);
        store_close(watched.store);

        options.dir = watched.dir.path;
        cr_assert_eq(store_lmdb_reindex(&options, NULL, &why), OK, "%s",
                     why.text);
        watched_open(&watched, 0);
        cr_expect_eq(try_fold(watched.store, 70, &why), OK, "%s: %s",
                     cases[i].name, why.text);
        watched_drop(&watched);
    }
}

/* Without a keyframe it takes longer, and nothing else. */
Test(store_keyframes, a_lost_one_is_not_missed)
{
    static const struct expected cases[] = {
        { "in its place", KNOWN_NEWEST, 70, 8 },
        { "before", KNOWN_NEWEST, 59, 8 },
        { "behind", KNOWN_NEWEST, 95, 2 },
    };
    struct watched watched;

    make_ten(&watched);
    store_close(watched.store);
    spoil_keyframe(&watched, 1, lose);
    watched_open(&watched, 0);
    EXPECT_RECORDS(&watched, cases);
    watched_drop(&watched);
}

/* Keyframes are made from the last one on: that one is damaged. */
Test(store_keyframes, damage_stops_merging_only)
{
    static const struct expected cases[] = {
        { "before it", KNOWN_NEWEST, 89, 6 },
    };
    struct store_health health;
    struct watched watched;

    make_ten(&watched);
    store_close(watched.store);
    spoil_keyframe(&watched, 2, flip);
    watched_open(&watched, 1);
    append_fact(&watched, 1, 110);
    append_fact(&watched, 9, 1);
    do {
        store_health(watched.store, &health);
    } while (!health.merge_failed);
    cr_expect_not_null(strstr(noticed, "keyframe 1 1970-04-01 is damaged"),
                       "%s", noticed);
    cr_expect(!health.failed);
    EXPECT_RECORDS(&watched, cases);
    watched_drop(&watched);
}
