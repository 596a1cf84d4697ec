/* Positions as a payload: what is put comes out, and damage is no end. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/positionset.h"

static const struct positionset_item items[] = {
    { 0, { "1", 1 } },
    { 127, { "-0.10", 5 } },
    { 128, { "9007199254740993", 16 } },
    { INT64_MAX, { "1e400", 5 } },
    { 0, { "1", 1 } },
};
#define ITEMS (sizeof items / sizeof items[0])

Test(positionset, gives_back_what_was_put_in_order)
{
    static char longest[VALUE_BYTES_MAX];
    struct positionset_item got, last = { 7, { longest, sizeof longest } };
    struct out out;
    struct str payload;
    enum err err;

    memset(longest, '7', sizeof longest);
    out_init(&out, SIZE_MAX);
    for (size_t i = 0; i < ITEMS; i++)
        positionset_put(&out, &items[i]);
    positionset_put(&out, &last);
    cr_assert_eq(out_finish(&out), OK);
    payload = out_text(&out);
    for (size_t i = 0; i <= ITEMS; i++) {
        const struct positionset_item *item = i < ITEMS ? &items[i] : &last;

        cr_assert(positionset_next(&payload, &got, &err), "item %zu", i);
        cr_expect_eq(got.security_id, item->security_id, "item %zu", i);
        cr_expect(str_equal(got.quantity, item->quantity), "item %zu", i);
    }
    cr_expect_not(positionset_next(&payload, &got, &err));
    cr_expect_eq(err, OK);
    out_fini(&out);
}

Test(positionset, damage_is_an_error_and_not_an_end)
{
    const struct {
        const char *name;
        struct str payload;
        int whole; /* positions before it ends */
        enum err err;
    } payloads[] = {
        { "nothing", STR(""), 0, OK },
        { "one", STR("\x05\x02-7"), 1, OK },
        { "a security alone", STR("\x05"), 0, ERR_STORE },
        { "no quantity", STR("\x05\x00"), 0, ERR_STORE },
        { "a quantity cut short", STR("\x05\x02-"), 0, ERR_STORE },
        { "the second cut short", STR("\x05\x02-7\x06"), 1, ERR_STORE },
        { "an id of 2^63",
          STR("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01\x37"), 0,
          ERR_STORE },
        { "the greatest id",
          STR("\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x37"), 1, OK },
        { "a quantity of 64 KiB and one", STR("\x05\x81\x80\x04"), 0,
          ERR_STORE },
    };

    for (size_t i = 0; i < sizeof payloads / sizeof payloads[0]; i++) {
        struct str payload = payloads[i].payload;
        struct positionset_item got;
        enum err err;
        int whole = 0;

        while (positionset_next(&payload, &got, &err))
            whole++;
        cr_expect_eq(whole, payloads[i].whole, "%s: %d", payloads[i].name,
                     whole);
        cr_expect_eq(err, payloads[i].err, "%s: err %d", payloads[i].name,
                     (int)err);
    }
}
