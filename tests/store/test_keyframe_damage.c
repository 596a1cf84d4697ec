/* A damaged keyframe is named by who needs it; a lost one is not missed. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/store/fold_bench.h"
#include "tests/store/index_bench.h"
#include "tests/store/journal_edit.h"
#include "tests/store/watched_store.h"

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
Test(keyframe_damage, is_named)
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

        watched_make_ten(&watched);
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
Test(keyframe_damage, a_lost_one_is_not_missed)
{
    static const struct expected cases[] = {
        { "in its place", KNOWN_NEWEST, 70, 8 },
        { "before", KNOWN_NEWEST, 59, 8 },
        { "behind", KNOWN_NEWEST, 95, 2 },
    };
    struct watched watched;

    watched_make_ten(&watched);
    store_close(watched.store);
    spoil_keyframe(&watched, 1, lose);
    watched_open(&watched, 0);
    EXPECT_RECORDS(&watched, cases);
    watched_drop(&watched);
}

/* Keyframes are made from the last one on: that one is damaged. */
Test(keyframe_damage, is_mended_where_more_are_made)
{
    static const struct {
        const char *name;
        void (*spoil)(char *key, char *value, size_t *len);
        size_t first; /* of three, the first that is damaged */
    } cases[] = {
        { "flipped", flip, 2 },
        { "a record cut short", cut_and_reseal, 2 },
        { "several", flip, 1 },
        { "all", flip, 0 },
    };
    static const struct expected expected[] = {
        { "behind it", KNOWN_NEWEST, 95, 3 },
        { "before it", KNOWN_NEWEST, 89, 6 },
        { "before the second", KNOWN_NEWEST, 59, 9 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct store_health health;
        struct watched watched;

        watched_make_ten(&watched);
        store_close(watched.store);
        for (size_t k = cases[i].first; k < 3; k++)
            spoil_keyframe(&watched, k, cases[i].spoil);
        watched_open(&watched, 1);
        watched_append(&watched, 1, 110);
        watched_settle(&watched);
        store_health(watched.store, &health);
        cr_expect(!health.failed && !health.merge_failed, "%s", cases[i].name);
        cr_expect_not_null(strstr(noticed, "is damaged"), "%s: %s",
                           cases[i].name, noticed);
        EXPECT_RECORDS(&watched, expected);
        watched_drop(&watched);
    }
}

/* What keyframes are made of is damaged: there are none, and merging goes on.
 */
Test(keyframe_damage, of_records_stops_keyframes_only)
{
    struct batch_maker maker;
    struct store_health health;
    struct watched watched;
    uint64_t merges;

    watched_make_ten(&watched);
    maker_init(&maker, ++watched.newest, 0);
    maker_record(&maker, 1, 105, STR("\xff"));
    cr_assert_eq(maker_append(watched.store, &maker, NULL), OK);
    maker_fini(&maker);
    watched_settle(&watched);
    cr_expect_str_eq(noticed,
                     "index: block 1 1970-04-16 tx 12 is damaged: its facts "
                     "are malformed: run secmaster reindex");
    store_health(watched.store, &health);
    merges = health.merges;
    watched_append(&watched, 1, 110);
    watched_settle(&watched);
    store_health(watched.store, &health);
    cr_expect_gt(health.merges, merges);
    cr_expect(!health.failed && !health.merge_failed);
    watched_drop(&watched);
}
