/* Base64, both ways and nothing else. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/base64.h"

Test(base64, is_read_as_it_is_written)
{
    static const struct {
        const char *bytes, *text;
    } rows[] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
        { "\xfb\xff\xbf", "+/+/" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str bytes = str_of(rows[i].bytes), text = str_of(rows[i].text);
        unsigned char back[16];
        char out[16];
        size_t len;

        cr_assert_eq(BASE64_BYTES(bytes.len), text.len, "%s", rows[i].text);
        base64_encode(bytes, out);
        cr_expect_eq(memcmp(out, text.data, text.len), 0, "%s", rows[i].text);
        cr_expect_eq(base64_decode(text, back, bytes.len, &len), OK, "%s",
                     rows[i].text);
        cr_expect_eq(len, bytes.len, "%s", rows[i].text);
        cr_expect_eq(memcmp(back, bytes.data, len), 0, "%s", rows[i].text);
        if (bytes.len > 0)
            cr_expect_eq(base64_decode(text, back, bytes.len - 1, &len),
                         ERR_TOO_LARGE, "%s", rows[i].text);
    }
}

Test(base64, other_texts_are_refused)
{
    static const char *const rows[] = {
        "Z",    "Zg",   "Zg=",  "Zm8",      "=",        "==",
        "====", "Z===", "Zh==", "Zm9=",     "Zm9v=",    "Zm9v====",
        "Zm-v", "Zm_v", "Zm v", "Zg==Zg==", " Zm9vYg=", "Zm9\xc3",
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned char out[16];
        size_t len;

        cr_expect_eq(base64_decode(str_of(rows[i]), out, sizeof out, &len),
                     ERR_INVALID, "%s", rows[i]);
    }
}
