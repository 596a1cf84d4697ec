/* Errors in words: problem+json, from one table of kinds. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "problem.h"
#include "secmaster/log.h"
#include "secmaster/utf8.h"

#define RETRY_AFTER_SECONDS 1
#define DETAIL_BYTES_MAX 512

static const struct {
    int status;
    const char *slug, *title;
} problems[PROBLEM_COUNT] = {
#define PROBLEM(name, status, slug, title, meaning, remedy)                    \
    [PROBLEM_##name] = { status, slug, title },
#include "problems.def"
#undef PROBLEM
};

/*
 * A JSON string of a text that may come from a raw request line or have been
 * cut inside a character: what is not UTF-8 becomes a question mark.
 */
static void
put_text(struct out *out, struct arena *arena, struct str text)
{
    struct str copy = arena_copy(arena, text);
    struct str rest = copy;
    size_t at;

    if (copy.data == NULL) {
        out_json(out, STR(""));
        return;
    }
    /* On from there, not from the start: strangers send thousands of them. */
    while ((at = utf8_span(rest)) < rest.len) {
        ((char *)rest.data)[at] = '?';
        rest.data += at + 1;
        rest.len -= at + 1;
    }
    out_json(out, copy);
}

static void
put_member(struct out *out, struct arena *arena, const char *name,
           struct str text)
{
    out_print(out, "\"%s\":", name);
    put_text(out, arena, text);
}

/* The path without what may be a secret in it: a segment that lets a vendor
 * in. */
static struct str
shown_path(const struct request *request)
{
    const struct str doors = STR("/v1/webhooks/");
    struct str path = request->path;
    size_t len = doors.len;

    if (path.len <= doors.len || memcmp(path.data, doors.data, doors.len) != 0)
        return path;
    while (len < path.len && path.data[len] != '/')
        len++;
    path.len = len;
    return path;
}

/* Whoever knows better has said so. */
static bool
has_retry_after(const struct response *response)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (str_equal(response->headers[i].name, STR("Retry-After")))
            return true;
    return false;
}

/* Everything but the closing brace, so that a list may follow. */
static void
begin_problem(struct request *request, struct response *response,
              enum problem problem, struct str detail)
{
    struct out *out = &response->body;

    if (response->stream != NULL) {
        response->stream->free(response->stream);
        response->stream = NULL;
    }
    response->status = problems[problem].status;
    response->media = MEDIA_NONE;
    response->content_type = "application/problem+json";
    response->fixed = (struct str){ NULL, 0 };
    response->coding = CODING_IDENTITY;
    response->has_tag = false;
    out_reset(out);
    out_print(out, "{\"type\":\"/problems/%s\",\"title\":\"%s\",",
              problems[problem].slug, problems[problem].title);
    out_print(out, "\"status\":%d,", problems[problem].status);
    put_member(out, request->arena, "detail", detail);
    out_char(out, ',');
    put_member(out, request->arena, "instance", shown_path(request));
    out_char(out, ',');
    put_member(out, request->arena, "request_id", request->id);
    if (problem == PROBLEM_UNAVAILABLE && !has_retry_after(response))
        response_header(request, response, "Retry-After", "%d",
                        RETRY_AFTER_SECONDS);
}

static void __attribute__((format(printf, 4, 0)))
begin_printed(struct request *request, struct response *response,
              enum problem problem, const char *format, va_list arguments)
{
    char detail[DETAIL_BYTES_MAX];

    vsnprintf(detail, sizeof detail, format, arguments);
    begin_problem(request, response, problem, str_of(detail));
}

void
problem_begin(struct request *request, struct response *response,
              enum problem problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin_printed(request, response, problem, format, arguments);
    va_end(arguments);
}

void
problem_set(struct request *request, struct response *response,
            enum problem problem, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    begin_printed(request, response, problem, format, arguments);
    va_end(arguments);
    out_char(&response->body, '}');
}

static void
put_complaint(struct out *out, struct arena *arena,
              const struct complaint *complaint)
{
    out_char(out, '{');
    if (complaint->pointer != NULL) {
        put_member(out, arena, "pointer", str_of(complaint->pointer));
        out_char(out, ',');
    }
    if (complaint->line != 0)
        out_print(out, "\"line\":%llu,", (unsigned long long)complaint->line);
    put_member(out, arena, "detail", str_of(complaint->detail));
    out_char(out, '}');
}

/* The first complaint with its place, for those who read no further. */
static struct str
first_complaint(struct arena *arena, const struct complaints *complaints)
{
    const struct complaint *first = &complaints->items[0];
    struct str text = { NULL, 0 };

    if (complaints->listed == 0)
        return STR("a rule is broken");
    if (first->pointer != NULL && first->pointer[0] != '\0')
        text = arena_print(arena, "%s: %s", first->pointer, first->detail);
    else if (first->line != 0)
        text = arena_print(arena, "line %llu: %s",
                           (unsigned long long)first->line, first->detail);
    return text.data == NULL ? str_of(first->detail) : text;
}

void
problem_list(struct request *request, struct response *response,
             enum problem problem, const struct complaints *complaints)
{
    struct out *out = &response->body;

    assert(complaints->total > 0);
    begin_problem(request, response, problem,
                  first_complaint(request->arena, complaints));
    out_print(out, ",\"error_count\":%llu,\"errors\":[",
              (unsigned long long)complaints->total);
    for (size_t i = 0; i < complaints->listed; i++) {
        if (i > 0)
            out_char(out, ',');
        put_complaint(out, request->arena, &complaints->items[i]);
    }
    out_bytes(out, "]}", 2);
}

/*
 * Which problem an error is, and whether its words are for clients: where
 * they may speak of files or of our insides, stock words stand instead.
 */
static enum problem
problem_of(enum err err, const char **stock)
{
    assert(err != OK);

    *stock = NULL;
    switch (err) {
    case ERR_MALFORMED:
        return PROBLEM_MALFORMED_REQUEST;
    case ERR_INVALID:
        return PROBLEM_INVALID_BODY;
    case ERR_NOT_FOUND:
        return PROBLEM_NOT_FOUND;
    case ERR_CONFLICT:
        return PROBLEM_CONFLICT;
    case ERR_TOO_LARGE:
        return PROBLEM_TOO_LARGE;
    case ERR_BUSY:
        *stock = "too much is going on; try again";
        return PROBLEM_UNAVAILABLE;
    case ERR_FULL:
        *stock = "there is no room for more; nothing was stored";
        return PROBLEM_FULL;
    case ERR_UPSTREAM:
        *stock = "a server that we depend on did not answer";
        return PROBLEM_UPSTREAM;
    case ERR_STORE:
        *stock = "the store failed; the log says how";
        return PROBLEM_INTERNAL;
    case OK:
    case ERR_INTERNAL:
        break;
    }
    *stock = "the server failed; the log says how";
    return PROBLEM_INTERNAL;
}

void
problem_body(struct request *request, struct response *response, enum err err,
             const struct complaints *complaints, const struct why *why)
{
    if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_BODY, "%s", why->text);
    else if (err == ERR_INVALID)
        problem_list(request, response, PROBLEM_INVALID_BODY, complaints);
    else
        problem_err(request, response, err, why);
}

void
problem_err(struct request *request, struct response *response, enum err err,
            const struct why *why)
{
    const char *words = why == NULL ? "" : why->text, *stock;
    enum problem problem = problem_of(err, &stock);

    if (stock != NULL && words[0] != '\0')
        log_event(problems[problem].status == 500 ? LOG_ERROR : LOG_WARN,
                  problems[problem].slug, "%.*s: %s", STR_ARG(request->id),
                  words);
    if (stock == NULL)
        stock = words[0] != '\0' ? words : problems[problem].title;
    problem_set(request, response, problem, "%s", stock);
}
