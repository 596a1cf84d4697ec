/* Query strings and Accept headers, read strictly. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/number.h"
#include "api/route.h"

static const struct {
    const char *in;
    enum plus plus;
    enum err err;
    const char *out;
} escapes[] = {
    { "", PLUS_IS_PLUS, OK, "" },
    { "abc", PLUS_IS_PLUS, OK, "abc" },
    { "a%2fb%2Fc", PLUS_IS_PLUS, OK, "a/b/c" },
    { "a+b%2B", PLUS_IS_PLUS, OK, "a+b+" },
    { "a+b%2B", PLUS_IS_SPACE, OK, "a b+" },
    { "%c3%A9", PLUS_IS_PLUS, OK, "\xc3\xa9" },
    { "%25", PLUS_IS_PLUS, OK, "%" },
    { "%", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%2", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "a%2", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%zz", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%2z", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%00", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%ff", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "\xff", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%c3", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
    { "%ed%a0%80", PLUS_IS_PLUS, ERR_MALFORMED, NULL },
};

Test(params, escapes_stand_for_utf8)
{
    struct arena arena;

    arena_init(&arena, 65536);
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        struct str out = { NULL, 0 };
        enum err err = percent_decode(&arena, str_of(escapes[i].in),
                                      escapes[i].plus, &out);

        cr_expect_eq(err, escapes[i].err, "%s: err %d", escapes[i].in, err);
        if (err == OK && escapes[i].out != NULL)
            cr_expect(str_equal(out, str_of(escapes[i].out)), "%s: %.*s",
                      escapes[i].in, STR_ARG(out));
    }
    arena_fini(&arena);
}

static const char *const names[] = { "as_of", "where", "verbose", NULL };
static const struct endpoint tables = { .gives = MEDIA_TABLES,
                                        .params = names };
static const struct endpoint json = { .gives = MEDIA_BIT(MEDIA_JSON) };
static const struct endpoint text = { .gives = MEDIA_BIT(MEDIA_TEXT) };
static const struct endpoint yaml = { .gives = MEDIA_BIT(MEDIA_YAML) };
static const struct endpoint page = { .gives = MEDIA_BIT(MEDIA_HTML) |
                                               MEDIA_BIT(MEDIA_JSON) };

static const struct {
    const char *query;
    enum err err;
    const char *read; /* "name=value|..." */
    const char *why;  /* a part of it */
} queries[] = {
    { "", OK, "", NULL },
    { "as_of=2024-01-01", OK, "as_of=2024-01-01", NULL },
    { "%61s_of=a%26b+c", OK, "as_of=a&b c", NULL },
    { "as_of=a=b", OK, "as_of=a=b", NULL },
    { "where=a&where=b", OK, "where=a|where=b", NULL },
    { "verbose", OK, "verbose=", NULL },
    { "verbose=1&format=csv", OK, "verbose=1|format=csv", NULL },
    { "As_of=1", ERR_MALFORMED, NULL, "\"As_of\"" },
    { "nonsense=1", ERR_MALFORMED, NULL, "\"nonsense\"" },
    { "as_of=1&as_of=1", ERR_MALFORMED, NULL, "twice" },
    { "as_of=1&%61s_of=2", ERR_MALFORMED, NULL, "twice" },
    { "verbose&verbose", ERR_MALFORMED, NULL, "twice" },
    { "as_of", ERR_MALFORMED, NULL, "no value" },
    { "as_of=", ERR_MALFORMED, NULL, "no value" },
    { "where=", ERR_MALFORMED, NULL, "no value" },
    { "=1", ERR_MALFORMED, NULL, "unknown" },
    { "&", ERR_MALFORMED, NULL, "empty" },
    { "as_of=1&", ERR_MALFORMED, NULL, "empty" },
    { "as_of=1&&where=1", ERR_MALFORMED, NULL, "empty" },
    { "as_of=%zz", ERR_MALFORMED, NULL, "escape" },
    { "as_of=1%00", ERR_MALFORMED, NULL, "escape" },
    { "%ff=1", ERR_MALFORMED, NULL, "escape" },
};

static void
join_params(const struct request *request, char *to, size_t size)
{
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < request->param_count; i++)
        len += (size_t)snprintf(to + len, size - len, "%s%.*s=%.*s",
                                i == 0 ? "" : "|",
                                STR_ARG(request->params[i].name),
                                STR_ARG(request->params[i].value));
}

Test(params, each_is_known_given_once_and_has_a_value)
{
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        struct route route = { METHOD_GET, "/", &tables };
        struct request request = { .arena = &arena, .route = &route };
        struct why why = { 0 };
        char read[256];
        enum err err;

        request.query = str_of(queries[i].query);
        err = route_params(&request, &why);
        cr_expect_eq(err, queries[i].err, "%s: err %d", queries[i].query, err);
        join_params(&request, read, sizeof read);
        if (err == OK && queries[i].read != NULL)
            cr_expect_str_eq(read, queries[i].read, "%s: %s", queries[i].query,
                             read);
        if (queries[i].why != NULL)
            cr_expect(strstr(why.text, queries[i].why) != NULL, "%s: %s",
                      queries[i].query, why.text);
    }
    arena_fini(&arena);
}

/* Twenty-one times two bytes: a cut after 40 is between two of them, one after
 * "a" before them is not. */
#define ACCENTS "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
#define MANY_ACCENTS ACCENTS ACCENTS ACCENTS

static const struct endpoint nothing = { .bodies = MEDIA_TABLES };

static const struct {
    const struct endpoint *endpoint;
    const char *query, *why;
} unknowns[] = {
    { &tables, "date=1",
      "unknown parameter \"date\"; this call takes as_of, where, verbose, "
      "format" },
    { &json, "date=1", "unknown parameter \"date\"; this call takes format" },
    { &nothing, "format=csv",
      "unknown parameter \"format\"; this call takes none" },
    { &json, MANY_ACCENTS "=1",
      "unknown parameter \"" ACCENTS ACCENTS
      "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...\"; this call "
      "takes format" },
    { &json, "a" MANY_ACCENTS "=1",
      "unknown parameter \"a" ACCENTS ACCENTS
      "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9...\"; this call takes "
      "format" },
};

Test(params, an_unknown_one_is_told_the_known_ones)
{
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof unknowns / sizeof unknowns[0]; i++) {
        struct route route = { METHOD_GET, "/", unknowns[i].endpoint };
        struct request request = { .arena = &arena,
                                   .route = &route,
                                   .query = str_of(unknowns[i].query) };
        struct why why = { 0 };

        cr_expect_eq(route_params(&request, &why), ERR_MALFORMED, "%s",
                     unknowns[i].query);
        cr_expect_str_eq(why.text, unknowns[i].why);
    }
    arena_fini(&arena);
}

/* The words have an end: none of a call's own names may be behind it. */
Test(params, every_call_tells_all_that_it_takes)
{
    const struct route *routes;
    struct arena arena;
    size_t count;

    arena_init(&arena, 1 << 20);
    routes = route_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct request request = { .arena = &arena,
                                   .route = &routes[i],
                                   .query = STR(MANY_ACCENTS "=1") };
        struct why why = { 0 };
        const char *end;

        cr_expect_eq(route_params(&request, &why), ERR_MALFORMED, "%s",
                     routes[i].path);
        end = strrchr(why.text, ' ');
        cr_assert(end != NULL, "%s", routes[i].path);
        cr_expect_str_eq(end,
                         routes[i].endpoint->gives == 0 ? " none" : " format",
                         "%s: %s", routes[i].path, why.text);
    }
    arena_fini(&arena);
}

Test(params, there_are_at_most_so_many)
{
    char query[(QUERY_PARAMS_MAX + 1) * 8] = "where=1";
    struct route route = { METHOD_GET, "/", &tables };
    struct arena arena;
    struct request request = { .arena = &arena, .route = &route };
    struct why why;

    arena_init(&arena, 1 << 20);
    for (int i = 1; i < QUERY_PARAMS_MAX; i++)
        strncat(query, "&where=1", sizeof query - strlen(query) - 1);
    request.query = str_of(query);
    cr_expect_eq(route_params(&request, &why), OK, "%s", why.text);
    cr_expect_eq(request.param_count, QUERY_PARAMS_MAX);
    strncat(query, "&where=1", sizeof query - strlen(query) - 1);
    request.query = str_of(query);
    cr_expect_eq(route_params(&request, &why), ERR_MALFORMED);
    arena_fini(&arena);
}

static const struct {
    const struct endpoint *endpoint;
    const char *format, *accept;
    enum err err;
    enum media media;
} negotiations[] = {
    { &tables, NULL, NULL, OK, MEDIA_JSON },
    { &tables, NULL, "", OK, MEDIA_JSON },
    { &tables, "csv", NULL, OK, MEDIA_CSV },
    { &tables, "csv", "application/json", OK, MEDIA_CSV },
    { &tables, "ndjson", "image/png", OK, MEDIA_NDJSON },
    { &tables, "xml", NULL, ERR_MALFORMED, 0 },
    { &tables, "CSV", NULL, ERR_MALFORMED, 0 },
    { &tables, "text", NULL, ERR_MALFORMED, 0 },
    { &tables, "arrow", NULL, ERR_INVALID, 0 },
    { &tables, "parquet", NULL, ERR_INVALID, 0 },
    { &json, "json", NULL, OK, MEDIA_JSON },
    { &json, "csv", NULL, ERR_INVALID, 0 },
    { &text, "json", NULL, ERR_INVALID, 0 },
    { &tables, NULL, "text/csv", OK, MEDIA_CSV },
    { &tables, NULL, "TEXT/CSV", OK, MEDIA_CSV },
    { &tables, NULL, "text/csv;header=present", OK, MEDIA_CSV },
    { &tables, NULL, "application/x-ndjson", OK, MEDIA_NDJSON },
    { &tables, NULL, "*/*", OK, MEDIA_JSON },
    { &tables, NULL, "text/*", OK, MEDIA_CSV },
    { &tables, NULL, "application/*", OK, MEDIA_JSON },
    { &tables, NULL, "text/html, text/csv", OK, MEDIA_CSV },
    { &tables, NULL, "text/csv, application/json", OK, MEDIA_CSV },
    { &tables, NULL, "application/json, text/csv", OK, MEDIA_JSON },
    { &tables, NULL, "text/csv, */*", OK, MEDIA_CSV },
    { &tables, NULL, "application/json;q=0.5, text/csv;q=0.6", OK, MEDIA_CSV },
    { &tables, NULL, "application/json ; q=0.500 ,\ttext/csv;Q=0.499", OK,
      MEDIA_JSON },
    { &tables, NULL, "*/*;q=0.1, text/csv;q=0.01", OK, MEDIA_JSON },
    { &tables, NULL, "application/json;q=0, */*", OK, MEDIA_NDJSON },
    { &tables, NULL, "application/json;q=0", ERR_INVALID, 0 },
    { &tables, NULL, "*/*;q=0", ERR_INVALID, 0 },
    { &tables, NULL, "*/*;q=0.000", ERR_INVALID, 0 },
    { &tables, NULL, "text/csv;q=1.001", ERR_INVALID, 0 },
    { &tables, NULL, "text/csv;q=x, application/x-ndjson;q=0.1", OK,
      MEDIA_NDJSON },
    { &tables, NULL, "text/html", ERR_INVALID, 0 },
    { &tables, NULL, "application/vnd.apache.arrow.stream", ERR_INVALID, 0 },
    { &tables, NULL, "csv", ERR_INVALID, 0 },
    { &tables, NULL, ",", ERR_INVALID, 0 },
    { &json, NULL, "text/csv", ERR_INVALID, 0 },
    { &json, NULL, "text/csv, application/json;q=0.1", OK, MEDIA_JSON },
    { &text, NULL, "application/json", OK, MEDIA_TEXT },
    { &yaml, NULL, "*/*", OK, MEDIA_YAML },
    { &yaml, NULL, "application/json", ERR_INVALID, 0 },
    { &page, NULL, NULL, OK, MEDIA_HTML },
    { &page, NULL, "*/*", OK, MEDIA_HTML },
    { &page, NULL, "text/*", OK, MEDIA_HTML },
    { &page, NULL, "application/json", OK, MEDIA_JSON },
    { &page, NULL, "text/html;q=0.9, application/json", OK, MEDIA_JSON },
    { &page, NULL, "text/html,application/xml;q=0.9,*/*;q=0.8", OK,
      MEDIA_HTML },
    { &page, NULL, "text/html;q=0, */*", OK, MEDIA_JSON },
    { &page, NULL, "text/csv", ERR_INVALID, 0 },
    { &page, "json", "text/html", OK, MEDIA_JSON },
    { &page, "csv", NULL, ERR_INVALID, 0 },
    { &page, "html", NULL, ERR_MALFORMED, 0 },
};

Test(params, format_wins_over_accept_over_json)
{
    size_t count = sizeof negotiations / sizeof negotiations[0];

    for (size_t i = 0; i < count; i++) {
        const char *accept = negotiations[i].accept;
        const char *format = negotiations[i].format;
        struct route route = { METHOD_GET, "/", negotiations[i].endpoint };
        struct pair header = { STR("accept"), { accept, 0 } }, param;
        struct request request = { .route = &route,
                                   .headers = &header,
                                   .params = &param };
        struct why why;
        enum err err;

        if (accept != NULL) {
            header.value = str_of(accept);
            request.header_count = 1;
        }
        if (format != NULL)
            request.params[request.param_count++] =
                (struct pair){ STR("format"), str_of(format) };
        err = route_media(&request, &why);
        cr_expect_eq(err, negotiations[i].err, "%zu %s: err %d", i,
                     accept == NULL ? format : accept, err);
        if (err == OK && negotiations[i].err == OK)
            cr_expect_eq(request.media, negotiations[i].media,
                         "%zu %s: media %d", i,
                         accept == NULL ? format : accept, request.media);
    }
}

Test(params, several_accept_headers_are_one)
{
    struct route route = { METHOD_GET, "/", &tables };
    struct pair headers[] = {
        { STR("Accept"), STR("text/html") },
        { STR("X-Other"), STR("application/json") },
        { STR("ACCEPT"), STR("text/csv") },
    };
    struct request request = {
        .route = &route,
        .headers = headers,
        .header_count = 3,
    };

    cr_expect_eq(route_media(&request, NULL), OK);
    cr_expect_eq(request.media, MEDIA_CSV, "media %d", request.media);
}

static const struct {
    const char *text;
    bool ok;
    uint64_t number;
} numbers[] = {
    { "0", true, 0 },
    { "1", true, 1 },
    { "9223372036854775807", true, 9223372036854775807U },
    { "18446744073709551614", true, 18446744073709551614U },
    { "18446744073709551615", true, UINT64_MAX },
    { "18446744073709551616", true, UINT64_MAX },
    { "184467440737095516150", true, UINT64_MAX },
    { "99999999999999999999999999", true, UINT64_MAX },
    { "", false, 0 },
    { "00", false, 0 },
    { "01", false, 0 },
    { "-1", false, 0 },
    { "+1", false, 0 },
    { "1.5", false, 0 },
    { "1e3", false, 0 },
    { " 1", false, 0 },
    { "1 ", false, 0 },
    { "abc", false, 0 },
};

Test(params, numbers_are_digits_alone)
{
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        uint64_t got = 0;
        bool ok = number_read(str_of(numbers[i].text), &got);

        cr_expect_eq(ok, numbers[i].ok, "\"%s\"", numbers[i].text);
        cr_expect_eq(got, numbers[i].number, "\"%s\": %llu", numbers[i].text,
                     (unsigned long long)got);
    }
}
