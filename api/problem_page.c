/* GET /problems and /problems/{type}: what errors there are, what each means,
 * and what to do about it. */
#include <assert.h>

#include "html.h"
#include "problem.h"

struct page {
    const char *slug, *title;
    int status;
    const char *meaning, *remedy;
};

static const struct page pages[] = {
#define PROBLEM(name, status, slug, title, meaning, remedy)                    \
    { slug, title, status, meaning, remedy },
#include "problems.def"
#undef PROBLEM
};

static const struct page *
page_of(struct str slug)
{
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (str_equal(slug, str_of(pages[i].slug)))
            return &pages[i];
    return NULL;
}

static void
put_paragraph(struct out *out, const char *heading, const char *text)
{
    out_print(out, "<h2>%s</h2>\n<p>", heading);
    html_text(out, str_of(text));
    out_str(out, STR("</p>\n"));
}

static void
write_html(struct request *request, struct response *response,
           const struct page *page)
{
    struct out *out = &response->body;

    html_begin(request, response, page->title);
    out_print(out, "<p>Status %d, <code>/problems/%s</code></p>\n",
              page->status, page->slug);
    put_paragraph(out, "What it means", page->meaning);
    put_paragraph(out, "What to do", page->remedy);
    out_str(out, STR("<p><a href=\"/problems\">All problems</a>, "
                     "<a href=\"/\">what is here</a></p>\n"));
    html_end(response);
}

static void
put_member(struct out *out, const char *name, const char *text)
{
    out_print(out, ",\"%s\":", name);
    out_json(out, str_of(text));
}

static void
put_json(struct out *out, const struct page *page)
{
    out_print(out, "{\"type\":\"/problems/%s\",\"status\":%d", page->slug,
              page->status);
    put_member(out, "title", page->title);
    put_member(out, "meaning", page->meaning);
    put_member(out, "remedy", page->remedy);
    out_char(out, '}');
}

static void
write_json(struct response *response, const struct page *page)
{
    put_json(&response->body, page);
    response->status = 200;
    response->media = MEDIA_JSON;
}

static void
handle(struct request *request, struct response *response)
{
    const struct page *page;

    assert(request->segment_count == 1);
    page = page_of(request->segments[0]);
    if (page == NULL)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "no problem has this type");
    else if (request->media == MEDIA_JSON)
        write_json(response, page);
    else
        write_html(request, response, page);
}

const struct endpoint endpoint_problem_page = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_HTML) | MEDIA_BIT(MEDIA_JSON),
    .handle = handle,
};

static void
write_html_index(struct request *request, struct response *response)
{
    struct out *out = &response->body;

    html_begin(request, response, "Problems");
    out_str(out, STR("<table>\n"));
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        out_print(out,
                  "<tr><td>%d</td><td><a href=\"/problems/%s\">%s</a></td>"
                  "<td>",
                  pages[i].status, pages[i].slug, pages[i].slug);
        html_text(out, str_of(pages[i].title));
        out_str(out, STR("</td></tr>\n"));
    }
    out_str(out, STR("</table>\n<p><a href=\"/\">What is here</a></p>\n"));
    html_end(response);
}

static void
write_json_index(struct response *response)
{
    struct out *out = &response->body;

    out_str(out, STR("{\"problems\":["));
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        if (i > 0)
            out_char(out, ',');
        put_json(out, &pages[i]);
    }
    out_str(out, STR("]}"));
    response->status = 200;
    response->media = MEDIA_JSON;
}

static void
handle_index(struct request *request, struct response *response)
{
    if (request->media == MEDIA_JSON)
        write_json_index(response);
    else
        write_html_index(request, response);
}

const struct endpoint endpoint_problem_index = {
    .place = ON_LOOP,
    .gives = MEDIA_BIT(MEDIA_HTML) | MEDIA_BIT(MEDIA_JSON),
    .handle = handle_index,
};
