/* Tables of bars of all securities, as streams that workers make: they are what
 * each security's own table is, one behind the other. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/answer.h"
#include "api/relay.h"
#include "tests/api/asking_over.h"
#include "tests/api/exchanging.h"
#include "tests/support/bar_maker.h"

#define SECURITIES 40
#define TARGET_BYTES_MAX 256

/* Small in everything, so that a few securities make many parts. */
static struct relay_options options = {
    .parts_max = RELAY_PARTS_MAX,
    .chunks_max = RELAY_CHUNKS_MAX,
    .chunk_bytes = 300,
    .chunk_records = 3,
    .width_least = 1,
    .width_most = INT64_MAX / 4,
    .part_us = RELAY_PART_US,
    .turn_us = RELAY_TURN_US,
};

/* Each security has some days of a few months, near and far; some a long
 * history. */
static void
put_history(struct out *lines, int64_t id, unsigned *seed)
{
    unsigned months =
        rand_r(seed) % 6 == 0 ? 60 : 1 + (unsigned)rand_r(seed) % 3;
    unsigned step = 1 + (unsigned)rand_r(seed) % 2;

    for (unsigned month = 0; month < months; month += step) {
        for (unsigned day = 1 + (unsigned)rand_r(seed) % 9; day <= 28;
             day += 1 + (unsigned)rand_r(seed) % 12)
            out_print(lines, "%lld %04u-%02u-%02u s %u.%u %u %u %u.25\n",
                      (long long)id, 2015 + month / 12, 1 + month % 12, day,
                      day, month, 40 + day, 1 + month % 3, day + month);
    }
}

static void
load(struct store *store, int64_t ids[SECURITIES], unsigned seed)
{
    struct out lines;
    int64_t id = rand_r(&seed) % 3;

    out_init(&lines, SIZE_MAX);
    for (size_t i = 0; i < SECURITIES; i++) {
        ids[i] = i + 1 == SECURITIES && seed % 2 == 0 ? INT64_MAX : id;
        put_history(&lines, ids[i], &seed);
        id += rand_r(&seed) % 5 == 0 ? 1000000 + rand_r(&seed)
                                     : 1 + rand_r(&seed) % 2;
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    bars_append(store, lines.data);
    out_fini(&lines);
}

static const char *const targets[] = {
    "/prices/summary?period=week",
    "/prices/summary?period=week&columns=last_close,week,average_open",
    "/prices/summary?period=month&columns=year,month,days,period_end",
    "/prices/summary?period=year",
    "/prices/summary?period=month&from=2015-02-10&to=2016-07-05",
    "/prices/summary?period=quarter&to=2015-02-01",
    "/prices/moving-averages?windows=2,5,90",
    "/prices/moving-averages?windows=4&from=2015-06-17",
    "/prices/moving-averages?windows=50&from=2018-01-10&to=2019-03-01",
};

/* What of a text is behind its first line. */
static struct str
behind_head(struct str text)
{
    size_t len = text.len == 0
                     ? 0
                     : (size_t)((char *)memchr(text.data, '\n', text.len) + 1 -
                                text.data);

    return (struct str){ text.data + len, text.len - len };
}

/* Each security's own, which no worker has part in. */
static void
gather(struct asking *a, const int64_t ids[SECURITIES], const char *target,
       const char *format, struct out *out)
{
    bool has_head = strcmp(format, "csv") == 0;

    out_reset(out);
    for (size_t i = 0; i < SECURITIES; i++) {
        char text[TARGET_BYTES_MAX];
        struct str rows;

        snprintf(text, sizeof text, "/v1/securities/%lld%s&format=%s",
                 (long long)ids[i], target, format);
        cr_assert_eq(ask(a, text), 200, "%s", text);
        rows = out_text(&a->body);
        out_str(out, has_head && i > 0 ? behind_head(rows) : rows);
    }
}

static void
compare(struct asking *a, const int64_t ids[SECURITIES], const char *format,
        const char *what)
{
    struct out want;

    out_init(&want, SIZE_MAX);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char text[TARGET_BYTES_MAX];

        gather(a, ids, targets[i], format, &want);
        snprintf(text, sizeof text, "/v1%s&format=%s", targets[i], format);
        for (int64_t width = 1; width <= 64; width *= 4) {
            options.width_least = width;
            cr_assert_eq(ask(a, text), 200, "%s", text);
            cr_expect(str_equal(out_text(&a->body), out_text(&want)),
                      "%s, %s, width %lld", what, text, (long long)width);
        }
    }
    cr_expect_gt(want.len, 0U);
    out_fini(&want);
}

Test(bar_relay, is_the_tables_of_all_securities)
{
    for (unsigned seed = 0; seed < 6; seed++) {
        for (unsigned kind = 0; kind < STORE_KINDS; kind++) {
            int64_t ids[SECURITIES];
            struct asking_over over;

            asking_over_init(&over, (enum store_kind)kind);
            over.a.service.relay = &options;
            load(over.a.service.store, ids, seed);
            compare(&over.a, ids, seed % 2 == 0 ? "ndjson" : "csv", over.name);
            asking_over_fini(&over);
        }
    }
}

/* A service whose streams are in tiny parts, and one target of them. */
#define TARGET "/v1/prices/summary?period=week&format=ndjson"

static void
start(struct exchanging *at, int64_t ids[SECURITIES])
{
    exchanging_init(at);
    at->asking.service.relay = &options;
    load(at->asking.service.store, ids, 1);
}

static void
read_plain(struct exchanging *at, struct out *out)
{
    struct exchange *exchange = exchanging_ask(at, "GET", TARGET, "");

    out_init(out, SIZE_MAX);
    exchanging_read(exchange, out);
    exchanging_end(exchange);
}

/* The same bytes each time, too: they have one name. */
Test(bar_relay, is_packed)
{
    struct out plain, first, packed, unpacked;
    int64_t ids[SECURITIES];
    struct exchanging at;

    start(&at, ids);
    read_plain(&at, &plain);
    out_init(&first, SIZE_MAX);
    out_init(&packed, SIZE_MAX);
    out_init(&unpacked, SIZE_MAX);
    for (unsigned turn = 0; turn < 20; turn++) {
        struct exchange *exchange =
            exchanging_ask(&at, "GET", TARGET, "Accept-Encoding: gzip\r\n");

        cr_expect_str_eq(exchanging_header(exchange, "Content-Encoding"),
                         "gzip");
        out_reset(&packed);
        exchanging_read(exchange, &packed);
        exchanging_end(exchange);
        if (turn == 0)
            out_str(&first, out_text(&packed));
        cr_expect(str_equal(out_text(&first), out_text(&packed)), "turn %u",
                  turn);
    }
    exchanging_unpack(out_text(&packed), &unpacked);
    cr_expect(str_equal(out_text(&unpacked), out_text(&plain)));
    out_fini(&plain);
    out_fini(&first);
    out_fini(&packed);
    out_fini(&unpacked);
    exchanging_fini(&at);
}

/* A store that cannot be read from some security on. */
static struct {
    const struct store_ops *ops;
    struct store_ops failing;
    int64_t from;
} fault;

static enum err
fail_scan(struct view *view, const struct scan_range *range,
          record_visitor *visitor, void *context, struct why *why)
{
    if (range->first_security >= fault.from)
        return why_set(why, ERR_STORE, "a block is damaged");
    return fault.ops->scan(view, range, visitor, context, why);
}

/* Its bytes so far, and how it ended. */
static ssize_t
read_cut(struct exchange *exchange, struct out *out)
{
    char piece[1000];
    ssize_t got;

    while ((got = answer_stream(exchange, piece, sizeof piece)) != ANSWER_END &&
           got != ANSWER_CUT) {
        if (got == ANSWER_WAITS)
            exchanging_home(exchange);
        else
            out_bytes(out, piece, (size_t)got);
    }
    return got;
}

static void
end_left(struct exchanging *at, struct exchange *exchange)
{
    struct exchange origin = { .request.home = &at->asking.home };

    exchanging_end(exchange);
    while (at->origin.in_flight > 0)
        exchanging_home(&origin);
    cr_expect_eq(atomic_load(&at->asking.service.answer_bytes_in_flight), 0U);
}

Test(bar_relay, is_cut_where_the_store_fails)
{
    static const size_t places[] = { 3, 10, SECURITIES - 1 };
    int64_t ids[SECURITIES];
    struct exchanging at;
    struct out plain;

    start(&at, ids);
    read_plain(&at, &plain);
    fault.ops = at.asking.service.store->ops;
    fault.failing = *fault.ops;
    fault.failing.scan = fail_scan;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        struct exchange *exchange = exchanging_ask(&at, "GET", TARGET, "");
        struct out out;

        out_init(&out, SIZE_MAX);
        fault.from = ids[places[i]];
        at.asking.service.store->ops = &fault.failing;
        cr_expect_eq(read_cut(exchange, &out), ANSWER_CUT, "place %zu",
                     places[i]);
        cr_expect_lt(out.len, plain.len, "place %zu", places[i]);
        cr_expect(
            str_equal(out_text(&out), (struct str){ plain.data, out.len }),
            "place %zu", places[i]);
        end_left(&at, exchange);
        at.asking.service.store->ops = fault.ops;
        out_fini(&out);
    }
    out_fini(&plain);
    exchanging_fini(&at);
}

/* After so many pieces: parts are with workers, or on their way home. */
Test(bar_relay, is_left_by_a_client_at_any_time)
{
    int64_t ids[SECURITIES];
    struct exchanging at;
    bool was_left = false;

    start(&at, ids);
    for (unsigned pieces = 0; pieces < 60; pieces++) {
        struct exchange *exchange =
            exchanging_ask(&at, "GET", TARGET,
                           pieces % 2 == 0 ? "" : "Accept-Encoding: gzip\r\n");
        char piece[200];

        for (unsigned i = 0; i < pieces; i++) {
            ssize_t got = answer_stream(exchange, piece, sizeof piece);

            if (got == ANSWER_WAITS && i + 1 < pieces)
                exchanging_home(exchange);
        }
        was_left = was_left || exchange->response.stream->jobs > 0;
        end_left(&at, exchange);
    }
    cr_expect(was_left, "no job was out");
    exchanging_fini(&at);
}

/* The server is over: what is read is cut, and what is out comes home. */
Test(bar_relay, is_cut_at_the_end)
{
    int64_t ids[SECURITIES];
    struct exchange *exchange;
    struct exchanging at;
    char piece[200];

    start(&at, ids);
    exchange = exchanging_ask(&at, "GET", TARGET, "");
    for (unsigned i = 0; i < 4; i++)
        cr_expect_neq(answer_stream(exchange, piece, sizeof piece), ANSWER_CUT);
    at.origin.is_over = true;
    cr_expect_eq(answer_stream(exchange, piece, sizeof piece), ANSWER_CUT);
    end_left(&at, exchange);
    exchanging_fini(&at);
}
