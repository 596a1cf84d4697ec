/* Which answers are packed, and that they are what they were. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/packing.h"
#include "secmaster/gzip.h"
#include "tests/api/exchanging.h"

#define ACCEPT "Accept-Encoding: gzip\r\n"
#define ONLY_GZIP "Accept-Encoding: gzip, identity;q=0\r\n"
#define NOTHING "Accept-Encoding: identity;q=0\r\n"
#define SECURITIES 3000

static struct exchanging at;

static void
start(void)
{
    static char lines[SECURITIES * 96];
    size_t len = 0;

    exchanging_init(&at);
    for (int i = 0; i < SECURITIES; i++)
        len += (size_t)snprintf(
            lines + len, sizeof lines - len,
            "{\"security_id\":%d,\"attribute\":\"k\",\"value\":\"v%d\","
            "\"effective_date\":\"2024-01-01\"}\n",
            i, i * 7919 % 1000);
    asking_facts(&at.asking, lines);
}

static void
stop(void)
{
    exchanging_fini(&at);
}

TestSuite(packing, .init = start, .fini = stop);

/* The answer as it is sent, and its ETag. */
static int
read_answer(const char *target, const char *headers, struct out *out,
            char etag[ETAG_BYTES_MAX])
{
    struct exchange *exchange = exchanging_ask(&at, "GET", target, headers);
    int status = exchange->response.status;

    out_init(out, 16UL << 20);
    exchanging_read(exchange, out);
    snprintf(etag, ETAG_BYTES_MAX, "%s", exchanging_header(exchange, "ETag"));
    exchanging_end(exchange);
    return status;
}

static const struct {
    const char *target;
    bool is_packed;
} rows[] = {
    { "/v1/securities/1", false },
    { "/v1/securities/1?format=csv", false },
    { "/v1/master?limit=5", false },
    { "/v1/master?limit=50", true },
    { "/v1/master?limit=10000", true }, /* on a worker */
    { "/v1/master?format=csv", true },
    { "/v1/master?format=ndjson", true },
    { "/v1/master?format=csv&where=k:v1", false }, /* a short stream */
    { "/v1/securities/1/history?format=csv", false },
    { "/v1/nope", false },
    { "/livez", false },
    { "/metrics", true },
    { "/openapi.yaml", true },
    { "/openapi.json", true },
};

Test(packing, packs_what_is_not_small)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct exchange *exchange =
            exchanging_ask(&at, "GET", rows[i].target, ACCEPT);
        const char *coding = exchanging_header(exchange, "Content-Encoding");
        const char *etag = exchanging_header(exchange, "ETag");
        struct out sent;

        cr_expect_str_eq(coding, rows[i].is_packed ? "gzip" : "", "%s",
                         rows[i].target);
        if (etag[0] != '\0')
            cr_expect_eq(strstr(etag, "-gzip\"") != NULL, rows[i].is_packed,
                         "%s: %s", rows[i].target, etag);
        out_init(&sent, 16UL << 20);
        exchanging_read(exchange, &sent);
        cr_expect_eq(sent.len > 2 && memcmp(sent.data, "\x1f\x8b", 2) == 0,
                     rows[i].is_packed, "%s", rows[i].target);
        out_fini(&sent);
        exchanging_end(exchange);
    }
}

Test(packing, unpacks_to_the_same)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char plain_tag[ETAG_BYTES_MAX], etag[ETAG_BYTES_MAX];
        struct out plain, packed, again, unpacked;
        int status;

        /* Figures and request ids differ. */
        if (strcmp(rows[i].target, "/metrics") == 0 ||
            strcmp(rows[i].target, "/v1/nope") == 0)
            continue;
        status = read_answer(rows[i].target, "", &plain, plain_tag);
        cr_expect_eq(status, 200, "%s", rows[i].target);
        status = read_answer(rows[i].target, ONLY_GZIP, &packed, etag);
        cr_expect_eq(status, 200, "%s", rows[i].target);
        cr_expect_str_neq(etag[0] == '\0' ? "none" : etag, plain_tag, "%s",
                          rows[i].target);
        (void)read_answer(rows[i].target, ONLY_GZIP, &again, etag);
        cr_expect(str_equal(out_text(&packed), out_text(&again)), "%s: again",
                  rows[i].target);
        out_init(&unpacked, 16UL << 20);
        exchanging_unpack(out_text(&packed), &unpacked);
        cr_expect(str_equal(out_text(&unpacked), out_text(&plain)), "%s",
                  rows[i].target);
        out_fini(&plain);
        out_fini(&packed);
        out_fini(&again);
        out_fini(&unpacked);
    }
}

Test(packing, refuses_who_accepts_nothing)
{
    static const struct {
        const char *target;
        int status;
    } refused[] = {
        { "/v1/master", 406 },    { "/v1/securities/1", 406 },
        { "/openapi.json", 406 }, { "/livez", 200 },
        { "/metrics", 200 },
    };

    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct exchange *exchange =
            exchanging_ask(&at, "GET", refused[i].target, NOTHING);

        cr_expect_eq(exchange->response.status, refused[i].status, "%s",
                     refused[i].target);
        exchanging_end(exchange);
    }
}

/* Each of the two has a name of its own; a client may bring either, where it
 * accepts it. */
Test(packing, has_a_name_of_its_own)
{
    static const char *const targets[] = { "/v1/master?limit=1000",
                                           "/v1/master?format=csv",
                                           "/openapi.yaml" };

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char plain[ETAG_BYTES_MAX], packed[ETAG_BYTES_MAX];
        struct out out;

        (void)read_answer(targets[i], "", &out, plain);
        out_fini(&out);
        (void)read_answer(targets[i], ACCEPT, &out, packed);
        out_fini(&out);

        const struct {
            const char *row, *first, *second, *accept,
                *answered; /* NULL: 200 */
        } asked[] = {
            { "plain", plain, "\"a\"", "", plain },
            { "plain, gzip accepted", plain, "\"a\"", ACCEPT, plain },
            { "plain, refused", plain, "\"a\"", ONLY_GZIP, NULL },
            { "packed", packed, "\"a\"", ACCEPT, packed },
            { "packed, not accepted", packed, "\"a\"", "", NULL },
            { "both", plain, packed, ACCEPT, packed },
            { "both, the other way", packed, plain, ACCEPT, packed },
            { "both, not accepted", packed, plain, "", plain },
        };

        for (size_t j = 0; j < sizeof asked / sizeof asked[0]; j++) {
            char headers[512];
            struct exchange *exchange;

            snprintf(headers, sizeof headers, "If-None-Match: %s, %s\r\n%s",
                     asked[j].first, asked[j].second, asked[j].accept);
            exchange = exchanging_ask(&at, "GET", targets[i], headers);
            cr_expect_eq(exchange->response.status,
                         asked[j].answered == NULL ? 200 : 304, "%s, %s",
                         targets[i], asked[j].row);
            if (asked[j].answered != NULL)
                cr_expect_str_eq(exchanging_header(exchange, "ETag"),
                                 asked[j].answered, "%s, %s", targets[i],
                                 asked[j].row);
            exchanging_end(exchange);
        }
    }
}

/* A stream of the same bytes, in chunks of any size, empty ones too. */
struct ragged {
    struct stream stream; /* first: streams are cast back */
    size_t at;
    unsigned seed;
};

#define RAGGED_BYTES 400000

static enum err
fill_ragged(struct stream *stream, struct out *out, bool *done)
{
    struct ragged *ragged = (struct ragged *)stream;
    size_t len = (size_t)rand_r(&ragged->seed) % 100000;

    for (; len > 0 && ragged->at < RAGGED_BYTES; len--, ragged->at++)
        out_char(out, (char)('a' + ragged->at * ragged->at % 97 % 26));
    *done = ragged->at == RAGGED_BYTES;
    return OK;
}

static void
free_ragged(struct stream *stream)
{
    (void)stream;
}

Test(packing, packs_a_stream_the_same_however_its_chunks_fall)
{
    struct out first;

    out_init(&first, 1UL << 20);
    for (unsigned seed = 1; seed < 30; seed++) {
        struct ragged ragged = { { .fill = fill_ragged, .free = free_ragged },
                                 0,
                                 seed };
        struct exchange *exchange =
            exchanging_begin(&at, "GET", "/v1/master", ACCEPT);
        struct out packed;

        exchange->response.status = 200;
        exchange->response.stream = &ragged.stream;
        packing_apply(exchange);
        cr_expect_eq(exchange->response.coding, CODING_GZIP);
        out_init(&packed, 1UL << 20);
        exchanging_read(exchange, &packed);
        if (seed == 1)
            out_str(&first, out_text(&packed));
        cr_expect(str_equal(out_text(&packed), out_text(&first)), "seed %u",
                  seed);
        out_fini(&packed);
        exchange_free(exchange);
    }
    out_fini(&first);
}
