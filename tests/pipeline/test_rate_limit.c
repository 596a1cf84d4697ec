/* A vendor's pace: exact waits, and no minute with too many requests. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/crc32c.h"
#include "secmaster/wire.h"
#include "src/pipeline/rate_limit.h"

#define S INT64_C(1000000)

struct limits {
    uint32_t per_minute, burst;
};

static struct rate_limit
limit_of(struct limits limits)
{
    struct rate_limit limit;

    cr_assert_eq(rate_limit_init(&limit, limits.per_minute, limits.burst), OK);
    return limit;
}

Test(rate_limit, waits_exactly)
{
    static const struct {
        const char *name;
        struct limits limits;
        struct {
            int64_t now_us, wait_us;
            uint32_t tokens_left; /* then */
        } takes[10]; /* up to the first that leaves none and waits for none */
        int count;
    } rows[] = {
        { "five a minute, one by one",
          { 5, 1 },
          { { 0, 0, 4 },
            { 0, 12400000, 4 },
            { 12399999, 1, 4 },
            { 12400000, 0, 3 },
            { 24800000, 0, 2 },
            { 37200000, 0, 1 },
            { 49600000, 0, 0 },
            { 61999999, 1, 0 },
            { 62000000, 0, 0 },
            { 74400000, 0, 0 } },
          10 },
        { "a full bucket, and the window",
          { 5, 5 },
          { { 7, 0, 4 },
            { 7, 0, 3 },
            { 7, 0, 2 },
            { 7, 0, 1 },
            { 7, 0, 0 },
            { 7, 62000000, 0 },
            { 12400007, 49600000, 0 },
            { 62000006, 1, 0 },
            { 62000007, 0, 4 },
            { 62000007, 0, 3 } },
          10 },
        { "the bucket's wait, then the window's",
          { 5, 3 },
          { { 0, 0, 4 },
            { 0, 0, 3 },
            { 0, 0, 2 },
            { 0, 12400000, 2 },
            { 12400000, 0, 1 },
            { 24800000, 0, 0 },
            { 24800000, 37200000, 0 },
            { 62000000, 0, 2 },
            { 62000000, 0, 1 },
            { 62000000, 0, 0 } },
          10 },
        { "one a minute",
          { 1, 1 },
          { { 5, 0, 0 }, { 6, 61999999, 0 }, { 62000005, 0, 0 } },
          3 },
        { "an interval is rounded up",
          { 7, 1 },
          { { 0, 0, 6 }, { 0, 8857143, 6 }, { 8857143, 0, 5 } },
          3 },
        { "a bucket does not overflow",
          { 5, 2 },
          { { 0, 0, 4 },
            { 1000 * S, 0, 4 },
            { 1000 * S, 0, 3 },
            { 1000 * S, 12400000, 3 } },
          4 },
        { "a clock that goes back",
          { 5, 1 },
          { { 100 * S, 0, 4 },
            { 40 * S, 12400000, 4 },
            { 41 * S, 11400000, 4 },
            { -500 * S, 11400000, 4 },
            { -500 * S + 11400000, 0, 3 } },
          5 },
        { "a clock that goes back, and the window",
          { 2, 2 },
          { { 100 * S, 0, 1 },
            { 110 * S, 0, 0 },
            { 120 * S, 42 * S, 0 },
            { 20 * S, 42 * S, 0 },
            { 62 * S, 0, 0 },
            { 62 * S, 10 * S, 0 } },
          6 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of(rows[i].limits);

        cr_expect_eq(rate_limit_tokens_left(&limit, rows[i].takes[0].now_us),
                     rows[i].limits.per_minute, "%s: all", rows[i].name);
        for (int t = 0; t < rows[i].count; t++) {
            int64_t now_us = rows[i].takes[t].now_us;
            int64_t wait_us = rate_limit_take(&limit, now_us);
            uint32_t left = rate_limit_tokens_left(&limit, now_us);

            cr_expect_eq(wait_us, rows[i].takes[t].wait_us,
                         "%s: take %d waits %lld us", rows[i].name, t,
                         (long long)wait_us);
            cr_expect_eq(left, rows[i].takes[t].tokens_left,
                         "%s: take %d leaves %u", rows[i].name, t, left);
        }
        rate_limit_fini(&limit);
    }
}

/* Encode at one moment, decode at another under other limits. */
static struct rate_limit
restarted(struct rate_limit *limit, int64_t now_us, struct limits limits,
          int64_t then_us)
{
    struct rate_limit again = limit_of(limits);
    struct why why = { "" };
    struct out kept;

    out_init(&kept, SIZE_MAX);
    rate_limit_encode(limit, now_us, &kept);
    cr_assert_eq(out_finish(&kept), OK);
    cr_assert_eq(rate_limit_decode(&again, out_text(&kept), then_us, &why), OK,
                 "%s", why.text);
    out_fini(&kept);
    return again;
}

Test(rate_limit, is_kept_across_restarts)
{
    static const struct {
        const char *name;
        struct limits before, after;
        int takes;                /* at 100 s */
        int64_t kept_us, then_us; /* by two clocks */
        int64_t wait_us;          /* then */
        uint32_t tokens_left;     /* then */
    } rows[] = {
        { "at once", { 5, 1 }, { 5, 1 }, 1, 100 * S, 100 * S, 12400000, 4 },
        { "later", { 5, 1 }, { 5, 1 }, 1, 107 * S, 107 * S, 5400000, 4 },
        { "when the token was back",
          { 5, 1 },
          { 5, 1 },
          1,
          120 * S,
          120 * S,
          0,
          4 },
        { "no time passes for a clock that began anew",
          { 5, 1 },
          { 5, 1 },
          1,
          100 * S,
          0,
          12400000,
          4 },
        { "nor for one that is far ahead",
          { 5, 1 },
          { 5, 1 },
          1,
          100 * S,
          900000 * S,
          12400000,
          4 },
        { "a window that is full",
          { 5, 5 },
          { 5, 5 },
          5,
          110 * S,
          3 * S,
          52 * S,
          0 },
        { "a window that is over",
          { 5, 5 },
          { 5, 5 },
          5,
          162 * S,
          3 * S,
          0,
          5 },
        { "fewer allowed than were sent",
          { 10, 10 },
          { 2, 1 },
          10,
          110 * S,
          110 * S,
          52 * S,
          0 },
        { "more allowed than were sent",
          { 2, 2 },
          { 10, 10 },
          2,
          110 * S,
          110 * S,
          0,
          8 },
        { "a smaller bucket",
          { 10, 10 },
          { 10, 1 },
          5,
          100 * S,
          100 * S,
          6200000,
          5 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of(rows[i].before), again;
        uint32_t left;
        int64_t wait_us;

        for (int t = 0; t < rows[i].takes; t++)
            cr_assert_eq(rate_limit_take(&limit, 100 * S), 0);
        again =
            restarted(&limit, rows[i].kept_us, rows[i].after, rows[i].then_us);
        left = rate_limit_tokens_left(&again, rows[i].then_us);
        wait_us = rate_limit_take(&again, rows[i].then_us);
        cr_expect_eq(left, rows[i].tokens_left, "%s: %u left", rows[i].name,
                     left);
        cr_expect_eq(wait_us, rows[i].wait_us, "%s: waits %lld us",
                     rows[i].name, (long long)wait_us);
        rate_limit_fini(&limit);
        rate_limit_fini(&again);
    }
}

/* The bytes of two requests, 2 us and 1 us ago, and 24.8 s to a full bucket. */
#define KEPT "\x02\x00\x80\xd6\xe9\x0b\x02\x02\x01"

/* A body with its checksum behind it. */
static struct str
with_crc(struct str body, unsigned char out[static 64])
{
    memcpy(out, body.data, body.len);
    put_le32(out + body.len, crc32c(0, out, body.len));
    return (struct str){ (char *)out, body.len + 4 };
}

Test(rate_limit, refuses_what_is_damaged_and_then_waits_a_window)
{
#define BODY(text)                                                             \
    {                                                                          \
        text, sizeof(text) - 1                                                 \
    }
    static const struct {
        const char *name;
        struct str body;
        enum err err;
        const char *why;
    } rows[] = {
        { "good", BODY(KEPT), OK, "" },
        { "of format 1, which had no hold",
          BODY("\x01\x80\xd6\xe9\x0b\x02\x02\x01"), ERR_STORE,
          "a vendor's pace is of a format that is not known" },
        { "none sent", BODY("\x02\x00\x00\x00"), OK, "" },
        { "the oldest in the window", BODY("\x02\x00\x00\x01\xff\x96\xc8\x1d"),
          OK, "" },
        { "older than the window", BODY("\x02\x00\x00\x01\x80\x97\xc8\x1d"),
          ERR_STORE, "a vendor's pace is damaged: no such times" },
        { "not the oldest first", BODY("\x02\x00\x00\x02\x01\x02"), ERR_STORE,
          "a vendor's pace is damaged: no such times" },
        { "one missing", BODY("\x02\x00\x00\x02\x01"), ERR_STORE,
          "a vendor's pace is damaged: no such times" },
        { "one too many", BODY("\x02\x00\x00\x01\x01\x01"), ERR_STORE,
          "a vendor's pace is damaged: no such times" },
        { "more than anyone sends", BODY("\x02\x00\x00\xf1\x2e"), ERR_STORE,
          "a vendor's pace is damaged: no such times" },
        { "a bucket full in more than 63 bits of microseconds",
          BODY("\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"),
          ERR_STORE, "a vendor's pace is damaged: no such times" },
        { "a microsecond above the longest hold",
          BODY("\x02\x81\xc8\xce\xb4\x0d\x00\x00"), ERR_STORE,
          "a vendor's pace is damaged: no such hold" },
        { "a hold of 64 bits",
          BODY("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"),
          ERR_STORE, "a vendor's pace is damaged: no such hold" },
        { "a hold alone", BODY("\x02\x00"), ERR_STORE,
          "a vendor's pace is damaged: no such times" },
        { "no format", BODY("\x00\x00\x00"), ERR_STORE,
          "a vendor's pace is of a format that is not known" },
        { "a later format", BODY("\x03\x00\x00\x00"), ERR_STORE,
          "a vendor's pace is of a format that is not known" },
        { "nothing", BODY(""), ERR_STORE,
          "a vendor's pace is of a format that is not known" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of((struct limits){ 5, 5 });
        unsigned char bytes[64];
        struct why why = { "" };
        int64_t wait_us = rows[i].err == OK ? 0 : 62 * S;
        enum err err = rate_limit_decode(&limit, with_crc(rows[i].body, bytes),
                                         9 * S, &why);

        cr_expect_eq(err, rows[i].err, "%s: err %d", rows[i].name, (int)err);
        cr_expect_str_eq(why.text, rows[i].why, "%s", rows[i].name);
        cr_expect_eq(rate_limit_take(&limit, 9 * S), wait_us, "%s: the wait",
                     rows[i].name);
        rate_limit_fini(&limit);
    }
}

Test(rate_limit, refuses_every_flipped_bit_and_every_cut)
{
    struct rate_limit limit = limit_of((struct limits){ 5, 1 });
    unsigned char good[64], bytes[64];
    struct str kept = with_crc(STR(KEPT), good);

    for (size_t bit = 0; bit < kept.len * 8; bit++) {
        memcpy(bytes, good, kept.len);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        cr_expect_eq(rate_limit_decode(&limit,
                                       (struct str){ (char *)bytes, kept.len },
                                       0, NULL),
                     ERR_STORE, "bit %zu", bit);
    }
    for (size_t len = 0; len < kept.len; len++)
        cr_expect_eq(rate_limit_decode(
                         &limit, (struct str){ (char *)good, len }, 0, NULL),
                     ERR_STORE, "cut to %zu", len);
    rate_limit_fini(&limit);
}

Test(rate_limit, encodes_what_it_decodes)
{
    struct rate_limit limit = limit_of((struct limits){ 5, 5 });
    unsigned char good[64];
    struct str kept = with_crc(STR(KEPT), good);
    struct out out;

    out_init(&out, SIZE_MAX);
    cr_assert_eq(rate_limit_decode(&limit, kept, 77, NULL), OK);
    rate_limit_encode(&limit, 77, &out);
    cr_expect(str_equal(out_text(&out), kept));
    out_fini(&out);
    rate_limit_fini(&limit);
}

Test(rate_limit, keeps_a_whole_window_of_the_fastest)
{
    struct limits limits = { REQUESTS_PER_MINUTE_MAX, REQUESTS_PER_MINUTE_MAX };
    struct rate_limit limit = limit_of(limits), again;

    for (uint32_t i = 0; i < limits.burst; i++)
        cr_assert_eq(rate_limit_take(&limit, i), 0, "take %u", i);
    again = restarted(&limit, 10000, limits, 0);
    cr_expect_eq(rate_limit_take(&again, 0), 62 * S - 10000);
    rate_limit_fini(&limit);
    rate_limit_fini(&again);
}

/* So many requests of this very moment, as kept. */
static void
put_kept(struct out *out, uint32_t count)
{
    unsigned char bytes[VARINT_BYTES_MAX];
    unsigned char crc[4];

    out_bytes(out, "\x02\x00\x00", 3);
    out_bytes(out, (char *)bytes, put_varint(bytes, count));
    for (uint32_t i = 0; i < count; i++)
        out_char(out, 0);
    put_le32(crc, crc32c(0, out->data, out->len));
    out_bytes(out, (char *)crc, sizeof crc);
}

Test(rate_limit, reads_no_more_than_the_fastest_send)
{
    static const struct {
        uint32_t count;
        enum err err;
    } rows[] = {
        { REQUESTS_PER_MINUTE_MAX, OK },
        { REQUESTS_PER_MINUTE_MAX + 1, ERR_STORE },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct rate_limit limit = limit_of((struct limits){ 5, 1 });
        struct out kept;

        out_init(&kept, SIZE_MAX);
        put_kept(&kept, rows[i].count);
        cr_expect_eq(rate_limit_decode(&limit, out_text(&kept), 0, NULL),
                     rows[i].err, "%u requests", rows[i].count);
        cr_expect_eq(rate_limit_take(&limit, 0), 62 * S, "%u requests",
                     rows[i].count);
        out_fini(&kept);
        rate_limit_fini(&limit);
    }
}
