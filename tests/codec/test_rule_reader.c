/* A rule of precedence is read whole, or refused at its place. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/rule_reader.h"
#include "tests/codec/reading.h"

#define LONGEST_SOURCE                                                         \
    "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss"
#define LONGEST_ATTRIBUTE LONGEST_SOURCE LONGEST_SOURCE

/* The rule as "a,b attribute:c," or what reading.h's readings say. */
static const struct reading_case cases[] = {
    { "both",
      BODY("{\"default\":[\"a\",\"b\"],\"attributes\":{\"t\":[\"b\"]}}"),
      "a,b, t:b, " },
    { "in the other order",
      BODY("{\"attributes\":{\"t\":[\"b\"],\"s\":[]},\"default\":[\"a\"]}"),
      "a, t:b, s: " },
    { "nothing", BODY("{\"default\":[],\"attributes\":{}}"), " " },
    { "no members", BODY("{}"), " " },
    { "one list is no other's",
      BODY(
          "{\"default\":[\"a\"],\"attributes\":{\"t\":[\"a\"],\"s\":[\"a\"]}}"),
      "a, t:a, s:a, " },
    { "the longest names",
      BODY("{\"default\":[\"" LONGEST_SOURCE
           "\"],\"attributes\":{\"" LONGEST_ATTRIBUTE "\":[]}}"),
      LONGEST_SOURCE ", " LONGEST_ATTRIBUTE ": " },
    { "escapes", BODY("{\"default\":[\"\\u00e9\\\"\"]}"), "\u00e9\", " },
    { "no body", BODY(""), "malformed: the text is empty\n" },
    { "not JSON", BODY("{\"default\":[\"a\",]}"),
      "malformed: line 1, byte 17: parse error: unallowed token at this point "
      "in JSON text\n" },
    { "a member twice", BODY("{\"default\":[],\"default\":[]}"),
      "malformed: duplicate member \"default\"\n" },
    { "an attribute twice", BODY("{\"attributes\":{\"t\":[],\"t\":[]}}"),
      "malformed: duplicate member \"t\"\n" },
    { "an array", BODY("[]"), "invalid 1\n: must be an object\n" },
    { "U+0000", BODY("{\"default\":[\"a\\u0000\"]}"),
      "invalid 1\n: a string holds U+0000\n" },
    { "unknown members", BODY("{\"defaults\":[],\"a/b\":1}"),
      "invalid 2\n/defaults: unknown member\n/a~1b: unknown member\n" },
    { "a default that is no array", BODY("{\"default\":\"a\"}"),
      "invalid 1\n/default: must be an array of sources\n" },
    { "a default that is null", BODY("{\"default\":null}"),
      "invalid 1\n/default: must be an array of sources\n" },
    { "attributes that are no object", BODY("{\"attributes\":[\"t\"]}"),
      "invalid 1\n/attributes: must be an object of lists\n" },
    { "an attribute's list that is none",
      BODY("{\"attributes\":{\"a~/b\":{}}}"),
      "invalid 1\n/attributes/a~0~1b: must be an array of sources\n" },
    { "sources that are no strings",
      BODY("{\"default\":[\"a\",1,null,[\"b\"]]}"),
      "invalid 3\n/default/1: must be a string\n/default/2: must be a string\n"
      "/default/3: must be a string\n" },
    { "a source twice",
      BODY("{\"default\":[\"b\",\"a\",\"b\",\"b\"],"
           "\"attributes\":{\"t\":[\"a\",\"a\"]}}"),
      "invalid 3\n/default/2: the source is in this list already\n"
      "/default/3: the source is in this list already\n"
      "/attributes/t/1: the source is in this list already\n" },
    { "names that no fact may have",
      BODY("{\"default\":[\"\",\"s" LONGEST_SOURCE "\",\"a\\u0001\"],"
           "\"attributes\":{\"source\":[],\"\":[],\"a" LONGEST_ATTRIBUTE
           "\":[]}}"),
      "invalid 6\n/default/0: a source's name is empty\n"
      "/default/1: a source's name is longer than 64 bytes\n"
      "/default/2: a source's name has a control character\n"
      "/attributes/source: this attribute name is reserved\n"
      "/attributes/: an attribute's name is empty\n"
      "/attributes: an attribute's name is longer than 128 bytes\n" },
};

static void
put_rule(struct out *out, const struct rule_names *rule)
{
    for (uint32_t i = 0; i < rule->list_count; i++) {
        const struct rule_names_list *list = &rule->lists[i];

        if (i > 0)
            out_print(out, "%.*s:", STR_ARG(list->attribute));
        for (uint32_t s = 0; s < list->source_count; s++)
            out_print(out, "%.*s,", STR_ARG(list->sources[s]));
        out_char(out, ' ');
    }
}

static void
put_complaints(struct out *out, const struct complaints *complaints)
{
    out_print(out, "invalid %d\n", (int)complaints->total);
    for (size_t i = 0; i < complaints->listed; i++)
        out_print(out, "%s: %s\n", complaints->items[i].pointer,
                  complaints->items[i].detail);
}

static void
put_reading(struct out *out, struct str body)
{
    struct complaints complaints;
    struct rule_names rule;
    struct why why = { "" };
    struct arena arena;
    enum err err;

    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = rule_read(body, &arena, &complaints, &rule, &why);
    if (err == OK)
        put_rule(out, &rule);
    else if (err == ERR_INVALID)
        put_complaints(out, &complaints);
    else if (err == ERR_MALFORMED)
        out_print(out, "malformed: %s\n", why.text);
    else
        out_print(out, "err %d\n", (int)err);
    arena_fini(&arena);
}

Test(rule_reader, reads_rules_and_refuses_the_rest_at_its_place)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out got;

        out_init(&got, SIZE_MAX);
        put_reading(&got, cases[i].body);
        cr_expect(str_equal(out_text(&got), str_of(cases[i].reading)),
                  "%s:\n%.*s\nwanted:\n%s", cases[i].name,
                  STR_ARG(out_text(&got)), cases[i].reading);
        out_fini(&got);
    }
}

/* Half in the default list, half as attributes, and some more. */
static void
put_many(struct out *out, int names)
{
    out_str(out, STR("{\"default\":["));
    for (int i = 0; i < names / 2; i++)
        out_print(out, "%s\"s%d\"", i > 0 ? "," : "", i);
    out_str(out, STR("],\"attributes\":{"));
    for (int i = names / 2; i < names; i++)
        out_print(out, "%s\"a%d\":[]", i > names / 2 ? "," : "", i);
    out_str(out, STR("}}"));
}

Test(rule_reader, bounds_the_number_of_names)
{
    static const struct {
        int names;
        const char *reading;
    } rows[] = {
        { RULE_NAMES_MAX, "s0," },
        { RULE_NAMES_MAX + 1,
          "invalid 1\n/attributes/a4096: the rule has more than 4096 names\n" },
        { 20 * RULE_NAMES_MAX,
          "invalid 1\n/default: the rule has more than 4096 names\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct out body, got;
        struct str text;

        out_init(&body, SIZE_MAX);
        out_init(&got, SIZE_MAX);
        put_many(&body, rows[i].names);
        put_reading(&got, out_text(&body));
        text = out_text(&got);
        if (text.len > strlen(rows[i].reading) && i == 0)
            text.len = strlen(rows[i].reading);
        cr_expect(str_equal(text, str_of(rows[i].reading)), "%d names: %.*s",
                  rows[i].names, STR_ARG(text));
        out_fini(&body);
        out_fini(&got);
    }
}
