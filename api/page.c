/* Where a page ends and the next one begins. */
#include "page.h"

#include <string.h>

#include "secmaster/bounds.h"

/* Percent-encode what cannot stand in a query or, as itself, in a header. */
static void
put_encoded(struct out *out, struct str text, const char *keep)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                     (c >= 'A' && c <= 'Z');

        if (plain || (c != '\0' && strchr(keep, c) != NULL))
            out_char(out, (char)c);
        else
            out_print(out, "%%%02X", c);
    }
}

#define UNRESERVED "-._~"
#define PATH_KEPT UNRESERVED "/%!$&'()*+,;=:@"

/* The same request with another cursor. It has to fit an answer's head, where
 * it may be thrice as long as it came; but without it a page in CSV would look
 * like the last one. */
static enum err
link_next(struct request *request, struct response *response, struct str cursor,
          struct why *why)
{
    struct out link;
    enum err err;

    out_init(&link, NEXT_LINK_BYTES_MAX);
    put_encoded(&link, request->path, PATH_KEPT);
    out_char(&link, '?');
    for (size_t i = 0; i < request->param_count; i++) {
        const struct pair *param = &request->params[i];

        if (str_equal(param->name, STR("cursor")))
            continue;
        put_encoded(&link, param->name, UNRESERVED);
        out_char(&link, '=');
        put_encoded(&link, param->value, UNRESERVED);
        out_char(&link, '&');
    }
    out_print(&link, "cursor=%.*s", STR_ARG(cursor));
    err = out_finish(&link);
    if (err == OK)
        response_header(request, response, "Link", "<%.*s>; rel=\"next\"",
                        STR_ARG(out_text(&link)));
    if (err == ERR_TOO_LARGE)
        err = why_set(why, err,
                      "the address of the next page is too long: ask for all "
                      "rows at once, as NDJSON or CSV");
    out_fini(&link);
    return err;
}

enum err
page_end(struct request *request, struct response *response,
         const struct cursor *next, struct why *why)
{
    struct out *out = &response->body;
    struct str text = { NULL, 0 };

    if (next != NULL) {
        text = cursor_text(request, next);
        if (text.data == NULL)
            return ERR_TOO_LARGE;
        TRY(link_next(request, response, text, why));
    }
    if (request->media != MEDIA_JSON)
        return OK;
    if (next != NULL)
        out_print(out, ",\"next_cursor\":\"%.*s\"}", STR_ARG(text));
    else
        out_print(out, ",\"next_cursor\":null}");
    return out_finish(out);
}
