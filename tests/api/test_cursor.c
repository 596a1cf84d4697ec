/* Cursors go round, and nothing but a cursor of this query is taken. */
#include <criterion/criterion.h>
#include <string.h>

#include "api/knowledge.h"
#include "api/route.h"

static const struct cursor place = {
    .known_tx = 0x0123456789abcdefU,
    .as_of = { -719162 },
    .key = INT64_MAX,
    .start = { 2932896 },
};

/* A query: its path parameter and its query parameters. */
struct query {
    const char *path, *segment, *params;
};

static void
make_request(struct request *request, struct route *route, struct arena *arena,
             const struct query *query)
{
    const char *at = query->params;

    *route = (struct route){ METHOD_GET, query->path, NULL };
    *request = (struct request){ .arena = arena, .route = route };
    request->params =
        arena_zalloc(arena, QUERY_PARAMS_MAX, sizeof *request->params);
    cr_assert_not_null(request->params);
    request->segments[0] = str_of(query->segment);
    request->segment_count = 1;
    while (*at != '\0') {
        size_t name_len = strcspn(at, "=");
        const char *value = at + name_len + 1;
        size_t value_len = strcspn(value, "&");

        request->params[request->param_count++] = (struct pair){
            { at, name_len },
            { value, value_len },
        };
        at = value + value_len;
        at += *at == '&';
    }
}

static enum err
read_by(const struct query *query, struct str text, struct cursor *out)
{
    struct request request;
    struct route route;
    struct arena arena;
    bool given;
    enum err err;

    arena_init(&arena, 65536);
    make_request(&request, &route, &arena, query);
    request.params[request.param_count++] =
        (struct pair){ STR("cursor"), text };
    err = cursor_read(&request, &given, out);
    cr_expect(given);
    arena_fini(&arena);
    return err;
}

static const struct query first = { "/a/{x}", "7", "from=2024&to=2025" };

/* The text of place's cursor, made by the first query. */
static struct str
make_text(struct arena *arena)
{
    struct request request;
    struct route route;
    struct str text;

    make_request(&request, &route, arena, &first);
    text = cursor_text(&request, &place);
    cr_assert_not_null(text.data);
    return text;
}

static const struct {
    const char *name;
    struct query query;
    enum err err;
} queries[] = {
    { "the same", { "/a/{x}", "7", "from=2024&to=2025" }, OK },
    { "in another order", { "/a/{x}", "7", "to=2025&from=2024" }, OK },
    { "another limit", { "/a/{x}", "7", "from=2024&to=2025&limit=3" }, OK },
    { "another format", { "/a/{x}", "7", "format=csv&from=2024&to=2025" }, OK },
    { "one fewer", { "/a/{x}", "7", "from=2024" }, ERR_MALFORMED },
    { "one more",
      { "/a/{x}", "7", "from=2024&to=2025&known_tx=1" },
      ERR_MALFORMED },
    { "values changed places",
      { "/a/{x}", "7", "from=2025&to=2024" },
      ERR_MALFORMED },
    { "a value moved into the name",
      { "/a/{x}", "7", "from2=024&to=2025" },
      ERR_MALFORMED },
    { "another security",
      { "/a/{x}", "8", "from=2024&to=2025" },
      ERR_MALFORMED },
    { "another route", { "/b/{x}", "7", "from=2024&to=2025" }, ERR_MALFORMED },
};

Test(cursor, is_of_one_query)
{
    struct arena arena;
    struct str text;

    arena_init(&arena, 65536);
    text = make_text(&arena);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct cursor got = { 0 };
        enum err err = read_by(&queries[i].query, text, &got);

        cr_expect_eq(err, queries[i].err, "%s: err %d", queries[i].name, err);
        if (err != OK)
            continue;
        cr_expect_eq(got.known_tx, place.known_tx, "%s", queries[i].name);
        cr_expect_eq(got.as_of.days, place.as_of.days, "%s", queries[i].name);
        cr_expect_eq(got.key, place.key, "%s", queries[i].name);
        cr_expect_eq(got.start.days, place.start.days, "%s", queries[i].name);
    }
    arena_fini(&arena);
}

Test(cursor, is_refused_when_any_character_or_its_length_is_another)
{
    static const char others[] = "AZaz09-_+/=. \x01\xff";
    struct arena arena;
    struct str text;
    struct cursor got;
    char copy[80];

    arena_init(&arena, 65536);
    text = make_text(&arena);
    cr_assert_lt(text.len + 2, sizeof copy);
    for (size_t at = 0; at < text.len; at++) {
        for (size_t i = 0; i < sizeof others - 1; i++) {
            if (others[i] == text.data[at])
                continue;
            memcpy(copy, text.data, text.len);
            copy[at] = others[i];
            cr_expect_eq(read_by(&first, (struct str){ copy, text.len }, &got),
                         ERR_MALFORMED, "character %zu as %d", at, others[i]);
        }
    }
    for (size_t len = 0; len < text.len; len++)
        cr_expect_eq(read_by(&first, (struct str){ text.data, len }, &got),
                     ERR_MALFORMED, "cut to %zu", len);
    memcpy(copy, text.data, text.len);
    copy[text.len] = 'A';
    cr_expect_eq(read_by(&first, (struct str){ copy, text.len + 1 }, &got),
                 ERR_MALFORMED, "one more");
    arena_fini(&arena);
}

Test(cursor, holds_only_places_that_can_be)
{
    static const struct {
        const char *name;
        struct cursor cursor;
        enum err err;
    } cases[] = {
        { "the least", { 0, { -719162 }, 0, { -719162 } }, OK },
        { "an id below 0", { 0, { 0 }, -1, { 0 } }, ERR_MALFORMED },
        { "a day before all", { 0, { -719163 }, 0, { 0 } }, ERR_MALFORMED },
        { "a day after all", { 0, { 2932897 }, 0, { 0 } }, ERR_MALFORMED },
        { "a start before all", { 0, { 0 }, 0, { -719163 } }, ERR_MALFORMED },
        { "an open start", { 0, { 0 }, 0, { INT32_MAX } }, ERR_MALFORMED },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct request request;
        struct route route;
        struct arena arena;
        struct cursor got;
        struct str text;

        arena_init(&arena, 65536);
        make_request(&request, &route, &arena, &first);
        text = cursor_text(&request, &cases[i].cursor);
        cr_expect_eq(read_by(&first, text, &got), cases[i].err, "%s",
                     cases[i].name);
        arena_fini(&arena);
    }
}

/* A cursor's text is a promise to those who hold one. */
Test(cursor, has_the_same_text_in_every_version)
{
    struct arena arena;
    struct str text;

    arena_init(&arena, 65536);
    text = make_text(&arena);
    cr_expect(str_equal(text, STR("AQEjRWeJq83v__UGxn__________"
                                  "ACzAoA8sicMTAx5xx11Egg")),
              "%.*s", STR_ARG(text));
    arena_fini(&arena);
}
