/* Errors in words, member by member. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "api/problem.h"

struct fixture {
    struct arena arena;
    struct request request;
    struct response response;
};

static void
setup(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    arena_init(&f->arena, 1 << 20);
    f->request.arena = &f->arena;
    f->request.path = STR("/v1/master");
    f->request.query = STR("secret=1");
    f->request.id = STR("id-1");
    out_init(&f->response.body, 1 << 20);
}

static void
teardown(struct fixture *f)
{
    out_fini(&f->response.body);
    arena_fini(&f->arena);
}

static void
expect_body(const struct fixture *f, const char *name, const char *body)
{
    struct str got = out_text(&f->response.body);

    cr_expect(str_equal(got, str_of(body)), "%s:\n  %.*s\n  %s", name,
              STR_ARG(got), body);
    cr_expect_str_eq(f->response.content_type, "application/problem+json", "%s",
                     name);
    cr_expect_eq(f->response.media, MEDIA_NONE, "%s", name);
}

static const char *
header(const struct fixture *f, const char *name)
{
    for (size_t i = 0; i < f->response.header_count; i++) {
        if (str_equal(f->response.headers[i].name, str_of(name)))
            return f->response.headers[i].value.data;
    }
    return NULL;
}

Test(problem, says_all_members_and_never_the_query)
{
    static const struct {
        enum problem problem;
        const char *detail;
        int status;
        const char *body, *retry_after;
    } cases[] = {
        { PROBLEM_NOT_FOUND, "security 7 is unknown", 404,
          "{\"type\":\"/problems/not-found\","
          "\"title\":\"There is nothing here\",\"status\":404,"
          "\"detail\":\"security 7 is unknown\",\"instance\":\"/v1/master\","
          "\"request_id\":\"id-1\"}",
          NULL },
        { PROBLEM_UNAVAILABLE, "draining", 503,
          "{\"type\":\"/problems/unavailable\","
          "\"title\":\"The server cannot take this now\",\"status\":503,"
          "\"detail\":\"draining\",\"instance\":\"/v1/master\","
          "\"request_id\":\"id-1\"}",
          "1" },
        { PROBLEM_MALFORMED_PARAMETER, "\"\n\\ \xc3\xa9 \xc3", 400,
          "{\"type\":\"/problems/malformed-parameter\","
          "\"title\":\"A parameter cannot be understood\",\"status\":400,"
          "\"detail\":\"\\\"\\n\\\\ \xc3\xa9 ?\",\"instance\":\"/v1/master\","
          "\"request_id\":\"id-1\"}",
          NULL },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *retry_after;
        struct fixture f;

        setup(&f);
        out_str(&f.response.body, STR("half an answer"));
        problem_set(&f.request, &f.response, cases[i].problem, "%s",
                    cases[i].detail);
        expect_body(&f, cases[i].detail, cases[i].body);
        cr_expect_eq(f.response.status, cases[i].status);
        retry_after = header(&f, "Retry-After");
        cr_expect_eq(retry_after != NULL, cases[i].retry_after != NULL, "%s",
                     cases[i].detail);
        if (retry_after != NULL && cases[i].retry_after != NULL)
            cr_expect_str_eq(retry_after, cases[i].retry_after);
        teardown(&f);
    }
}

Test(problem, lists_what_is_wrong_by_pointer_or_line)
{
    struct complaints complaints;
    struct fixture f;

    setup(&f);
    complaints_init(&complaints, &f.arena);
    complaints_add(&complaints, "/facts/3/value", 0, "a %s", "fault");
    complaints_add(&complaints, NULL, 4, "another");
    complaints_add(&complaints, NULL, 0, "placeless");
    problem_list(&f.request, &f.response, PROBLEM_INVALID_FACT, &complaints);
    expect_body(&f, "three",
                "{\"type\":\"/problems/invalid-fact\","
                "\"title\":\"The batch breaks a rule; nothing was stored\","
                "\"status\":422,\"detail\":\"/facts/3/value: a fault\","
                "\"instance\":\"/v1/master\",\"request_id\":\"id-1\","
                "\"error_count\":3,\"errors\":["
                "{\"pointer\":\"/facts/3/value\",\"detail\":\"a fault\"},"
                "{\"line\":4,\"detail\":\"another\"},"
                "{\"detail\":\"placeless\"}]}");
    teardown(&f);
}

Test(problem, counts_what_it_does_not_list)
{
    struct complaints complaints;
    struct fixture f;
    size_t listed = 0;

    setup(&f);
    complaints_init(&complaints, &f.arena);
    for (int i = 1; i <= COMPLAINTS_LISTED_MAX + 50; i++)
        complaints_add(&complaints, NULL, (uint64_t)i, "bad");
    problem_list(&f.request, &f.response, PROBLEM_INVALID_BODY, &complaints);
    out_char(&f.response.body, '\0');
    cr_assert_eq(out_finish(&f.response.body), OK);
    cr_expect(strstr(f.response.body.data, "\"error_count\":150,") != NULL);
    for (const char *at = f.response.body.data;
         (at = strstr(at, "\"line\":")) != NULL; at++)
        listed++;
    cr_expect_eq(listed, COMPLAINTS_LISTED_MAX, "%zu listed", listed);
    teardown(&f);
}

Test(problem, keeps_insides_to_itself)
{
    static const struct {
        enum err err;
        const char *why;
        int status;
        const char *said; /* in the body */
    } cases[] = {
        { ERR_MALFORMED, "line 3", 400, "line 3" },
        { ERR_INVALID, "no such day", 422, "no such day" },
        { ERR_NOT_FOUND, "no such thing", 404, "no such thing" },
        { ERR_CONFLICT, "another has it", 409, "another has it" },
        { ERR_TOO_LARGE, "over 4 G", 413, "over 4 G" },
        { ERR_BUSY, "/data/x", 503, "try again" },
        { ERR_FULL, "/data/x", 507, "no room" },
        { ERR_UPSTREAM, "/data/x", 502, "depend on" },
        { ERR_STORE, "/data/x", 500, "the store failed" },
        { ERR_INTERNAL, "/data/x", 500, "the server failed" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fixture f;
        struct why why;

        setup(&f);
        cr_assert_eq(why_set(&why, OK, "%s", cases[i].why), OK);
        problem_err(&f.request, &f.response, cases[i].err, &why);
        out_char(&f.response.body, '\0');
        cr_assert_eq(out_finish(&f.response.body), OK);
        cr_expect_eq(f.response.status, cases[i].status, "err %d: %d",
                     cases[i].err, f.response.status);
        cr_expect(strstr(f.response.body.data, cases[i].said) != NULL,
                  "err %d: %s", cases[i].err, f.response.body.data);
        cr_expect(strstr(f.response.body.data, "/data") == NULL, "err %d: %s",
                  cases[i].err, f.response.body.data);
        teardown(&f);
    }
}

static bool stream_freed;

static void
free_stream(struct stream *stream)
{
    (void)stream;
    stream_freed = true;
}

Test(problem, replaces_a_stream)
{
    struct stream stream = { .free = free_stream };
    struct fixture f;

    setup(&f);
    f.response.stream = &stream;
    problem_set(&f.request, &f.response, PROBLEM_INTERNAL, "x");
    cr_expect(stream_freed);
    cr_expect_null(f.response.stream);
    teardown(&f);
}
