/* Print the benchmark's facts, type-2 rows or positions, the same bytes for
 * the same seed, as fast as a disk takes them. */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataset.h"

#define BUFFER_BYTES (1UL << 20)
#define LINE_BYTES_MAX 4096 /* a type-2 row of all attributes fits */
#define DAYS (DATASET_SPAN_DAYS + 1)

static const char help[] =
    "Usage: bench_generate KIND [OPTION]...\n"
    "Print facts (csv, ndjson, json), their type-2 rows (rows), positions\n"
    "(positions-csv, positions-ndjson) or daily bars (bars). json is bodies,\n"
    "one a line.\n\n"
    "  --facts N       facts, positions or bars (2043686)\n"
    "  --securities N  (10000; or one for each 204 facts)\n"
    "  --dates N       of a security (100)\n"
    "  --first-id N    the first security (1)\n"
    "  --batch N       facts of a body (1000)\n"
    "  --seed N        (20240229)\n";

struct printer {
    struct dataset data;
    uint64_t count, batch;
    size_t len;
    char *buffer;
    char days[DAYS][DATE_TEXT_BYTES];
};

static struct printer printer;

static void
flush_buffer(void)
{
    if (fwrite(printer.buffer, 1, printer.len, stdout) != printer.len) {
        fprintf(stderr, "bench_generate: %s\n", strerrordesc_np(errno));
        exit(1);
    }
    printer.len = 0;
}

/* Every line begins here. */
static void
begin_line(void)
{
    if (printer.len + LINE_BYTES_MAX > BUFFER_BYTES)
        flush_buffer();
}

static void
put(const char *text, size_t len)
{
    assert(printer.len + len <= BUFFER_BYTES);
    memcpy(printer.buffer + printer.len, text, len);
    printer.len += len;
}

static void
put_text(const char *text)
{
    put(text, strlen(text));
}

static void
put_number(uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(digits + at, sizeof digits - at);
}

static void
put_date(struct date date)
{
    put(printer.days[date.days - DATASET_FIRST_DAYS], DATE_TEXT_BYTES);
}

/* In CSV a text is quoted where it could read as a number. */
static void
put_csv_value(const struct dataset_fact *fact)
{
    const char *quote =
        fact->is_text && fact->value[0] <= '9' && fact->value_len > 0 ? "\""
                                                                      : "";

    put_text(quote);
    put(fact->value, fact->value_len);
    put_text(quote);
}

static void
put_fact_csv(const struct dataset_fact *fact)
{
    put_number(fact->security_id);
    put_text(",");
    put_text(dataset_attribute(fact->attribute));
    put_text(",");
    put_csv_value(fact);
    put_text(",");
    put_date(fact->effective);
}

static void
put_fact_json(const struct dataset_fact *fact)
{
    const char *quote = fact->is_text ? "\"" : "";

    put_text("{\"security_id\":");
    put_number(fact->security_id);
    put_text(",\"attribute\":\"");
    put_text(dataset_attribute(fact->attribute));
    put_text("\",\"value\":");
    put_text(quote);
    put(fact->value, fact->value_len);
    put_text(quote);
    put_text(",\"effective_date\":\"");
    put_date(fact->effective);
    put_text("\"}");
}

static void
print_csv(void)
{
    struct dataset_fact fact;

    put_text("security_id,attribute,value,effective_date\n");
    for (uint64_t i = 0; i < printer.data.facts; i++) {
        begin_line();
        dataset_draw(&printer.data, i, &fact);
        put_fact_csv(&fact);
        put_text("\n");
    }
}

static void
print_ndjson(void)
{
    struct dataset_fact fact;

    for (uint64_t i = 0; i < printer.data.facts; i++) {
        begin_line();
        dataset_draw(&printer.data, i, &fact);
        put_fact_json(&fact);
        put_text("\n");
    }
}

static void
print_json(void)
{
    struct dataset_fact fact;

    for (uint64_t i = 0; i < printer.data.facts; i++) {
        bool is_last =
            i + 1 == printer.data.facts || (i + 1) % printer.batch == 0;

        begin_line();
        put_text(i % printer.batch == 0 ? "{\"facts\":[" : "");
        dataset_draw(&printer.data, i, &fact);
        put_fact_json(&fact);
        put_text(is_last ? "]}\n" : ",");
    }
}

/* For COPY: an open end and a missing cell are empty. */
static bool
print_row(void *context, const struct dataset_row *row)
{
    (void)context;
    begin_line();
    put_number(row->security_id);
    put_text(",");
    put_date(row->start);
    put_text(",");
    if (row->end.days != DATE_OPEN_DAYS)
        put_date(row->end);
    for (unsigned i = 0; i < DATASET_ATTRIBUTES; i++) {
        put_text(",");
        if (row->cells[i] != NULL)
            put_csv_value(row->cells[i]);
    }
    put_text("\n");
    return true;
}

static void
print_rows(void)
{
    put_text("security_id,effective_start_date,effective_end_date");
    for (unsigned i = 0; i < DATASET_ATTRIBUTES; i++) {
        put_text(",");
        put_text(dataset_attribute(i));
    }
    put_text("\n");
    dataset_rows(&printer.data, print_row, NULL);
}

static void
print_positions_csv(void)
{
    struct dataset_position position;

    put_text("security_id,quantity,date\n");
    for (uint64_t i = 0; i < printer.count; i++) {
        begin_line();
        dataset_position(&printer.data, i, &position);
        put_number(position.security_id);
        put_text(",");
        put_number(position.quantity);
        put_text(",");
        put_date(position.date);
        put_text("\n");
    }
}

static void
print_positions_ndjson(void)
{
    struct dataset_position position;

    for (uint64_t i = 0; i < printer.count; i++) {
        begin_line();
        dataset_position(&printer.data, i, &position);
        put_text("{\"security_id\":");
        put_number(position.security_id);
        put_text(",\"quantity\":");
        put_number(position.quantity);
        put_text(",\"date\":\"");
        put_date(position.date);
        put_text("\"}\n");
    }
}

/* Cents, as a price with two digits behind the point. */
static void
put_price(uint64_t cents)
{
    char places[] = { '.', (char)('0' + cents / 10 % 10),
                      (char)('0' + cents % 10) };

    put_text(",");
    put_number(cents / 100);
    put(places, sizeof places);
}

static void
print_bars(void)
{
    struct dataset_bar bar = { 0 };

    put_text("security_id,date,open,high,low,close,volume\n");
    for (uint64_t i = 0; i < printer.data.facts; i++) {
        begin_line();
        dataset_bar(&printer.data, i, &bar);
        put_number(bar.security_id);
        put_text(",");
        put_date(bar.date);
        put_price(bar.open);
        put_price(bar.high);
        put_price(bar.low);
        put_price(bar.close);
        put_text(",");
        put_number(bar.volume);
        put_text("\n");
    }
}

static const struct {
    const char *name;
    void (*print)(void);
} kinds[] = {
    { "csv", print_csv },
    { "ndjson", print_ndjson },
    { "json", print_json },
    { "rows", print_rows },
    { "positions-csv", print_positions_csv },
    { "positions-ndjson", print_positions_ndjson },
    { "bars", print_bars },
};

/* Each security has as many. */
static bool
are_bars_possible(const struct dataset *data)
{
    return data->facts % data->securities == 0 &&
           data->facts / data->securities <= DATASET_WEEKDAYS_MAX;
}

static void
fail_usage(void)
{
    fputs(help, stderr);
    exit(2);
}

static uint64_t
number_of(const char *text)
{
    char *end;
    uint64_t number;

    errno = 0;
    number = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        fail_usage();
    return number;
}

/* The index of the kind. */
static size_t
read_options(int argc, char **argv)
{
    static const struct option options[] = {
        { "facts", required_argument, NULL, 'f' },
        { "securities", required_argument, NULL, 's' },
        { "dates", required_argument, NULL, 'd' },
        { "first-id", required_argument, NULL, 'i' },
        { "batch", required_argument, NULL, 'b' },
        { "seed", required_argument, NULL, 'r' },
        { 0 },
    };
    struct dataset *data = &printer.data;
    uint64_t *numbers[] = { ['f'] = &printer.count, ['s'] = &data->securities,
                            ['d'] = &data->dates,   ['i'] = &data->first_id,
                            ['b'] = &printer.batch, ['r'] = &data->seed };
    int option;

    *data = (struct dataset){ .seed = 20240229, .dates = 100, .first_id = 1 };
    printer.count = 2043686;
    printer.batch = 1000;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            fail_usage();
        *numbers[option] = number_of(optarg);
    }
    data->facts = printer.count;
    if (data->securities == 0)
        data->securities =
            printer.count == 2043686 ? 10000 : 1 + printer.count / 204;
    if (optind + 1 != argc || printer.batch == 0 || printer.count == 0)
        fail_usage();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(argv[optind], kinds[i].name) == 0)
            return i;
    fail_usage();
    return 0;
}

int
main(int argc, char **argv)
{
    size_t kind = read_options(argc, argv);
    bool is_possible;

    /* Positions are as many as wanted, whatever the securities. */
    if (strncmp(kinds[kind].name, "positions", 9) == 0)
        printer.data.facts = printer.data.securities;
    is_possible = kinds[kind].print == print_bars
                      ? are_bars_possible(&printer.data)
                      : dataset_is_possible(&printer.data);
    if (!is_possible)
        fail_usage();
    for (int32_t day = 0; day < DAYS; day++)
        date_format((struct date){ DATASET_FIRST_DAYS + day },
                    printer.days[day]);
    printer.buffer = malloc(BUFFER_BYTES);
    if (printer.buffer == NULL) {
        fputs("bench_generate: out of memory\n", stderr);
        return 1;
    }
    kinds[kind].print();
    flush_buffer();
    free(printer.buffer);
    return fflush(stdout) == 0 ? 0 : 1;
}
