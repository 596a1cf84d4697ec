/* The fetcher against a server that says whatever its scripts tell it to. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fetching.h"
#include "secmaster/gzip.h"

#define ENDLESS (1UL << 40)

static struct raw_server server;

static void
start(struct fetcher *fetcher, const char *path, void *context)
{
    struct fetch fetch = fetch_of(server.base, path);
    struct why why;

    fetch.context = context;
    cr_assert_eq(fetcher_start(fetcher, &fetch, &why), OK, "%s: %s", path,
                 why.text);
}

static void
take_all(struct fetcher *fetcher, struct fetch_answer *answers)
{
    struct fetch_answer answer;

    while (fetcher_count(fetcher) > 0) {
        fetcher_turn(fetcher, 1000);
        while (fetcher_done(fetcher, &answer))
            answers[(struct fetch_answer *)answer.context - answers] = answer;
    }
}

/* A body that is made rather than written down. */
enum body {
    AS_WRITTEN,
    PACKED,
    PACKED_UNTIL_CLOSED,
    PACKED_TWICE, /* two members */
    PACKED_CUT,   /* without its last bytes, in a whole answer */
    PACKED_WRONG, /* its checksum is */
    BOMB,
    LINES, /* of a head, without end */
};

#define CHUNKS "Transfer-Encoding: chunked\r\n\r\n"
#define GZIP "Content-Encoding: gzip\r\n"

static const struct {
    const char *path, *text;
    enum fetch_outcome outcome;
    int status;
    const char *body;
    enum body made;
    enum raw_end end;
    int drip_ms;
    size_t repeat;
    bool has_no_end;
} rows[] = {
    { .path = "/whole", HELLO LENGTH("5") "hello", FETCH_OK, 200, "hello" },
    { .path = "/empty", HELLO LENGTH("0"), FETCH_OK, 200, "" },
    { .path = "/held",
      HELLO LENGTH("5") "hello",
      FETCH_OK,
      200,
      "hello",
      .end = RAW_HOLD },
    { .path = "/chunks",
      HELLO CHUNKS "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
      FETCH_OK,
      200,
      "hello" },
    { .path = "/until-closed",
      HELLO "\r\nhello",
      FETCH_OK,
      200,
      "hello",
      .has_no_end = true },
    { .path = "/http10",
      "HTTP/1.0 200 OK\r\n\r\nhello",
      FETCH_OK,
      200,
      "hello",
      .has_no_end = true },
    { .path = "/none",
      "HTTP/1.1 404 No\r\n" LENGTH("2") "{}",
      FETCH_OK,
      404,
      "{}" },
    { .path = "/wait",
      "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n" LENGTH("0"),
      FETCH_OK,
      429,
      "" },
    { .path = "/down",
      "HTTP/1.1 503 Down\r\n" LENGTH("4") "down",
      FETCH_OK,
      503,
      "down" },
    { .path = "/no-content",
      "HTTP/1.1 204 No\r\n\r\n",
      FETCH_OK,
      204,
      "",
      .end = RAW_HOLD },
    { .path = "/continue",
      "HTTP/1.1 100 Go\r\n\r\n" HELLO LENGTH("1") "x",
      FETCH_OK,
      200,
      "x" },
    { .path = "/not-modified",
      "HTTP/1.1 304 Same\r\nLocation: /whole\r\n\r\n",
      FETCH_OK,
      304,
      "" },
    { .path = "/limit",
      HELLO LENGTH("100000") "x",
      FETCH_OK,
      200,
      NULL,
      .repeat = FETCHED_BYTES_MAX - 1 },

    { .path = "/nothing", "", FETCH_RESET, 0 },
    { .path = "/reset", "", FETCH_RESET, 0, .end = RAW_RESET },
    { .path = "/head-cut", "HTTP/1.1 200 OK\r\nContent-Le", FETCH_RESET, 200 },
    { .path = "/reset-in-body",
      HELLO LENGTH("9") "hello",
      FETCH_RESET,
      200,
      .end = RAW_RESET },
    { .path = "/head-cut-later",
      "HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n",
      FETCH_RESET,
      200 },
    { .path = "/half", HELLO LENGTH("9") "hello", FETCH_RESET, 200 },
    { .path = "/half-utf8", HELLO LENGTH("9") "hell\xc3", FETCH_RESET, 200 },
    { .path = "/chunk-cut", HELLO CHUNKS "9\r\nhello", FETCH_RESET, 200 },
    { .path = "/chunks-endless",
      HELLO CHUNKS "5\r\nhello\r\n",
      FETCH_RESET,
      200 },
    { .path = "/chunk-bad", HELLO CHUNKS "zz\r\nhello\r\n", FETCH_RESET, 200 },

    { .path = "/not-http", "hello, world\r\n\r\n", FETCH_NOT_HTTP, 0 },
    { .path = "/silent", "", FETCH_TIMEOUT, 0, .end = RAW_HOLD },
    { .path = "/silent-later",
      HELLO LENGTH("9") "hello",
      FETCH_TIMEOUT,
      200,
      .end = RAW_HOLD },
    { .path = "/drip",
      HELLO LENGTH("9999") "hello",
      FETCH_TIMEOUT,
      0,
      .drip_ms = 200,
      .end = RAW_HOLD },

    { .path = "/announced",
      HELLO LENGTH("2147483648") "x",
      FETCH_TOO_LARGE,
      200,
      .end = RAW_HOLD },
    { .path = "/announced-one",
      HELLO LENGTH("100001") "x",
      FETCH_TOO_LARGE,
      200,
      .repeat = FETCHED_BYTES_MAX },
    { .path = "/limit-until-closed",
      HELLO "\r\nx",
      FETCH_OK,
      200,
      NULL,
      .repeat = FETCHED_BYTES_MAX - 1,
      .has_no_end = true },
    { .path = "/one-until-closed",
      HELLO "\r\nx",
      FETCH_TOO_LARGE,
      200,
      .repeat = FETCHED_BYTES_MAX },
    { .path = "/endless",
      HELLO "\r\nx",
      FETCH_TOO_LARGE,
      200,
      .repeat = ENDLESS },
    { .path = "/endless-chunk",
      HELLO CHUNKS "7fffffff\r\nx",
      FETCH_TOO_LARGE,
      200,
      .repeat = ENDLESS },
    { .path = "/heads", HELLO "X: ", FETCH_TOO_LARGE, 200, .repeat = ENDLESS },
    { .path = "/status",
      "HTTP/1.1 200 x",
      FETCH_TOO_LARGE,
      0,
      .repeat = ENDLESS },
    { .path = "/head-lines", HELLO, FETCH_TOO_LARGE, 200, .made = LINES },
    { .path = "/trailer-lines",
      HELLO CHUNKS "1\r\nx\r\n0\r\n",
      FETCH_TOO_LARGE,
      200,
      .made = LINES },
    { .path = "/trailer",
      HELLO CHUNKS "1\r\nx\r\n0\r\nX: ",
      FETCH_RESET,
      200,
      .repeat = ENDLESS },

    { .path = "/packed", HELLO GZIP, FETCH_OK, 200, "hello", PACKED },
    { .path = "/x-packed",
      HELLO "content-encoding: X-GZip\r\n",
      FETCH_OK,
      200,
      "hello",
      PACKED },
    { .path = "/packed-until-closed",
      HELLO "Content-Encoding: gzip\r\n\r\n",
      FETCH_OK,
      200,
      "hello",
      .made = PACKED_UNTIL_CLOSED },
    { .path = "/packed-twice",
      HELLO GZIP,
      FETCH_OK,
      200,
      "hellohello",
      PACKED_TWICE },
    { .path = "/packed-empty",
      "HTTP/1.1 429 No\r\n" GZIP LENGTH("0"),
      FETCH_OK,
      429,
      "" },
    { .path = "/identity",
      HELLO "Content-Encoding: identity\r\n" LENGTH("5") "hello",
      FETCH_OK,
      200,
      "hello" },
    { .path = "/packed-cut",
      HELLO GZIP,
      FETCH_BAD_ENCODING,
      200,
      NULL,
      PACKED_CUT },
    { .path = "/packed-wrong",
      HELLO GZIP,
      FETCH_BAD_ENCODING,
      200,
      NULL,
      PACKED_WRONG },
    { .path = "/not-packed",
      HELLO GZIP LENGTH("5") "hello",
      FETCH_BAD_ENCODING,
      200 },
    { .path = "/brotli",
      HELLO "Content-Encoding: br\r\n" LENGTH("5") "hello",
      FETCH_BAD_ENCODING,
      200 },
    { .path = "/twice",
      HELLO "Content-Encoding: gzip, gzip\r\n",
      FETCH_BAD_ENCODING,
      200,
      NULL,
      PACKED },
    { .path = "/twice-apart",
      HELLO GZIP GZIP,
      FETCH_BAD_ENCODING,
      200,
      NULL,
      PACKED },
    { .path = "/on-the-way",
      HELLO "Transfer-Encoding: gzip\r\nConnection: close\r\n",
      FETCH_BAD_ENCODING,
      200,
      NULL,
      PACKED },
    { .path = "/bomb", HELLO GZIP, FETCH_TOO_LARGE, 200, NULL, BOMB },
};

static void
pack(struct str text, struct out *out)
{
    struct gzip_packer *packer = gzip_packer_new(text.len);

    cr_assert_eq(gzip_pack(packer, text, GZIP_END, out), OK);
    gzip_packer_free(packer);
}

static void
make_body(enum body made, struct out *out)
{
    static char zeros[FETCHED_BYTES_MAX + 1];

    switch (made) {
    case AS_WRITTEN:
        break;
    case LINES:
        while (out->len <= FETCH_HEAD_BYTES_MAX)
            out_print(out, "X: y\r\n");
        break;
    case BOMB:
        pack((struct str){ zeros, sizeof zeros }, out);
        break;
    case PACKED_TWICE:
        pack(STR("hello"), out);
        pack(STR("hello"), out);
        break;
    case PACKED:
    case PACKED_UNTIL_CLOSED:
        pack(STR("hello"), out);
        break;
    case PACKED_CUT:
        pack(STR("hello"), out);
        out->len -= 3;
        break;
    case PACKED_WRONG:
        pack(STR("hello"), out);
        out->data[out->len - 5] ^= 1;
        break;
    }
}

/* The scripts live as long as the test. */
static struct raw_script
script_of(size_t row)
{
    struct out body, all;

    out_init(&body, SIZE_MAX);
    out_init(&all, SIZE_MAX);
    make_body(rows[row].made, &body);
    out_print(&all, "%s", rows[row].text);
    if (rows[row].made != AS_WRITTEN && rows[row].made != LINES &&
        rows[row].made != PACKED_UNTIL_CLOSED)
        out_print(&all, LENGTH("%zu"), body.len);
    out_str(&all, out_text(&body));
    out_fini(&body);
    return (struct raw_script){ rows[row].path,   all.data,
                                all.len,          rows[row].drip_ms,
                                rows[row].repeat, rows[row].end };
}

static void
expect_row(size_t i, struct fetch_answer *answer)
{
    cr_expect_eq(answer->outcome, rows[i].outcome, "%s: %s: %s", rows[i].path,
                 fetch_outcome_name(answer->outcome), answer->why.text);
    cr_expect_eq(answer->status, rows[i].status, "%s: status %d", rows[i].path,
                 answer->status);
    cr_expect_eq(answer->requests, 1, "%s: %d", rows[i].path, answer->requests);
    cr_expect_eq(raw_server_asked(&server, rows[i].path, ""), 1, "%s",
                 rows[i].path);
    cr_expect_eq(raw_server_asked(&server, rows[i].path,
                                  "\r\nAuthorization: Bearer " KEY "\r\n"),
                 1, "%s", rows[i].path);
    cr_expect_eq(strstr(answer->why.text, KEY), NULL, "%s", rows[i].path);
    if (rows[i].outcome == FETCH_OK)
        cr_expect_eq(answer->is_end_known, !rows[i].has_no_end, "%s",
                     rows[i].path);
    if (rows[i].outcome != FETCH_OK) {
        cr_expect_eq(answer->body.len, 0, "%s", rows[i].path);
        cr_expect_neq(answer->why.text[0], '\0', "%s", rows[i].path);
    } else if (rows[i].body != NULL) {
        cr_expect(str_equal(out_text(&answer->body), str_of(rows[i].body)),
                  "%s: %.*s", rows[i].path, (int)answer->body.len,
                  answer->body.data);
    } else {
        cr_expect_eq(answer->body.len, FETCHED_BYTES_MAX, "%s: %zu",
                     rows[i].path, answer->body.len);
    }
    fetch_answer_fini(answer);
}

/* All at once: one that never ends keeps none of the others. */
Test(fetcher, each_answer_has_its_outcome)
{
    static struct fetch_answer answers[COUNT(rows)];
    struct raw_script scripts[COUNT(rows)];
    struct fetcher_options options = plain_options;
    struct fetcher *fetcher;

    static_assert(COUNT(rows) <= FETCHES_MAX);
    options.stall_seconds = 2;
    fetcher = fetcher_new(&options);
    cr_assert_not_null(fetcher);
    raw_server_listen(&server);
    for (size_t i = 0; i < COUNT(rows); i++)
        scripts[i] = script_of(i);
    raw_server_start(&server, scripts, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++)
        start(fetcher, rows[i].path, &answers[i]);
    take_all(fetcher, answers);
    fetcher_free(fetcher);
    raw_server_stop(&server);
    for (size_t i = 0; i < COUNT(rows); i++) {
        expect_row(i, &answers[i]);
        free((char *)scripts[i].bytes);
    }
}
