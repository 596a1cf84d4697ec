/* Doors for vendors: what their secrets and paths may be. */
#include <criterion/criterion.h>
#include <string.h>

#include "api/webhook_doors.h"

#define OLD_SECRET "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

Test(webhook_doors, secrets_are_read_strictly)
{
    static const struct {
        const char *text;
        size_t keys; /* 0: refused */
    } rows[] = {
        { SECRET, 1 },
        { OLD_SECRET " " SECRET, 2 },
        { " " SECRET "  ", 1 },
        { "", 0 },
        { " ", 0 },
        { "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0 },
        { "whsec_", 0 },
        { "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY=", 0 },
        { "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRY!", 0 },
        { SECRET " x", 0 },
        { SECRET "," SECRET, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct webhook_door door = { 0 };
        struct why why = { "" };
        enum err err = webhook_keys_read(str_of(rows[i].text), &door, &why);

        cr_expect_eq(err, rows[i].keys > 0 ? OK : ERR_INVALID, "%s",
                     rows[i].text);
        if (err == OK)
            cr_expect_eq(door.key_count, rows[i].keys, "%s", rows[i].text);
        cr_expect_null(strstr(why.text, "AAEC"), "%s", why.text);
    }
}

Test(webhook_doors, a_path_is_one_segment)
{
    static const struct {
        const char *text;
        enum err err;
    } rows[] = {
        { "a", OK },
        { "AZaz09-._~", OK },
        { "", ERR_INVALID },
        { "a/b", ERR_INVALID },
        { "a b", ERR_INVALID },
        { "a%20", ERR_INVALID },
        { ".", ERR_INVALID },
        { "..", ERR_INVALID },
        { "...", OK },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct webhook_door door = { 0 };
        struct why why;

        cr_expect_eq(webhook_path_read(str_of(rows[i].text), &door, &why),
                     rows[i].err, "%s", rows[i].text);
    }
}
