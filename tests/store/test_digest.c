/* SHA-256, whole and in pieces. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/digest.h"

/* FIPS 180-2's own examples. */
static const struct {
    const char *text, *hex;
} cases[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
};

static void
expect_hex(const unsigned char *digest, const char *hex, const char *name)
{
    char text[2 * DIGEST_BYTES + 1];

    for (size_t i = 0; i < DIGEST_BYTES; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    cr_expect_str_eq(text, hex, "\"%s\": %s", name, text);
}

Test(digest, is_the_same_in_pieces)
{
    struct digester *digester = digester_new();

    cr_assert_not_null(digester);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        unsigned char digest[DIGEST_BYTES];
        struct str text = str_of(cases[c].text);

        cr_assert_eq(digester_hash(digester, text, digest), OK);
        expect_hex(digest, cases[c].hex, cases[c].text);
        digester_begin(digester);
        for (size_t i = 0; i < text.len; i++)
            digester_add(digester, (struct str){ text.data + i, 1 });
        digester_add(digester, (struct str){ NULL, 0 });
        cr_assert_eq(digester_end(digester, digest), OK);
        expect_hex(digest, cases[c].hex, cases[c].text);
    }
    digester_free(digester);
}
