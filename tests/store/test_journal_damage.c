/* Damage behind LMDB's back is refused and named, never served. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/store_lmdb.h"
#include "secmaster/wire.h"
#include "tests/store/journal_edit.h"
#include "tests/support/batch_maker.h"
#include "tests/support/temp_dir.h"

enum { TRANSACTIONS = 6, LARGE_TX = 3, PARTS_OF_LARGE = 3 };

static enum err
open_store(const char *dir, struct store **out, struct why *why)
{
    const struct store_lmdb_options options = { .dir = dir };

    *why = (struct why){ 0 };
    return store_lmdb_open(&options, out, why);
}

/* Six transactions; the third is of three parts. */
static void
make_store(const char *dir)
{
    struct store *store;
    struct why why;

    cr_assert_eq(open_store(dir, &store, &why), OK, "%s", why.text);
    for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
        struct batch_maker maker;

        maker_init(&maker, tx, (int64_t)tx);
        if (tx == 1)
            maker_first_names(&maker);
        maker_state(&maker, STATE_MINT, "next", "123");
        for (int i = 0; i < 50; i++)
            maker_fact(&maker, i, (int32_t)tx, "12.5");
        if (tx == LARGE_TX) {
            struct str fact = maker_payload(&maker.arena, "9.75");
            size_t count = ((2UL << 20) + 4096) / fact.len;
            char *many = arena_alloc(&maker.arena, count * fact.len);

            for (size_t i = 0; i < count; i++)
                memcpy(many + i * fact.len, fact.data, fact.len);
            maker_record(&maker, 99, 0, (struct str){ many, count * fact.len });
        }
        cr_assert_eq(maker_append(store, &maker, NULL), OK);
        maker_fini(&maker);
    }
    store_close(store);
}

static void
expect_damage(const char *dir, const char *words, const char *row)
{
    struct store *store;
    struct why why;
    enum err err = open_store(dir, &store, &why);

    cr_expect_eq(err, ERR_STORE, "%s: err %d: %s", row, (int)err, why.text);
    cr_expect_not_null(strstr(why.text, words), "%s: %s", row, why.text);
    if (err == OK)
        store_close(store);
}

static void
expect_sound(const char *dir, const char *row)
{
    struct store *store;
    struct why why;
    enum err err = open_store(dir, &store, &why);

    cr_assert_eq(err, OK, "%s: err %d: %s", row, (int)err, why.text);
    cr_expect_eq(store_newest(store), TRANSACTIONS, "%s", row);
    store_close(store);
}

/* A copy of a value; caller frees. */
static char *
copy_value(struct journal_edit *edit, const char *table, struct str key,
           size_t *len)
{
    struct str value = edit_get(edit, table, key);
    char *copy = malloc(value.len + 1);

    cr_assert_not_null(value.data);
    cr_assert_not_null(copy);
    memcpy(copy, value.data, value.len);
    *len = value.len;
    return copy;
}

static void
put_part(const char *dir, uint64_t tx, uint32_t part, struct str value)
{
    struct journal_edit edit;

    edit_begin(&edit, dir);
    edit_put(&edit, "parts", edit_part_key(tx, part), value);
    edit_commit(&edit);
}

static char *
get_part(const char *dir, uint64_t tx, uint32_t part, size_t *len)
{
    struct journal_edit edit;
    char *value;

    edit_begin(&edit, dir);
    value = copy_value(&edit, "parts", edit_part_key(tx, part), len);
    edit_commit(&edit);
    return value;
}

Test(journal_damage, every_flipped_bit_of_a_part_is_named)
{
    static const struct {
        uint64_t tx;
        uint32_t part;
        int flips;
    } cases[] = {
        { 1, 0, 60 },        { LARGE_TX, 0, 20 },     { LARGE_TX, 1, 20 },
        { LARGE_TX, 2, 40 }, { TRANSACTIONS, 0, 60 },
    };
    struct temp_dir dir;

    srand(20240229);
    temp_dir_make(&dir);
    make_store(dir.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[64];
        size_t len;
        char *value = get_part(dir.path, cases[i].tx, cases[i].part, &len);

        (void)snprintf(words, sizeof words, "tx %d part %d ", (int)cases[i].tx,
                       (int)cases[i].part);
        for (int flip = 0; flip < cases[i].flips; flip++) {
            size_t bit = (size_t)rand() % (8 * len);
            char row[96];

            (void)snprintf(row, sizeof row, "%sbit %zu", words, bit);
            value[bit / 8] = (char)(value[bit / 8] ^ (1 << bit % 8));
            put_part(dir.path, cases[i].tx, cases[i].part,
                     (struct str){ value, len });
            expect_damage(dir.path, words, row);
            value[bit / 8] = (char)(value[bit / 8] ^ (1 << bit % 8));
        }
        put_part(dir.path, cases[i].tx, cases[i].part,
                 (struct str){ value, len });
        expect_sound(dir.path, words);
        free(value);
    }
    temp_dir_remove(&dir);
}

Test(journal_damage, a_missing_or_moved_part_is_named)
{
    static const struct {
        const char *name;
        uint64_t tx, to_tx; /* to_tx 0: removed */
        uint32_t part, to_part;
        const char *words;
    } cases[] = {
        { "the first tx", 1, 0, 0, 0, "tx 1 part 0 is missing" },
        { "a middle tx", 4, 0, 0, 0, "tx 4 part 0 is missing" },
        { "a first part", LARGE_TX, 0, 0, 0, "tx 3 part 0 is missing" },
        { "a middle part", LARGE_TX, 0, 1, 0, "tx 3 part 1 is missing" },
        { "a last part", LARGE_TX, 0, 2, 0, "tx 3 part 2 is missing" },
        { "under another tx", TRANSACTIONS, TRANSACTIONS + 1, 0, 0,
          "tx 6 part 0 is missing" },
        { "over another tx", 2, 4, 0, 0, "tx 2 part 0 is missing" },
        { "over another part", LARGE_TX, LARGE_TX, 1, 2,
          "tx 3 part 1 is missing" },
        { "a part too many", 2, 2, 0, 1, "tx 2 part 0 is missing" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct journal_edit edit;
        struct temp_dir dir;
        size_t len;
        char *value;

        temp_dir_make(&dir);
        make_store(dir.path);
        edit_begin(&edit, dir.path);
        value = copy_value(&edit, "parts",
                           edit_part_key(cases[i].tx, cases[i].part), &len);
        edit_remove(&edit, "parts", edit_part_key(cases[i].tx, cases[i].part));
        if (cases[i].to_tx != 0)
            edit_put(&edit, "parts",
                     edit_part_key(cases[i].to_tx, cases[i].to_part),
                     (struct str){ value, len });
        edit_commit(&edit);
        expect_damage(dir.path, cases[i].words, cases[i].name);
        free(value);
        temp_dir_remove(&dir);
    }
}

Test(journal_damage, swapped_parts_are_noticed)
{
    static const struct {
        const char *name;
        uint64_t tx, other_tx;
        uint32_t part, other_part;
    } cases[] = {
        { "of two transactions", 1, 2, 0, 0 },
        { "of one", LARGE_TX, LARGE_TX, 0, 1 },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    make_store(dir.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char words[64];
        size_t len, other_len;
        char *value = get_part(dir.path, cases[i].tx, cases[i].part, &len);
        char *other = get_part(dir.path, cases[i].other_tx, cases[i].other_part,
                               &other_len);

        put_part(dir.path, cases[i].tx, cases[i].part,
                 (struct str){ other, other_len });
        put_part(dir.path, cases[i].other_tx, cases[i].other_part,
                 (struct str){ value, len });
        (void)snprintf(words, sizeof words, "tx %d part %d is damaged",
                       (int)cases[i].tx, (int)cases[i].part);
        expect_damage(dir.path, words, cases[i].name);
        put_part(dir.path, cases[i].tx, cases[i].part,
                 (struct str){ value, len });
        put_part(dir.path, cases[i].other_tx, cases[i].other_part,
                 (struct str){ other, other_len });
        expect_sound(dir.path, cases[i].name);
        free(value);
        free(other);
    }
    temp_dir_remove(&dir);
}

/* Whoever changes a batch and puts its checksum right meets what is behind
 * it: the header's own rules, and the digest in the batch after. */
Test(journal_damage, a_changed_batch_with_a_right_checksum_is_noticed)
{
    enum { HEAD = 4, RECORDS = HEAD + 92 };
    static const struct {
        const char *name;
        uint64_t tx;
        size_t at;
        char by; /* xor */
        const char *words;
    } cases[] = {
        { "magic", 2, HEAD, 1, "tx 2 part 0 is damaged: it is no batch" },
        { "format", 2, HEAD + 4, 2, "a format this program does not know" },
        { "tx", 2, HEAD + 8, 1, "names another tx" },
        { "recorded earlier", TRANSACTIONS, HEAD + 23, (char)0x80,
          "recorded before the batch before it" },
        { "recorded later", 2, HEAD + 16, 1,
          "tx 3 part 0 is damaged: its "
          "digest of the batch before" },
        { "records", 2, HEAD + 24, 1, "another number of records" },
        { "displaced", 2, HEAD + 48, 1, "displaced facts has another length" },
        { "previous digest", 2, HEAD + 60, 1,
          "its digest of the batch before" },
        { "last previous digest", TRANSACTIONS, HEAD + 91, 1,
          "its digest of the batch before" },
        { "first previous digest", 1, HEAD + 60, 1,
          "tx 1 part 0 is damaged: its digest of the batch before" },
        { "kind of a record", 2, RECORDS, 2, "a record is of a kind" },
        { "kind of a batch", 2, HEAD + 6, BATCH_FACTS ^ BATCH_PRECEDENCE,
          "a record is of a kind that its batch cannot have" },
        { "security", TRANSACTIONS, RECORDS + 1, 1,
          "tx 6 is damaged: a record is there "
          "twice" },
        { "another security", 2, RECORDS + 1, 0x40,
          "tx 3 part 0 is damaged: its digest of the batch before" },
        { "length of a payload", 2, RECORDS + 3, 0x40, "tx 2 is damaged" },
        { "attribute", 2, RECORDS + 5, 1, "a name that is missing" },
        { "facts", 2, RECORDS + 4, (char)0x80, "facts are malformed" },
    };
    struct temp_dir dir;

    temp_dir_make(&dir);
    make_store(dir.path);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t len;
        char *value = get_part(dir.path, cases[i].tx, 0, &len);

        value[cases[i].at] = (char)(value[cases[i].at] ^ cases[i].by);
        edit_reseal(edit_part_key(cases[i].tx, 0), value, len);
        put_part(dir.path, cases[i].tx, 0, (struct str){ value, len });
        expect_damage(dir.path, cases[i].words, cases[i].name);
        value[cases[i].at] = (char)(value[cases[i].at] ^ cases[i].by);
        edit_reseal(edit_part_key(cases[i].tx, 0), value, len);
        put_part(dir.path, cases[i].tx, 0, (struct str){ value, len });
        free(value);
    }
    expect_sound(dir.path, "put right");
    temp_dir_remove(&dir);
}

Test(journal_damage, damaged_tables_beside_the_parts_are_noticed)
{
    const struct {
        const char *name, *table;
        struct str key;
        struct str value; /* data NULL: removed; len 0: a bit is flipped */
        const char *words;
    } cases[] = {
        { "a name's bit",
          "names",
          STR("\x01\0\0\0\0"),
          { "", 0 },
          "a name's checksum does not match" },
        { "a name gone",
          "names",
          STR("\x01\0\0\0\0"),
          { NULL, 0 },
          "a name that is missing" },
        { "a source gone",
          "names",
          STR("\x02\0\0\0\0"),
          { NULL, 0 },
          "a name that is missing" },
        { "a name cut", "names", STR("\x01\0\0\0\0"), STR("ab"),
          "a name's checksum does not match" },
        { "a key cut", "names", STR("\x01\0\0"), STR("abcdefgh"),
          "a name's key is malformed" },
        { "the format's bit",
          "meta",
          STR("format"),
          { "", 0 },
          "checksum of its format" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct journal_edit edit;
        struct temp_dir dir;
        size_t len;

        temp_dir_make(&dir);
        make_store(dir.path);
        edit_begin(&edit, dir.path);
        if (cases[i].value.data == NULL) {
            edit_remove(&edit, cases[i].table, cases[i].key);
        } else if (cases[i].value.len > 0) {
            edit_put(&edit, cases[i].table, cases[i].key, cases[i].value);
        } else {
            char *value = copy_value(&edit, cases[i].table, cases[i].key, &len);

            value[len - 1] ^= 4;
            edit_put(&edit, cases[i].table, cases[i].key,
                     (struct str){ value, len });
            free(value);
        }
        edit_commit(&edit);
        expect_damage(dir.path, cases[i].words, cases[i].name);
        temp_dir_remove(&dir);
    }
}

Test(journal_damage, a_gap_between_names_is_noticed)
{
    struct journal_edit edit;
    struct temp_dir dir;
    size_t len;
    char *value;

    temp_dir_make(&dir);
    make_store(dir.path);
    edit_begin(&edit, dir.path);
    value = copy_value(&edit, "names", STR("\x01\0\0\0\0"), &len);
    edit_reseal(STR("\x01\0\0\0\x02"), value, len);
    edit_put(&edit, "names", STR("\x01\0\0\0\x02"), (struct str){ value, len });
    edit_commit(&edit);
    expect_damage(dir.path, "name 1 of space 1 is missing", "a gap");

    edit_begin(&edit, dir.path);
    edit_remove(&edit, "names", STR("\x01\0\0\0\x02"));
    edit_reseal(STR("\x01\0\0\0\x01"), value, len);
    edit_put(&edit, "names", STR("\x01\0\0\0\x01"), (struct str){ value, len });
    edit_commit(&edit);
    expect_damage(dir.path, "name 1 of space 1 is there twice", "twice");
    free(value);
    temp_dir_remove(&dir);
}

static enum visit
count_state(void *context, struct str key, struct str value)
{
    size_t *count = context;

    (void)key;
    (void)value;
    ++*count;
    return VISIT_NEXT;
}

Test(journal_damage, damaged_state_is_refused_when_asked_for)
{
    struct journal_edit edit;
    struct store *store;
    struct temp_dir dir;
    struct arena arena;
    struct str value;
    struct why why;
    size_t len, shown = 0;
    char *bytes;

    temp_dir_make(&dir);
    make_store(dir.path);
    edit_begin(&edit, dir.path);
    bytes = copy_value(&edit, "state", STR("\x05next"), &len);
    bytes[len - 1] ^= 1;
    edit_put(&edit, "state", STR("\x05next"), (struct str){ bytes, len });
    edit_commit(&edit);
    free(bytes);

    cr_assert_eq(open_store(dir.path, &store, &why), OK, "%s", why.text);
    arena_init(&arena, 4096);
    cr_expect_eq(
        store_state_get(store, STATE_MINT, STR("next"), &arena, &value, &why),
        ERR_STORE);
    cr_expect_not_null(strstr(why.text, "state of space 5 is damaged"), "%s",
                       why.text);
    why.text[0] = '\0';
    cr_expect_eq(store_state_scan(store, STATE_MINT, count_state, &shown, &why),
                 ERR_STORE);
    cr_expect_eq(shown, 0);
    cr_expect_not_null(strstr(why.text, "state of space 5 is damaged"), "%s",
                       why.text);
    arena_fini(&arena);
    store_close(store);
    temp_dir_remove(&dir);
}
