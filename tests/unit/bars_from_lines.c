/*
 * Bars from lines, through their records, as summaries or moving averages: what
 * test_bars_property.py holds against rational arithmetic.
 *
 *   bars_from_lines HOW summary PERIOD FROM TO
 *   bars_from_lines HOW average FIELD FROM WINDOW...
 *
 * HOW: `bars`, one by one, or `runs`, where a month is one.
 *
 * A line is `SECURITY TX DATE` and the fields, `-` for a null, in the order in
 * which a store shows records. So are the rows, `null` for a null.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bar_fold.h"
#include "secmaster/bar_summary.h"
#include "secmaster/moving_average.h"
#include "secmaster/period.h"

#define LINE_BYTES_MAX 512
#define WORDS (3 + BAR_FIELDS)
#define NULL_TEXT STR("null")

/* What is done with the bars, and what came out. */
struct run {
    struct out out;
    int64_t security_id; /* of the bar before, or -1 */

    enum period period;
    struct period_span span;
    struct bar_summary summary;

    enum bar_field field;
    struct date from;
    struct moving_windows windows;
    struct moving_average moving;
};

static struct run run;
static struct bar_fold fold;

static void
put_date(struct date date)
{
    out_char(&run.out, ' ');
    if (date.days == DATE_OPEN_DAYS)
        out_str(&run.out, NULL_TEXT);
    else
        out_date(&run.out, date);
}

static void
put_summary(void)
{
    const struct cell_text none = cell_text_of(NULL_TEXT);
    struct cell_text fronts[SUMMARY_COLUMNS];
    char row[SUMMARY_COLUMNS * (1 + DECIMAL_ROOM)];
    char *end;

    if (run.summary.days == 0)
        return;
    out_int(&run.out, run.security_id);
    put_date(run.span.start);
    put_date(run.span.end);
    out_print(&run.out, " %u %u", run.span.year, run.span.number);
    for (unsigned i = 0; i < SUMMARY_COLUMNS; i++)
        fronts[i] = cell_text_of(STR(" "));
    end = bar_summary_write(row, &run.summary, SUMMARY_BIT(SUMMARY_COLUMNS) - 1,
                            fronts, &none);
    out_bytes(&run.out, row, (size_t)(end - row));
    out_char(&run.out, '\n');
    run.summary.days = 0;
}

/* A bar comes: whether it ends the summary at hand, which is then put. */
static void
come_to(int64_t security_id, struct date day)
{
    if (security_id == run.security_id && day.days < run.span.end.days)
        return;
    put_summary();
    run.span = period_of(run.period, day);
    run.security_id = security_id;
}

static enum visit
sum_up(void *context, int64_t security_id, const struct bar *bars, size_t count)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        come_to(security_id, bars[i].date);
        bar_summary_add(&run.summary, &bars[i]);
    }
    return VISIT_NEXT;
}

static enum visit
sum_up_run(void *context, int64_t security_id, const struct bar_run *bars)
{
    (void)context;
    for (size_t i = 0, end; i < bars->count; i = end) {
        come_to(security_id, bar_run_date(bars, i));
        end = bar_run_before(bars, run.span.end);
        bar_summary_add_run(&run.summary, bars, i, end);
    }
    return VISIT_NEXT;
}

static void
average_one(int64_t security_id, struct date date, const struct decimal *value)
{
    char row[MOVING_WINDOWS_MAX * (1 + DECIMAL_ROOM)];
    char *end;

    if (security_id != run.security_id)
        moving_average_init(&run.moving);
    run.security_id = security_id;
    moving_average_add(&run.moving, value);
    if (date.days < run.from.days)
        return;
    out_int(&run.out, security_id);
    put_date(date);
    end = moving_averages_write(row, &run.moving, &run.windows);
    out_bytes(&run.out, row, (size_t)(end - row));
    out_char(&run.out, '\n');
}

static enum visit
average(void *context, int64_t security_id, const struct bar *bars,
        size_t count)
{
    (void)context;
    for (size_t i = 0; i < count; i++) {
        struct decimal value = bar_decimal(&bars[i], run.field);
        bool is_there = (bars[i].present & BAR_BIT(run.field)) != 0;

        average_one(security_id, bars[i].date, is_there ? &value : NULL);
    }
    return VISIT_NEXT;
}

static enum visit
average_run(void *context, int64_t security_id, const struct bar_run *bars)
{
    bool is_there = (bars->present & BAR_BIT(run.field)) != 0;

    (void)context;
    for (size_t i = 0; i < bars->count; i++) {
        struct decimal value;

        if (is_there)
            value = bar_run_decimal(bars, i, run.field);
        average_one(security_id, bar_run_date(bars, i),
                    is_there ? &value : NULL);
    }
    return VISIT_NEXT;
}

static int64_t
number_of(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);

    assert(*text != '\0' && *end == '\0');
    return number;
}

static struct date
date_of(const char *text)
{
    struct date date = { 0 };
    enum err err = date_parse(str_of(text), &date);

    assert(err == OK);
    return date;
}

/* Cut a line, which ends in LF, into its words. */
static void
cut(char *line, char *words[WORDS])
{
    for (size_t i = 0; i < WORDS; i++) {
        size_t len = strcspn(line, " \n");

        assert(line[len] == (i + 1 < WORDS ? ' ' : '\n'));
        words[i] = line;
        line[len] = '\0';
        line += len + 1;
    }
}

static void
read_bar(char *const *words, struct bar *out)
{
    *out = (struct bar){ .date = date_of(words[2]) };
    /* Of every second security it changes amid months. */
    out->source = number_of(words[0]) % 2 == 0
                      ? 1
                      : (uint32_t)(out->date.days - DATE_FIRST_DAYS) / 16;
    for (unsigned i = 0; i < BAR_FIELDS; i++) {
        struct decimal value = { 0, 0 };
        enum err err;

        if (strcmp(words[3 + i], "-") == 0)
            continue;
        err = decimal_parse(str_of(words[3 + i]), &value, NULL);
        assert(err == OK);
        bar_set(out, (enum bar_field)i, value);
    }
}

/* Show a record to the fold, unless it is empty. */
static void
show(struct record *record, const struct bar *bars, size_t count)
{
    struct out payload;
    enum visit visit;

    if (count == 0)
        return;
    out_init(&payload, SIZE_MAX);
    barset_put(&payload, bars, count);
    record->payload = out_text(&payload);
    visit = bar_fold_record(&fold, record);
    assert(visit == VISIT_NEXT);
    out_fini(&payload);
}

static void
read_lines(void)
{
    struct record record = { .kind = RECORD_BARS, .security_id = -1 };
    char line[LINE_BYTES_MAX], *words[WORDS];
    struct bar bars[BARS_OF_MONTH_MAX];
    size_t count = 0;

    while (fgets(line, sizeof line, stdin) != NULL) {
        struct record next = { .kind = RECORD_BARS };
        struct bar bar;

        cut(line, words);
        read_bar(words, &bar);
        next.security_id = number_of(words[0]);
        next.tx = (uint64_t)number_of(words[1]);
        next.effective = bar_month(bar.date);
        if (record_compare(&record, &next) != 0) {
            show(&record, bars, count);
            count = 0;
        }
        record = next;
        assert(count < BARS_OF_MONTH_MAX);
        bars[count++] = bar;
    }
    show(&record, bars, count);
}

static void
add_windows(int count, char *const *windows)
{
    run.windows.none = cell_text_of(NULL_TEXT);
    for (int i = 0; i < count; i++) {
        moving_windows_add(&run.windows, (uint32_t)number_of(windows[i]));
        run.windows.windows[i].front = cell_text_of(STR(" "));
    }
}

/* The place of a name in a table. */
static unsigned
place_of(const char *name, const char *const *names, unsigned count)
{
    unsigned place = 0;

    while (place < count && strcmp(name, names[place]) != 0)
        place++;
    assert(place < count);
    return place;
}

int
main(int argc, char **argv)
{
    bool is_summary, is_runs;
    enum err err;

    assert(argc >= 6);
    is_runs = strcmp(argv[1], "runs") == 0;
    is_summary = strcmp(argv[2], "summary") == 0;
    run.security_id = -1;
    out_init(&run.out, SIZE_MAX);
    if (is_summary) {
        run.period = (enum period)place_of(argv[3], period_names, PERIODS);
        bar_fold_init(&fold, date_of(argv[4]), date_of(argv[5]), sum_up, NULL);
    } else {
        run.field =
            (enum bar_field)place_of(argv[3], bar_field_names, BAR_FIELDS);
        run.from = date_of(argv[4]);
        add_windows(argc - 5, argv + 5);
        bar_fold_init(&fold, (struct date){ DATE_FIRST_DAYS },
                      (struct date){ DATE_OPEN_DAYS }, average, NULL);
    }
    if (is_runs)
        fold.run_visitor = is_summary ? sum_up_run : average_run;
    read_lines();
    err = bar_fold_end(&fold);
    assert(err == OK);
    if (is_summary)
        put_summary();
    if (run.out.len > 0)
        fwrite(run.out.data, 1, run.out.len, stdout);
    out_fini(&run.out);
    return 0;
}
