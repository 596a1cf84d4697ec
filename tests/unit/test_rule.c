/* A rule ranks as its lists say, and is its bytes. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/rule.h"

#define UNLISTED UINT32_MAX
#define SEED 12345

static const uint32_t three[] = { 7, 2, 9 };
static const uint32_t one[] = { 2 };
static const struct rule_list lists[] = {
    { 0, three, 3 },
    { 5, one, 1 },
    { 300, NULL, 0 },
};

static struct rule *
decoded(struct str bytes)
{
    struct rule *rule = NULL;

    cr_assert_eq(rule_decode(bytes, SEED, &rule), OK);
    return rule;
}

static struct rule *
made(const struct rule_list *of, uint32_t count)
{
    struct rule *rule;
    struct out out;

    out_init(&out, SIZE_MAX);
    rule_encode(&out, of, count);
    cr_assert_eq(out_finish(&out), OK);
    rule = decoded(out_text(&out));
    out_fini(&out);
    return rule;
}

Test(rule, ranks_by_the_list_of_the_attribute_or_the_default_one)
{
    static const struct {
        uint32_t attribute, source, rank;
    } cases[] = {
        { 0, 7, 0 },
        { 0, 2, 1 },
        { 0, 9, 2 },
        { 0, 0, UNLISTED },
        { 0, 8, UNLISTED },
        { 4, 9, 2 },
        { 5, 2, 0 },
        { 5, 7, UNLISTED },
        { 5, 1, UNLISTED },
        { 300, 7, UNLISTED },
        { 300, 2, UNLISTED },
        { 16777215, 7, 0 },
        { 0, 16777215, UNLISTED },
    };
    struct rule *rule = made(lists, 3);
    struct precedence precedence = rule_precedence(rule);

    cr_assert(precedence.rank != NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(precedence.rank(precedence.rule, cases[i].attribute,
                                     cases[i].source),
                     cases[i].rank, "attribute %u, source %u",
                     cases[i].attribute, cases[i].source);
    rule_free(rule);
}

Test(rule, that_lists_no_source_ranks_nothing)
{
    static const struct rule_list of_none[] = { { 0 }, { 3, NULL, 0 } };
    static const struct rule_list of_one[] = { { 0 }, { 3, one, 1 } };
    struct rule *rule;

    for (uint32_t count = 1; count <= 2; count++) {
        rule = made(of_none, count);
        cr_expect(rule_precedence(rule).rank == NULL, "%u lists", count);
        rule_free(rule);
    }
    rule = made(of_one, 2);
    cr_expect(rule_precedence(rule).rank != NULL);
    rule_free(rule);
}

Test(rule, keeps_its_lists_in_order)
{
    struct rule *rule = made(lists, 3);
    uint32_t count;
    const struct rule_list *kept = rule_lists(rule, &count);

    cr_assert_eq(count, 3);
    for (uint32_t i = 0; i < count; i++) {
        cr_expect_eq(kept[i].attribute, lists[i].attribute, "list %u", i);
        cr_assert_eq(kept[i].source_count, lists[i].source_count, "list %u", i);
        for (uint32_t s = 0; s < kept[i].source_count; s++)
            cr_expect_eq(kept[i].sources[s], lists[i].sources[s],
                         "list %u source %u", i, s);
    }
    rule_free(rule);
}

Test(rule, ranks_as_many_as_it_may_list)
{
    static uint32_t sources[RULE_NAMES_MAX];
    const struct rule_list many = { 0, sources, RULE_NAMES_MAX };
    struct precedence precedence;
    struct rule *rule;

    for (uint32_t i = 0; i < RULE_NAMES_MAX; i++)
        sources[i] = 4095 * i;
    rule = made(&many, 1);
    precedence = rule_precedence(rule);
    for (uint32_t i = 0; i < RULE_NAMES_MAX; i++) {
        cr_assert_eq(precedence.rank(rule, 1, 4095 * i), i, "source %u", i);
        cr_assert_eq(precedence.rank(rule, 1, 4095 * i + 1), UNLISTED);
    }
    rule_free(rule);
}

Test(rule, has_the_bytes_that_are_on_disk)
{
    static const char bytes[] = "\x01\x03\x03\x07\x02\x09\x05\x01\x02\xac\x02";
    struct out out;

    out_init(&out, SIZE_MAX);
    rule_encode(&out, lists, 3);
    /* The last list has no source: the terminator is its count. */
    cr_expect(str_equal(out_text(&out), (struct str){ bytes, sizeof bytes }),
              "%zu bytes", out.len);
    out_fini(&out);
}

#define BYTES(text)                                                            \
    {                                                                          \
        (text), sizeof(text) - 1                                               \
    }

Test(rule, reads_only_bytes_of_a_rule)
{
    static const struct {
        const char *name;
        struct str bytes;
        enum err err;
    } cases[] = {
        { "empty", BYTES("\x01\x01\x00"), OK },
        { "two lists", BYTES("\x01\x02\x01\x05\x05\x01\x05"), OK },
        { "no bytes", BYTES(""), ERR_STORE },
        { "another format", BYTES("\x02\x01\x00"), ERR_STORE },
        { "format 0", BYTES("\x00\x01\x00"), ERR_STORE },
        { "no list", BYTES("\x01\x00"), ERR_STORE },
        { "a list too few", BYTES("\x01\x02\x01\x05"), ERR_STORE },
        { "a list too many", BYTES("\x01\x01\x01\x05\x05\x01\x05"), ERR_STORE },
        { "a source too few", BYTES("\x01\x01\x02\x05"), ERR_STORE },
        { "a source twice", BYTES("\x01\x01\x02\x05\x05"), ERR_STORE },
        { "a source in two lists", BYTES("\x01\x02\x01\x05\x00\x01\x05"), OK },
        { "an attribute twice", BYTES("\x01\x03\x00\x07\x00\x07\x00"),
          ERR_STORE },
        { "the largest id", BYTES("\x01\x01\x01\xff\xff\xff\x07"), OK },
        { "an id too large", BYTES("\x01\x01\x01\x80\x80\x80\x08"), ERR_STORE },
        { "too many sources", BYTES("\x01\x01\x81\x20"), ERR_STORE },
        { "too many lists", BYTES("\x01\x82\x20"), ERR_STORE },
        { "cut in a number", BYTES("\x01\x01\x01\x80"), ERR_STORE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule *rule = NULL;
        enum err err = rule_decode(cases[i].bytes, SEED, &rule);

        cr_expect_eq(err, cases[i].err, "%s: err %d", cases[i].name, (int)err);
        rule_free(rule);
    }
}
