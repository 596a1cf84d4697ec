/* GET /: what is here, and lines to try. */
#include <assert.h>
#include <string.h>

#include "html.h"
#include "openapi.h"
#include "route.h"
#include "service.h"

#define HOST_DEFAULT "127.0.0.1:8080"

/* The host that the client came to, where it can stand in a line that people
 * paste into a shell. */
static struct str
host_of(const struct request *request)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]";
    struct str host = request_header(request, "Host");

    for (size_t i = 0; i < host.len; i++)
        if (memchr(plain, host.data[i], sizeof plain - 1) == NULL)
            return STR(HOST_DEFAULT);
    return host.len == 0 ? STR(HOST_DEFAULT) : host;
}

static void
put_line(struct out *out, struct str host, const char *target,
         const char *options)
{
    out_str(out, STR("curl -s "));
    html_text(out, STR("'"));
    out_str(out, STR("http://"));
    html_text(out, host);
    html_text(out, str_of(target));
    html_text(out, STR("'"));
    html_text(out, str_of(options));
    out_char(out, '\n');
}

static void
put_lines(struct out *out, struct str host)
{
    out_str(out, STR("<h2>To try</h2>\n<pre>"));
    put_line(out, host, "/v1/facts",
             " -H 'Content-Type: application/json' -d '[{\"security_id\":1,"
             "\"attribute\":\"ticker\",\"value\":\"LENZ\","
             "\"effective_date\":\"2024-03-22\"}]'");
    put_line(out, host, "/v1/securities/1?as_of=2024-06-01", "");
    put_line(out, host, "/v1/securities/1/history", "");
    put_line(out, host, "/v1/securities?limit=5&format=csv", "");
    put_line(out, host, "/v1/master?format=ndjson", " --compressed | head");
    out_str(out, STR("</pre>\n"));
}

/* A check of the build keeps the document and the routes in step. */
static const struct openapi_call *
call_of(const struct route *route)
{
    const char *method = route_method_name(route->method);
    size_t i = 0;

    while (strcmp(openapi_calls[i].method, method) != 0 ||
           strcmp(openapi_calls[i].path, route->path) != 0) {
        i++;
        assert(i < openapi_call_count);
    }
    return &openapi_calls[i];
}

/* What can be asked without saying more is a link. */
static void
put_call(struct out *out, const struct route *route)
{
    const struct openapi_call *call = call_of(route);
    bool is_link = route->method == METHOD_GET && call->is_open;
    struct str path = str_of(route->path);

    out_print(out, "<tr><td>%s</td><td><code>", call->method);
    if (is_link) {
        out_str(out, STR("<a href=\""));
        html_text(out, path);
        out_str(out, STR("\">"));
    }
    html_text(out, path);
    out_str(out,
            is_link ? STR("</a></code></td><td>") : STR("</code></td><td>"));
    html_text(out, str_of(call->summary));
    out_str(out, STR("</td></tr>\n"));
}

static void
put_calls(struct out *out)
{
    size_t count;
    const struct route *routes = route_table(&count);

    out_str(out, STR("<h2>Calls</h2>\n<table>\n"));
    for (size_t i = 0; i < count; i++)
        put_call(out, &routes[i]);
    out_str(out, STR("</table>\n"));
}

static void
put_state(struct out *out, struct store *store)
{
    unsigned long long newest = store_newest(store);

    out_print(out, "<p>Version %s. ", SECMASTER_VERSION);
    if (newest == 0)
        out_str(out, STR("Nothing is stored yet."));
    else
        out_print(out,
                  "The newest transaction is "
                  "<a href=\"/v1/transactions/%llu\">%llu</a>.",
                  newest, newest);
    out_str(out, STR("</p>\n"));
}

static void
handle(struct request *request, struct response *response)
{
    struct out *out = &response->body;

    html_begin(request, response, "secmaster");
    out_str(out, STR("<p>A bitemporal security master: what was true of a "
                     "security on a day, and what was known about it at a "
                     "moment.</p>\n"));
    put_state(out, request->service->store);
    out_str(out, STR("<p><a href=\"/openapi.yaml\">The API's description</a>, "
                     "<a href=\"/openapi.json\">the same as JSON</a>. "
                     "<a href=\"/readyz?verbose\">Whether it is ready</a>, "
                     "<a href=\"/metrics\">its figures</a>.</p>\n"));
    put_calls(out);
    put_lines(out, host_of(request));
    html_end(response);
}

const struct endpoint endpoint_home = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_HTML),
    .handle = handle,
};
