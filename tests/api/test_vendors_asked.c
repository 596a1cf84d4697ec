/* Runs and quarantine as somebody asks for them, over a poller that does as it
 * is told. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/answer.h"
#include "tests/api/exchanging.h"
#include "tests/api/scripted_polling.h"

static struct exchanging at;
static struct poller poller;
static struct polling polling;

static void
begin(void)
{
    exchanging_init(&at);
    scripted_polling_init(&poller, &polling);
    at.asking.service.polling = &polling;
}

static void
end(void)
{
    exchanging_fini(&at);
}

TestSuite(vendors_asked, .init = begin, .fini = end);

#define MAY                                                                    \
    "{\"dataset\":\"open-close\",\"from\":\"2024-12-01\","                     \
    "\"to\":\"2024-12-31\"}"

Test(vendors_asked, runs_are_asked_for)
{
    static const struct {
        const char *target, *body;
        enum err err;
        const char *why;
        struct poller_answer answer;
        int status;
        const char *asked, *text, *header, *value;
    } rows[] = {
        { "polygon",
          MAY,
          OK,
          "",
          { .run = 5 },
          202,
          "polygon open-close 2024-12-01 2024-12-31",
          SCRIPTED_RUN_5,
          "Location",
          "/v1/vendors/polygon/runs/5" },
        { "polygon",
          "{\"dataset\":\"open-close\"}",
          OK,
          "",
          { .run = 5 },
          202,
          "polygon open-close",
          SCRIPTED_RUN_5,
          NULL,
          NULL },
        { "polygon",
          MAY,
          ERR_CONFLICT,
          "",
          { .run = 5 },
          409,
          NULL,
          ",\"run\":\"5\"}",
          NULL,
          NULL },
        { "polygon",
          MAY,
          ERR_BUSY,
          "",
          { .wait_us = 41000001 },
          503,
          NULL,
          "/problems/unavailable",
          "Retry-After",
          "42" },
        { "polygon",
          MAY,
          ERR_BUSY,
          "stopping",
          { 0 },
          503,
          NULL,
          "/problems/unavailable",
          "Retry-After",
          "1" },
        { "polygon",
          MAY,
          ERR_FULL,
          "",
          { 0 },
          507,
          NULL,
          "/problems/full",
          NULL,
          NULL },
        { "polygon",
          MAY,
          ERR_INVALID,
          "there is none",
          { .member = "dataset" },
          422,
          NULL,
          "\"errors\":[{\"pointer\":\"/dataset\",\"detail\":\"there is "
          "none\"}]",
          NULL,
          NULL },
        { "nobody",
          MAY,
          OK,
          "",
          { 0 },
          404,
          NULL,
          "/problems/not-found",
          NULL,
          NULL },
        { "polygon",
          "{\"dataset\":1}",
          OK,
          "",
          { 0 },
          422,
          "",
          "\"pointer\":\"/dataset\"",
          NULL,
          NULL },
        { "polygon",
          "{}",
          OK,
          "",
          { 0 },
          422,
          "",
          "\"pointer\":\"/dataset\"",
          NULL,
          NULL },
        { "polygon",
          "[]",
          OK,
          "",
          { 0 },
          422,
          "",
          "must be an object",
          NULL,
          NULL },
        { "polygon",
          "{\"dataset\":\"x\",\"from\":\"2024-02-30\"}",
          OK,
          "",
          { 0 },
          422,
          "",
          "\"pointer\":\"/from\"",
          NULL,
          NULL },
        { "polygon",
          "{\"dataset\":\"x\",\"to\":null}",
          OK,
          "",
          { 0 },
          422,
          "",
          "\"pointer\":\"/to\"",
          NULL,
          NULL },
        { "polygon",
          "{\"dataset\":\"x\",\"days\":1}",
          OK,
          "",
          { 0 },
          422,
          "",
          "\"pointer\":\"/days\"",
          NULL,
          NULL },
        { "polygon",
          "{\"dataset\":\"x\",\"dataset\":\"x\"}",
          OK,
          "",
          { 0 },
          400,
          "",
          "/problems/malformed-body",
          NULL,
          NULL },
        { "polygon",
          "{",
          OK,
          "",
          { 0 },
          400,
          "",
          "/problems/malformed-body",
          NULL,
          NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange;
        struct str text;
        char target[64];

        poller.err = rows[i].err;
        poller.why = rows[i].why;
        poller.answer = rows[i].answer;
        poller.asked[0] = '\0';
        snprintf(target, sizeof target, "/v1/vendors/%s/runs", rows[i].target);
        exchange = exchanging_send(&at, "POST", target, rows[i].body);
        text = answer_text(exchange);
        cr_expect_eq(exchange->response.status, rows[i].status, "row %zu: %d",
                     i, exchange->response.status);
        if (rows[i].asked != NULL)
            cr_expect_str_eq(poller.asked, rows[i].asked, "row %zu", i);
        cr_expect_not_null(
            memmem(text.data, text.len, rows[i].text, strlen(rows[i].text)),
            "row %zu: %.*s", i, STR_ARG(text));
        if (rows[i].header != NULL)
            cr_expect_str_eq(exchanging_header(exchange, rows[i].header),
                             rows[i].value, "row %zu", i);
        exchanging_end(exchange);
    }
}

Test(vendors_asked, what_is_decided_is_answered)
{
    static const struct {
        const char *method, *target;
        enum err err;
        int status;
        const char *text;
    } rows[] = {
        { "DELETE", "/v1/vendors/polygon/runs/5", OK, 200,
          "\"state\":\"cancelled\"" },
        { "DELETE", "/v1/vendors/polygon/runs/4", ERR_CONFLICT, 409,
          "/problems/conflict" },
        { "DELETE", "/v1/vendors/polygon/runs/2", OK, 404,
          "/problems/not-found" },
        { "DELETE", "/v1/vendors/nobody/runs/5", OK, 404,
          "/problems/not-found" },
        { "DELETE", "/v1/vendors/polygon/runs/-1", OK, 400,
          "/problems/malformed-parameter" },
        { "DELETE", "/v1/vendors/polygon/runs/5", ERR_BUSY, 503,
          "/problems/unavailable" },
        { "POST", "/v1/quarantine/3/release", OK, 200,
          "\"state\":\"released\"" },
        { "POST", "/v1/quarantine/3/discard", OK, 200,
          "\"state\":\"discarded\"" },
        { "POST", "/v1/quarantine/4/release", OK, 404, "/problems/not-found" },
        { "POST", "/v1/quarantine/4/discard", OK, 404, "/problems/not-found" },
        { "POST", "/v1/quarantine/3/release", ERR_CONFLICT, 409, "so it is" },
        { "POST", "/v1/quarantine/3/release", ERR_INVALID, 422,
          "/problems/unreleasable" },
        { "POST", "/v1/quarantine/3/discard", ERR_FULL, 507, "/problems/full" },
        { "POST", "/v1/quarantine/0/discard", OK, 400,
          "/problems/malformed-parameter" },
    };

    poller.why = "so it is";
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange;
        struct str text;

        poller.err = rows[i].err;
        exchange = exchanging_send(&at, rows[i].method, rows[i].target, NULL);
        text = answer_text(exchange);
        cr_expect_eq(exchange->response.status, rows[i].status, "%s %s: %d",
                     rows[i].method, rows[i].target, exchange->response.status);
        cr_expect_not_null(
            memmem(text.data, text.len, rows[i].text, strlen(rows[i].text)),
            "%s %s: %.*s", rows[i].method, rows[i].target, STR_ARG(text));
        exchanging_end(exchange);
    }
}
