/* Paths and methods find their routes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/route.h"

static const struct {
    enum method method;
    const char *path;
    enum err err;
    const char *pattern;  /* of the route found */
    const char *segments; /* joined by '|' */
    const char *allow;
} cases[] = {
    { METHOD_GET, "/livez", OK, "/livez", "", NULL },
    { METHOD_HEAD, "/livez", OK, "/livez", "", NULL },
    { METHOD_GET, "/v1/securities", OK, "/v1/securities", "", NULL },
    { METHOD_GET, "/v1/securities/7", OK, "/v1/securities/{security_id}", "7",
      NULL },
    { METHOD_POST, "/v1/securities/lookup", OK, "/v1/securities/lookup", "",
      NULL },
    { METHOD_GET, "/v1/securities/lookup", ERR_CONFLICT, NULL, "",
      "POST, OPTIONS" },
    { METHOD_GET, "/v1/securities/7/history", OK,
      "/v1/securities/{security_id}/history", "7", NULL },
    { METHOD_GET, "/v1/%73ecurities/7", OK, "/v1/securities/{security_id}", "7",
      NULL },
    { METHOD_GET, "/v1/asset-classes/a%2Fb+c%20d", OK,
      "/v1/asset-classes/{asset_class}", "a/b+c d", NULL },
    { METHOD_GET, "/v1/asset-classes/..", OK, "/v1/asset-classes/{asset_class}",
      "..", NULL },
    { METHOD_POST, "/v1/facts", OK, "/v1/facts", "", NULL },
    { METHOD_GET, "/v1/facts", ERR_CONFLICT, NULL, "", "POST, OPTIONS" },
    { METHOD_POST, "/v1/master", ERR_CONFLICT, NULL, "", "GET, HEAD, OPTIONS" },
    { METHOD_OPTIONS, "/v1/securities/1", ERR_CONFLICT, NULL, "",
      "GET, HEAD, OPTIONS" },
    { METHOD_OTHER, "/livez", ERR_CONFLICT, NULL, "", "GET, HEAD, OPTIONS" },
    { METHOD_GET, "/", OK, "/", "", NULL },
    { METHOD_GET, "//", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/problems/x", OK, "/problems/{type}", "x", NULL },
    { METHOD_GET, "/problems/", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/Master", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/master/", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "//v1/master", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1%2Fmaster", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/securities/", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/securities//history", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/securities/7/x", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/a/b/c/d/e/f/g/h/i/j", ERR_NOT_FOUND, NULL, "", NULL },
    { METHOD_GET, "/v1/asset-classes/%", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "/v1/asset-classes/%4", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "/v1/asset-classes/%4g", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "/v1/asset-classes/a%00b", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "/v1/asset-classes/%ff", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "/nowhere/%ff", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "", ERR_MALFORMED, NULL, "", NULL },
    { METHOD_GET, "v1/master", ERR_MALFORMED, NULL, "", NULL },
};

static void
join_segments(const struct request *request, char *to, size_t size)
{
    size_t len = 0;

    to[0] = '\0';
    for (size_t i = 0; i < request->segment_count; i++)
        len +=
            (size_t)snprintf(to + len, size - len, "%s%.*s", i == 0 ? "" : "|",
                             STR_ARG(request->segments[i]));
}

Test(route, find_splits_before_it_decodes)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        struct request request = {
            .arena = &arena,
            .method = cases[i].method,
            .path = str_of(cases[i].path),
        };
        const char *allow = NULL;
        char segments[256];
        struct why why;
        enum err err;

        arena_init(&arena, 65536);
        err = route_find(&request, &allow, &why);
        cr_expect_eq(err, cases[i].err, "%zu %s: err %d", i, cases[i].path,
                     err);
        cr_expect_eq(request.route != NULL, cases[i].pattern != NULL,
                     "%zu %s: route", i, cases[i].path);
        if (request.route != NULL && cases[i].pattern != NULL)
            cr_expect_str_eq(request.route->path, cases[i].pattern, "%zu %s", i,
                             cases[i].path);
        join_segments(&request, segments, sizeof segments);
        cr_expect_str_eq(segments, cases[i].segments, "%zu %s: segments %s", i,
                         cases[i].path, segments);
        cr_expect_eq(allow != NULL, cases[i].allow != NULL, "%zu %s: allow", i,
                     cases[i].path);
        if (allow != NULL && cases[i].allow != NULL)
            cr_expect_str_eq(allow, cases[i].allow, "%zu %s", i, cases[i].path);
        arena_fini(&arena);
    }
}

Test(route, every_row_has_an_endpoint_that_answers)
{
    size_t count;
    const struct route *table = route_table(&count);

    cr_assert_gt(count, 0);
    for (size_t i = 0; i < count; i++) {
        const struct endpoint *endpoint = table[i].endpoint;

        cr_expect(endpoint->handle != NULL, "%s: handle", table[i].path);
        cr_expect_neq(endpoint->gives, 0, "%s: gives", table[i].path);
        cr_expect_eq(endpoint->bodies != 0, endpoint->begin != NULL,
                     "%s: begin", table[i].path);
        cr_expect_eq(endpoint->bodies != 0, endpoint->body != NULL, "%s: body",
                     table[i].path);
        cr_expect(endpoint->begin == NULL || endpoint->drop != NULL, "%s: drop",
                  table[i].path);
        cr_expect(endpoint->resume == NULL || endpoint->place == ON_LOOP,
                  "%s: resume", table[i].path);
    }
}
