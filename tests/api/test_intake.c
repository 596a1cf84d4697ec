/* Packed bodies, piece by piece, and how far they may unpack. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/gzip.h"
#include "tests/api/exchanging.h"

#define BODY_BYTES_MAX 100000
#define FACT                                                                   \
    "{\"security_id\":1,\"attribute\":\"k\",\"value\":1,"                      \
    "\"effective_date\":\"2024-01-01\"}"
#define HEADERS                                                                \
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"         \
    "Content-Encoding: gzip\r\n"

static struct exchanging at;

static void
start(void)
{
    exchanging_init(&at);
    at.asking.service.body_bytes_max = BODY_BYTES_MAX;
}

static void
stop(void)
{
    exchanging_fini(&at);
}

TestSuite(intake, .init = start, .fini = stop);

/* text, then so many spaces, then "]", packed behind what out has. */
static void
pack(const char *text, size_t spaces, struct out *out)
{
    struct gzip_packer *packer = gzip_packer_new(GZIP_LENGTH_UNKNOWN);
    struct out plain;

    out_init(&plain, 64UL << 20);
    out_str(&plain, str_of(text));
    while (spaces-- > 0)
        out_char(&plain, ' ');
    out_char(&plain, ']');
    cr_assert_eq(gzip_pack(packer, out_text(&plain), GZIP_END, out), OK);
    gzip_packer_free(packer);
    out_fini(&plain);
}

static struct exchange *
with_head(void)
{
    struct exchange *exchange =
        exchanging_begin(&at, "POST", "/v1/facts", HEADERS);

    cr_assert_eq(exchange->state, EXCHANGE_READING);
    return exchange;
}

static void
end(struct exchange *exchange)
{
    exchanging_end(exchange);
    cr_expect_eq(atomic_load(&at.asking.service.body_bytes_in_flight), 0);
}

Test(intake, takes_what_unpacks_to_the_limit)
{
    const size_t fact_bytes = strlen("[" FACT "]");
    static const size_t cuts[] = { 1, 7, 100000 };
    static const struct {
        const char *row;
        size_t spaces;
        int status;
    } rows[] = {
        { "small", 0, 201 },
        { "all of it", BODY_BYTES_MAX, 201 },
        { "one more", BODY_BYTES_MAX + 1, 413 },
        { "a bomb", 200UL * BODY_BYTES_MAX, 413 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t spaces = rows[i].spaces == 0 ? 0 : rows[i].spaces - fact_bytes;
        struct out packed;

        out_init(&packed, 1UL << 20);
        pack("[" FACT, spaces, &packed);
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
            struct exchange *exchange = with_head();

            exchanging_finish(&at, exchange, out_text(&packed), cuts[c]);
            cr_expect_eq(exchange->response.status, rows[i].status,
                         "%s by %zu: %d", rows[i].row, cuts[c],
                         exchange->response.status);
            cr_expect_eq(exchange->early, rows[i].status == 413,
                         "%s by %zu: early", rows[i].row, cuts[c]);
            cr_expect_leq(exchange->unpacked_bytes, BODY_BYTES_MAX + 16384,
                          "%s by %zu: unpacked", rows[i].row, cuts[c]);
            end(exchange);
        }
        out_fini(&packed);
    }
}

Test(intake, refuses_what_is_cut_or_damaged)
{
    struct out packed;

    out_init(&packed, 1UL << 20);
    pack("[" FACT, 0, &packed);
    for (size_t len = 0; len <= packed.len; len++) {
        struct exchange *exchange = with_head();

        exchanging_finish(&at, exchange, (struct str){ packed.data, len }, 11);
        cr_expect_eq(exchange->response.status, len < packed.len ? 400 : 201,
                     "%zu of %zu: %d", len, packed.len,
                     exchange->response.status);
        end(exchange);
    }
    for (size_t i = 0; i < packed.len; i++) {
        struct exchange *exchange = with_head();
        bool is_idle;
        int status;

        packed.data[i] ^= 0x40;
        exchanging_finish(&at, exchange, out_text(&packed), 11);
        packed.data[i] ^= 0x40;
        status = exchange->response.status;
        /* The time, the level and the system are anyone's, and so is what
         * fills up the last byte before the checksum. */
        is_idle = (i >= 4 && i < 10) || i == packed.len - 9;
        cr_expect_eq(status, is_idle ? 201 : 400, "bit at %zu: %d", i, status);
        end(exchange);
    }
    out_fini(&packed);
}

/* Unpacked bytes weigh on the memory for all bodies. */
Test(intake, bounds_all_bodies_together)
{
    struct exchange *exchange = with_head();
    struct out packed;

    out_init(&packed, 1UL << 20);
    pack("[" FACT, 50000, &packed);
    atomic_store(&at.asking.service.body_bytes_in_flight,
                 BODY_BYTES_IN_FLIGHT_MAX - 40000);
    exchanging_finish(&at, exchange, out_text(&packed), 1000);
    cr_expect_eq(exchange->response.status, 503);
    cr_expect(exchange->early);
    atomic_fetch_sub(&at.asking.service.body_bytes_in_flight,
                     BODY_BYTES_IN_FLIGHT_MAX - 40000);
    end(exchange);
    out_fini(&packed);
}

/* Whoever else is on the loop waits for one call, not for the whole piece. */
Test(intake, leaves_what_unpacks_to_much_for_the_next_turn)
{
    enum { SPACES = 16 << 20 };
    struct exchange *exchange;
    struct out packed;
    struct str rest;
    int turns = 0;

    at.asking.service.body_bytes_max = SPACES + BODY_BYTES_MAX;
    out_init(&packed, 1UL << 20);
    pack("[" FACT, SPACES, &packed);
    exchange = with_head();
    for (rest = out_text(&packed); rest.len > 0; turns++) {
        uint64_t before = exchange->unpacked_bytes;
        size_t len = rest.len;

        cr_assert(exchange_piece(exchange, &rest));
        cr_assert_lt(rest.len, len);
        cr_expect_eq(exchange->has_rest, rest.len > 0);
        cr_expect_lt(exchange->unpacked_bytes - before,
                     UNPACKED_TURN_BYTES + 1100 * PACKED_SLICE_BYTES);
    }
    cr_expect_gt(turns, (int)(SPACES / UNPACKED_TURN_BYTES / 3));
    cr_expect_eq(exchange->request.body_bytes, packed.len);
    exchanging_finish(&at, exchange, STR(""), 1);
    cr_expect_eq(exchange->response.status, 201);
    end(exchange);
    out_fini(&packed);
}
