/* gzip: what goes in comes out, however it is cut; what is not gzip does not.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/gzip.h"
#include "secmaster/out.h"
#include "tests/codec/reading.h"

#define OUT_BYTES_MAX (8UL << 20)

/* `printf a | gzip -n1`, and of nothing. */
#define OF_A                                                                   \
    "\x1f\x8b\x08\0\0\0\0\0\x04\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0"
#define OF_NOTHING "\x1f\x8b\x08\0\0\0\0\0\x04\x03\x03\0\0\0\0\0\0\0\0\0"

/* Unpack in pieces of so many bytes, through a buffer of so many. */
static enum err
unpack(struct str packed, size_t piece_bytes, size_t buffer_bytes,
       struct out *out, struct why *why)
{
    struct gzip_unpacker *unpacker = gzip_unpacker_new();
    char buffer[4096];
    enum err err = OK;

    cr_assert_not_null(unpacker);
    while (err == OK && packed.len > 0) {
        struct str piece = { packed.data, packed.len < piece_bytes
                                              ? packed.len
                                              : piece_bytes };
        size_t len;

        packed.data += piece.len;
        packed.len -= piece.len;
        do {
            err =
                gzip_unpack(unpacker, &piece, buffer, buffer_bytes, &len, why);
            out_bytes(out, buffer, len);
        } while (err == OK && (piece.len > 0 || len == buffer_bytes));
    }
    if (err == OK)
        err = gzip_unpack_end(unpacker, why);
    gzip_unpacker_free(unpacker);
    return err;
}

Test(gzip, takes_whole_members_and_nothing_else)
{
    static const struct {
        const char *row;
        struct str packed;
        enum err err;
        const char *text;
    } rows[] = {
        { "one", BODY(OF_A), OK, "a" },
        { "of nothing", BODY(OF_NOTHING), OK, "" },
        { "two", BODY(OF_A OF_A), OK, "aa" },
        { "an empty one between", BODY(OF_A OF_NOTHING OF_A), OK, "aa" },
        { "with a name, a comment, extra bytes and its own checksum",
          BODY("\x1f\x8b\x08\x1e\0\0\0\0\x04\x03\x02\0xyn\0c\0\x3e\xde\x4b\x04"
               "\0\x43\xbe\xb7\xe8\x01\0\0\0"),
          OK, "a" },
        { "nothing at all", BODY(""), ERR_MALFORMED, NULL },
        { "a line end behind", BODY(OF_A "\n"), ERR_MALFORMED, NULL },
        { "zeroes behind", BODY(OF_A "\0\0"), ERR_MALFORMED, NULL },
        { "half a member behind", BODY(OF_A "\x1f\x8b\x08"), ERR_MALFORMED,
          NULL },
        { "plain", BODY("[]"), ERR_MALFORMED, NULL },
        { "zlib's own wrapping", BODY("\x78\x01\x4b\x04\0\0\x62\0\x62"),
          ERR_MALFORMED, NULL },
        { "another method",
          BODY("\x1f\x8b\x07\0\0\0\0\0\x04\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0"
               "\0\0"),
          ERR_MALFORMED, NULL },
        { "a reserved flag",
          BODY("\x1f\x8b\x08\x20\0\0\0\0\x04\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01"
               "\0\0\0"),
          ERR_MALFORMED, NULL },
        { "a wrong checksum",
          BODY("\x1f\x8b\x08\0\0\0\0\0\x04\x03\x4b\x04\0\x43\xbe\xb7\xe9\x01\0"
               "\0\0"),
          ERR_MALFORMED, NULL },
        { "a wrong length",
          BODY("\x1f\x8b\x08\0\0\0\0\0\x04\x03\x4b\x04\0\x43\xbe\xb7\xe8\x02\0"
               "\0\0"),
          ERR_MALFORMED, NULL },
        { "a block of no kind", BODY("\x1f\x8b\x08\0\0\0\0\0\x04\x03\x07\0"),
          ERR_MALFORMED, NULL },
    };
    static const size_t cuts[] = { 1, 3, 4096 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t c = 0; c < sizeof cuts / sizeof cuts[0]; c++) {
            struct why why = { "" };
            struct out out;
            enum err err;

            out_init(&out, OUT_BYTES_MAX);
            err = unpack(rows[i].packed, cuts[c], cuts[c], &out, &why);
            cr_expect_eq(err, rows[i].err, "%s by %zu: err %d %s", rows[i].row,
                         cuts[c], err, why.text);
            if (rows[i].err == OK)
                cr_expect(str_equal(out_text(&out), str_of(rows[i].text)),
                          "%s by %zu", rows[i].row, cuts[c]);
            else
                cr_expect_neq(why.text[0], '\0', "%s: why", rows[i].row);
            out_fini(&out);
        }
    }
}

Test(gzip, notices_where_it_was_cut)
{
    static const struct str packed = BODY(OF_A OF_NOTHING);

    for (size_t len = 0; len < packed.len; len++) {
        struct why why = { "" };
        struct out out;
        enum err err, expected = len == sizeof OF_A - 1 ? OK : ERR_MALFORMED;

        out_init(&out, OUT_BYTES_MAX);
        err = unpack((struct str){ packed.data, len }, 5, 64, &out, &why);
        cr_expect_eq(err, expected, "%zu bytes: err %d", len, err);
        out_fini(&out);
    }
}

/* Text like a table's, that repeats itself and does not. */
static void
make_text(struct out *out, size_t bytes, unsigned seed)
{
    while (out->len < bytes) {
        if (rand_r(&seed) % 40 == 0)
            for (int i = 0; i < 300; i++)
                out_char(out, (char)(rand_r(&seed) % 256));
        out_print(out, "{\"security_id\":%d,\"ticker\":\"T%d\"}\n",
                  rand_r(&seed) % 1000, rand_r(&seed) % 5000);
    }
    out->len = bytes;
}

/* Pack text in pieces of random sizes, flushed at every multiple. */
static void
pack(struct str text, size_t flush_bytes, unsigned seed, struct out *out)
{
    struct gzip_packer *packer =
        gzip_packer_new(flush_bytes == 0 ? text.len : GZIP_LENGTH_UNKNOWN);
    size_t at = 0;

    cr_assert_not_null(packer);
    while (at < text.len) {
        size_t len = (size_t)rand_r(&seed) % (seed % 3 == 0 ? 200000 : 500);
        size_t left = text.len - at;
        enum gzip_flush flush = GZIP_MORE;

        if (flush_bytes > 0 && left > flush_bytes - at % flush_bytes)
            left = flush_bytes - at % flush_bytes;
        if (len > left)
            len = left;
        if (flush_bytes > 0 && (at + len) % flush_bytes == 0 && len > 0)
            flush = GZIP_FLUSH;
        cr_assert_eq(
            gzip_pack(packer, (struct str){ text.data + at, len }, flush, out),
            OK);
        at += len;
    }
    cr_assert_eq(gzip_pack(packer, STR(""), GZIP_END, out), OK);
    gzip_packer_free(packer);
}

Test(gzip, packs_the_same_however_it_is_cut)
{
    static const struct {
        size_t bytes, flush_bytes;
    } rows[] = {
        { 0, 0 },
        { 1, 0 },
        { 2000, 0 },
        { 8192, 0 },
        { 700000, 0 },
        { 2000, GZIP_FLUSH_BYTES_MAX },
        { GZIP_FLUSH_BYTES_MAX, GZIP_FLUSH_BYTES_MAX },
        { 700000, GZIP_FLUSH_BYTES_MAX },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct out text, first, again, back;
        struct why why = { "" };

        out_init(&text, OUT_BYTES_MAX);
        out_init(&first, OUT_BYTES_MAX);
        out_init(&back, OUT_BYTES_MAX);
        make_text(&text, rows[i].bytes, (unsigned)i + 1);
        pack(out_text(&text), rows[i].flush_bytes, 1, &first);
        cr_expect_eq(unpack(out_text(&first), 1000, 4096, &back, &why), OK,
                     "row %zu: %s", i, why.text);
        cr_expect(str_equal(out_text(&back), out_text(&text)), "row %zu", i);
        for (unsigned seed = 2; seed < 40; seed++) {
            out_init(&again, OUT_BYTES_MAX);
            pack(out_text(&text), rows[i].flush_bytes, seed, &again);
            cr_expect(str_equal(out_text(&again), out_text(&first)),
                      "row %zu, cut by %u", i, seed);
            out_fini(&again);
        }
        out_fini(&text);
        out_fini(&first);
        out_fini(&back);
    }
}

Test(gzip, gives_up_what_was_packed_at_a_flush)
{
    static const char row[] = "1,2024-01-01,,ACME\r\n";
    struct gzip_packer *packer = gzip_packer_new(GZIP_LENGTH_UNKNOWN);
    struct gzip_unpacker *unpacker = gzip_unpacker_new();
    struct out out;
    struct str rest;
    char got[64];
    size_t len;

    out_init(&out, OUT_BYTES_MAX);
    cr_assert_eq(gzip_pack(packer, str_of(row), GZIP_FLUSH, &out), OK);
    rest = out_text(&out);
    cr_assert_eq(gzip_unpack(unpacker, &rest, got, sizeof got, &len, NULL), OK);
    cr_expect(str_equal((struct str){ got, len }, str_of(row)));
    cr_expect_eq(gzip_unpack_end(unpacker, NULL), ERR_MALFORMED);
    gzip_packer_free(packer);
    gzip_unpacker_free(unpacker);
    out_fini(&out);
}

/* A bomb is handed out a buffer at a time. */
Test(gzip, unpacks_no_more_than_there_is_room_for)
{
    enum { ZEROES = 1 << 20 };
    struct gzip_packer *packer = gzip_packer_new(ZEROES);
    struct gzip_unpacker *unpacker = gzip_unpacker_new();
    char *zeroes = calloc(1, ZEROES), got[1000];
    size_t len, total = 0;
    struct str rest;
    struct out out;

    out_init(&out, OUT_BYTES_MAX);
    cr_assert_eq(
        gzip_pack(packer, (struct str){ zeroes, ZEROES }, GZIP_END, &out), OK);
    cr_expect_lt(out.len, ZEROES / 200);
    rest = out_text(&out);
    do {
        cr_assert_eq(gzip_unpack(unpacker, &rest, got, sizeof got, &len, NULL),
                     OK);
        total += len;
    } while (rest.len > 0 || len == sizeof got);
    cr_expect_eq(total, ZEROES);
    cr_expect_eq(gzip_unpack_end(unpacker, NULL), OK);
    gzip_packer_free(packer);
    gzip_unpacker_free(unpacker);
    out_fini(&out);
    free(zeroes);
}

Test(gzip, says_when_there_is_no_room_to_write)
{
    struct gzip_packer *packer = gzip_packer_new(10);
    struct out out;

    out_init(&out, 100);
    cr_expect_eq(gzip_pack(packer, STR("0123456789"), GZIP_END, &out),
                 ERR_TOO_LARGE);
    gzip_packer_free(packer);
    out_fini(&out);
}

Test(gzip, unpacks_what_is_whole_up_to_a_limit)
{
    static const struct {
        const char *row;
        struct str packed;
        size_t limit;
        enum err err;
        const char *text;
    } rows[] = {
        { "fits", BODY(OF_A OF_A), 2, OK, "aa" },
        { "does not fit", BODY(OF_A OF_A), 1, ERR_TOO_LARGE, NULL },
        { "nothing in it", BODY(OF_NOTHING), 0, OK, "" },
        { "nothing", BODY(""), 2, ERR_MALFORMED, NULL },
        { "cut off", { OF_A, sizeof OF_A - 2 }, 2, ERR_MALFORMED, NULL },
        { "not gzip", BODY("{}"), 2, ERR_MALFORMED, NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct out out;
        enum err err;

        out_init(&out, rows[i].limit);
        err = gzip_unpack_whole(rows[i].packed, &out, NULL);
        cr_expect_eq(err, rows[i].err, "%s: %d", rows[i].row, err);
        if (rows[i].err == OK)
            cr_expect(str_equal(out_text(&out), str_of(rows[i].text)), "%s",
                      rows[i].row);
        out_fini(&out);
    }
}
