/* Pages for people, and that nothing of a stranger gets into them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/html.h"
#include "api/openapi.h"
#include "api/problem.h"
#include "api/route.h"
#include "tests/api/exchanging.h"

static struct exchanging at;

static void
start(void)
{
    exchanging_init(&at);
}

static void
stop(void)
{
    exchanging_fini(&at);
}

TestSuite(pages, .init = start, .fini = stop);

Test(pages, escape_five_characters)
{
    static const struct {
        struct str text;
        const char *html;
    } rows[] = {
        { { "", 0 }, "" },
        { { "a b\n\xc3\xa9", 6 }, "a b\n\xc3\xa9" },
        { { "<a href=\"x\">'&'</a>", 19 },
          "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/a&gt;" },
        { { "&amp;", 5 }, "&amp;amp;" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct out out;

        out_init(&out, 1000);
        html_text(&out, rows[i].text);
        cr_expect(str_equal(out_text(&out), str_of(rows[i].html)), "row %zu",
                  i);
        out_fini(&out);
    }
}

/* The answer as text; its status. */
static int
ask_text(const char *target, const char *headers, struct out *out)
{
    struct exchange *exchange = exchanging_ask(&at, "GET", target, headers);
    int status = exchange->response.status;

    out_reset(out);
    exchanging_read(exchange, out);
    out_char(out, '\0');
    exchanging_end(exchange);
    return status;
}

/* Nothing that would run or fetch something. */
static void
expect_plain(const char *row, const char *text)
{
    static const char *const wrong[] = {
        "<script", "<style", "<link",      "<img",        "<iframe", "<form",
        "style=",  "src=",   "http-equiv", "javascript:", "//cdn",
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        cr_expect_null(strstr(text, wrong[i]), "%s has %s", row, wrong[i]);
}

Test(pages, show_what_is_here)
{
    struct exchange *exchange = exchanging_ask(&at, "GET", "/", "");
    struct out out;
    size_t count;
    const struct route *routes = route_table(&count);

    cr_expect_eq(exchange->response.status, 200);
    cr_expect_str_eq(exchanging_header(exchange, "Content-Security-Policy"),
                     "default-src 'none'; base-uri 'none'; form-action 'none'; "
                     "frame-ancestors 'none'");
    cr_expect_eq(exchange->response.media, MEDIA_HTML);
    exchanging_end(exchange);

    out_init(&out, 1UL << 20);
    (void)ask_text("/", "", &out);
    cr_expect_not_null(strstr(out.data, "Nothing is stored yet."));
    asking_facts(&at.asking,
                 "{\"security_id\":1,\"attribute\":\"k\",\"value\":1,"
                 "\"effective_date\":\"2024-01-01\"}\n");
    (void)ask_text("/", "", &out);
    cr_expect_not_null(strstr(out.data, "href=\"/v1/transactions/1\">1</a>"));
    cr_expect_not_null(strstr(out.data, "Version " SECMASTER_VERSION));
    cr_expect_not_null(strstr(out.data, "href=\"/openapi.yaml\""));
    cr_expect_not_null(strstr(out.data, "href=\"/readyz?verbose\""));
    cr_expect_not_null(strstr(out.data, "href=\"/metrics\""));
    expect_plain("/", out.data);
    for (size_t i = 0; i < count; i++)
        cr_expect_not_null(strstr(out.data, routes[i].path), "%s",
                           routes[i].path);
    /* Each has its words. */
    cr_expect_eq(openapi_call_count, count);
    for (size_t i = 0; i < openapi_call_count; i++) {
        char cell[256];

        snprintf(cell, sizeof cell, "<td>%s</td></tr>",
                 openapi_calls[i].summary);
        cr_expect_not_null(strstr(out.data, cell), "%s", cell);
    }
    out_fini(&out);
}

Test(pages, give_lines_for_the_host_that_was_asked)
{
    static const struct {
        const char *host, *shown;
    } rows[] = {
        { "localhost:9000", "&#39;http://localhost:9000/v1/" },
        { "[::1]:80", "&#39;http://[::1]:80/v1/" },
        { "SECMASTER.example", "&#39;http://SECMASTER.example/v1/" },
        { "", "&#39;http://127.0.0.1:8080/v1/" },
        { "a;rm", "&#39;http://127.0.0.1:8080/v1/" },
        { "$(id)", "&#39;http://127.0.0.1:8080/v1/" },
        { "<b>", "&#39;http://127.0.0.1:8080/v1/" },
        { "a'b", "&#39;http://127.0.0.1:8080/v1/" },
    };
    struct out out;

    out_init(&out, 1UL << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pair header = { STR("Host"), str_of(rows[i].host) };
        struct request *request = &at.asking.request;

        asking_prepare(&at.asking, METHOD_GET, "/", NULL);
        request->headers = &header;
        request->header_count = 1;
        cr_assert_eq(route_find(request, &at.asking.allow, NULL), OK);
        request->route->endpoint->handle(request, &at.asking.response);
        out_reset(&out);
        out_str(&out, out_text(&at.asking.response.body));
        out_char(&out, '\0');
        cr_expect_not_null(strstr(out.data, rows[i].shown), "%s: %s",
                           rows[i].host, strstr(out.data, "<pre>"));
    }
    out_fini(&out);
}

static const struct {
    int status;
    const char *slug, *title, *meaning, *remedy;
} problems[] = {
#define PROBLEM(name, status, slug, title, meaning, remedy)                    \
    { status, slug, title, meaning, remedy },
#include "api/problems.def"
#undef PROBLEM
};

Test(pages, tell_every_problem)
{
    struct out out, html;

    out_init(&out, 1UL << 20);
    out_init(&html, 1UL << 20);
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        char target[64], json[2048];

        snprintf(target, sizeof target, "/problems/%s", problems[i].slug);
        cr_expect_eq(ask_text(target, "", &out), 200, "%s", target);
        cr_expect_eq(strncmp(out.data, "<!DOCTYPE html>\n", 16), 0);
        expect_plain(target, out.data);
        out_reset(&html);
        html_text(&html, str_of(problems[i].meaning));
        out_char(&html, '\0');
        cr_expect_not_null(strstr(out.data, html.data), "%s", target);
        cr_expect_gt(strlen(problems[i].remedy), 10, "%s", target);

        cr_expect_eq(ask_text(target, "Accept: application/json\r\n", &out),
                     200);
        snprintf(json, sizeof json,
                 "{\"type\":\"%s\",\"status\":%d,\"title\":\"%s\","
                 "\"meaning\":\"%s\",\"remedy\":\"%s\"}",
                 target, problems[i].status, problems[i].title,
                 problems[i].meaning, problems[i].remedy);
        cr_expect_str_eq(out.data, json);
    }
    out_fini(&out);
    out_fini(&html);
}

Test(pages, refuse_what_is_no_problem)
{
    static const struct {
        const char *target, *headers;
        int status;
    } rows[] = {
        { "/problems/nope", "", 404 },
        { "/problems/", "", 404 },
        { "/problem", "", 404 },
        { "/problems?x=1", "", 400 },
        { "/problems", "Accept: text/csv\r\n", 406 },
        { "/problems/not-found/x", "", 404 },
        { "/problems/Not-Found", "", 404 },
        { "/problems/%3Cscript%3E", "", 404 },
        { "/problems/not-found?x=1", "", 400 },
        { "/problems/not-found", "Accept: text/csv\r\n", 406 },
        { "/", "Accept: application/json\r\n", 406 },
        { "/", "Accept: text/html\r\n", 200 },
        { "/?a=b", "", 400 },
    };
    struct out out;

    out_init(&out, 1UL << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(ask_text(rows[i].target, rows[i].headers, &out),
                     rows[i].status, "%s %s: %s", rows[i].target,
                     rows[i].headers, out.data);
        cr_expect(rows[i].status == 200 || out.data[0] == '{', "%s",
                  rows[i].target);
    }
    out_fini(&out);
}
