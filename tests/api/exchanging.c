/* Whole requests from their heads, without sockets. */
#include "tests/api/exchanging.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "api/answer.h"
#include "secmaster/gzip.h"
#include "tests/api/heads.h"

void
exchanging_init(struct exchanging *exchanging)
{
    struct asking *asking = &exchanging->asking;
    struct why why;

    asking_init(asking);
    asking->service.body_bytes_max = 1UL << 20;
    cr_assert_eq(
        origin_init(&exchanging->origin, &asking->service, &asking->home, &why),
        OK);
}

void
exchanging_fini(struct exchanging *exchanging)
{
    asking_fini(&exchanging->asking);
}

struct exchange *
exchanging_begin(struct exchanging *exchanging, const char *method,
                 const char *target, const char *headers)
{
    static struct parsed_head parsed;
    char text[HEAD_TEST_BYTES];
    struct exchange *exchange;
    int len = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: x\r\n%s\r\n",
                       method, target, headers);

    cr_assert_lt(len, HEAD_TEST_BYTES);
    head_parse(&parsed, text, (size_t)len);
    exchange = exchange_new(&exchanging->origin, parsed.head.target);
    cr_assert_not_null(exchange);
    cr_assert(exchange_head(exchange, &parsed.head));
    return exchange;
}

void
exchanging_finish(struct exchanging *exchanging, struct exchange *exchange,
                  struct str body, size_t piece_bytes)
{
    while (body.len > 0) {
        struct str piece = { body.data,
                             body.len < piece_bytes ? body.len : piece_bytes };

        body.data += piece.len;
        body.len -= piece.len;
        while (piece.len > 0)
            cr_assert(exchange_piece(exchange, &piece));
    }
    if (exchange->state == EXCHANGE_READING)
        exchange_whole(exchange, 0);
    while (exchange->state == EXCHANGE_WAITING)
        exchange_home(exchange_of(inbox_wait(&exchanging->asking.home)));
    cr_assert_eq(exchange->state, EXCHANGE_ANSWERED);
}

struct exchange *
exchanging_ask(struct exchanging *exchanging, const char *method,
               const char *target, const char *headers)
{
    struct exchange *exchange =
        exchanging_begin(exchanging, method, target, headers);

    exchanging_finish(exchanging, exchange, STR(""), 1);
    return exchange;
}

struct exchange *
exchanging_send(struct exchanging *exchanging, const char *method,
                const char *target, const char *body)
{
    char headers[128] = "";
    struct exchange *exchange;

    if (body != NULL)
        snprintf(headers, sizeof headers,
                 "Content-Type: application/json\r\nContent-Length: %zu\r\n",
                 strlen(body));
    exchange = exchanging_begin(exchanging, method, target, headers);
    exchanging_finish(exchanging, exchange, str_of(body == NULL ? "" : body),
                      7);
    return exchange;
}

void
exchanging_end(struct exchange *exchange)
{
    exchange_end(exchange);
    exchange_free(exchange);
}

const char *
exchanging_header(const struct exchange *exchange, const char *name)
{
    const struct response *response = &exchange->response;

    for (size_t i = 0; i < response->header_count; i++)
        if (strcasecmp(response->headers[i].name.data, name) == 0)
            return response->headers[i].value.data;
    return "";
}

void
exchanging_home(struct exchange *exchange)
{
    struct inbox_item *item = inbox_wait(exchange->request.home);

    while (item != NULL) {
        struct inbox_item *next = item->next;

        (void)answer_part_home(exchange_of(item), item);
        item = next;
    }
}

void
exchanging_read(struct exchange *exchange, struct out *out)
{
    char piece[5000];
    ssize_t got;

    if (exchange->response.stream == NULL) {
        out_str(out, answer_text(exchange));
        return;
    }
    while ((got = answer_stream(exchange, piece, sizeof piece)) != ANSWER_END) {
        cr_assert_neq(got, ANSWER_CUT);
        if (got == ANSWER_WAITS)
            exchanging_home(exchange);
        else
            out_bytes(out, piece, (size_t)got);
    }
}

void
exchanging_unpack(struct str packed, struct out *out)
{
    struct gzip_unpacker *unpacker = gzip_unpacker_new();
    char piece[4096];
    size_t len;

    do {
        cr_assert_eq(
            gzip_unpack(unpacker, &packed, piece, sizeof piece, &len, NULL),
            OK);
        out_bytes(out, piece, len);
    } while (packed.len > 0 || len == sizeof piece);
    cr_assert_eq(gzip_unpack_end(unpacker, NULL), OK);
    gzip_unpacker_free(unpacker);
}
