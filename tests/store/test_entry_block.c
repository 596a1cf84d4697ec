/* Blocks of inverted entries: what goes in comes out, and nothing else does. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/store/entry_block.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TERM_LAST ((UINT64_C(1) << 60) - 1)

static const struct entry first = { 0, 0 };

/* Of one block with these entries; fails the test if they do not fit. */
static struct str
make(struct entry_block_maker *maker, const struct entry *fence,
     const struct entry *next, const struct entry *entries, size_t count)
{
    entry_block_begin(maker, fence);
    for (size_t i = 0; i < count; i++)
        cr_assert(entry_block_put(maker, &entries[i]), "entry %zu", i);
    return entry_block_end(maker, next);
}

/* In static storage until the next call. */
static struct str
key_text(const struct entry *fence)
{
    static struct entry_key key;

    key = entry_key_of(fence);
    return (struct str){ (const char *)key.bytes, sizeof key.bytes };
}

Test(entry_block, keys_order_as_entries_do)
{
    static const struct entry entries[] = {
        { 0, 0 },         { 0, 1 },         { 0, INT64_MAX },
        { 1, 0 },         { 255, 3 },       { 255, 255 },
        { 255, 256 },     { 256, 3 },       { UINT64_C(1) << 28, 0 },
        { TERM_LAST, 0 }, { TERM_LAST, 7 }, { TERM_LAST, INT64_MAX },
    };

    for (size_t i = 0; i < COUNT(entries); i++) {
        struct entry_key key = entry_key_of(&entries[i]);
        struct entry back = entry_of_key(key.bytes);

        cr_expect_eq(entry_compare(&back, &entries[i]), 0, "entry %zu", i);
        for (size_t j = 0; j < COUNT(entries); j++) {
            struct entry_key other = entry_key_of(&entries[j]);
            int order = memcmp(key.bytes, other.bytes, ENTRY_KEY_BYTES);

            cr_expect_eq(order < 0, i < j, "%zu against %zu", i, j);
            cr_expect_eq(order == 0, i == j, "%zu against %zu", i, j);
            cr_expect_eq(entry_compare(&entries[i], &entries[j]) < 0, i < j,
                         "%zu against %zu", i, j);
        }
    }
}

Test(entry_block, terms_order_by_attribute_then_hash)
{
    static const struct {
        struct inverted_key key;
        uint64_t term;
    } cases[] = {
        { { 0, 0 }, 0 },
        { { UINT64_C(0xfffffffff), 0 }, 0 },
        { { UINT64_C(0x1000000000), 0 }, 1 },
        { { UINT64_MAX, 0 }, 0xfffffff },
        { { 0, 1 }, 0x10000000 },
        { { UINT64_C(0xabcdef1234567890), 3 }, 0x3abcdef1 },
        { { UINT64_MAX, UINT32_MAX }, TERM_LAST },
    };

    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_eq(entry_term(&cases[i].key), cases[i].term, "case %zu", i);
}

Test(entry_block, gives_back_what_was_put)
{
    static const struct entry none[] = { { 0, 0 } };
    static const struct entry one[] = { { 7, 11 } };
    static const struct entry below = { 7, 10 }, above = { 7, 12 };
    static const struct entry steps[] = {
        { 0, 0 },         { 0, 1 },
        { 0, 64 },        { 0, INT64_MAX },
        { 1, 0 },         { 64, INT64_MAX },
        { 65, 5 },        { 65, 68 },
        { 65, 132 },      { UINT64_C(1) << 40, 1 },
        { TERM_LAST, 0 }, { TERM_LAST, INT64_MAX },
    };
    static const struct {
        const char *name;
        const struct entry *fence, *next, *entries;
        size_t count;
    } cases[] = {
        { "empty", &first, NULL, none, 0 },
        { "empty before another", &first, one, none, 0 },
        { "one that is the first fence", &first, NULL, none, 1 },
        { "one in the only block", &first, NULL, one, 1 },
        { "one that is the fence", one, NULL, one, 1 },
        { "one between near fences", &below, &above, one, 1 },
        { "every step", &first, NULL, steps, COUNT(steps) },
    };
    struct entry_block_maker maker;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct str value = make(&maker, cases[i].fence, cases[i].next,
                                cases[i].entries, cases[i].count);
        struct entry_block block;
        struct entry got;
        const char *fault =
            entry_block_open(key_text(cases[i].fence), value, &block);

        cr_assert_null(fault, "%s: %s", cases[i].name, fault);
        cr_expect_eq(block.has_next, cases[i].next != NULL, "%s",
                     cases[i].name);
        if (cases[i].next != NULL)
            cr_expect_eq(entry_compare(&block.next, cases[i].next), 0, "%s",
                         cases[i].name);
        for (size_t e = 0; e < cases[i].count; e++) {
            cr_assert(entry_block_next(&block, &got, &fault),
                      "%s: entry %zu: %s", cases[i].name, e, fault);
            cr_expect_eq(entry_compare(&got, &cases[i].entries[e]), 0,
                         "%s: entry %zu", cases[i].name, e);
        }
        cr_expect(!entry_block_next(&block, &got, &fault), "%s: one more",
                  cases[i].name);
        cr_expect_null(fault, "%s: %s", cases[i].name, fault);
    }
}

/* What a search from each entry on, and from right behind it, ends at. */
static void
expect_sought(const struct entry *fence, struct str value,
              const struct entry *entries, size_t count)
{
    for (size_t from = 0; from < count; from++) {
        struct entry behind = entries[from];
        struct entry_block block;
        struct entry got;
        const char *fault;

        cr_assert_null(entry_block_open(key_text(fence), value, &block));
        cr_assert(entry_block_seek(&block, &entries[from], &got, &fault),
                  "to %zu", from);
        cr_expect_eq(entry_compare(&got, &entries[from]), 0, "to %zu", from);
        cr_expect_eq(entry_compare(&block.before, &got), 0, "to %zu", from);

        if (behind.security_id < INT64_MAX)
            behind.security_id++;
        else
            behind = (struct entry){ behind.term + 1, 0 };
        cr_assert_null(entry_block_open(key_text(fence), value, &block));
        cr_assert_eq(entry_block_seek(&block, &behind, &got, &fault),
                     from + 1 < count, "behind %zu", from);
        cr_expect_null(fault, "behind %zu: %s", from, fault);
        if (from + 1 < count)
            cr_expect_eq(entry_compare(&got, &entries[from + 1]), 0,
                         "behind %zu", from);
    }
}

Test(entry_block, is_searched_from_any_entry_on)
{
    static const struct entry entries[] = {
        { 0, 0 },
        { 0, 64 },
        { 1, 0 },
        { 64, INT64_MAX },
        { 65, 5 },
        { 65, 132 },
        { UINT64_C(1) << 40, 1 },
        { TERM_LAST, 0 },
        { TERM_LAST, INT64_MAX - 1 },
    };
    struct entry_block_maker maker;
    struct str value = make(&maker, &first, NULL, entries, COUNT(entries));

    expect_sought(&first, value, entries, COUNT(entries));

    /* From where it stands, and with nothing before it. */
    for (size_t from = 0; from < COUNT(entries); from++)
        for (size_t to = from + 1; to < COUNT(entries); to++) {
            struct entry_block block;
            struct entry got;
            const char *fault;

            cr_assert_null(entry_block_open(key_text(&first), value, &block));
            cr_assert(entry_block_seek(&block, &entries[from], &got, &fault));
            cr_assert(entry_block_seek(&block, &entries[to], &got, &fault));
            cr_expect_eq(entry_compare(&got, &entries[to]), 0,
                         "from %zu to %zu", from, to);
        }
}

/* The bytes of format 2, by hand. */
Test(entry_block, writes_the_bytes_that_are_drawn)
{
    static const unsigned char expected[] = {
        /* the next block's key: attribute 3, hash abcdef1; security 9 */
        0, 0, 0, 0, 0x3a, 0xbc, 0xde, 0xf1, 0, 0, 0, 0, 0, 0, 0, 9,
        /* the fence itself */
        0 << 1 | 0,
        /* its term, 1 and 64 securities on */
        1 << 1 | 0, 0x80, 1,
        /* a term on, security 5; 63 on, security 300 */
        1 << 1 | 1, 5, 63 << 1 | 1, 0xac, 2,
        /* that term, 63 securities on */
        63 << 1 | 0
    };
    static const struct entry entries[] = {
        { 0x20000000, 7 }, { 0x20000000, 8 },   { 0x20000000, 72 },
        { 0x20000001, 5 }, { 0x20000040, 300 }, { 0x20000040, 363 },
    };
    static const struct entry next = { 0x3abcdef1, 9 };
    struct entry_key key = entry_key_of(&entries[0]);
    struct entry_block_maker maker;
    struct str value = make(&maker, &entries[0], &next, entries, 6);
    uint32_t crc;

    cr_assert_eq(value.len, 4 + sizeof expected, "%zu bytes", value.len);
    for (size_t i = 0; i < sizeof expected; i++)
        cr_expect_eq((unsigned char)value.data[4 + i], expected[i],
                     "byte %zu: %d", 4 + i, value.data[4 + i]);
    crc = crc32c(0, key.bytes, ENTRY_KEY_BYTES);
    crc = crc32c(crc, expected, sizeof expected);
    cr_expect_eq(get_le32((const unsigned char *)value.data), crc);
}

Test(entry_block, takes_a_page_and_not_a_byte_more)
{
    struct entry_block_maker maker;
    struct entry entry = { 0, 0 };

    /* A byte each: 4080 less 20 of the head. */
    entry_block_begin(&maker, &first);
    while (entry_block_put(&maker, &entry))
        entry.security_id++;
    cr_expect_eq(entry.security_id, 4060, "%" PRId64, entry.security_id);
    cr_expect_eq(entry_block_end(&maker, NULL).len, 4080);

    /* One of two bytes, where one is left. */
    entry_block_begin(&maker, &first);
    for (entry.security_id = 0; entry.security_id < 4059; entry.security_id++)
        cr_assert(entry_block_put(&maker, &entry));
    entry.security_id += 100;
    cr_expect(!entry_block_put(&maker, &entry));
    entry.security_id -= 100;
    cr_expect(entry_block_put(&maker, &entry));
    cr_expect_eq(entry_block_end(&maker, &(struct entry){ 0, 4060 }).len, 4080);
}

Test(entry_block, needs_few_bytes)
{
    static const struct {
        const char *name;
        uint64_t apart; /* terms */
        int64_t securities;
        size_t bytes;
    } cases[] = {
        /* 100,000 values of an attribute, of 10,000 securities */
        { "a value of its own", 2684, 10000, 4 },
        /* ten values of 10,000 securities */
        { "a common value", 0, 10, 1 },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct entry before = { 5, 5 };
        struct entry entry = { 5 + cases[i].apart, 5 + cases[i].securities };

        cr_expect_eq(entry_bytes(&before, &entry), cases[i].bytes, "%s: %zu",
                     cases[i].name, entry_bytes(&before, &entry));
    }
}

Test(entry_block, notices_every_changed_bit_and_cut)
{
    static const struct entry entries[] = { { 0, 5 }, { 300, 7 }, { 300, 9 } };
    static const struct entry next = { 301, 0 };
    struct entry_block_maker maker;
    struct entry_block block;
    struct str value = make(&maker, &first, &next, entries, COUNT(entries));
    char bytes[64], key[ENTRY_KEY_BYTES] = { 0 };
    struct str changed = { bytes, value.len };

    cr_assert_leq(value.len, sizeof bytes);
    memcpy(bytes, value.data, value.len);
    cr_assert_null(
        entry_block_open((struct str){ key, sizeof key }, changed, &block));
    for (size_t bit = 0; bit < 8 * value.len; bit++) {
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        cr_expect_not_null(
            entry_block_open((struct str){ key, sizeof key }, changed, &block),
            "bit %zu", bit);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t bit = 0; bit < 8 * sizeof key; bit++) {
        key[bit / 8] = (char)(key[bit / 8] ^ (1 << bit % 8));
        cr_expect_not_null(
            entry_block_open((struct str){ key, sizeof key }, changed, &block),
            "bit %zu of the key", bit);
        key[bit / 8] = (char)(key[bit / 8] ^ (1 << bit % 8));
    }
    for (changed.len = 0; changed.len < value.len; changed.len++)
        cr_expect_not_null(
            entry_block_open((struct str){ key, sizeof key }, changed, &block),
            "cut at %zu", changed.len);
    changed.len = value.len;
    cr_expect_not_null(
        entry_block_open((struct str){ key, sizeof key - 1 }, changed, &block),
        "cut key");
}

/* Open a block of these entries' bytes with its checksum put right, and take
 * all; what was wrong, or NULL. *sought is what a search for the last entry
 * that can be says. */
static const char *
fault_of(const struct entry *fence, const struct entry *next,
         struct str entries, const char **sought)
{
    static const struct entry last = { TERM_LAST, INT64_MAX };
    static unsigned char bytes[2 * BLOCK_BYTES_MAX];
    struct str value = { (const char *)bytes, ENTRY_HEAD_BYTES + entries.len };
    struct entry_key key = entry_key_of(fence), after = entry_key_of(next);
    struct entry entry;
    struct entry_block block;
    const char *fault;
    uint32_t crc;

    memcpy(bytes + 4, after.bytes, ENTRY_KEY_BYTES);
    memcpy(bytes + ENTRY_HEAD_BYTES, entries.data, entries.len);
    crc = crc32c(0, key.bytes, ENTRY_KEY_BYTES);
    put_le32(bytes, crc32c(crc, bytes + 4, value.len - 4));
    fault = *sought = entry_block_open(key_text(fence), value, &block);
    if (fault == NULL)
        (void)entry_block_seek(&block, &last, &entry, sought);
    fault = entry_block_open(key_text(fence), value, &block);
    while (fault == NULL && entry_block_next(&block, &entry, &fault))
        ;
    return fault;
}

#define MOST "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"  /* (2^63 - 1) << 1 */
#define LAST_TERM "\xff\xff\xff\xff\xff\xff\xff\xff\x1f" /* 2^60 - 1 on */

Test(entry_block, refuses_what_is_no_entry)
{
    static const char page[BLOCK_BYTES_MAX];
    static const struct entry at_5 = { 5, 5 }, at_6 = { 5, 6 };
    static const struct entry no_id = { 5, -1 }, no_term = { TERM_LAST + 1, 0 };
    const struct {
        const char *name;
        const struct entry *fence, *next;
        struct str entries;
        const char *words; /* NULL: it is sound */
        bool is_passed;    /* on the way to another term, unnoticed */
    } cases[] = {
        { "none", &first, &first, STR(""), NULL, false },
        { "the fence", &first, &first, STR("\x00"), NULL, false },
        { "the fence twice", &first, &first, STR("\x00\x00"), "malformed",
          true },
        { "one twice", &first, &first, STR("\x02\x00"), "malformed", true },
        { "the last", &first, &first, STR(MOST), NULL, false },
        { "behind the last", &first, &first, STR(MOST "\x02"), "malformed",
          true },
        { "past the last", &at_5, &first, STR(MOST), "malformed", true },
        { "the same term", &first, &first, STR("\x01\x01"), "malformed",
          false },
        { "the next term", &first, &first, STR("\x03\x01"), NULL, false },
        { "the last term", &first, &first, STR(LAST_TERM "\x00"), NULL, false },
        { "past the last term", &at_5, &first, STR(LAST_TERM "\x00"),
          "malformed", false },
        { "far past it", &at_5, &first,
          STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"), "malformed",
          false },
        { "no security", &first, &first, STR("\x03"), "malformed", false },
        { "a security too large", &first, &first,
          STR("\x03\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"), "malformed",
          true },
        { "a cut number", &first, &first, STR("\x80"), "malformed", false },
        { "before the next", &first, &at_6, STR("\x0b\x05"), NULL, false },
        { "the next's own", &first, &at_5, STR("\x0b\x05"), "after it", true },
        { "past the next", &first, &at_5, STR("\x0b\x06"), "after it", true },
        { "a next before it", &at_6, &at_5, STR(""), "would be before it",
          false },
        { "a next that it is", &at_5, &at_5, STR(""), "would be before it",
          false },
        { "a fence of no security", &no_id, &first, STR(""), "its key", false },
        { "a fence of no term", &no_term, &first, STR(""), "its key", false },
        { "a next of no security", &first, &no_id, STR(""), "after it is",
          false },
        { "a next of no term", &first, &no_term, STR(""), "after it is",
          false },
        { "too large",
          &first,
          &first,
          { page, sizeof page },
          "too large",
          false },
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *sought;
        const char *fault =
            fault_of(cases[i].fence, cases[i].next, cases[i].entries, &sought);

        cr_expect_eq(sought == NULL, fault == NULL || cases[i].is_passed,
                     "%s: a search: %s", cases[i].name, sought);
        if (cases[i].words == NULL)
            cr_expect_null(fault, "%s: %s", cases[i].name, fault);
        else
            cr_expect(fault != NULL && strstr(fault, cases[i].words) != NULL,
                      "%s: %s", cases[i].name, fault);
    }
}

Test(entry_block, is_named_for_people)
{
    static const struct {
        struct entry fence;
        const char *text;
    } cases[] = {
        { { 0, 0 }, "attribute 0 hash 0000000 security 0" },
        { { 0x3abcdef1, 17 }, "attribute 3 hash abcdef1 security 17" },
        { { TERM_LAST, INT64_MAX },
          "attribute 4294967295 hash fffffff security 9223372036854775807" },
    };
    char text[ENTRY_TEXT_BYTES];

    for (size_t i = 0; i < COUNT(cases); i++) {
        entry_print(&cases[i].fence, text);
        cr_expect_str_eq(text, cases[i].text, "%s", text);
    }
}
