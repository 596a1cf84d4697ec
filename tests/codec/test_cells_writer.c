/* Rows of plain columns: exact bytes in all three formats. */
#include <criterion/criterion.h>

#include "secmaster/cells_writer.h"

#define COLUMNS_JSON "{\"columns\":[\"id\",\"day\",\"end\",\"text\",\"none\"]"
#define FIRST                                                                  \
    "{\"id\":7,\"day\":\"2024-02-29\",\"end\":null,\"text\":\"a\\\"b,\","      \
    "\"none\":null}"
#define SECOND                                                                 \
    "{\"id\":-1,\"day\":\"0001-01-01\",\"end\":\"9999-12-31\",\"text\":\"\","  \
    "\"none\":1.50}"

static const struct {
    enum media media;
    unsigned rows;
    const char *text;
} cases[] = {
    { MEDIA_JSON, 0, COLUMNS_JSON ",\"rows\":[]" },
    { MEDIA_JSON, 1, COLUMNS_JSON ",\"rows\":[" FIRST "]" },
    { MEDIA_JSON, 2, COLUMNS_JSON ",\"rows\":[" FIRST "," SECOND "]" },
    { MEDIA_NDJSON, 0, "" },
    { MEDIA_NDJSON, 2, FIRST "\n" SECOND "\n" },
    { MEDIA_CSV, 0, "id,day,end,text,none\r\n" },
    { MEDIA_CSV, 2,
      "id,day,end,text,none\r\n7,2024-02-29,,\"a\"\"b,\",\r\n"
      "-1,0001-01-01,9999-12-31,\"\",1.50\r\n" },
};

static void
write_first(struct cells_writer *writer, struct out *out)
{
    cells_begin(writer, out);
    cells_next(writer, out);
    out_int(out, 7);
    cells_date(writer, out, (struct date){ 19782 });
    cells_date(writer, out, (struct date){ DATE_OPEN_DAYS });
    cells_string(writer, out, STR("a\\\"b,"));
    cells_null(writer, out);
    cells_end(writer, out);
}

static void
write_second(struct cells_writer *writer, struct out *out)
{
    cells_begin(writer, out);
    cells_next(writer, out);
    out_int(out, -1);
    cells_date(writer, out, (struct date){ DATE_FIRST_DAYS });
    cells_date(writer, out, (struct date){ DATE_LAST_DAYS });
    cells_string(writer, out, STR(""));
    cells_next(writer, out);
    out_str(out, STR("1.50"));
    cells_end(writer, out);
}

Test(cells_writer, writes_exact_bytes)
{
    static const char *const names[] = { "id", "day", "end", "text", "none" };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cells_writer writer;
        struct out out;

        out_init(&out, 4096);
        cells_init(&writer, cases[i].media);
        for (size_t j = 0; j < sizeof names / sizeof names[0]; j++)
            cells_add(&writer, str_of(names[j]));
        cells_head(&writer, &out);
        if (cases[i].rows > 0)
            write_first(&writer, &out);
        if (cases[i].rows > 1)
            write_second(&writer, &out);
        cells_tail(&writer, &out);
        out_char(&out, '\0');
        cr_assert_eq(out_finish(&out), OK);
        cr_expect_str_eq(out.data, cases[i].text, "row %zu: %s", i, out.data);
        out_fini(&out);
    }
}

/* Names as long as they may be, in as many columns as there may be. */
Test(cells_writer, has_room_for_all_columns)
{
    struct str name = STR("a_name_of_20_letters");
    struct cells_writer writer;
    struct out out;

    cr_assert_eq(name.len, CELL_NAME_BYTES_MAX);
    out_init(&out, 4096);
    cells_init(&writer, MEDIA_CSV);
    for (unsigned i = 0; i < CELLS_MAX; i++)
        cells_add(&writer, name);
    cells_head(&writer, &out);
    cr_expect_eq(out.len, CELLS_MAX * (CELL_NAME_BYTES_MAX + 1) + 1);
    out_fini(&out);
    cells_init(&writer, MEDIA_JSON);
    cells_add(&writer, name);
    cr_expect_eq(cell_text_of(cells_row_before(&writer, 0)).len,
                 CELL_TEXT_BYTES);
}

/* Whatever was written before it. */
Test(cells_writer, writes_every_date)
{
    struct cells_writer writer;
    struct out out;

    out_init(&out, 4096);
    cells_init(&writer, MEDIA_CSV);
    cells_add(&writer, STR("date"));
    for (int32_t days = DATE_FIRST_DAYS; days <= DATE_LAST_DAYS;
         days += days % 400 == 0 ? 300 : 1) {
        char want[DATE_TEXT_BYTES];

        date_format((struct date){ days }, want);
        out_reset(&out);
        cells_begin(&writer, &out);
        cells_date(&writer, &out, (struct date){ days });
        cr_assert(
            str_equal(out_text(&out), (struct str){ want, DATE_TEXT_BYTES }),
            "day %d: %.*s", days, STR_ARG(out_text(&out)));
    }
    out_fini(&out);
}

static void
begin_table(struct cells_writer *writer, enum media media)
{
    cells_init(writer, media);
    cells_add(writer, STR("a"));
    cells_add(writer, STR("b"));
    cells_add(writer, STR("c"));
}

/* A row by hand: a number or none, a date, a number. */
static void
write_row(struct cells_writer *writer, struct out *out, const char *number,
          struct date date)
{
    char *to = cells_row_begin(writer, out);

    if (to == NULL)
        return;
    to = cells_row_next(writer, to);
    to = number == NULL ? cells_row_no_number(writer, to) : stpcpy(to, number);
    to = cells_row_date(writer, to, date);
    to = decimal_write(cells_row_next(writer, to), (struct decimal){ 150, 2 });
    cells_row_end(writer, out, to);
}

static char *
put_before(const struct cells_writer *writer, unsigned column, char *to)
{
    struct str before = cells_row_before(writer, column);

    memcpy(to, before.data, before.len);
    return to + before.len;
}

/* The same of a number and a date, and all but the last column in one go. */
static void
write_row_in_one_go(struct cells_writer *writer, struct out *out)
{
    const char *date = writer->is_csv ? "2024-02-29" : "\"2024-02-29\"";
    char *to = cells_row_begin(writer, out);

    cr_assert_not_null(to);
    to = stpcpy(put_before(writer, 0, to), "7");
    to = stpcpy(put_before(writer, 1, to), date);
    cells_row_go_on(writer, 2);
    to = stpcpy(cells_row_next(writer, to), "1.50");
    cells_row_end(writer, out, to);
}

Test(cells_writer, rows_in_one_go_have_the_same_bytes)
{
    static const enum media medias[] = { MEDIA_JSON, MEDIA_NDJSON, MEDIA_CSV };

    for (size_t i = 0; i < sizeof medias / sizeof medias[0]; i++) {
        struct cells_writer writer;
        struct out by_hand, in_one_go;

        out_init(&by_hand, 4096);
        out_init(&in_one_go, 4096);
        begin_table(&writer, medias[i]);
        write_row(&writer, &by_hand, "7", (struct date){ 19782 });
        write_row(&writer, &by_hand, "7", (struct date){ 19782 });
        begin_table(&writer, medias[i]);
        write_row_in_one_go(&writer, &in_one_go);
        write_row_in_one_go(&writer, &in_one_go);
        cr_expect(str_equal(out_text(&by_hand), out_text(&in_one_go)),
                  "media %zu: %.*s", i, STR_ARG(out_text(&in_one_go)));
        out_fini(&by_hand);
        out_fini(&in_one_go);
    }
}

Test(cells_writer, rows_by_hand_have_the_same_bytes)
{
    static const struct {
        enum media media;
        const char *text;
    } rows[] = {
        { MEDIA_JSON, "{\"a\":7,\"b\":\"2024-02-29\",\"c\":1.50},"
                      "{\"a\":null,\"b\":null,\"c\":1.50}" },
        { MEDIA_NDJSON, "{\"a\":7,\"b\":\"2024-02-29\",\"c\":1.50}\n"
                        "{\"a\":null,\"b\":null,\"c\":1.50}\n" },
        { MEDIA_CSV, "7,2024-02-29,1.50\r\n,,1.50\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct cells_writer writer;
        struct out out;

        out_init(&out, 4096);
        begin_table(&writer, rows[i].media);
        write_row(&writer, &out, "7", (struct date){ 19782 });
        write_row(&writer, &out, NULL, (struct date){ DATE_OPEN_DAYS });
        cr_expect(str_equal(out_text(&out), str_of(rows[i].text)),
                  "row %zu: %.*s", i, STR_ARG(out_text(&out)));
        out_fini(&out);
    }
}

/* The longest values behind the longest names, and no byte less of room. */
Test(cells_writer, rows_by_hand_have_room_or_fail)
{
    static const enum media medias[] = { MEDIA_JSON, MEDIA_NDJSON, MEDIA_CSV };
    struct str name = STR("a_name_of_20_letters");

    for (size_t i = 0; i < sizeof medias / sizeof medias[0]; i++) {
        for (size_t limit = 0; limit < 8192; limit += 97) {
            struct cells_writer writer;
            struct out out;
            char *to;

            out_init(&out, limit);
            cells_init(&writer, medias[i]);
            for (unsigned k = 0; k < CELLS_MAX; k++)
                cells_add(&writer, name);
            to = cells_row_begin(&writer, &out);
            cr_assert_eq(to == NULL, out_finish(&out) == ERR_TOO_LARGE);
            for (unsigned k = 0; k < CELLS_MAX && to != NULL; k++) {
                to = cells_row_next(&writer, to);
                memset(to, '9', DECIMAL_ROOM);
                to += DECIMAL_ROOM;
            }
            if (to != NULL)
                cells_row_end(&writer, &out, to);
            cr_assert_leq(out.len, limit, "limit %zu: %zu", limit, out.len);
            out_fini(&out);
        }
    }
}
