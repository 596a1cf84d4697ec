/* Rows out: exact bytes in all three formats, and CSV read back in. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/rows_writer.h"
#include "tests/codec/reading.h"

#define S(literal)                                                             \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }
#define COLUMNS 3

/* A table of three attributes, the second with a name that needs care. */
struct table {
    struct names *names;
    struct columns columns;
    struct sheet sheet;
};

static void
table_init(struct table *table)
{
    static const struct str names[COLUMNS] = { S("ticker"), S("a\"b, c\\é"),
                                               S("x") };

    table->names = names_new(0);
    columns_init(&table->columns);
    for (uint32_t i = 0; i < COLUMNS; i++) {
        cr_assert_eq(names_add(table->names, names[i]), OK);
        cr_assert_eq(columns_add(&table->columns, i), OK);
    }
    cr_assert_eq(columns_sort(&table->columns, table->names), OK);
    table->sheet = (struct sheet){ SHEET_ROWS, &table->columns, table->names };
}

static void
table_fini(struct table *table)
{
    columns_fini(&table->columns);
    names_free(table->names);
}

/* Two rows: one with an open end, a null and no value; one full. */
static void
write_table(struct out *out, enum media media)
{
    const struct rows_format *format = rows_format(media);
    struct cell cells[] = {
        { .value = { VALUE_STRING, S("LENZ") } },
        { .value = VALUE_OF_NULL },
        { .value = { VALUE_STRING, S("ab\\u0001\\\"é中😀") } },
        { .value = VALUE_OF_TRUE },
        { .value = { VALUE_NUMBER, S("549000.10") } },
    };
    const struct cell *first[COLUMNS] = { &cells[0], &cells[1], NULL };
    const struct cell *second[COLUMNS] = { &cells[2], &cells[3], &cells[4] };
    struct row rows[] = {
        { .security_id = 0, .start = { 19723 }, .end = { DATE_OPEN_DAYS } },
        { .security_id = INT64_MAX, .start = { -719162 }, .end = { 2932896 } },
    };
    struct row_fixed fixed;
    struct table table;
    struct line line;

    table_init(&table);
    cr_assert_not_null(format);
    format->head(out, &table.sheet);
    row_fix(&rows[0], &fixed, &line);
    line.cells = first;
    format->line(out, &table.sheet, &line, true);
    row_fix(&rows[1], &fixed, &line);
    line.cells = second;
    format->line(out, &table.sheet, &line, false);
    format->tail(out);
    table_fini(&table);
}

#define ROW_0                                                                  \
    "{\"security_id\":0,\"effective_start_date\":\"2024-01-01\","              \
    "\"effective_end_date\":null,\"ticker\":\"LENZ\","                         \
    "\"a\\\"b, c\\\\é\":null,\"x\":null}"
#define ROW_1                                                                  \
    "{\"security_id\":9223372036854775807,"                                    \
    "\"effective_start_date\":\"0001-01-01\","                                 \
    "\"effective_end_date\":\"9999-12-31\","                                   \
    "\"ticker\":\"ab\\u0001\\\"é中😀\",\"a\\\"b, c\\\\é\":true,"          \
    "\"x\":549000.10}"

static const struct {
    enum media media;
    const char *text;
} tables[] = {
    { MEDIA_JSON, "{\"columns\":[\"security_id\",\"effective_start_date\","
                  "\"effective_end_date\",\"ticker\",\"a\\\"b, c\\\\é\",\"x\"],"
                  "\"rows\":[" ROW_0 "," ROW_1 "]" },
    { MEDIA_NDJSON, ROW_0 "\n" ROW_1 "\n" },
    { MEDIA_CSV,
      "security_id,effective_start_date,effective_end_date,ticker,"
      "\"a\"\"b, c\\é\",x\r\n"
      "0,2024-01-01,,LENZ,,\r\n"
      "9223372036854775807,0001-01-01,9999-12-31,\"ab\x01\"\"é中😀\",true,"
      "549000.10\r\n" },
};

Test(rows_writer, every_format_to_the_byte)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct out out;

        out_init(&out, 1UL << 20);
        write_table(&out, tables[i].media);
        out_char(&out, '\0');
        cr_assert_eq(out_finish(&out), OK);
        cr_expect_str_eq(out.data, tables[i].text, "%s:\n%s",
                         media_name(tables[i].media), out.data);
        out_fini(&out);
    }
    cr_expect_null(rows_format(MEDIA_TEXT));
    cr_expect_null(rows_format(MEDIA_YAML));
    cr_expect_null(rows_format(MEDIA_HTML));
    cr_expect_null(rows_format(MEDIA_NONE));
}

/* A value and its CSV field. */
static const struct {
    struct value value;
    const char *field;
} values[] = {
    { { VALUE_NULL, S("null") }, "" },
    { { VALUE_TRUE, S("true") }, "true" },
    { { VALUE_FALSE, S("false") }, "false" },
    { { VALUE_NUMBER, S("9007199254740993") }, "9007199254740993" },
    { { VALUE_NUMBER, S("12345678901234567890.123456789") },
      "12345678901234567890.123456789" },
    { { VALUE_NUMBER, S("1e-7") }, "1e-7" },
    { { VALUE_NUMBER, S("-0.10") }, "-0.10" },
    { { VALUE_STRING, S("") }, "\"\"" },
    { { VALUE_STRING, S("plain text") }, "plain text" },
    { { VALUE_STRING, S(" spaced ") }, " spaced " },
    { { VALUE_STRING, S("null") }, "null" },
    { { VALUE_STRING, S("true") }, "\"true\"" },
    { { VALUE_STRING, S("false") }, "\"false\"" },
    { { VALUE_STRING, S("True") }, "True" },
    { { VALUE_STRING, S("1") }, "\"1\"" },
    { { VALUE_STRING, S("-1.5e+9") }, "\"-1.5e+9\"" },
    { { VALUE_STRING, S("01") }, "01" },
    { { VALUE_STRING, S("1 ") }, "1 " },
    { { VALUE_STRING, S("a,b") }, "\"a,b\"" },
    { { VALUE_STRING, S("\\\"") }, "\"\"\"\"" },
    { { VALUE_STRING, S("a\\\"\\\"b\\\"") }, "\"a\"\"\"\"b\"\"\"" },
    { { VALUE_STRING, S("\\\\") }, "\\" },
    { { VALUE_STRING, S("\\\\\\\"") }, "\"\\\"\"\"" },
    { { VALUE_STRING, S("\\\\n") }, "\\n" },
    { { VALUE_STRING, S("a\\nb") }, "\"a\nb\"" },
    { { VALUE_STRING, S("\\r") }, "\"\r\"" },
    { { VALUE_STRING, S("\\t\\b\\f\\u001f") }, "\t\b\f\x1f" },
    { { VALUE_STRING, S("\\t\\u001f,\\\\") }, "\"\t\x1f,\\\"" },
    { { VALUE_STRING, S("é中😀") }, "é中😀" },
    { { VALUE_STRING, S("ab\\u0001\\\"é中😀") }, "\"ab\x01\"\"é中😀\"" },
};

/* The value as one field of a CSV line. */
static void
write_field(struct out *out, const struct table *table, struct value value)
{
    struct cell cell = { .value = value };
    const struct cell *cells[COLUMNS] = { &cell };
    struct line line = {
        .fixed = { VALUE_OF_NULL, VALUE_OF_NULL, VALUE_OF_NULL },
        .cells = cells,
    };

    rows_format(MEDIA_CSV)->line(out, &table->sheet, &line, true);
}

Test(rows_writer, csv_quotes_only_what_needs_it)
{
    struct table table;
    struct out got, want;

    table_init(&table);
    out_init(&got, 1UL << 20);
    out_init(&want, 1UL << 20);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        out_reset(&got);
        out_reset(&want);
        write_field(&got, &table, values[i].value);
        out_print(&want, ",,,%s,,\r\n", values[i].field);
        cr_expect(str_equal(out_text(&got), out_text(&want)), "row %zu: %.*s",
                  i, STR_ARG(out_text(&got)));
    }
    out_fini(&got);
    out_fini(&want);
    table_fini(&table);
}

/* The field just written, taken out of ",,,FIELD,,\r\n". */
static struct str
field_of(const struct out *line)
{
    return (struct str){ line->data + 3, line->len - 7 };
}

Test(rows_writer, csv_reads_back_as_it_was)
{
    struct table table;
    struct out line, body, got, want;

    table_init(&table);
    out_init(&line, 1UL << 20);
    out_init(&body, 1UL << 20);
    out_init(&got, 1UL << 20);
    out_init(&want, 1UL << 20);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        out_reset(&line);
        out_reset(&body);
        out_reset(&got);
        out_reset(&want);
        write_field(&line, &table, values[i].value);
        out_print(&body, "security_id,attribute,value,effective_date\r\n1,a,");
        out_str(&body, field_of(&line));
        out_print(&body, ",2024-01-01\r\n");
        facts_reading(&got, MEDIA_CSV, out_text(&body), CUT_NONE);
        out_str(&want, STR("1 a "));
        value_json(&want, values[i].value);
        out_str(&want, STR(" 2024-01-01 default assert @2\n"));
        cr_expect(str_equal(out_text(&got), out_text(&want)), "row %zu: %.*s",
                  i, STR_ARG(out_text(&got)));
    }
    out_fini(&line);
    out_fini(&body);
    out_fini(&got);
    out_fini(&want);
    table_fini(&table);
}

Test(rows_writer, a_full_out_is_said_once_at_the_end)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (size_t limit = 0; limit < strlen(tables[i].text); limit++) {
            struct out out;

            out_init(&out, limit);
            write_table(&out, tables[i].media);
            cr_expect_eq(out_finish(&out), ERR_TOO_LARGE, "%s, %zu bytes",
                         media_name(tables[i].media), limit);
            out_fini(&out);
        }
    }
}
