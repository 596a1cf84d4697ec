/* Trees of JSON: what is refused, what is kept, and what is printed back. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/json_tree.h"
#include "tests/codec/reading.h"

#define DEEP8 "[[[[[[[["
#define DEEP32 DEEP8 DEEP8 DEEP8 DEEP8
#define BACK8 "]]]]]]]]"
#define BACK32 BACK8 BACK8 BACK8 BACK8

#define TREE_BYTES_MAX (1UL << 20)

/* 17 members: one more than are compared each with each. */
#define MANY                                                                   \
    "\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1,\"f\":1,\"g\":1,\"h\":1,"         \
    "\"i\":1,\"j\":1,\"k\":1,\"l\":1,\"m\":1,\"n\":1,\"o\":1,\"p\":1"

/* printed NULL: refused. */
static const struct {
    struct str text;
    enum err err;
    const char *printed, *why;
} cases[] = {
    { BODY("null"), OK, "null", "" },
    { BODY(" true\n"), OK, "true", "" },
    { BODY("false"), OK, "false", "" },
    { BODY("12"), OK, "12", "" },
    { BODY("[1.50, 1e400 ,-0,9007199254740993,0.30000000000000004]"), OK,
      "[1.50,1e400,-0,9007199254740993,0.30000000000000004]", "" },
    { BODY("\"a\\u00e9\\n\\u0001\\/\\\"\\ud83d\\ude00\""), OK,
      "\"a\xc3\xa9\\n\\u0001/\\\"\xf0\x9f\x98\x80\"", "" },
    { BODY("\"\xc3\xa9\""), OK, "\"\xc3\xa9\"", "" },
    { BODY("\"\""), OK, "\"\"", "" },
    { BODY("{ \"a\" : {\"a\":[ ]} , \"A\": [{}, [[]], \"x\"],\"\\t\":\"\" }"),
      OK, "{\"a\":{\"a\":[]},\"A\":[{},[[]],\"x\"],\"\\t\":\"\"}", "" },
    { BODY("{" MANY ",\"q\":{\"a\":1}}"), OK, "{" MANY ",\"q\":{\"a\":1}}",
      "" },
    { BODY(DEEP32 BACK32), OK, DEEP32 BACK32, "" },
    { BODY(DEEP32 "[]" BACK32), ERR_MALFORMED, NULL,
      "line 1, byte 33: nested too deeply" },
    { BODY(""), ERR_MALFORMED, NULL, "the text is empty" },
    { BODY(" "), ERR_MALFORMED, NULL,
      "line 1, byte 1: the text ends too early" },
    { BODY("[1,"), ERR_MALFORMED, NULL,
      "line 1, byte 3: the text ends too early" },
    { BODY("{\"a\":"), ERR_MALFORMED, NULL,
      "line 1, byte 5: the text ends too early" },
    { BODY("\"a"), ERR_MALFORMED, NULL,
      "line 1, byte 3: the text ends inside a string" },
    { BODY("[01]"), ERR_MALFORMED, NULL,
      "line 1, byte 3: parse error: after array element, I expect ',' or "
      "']'" },
    { BODY("[]\n[]"), ERR_MALFORMED, NULL,
      "line 2, byte 4: parse error: trailing garbage" },
    { BODY("\xef\xbb\xbf[]"), ERR_MALFORMED, NULL,
      "line 1, byte 1: a byte order mark" },
    { BODY("[\"\xff\"]"), ERR_MALFORMED, NULL, "line 1, byte 3: not UTF-8" },
    { BODY("[\"\\ud800\"]"), ERR_MALFORMED, NULL,
      "line 1, byte 9: a lone surrogate" },
    { BODY("[1,\n\"a\\u0000b\"]"), ERR_INVALID, NULL,
      "line 2, byte 14: a string holds U+0000" },
    { BODY("{\"a\\u0000b\":1}"), ERR_INVALID, NULL,
      "line 1, byte 11: a string holds U+0000" },
    { BODY("{\"a\":1,\n\"b\":2,\"\\u0061\":3}"), ERR_MALFORMED, NULL,
      "line 2, byte 25: duplicate member \"a\"" },
    { BODY("[{\"\":1,\"\":1}]"), ERR_MALFORMED, NULL,
      "line 1, byte 12: duplicate member \"\"" },
    { BODY("{" MANY ",\"c\":1}"), ERR_MALFORMED, NULL,
      "line 1, byte 103: duplicate member \"c\"" },
};

Test(json_tree, is_strict_and_prints_what_it_read)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct tree_node *root = NULL;
        struct why why = { "" };
        struct arena arena;
        struct out out;
        enum err err;

        arena_init(&arena, TREE_BYTES_MAX);
        out_init(&out, TREE_BYTES_MAX);
        err = json_tree_parse(cases[i].text, &arena, &root, &why);
        cr_expect_eq(err, cases[i].err, "row %zu: err %d", i, err);
        cr_expect_str_eq(why.text, cases[i].why, "row %zu: %s", i, why.text);
        cr_expect_eq(root != NULL, err == OK, "row %zu", i);
        if (root != NULL && cases[i].printed != NULL) {
            json_tree_put(&out, root);
            cr_expect(str_equal(out_text(&out), str_of(cases[i].printed)),
                      "row %zu: %.*s", i, STR_ARG(out_text(&out)));
        }
        out_fini(&out);
        arena_fini(&arena);
    }
}

Test(json_tree, a_line_has_its_place_in_the_text)
{
    static const struct {
        struct str line;
        const char *why;
    } lines[] = {
        { BODY("[1"), "line 7, byte 102: the text ends too early" },
        { BODY("[01]"), "line 7, byte 103: parse error: after array element, I "
                        "expect ',' or ']'" },
        { BODY("[\"\xff\"]"), "line 7, byte 103: not UTF-8" },
        { BODY("{\"a\":1,\"a\":2}"),
          "line 7, byte 113: duplicate member \"a\"" },
    };
    const struct tree_place place = { 100, 7 };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        const struct tree_node *root;
        struct why why = { "" };
        struct arena arena;

        arena_init(&arena, TREE_BYTES_MAX);
        cr_expect_eq(
            json_tree_parse_line(lines[i].line, &place, &arena, &root, &why),
            ERR_MALFORMED, "line %zu", i);
        cr_expect_str_eq(why.text, lines[i].why, "line %zu: %s", i, why.text);
        arena_fini(&arena);
    }
}

Test(json_tree, is_walked_by_name_and_in_order)
{
    const struct tree_node *root = NULL, *list, *item;
    struct arena arena;

    arena_init(&arena, TREE_BYTES_MAX);
    cr_assert_eq(json_tree_parse(STR("{\"a\":\"x\",\"b\":[3.10,\"\\u0034\"]}"),
                                 &arena, &root, NULL),
                 OK);
    cr_expect_eq(root->type, TREE_OBJECT);
    cr_expect_null(root->next);
    cr_expect_null(json_tree_member(root, STR("A")), "names keep their case");
    item = json_tree_member(root, STR("a"));
    cr_assert_not_null(item);
    cr_expect_eq(item->type, TREE_STRING);
    cr_expect(str_equal(item->text, STR("x")));
    cr_expect_null(item->first, "a scalar has no children");
    list = json_tree_member(root, STR("b"));
    cr_assert_not_null(list);
    cr_expect_eq(list, item->next);
    cr_expect_eq(list->type, TREE_ARRAY);
    cr_expect(str_equal(list->name, STR("b")));
    cr_expect_null(json_tree_member(list, STR("a")), "no object");
    item = list->first;
    cr_assert_not_null(item);
    cr_expect_eq(item->type, TREE_NUMBER);
    cr_expect(str_equal(item->text, STR("3.10")), "its own digits");
    cr_expect_eq(item->name.len, 0, "an element has no name");
    item = item->next;
    cr_assert_not_null(item);
    cr_expect_eq(item->type, TREE_STRING);
    cr_expect(str_equal(item->text, STR("4")), "unescaped");
    cr_expect_null(item->next);
    arena_fini(&arena);
}

/* Where memory ends anywhere, it is an error and nothing else. */
Test(json_tree, stops_where_the_arena_ends)
{
    static const struct str text =
        BODY("{\"a\\n\":[1,\"\\u0041\",true],\"b\":{\"c\":null}}");
    size_t tries = 0;
    enum err err = ERR_TOO_LARGE;

    while (err == ERR_TOO_LARGE) {
        const struct tree_node *root = NULL;
        struct arena arena;

        arena_init(&arena, TREE_BYTES_MAX);
        arena.fail_after = ++tries;
        err = json_tree_parse(text, &arena, &root, NULL);
        cr_expect_eq(root != NULL, err == OK, "try %zu", tries);
        arena_fini(&arena);
    }
    cr_expect_eq(err, OK);
    cr_expect_eq(tries, 10, "seven nodes and two texts: %zu", tries);
}
