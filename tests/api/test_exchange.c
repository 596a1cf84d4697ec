/* A request from its head to its answer, without sockets. */
#include "api/exchange.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/answer.h"
#include "tests/api/asking.h"
#include "tests/api/heads.h"

#define BODY_BYTES_MAX 1000
#define FACT                                                                   \
    "[{\"security_id\":1,\"attribute\":\"k\",\"value\":1,"                     \
    "\"effective_date\":\"2024-01-01\"}]"
#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define POST(headers) "POST /v1/facts HTTP/1.1\r\nHost: x\r\n" headers "\r\n"
#define AS_JSON "Content-Type: application/json\r\n"
#define LENGTH(digits) "Content-Length: " digits "\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

static struct asking asking;
static struct origin origin;
static struct parsed_head parsed;

static void
start(void)
{
    struct why why;

    asking_init(&asking);
    asking.service.body_bytes_max = BODY_BYTES_MAX;
    cr_assert_eq(origin_init(&origin, &asking.service, &asking.home, &why), OK);
}

static void
stop(void)
{
    asking_fini(&asking);
}

TestSuite(exchange, .init = start, .fini = stop);

static struct exchange *
with_head(const char *text)
{
    struct exchange *exchange;

    head_parse(&parsed, text, strlen(text));
    exchange = exchange_new(&origin, parsed.head.target);
    cr_assert_not_null(exchange);
    cr_assert(exchange_head(exchange, &parsed.head));
    return exchange;
}

static void
come_home(struct exchange *exchange)
{
    while (exchange->state == EXCHANGE_WAITING) {
        struct inbox_item *item = inbox_wait(&asking.home);

        cr_assert_eq(exchange_of(item), exchange);
        exchange_home(exchange);
    }
}

/* The body in pieces of 7 bytes, and the wait for the answer. */
/* A piece that is taken whole. */
static bool
bring(struct exchange *exchange, struct str piece)
{
    bool is_taken = exchange_piece(exchange, &piece);

    cr_expect(!is_taken || piece.len == 0);
    return is_taken;
}

static void
with_body(struct exchange *exchange, const char *body)
{
    struct str rest = str_of(body);

    while (rest.len > 0) {
        struct str piece = { rest.data, rest.len < 7 ? rest.len : 7 };

        cr_assert(bring(exchange, piece));
        rest.data += piece.len;
        rest.len -= piece.len;
    }
    if (exchange->state == EXCHANGE_READING)
        exchange_whole(exchange, 0);
    come_home(exchange);
    cr_assert_eq(exchange->state, EXCHANGE_ANSWERED);
}

static void
end(struct exchange *exchange)
{
    cr_expect_eq(origin.in_flight, 1);
    exchange_end(exchange);
    exchange_free(exchange);
    cr_expect_eq(origin.in_flight, 0);
}

static const char *
header(const struct exchange *exchange, const char *name)
{
    const struct response *response = &exchange->response;

    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name.data, name) == 0)
            return response->headers[i].value.data;
    return "";
}

/* When the answer is there, and what becomes of the connection. */
enum when {
    AT_HEAD_AND_CLOSE,
    EARLY,
    AT_END_AND_CLOSE,
    AT_END,
};

static enum when
when(const struct exchange *exchange)
{
    if (exchange->early)
        return EARLY;
    if (exchange->state == EXCHANGE_ANSWERED)
        return AT_HEAD_AND_CLOSE;
    return exchange->response.close ? AT_END_AND_CLOSE : AT_END;
}

static const struct {
    const char *row, *head;
    int status;
    enum when when;
} refusals[] = {
    { "a probe", GET("/livez"), 200, AT_END },
    { "an unknown path", GET("/v1/nope"), 404, AT_END },
    { "an unknown parameter", GET("/v1/master?x=1"), 400, AT_END },
    { "no acceptable format", GET("/v1/transactions/1?format=csv"), 406,
      AT_END },
    { "an unknown format", GET("/v1/master?format=xml"), 400, AT_END },
    { "a method not served", "PUT /v1/master HTTP/1.1\r\nHost: x\r\n\r\n", 405,
      AT_END },
    { "OPTIONS", "OPTIONS /v1/master HTTP/1.1\r\nHost: x\r\n\r\n", 204,
      AT_END },
    { "two hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400,
      AT_HEAD_AND_CLOSE },
    { "a GET with a body",
      "GET /v1/master HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n", 400,
      AT_END_AND_CLOSE },
    { "a GET with chunks",
      "GET /v1/master HTTP/1.1\r\nHost: x\r\n" CHUNKED "\r\n", 400, EARLY },
    { "no Content-Type", POST(LENGTH("3")), 415, AT_END },
    { "curl's default",
      POST(LENGTH("3") "Content-Type: application/x-www-form-urlencoded\r\n"),
      415, AT_END },
    { "text", POST(LENGTH("3") "Content-Type: text/plain\r\n"), 415, AT_END },
    { "latin-1", POST(LENGTH("3") "Content-Type: text/csv; charset=latin1\r\n"),
      415, AT_END },
    { "deflate", POST(LENGTH("3") AS_JSON "Content-Encoding: deflate\r\n"), 415,
      AT_END },
    { "gzip of nothing, not even a member",
      POST(LENGTH("0") AS_JSON "Content-Encoding: gzip\r\n"), 400, AT_END },
    { "too long", POST(LENGTH("1001") AS_JSON), 413, AT_END },
    { "far too long", POST(LENGTH("99999999") AS_JSON), 413, EARLY },
    { "past int64", POST(LENGTH("9223372036854775808") AS_JSON), 413, EARLY },
    { "far too long, waiting for leave",
      POST(LENGTH("99999999") AS_JSON "Expect: 100-continue\r\n"), 413,
      AT_HEAD_AND_CLOSE },
    { "chunks to a wrong type", POST(CHUNKED), 415, EARLY },
};

Test(exchange, refuses_by_the_head)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct exchange *exchange = with_head(refusals[i].head);
        enum when got = when(exchange);

        cr_expect_eq(got, refusals[i].when, "%s: when %d", refusals[i].row,
                     got);
        if (exchange->state == EXCHANGE_READING)
            with_body(exchange, "");
        cr_expect_eq(exchange->response.status, refusals[i].status, "%s: %d",
                     refusals[i].row, exchange->response.status);
        cr_expect_eq(exchange->close, got != AT_END, "%s: close",
                     refusals[i].row);
        end(exchange);
    }
}

Test(exchange, takes_the_bodies_it_should)
{
    static const struct {
        const char *row, *head, *body;
    } rows[] = {
        { "JSON", POST(LENGTH("74") AS_JSON), FACT },
        { "JSON in chunks", POST(CHUNKED AS_JSON), FACT },
        { "charset",
          POST(CHUNKED "Content-Type: Application/JSON ; "
                       "charset=\"UTF-8\"\r\n"),
          FACT },
        { "identity", POST(CHUNKED AS_JSON "Content-Encoding: identity\r\n"),
          FACT },
        { "CSV", POST(CHUNKED "Content-Type: text/csv\r\n"),
          "security_id,attribute,value,effective_date\n1,k,1,2024-01-01\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange = with_head(rows[i].head);
        char tx[8];

        with_body(exchange, rows[i].body);
        cr_expect_eq(exchange->response.status, 201, "%s: %s", rows[i].row,
                     out_text(&exchange->response.body).data);
        snprintf(tx, sizeof tx, "%zu", i + 1);
        cr_expect_str_eq(header(exchange, "Secmaster-Tx"), tx, "%s",
                         rows[i].row);
        cr_expect(!exchange->close, "%s: close", rows[i].row);
        cr_expect_str_eq(answer_content_type(exchange), "application/json",
                         "%s", rows[i].row);
        end(exchange);
        cr_expect_eq(atomic_load(&asking.service.body_bytes_in_flight), 0, "%s",
                     rows[i].row);
    }
}

Test(exchange, says_which_header_to_add)
{
    struct exchange *exchange = with_head(refusals[11].head);

    with_body(exchange, "a=b");
    cr_expect_not_null(strstr(answer_text(exchange).data,
                              "Content-Type: application/json, Content-Type: "
                              "application/x-ndjson, Content-Type: text/csv"));
    end(exchange);
}

Test(exchange, bounds_a_body_that_streams)
{
    static char spaces[BODY_BYTES_MAX + 1];
    struct exchange *exchange = with_head(POST(CHUNKED AS_JSON));
    struct out text;

    memset(spaces, ' ', sizeof spaces);
    cr_assert(bring(exchange, (struct str){ spaces, BODY_BYTES_MAX }));
    cr_assert_eq(exchange->state, EXCHANGE_READING);
    cr_assert(bring(exchange, (struct str){ spaces, 1 }));
    cr_assert(exchange->early);
    cr_assert(exchange->close);

    out_init(&text, 4096);
    answer_early(exchange, "Content Too Large", &text);
    out_char(&text, '\0');
    cr_assert_eq(out_finish(&text), OK);
    cr_expect_eq(strncmp(text.data, "HTTP/1.1 413 Content Too Large\r\n", 32),
                 0);
    cr_expect_not_null(strstr(text.data, "\r\nConnection: close\r\n"));
    cr_expect_not_null(strstr(text.data, "\r\n\r\n{\"type\""));
    out_fini(&text);

    cr_expect(bring(exchange, (struct str){ spaces, 1000 }));
    exchange->request.body_bytes = BODY_BYTES_MAX + DRAINED_BYTES_MAX;
    cr_expect(!bring(exchange, (struct str){ spaces, 1 }));
    end(exchange);
}

Test(exchange, bounds_all_bodies_together)
{
    const uint64_t others = BODY_BYTES_IN_FLIGHT_MAX - 10;
    struct exchange *exchange;

    atomic_store(&asking.service.body_bytes_in_flight, others);
    exchange = with_head(POST(LENGTH("11") AS_JSON));
    cr_expect_eq(exchange->response.status, 503);
    with_body(exchange, "12345678901");
    cr_expect_str_eq(header(exchange, "Retry-After"), "1");
    end(exchange);

    exchange = with_head(POST(CHUNKED AS_JSON));
    cr_assert(bring(exchange, STR("[         ")));
    cr_expect_eq(exchange->response.status, 0);
    cr_assert(bring(exchange, STR(" ")));
    cr_expect_eq(exchange->response.status, 503);
    cr_expect(exchange->early);
    end(exchange);
    cr_expect_eq(atomic_load(&asking.service.body_bytes_in_flight), others);
}

/* A page of a few KiB a row, far above what is not counted. */
static void
post_wide_rows(void)
{
    static char lines[40 * 4096];
    size_t len = 0;

    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(
            lines + len, sizeof lines - len,
            "{\"security_id\":%d,\"attribute\":\"k\",\"value\":\"%03000d\","
            "\"effective_date\":\"2024-01-01\"}\n",
            i, 0);
    asking_facts(&asking, lines);
}

Test(exchange, bounds_all_answers_together)
{
    static const char *const heads[] = {
        GET("/v1/securities"),
        GET("/v1/securities?format=csv&limit=1000"),
    };
    atomic_uint_least64_t *in_flight = &asking.service.answer_bytes_in_flight;

    post_wide_rows();
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct exchange *exchange = with_head(heads[i]);

        with_body(exchange, "");
        cr_expect_eq(exchange->response.status, 200, "row %zu", i);
        cr_expect_geq(atomic_load(in_flight), 40 * 3000, "row %zu", i);
        end(exchange);
        cr_expect_eq(atomic_load(in_flight), 0, "row %zu", i);

        atomic_store(in_flight, ANSWER_BYTES_IN_FLIGHT_MAX - 40 * 3000);
        exchange = with_head(heads[i]);
        with_body(exchange, "");
        cr_expect_eq(exchange->response.status, 503, "row %zu", i);
        cr_expect_str_eq(header(exchange, "Retry-After"), "1", "row %zu", i);
        cr_expect_lt(exchange->response.body.capacity, 4096, "row %zu", i);
        end(exchange);
        cr_expect_eq(atomic_load(in_flight),
                     ANSWER_BYTES_IN_FLIGHT_MAX - 40 * 3000, "row %zu", i);
        atomic_store(in_flight, 0);
    }
}

Test(exchange, stamps_every_answer)
{
    static const struct {
        const char *given, *taken; /* NULL: one of ours */
    } ids[] = {
        { "a-B_9.z", "a-B_9.z" },
        { "a b", NULL },
        { "", NULL },
        { "a\"b", NULL },
    };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        char text[256];
        struct exchange *exchange;
        const char *id;

        snprintf(text, sizeof text,
                 "GET /v1/nope HTTP/1.1\r\nHost: x\r\nX-Request-Id: %s\r\n\r\n",
                 ids[i].given);
        exchange = with_head(text);
        with_body(exchange, "");
        id = header(exchange, "X-Request-Id");
        if (ids[i].taken != NULL)
            cr_expect_str_eq(id, ids[i].taken);
        else
            cr_expect_gt(strlen(id), 16, "'%s' became '%s'", ids[i].given, id);
        cr_expect_not_null(strstr(answer_text(exchange).data, id));
        cr_expect_str_eq(header(exchange, "X-Content-Type-Options"), "nosniff");
        cr_expect_str_eq(header(exchange, "Secmaster-Tx"), "0");
        cr_expect_str_eq(header(exchange, "Cache-Control"),
                         "private, no-cache");
        end(exchange);
    }
}

Test(exchange, drains)
{
    struct exchange *exchange;

    atomic_store(&asking.service.draining, true);
    exchange = with_head(GET("/v1/master"));
    with_body(exchange, "");
    cr_expect_eq(exchange->response.status, 503);
    cr_expect_str_eq(header(exchange, "Retry-After"), "1");
    cr_expect(exchange->close);
    end(exchange);

    exchange = with_head(GET("/livez"));
    with_body(exchange, "");
    cr_expect_eq(exchange->response.status, 200);
    cr_expect(exchange->close);
    end(exchange);
}

/* The whole stream in pieces of size bytes. */
static void
read_all(struct exchange *exchange, size_t size, struct out *all)
{
    char piece[4096];
    ssize_t got;

    out_init(all, 1 << 20);
    cr_assert_not_null(exchange->response.stream);
    while ((got = answer_stream(exchange, piece, size)) != ANSWER_END) {
        cr_assert_neq(got, ANSWER_CUT);
        out_bytes(all, piece, (size_t)got);
    }
    out_char(all, '\0');
    cr_assert_eq(out_finish(all), OK);
}

Test(exchange, hands_out_a_stream_piece_by_piece)
{
    static const size_t sizes[] = { 1, 7, 4096 };
    static const char want[] =
        "security_id,effective_start_date,effective_end_date,k\r\n"
        "1,2024-01-01,2024-01-02,1\r\n"
        "1,2024-01-02,,2\r\n";

    asking_facts(&asking, "{\"security_id\":1,\"attribute\":\"k\",\"value\":1,"
                          "\"effective_date\":\"2024-01-01\"}\n"
                          "{\"security_id\":1,\"attribute\":\"k\",\"value\":2,"
                          "\"effective_date\":\"2024-01-02\"}\n");
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct exchange *exchange = with_head(GET("/v1/master?format=csv"));
        struct out all;

        with_body(exchange, "");
        read_all(exchange, sizes[i], &all);
        cr_expect_str_eq(all.data, want, "pieces of %zu", sizes[i]);
        cr_expect_eq(exchange->bytes_out, sizeof want - 1);
        out_fini(&all);
        end(exchange);
    }
}

Test(exchange, says_no_query_in_what_it_refuses)
{
    static const char *const heads[] = {
        "GET /v1/master?known_tx=7 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        "GET /v1/master?known_tx=7 HTTP/1.1\r\nHost: x\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        struct exchange *exchange = with_head(heads[i]);
        struct str text;

        with_body(exchange, "");
        text = answer_text(exchange);
        cr_expect_eq(exchange->response.status, 400, "row %zu", i);
        cr_expect(memmem(text.data, text.len, "\"/v1/master\"", 12) != NULL,
                  "row %zu: %.*s", i, STR_ARG(text));
        end(exchange);
    }
}

Test(exchange, answers_for_a_head_that_it_never_sees)
{
    static const struct {
        const char *length;
        int status;
    } rows[] = {
        { "-1", 400 },
        { "", 400 },
        { NULL, 400 },
        { "18446744073709551616", 413 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange = exchange_new(&origin, STR("/v1/facts"));

        cr_assert_not_null(exchange);
        exchange_unseen(exchange, rows[i].length);
        cr_expect(exchange->early);
        cr_expect_eq(exchange->response.status, rows[i].status, "row %zu: %d",
                     i, exchange->response.status);
        cr_expect_gt(strlen(header(exchange, "X-Request-Id")), 16);
        end(exchange);
    }
}
