/* Keyframes as bytes, and what they keep of a security's records. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/factset.h"
#include "secmaster/wire.h"
#include "src/store/keyframe.h"
#include "tests/store/journal_edit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A fact as "attribute source value", value '-' a retraction, '0' a null. */
struct fact_row {
    int32_t day;
    uint64_t tx;
    uint32_t attribute, source;
    const char *value; /* NULL: no more */
};

static struct factset_item
item_of(const struct fact_row *row)
{
    struct factset_item item = {
        .attribute = row->attribute,
        .source = row->source,
        .op = row->value[0] == '-' ? FACT_RETRACT : FACT_ASSERT,
        .value = VALUE_OF_NULL,
    };

    if (row->value[0] >= '1' && row->value[0] <= '9')
        item.value = (struct value){ VALUE_NUMBER, str_of(row->value) };
    return item;
}

/* Add rows as records: neighbours of one day and tx are one. The payloads live
 * in bytes. */
static void
add_rows(struct keyframe_maker *maker, const struct fact_row *rows,
         struct out *bytes)
{
    /* Room for all, so that none moves. */
    (void)out_reserve(bytes, 65536);
    for (size_t i = 0; rows[i].value != NULL;) {
        struct record record = { .kind = RECORD_FACTS,
                                 .security_id = 7,
                                 .effective = { rows[i].day },
                                 .tx = rows[i].tx };
        size_t from = bytes->len, first = i;

        for (; rows[i].value != NULL && rows[i].tx == rows[first].tx &&
               rows[i].day == rows[first].day;
             i++) {
            const struct factset_item item = item_of(&rows[i]);

            factset_put(bytes, &item);
        }
        record.payload = (struct str){ bytes->data + from, bytes->len - from };
        cr_assert_eq(keyframe_add(maker, &record), OK);
    }
}

static struct str
key_str(const struct keyframe_key *key)
{
    return (struct str){ (const char *)key->bytes, KEYFRAME_KEY_BYTES };
}

/* "day#tx attribute.source=value ... ; ..." */
static void
print_keyframe(struct keyframe *keyframe, struct out *text)
{
    struct factset_item item;
    struct record record;
    const char *fault;
    enum err err;

    while (keyframe_next(keyframe, &record, &fault)) {
        out_print(text, "%d#%" PRIu64, record.effective.days, record.tx);
        while (factset_next(&record.payload, &item, &err))
            out_print(text, " %u.%u=%.*s", item.attribute, item.source,
                      STR_ARG(item.value.text));
        cr_assert_eq(err, OK);
        out_print(text, "; ");
    }
    cr_assert_null(fault, "%s", fault);
    out_print(text, "up to %d#%" PRIu64, keyframe->limit.effective.days,
              keyframe->limit.tx);
    out_char(text, '\0');
}

static void
expect_kept(struct keyframe_maker *maker, const char *expected,
            const char *name)
{
    const struct keyframe_key key = keyframe_key_of(&maker->limit);
    struct keyframe keyframe;
    struct out text;

    cr_assert_eq(keyframe_make(maker), OK);
    cr_assert_null(
        keyframe_open(key_str(&key), out_text(&maker->out), &keyframe));
    out_init(&text, SIZE_MAX);
    print_keyframe(&keyframe, &text);
    cr_expect_str_eq(text.data, expected, "%s: %s", name, text.data);
    out_fini(&text);
}

static const struct {
    const char *name;
    struct fact_row rows[8];
    const char *kept;
} cases[] = {
    { "one fact", { { 5, 2, 0, 0, "1" } }, "5#2 0.0=1; up to 5#2" },
    { "the later date",
      { { 5, 9, 0, 0, "1" }, { 6, 2, 0, 0, "2" } },
      "6#2 0.0=2; up to 6#9" },
    { "the later tx",
      { { 5, 2, 0, 0, "1" }, { 5, 3, 0, 0, "2" } },
      "5#3 0.0=2; up to 5#3" },
    { "the later fact",
      { { 5, 2, 0, 0, "1" }, { 5, 2, 0, 0, "2" } },
      "5#2 0.0=2; up to 5#2" },
    { "a null",
      { { 5, 2, 0, 0, "1" }, { 6, 3, 0, 0, "0" } },
      "6#3 0.0=null; up to 6#3" },
    { "a retraction of the last",
      { { 5, 2, 0, 0, "1" }, { 6, 3, 0, 0, "2" }, { 6, 4, 0, 0, "-" } },
      "5#2 0.0=1; up to 6#4" },
    { "a retraction of what was corrected",
      { { 5, 2, 0, 0, "1" },
        { 6, 3, 0, 0, "2" },
        { 6, 4, 0, 0, "3" },
        { 6, 5, 0, 0, "-" } },
      "5#2 0.0=1; up to 6#5" },
    { "asserted again",
      { { 6, 3, 0, 0, "2" }, { 6, 4, 0, 0, "-" }, { 6, 5, 0, 0, "3" } },
      "6#5 0.0=3; up to 6#5" },
    { "a retraction of an earlier date",
      { { 5, 2, 0, 0, "1" }, { 5, 4, 0, 0, "-" }, { 6, 3, 0, 0, "2" } },
      "6#3 0.0=2; up to 6#4" },
    { "nothing is live",
      { { 5, 2, 0, 0, "1" }, { 5, 4, 0, 0, "-" } },
      "up to 5#4" },
    { "each source",
      { { 5, 2, 0, 1, "1" }, { 5, 2, 0, 0, "2" }, { 6, 3, 0, 1, "3" } },
      "5#2 0.0=2; 6#3 0.1=3; up to 6#3" },
    { "in order of arrival",
      { { 5, 2, 3, 2, "1" },
        { 5, 2, 0, 1, "2" },
        { 5, 2, 3, 0, "3" },
        { 5, 2, 0, 0, "4" } },
      "5#2 3.2=1 0.1=2 3.0=3 0.0=4; up to 5#2" },
    { "records of one date",
      { { 5, 2, 0, 0, "1" }, { 5, 3, 1, 0, "2" }, { 5, 9, 2, 0, "3" } },
      "5#2 0.0=1; 5#3 1.0=2; 5#9 2.0=3; up to 5#9" },
    { "the ends of time",
      { { DATE_FIRST_DAYS, 1, 0, 0, "1" }, { DATE_LAST_DAYS, 1, 1, 0, "2" } },
      "-719162#1 0.0=1; 2932896#1 1.0=2; up to 2932896#1" },
};

Test(keyframe, keeps_what_can_still_win)
{
    struct keyframe_maker maker;
    struct out bytes;

    keyframe_maker_init(&maker);
    out_init(&bytes, SIZE_MAX);
    for (size_t i = 0; i < COUNT(cases); i++) {
        out_reset(&bytes);
        keyframe_begin(&maker);
        add_rows(&maker, cases[i].rows, &bytes);
        expect_kept(&maker, cases[i].kept, cases[i].name);
        /* Once more changes nothing. */
        expect_kept(&maker, cases[i].kept, cases[i].name);
    }
    out_fini(&bytes);
    keyframe_maker_fini(&maker);
}

/* A keyframe made from the one before is the one made from all. */
Test(keyframe, goes_on_from_another)
{
    static const struct fact_row before[] = {
        { 5, 9, 0, 0, "1" },
        { 6, 2, 0, 0, "2" },
        { 6, 2, 1, 0, "3" },
        { 0 },
    };
    static const struct fact_row behind[] = {
        { 7, 3, 0, 0, "4" },
        { 7, 4, 1, 0, "-" },
        { 0 },
    };
    struct keyframe_maker first, second;
    struct keyframe keyframe;
    struct keyframe_key key;
    struct out bytes;
    const char *fault;

    keyframe_maker_init(&first);
    keyframe_maker_init(&second);
    out_init(&bytes, SIZE_MAX);
    keyframe_begin(&first);
    add_rows(&first, before, &bytes);
    cr_assert_eq(keyframe_make(&first), OK);
    key = keyframe_key_of(&first.limit);
    cr_assert_null(
        keyframe_open(key_str(&key), out_text(&first.out), &keyframe));
    keyframe_begin(&second);
    cr_assert_eq(keyframe_resume(&second, &keyframe, &fault), OK);
    expect_kept(&second, "6#2 0.0=2 1.0=3; up to 6#9", "the same");
    add_rows(&second, behind, &bytes);
    expect_kept(&second, "6#2 1.0=3; 7#3 0.0=4; up to 7#9", "behind it");
    out_fini(&bytes);
    keyframe_maker_fini(&first);
    keyframe_maker_fini(&second);
}

/* As many records, on a day each or all on one, of an attribute each or one. */
static void
add_many(struct keyframe_maker *maker, int count, bool is_one_day,
         bool is_one_attribute)
{
    static char payloads[100000][4];

    for (int i = 0; i < count; i++) {
        const unsigned attribute = is_one_attribute ? 1 : (unsigned)i + 16384;
        char *to = payloads[i];

        to[0] = VALUE_NULL;
        cr_assert_leq(put_varint((unsigned char *)to + 1, attribute), 3);
        cr_assert_eq(
            keyframe_add(maker,
                         &(struct record){
                             .kind = RECORD_FACTS,
                             .security_id = 7,
                             .effective = { is_one_day ? 5 : i },
                             .tx = (uint64_t)i + 1,
                             .payload = { to, is_one_attribute ? 2 : 4 },
                         }),
            OK);
    }
}

Test(keyframe, memory_is_of_what_can_win)
{
    struct keyframe_maker maker;

    keyframe_maker_init(&maker);
    keyframe_begin(&maker);
    add_many(&maker, 100000, true, true);
    cr_expect_leq(maker.capacity, 1024, "one day: %zu", maker.capacity);
    expect_kept(&maker, "5#100000 1.0=null; up to 5#100000", "one day");
    keyframe_begin(&maker);
    add_many(&maker, 100000, true, false);
    cr_expect_geq(maker.capacity, 100000, "many: %zu", maker.capacity);
    cr_assert_eq(keyframe_make(&maker), OK);
    cr_expect_eq(maker.count, 100000, "all of them can win");
    keyframe_begin(&maker);
    cr_expect_eq(maker.capacity, 0, "given back: %zu", maker.capacity);
    add_many(&maker, 300, false, true);
    expect_kept(&maker, "299#300 1.0=null; up to 299#300", "afterwards");
    keyframe_begin(&maker);
    cr_expect_gt(maker.capacity, 0, "little is kept");
    keyframe_maker_fini(&maker);
}

static void
put_hex(struct out *out, const char *hex)
{
    for (; hex[0] != '\0'; hex += 2) {
        const char digits[3] = { hex[0], hex[1], '\0' };

        out_char(out, (char)strtol(digits, NULL, 16));
    }
    cr_assert_eq(out_finish(out), OK);
}

#define KEY_HEX                                                                \
    "01"               /* kind */                                              \
    "0000000000000007" /* security */                                          \
    "80004758"         /* date: 2020-01-03 */

/* As drawn in docs/storage.md; another layout is another INDEX_FORMAT. */
Test(keyframe, bytes_are_as_drawn)
{
    static const struct fact_row rows[] = {
        { 18262, 300, 1, 0, "42" },
        { 18264, 299, 2, 3, "1" },
        { 0 },
    };
    static const char *const value = "90a20e0c" /* CRC-32C */
                                     "ac02"     /* greatest tx: 300 */
                                     "90812d"   /* days from the first one */
                                     "d804"     /* tx 300 more */
                                     "05"       /* bytes of the payload */
                                     "0301023432"
                                     "02" /* two days later */
                                     "01" /* one tx less */
                                     "05"
                                     "1302030131";
    struct keyframe_maker maker;
    struct keyframe_key got;
    struct out bytes, expected;

    keyframe_maker_init(&maker);
    out_init(&bytes, SIZE_MAX);
    out_init(&expected, SIZE_MAX);
    keyframe_begin(&maker);
    add_rows(&maker, rows, &bytes);
    cr_assert_eq(keyframe_make(&maker), OK);
    got = keyframe_key_of(&maker.limit);
    put_hex(&expected, KEY_HEX);
    cr_expect(str_equal(key_str(&got), out_text(&expected)));
    out_reset(&expected);
    put_hex(&expected, value);
    cr_expect(str_equal(out_text(&maker.out), out_text(&expected)));
    out_fini(&expected);
    out_fini(&bytes);
    keyframe_maker_fini(&maker);
}

/* Checksums are right in all of them. */
Test(keyframe, refuses_what_it_never_writes)
{
    static const struct {
        const char *name, *key, *value; /* behind the checksum */
        const char *fault;
    } rows[] = {
        { "nothing live", KEY_HEX, "09", NULL },
        { "a record", KEY_HEX,
          "09"
          "00"
          "12"
          "01"
          "08",
          NULL },
        { "no tx", KEY_HEX, "", "it is cut short" },
        { "half a tx", KEY_HEX, "89", "it is cut short" },
        { "a short key", "010000000000000007800047", "09",
          "its key is malformed" },
        { "a long key", KEY_HEX "00", "09", "its key is malformed" },
        { "another kind", "02000000000000000780004758", "09",
          "its key is malformed" },
        { "a negative security", "01800000000000000780004758", "09",
          "its key is malformed" },
        { "a date too late", "010000000000000007802cc0a1", "09",
          "its key is malformed" },
        { "a date too early", "0100000000000000077ff506c5", "09",
          "its key is malformed" },
        { "half a record", KEY_HEX,
          "09"
          "00"
          "12",
          "a record is malformed" },
        { "an empty payload", KEY_HEX,
          "09"
          "00"
          "12"
          "00",
          "a record is malformed" },
        { "a payload cut short", KEY_HEX,
          "09"
          "00"
          "12"
          "02"
          "08",
          "a record is malformed" },
        { "a greater tx", KEY_HEX,
          "08"
          "00"
          "12"
          "01"
          "08",
          "a record is malformed" },
        { "its own date", KEY_HEX,
          "09"
          "92812d"
          "12"
          "01"
          "08",
          NULL },
        { "a later date", KEY_HEX,
          "09"
          "93812d"
          "12"
          "01"
          "08",
          "a record is malformed" },
        { "a record twice", KEY_HEX,
          "09"
          "00"
          "12"
          "01"
          "08"
          "00"
          "00"
          "01"
          "08",
          "a record is malformed" },
        { "a record out of order", KEY_HEX,
          "09"
          "00"
          "12"
          "01"
          "08"
          "00"
          "01"
          "01"
          "08",
          "a record is malformed" },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct keyframe keyframe;
        struct record record;
        struct out key, value;
        const char *fault;

        out_init(&key, SIZE_MAX);
        out_init(&value, SIZE_MAX);
        put_hex(&key, rows[i].key);
        put_hex(&value, "00000000");
        put_hex(&value, rows[i].value);
        edit_reseal(out_text(&key), value.data, value.len);
        fault = keyframe_open(out_text(&key), out_text(&value), &keyframe);
        while (fault == NULL && keyframe_next(&keyframe, &record, &fault))
            ;
        if (rows[i].fault == NULL)
            cr_expect_null(fault, "%s: %s", rows[i].name, fault);
        else
            cr_expect_str_eq(fault == NULL ? "none" : fault, rows[i].fault,
                             "%s: %s", rows[i].name, fault);
        out_fini(&key);
        out_fini(&value);
    }
}
