/* CRC-32C: known answers, both ways of computing it. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/crc32c.h"

static const struct {
    const char *name;
    uint32_t (*crc)(uint32_t, const void *, size_t);
} ways[] = {
    { "chosen", crc32c },
    { "portable", crc32c_portable },
};

enum { WAYS = sizeof ways / sizeof ways[0] };

Test(crc32c, gives_the_answers_of_rfc_3720)
{
    unsigned char zeros[32] = { 0 }, ones[32], up[32], down[32];
    const struct {
        const char *name;
        const void *data;
        size_t len;
        uint32_t crc;
    } cases[] = {
        { "nothing", NULL, 0, 0 },
        { "check", "123456789", 9, 0xe3069283 },
        { "zeros", zeros, 32, 0x8a9136aa },
        { "ones", ones, 32, 0x62a8ab43 },
        { "up", up, 32, 0x46dd794e },
        { "down", down, 32, 0x113fdb5c },
    };

    memset(ones, 0xff, sizeof ones);
    for (unsigned i = 0; i < 32; i++) {
        up[i] = (unsigned char)i;
        down[i] = (unsigned char)(31 - i);
    }
    for (size_t way = 0; way < WAYS; way++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            uint32_t got = ways[way].crc(0, cases[i].data, cases[i].len);

            cr_expect_eq(got, cases[i].crc, "%s, %s: %08x", ways[way].name,
                         cases[i].name, got);
        }
    }
}

/* The definition: a bit at a time. */
static uint32_t
crc_by_bits(const unsigned char *data, size_t len)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < len * 8; i++) {
        uint32_t bit = (crc ^ (uint32_t)data[i / 8] >> (i % 8)) & 1;

        crc = crc >> 1 ^ (bit != 0 ? 0x82f63b78 : 0);
    }
    return ~crc;
}

/* Bytes without a pattern that a table could hide in. */
static void
scramble(unsigned char *data, size_t len)
{
    uint32_t state = 12345;

    for (size_t i = 0; i < len; i++) {
        state = state * 1664525 + 1013904223;
        data[i] = (unsigned char)(state >> 24);
    }
}

Test(crc32c, agrees_with_the_definition_at_any_length_and_address)
{
    unsigned char data[80];

    scramble(data, sizeof data);
    for (size_t way = 0; way < WAYS; way++) {
        for (size_t at = 0; at < 8; at++) {
            for (size_t len = 0; len <= 72; len++) {
                uint32_t got = ways[way].crc(0, data + at, len);

                cr_expect_eq(got, crc_by_bits(data + at, len),
                             "%s, %zu bytes at %zu: %08x", ways[way].name, len,
                             at, got);
            }
        }
    }
}

/* What is taken in parts side by side, and its rests. */
Test(crc32c, agrees_with_the_definition_at_great_lengths)
{
    static const size_t lengths[] = { 191,  192,  193,  383,  384,  575,  576,
                                      767,  768,  769,  959,  960,  1535, 1536,
                                      1537, 2304, 4053, 4080, 10007 };
    static unsigned char data[10007];

    scramble(data, sizeof data);
    for (size_t way = 0; way < WAYS; way++) {
        for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
            const size_t len = lengths[i];
            const unsigned char *from = data + sizeof data - len;
            uint32_t got = ways[way].crc(0, from, len);

            cr_expect_eq(got, crc_by_bits(from, len), "%s, %zu bytes: %08x",
                         ways[way].name, len, got);
        }
    }
}

Test(crc32c, every_byte_in_every_place_of_eight)
{
    for (size_t way = 0; way < WAYS; way++) {
        for (unsigned n = 0; n < 8 * 256; n++) {
            unsigned char data[8] = { 0 };
            uint32_t got;

            data[n / 256] = (unsigned char)n;
            got = ways[way].crc(0, data, sizeof data);
            cr_expect_eq(got, crc_by_bits(data, sizeof data),
                         "%s, %02x at %u: %08x", ways[way].name, n % 256,
                         n / 256, got);
        }
    }
}

Test(crc32c, goes_on_where_it_stopped)
{
    unsigned char data[64];
    uint32_t whole;

    scramble(data, sizeof data);
    whole = crc_by_bits(data, sizeof data);
    for (size_t way = 0; way < WAYS; way++) {
        for (size_t cut = 0; cut <= sizeof data; cut++) {
            uint32_t got = ways[way].crc(0, data, cut);

            got = ways[way].crc(got, data + cut, sizeof data - cut);
            cr_expect_eq(got, whole, "%s, cut at %zu: %08x", ways[way].name,
                         cut, got);
        }
    }
}
