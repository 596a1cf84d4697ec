/* The table of routes, and the way from a path to a row of it. */
#include <assert.h>

#include "route.h"

#define ROUTE(method, path, name) extern const struct endpoint name;
#include "routes.def"
#undef ROUTE

static const struct route routes[] = {
#define ROUTE(method, path, name) { METHOD_##method, path, &name },
#include "routes.def"
#undef ROUTE
};

#define ROUTE_COUNT (sizeof routes / sizeof routes[0])

/* A path's segments, decoded; those past the most are only counted. */
struct path {
    struct str segments[ROUTE_SEGMENTS_MAX];
    size_t count;
};

const struct route *
route_table(size_t *count)
{
    *count = ROUTE_COUNT;
    return routes;
}

/* Cut the first segment of "/a/b" off. */
static struct str
next_segment(struct str *path)
{
    struct str segment = { path->data + 1, 0 };

    assert(path->len > 0 && path->data[0] == '/');
    while (segment.len + 1 < path->len && segment.data[segment.len] != '/')
        segment.len++;
    path->data += segment.len + 1;
    path->len -= segment.len + 1;
    return segment;
}

static enum err
split_path(struct request *request, struct path *out, struct why *why)
{
    struct str rest = request->path;

    out->count = 0;
    if (rest.len == 0 || rest.data[0] != '/')
        return why_set(why, ERR_MALFORMED, "a path begins with a slash");
    while (rest.len > 0) {
        struct str segment = next_segment(&rest), decoded;
        enum err err =
            percent_decode(request->arena, segment, PLUS_IS_PLUS, &decoded);

        if (err == ERR_MALFORMED)
            return why_set(why, err,
                           "the path has a bad escape or is not UTF-8");
        if (err != OK)
            return err;
        if (out->count < ROUTE_SEGMENTS_MAX)
            out->segments[out->count] = decoded;
        out->count++;
    }
    return OK;
}

/*
 * Whether the path is one of the pattern's; then the parts in braces are its
 * parameters. An empty segment is no value.
 */
static bool
matches(const char *pattern, const struct path *path, struct str *params,
        size_t *param_count)
{
    struct str rest = str_of(pattern);
    size_t i = 0;

    *param_count = 0;
    for (; rest.len > 0; i++) {
        struct str wanted = next_segment(&rest);

        if (i >= path->count || i >= ROUTE_SEGMENTS_MAX)
            return false;
        if (wanted.len > 0 && wanted.data[0] == '{') {
            if (path->segments[i].len == 0)
                return false;
            params[(*param_count)++] = path->segments[i];
            continue;
        }
        if (!str_equal(wanted, path->segments[i]))
            return false;
    }
    return i == path->count;
}

static const char *
allow_name(enum method method)
{
    switch (method) {
    case METHOD_GET:
        return "GET, HEAD";
    case METHOD_POST:
        return "POST";
    case METHOD_PUT:
        return "PUT";
    case METHOD_DELETE:
        return "DELETE";
    case METHOD_HEAD:
    case METHOD_OPTIONS:
    case METHOD_OTHER:
        break;
    }
    assert(false);
    return "";
}

enum err
route_find(struct request *request, const char **allow, struct why *why)
{
    enum method method =
        request->method == METHOD_HEAD ? METHOD_GET : request->method;
    struct str allowed = { NULL, 0 };
    const char *pattern = NULL; /* the first that matches hides the others */
    struct path path;

    TRY(split_path(request, &path, why));
    for (size_t i = 0; i < ROUTE_COUNT; i++) {
        const struct route *route = &routes[i];

        if (pattern != NULL && strcmp(pattern, route->path) != 0)
            continue;
        if (!matches(route->path, &path, request->segments,
                     &request->segment_count))
            continue;
        pattern = route->path;
        if (route->method == method) {
            request->route = route;
            return OK;
        }
        allowed = arena_print(
            request->arena, "%s%s%s", allowed.data == NULL ? "" : allowed.data,
            allowed.data == NULL ? "" : ", ", allow_name(route->method));
        if (allowed.data == NULL)
            return why_set(why, ERR_TOO_LARGE, "the path is too long");
    }
    request->segment_count = 0;
    if (allowed.data == NULL)
        return why_set(why, ERR_NOT_FOUND, "nothing is served at this path");
    allowed = arena_print(request->arena, "%s, OPTIONS", allowed.data);
    if (allowed.data == NULL)
        return why_set(why, ERR_TOO_LARGE, "the path is too long");
    *allow = allowed.data;
    return why_set(why, ERR_CONFLICT, "this path is served by %s",
                   allowed.data);
}

const char *
route_method_name(enum method method)
{
    switch (method) {
    case METHOD_GET:
        return "GET";
    case METHOD_POST:
        return "POST";
    case METHOD_PUT:
        return "PUT";
    case METHOD_DELETE:
        return "DELETE";
    case METHOD_HEAD:
    case METHOD_OPTIONS:
    case METHOD_OTHER:
        break;
    }
    return "";
}

static bool
is_served(enum method method)
{
    for (size_t i = 0; i < ROUTE_COUNT; i++)
        if (routes[i].method == method)
            return true;
    return false;
}

const char *
route_methods(const struct request *request)
{
    static const enum method methods[] = { METHOD_GET, METHOD_POST, METHOD_PUT,
                                           METHOD_DELETE };
    struct str text = STR("");

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (is_served(methods[i]))
            text = arena_print(request->arena, "%s%s, ", text.data,
                               allow_name(methods[i]));
        if (text.data == NULL)
            return "";
    }
    text = arena_print(request->arena, "%sOPTIONS", text.data);
    return text.data == NULL ? "" : text.data;
}
