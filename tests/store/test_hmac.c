/* HMAC-SHA256 against the vectors of RFC 4231. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/hmac.h"

#define TWENTY_0B                                                              \
    "\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b" \
    "\x0b\x0b"

Test(hmac, is_that_of_the_standard)
{
    static const struct {
        const char *key, *pieces[3], *mac;
    } rows[] = {
        { TWENTY_0B,
          { "Hi There", "", "" },
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { TWENTY_0B,
          { "Hi", " ", "There" },
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
        { "Jefe",
          { "what do ya want ", "for nothing?", "" },
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct str pieces[] = { str_of(rows[i].pieces[0]),
                                      str_of(rows[i].pieces[1]),
                                      str_of(rows[i].pieces[2]) };
        unsigned char mac[DIGEST_BYTES];
        char text[2 * DIGEST_BYTES + 1];

        cr_assert_eq(hmac_sha256(str_of(rows[i].key), pieces, 3, mac), OK);
        for (size_t j = 0; j < DIGEST_BYTES; j++)
            snprintf(text + 2 * j, 3, "%02x", mac[j]);
        cr_expect_str_eq(text, rows[i].mac, "row %zu", i);
    }
}

Test(hmac, texts_are_compared_whole)
{
    static const struct {
        const char *a, *b;
        bool is_equal;
    } rows[] = {
        { "", "", true },       { "abc", "abc", true }, { "abc", "abd", false },
        { "abc", "ab", false }, { "", "a", false },     { "abc", "xbc", false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(hmac_equal(str_of(rows[i].a), str_of(rows[i].b)),
                     rows[i].is_equal, "%s, %s", rows[i].a, rows[i].b);
}
