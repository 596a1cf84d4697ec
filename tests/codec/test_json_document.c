/* Whole JSON documents: what is refused before cJSON sees it. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/json_document.h"
#include "secmaster/out.h"
#include "tests/codec/reading.h"

static const struct {
    struct str text;
    enum err err;
    const char *why;
} cases[] = {
    { BODY("{\"a\":{\"a\":1},\"b\":[{\"a\":1},{\"a\":1}],\"A\":1}"), OK, "" },
    { BODY("[]"), OK, "" },
    { BODY(" \"a\" "), OK, "" },
    { BODY("{\"\":1,\"a\":{\"\":1}}"), OK, "" },
    { BODY(""), ERR_MALFORMED, "the text is empty" },
    { BODY(" "), ERR_MALFORMED, "the text ends too early" },
    { BODY("[1,"), ERR_MALFORMED, "the text ends too early" },
    { BODY("{} \"a"), ERR_MALFORMED,
      "line 1, byte 6: the text ends inside a string" },
    { BODY("[01]"), ERR_MALFORMED,
      "line 1, byte 3: parse error: after array element, I expect ',' or "
      "']'" },
    { BODY("[]\n[]"), ERR_MALFORMED,
      "line 2, byte 4: parse error: trailing garbage" },
    { BODY("[\"\\ud800\"]"), ERR_MALFORMED,
      "line 1, byte 9: a lone surrogate" },
    { BODY("[\"a\\u0000b\"]"), ERR_INVALID, "a string holds U+0000" },
    { BODY("{\"a\\u0000b\":1}"), ERR_INVALID, "a string holds U+0000" },
    { BODY("{\"a\":1,\"b\":2,\"\\u0061\":3}"), ERR_MALFORMED,
      "duplicate member \"a\"" },
    { BODY("[{\"x\":{\"b\":1,\"a\":1,\"b\":1}}]"), ERR_MALFORMED,
      "duplicate member \"b\"" },
    { BODY("{\"\":1,\"\":1}"), ERR_MALFORMED, "duplicate member \"\"" },
    { BODY(
          "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
      ERR_MALFORMED, "line 1, byte 33: nested too deeply" },
    { BODY("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
      OK, "" },
};

Test(json_document, is_checked_before_it_is_a_tree)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct json_document *document = NULL;
        struct why why = { "" };
        enum err err = json_document_parse(cases[i].text, &document, &why);

        cr_expect_eq(err, cases[i].err, "row %zu: err %d", i, err);
        cr_expect_str_eq(why.text, cases[i].why, "row %zu: %s", i, why.text);
        cr_expect_eq(document != NULL, err == OK, "row %zu", i);
        json_document_free(document);
    }
}

Test(json_document, tokens_are_bounded)
{
    for (size_t extra = 0; extra < 2; extra++) {
        struct json_document *document = NULL;
        struct out text;
        enum err err;

        out_init(&text, 1UL << 24);
        out_str(&text, STR("[1"));
        for (size_t i = 2; i < JSON_DOCUMENT_TOKENS_MAX + extra; i++)
            out_str(&text, STR(",1"));
        out_char(&text, ']');
        err = json_document_parse(out_text(&text), &document, NULL);
        cr_expect_eq(err, extra == 0 ? OK : ERR_INVALID, "%zu more", extra);
        json_document_free(document);
        out_fini(&text);
    }
}

Test(json_document, is_walked_by_name_and_in_order)
{
    struct json_document *document = NULL;
    const struct json_node *root, *list, *item;
    const char *text = NULL;
    int64_t number = 0;

    cr_assert_eq(
        json_document_parse(STR("{\"a\":\"x\\\"\\u00e9\",\"b\":[3,4,\"5\"]}"),
                            &document, NULL),
        OK);
    root = json_document_root(document);
    cr_expect_null(json_member(root, "A"), "names keep their case");
    cr_assert(json_string(json_member(root, "a"), &text));
    cr_expect_str_eq(text, "x\"é");
    list = json_member(root, "b");
    cr_assert_not_null(list);
    cr_expect_null(json_member(list, "a"), "an array has no members");
    cr_expect(json_is_object(root));
    cr_expect_not(json_is_array(root));
    cr_expect(json_is_array(list));
    cr_expect_not(json_is_object(list));
    cr_expect(str_equal(json_name(list), STR("b")));
    item = json_first(list);
    cr_expect(json_integer(item, &number));
    cr_expect_eq(number, 3);
    item = json_next(item);
    cr_expect(json_integer(item, &number));
    cr_expect_eq(number, 4);
    item = json_next(item);
    cr_expect_not(json_integer(item, &number), "a string is no integer");
    cr_expect_not(json_integer(NULL, &number), "a missing member is none");
    cr_expect_eq(number, 4, "untouched");
    cr_expect_null(json_next(item));
    cr_expect_null(json_first(item), "a scalar has no children");
    json_document_free(document);
}

/* want -1: no integer. */
static const struct {
    struct str text;
    int64_t want;
} integers[] = {
    { BODY("0"), 0 },
    { BODY("-0"), 0 },
    { BODY("1e3"), 1000 },
    { BODY("9007199254740991"), 9007199254740991 },
    { BODY("9007199254740992"), -1 },
    { BODY("9007199254740993"), -1 },
    { BODY("1e400"), -1 },
    { BODY("-1"), -1 },
    { BODY("1.5"), -1 },
    { BODY("\"1\""), -1 },
    { BODY("true"), -1 },
    { BODY("null"), -1 },
};

Test(json_document, an_integer_is_exact_or_none)
{
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++) {
        struct json_document *document = NULL;
        int64_t got = -2;
        bool is_integer;

        cr_assert_eq(json_document_parse(integers[i].text, &document, NULL),
                     OK);
        is_integer = json_integer(json_document_root(document), &got);
        cr_expect_eq(is_integer, integers[i].want >= 0, "row %zu", i);
        cr_expect_eq(got, is_integer ? integers[i].want : -2, "row %zu", i);
        json_document_free(document);
    }
}
