/* The frame of a page, and the five characters that must not stand in it. */
#include "html.h"

/* There is nothing to load, to run, to send or to be framed by. */
#define POLICY                                                                 \
    "default-src 'none'; base-uri 'none'; form-action 'none'; "                \
    "frame-ancestors 'none'"

static struct str
reference(char c)
{
    switch (c) {
    case '&':
        return STR("&amp;");
    case '<':
        return STR("&lt;");
    case '>':
        return STR("&gt;");
    case '"':
        return STR("&quot;");
    case '\'':
        return STR("&#39;");
    default:
        return (struct str){ NULL, 0 };
    }
}

void
html_text(struct out *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        struct str instead = reference(text.data[i]);

        if (instead.data == NULL)
            out_char(out, text.data[i]);
        else
            out_str(out, instead);
    }
}

void
html_begin(struct request *request, struct response *response,
           const char *title)
{
    struct out *out = &response->body;

    response_header(request, response, "Content-Security-Policy", "%s", POLICY);
    response->status = 200;
    response->media = MEDIA_HTML;
    out_str(out, STR("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
                     "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                     "content=\"width=device-width\">\n<meta "
                     "name=\"color-scheme\" content=\"light dark\">\n<title>"));
    html_text(out, str_of(title));
    out_str(out, STR("</title>\n</head>\n<body>\n<h1>"));
    html_text(out, str_of(title));
    out_str(out, STR("</h1>\n"));
}

void
html_end(struct response *response)
{
    out_str(&response->body, STR("</body>\n</html>\n"));
}
