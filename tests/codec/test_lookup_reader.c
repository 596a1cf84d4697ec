/* What a lookup's body asks for, or where it is refused. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bounds.h"
#include "secmaster/lookup_reader.h"
#include "secmaster/out.h"

#define BODY(literal)                                                          \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }
#define ID_FAULT                                                               \
    "must be an integer from 0 to 9223372036854775807, in digits alone\n"
#define DATE_FAULT                                                             \
    "must be a date of the calendar as YYYY-MM-DD, 0001-01-01 to 9999-12-31\n"

/* "ID DATE|-" a key, then "as_of DATE" and "attributes a,b". */
static void
put_lookup(struct out *out, const struct lookup *lookup)
{
    for (size_t i = 0; i < lookup->key_count; i++) {
        out_int(out, lookup->keys[i].security_id);
        out_char(out, ' ');
        if (lookup->keys[i].is_dated)
            out_date(out, lookup->keys[i].as_of);
        else
            out_char(out, '-');
        out_char(out, '\n');
    }
    if (lookup->is_dated) {
        out_str(out, STR("as_of "));
        out_date(out, lookup->as_of);
        out_char(out, '\n');
    }
    if (!lookup->is_projected)
        return;
    out_str(out, STR("attributes"));
    for (size_t i = 0; i < lookup->attribute_count; i++) {
        out_char(out, i == 0 ? ' ' : ',');
        out_str(out, lookup->attributes[i]);
    }
    out_char(out, '\n');
}

/* Read a body that ends where its memory does, and say what came of it. */
static void
read_body(struct out *out, struct str body)
{
    char *copy = malloc(body.len + 1);
    struct complaints complaints;
    struct why why = { 0 };
    struct lookup lookup;
    struct arena arena;
    enum err err;

    cr_assert_not_null(copy);
    copy = realloc(copy, body.len == 0 ? 1 : body.len);
    memcpy(copy, body.data, body.len);
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = lookup_read((struct str){ copy, body.len }, &arena, &complaints,
                      &lookup, &why);
    if (err == OK)
        put_lookup(out, &lookup);
    else if (err == ERR_MALFORMED)
        out_print(out, "malformed: %s\n", why.text);
    else
        out_print(out, "err %d, %llu\n", err,
                  (unsigned long long)complaints.total);
    for (size_t i = 0; i < complaints.listed && err != ERR_MALFORMED; i++)
        out_print(out, "%s: %s\n", complaints.items[i].pointer,
                  complaints.items[i].detail);
    arena_fini(&arena);
    free(copy);
    out_char(out, '\0');
    cr_assert_eq(out_finish(out), OK);
}

static const struct {
    const char *what;
    struct str body;
    const char *reading;
} cases[] = {
    { "ids", BODY("{\"security_ids\":[3,1,3]}"), "3 -\n1 -\n3 -\n" },
    { "ids, a day and attributes, in any order",
      BODY(
          "{\"attributes\":[\"b\",\"\xc3\xa9,:\\\\\"],\"as_of\":\"2024-02-29\","
          "\"security_ids\":[0,9223372036854775807]}"),
      "0 -\n9223372036854775807 -\nas_of 2024-02-29\n"
      "attributes b,\xc3\xa9,:\\\n" },
    { "keys",
      BODY("{\"keys\":[{\"security_id\":1,\"as_of\":\"2024-01-01\"},"
           "{\"as_of\":\"0001-01-01\",\"security_id\":9007199254740993}]}"),
      "1 2024-01-01\n9007199254740993 0001-01-01\n" },
    { "a key without a day", BODY("{\"keys\":[{\"security_id\":1}]}"),
      "1 -\n" },
    { "a day for keys without one",
      BODY("{\"as_of\":\"2024-01-01\",\"keys\":[{\"security_id\":1}]}"),
      "1 -\nas_of 2024-01-01\n" },
    { "no ids", BODY("{\"security_ids\":[]}"), "" },
    { "no keys, no attributes", BODY("{\"keys\":[],\"attributes\":[]}"),
      "attributes\n" },
    { "blanks", BODY(" \n{ \"security_ids\" : [ 1 ,\t2 ] }\r\n"),
      "1 -\n2 -\n" },

    { "neither list", BODY("{}"),
      "err 2, 1\n/security_ids: is missing, as is keys: give one of them\n" },
    { "both lists", BODY("{\"keys\":[],\"security_ids\":[]}"),
      "err 2, 1\n/keys: stands beside security_ids: give one of them\n" },
    { "unknown members",
      BODY("{\"security_ids\":[],\"as-of\":1,\"a/b~\":[{\"x\":[]}],"
           "\"Keys\":{}}"),
      "err 2, 3\n/as-of: unknown member\n/a~1b~0: unknown member\n"
      "/Keys: unknown member\n" },
    { "unknown members that are alike inside",
      BODY("{\"security_ids\":[],\"x\":{\"a\":1},\"y\":{\"a\":1}}"),
      "err 2, 2\n/x: unknown member\n/y: unknown member\n" },
    { "an array", BODY("[1]"), "err 2, 1\n: must be an object\n" },
    { "a number", BODY("1"), "err 2, 1\n: must be an object\n" },
    { "lists that are none",
      BODY("{\"security_ids\":1,\"attributes\":{\"a\":[]}}"),
      "err 2, 2\n/security_ids: must be an array\n"
      "/attributes: must be an array\n" },
    { "null is no list", BODY("{\"keys\":null}"),
      "err 2, 1\n/keys: must be an array\n" },
    { "ids that are none",
      BODY("{\"security_ids\":[-1,1.0,1e3,9223372036854775808,\"1\",null,[1],"
           "{},true,0]}"),
      "err 2, 9\n/security_ids/0: " ID_FAULT "/security_ids/1: " ID_FAULT
      "/security_ids/2: " ID_FAULT "/security_ids/3: " ID_FAULT
      "/security_ids/4: " ID_FAULT "/security_ids/5: " ID_FAULT
      "/security_ids/6: " ID_FAULT "/security_ids/7: " ID_FAULT
      "/security_ids/8: " ID_FAULT },
    { "days that are none",
      BODY("{\"as_of\":\"2023-02-29\",\"keys\":[{\"security_id\":1,\"as_of\":"
           "\"2024-1-1\"},{\"security_id\":2,\"as_of\":null}]}"),
      "err 2, 3\n/as_of: " DATE_FAULT "/keys/0/as_of: " DATE_FAULT
      "/keys/1/as_of: must be a string\n" },
    { "null is no day", BODY("{\"as_of\":null,\"security_ids\":[]}"),
      "err 2, 1\n/as_of: " DATE_FAULT },
    { "keys that are none",
      BODY("{\"keys\":[1,{},{\"security_id\":\"1\",\"as_of\":\"2024-01-01\","
           "\"source\":\"x\"},[]]}"),
      "err 2, 5\n/keys/0: must be an object\n/keys/1/security_id: is missing\n"
      "/keys/2/security_id: " ID_FAULT "/keys/2/source: unknown member\n"
      "/keys/3: must be an object\n" },
    { "attributes that are none",
      BODY("{\"attributes\":[1,\"a\",null,[\"b\"]],\"security_ids\":[]}"),
      "err 2, 3\n/attributes/0: must be a string\n"
      "/attributes/2: must be a string\n/attributes/3: must be a string\n" },

    { "nothing", BODY(""), "malformed: the body is empty\n" },
    { "a member twice", BODY("{\"security_ids\":[],\"security_ids\":[]}"),
      "malformed: line 1, byte 33: duplicate member \"security_ids\"\n" },
    { "a key's member twice",
      BODY("{\"keys\":[{\"security_id\":1,\n\"security_id\":1}]}"),
      "malformed: line 2, byte 40: duplicate member \"security_id\"\n" },
    { "an unknown member twice", BODY("{\"x\":1,\"x\":1}"),
      "malformed: line 1, byte 10: duplicate member \"x\"\n" },
    { "a member twice in a value that nobody wants",
      BODY("{\"x\":[{\"a\":{\"b\":1},\"b\":1},{\"a\":1,\"a\":1}]}"),
      "malformed: line 1, byte 36: duplicate member \"a\"\n" },
    { "a member twice around a value that nobody wants",
      BODY("{\"x\":{\"a\":{\"b\":1},\"a\":1}}"),
      "malformed: line 1, byte 21: duplicate member \"a\"\n" },
    { "a member twice in an id that is none",
      BODY("{\"security_ids\":[{\"a\":1,\"a\":1}]}"),
      "malformed: line 1, byte 27: duplicate member \"a\"\n" },
    { "cut short", BODY("{\"keys\":["),
      "malformed: line 1, byte 10: parse error: premature EOF\n" },
    { "bytes behind it", BODY("{\"keys\":[]} x"),
      "malformed: line 1, byte 13: parse error: trailing garbage\n" },
    { "two of them", BODY("{\"keys\":[]}\n{\"keys\":[]}"),
      "malformed: line 2, byte 13: parse error: trailing garbage\n" },
    { "not UTF-8", BODY("{\"\xff\":[]}"),
      "malformed: line 1, byte 3: not UTF-8\n" },
    { "leading zeros", BODY("{\"security_ids\":[01]}"),
      "malformed: line 1, byte 19: parse error: after array element, I expect "
      "',' or ']'\n" },
};

Test(lookup_reader, reads_or_refuses_at_its_place)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct out got;

        out_init(&got, 65536);
        read_body(&got, cases[i].body);
        cr_expect_str_eq(got.data, cases[i].reading, "%s:\n%s", cases[i].what,
                         got.data);
        out_fini(&got);
    }
}

/* A list of so many, each the same. */
static void
put_list(struct out *body, const char *name, const char *item, size_t count)
{
    out_print(body, "{\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        out_print(body, "%s%s", i == 0 ? "" : ",", item);
    out_str(body, STR("]}"));
    cr_assert_eq(out_finish(body), OK);
}

static size_t
lines_of(const char *text)
{
    size_t lines = 0;

    for (; *text != '\0'; text++)
        lines += *text == '\n';
    return lines;
}

Test(lookup_reader, takes_as_many_as_the_limit_and_complains_once_past_it)
{
    static const struct {
        const char *name, *item;
        size_t count;
        const char *reading; /* NULL: as many keys */
    } lists[] = {
        { "security_ids", "1", LOOKUP_KEYS_MAX, NULL },
        { "security_ids", "1", LOOKUP_KEYS_MAX + 1,
          "err 2, 1\n/security_ids: has more than 10000 entries\n" },
        { "security_ids", "1", LOOKUP_KEYS_MAX + 500,
          "err 2, 1\n/security_ids: has more than 10000 entries\n" },
        { "keys", "{\"security_id\":1,\"as_of\":\"2024-01-01\"}",
          LOOKUP_KEYS_MAX, NULL },
        { "keys", "{\"security_id\":1,\"as_of\":\"2024-01-01\"}",
          LOOKUP_KEYS_MAX + 2,
          "err 2, 1\n/keys: has more than 10000 entries\n" },
    };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        struct out body, got;

        out_init(&body, SIZE_MAX);
        out_init(&got, SIZE_MAX);
        put_list(&body, lists[i].name, lists[i].item, lists[i].count);
        read_body(&got, out_text(&body));
        if (lists[i].reading == NULL)
            cr_expect_eq(lines_of(got.data), lists[i].count, "%s: %zu",
                         lists[i].name, lines_of(got.data));
        else
            cr_expect_str_eq(got.data, lists[i].reading, "%s: %s",
                             lists[i].name, got.data);
        out_fini(&body);
        out_fini(&got);
    }
}

/* Names are bounded by the memory of a request alone. */
Test(lookup_reader, refuses_more_than_the_arena_holds)
{
    struct out body, got;

    out_init(&body, SIZE_MAX);
    out_init(&got, SIZE_MAX);
    put_list(&body, "attributes", "\"abcdefgh\"", 300000);
    read_body(&got, out_text(&body));
    cr_expect_str_eq(got.data, "err 5, 0\n", "%s", got.data);
    out_fini(&body);
    out_fini(&got);
}
