/* Headers in, headers out: the small change of every handler. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "request.h"

struct str
request_header(const struct request *request, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < request->header_count; i++) {
        const struct pair *header = &request->headers[i];

        if (header->name.len == wanted.len &&
            strncasecmp(header->name.data, wanted.data, wanted.len) == 0)
            return header->value;
    }
    return (struct str){ NULL, 0 };
}

struct str
request_param(const struct request *request, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < request->param_count; i++) {
        if (str_equal(request->params[i].name, wanted))
            return request->params[i].value;
    }
    return (struct str){ NULL, 0 };
}

void
response_header(struct request *request, struct response *response,
                const char *name, const char *format, ...)
{
    va_list arguments;
    char *text;
    int len;

    assert(response->header_count < RESPONSE_HEADERS_MAX);
    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    assert(len >= 0);

    /* Without memory for a header the answer goes without it. */
    text = arena_alloc(request->arena, (size_t)len + 1);
    if (text == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(text, (size_t)len + 1, format, arguments);
    va_end(arguments);
    response->headers[response->header_count++] = (struct pair){
        str_of(name),
        { text, (size_t)len },
    };
}
