/* The journal's bytes: what is written reads back, what is not is refused. */
#include <criterion/criterion.h>
#include <string.h>

#include "src/store/journal_format.h"
#include "tests/support/batch_maker.h"

static const unsigned char previous[DIGEST_BYTES] = { 1, 2, 3, [31] = 32 };

static void
encode(struct out *out, const struct batch_maker *maker)
{
    out_init(out, SIZE_MAX);
    batch_encode(out, &maker->batch, previous);
    cr_assert_eq(out_finish(out), OK);
}

/* Byte by byte as docs/storage.md draws it: this may never change. */
Test(journal_format, writes_these_bytes_for_ever)
{
    static const unsigned char expected[] = {
        'S',  'M',  'j',  'b',                          /* magic */
        1,    0,                                        /* format */
        1,    0,                                        /* kind */
        7,    0,    0,    0,    0,    0,    0,    0,    /* tx */
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, /* recorded_at */
        2,    0,    0,    0,                            /* records */
        2,    0,    0,    0,                            /* facts */
        2,    0,    0,    0,                            /* securities */
        1,    0,    0,    0,                            /* parts */
        22,   0,    0,    0,    0,    0,    0,    0,    /* bytes of records */
        1,    0,    0,    0,                            /* displaced */
        2,    0,    0,    0,                            /* sources */
        2,    0,                                        /* bytes of the key */
        0,    0,                                        /* reserved */
        1,    2,    3,    0,    0,    0,    0,    0,    /* digest before */
        0,    0,    0,    0,    0,    0,    0,    0,    /* goes on */
        0,    0,    0,    0,    0,    0,    0,    0,    /* goes on */
        0,    0,    0,    0,    0,    0,    0,    32,   /* ends */
        0,    0,    0,    0,    4,    1,    0,    0,    /* sources: 0, 260 */
        'i',  'd',                                      /* idempotency key */
        1,    0xac, 0x02, 1,    4,                      /* a record */
        3,    0,    1,    '7',                          /* its payload */
        1,    5,    0x88, 0x27, 8,                      /* a record */
        3,    0,    5,    '-',  '1',  'e',  '-',  '7',  /* its payload */
        1,    1,                                        /* displaced: 1 to 0 */
    };
    static const uint32_t sources[] = { 0, 260 };
    static const struct displaced displaced[] = { { 1, 0 } };
    struct batch_maker maker;
    struct out out;

    maker_init(&maker, 7, -1);
    maker_fact(&maker, 300, -1, "7");
    maker_fact(&maker, 5, 2500, "-1e-7");
    maker.batch.info.sources = sources;
    maker.batch.info.source_count = 2;
    maker.batch.info.idempotency_key = STR("id");
    maker.batch.displaced = displaced;
    maker.batch.displaced_count = 1;
    encode(&out, &maker);
    cr_expect_eq(out.len, sizeof expected, "%zu bytes", out.len);
    for (size_t i = 0; i < out.len && i < sizeof expected; i++)
        cr_expect_eq((unsigned char)out.data[i], expected[i],
                     "byte %zu: %02x, not %02x", i, (unsigned char)out.data[i],
                     expected[i]);
    out_fini(&out);
    maker_fini(&maker);
}

Test(journal_format, records_read_back)
{
    static const struct {
        int64_t security;
        int32_t days;
        size_t payload_bytes;
    } cases[] = {
        { 0, 0, 1 },
        { 127, -1, 127 },
        { 128, 63, 128 },
        { 9007199254740993, 64, 300 },
        { INT64_MAX, DATE_FIRST_DAYS, 70000 },
        { 1, DATE_LAST_DAYS, 2 },
    };
    static char bytes[70000];
    struct batch_maker maker;
    struct batch_body body;
    struct record got;
    const char *fault;
    struct out out;
    size_t i = 0;

    for (size_t b = 0; b < sizeof bytes; b++)
        bytes[b] = (char)(b * 7);
    maker_init(&maker, UINT64_MAX - 1, INT64_MAX);
    for (; i < sizeof cases / sizeof cases[0]; i++)
        maker_record(&maker, cases[i].security, cases[i].days,
                     (struct str){ bytes, cases[i].payload_bytes });
    encode(&out, &maker);
    cr_assert_null(batch_decode(out_text(&out), &body));
    cr_expect_eq(body.head.info.tx, UINT64_MAX - 1);
    cr_expect_eq(body.head.info.recorded_at.us, INT64_MAX);
    cr_expect_eq(body.head.records, i);
    cr_expect_eq(memcmp(body.head.previous, previous, DIGEST_BYTES), 0);
    for (i = 0; batch_record_next(&body.records, 9, &got, &fault); i++) {
        cr_expect_eq(got.security_id, cases[i].security, "record %zu", i);
        cr_expect_eq(got.effective.days, cases[i].days, "record %zu", i);
        cr_expect_eq(got.tx, 9, "record %zu", i);
        cr_expect(str_equal(got.payload,
                            (struct str){ bytes, cases[i].payload_bytes }),
                  "record %zu", i);
    }
    cr_expect_null(fault);
    cr_expect_eq(i, sizeof cases / sizeof cases[0]);
    out_fini(&out);
    maker_fini(&maker);
}

Test(journal_format, displaced_facts_read_back)
{
    static const struct displaced displaced[] = {
        { 0, 7 }, { 1, 0 }, { 4, 4 }, { 5, UINT32_MAX }, { UINT32_MAX, 0 },
    };
    struct batch_maker maker;
    struct batch_body body;
    struct displaced got;
    const char *fault;
    uint32_t last = 0;
    struct out out;
    size_t i = 0;

    maker_init(&maker, 1, 0);
    maker.batch.displaced = displaced;
    maker.batch.displaced_count = sizeof displaced / sizeof displaced[0];
    encode(&out, &maker);
    cr_assert_null(batch_decode(out_text(&out), &body));
    cr_expect_eq(body.head.displaced, maker.batch.displaced_count);
    for (; batch_displaced_next(&body.displaced, &last, &got, &fault); i++) {
        cr_expect_eq(got.sequence, displaced[i].sequence, "number %zu", i);
        cr_expect_eq(got.ordinal, displaced[i].ordinal, "number %zu", i);
    }
    cr_expect_null(fault);
    cr_expect_eq(i, maker.batch.displaced_count);
    out_fini(&out);
    maker_fini(&maker);
}

Test(journal_format, refuses_a_malformed_header)
{
    static const struct {
        const char *name;
        size_t at;
        unsigned char byte;
        bool is_good;
    } cases[] = {
        { "untouched", 4, 1, true },
        { "magic", 0, 'X', false },
        { "newer format", 4, 2, false },
        { "format 0", 4, 0, false },
        { "format 257", 5, 1, false },
        { "another kind", 6, BATCH_PRECEDENCE, true },
        { "unknown kind", 6, 200, false },
        { "kind 256", 7, 1, false },
        { "kind 0", 6, 0, false },
        { "no parts", 36, 0, false },
        { "key over 255 bytes", 57, 1, false },
        { "key past the end", 56, 200, false },
        { "reserved", 58, 1, false },
        { "reserved, high", 59, 1, false },
        { "records past the end", 40, 200, false },
        { "records past all ends", 47, 255, false },
        { "sources past the end", 52, 200, false },
    };
    struct batch_maker maker;
    struct batch_body body;
    struct out out;

    maker_init(&maker, 1, 0);
    maker_fact(&maker, 1, 1, "1");
    encode(&out, &maker);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char kept = out.data[cases[i].at];
        const char *fault;

        out.data[cases[i].at] = (char)cases[i].byte;
        fault = batch_decode(out_text(&out), &body);
        cr_expect_eq(fault == NULL, cases[i].is_good, "%s: %s", cases[i].name,
                     fault == NULL ? "taken" : fault);
        out.data[cases[i].at] = kept;
    }
    for (size_t len = 0; len < out.len; len++)
        cr_expect_not_null(batch_decode((struct str){ out.data, len }, &body),
                           "%zu bytes", len);
    out_fini(&out);
    maker_fini(&maker);
}

Test(journal_format, refuses_a_malformed_record)
{
    static const struct {
        const char *name;
        struct str bytes;
        bool is_good;
    } cases[] = {
        { "a record", { "\x01\x01\x02\x01p", 5 }, true },
        { "an empty payload", { "\x01\x01\x02\x00", 4 }, true },
        { "kind only", { "\x01", 1 }, false },
        { "positions", { "\x02\x01\x02\x01p", 5 }, true },
        { "no positions", { "\x02\x01\x02\x00", 4 }, true },
        { "unknown kind", { "\x09\x01\x02\x01p", 5 }, false },
        { "security only", { "\x01\x01", 2 }, false },
        { "no length", { "\x01\x01\x02", 3 }, false },
        { "payload cut", { "\x01\x01\x02\x02p", 5 }, false },
        { "security 2^63",
          { "\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x02\x01p", 14 },
          false },
        { "year 10000", { "\x01\x01\xc2\x82\xe6\x02\x01p", 8 }, false },
        { "31 December 9999", { "\x01\x01\xc0\x82\xe6\x02\x01p", 8 }, true },
        { "year 0", { "\x01\x01\xf5\xe4\x57\x01p", 7 }, false },
        { "1 January 0001", { "\x01\x01\xf3\xe4\x57\x01p", 7 }, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str left = cases[i].bytes;
        struct record record;
        const char *fault;
        bool is_there = batch_record_next(&left, 1, &record, &fault);

        cr_expect_eq(is_there, cases[i].is_good, "%s", cases[i].name);
        cr_expect_eq(fault == NULL, cases[i].is_good, "%s", cases[i].name);
        cr_expect(!cases[i].is_good || left.len == 0, "%s", cases[i].name);
    }
}

Test(journal_format, refuses_malformed_displaced_facts)
{
    static const struct {
        const char *name;
        uint32_t last;
        struct str bytes;
        bool is_good;
    } cases[] = {
        { "one", 0, { "\x05\x02", 2 }, true },
        { "cut", 0, { "\x05", 1 }, false },
        { "below 0", 0, { "\x00\x01", 2 }, false },
        { "just 0", 0, { "\x01\x01", 2 }, true },
        { "sequence over 32 bits", UINT32_MAX, { "\x01\x00", 2 }, false },
        { "sequence of 32 bits", UINT32_MAX, { "\x00\x00", 2 }, true },
        { "ordinal over 32 bits", UINT32_MAX, { "\x00\x02", 2 }, false },
        { "distance over all bits",
          0,
          { "\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11 },
          false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str left = cases[i].bytes;
        uint32_t last = cases[i].last;
        struct displaced got;
        const char *fault;

        cr_expect_eq(batch_displaced_next(&left, &last, &got, &fault),
                     cases[i].is_good, "%s", cases[i].name);
        cr_expect_eq(fault == NULL, cases[i].is_good, "%s", cases[i].name);
    }
}

Test(journal_format, names_read_back_or_are_refused)
{
    const struct name_change name = { NAMES_ATTRIBUTES, 70000, STR("price"), 5,
                                      TX_NEVER };
    unsigned char key_bytes[NAME_KEY_BYTES];
    struct str key = { (const char *)key_bytes, sizeof key_bytes };
    struct name_change got;
    struct out out;

    out_init(&out, SIZE_MAX);
    name_key_encode(key_bytes, name.space, name.id);
    name_encode(&out, &name);
    cr_assert_null(name_decode(key, out_text(&out), &got));
    cr_expect_eq(got.space, name.space);
    cr_expect_eq(got.id, name.id);
    cr_expect_eq(got.first_assertion, 5);
    cr_expect_eq(got.first_retraction, TX_NEVER);
    cr_expect(str_equal(got.text, name.text));

    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        out.data[bit / 8] = (char)(out.data[bit / 8] ^ (1 << bit % 8));
        cr_expect_not_null(name_decode(key, out_text(&out), &got), "bit %zu",
                           bit);
        out.data[bit / 8] = (char)(out.data[bit / 8] ^ (1 << bit % 8));
    }
    key_bytes[4] ^= 1;
    cr_expect_not_null(name_decode(key, out_text(&out), &got), "another id");
    key_bytes[4] ^= 1;
    key.len--;
    cr_expect_not_null(name_decode(key, out_text(&out), &got), "a short key");
    out_fini(&out);
}

Test(journal_format, part_keys_order_as_numbers)
{
    static const struct {
        uint64_t tx;
        uint32_t part;
    } cases[] = {
        { 1, 0 },     { 1, 1 },          { 1, 255 }, { 1, 256 },
        { 2, 0 },     { 255, 0 },        { 256, 0 }, { 256, UINT32_MAX },
        { 65536, 1 }, { UINT64_MAX, 0 },
    };
    unsigned char last[PART_KEY_BYTES] = { 0 };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char key[PART_KEY_BYTES];
        uint64_t tx;
        uint32_t part;

        part_key_encode(key, cases[i].tx, cases[i].part);
        cr_expect_gt(memcmp(key, last, sizeof key), 0, "case %zu", i);
        memcpy(last, key, sizeof last);
        cr_assert(part_key_decode((struct str){ (char *)key, sizeof key }, &tx,
                                  &part));
        cr_expect_eq(tx, cases[i].tx, "case %zu", i);
        cr_expect_eq(part, cases[i].part, "case %zu", i);
    }
}
