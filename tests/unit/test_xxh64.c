/* XXH64: the answers that others publish, and every length. */
#include <criterion/criterion.h>

#include "secmaster/xxh64.h"

Test(xxh64, gives_the_published_answers)
{
    static const struct {
        const char *text;
        uint64_t hash;
    } cases[] = {
        { "", 0xef46db3751d8e999 },
        { "a", 0xd24ec4f1a98c6e5b },
        { "abc", 0x44bc2cf5ad770999 },
        { "foo", 0x33bf00a859c4ba3f },
        { "bar", 0x48a37c90ad27a659 },
        { "xxhash", 0x32dd38952c4bc720 },
        { "0123456789abcdefghijklmnopqrstuvwxyz", 0x69196c1b3af0bff9 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t got = hash_xxh64(str_of(cases[i].text));

        cr_expect_eq(got, cases[i].hash, "%s: %016llx", cases[i].text,
                     (unsigned long long)got);
    }
    cr_expect_eq(hash_xxh64((struct str){ NULL, 0 }), cases[0].hash);
}

/* One number over all lengths to 100, made by another program. */
Test(xxh64, takes_every_length_at_every_address)
{
    char data[108];

    for (size_t at = 0; at < 8; at++) {
        uint64_t folded = 0;

        for (size_t i = 0; i < 100; i++)
            data[at + i] = (char)(i * 151 + 7);
        for (size_t len = 0; len <= 100; len++)
            folded = folded * 31 + hash_xxh64((struct str){ data + at, len });
        cr_expect_eq(folded, 0xc325d93385bec603, "at %zu: %016llx", at,
                     (unsigned long long)folded);
    }
}

/* The pair that tests elsewhere take for two values of one hash. */
Test(xxh64, has_texts_that_collide)
{
    cr_expect_eq(hash_xxh64(STR("collidesWithThis")),
                 hash_xxh64(STR("DVDMSYDASftOUlab")));
}
