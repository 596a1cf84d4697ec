/* A key that a vendor repeats is put out, however it is spelled. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "src/pipeline/key_mask.h"

#define KEY "abc+77/ABC==%\"16"
#define STARS16 "****************"

static_assert(sizeof KEY - 1 == KEY_MASKED_BYTES_MIN, "the shortest there is");

Test(key_mask, puts_out_every_spelling_and_nothing_else)
{
    static const struct {
        const char *text, *masked;
    } rows[] = {
        { "", "" },
        { KEY, STARS16 },
        { "x" KEY "y", "x" STARS16 "y" },
        { KEY KEY, STARS16 STARS16 },
        { "abc" KEY, "abc" STARS16 },
        { "k=abc%2B77%2FABC%3D%3D%25%2216&l", "k=" STARS16 "************"
                                              "&l" },
        { "k=abc%2b77%2fABC%3d%3d%25%2216", "k=" STARS16 "************" },
        { "%61bc+77/ABC==%\"16", "**" STARS16 },
        { "{\"k\":\"abc+77\\/ABC==%\\\"16\"}", "{\"k\":\"**" STARS16 "\"}" },
        { "abc+77/ABC==%\"1", "abc+77/ABC==%\"1" },
        { "abc+77/ABC==%\"17", "abc+77/ABC==%\"17" },
        { "ABC+77/abc==%\"16", "ABC+77/abc==%\"16" },
        { "abc%2", "abc%2" },
        { "abc\\", "abc\\" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t len = strlen(rows[i].text);
        char *text = strdup(rows[i].text);

        key_mask(STR(KEY), text, len);
        cr_expect_str_eq(text, rows[i].masked, "%s: %s", rows[i].text, text);
        free(text);
    }
}

Test(key_mask, goes_to_the_length_given_and_no_further)
{
    char text[] = KEY KEY;

    key_mask(STR(KEY), text, 2 * KEY_MASKED_BYTES_MIN - 1);
    cr_expect_str_eq(text, STARS16 KEY, "%s", text);
}

Test(key_mask, leaves_words_alone_that_a_short_key_is)
{
    char text[] = "{\"name\":\"fifteen letters\"}";

    key_mask(STR("fifteen letters"), text, strlen(text));
    cr_expect_str_eq(text, "{\"name\":\"fifteen letters\"}", "%s", text);
    key_mask((struct str){ NULL, 0 }, text, strlen(text));
    cr_expect_str_eq(text, "{\"name\":\"fifteen letters\"}", "%s", text);
}
