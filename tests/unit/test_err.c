/* Words that go with an error code. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/err.h"

Test(err, why_keeps_the_words_and_gives_back_the_code)
{
    struct why why = { "before" };

    cr_expect_eq(why_set(&why, ERR_CONFLICT, "%s %d", "fact", 3), ERR_CONFLICT);
    cr_expect_str_eq(why.text, "fact 3");
    cr_expect_eq(why_set(NULL, ERR_BUSY, "%s", "nobody listens"), ERR_BUSY);
}

Test(err, why_is_cut_between_characters)
{
    static const struct {
        size_t ascii; /* then characters of two bytes until it is too long */
        size_t length;
    } cases[] = {
        { 1, 255 },
        { 0, 254 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[512] = "";
        struct why why;

        memset(text, 'x', cases[i].ascii);
        while (strlen(text) < 300)
            memcpy(text + strlen(text), "\xc3\xa9", 3);
        cr_expect_eq(why_set(&why, ERR_INVALID, "%s", text), ERR_INVALID);
        cr_expect_eq(strlen(why.text), cases[i].length, "%zu in front: %zu",
                     cases[i].ascii, strlen(why.text));
        cr_expect_eq(memcmp(why.text, text, cases[i].length), 0, "%zu in front",
                     cases[i].ascii);
    }
}

Test(err, why_keeps_exactly_255_bytes)
{
    char text[256];
    struct why why;

    memset(text, 'x', 255);
    text[255] = '\0';
    cr_expect_eq(why_set(&why, ERR_INVALID, "%s", text), ERR_INVALID);
    cr_expect_str_eq(why.text, text);
}
