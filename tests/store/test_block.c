/* Blocks of the index: what goes in comes out, and nothing else does. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/store/block.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct block_key first_key;
static char letters[1UL << 17];

static struct record
at(int64_t security, int32_t days, uint64_t tx, size_t len)
{
    memset(letters, 'x', sizeof letters);
    return (struct record){
        RECORD_FACTS, security, { days }, tx, { letters, len }
    };
}

/* Of one block with these records; fails the test if they do not fit. */
static struct str
make(struct block_maker *maker, const struct block_key *fence,
     const struct block_key *next, const struct record *records, size_t count)
{
    block_begin(maker, fence);
    for (size_t i = 0; i < count; i++)
        cr_assert(block_put(maker, &records[i]), "record %zu", i);
    cr_assert_eq(block_end(maker, next), OK);
    return out_text(&maker->out);
}

static struct str
key_text(const struct block_key *key)
{
    return (struct str){ (const char *)key->bytes, BLOCK_KEY_BYTES };
}

static void
expect_records(const char *row, struct block *block,
               const struct record *records, size_t count)
{
    struct record got = { 0 };
    const char *fault;

    for (size_t i = 0; i < count; i++) {
        cr_assert(block_next(block, &got, &fault), "%s: record %zu: %s", row, i,
                  fault);
        cr_expect_eq(record_compare(&got, &records[i]), 0, "%s: record %zu",
                     row, i);
        cr_expect(str_equal(got.payload, records[i].payload), "%s: payload %zu",
                  row, i);
    }
    cr_expect(!block_next(block, &got, &fault), "%s: one more", row);
    cr_expect_null(fault, "%s: %s", row, fault);
}

Test(block, keys_order_as_records_do)
{
    const struct record records[] = {
        at(0, DATE_FIRST_DAYS, 1, 1),
        at(0, -1, 1, 1),
        at(0, 0, UINT64_MAX, 1),
        at(0, 1, 0, 1),
        at(0, DATE_LAST_DAYS, 9, 1),
        at(1, DATE_FIRST_DAYS, 1, 1),
        at(255, 3, 1, 1),
        at(256, 3, 1, 1),
        at(256, 3, 255, 1),
        at(256, 3, 256, 1),
        at(INT64_MAX, 0, 0, 1),
    };

    for (size_t i = 0; i < COUNT(records); i++) {
        struct block_key key = block_key_of(&records[i]);

        cr_expect_lt(block_key_compare(&first_key, &key), 0, "record %zu", i);
        for (size_t j = 0; j < COUNT(records); j++) {
            struct block_key other = block_key_of(&records[j]);
            int order = block_key_compare(&key, &other);

            cr_expect_eq(order < 0, i < j, "%zu against %zu", i, j);
            cr_expect_eq(order == 0, i == j, "%zu against %zu", i, j);
        }
    }
}

Test(block, gives_back_what_was_put)
{
    const struct record none[] = { at(0, 0, 1, 1) };
    const struct record one[] = { at(7, 11, 13, 5) };
    const struct record steps[] = {
        at(0, DATE_FIRST_DAYS, 1, 1),
        at(0, DATE_FIRST_DAYS, 2, 62),
        at(0, DATE_FIRST_DAYS, UINT64_MAX, 63),
        at(0, DATE_FIRST_DAYS + 1, 1, 64),
        at(0, DATE_LAST_DAYS, UINT64_MAX, 190),
        at(1, DATE_FIRST_DAYS, 0, 1),
        at(1, DATE_LAST_DAYS, 7, 1),
        at(128, 0, 6, 1),
        at(INT64_MAX, -1, 8, 1),
        at(INT64_MAX, DATE_LAST_DAYS, UINT64_MAX, 1),
    };
    const struct record large[] = { at(3, 3, 3, 100000) };
    const struct block_key key_7 = block_key_of(&one[0]);
    const struct record below = at(7, 11, 12, 1), above = at(7, 11, 14, 1);
    const struct block_key before_7 = block_key_of(&below);
    const struct block_key after_7 = block_key_of(&above);
    const struct {
        const char *name;
        const struct block_key *fence, *next;
        const struct record *records;
        size_t count;
    } cases[] = {
        { "empty", &first_key, NULL, none, 0 },
        { "empty before another", &first_key, &key_7, none, 0 },
        { "one in the only block", &first_key, NULL, one, 1 },
        { "one that is the fence", &key_7, NULL, one, 1 },
        { "one between near fences", &before_7, &after_7, one, 1 },
        { "every step", &first_key, NULL, steps, COUNT(steps) },
        { "larger than a page", &first_key, &key_7, large, 1 },
    };
    struct block_maker maker;

    block_maker_init(&maker);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str value = make(&maker, cases[i].fence, cases[i].next,
                                cases[i].records, cases[i].count);
        struct block block;
        const char *fault = block_open(key_text(cases[i].fence), value, &block);

        cr_assert_null(fault, "%s: %s", cases[i].name, fault);
        cr_expect_eq(block.has_next, cases[i].next != NULL, "%s",
                     cases[i].name);
        cr_expect_eq(block.left, cases[i].count, "%s", cases[i].name);
        if (cases[i].next != NULL)
            cr_expect_eq(block_key_compare(&block.next, cases[i].next), 0, "%s",
                         cases[i].name);
        expect_records(cases[i].name, &block, cases[i].records, cases[i].count);
    }
    block_maker_fini(&maker);
}

/* The bytes of format 1, by hand. */
Test(block, writes_the_bytes_that_are_drawn)
{
    static const unsigned char expected[] = {
        /* the next block's key: kind, security, date, tx */
        1, 0, 0, 0, 0, 0, 0, 0, 9, 0x80, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5,
        /* four records */
        4, 0,
        /* kind 1, security 7, 0001-01-01, tx 3, "abc" */
        3 << 2 | 3, 1, 7, 0, 6, 'a', 'b', 'c',
        /* the same place, tx 5, "d" */
        1 << 2 | 0, 2, 'd',
        /* 128 days on, tx 4, "e" */
        1 << 2 | 1, 0x7f, 1, 'e',
        /* security 8, 0001-01-02, tx 4, "f" */
        1 << 2 | 2, 0, 1, 0, 'f'
    };
    const struct record records[] = {
        { RECORD_FACTS, 7, { DATE_FIRST_DAYS }, 3, STR("abc") },
        { RECORD_FACTS, 7, { DATE_FIRST_DAYS }, 5, STR("d") },
        { RECORD_FACTS, 7, { DATE_FIRST_DAYS + 128 }, 4, STR("e") },
        { RECORD_FACTS, 8, { DATE_FIRST_DAYS + 1 }, 4, STR("f") },
    };
    const struct record after = at(9, 4, 5, 1);
    const struct block_key next = block_key_of(&after);
    struct block_maker maker;
    struct str value;
    uint32_t crc;

    block_maker_init(&maker);
    value = make(&maker, &first_key, &next, records, COUNT(records));
    cr_assert_eq(value.len, 4 + sizeof expected, "%zu bytes", value.len);
    for (size_t i = 0; i < sizeof expected; i++)
        cr_expect_eq((unsigned char)value.data[4 + i], expected[i],
                     "byte %zu: %d", 4 + i, value.data[4 + i]);
    crc = crc32c(0, first_key.bytes, BLOCK_KEY_BYTES);
    crc = crc32c(crc, expected, sizeof expected);
    cr_expect_eq(get_le32((const unsigned char *)value.data), crc);
    block_maker_fini(&maker);
}

Test(block, takes_a_page_and_not_a_byte_more)
{
    /* 27 of the head; 4 + 1 + 1 + 1 + 2 before the first payload. */
    struct record records[] = { at(1, DATE_FIRST_DAYS, 1, 3000),
                                at(1, DATE_FIRST_DAYS, 2, 1040) };
    struct block_maker maker;

    block_maker_init(&maker);
    for (size_t more = 0; more < 12; more++) {
        bool fits;

        block_begin(&maker, &first_key);
        cr_assert(block_put(&maker, &records[0]));
        records[1].payload.len = 1032 + more;
        fits = block_put(&maker, &records[1]);
        cr_assert_eq(block_end(&maker, NULL), OK);
        cr_expect_eq(fits, 27 + 7 + 3000 + 4 + 1032 + more <= BLOCK_BYTES_MAX,
                     "%zu more: %zu bytes", more, maker.out.len);
        cr_expect_leq(maker.out.len, BLOCK_BYTES_MAX);
        cr_expect_eq(maker.count, fits ? 2u : 1u);
    }
    block_maker_fini(&maker);
}

Test(block, needs_few_bytes_for_a_fact)
{
    /* As a shuffled load of 2 M facts brings them: 10,000 securities with 100
     * dates each over thirty years, 2,000 transactions, payloads of 10. */
    struct record records[400];
    struct block_maker maker;
    size_t count = 0;

    srand(20240229);
    for (int i = 0; i < 400; i++)
        records[i] = at(i / 200, i % 200 / 2 * 110,
                        (uint64_t)(i % 2 * 1000 + rand() % 1000 + 1), 10);
    block_maker_init(&maker);
    block_begin(&maker, &first_key);
    while (block_put(&maker, &records[count]))
        count++;
    cr_assert_eq(block_end(&maker, NULL), OK);
    cr_expect_geq(count, 290, "%zu records in a block", count);
    block_maker_fini(&maker);
}

Test(block, refuses_every_flipped_bit)
{
    const struct record records[] = { at(1, 2, 3, 10), at(1, 2, 4, 10),
                                      at(1, 5, 1, 10), at(4, 1, 9, 10) };
    const struct record after = at(9, 9, 9, 1);
    const struct block_key next = block_key_of(&after);
    char bytes[256];
    struct block_key key = first_key;
    struct block_maker maker;
    struct block block;
    struct str value;

    block_maker_init(&maker);
    value = make(&maker, &first_key, &next, records, COUNT(records));
    cr_assert_leq(value.len, sizeof bytes);
    memcpy(bytes, value.data, value.len);
    value.data = bytes;
    cr_assert_null(block_open(key_text(&key), value, &block));
    for (size_t bit = 0; bit < 8 * value.len; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        cr_expect_not_null(block_open(key_text(&key), value, &block), "bit %zu",
                           bit);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t bit = 0; bit < 8 * BLOCK_KEY_BYTES; bit++) {
        key.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_expect_not_null(block_open(key_text(&key), value, &block),
                           "bit %zu of the key", bit);
        key.bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t len = 0; len < value.len; len++)
        cr_expect_not_null(
            block_open(key_text(&key), (struct str){ bytes, len }, &block),
            "cut at %zu", len);
    block_maker_fini(&maker);
}

/* Open a block of these records' bytes with its checksum put right, and take
 * all; what was wrong, or NULL. */
static const char *
fault_of(const struct block_key *fence, const struct block_key *next,
         unsigned count, struct str records)
{
    static unsigned char bytes[2 * BLOCK_BYTES_MAX];
    struct str value = { (const char *)bytes, BLOCK_HEAD_BYTES + records.len };
    struct record record;
    struct block block;
    const char *fault;
    uint32_t crc;

    memcpy(bytes + 4, next->bytes, BLOCK_KEY_BYTES);
    put_le16(bytes + 25, (uint16_t)count);
    memcpy(bytes + BLOCK_HEAD_BYTES, records.data, records.len);
    crc = crc32c(0, fence->bytes, BLOCK_KEY_BYTES);
    put_le32(bytes, crc32c(crc, bytes + 4, value.len - 4));
    fault = block_open(key_text(fence), value, &block);
    while (fault == NULL && block_next(&block, &record, &fault))
        ;
    return fault;
}

#define WHOLE "\x07\x01\x05\x00\x02x" /* security 5, 0001-01-01, tx 1, "x" */
#define LAST_DAY "\xda\xf3\xde\x01"   /* 9999-12-31 from 0001-01-01 */

Test(block, refuses_what_is_no_record)
{
    static const char most[] = "\xff\xff\xff\xff\xff\xff\xff\xff\x7f";
    static char too_large[BLOCK_BYTES_MAX] = WHOLE;
    const struct {
        const char *name;
        unsigned count;
        struct str records;
        const char *words; /* NULL: it is sound */
    } cases[] = {
        { "one", 1, STR(WHOLE), NULL },
        { "two", 2, STR(WHOLE "\x04\x01y"), NULL },
        { "none, but bytes", 0, STR("x"), "bytes behind" },
        { "bytes behind", 1, STR(WHOLE "y"), "bytes behind" },
        { "too few", 2, STR(WHOLE), "malformed" },
        { "no payload", 1, STR("\x03\x01\x05\x00\x02"), "malformed" },
        { "cut payload", 1, STR("\x0b\x01\x05\x00\x02x"), "malformed" },
        { "cut number", 1, STR("\x07\x01\x85"), "malformed" },
        { "kind 2", 1, STR("\x07\x02\x05\x00\x02x"), NULL },
        { "kind 2 behind kind 1", 2, STR(WHOLE "\x07\x02\x05\x00\x02x"), NULL },
        { "kind 2 without a payload", 1, STR("\x03\x02\x05\x00\x02"), NULL },
        { "kind 2, kind 1 behind it", 2, STR("\x07\x02\x05\x00\x02x" WHOLE),
          "malformed" },
        { "kind 9", 1, STR("\x07\x09\x05\x00\x02x"), "malformed" },
        { "kind 0", 1, STR("\x07\x00\x05\x00\x02x"), "malformed" },
        { "kind again", 2, STR(WHOLE WHOLE), "malformed" },
        { "same tx", 2, STR(WHOLE "\x04\x00y"), "malformed" },
        { "no place", 1, STR("\x04\x01x"), "malformed" },
        { "a later day of none", 1, STR("\x05\x01\x02x"), "malformed" },
        { "the last day", 1, STR("\x07\x01\x05" LAST_DAY "\x02x"), NULL },
        { "a day more", 1, STR("\x07\x01\x05\xdb\xf3\xde\x01\x02x"),
          "malformed" },
        { "past the last day", 2,
          STR("\x07\x01\x05" LAST_DAY "\x02x\x05\x00\x00y"), "malformed" },
        { "too large", 2, { too_large, sizeof too_large }, "too large" },
    };
    char text[64];

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *fault =
            fault_of(&first_key, &first_key, cases[i].count, cases[i].records);

        if (cases[i].words == NULL)
            cr_expect_null(fault, "%s: %s", cases[i].name, fault);
        else
            cr_expect(fault != NULL && strstr(fault, cases[i].words) != NULL,
                      "%s: %s", cases[i].name, fault);
    }

    (void)snprintf(text, sizeof text, "\x07\x01%s", most);
    memcpy(text + 2 + sizeof most - 1, "\x00\x02x", 3);
    cr_expect_null(fault_of(&first_key, &first_key, 1,
                            (struct str){ text, 2 + sizeof most - 1 + 3 }));
    memcpy(text + 2 + sizeof most - 1 + 3, "\x06\x00\x00\x00y", 5);
    cr_expect_str_eq(fault_of(&first_key, &first_key, 2,
                              (struct str){ text, 2 + sizeof most - 1 + 8 }),
                     "a record is malformed", "a security past the last");
}

Test(block, refuses_what_does_not_belong_to_it)
{
    const struct record five = at(5, DATE_FIRST_DAYS, 1, 1);
    const struct record four = at(4, DATE_FIRST_DAYS, 1, 1);
    const struct record six = at(5, DATE_FIRST_DAYS, 2, 1);
    const struct block_key key_5 = block_key_of(&five);
    const struct block_key key_4 = block_key_of(&four);
    const struct block_key key_6 = block_key_of(&six);
    struct block_key no_date = key_5, no_kind = key_5, no_security = key_5;
    const struct {
        const char *name;
        const struct block_key *fence, *next;
        const char *words;
    } cases[] = {
        { "before the next", &first_key, &key_6, NULL },
        { "the next's own", &first_key, &key_5, "the block after it" },
        { "past the next", &first_key, &key_4, "the block after it" },
        { "no date after", &first_key, &no_date, "after it is malformed" },
        { "no kind after", &first_key, &no_kind, "after it is malformed" },
        { "no security", &no_security, &first_key, "key is malformed" },
        { "a next before it", &key_5, &key_4, "would be before it" },
        { "a next that it is", &key_5, &key_5, "would be before it" },
    };

    no_date.bytes[9] = 0;
    no_kind.bytes[0] = 9;
    no_security.bytes[1] = 0x80;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *fault =
            fault_of(cases[i].fence, cases[i].next, 1, STR(WHOLE));

        if (cases[i].words == NULL)
            cr_expect_null(fault, "%s: %s", cases[i].name, fault);
        else
            cr_expect(fault != NULL && strstr(fault, cases[i].words) != NULL,
                      "%s: %s", cases[i].name, fault);
    }
}
