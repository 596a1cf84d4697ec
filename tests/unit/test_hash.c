/* Keyed hashes: SipHash-1-3's own values, and what the seed is for. */
#include <criterion/criterion.h>

#include "secmaster/hash.h"

/* CPython's, whose hash of bytes is SipHash-1-3, with PYTHONHASHSEED=0. */
Test(hash, is_siphash_1_3)
{
    static const struct {
        struct str text;
        uint64_t hash;
    } cases[] = {
        { { "a", 1 }, 0x407448d2b89b1813 },
        { { "ticker", 6 }, 0xe94d57566be028aa },
        { { "\xff\0", 2 }, 0x64285381e352a3f2 },
        { { "12345678", 8 }, 0x3489982430560a87 },
        { { "123456789abcdefg", 16 }, 0x2b1aa8d688793027 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t got = hash_str(0, cases[i].text);

        cr_expect_eq(got, cases[i].hash, "row %zu: %lx", i, got);
    }
    cr_expect_eq(hash_pair(0, 5, 7), 0x873e45ff3580a3a7);
    cr_expect_eq(hash_str(0, (struct str){ NULL, 0 }), hash_str(0, STR("")));
}

Test(hash, another_seed_is_another_hash)
{
    static const uint64_t seeds[] = { 0, 1, 1UL << 32, 1UL << 63, UINT64_MAX };
    enum { COUNT = sizeof seeds / sizeof seeds[0] };

    for (size_t a = 0; a < COUNT; a++) {
        for (size_t b = 0; b < a; b++) {
            cr_expect_neq(hash_str(seeds[a], STR("a")),
                          hash_str(seeds[b], STR("a")), "%zu, %zu", a, b);
            cr_expect_neq(hash_pair(seeds[a], 1, 2), hash_pair(seeds[b], 1, 2),
                          "%zu, %zu", a, b);
        }
    }
}
