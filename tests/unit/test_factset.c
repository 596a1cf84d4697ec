/* Fact sets: what is put comes out, and damage is told from an end. */
#include <criterion/criterion.h>

#include "secmaster/factset.h"

static const struct factset_item items[] = {
    { 0, 0, FACT_ASSERT, { VALUE_NULL, { "null", 4 } } },
    { 1, 0, FACT_ASSERT, { VALUE_TRUE, { "true", 4 } } },
    { 127, 1, FACT_ASSERT, { VALUE_FALSE, { "false", 5 } } },
    { 128, 0, FACT_ASSERT, { VALUE_NUMBER, { "549000.10", 9 } } },
    { 16777215, 300, FACT_ASSERT, { VALUE_STRING, { "a\\\"b", 4 } } },
    { 5, 0, FACT_ASSERT, { VALUE_STRING, { "", 0 } } },
    { 6, 2, FACT_RETRACT, { VALUE_NULL, { "null", 4 } } },
};
#define ITEMS (sizeof items / sizeof items[0])

Test(factset, gives_back_what_was_put_in_order)
{
    struct out out;
    struct str payload;
    struct factset_item got;
    enum err err;

    out_init(&out, 4096);
    for (size_t i = 0; i < ITEMS; i++)
        factset_put(&out, &items[i]);
    cr_assert_eq(out_finish(&out), OK);
    payload = out_text(&out);
    for (size_t i = 0; i < ITEMS; i++) {
        cr_assert(factset_next(&payload, &got, &err), "item %zu", i);
        cr_expect_eq(got.attribute, items[i].attribute, "item %zu", i);
        cr_expect_eq(got.source, items[i].source, "item %zu", i);
        cr_expect_eq(got.op, items[i].op, "item %zu", i);
        cr_expect(value_equal(got.value, items[i].value), "item %zu", i);
    }
    cr_expect_not(factset_next(&payload, &got, &err));
    cr_expect_eq(err, OK);
    out_fini(&out);
}

Test(factset, takes_two_bytes_beside_the_text_of_a_plain_fact)
{
    struct factset_item item = {
        3, 0, FACT_ASSERT, { VALUE_NUMBER, { "7", 1 } }
    };
    struct out out;

    out_init(&out, 64);
    factset_put(&out, &item);
    cr_expect_eq(out.len, 4);
    cr_expect_eq(memcmp(out.data,
                        "\x03\x03\x01"
                        "7",
                        4),
                 0);
    out_fini(&out);
}

Test(factset, damage_is_an_error_and_not_an_end)
{
    static const struct {
        const char *what;
        struct str bytes;
    } cases[] = {
        { "unknown head bits", { "\x20\x00", 2 } },
        { "unknown type", { "\x05\x00", 2 } },
        { "retraction with a value", { "\x0a\x00", 2 } },
        { "no attribute", { "\x00", 1 } },
        { "attribute id past the dictionary", { "\x00\x80\x80\x80\x08", 5 } },
        { "varint without end", { "\x00\xff\xff\xff", 4 } },
        { "no source", { "\x10\x00", 2 } },
        { "no length", { "\x04\x00", 2 } },
        { "text cut short",
          { "\x04\x00\x05"
            "abc",
            6 } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct str payload = cases[i].bytes;
        struct factset_item got;
        enum err err;

        cr_expect_not(factset_next(&payload, &got, &err), "%s", cases[i].what);
        cr_expect_eq(err, ERR_STORE, "%s", cases[i].what);
    }
}
