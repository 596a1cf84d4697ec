/* Route, parameters, media and body of a request, checked in this order. */
#include "admission.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "coding.h"
#include "field.h"
#include "problem.h"
#include "route.h"
#include "service.h"
#include "submission.h"

/* "Content-Type: application/x-ndjson" with ", " before it is the longest. */
#define MEDIA_HEADER_BYTES_MAX 40

static enum method
method_by_name(struct str name)
{
    static const struct {
        const char *name;
        enum method method;
    } methods[] = {
        { "GET", METHOD_GET },   { "POST", METHOD_POST },
        { "PUT", METHOD_PUT },   { "DELETE", METHOD_DELETE },
        { "HEAD", METHOD_HEAD }, { "OPTIONS", METHOD_OPTIONS },
    };

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (str_equal(name, str_of(methods[i].name)))
            return methods[i].method;
    return METHOD_OTHER;
}

/* Content-Length, known to be digits by the gate; past int64: INT64_MAX. */
static int64_t
length_of(struct str digits)
{
    int64_t length = 0;

    for (size_t i = 0; i < digits.len; i++) {
        int digit = digits.data[i] - '0';

        if (length > (INT64_MAX - digit) / 10)
            return INT64_MAX;
        length = length * 10 + digit;
    }
    return length;
}

static int64_t
body_length(const struct request *request)
{
    struct str length = request_header(request, "Content-Length");

    if (request_header(request, "Transfer-Encoding").data != NULL)
        return -1;
    return length.data == NULL ? 0 : length_of(field_trim(length));
}

bool
admission_has_body(const struct request *request)
{
    return request->body_length != 0;
}

bool
admission_is_versioned(const struct request *request)
{
    return request->path.len >= 3 && memcmp(request->path.data, "/v1", 3) == 0;
}

/* OPTIONS of a path that is there says what can be done with it. */
static void
refuse_method(struct request *request, struct response *response,
              const char *allow)
{
    if (request->method == METHOD_OPTIONS)
        response->status = 204;
    else
        problem_set(request, response, PROBLEM_METHOD_NOT_ALLOWED,
                    "this path serves %s", allow);
    response_header(request, response, "Allow", "%s", allow);
}

/* Of the server as a whole; the gate lets no other method ask it. */
static bool
is_of_all(const struct request *request)
{
    return str_equal(request->target, STR("*"));
}

static void
check_route(struct request *request, struct response *response)
{
    const char *allow = "";
    struct why why = { "" };
    enum err err;

    if (is_of_all(request)) {
        refuse_method(request, response, route_methods(request));
        return;
    }
    err = route_find(request, &allow, &why);
    if (err == OK)
        return;
    if (err == ERR_NOT_FOUND)
        problem_set(request, response, PROBLEM_NOT_FOUND,
                    "no resource has this path");
    else if (err == ERR_CONFLICT)
        refuse_method(request, response, allow);
    else if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_REQUEST, "%s",
                    why.text);
    else
        problem_err(request, response, err, &why);
}

/* As with its type, a probe's one line is never withheld. */
static enum err
check_coding(struct request *request, struct why *why)
{
    if (coding_accepted(request) ||
        request->route->endpoint->gives == MEDIA_BIT(MEDIA_TEXT))
        return OK;
    return why_set(why, ERR_INVALID,
                   "answers are gzip or not packed, and Accept-Encoding "
                   "refuses both");
}

static void
check_params(struct request *request, struct response *response)
{
    struct why why = { "" };
    enum err err = route_params(request, &why);

    if (err == OK)
        err = route_media(request, &why);
    if (err == OK)
        err = check_coding(request, &why);
    if (err == OK)
        return;
    if (err == ERR_MALFORMED)
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER, "%s",
                    why.text);
    else if (err == ERR_INVALID)
        problem_set(request, response, PROBLEM_NOT_ACCEPTABLE, "%s", why.text);
    else
        problem_err(request, response, err, &why);
}

/* Bodies are UTF-8, whatever their format: another charset would be read
 * wrongly. */
static bool
is_utf8(struct str params)
{
    while (params.len > 0) {
        struct str value = field_cut(&params, ';');
        struct str name = field_trim(field_cut(&value, '='));

        value = field_trim(value);
        if (field_is(name, "charset") && !field_is(value, "utf-8") &&
            !field_is(value, "\"utf-8\""))
            return false;
    }
    return true;
}

/* A vendor's own body is JSON, whatever shapes ours may have. */
static unsigned
bodies_taken(const struct request *request)
{
    if (request_param(request, "adapter").data != NULL)
        return MEDIA_BIT(MEDIA_JSON);
    return request->route->endpoint->bodies;
}

/* Say what is taken instead. */
static void
refuse_type(struct request *request, struct response *response, struct str type)
{
    char headers[MEDIA_COUNT * MEDIA_HEADER_BYTES_MAX] = "";
    unsigned taken = bodies_taken(request);
    size_t len = 0, count = 0;

    for (enum media m = 0; m < MEDIA_COUNT; m++) {
        struct str name = str_of(media_type(m));

        if ((taken & MEDIA_BIT(m)) == 0)
            continue;
        count++;
        name = field_cut(&name, ';');
        len += (size_t)snprintf(headers + len, sizeof headers - len,
                                "%sContent-Type: %.*s", len == 0 ? "" : ", ",
                                STR_ARG(name));
    }
    problem_set(request, response, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                "%s; say what the body is with %s %s",
                type.len == 0 ? "there is no Content-Type"
                              : "this Content-Type is not taken here",
                count == 1 ? "the header" : "one of the headers", headers);
}

static bool
takes_body(const struct request *request, enum media media)
{
    return (bodies_taken(request) & MEDIA_BIT(media)) != 0;
}

static void
check_body_media(struct request *request, struct response *response)
{
    struct str params = request_header(request, "Content-Type"), type;

    if (!coding_of_body(request)) {
        problem_set(request, response, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "the only Content-Encoding taken is gzip, once");
        response_header(request, response, "Accept-Encoding", "gzip");
        return;
    }
    type = field_trim(field_cut(&params, ';'));
    request->body_media = media_by_type(type);
    if (takes_body(request, MEDIA_NONE)) {
        if (!takes_body(request, request->body_media) || !is_utf8(params))
            request->body_media = MEDIA_NONE;
        return;
    }
    if (!takes_body(request, request->body_media))
        refuse_type(request, response, type);
    else if (!is_utf8(params))
        problem_set(request, response, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                    "the only charset taken is UTF-8");
}

static void
check_body_size(struct request *request, struct response *response)
{
    struct service *service = request->service;
    uint64_t length =
        request->body_length < 0 ? 0 : (uint64_t)request->body_length;

    if (length > service->body_bytes_max)
        problem_set(request, response, PROBLEM_TOO_LARGE,
                    "a body may have at most %llu bytes",
                    (unsigned long long)service->body_bytes_max);
    else if (length > 0 &&
             atomic_load(&service->body_bytes_in_flight) + length >
                 BODY_BYTES_IN_FLIGHT_MAX)
        problem_set(request, response, PROBLEM_UNAVAILABLE,
                    "too many bodies are being read");
}

static void
check_body(struct request *request, struct response *response)
{
    request->body_media = MEDIA_NONE;
    if (request->route->endpoint->bodies == 0) {
        if (!admission_has_body(request))
            return;
        /* Others may not see it, and take it for the next request. */
        problem_set(request, response, PROBLEM_MALFORMED_REQUEST,
                    "this call takes no body");
        response->close = true;
        return;
    }
    check_body_media(request, response);
    if (response->status == 0)
        check_body_size(request, response);
}

/* Probes still answer: /readyz has to say that we drain. */
static void
check_draining(struct request *request, struct response *response)
{
    if (!admission_is_versioned(request) ||
        !atomic_load(&request->service->draining))
        return;
    problem_set(request, response, PROBLEM_UNAVAILABLE,
                "the server is stopping");
}

void
admission_check(struct request *request, struct response *response)
{
    static void (*const checks[])(struct request *, struct response *) = {
        check_draining, check_route, check_params, check_body, submission_begin,
    };

    assert(response->status == 0);

    request->method = method_by_name(request->method_text);
    request->query = request->target;
    request->path = field_cut(&request->query, '?');
    request->body_length = body_length(request);
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        checks[i](request, response);
        if (response->status != 0)
            return;
    }
}
