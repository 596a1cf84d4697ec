/*
 * A store of each format that was ever released opens for ever. A new format
 * gets a directory of its own; what is there is never rewritten.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "secmaster/factset.h"
#include "secmaster/store_lmdb.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

#define DATA_V1 GOLDEN_STORE_DIR "/v1/data.mdb"

/* The same format with a batch of another kind, which came later. */
#define DATA_V1_RULE GOLDEN_STORE_DIR "/v1-precedence/data.mdb"

static const uint32_t both_sources[] = { 0, 1 };
static const struct displaced displaced[] = { { 1, 2 }, { 2, 1 } };

static void
put_fact(struct out *out, uint32_t attribute, uint32_t source, enum fact_op op,
         struct value value)
{
    factset_put(out, &(struct factset_item){ attribute, source, op, value });
}

/* Two transactions with something of everything a format holds. */
static void
fill(struct store *store)
{
    struct batch_maker maker;
    struct out out;

    out_init(&out, SIZE_MAX);
    maker_init(&maker, 1, 1700000000000001);
    maker_first_names(&maker);
    maker_name(&maker, NAMES_ATTRIBUTES, 1, "n\u00e4me");
    maker_name(&maker, NAMES_SOURCES, 1, "vendor");
    put_fact(
        &out, 0, 0, FACT_ASSERT,
        (struct value){ VALUE_NUMBER, STR("12345678901234567890.123456789") });
    put_fact(&out, 1, 1, FACT_ASSERT,
             (struct value){ VALUE_STRING, STR("ab\\u0001\\\"\u00e9") });
    maker_record(&maker, 9007199254740993, DATE_LAST_DAYS, out_text(&out));
    maker_fact(&maker, 0, DATE_FIRST_DAYS, "1e-7");
    maker_state(&maker, STATE_MINT, "next", "17");
    maker_state(&maker, STATE_IDEMPOTENCY, "first", "");
    maker.batch.info.facts = 3;
    maker.batch.info.securities = 2;
    maker.batch.info.sources = both_sources;
    maker.batch.info.source_count = 2;
    maker.batch.info.idempotency_key = STR("first");
    maker.batch.displaced = displaced;
    maker.batch.displaced_count = 2;
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);

    out_reset(&out);
    maker_init(&maker, 2, 1700000000000001);
    maker_name(&maker, NAMES_ATTRIBUTES, 0, "price");
    maker.names[0].first_assertion = 1;
    maker.names[0].first_retraction = 2;
    put_fact(&out, 0, 0, FACT_RETRACT, VALUE_OF_NULL);
    put_fact(&out, 1, 0, FACT_ASSERT, VALUE_OF_TRUE);
    maker_record(&maker, 0, 0, out_text(&out));
    maker.batch.info.facts = 2;
    maker.batch.info.sources = both_sources;
    maker.batch.info.source_count = 1;
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
    out_fini(&out);
}

/* A rule between two batches of facts; its source and its second attribute are
 * named by nobody else. */
static void
fill_rule(struct store *store)
{
    struct batch_maker maker;

    maker_init(&maker, 1, 1700000000000001);
    maker_first_names(&maker);
    maker_fact(&maker, 1, 0, "1.50");
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);

    maker_init(&maker, 2, 1700000000000002);
    maker.batch.info.kind = BATCH_PRECEDENCE;
    maker_name(&maker, NAMES_SOURCES, 1, "vendor");
    maker_name(&maker, NAMES_ATTRIBUTES, 1, "sector");
    maker.names[1].first_assertion = TX_NEVER;
    maker.state[0] = (struct state_change){
        STATE_PRECEDENCE,
        { "\0\0\0\0\0\0\0\2", 8 },
        { "\1\3\2\1\0\0\1\1\1\0", 10 },
    };
    maker.batch.state_count = 1;
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);

    maker_init(&maker, 3, 1700000000000003);
    maker_fact(&maker, 1, 1, "2.50");
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
}

static struct store *
open_store(const char *dir)
{
    const struct store_lmdb_options options = { .dir = dir,
                                                .map_bytes = 1UL << 20 };
    struct store *store = NULL;
    struct why why = { 0 };
    enum err err = store_lmdb_open(&options, &store, &why);

    cr_assert_eq(err, OK, "err %d: %s", (int)err, why.text);
    return store;
}

#define PAGE_BYTES 4096

/* The journal lengthens its file ahead of time; what it has not come to yet
 * need not be kept. */
static size_t
without_blank_pages(const char *data, size_t len)
{
    static const char blank[PAGE_BYTES];

    while (len > PAGE_BYTES &&
           memcmp(data + len - PAGE_BYTES, blank, PAGE_BYTES) == 0)
        len -= PAGE_BYTES;
    return len;
}

/* GOLDEN_UPDATE=1 makes a file of this format once, while it is new. */
static void
make_where_asked_for(const char *file, void (*fill_it)(struct store *store))
{
    char path[PATH_MAX];
    struct temp_dir dir;
    struct store *store;
    struct stat st;
    size_t len;
    char *data;

    if (getenv("GOLDEN_UPDATE") == NULL || stat(file, &st) == 0)
        return;
    temp_dir_make(&dir);
    store = open_store(dir.path);
    fill_it(store);
    store_close(store);
    data = temp_read(temp_path(path, dir.path, "journal/data.mdb"), &len);
    temp_write(file, data, without_blank_pages(data, len));
    free(data);
    temp_dir_remove(&dir);
}

static enum visit
print_record(void *context, const struct record *record)
{
    struct str left = record->payload;
    struct factset_item item;
    struct out *out = context;
    enum err err;

    out_print(out, "%" PRId64 " ", record->security_id);
    out_date(out, record->effective);
    out_print(out, " #%" PRIu64 "\n", record->tx);
    while (factset_next(&left, &item, &err)) {
        out_print(out, "  %s %u of %u ",
                  item.op == FACT_RETRACT ? "retract" : "assert",
                  item.attribute, item.source);
        value_json(out, item.value);
        out_char(out, '\n');
    }
    cr_expect_eq(err, OK);
    return VISIT_NEXT;
}

static void
check_records(struct store *store)
{
    static const char expected[] =
        "0 0001-01-01 #1\n"
        "  assert 0 of 0 1e-7\n"
        "0 1970-01-01 #2\n"
        "  retract 0 of 0 null\n"
        "  assert 1 of 0 true\n"
        "9007199254740993 9999-12-31 #1\n"
        "  assert 0 of 0 12345678901234567890.123456789\n"
        "  assert 1 of 1 \"ab\\u0001\\\"\u00e9\"\n";
    const struct scan_range all = SCAN_ALL(RECORD_FACTS);
    struct view view;
    struct out out;

    out_init(&out, SIZE_MAX);
    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_expect_eq(store_scan(&view, &all, print_record, &out, NULL), OK);
    store_view_end(&view);
    out_char(&out, '\0');
    cr_assert_eq(out_finish(&out), OK);
    cr_expect_str_eq(out.data, expected, "%s", out.data);
    out_fini(&out);
}

static void
check_info(struct store *store, uint64_t tx, const struct tx_info *expected)
{
    struct arena arena;
    struct tx_info info;

    arena_init(&arena, 4096);
    cr_assert_eq(store_transaction(store, tx, &arena, &info, NULL), OK);
    cr_expect_eq(info.recorded_at.us, expected->recorded_at.us);
    cr_expect_eq(info.kind, BATCH_FACTS);
    cr_expect_eq(info.facts, expected->facts);
    cr_expect_eq(info.securities, expected->securities);
    cr_assert_eq(info.source_count, expected->source_count);
    cr_expect_eq(memcmp(info.sources, expected->sources,
                        info.source_count * sizeof *info.sources),
                 0);
    cr_expect(str_equal(info.idempotency_key, expected->idempotency_key));
    arena_fini(&arena);
}

static void
check_tables(struct store *store)
{
    struct arena arena;
    struct str value;

    cr_assert_eq(names_count(store->attributes), 2);
    cr_expect(str_equal(names_text(store->attributes, 0), STR("price")));
    cr_expect(str_equal(names_text(store->attributes, 1), STR("n\u00e4me")));
    cr_expect_eq(names_first_assertion(store->attributes, 0), 1);
    cr_expect_eq(names_first_retraction(store->attributes, 0), 2);
    cr_expect_eq(names_first_retraction(store->attributes, 1), TX_NEVER);
    cr_assert_eq(names_count(store->sources), 2);
    cr_expect(str_equal(names_text(store->sources, 1), STR("vendor")));

    arena_init(&arena, 4096);
    cr_assert_eq(
        store_state_get(store, STATE_MINT, STR("next"), &arena, &value, NULL),
        OK);
    cr_expect(str_equal(value, STR("17")));
    cr_assert_eq(store_state_get(store, STATE_IDEMPOTENCY, STR("first"), &arena,
                                 &value, NULL),
                 OK);
    cr_expect_eq(value.len, 0);
    arena_fini(&arena);
}

Test(store_golden, format_1_opens)
{
    const struct tx_info infos[] = {
        { .recorded_at = { 1700000000000001 },
          .facts = 3,
          .securities = 2,
          .sources = both_sources,
          .source_count = 2,
          .idempotency_key = STR("first") },
        { .recorded_at = { 1700000000000001 },
          .facts = 2,
          .securities = 1,
          .sources = both_sources,
          .source_count = 1 },
    };
    char path[PATH_MAX];
    struct temp_dir dir;
    struct store *store;

    make_where_asked_for(DATA_V1, fill);
    temp_dir_make(&dir);
    temp_copy(GOLDEN_STORE_DIR "/v1", temp_path(path, dir.path, "journal"));
    store = open_store(dir.path);
    cr_expect_eq(store_newest(store), 2);
    check_records(store);
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++)
        check_info(store, i + 1, &infos[i]);
    check_tables(store);
    store_close(store);
    temp_dir_remove(&dir);
}

static enum visit
check_rule(void *context, struct str key, struct str value)
{
    const struct rule_list *lists;
    size_t *rules = context;
    struct rule *rule;
    uint32_t count;

    ++*rules;
    cr_expect(str_equal(key, (struct str){ "\0\0\0\0\0\0\0\2", 8 }));
    cr_assert_eq(rule_decode(value, 1, &rule), OK);
    lists = rule_lists(rule, &count);
    cr_assert_eq(count, 3);
    cr_assert_eq(lists[0].source_count, 2);
    cr_expect_eq(lists[0].sources[0], 1);
    cr_expect_eq(lists[0].sources[1], 0);
    cr_expect_eq(lists[1].attribute, 0);
    cr_assert_eq(lists[1].source_count, 1);
    cr_expect_eq(lists[1].sources[0], 1);
    cr_expect_eq(lists[2].attribute, 1);
    cr_expect_eq(lists[2].source_count, 0);
    rule_free(rule);
    return VISIT_NEXT;
}

Test(store_golden, format_1_with_a_rule_of_precedence_opens)
{
    struct tx_info info;
    struct arena arena;
    char path[PATH_MAX];
    struct temp_dir dir;
    struct store *store;
    size_t rules = 0;

    make_where_asked_for(DATA_V1_RULE, fill_rule);
    temp_dir_make(&dir);
    temp_copy(GOLDEN_STORE_DIR "/v1-precedence",
              temp_path(path, dir.path, "journal"));
    store = open_store(dir.path);
    cr_expect_eq(store_newest(store), 3);
    arena_init(&arena, 4096);
    cr_assert_eq(store_transaction(store, 2, &arena, &info, NULL), OK);
    cr_expect_eq(info.kind, BATCH_PRECEDENCE);
    cr_expect_eq(info.recorded_at.us, 1700000000000002);
    arena_fini(&arena);
    cr_expect_eq(names_find(store->sources, STR("vendor")), 1);
    cr_expect_eq(names_find(store->attributes, STR("sector")), 1);
    cr_expect_eq(names_first_assertion(store->attributes, 1), TX_NEVER);
    cr_expect_eq(
        store_state_scan(store, STATE_PRECEDENCE, check_rule, &rules, NULL),
        OK);
    cr_expect_eq(rules, 1);
    store_close(store);
    temp_dir_remove(&dir);
}
