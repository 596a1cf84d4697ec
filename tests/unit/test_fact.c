/* What names a fact may carry. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/fact.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }

/* What part of the words is expected; NULL: no fault. */
static const struct {
    struct str name;
    const char *attribute, *source;
} names[] = {
    { S("ticker"), NULL, NULL },
    { S("a"), NULL, NULL },
    { S(" "), NULL, NULL },
    { S("a b:c,d\\e\"f"), NULL, NULL },
    { S("\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80"), NULL, NULL },
    { S("\xc2\x80"), NULL, NULL }, /* U+0080 is no control by our rule */
    { S("asset_class"), NULL, NULL },
    { S("default"), NULL, NULL },
    { S(""), "empty", "empty" },
    { { NULL, 0 }, "empty", "empty" },
    { S("a\0b"), "control", "control" },
    { S("a\tb"), "control", "control" },
    { S("\x1f"), "control", "control" },
    { S("\x7f"), "control", "control" },
    { S("\xff"), "UTF-8", "UTF-8" },
    { S("a\xc3"), "UTF-8", "UTF-8" },
    { S("\xed\xa0\x80"), "UTF-8", "UTF-8" },
    { S("security_id"), "reserved", NULL },
    { S("effective_start_date"), "reserved", NULL },
    { S("effective_end_date"), "reserved", NULL },
    { S("quantity"), "reserved", NULL },
    { S("date"), "reserved", NULL },
    { S("portfolio"), "reserved", NULL },
    { S("source"), "reserved", NULL },
    { S("Source"), NULL, NULL },
    { S("sources"), NULL, NULL },
    { S("dat"), NULL, NULL },
    { S("effective_date"), NULL, NULL },
};

static bool
is_expected(const char *fault, const char *expected)
{
    if (fault == NULL || expected == NULL)
        return fault == expected;
    return strstr(fault, expected) != NULL;
}

Test(fact, names_are_refused_with_the_reason)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *fault = attribute_name_fault(names[i].name);

        cr_expect(is_expected(fault, names[i].attribute),
                  "attribute, row %zu (%.*s): %s", i, STR_ARG(names[i].name),
                  fault == NULL ? "no fault" : fault);
        fault = source_name_fault(names[i].name);
        cr_expect(is_expected(fault, names[i].source),
                  "source, row %zu (%.*s): %s", i, STR_ARG(names[i].name),
                  fault == NULL ? "no fault" : fault);
    }
}

Test(fact, names_are_measured_in_bytes)
{
    char text[ATTRIBUTE_BYTES_MAX + 2];

    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    cr_expect_null(attribute_name_fault((struct str){ text, 128 }));
    text[128] = 'x';
    cr_expect_str_eq(attribute_name_fault((struct str){ text, 129 }),
                     "an attribute's name is longer than 128 bytes");
    cr_expect_null(source_name_fault((struct str){ text, 64 }));
    text[64] = 'x';
    cr_expect_str_eq(source_name_fault((struct str){ text, 65 }),
                     "a source's name is longer than 64 bytes");
}

Test(fact, op_numbers_are_those_on_disk)
{
    cr_expect_eq(FACT_ASSERT, 0);
    cr_expect_eq(FACT_RETRACT, 1);
}

static const struct {
    struct str text;
    bool is_label;
} labels[] = {
    { S("a"), true },    { S("Z"), true },     { S("0"), true },
    { S("."), true },    { S("_-.A9"), true }, { S(""), false },
    { S(" "), false },   { S("a b"), false },  { S("a/b"), false },
    { S("a:b"), false }, { S("a\0"), false },  { S("\xc3\xa9"), false },
    { S("@"), false },   { S("["), false },    { S("`"), false },
    { S("{"), false },   { S("/"), false },    { S(","), false },
};

Test(fact, labels_are_short_and_plain)
{
    char longest[LABEL_BYTES_MAX + 1];

    for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++)
        cr_expect_eq(label_fault(labels[i].text) == NULL, labels[i].is_label,
                     "\"%.*s\"", STR_ARG(labels[i].text));
    memset(longest, 'a', sizeof longest);
    cr_expect_null(label_fault((struct str){ longest, LABEL_BYTES_MAX }));
    cr_expect_not_null(
        label_fault((struct str){ longest, LABEL_BYTES_MAX + 1 }));
}
