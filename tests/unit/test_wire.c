/* Integers as bytes. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/wire.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

Test(wire, fixed_widths_have_their_byte_order)
{
    unsigned char bytes[8];

    put_be32(bytes, 0x01020384);
    cr_expect_eq(memcmp(bytes, "\x01\x02\x03\x84", 4), 0);
    cr_expect_eq(get_be32(bytes), 0x01020384);
    put_be64(bytes, 0x8102030405060788);
    cr_expect_eq(memcmp(bytes, "\x81\x02\x03\x04\x05\x06\x07\x88", 8), 0);
    cr_expect_eq(get_be64(bytes), 0x8102030405060788);
    put_le16(bytes, 0x8102);
    cr_expect_eq(memcmp(bytes, "\x02\x81", 2), 0);
    cr_expect_eq(get_le16(bytes), 0x8102);
    put_le32(bytes, 0x81020384);
    cr_expect_eq(memcmp(bytes, "\x84\x03\x02\x81", 4), 0);
    cr_expect_eq(get_le32(bytes), 0x81020384);
    put_le64(bytes, 0x8102030405060788);
    cr_expect_eq(memcmp(bytes, "\x88\x07\x06\x05\x04\x03\x02\x81", 8), 0);
    cr_expect_eq(get_le64(bytes), 0x8102030405060788);
}

Test(wire, varints_take_seven_bits_a_byte)
{
    static const struct {
        uint64_t number;
        struct str bytes;
    } cases[] = {
        { 0, S("\x00") },
        { 1, S("\x01") },
        { 127, S("\x7f") },
        { 128, S("\x80\x01") },
        { 300, S("\xac\x02") },
        { 16383, S("\xff\x7f") },
        { 16384, S("\x80\x80\x01") },
        { INT64_MAX, S("\xff\xff\xff\xff\xff\xff\xff\xff\x7f") },
        { UINT64_MAX, S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsigned char bytes[VARINT_BYTES_MAX + 1];
        size_t len = put_varint(bytes, cases[i].number);
        struct str from = { (const char *)bytes, len + 1 };
        uint64_t back = 99;

        bytes[len] = 0xee;
        cr_assert_eq(len, cases[i].bytes.len, "row %zu: %zu bytes", i, len);
        cr_expect_eq(memcmp(bytes, cases[i].bytes.data, len), 0, "row %zu", i);
        cr_expect(take_varint(&from, &back), "row %zu", i);
        cr_expect_eq(back, cases[i].number, "row %zu", i);
        cr_expect(from.len == 1 && *from.data == '\xee', "row %zu: rest", i);
    }
}

Test(wire, varints_cut_or_too_large_are_refused)
{
    static const struct str cases[] = {
        { NULL, 0 },
        S("\x80"),
        S("\xff\xff\xff"),
        S("\x80\x80\x80\x80\x80\x80\x80\x80\x80"),
        S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        S("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
        S("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00"),
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str from = cases[i];
        uint64_t out = 99;

        cr_expect_not(take_varint(&from, &out), "row %zu: %llu", i,
                      (unsigned long long)out);
        cr_expect_eq(from.len, cases[i].len, "row %zu: took bytes", i);
        cr_expect_eq(out, 99, "row %zu: set", i);
    }
}

Test(wire, zigzag_keeps_small_numbers_small)
{
    static const struct {
        int64_t number;
        uint64_t coded;
    } cases[] = {
        { 0, 0 },
        { -1, 1 },
        { 1, 2 },
        { -2, 3 },
        { INT64_MAX, UINT64_MAX - 1 },
        { INT64_MIN, UINT64_MAX },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cr_expect_eq(zigzag(cases[i].number), cases[i].coded, "row %zu", i);
        cr_expect_eq(unzigzag(cases[i].coded), cases[i].number, "row %zu", i);
    }
}
