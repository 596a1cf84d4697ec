/* Where a file of facts is cut, whatever the pieces it is read in. */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "src/load_split.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* bodies: "RECORDS@LINE:BODY" each ended by a bar; LINE is the first one's. */
static const struct {
    enum media media;
    uint64_t records_max;
    const char *file, *bodies;
} cases[] = {
    { MEDIA_CSV, 2, "h\na\nb\nc\n", "2@2:h\na\nb\n|1@4:h\nc\n|" },
    { MEDIA_CSV, 2, "h\na\nb\n", "2@2:h\na\nb\n|" },
    { MEDIA_CSV, 2, "h\na\nb", "2@2:h\na\nb|" },
    { MEDIA_CSV, 1, "h\r\na\r\nb\r\n", "1@2:h\r\na\r\n|1@3:h\r\nb\r\n|" },
    { MEDIA_CSV, 9, "h\n", "" },
    { MEDIA_CSV, 9, "h", "" },
    { MEDIA_CSV, 9, "", "" },

    /* A quoted line end is text, in the header too; a quoted quote is one. */
    { MEDIA_CSV, 1, "h\n\"a\nb\"\nc\n", "1@2:h\n\"a\nb\"\n|1@4:h\nc\n|" },
    { MEDIA_CSV, 1, "\"h\ni\"\na\nb\n",
      "1@3:\"h\ni\"\na\n|1@4:\"h\ni\"\nb\n|" },
    { MEDIA_CSV, 1, "h\n\"a\"\"\nb\"\nc\n",
      "1@2:h\n\"a\"\"\nb\"\n|1@4:h\nc\n|" },
    { MEDIA_CSV, 1, "h\nx,\"\n\",y\nc\n", "1@2:h\nx,\"\n\",y\n|1@4:h\nc\n|" },
    { MEDIA_CSV, 1, "h\n\"\"\nc\n", "1@2:h\n\"\"\n|1@3:h\nc\n|" },
    { MEDIA_CSV, 1, "\xef\xbb\xbf\"h\ni\"\na\n",
      "1@3:\xef\xbb\xbf\"h\ni\"\na\n|" },

    /* Inside a bare field a quote is wrong, and no reason to run on. */
    { MEDIA_CSV, 1, "h\na\"\nb\n", "1@2:h\na\"\n|1@3:h\nb\n|" },

    /* An empty line is a record with one empty field. */
    { MEDIA_CSV, 1, "h\n\nb\n", "1@2:h\n\n|1@3:h\nb\n|" },

    { MEDIA_NDJSON, 2, "1\n2\n3\n", "2@1:1\n2\n|1@3:3\n|" },
    { MEDIA_NDJSON, 1, "1\n2", "1@1:1\n|1@2:2|" },
    { MEDIA_NDJSON, 2, "\n1\n \t\r\n2\n\n3\n\n",
      "2@1:\n1\n \t\r\n2\n|1@5:\n3\n\n|" },
    { MEDIA_NDJSON, 1, "{\"a\":\"\\\"\"}\n2\n",
      "1@1:{\"a\":\"\\\"\"}\n|1@2:2\n|" },
    { MEDIA_NDJSON, 9, "\n \n", "" },
    { MEDIA_NDJSON, 9, "", "" },
};

static void
put_body(struct out *out, const struct load_split *split)
{
    out_print(out, "%" PRIu64 "@%" PRIu64 ":", split->records,
              split->first.line);
    out_str(out, out_text(&split->body));
    out_char(out, '|');
}

static void
split_file(struct out *out, size_t c, size_t piece_bytes)
{
    struct str file = str_of(cases[c].file);
    struct load_split split;

    load_split_init(&split, cases[c].media, cases[c].records_max);
    while (file.len > 0) {
        struct str piece = { file.data,
                             file.len < piece_bytes ? file.len : piece_bytes };

        file.data += piece.len;
        file.len -= piece.len;
        while (load_split_take(&split, &piece))
            put_body(out, &split);
        cr_expect_eq(piece.len, 0);
    }
    if (load_split_end(&split))
        put_body(out, &split);
    load_split_fini(&split);
}

Test(load_split, cuts_between_records)
{
    for (size_t c = 0; c < COUNT(cases); c++) {
        for (size_t piece = 1; piece < 20; piece++) {
            struct out out;

            out_init(&out, 4096);
            split_file(&out, c, piece);
            cr_expect(str_equal(out_text(&out), str_of(cases[c].bodies)),
                      "row %zu in pieces of %zu: %.*s", c, piece,
                      STR_ARG(out_text(&out)));
            out_fini(&out);
        }
    }
}

/* A place in a body, and where that is in the file: of the second batch. */
Test(load_split, places_are_the_files)
{
    static const struct {
        enum media media;
        const char *file;
        struct file_place in_body, in_file;
    } places[] = {
        /* header 2 bytes, first batch 3, second begins at line 3, byte 6 */
        { MEDIA_CSV, "h\naa\nbb\n", { 2, 3 }, { 3, 6 } },
        { MEDIA_CSV, "h\naa\nbb\n", { 2, 4 }, { 3, 7 } },
        { MEDIA_CSV, "h\naa\nbb\n", { 1, 1 }, { 1, 1 } },
        { MEDIA_CSV, "\"h\n\"\naa\nbb\n", { 3, 6 }, { 4, 9 } },
        { MEDIA_NDJSON, "1\n2\n", { 1, 1 }, { 2, 3 } },
        { MEDIA_NDJSON, "1\n\n2\n", { 2, 2 }, { 3, 4 } },
    };

    for (size_t c = 0; c < COUNT(places); c++) {
        struct str file = str_of(places[c].file);
        struct load_split split;
        struct file_place got;

        load_split_init(&split, places[c].media, 1);
        cr_expect(load_split_take(&split, &file), "row %zu", c);
        cr_expect(load_split_take(&split, &file), "row %zu", c);
        got = load_split_place(&split, places[c].in_body);
        cr_expect_eq(got.line, places[c].in_file.line, "row %zu: line %lu", c,
                     got.line);
        cr_expect_eq(got.byte, places[c].in_file.byte, "row %zu: byte %lu", c,
                     got.byte);
        load_split_fini(&split);
    }
}

/* Long records end a batch early; one without an end is an error. */
Test(load_split, bodies_are_bounded)
{
    static char text[1 << 20];
    struct load_split split;
    struct str piece;
    size_t lines = 0;

    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\n';
    load_split_init(&split, MEDIA_NDJSON, 1000000);
    do {
        piece = (struct str){ text, sizeof text };
        lines++;
    } while (!load_split_take(&split, &piece));
    cr_expect_eq(lines, LOAD_BODY_BYTES_ENOUGH / sizeof text);
    cr_expect_eq(split.records, lines);

    text[sizeof text - 1] = 'x';
    for (lines = 0; out_finish(&split.body) == OK; lines++) {
        piece = (struct str){ text, sizeof text };
        cr_expect_not(load_split_take(&split, &piece));
    }
    cr_expect_eq(lines, LOAD_BODY_BYTES_MAX / sizeof text + 1);
    load_split_fini(&split);
}

/* What was in the batch, and what the next one begins with. */
Test(load_split, lines_of_a_batch_are_the_files)
{
    static const struct {
        enum media media;
        const char *file;
        uint64_t first, last, next; /* of the second batch */
    } batches[] = {
        { MEDIA_CSV, "h\na\nb\nc\n", 3, 3, 4 },
        { MEDIA_CSV, "h\na\n\"b\nb\"\nc\n", 3, 4, 5 },
        { MEDIA_CSV, "h\na\nb", 3, 3, 3 },
        { MEDIA_NDJSON, "1\n\n2\n3\n", 2, 3, 4 },
    };

    for (size_t c = 0; c < COUNT(batches); c++) {
        struct str file = str_of(batches[c].file);
        struct load_split split;

        load_split_init(&split, batches[c].media, 1);
        cr_expect_eq(load_split_next_line(&split), 1, "row %zu", c);
        cr_expect(load_split_take(&split, &file), "row %zu", c);
        if (!load_split_take(&split, &file))
            cr_expect(load_split_end(&split), "row %zu", c);
        cr_expect_eq(split.first.line, batches[c].first, "row %zu", c);
        cr_expect_eq(load_split_last_line(&split), batches[c].last, "row %zu",
                     c);
        cr_expect_eq(load_split_next_line(&split), batches[c].next, "row %zu",
                     c);
        load_split_fini(&split);
    }
}
