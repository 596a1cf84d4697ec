/* GET /v1/securities/{security_id}/prices/moving-averages and
 * /v1/prices/moving-averages: a row a bar, with averages up to it. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bar_table.h"
#include "field.h"
#include "number.h"
#include "problem.h"
#include "secmaster/moving_average.h"
#include "service.h"

#define NO_SECURITY (-1)

/* Calendar days that mostly have so many bars: five a week, and holidays. */
#define DAYS_OF_BARS(bars) ((bars)*3 / 2 + 16)

/* Of a row: the id, the date, the field, and averages. */
#define VALUE_COLUMN 2
#define COLUMNS_BEFORE 3

/* Texts that rows have in common are copied as so many bytes whatever their
 * length: behind them there is the room of a row. */
#define BEGIN_BYTES 64
#define BEGIN_BYTES_MOSTLY 32
#define MIDDLE_BYTES 16
static_assert(BEGIN_BYTES > sizeof "{\"security_id\":,\"date\":\"2024-01-" + 19,
              "an id has up to 19 digits");
static_assert(MIDDLE_BYTES >= sizeof "\",\"after_hours\":" - 1,
              "the longest field");
static_assert(BEGIN_BYTES + 2 + MIDDLE_BYTES <= COLUMNS_BEFORE * DECIMAL_ROOM,
              "there is room");

/* What is asked for, and the security at hand. */
struct averaging {
    enum bar_field field;
    struct moving_windows windows;
    int64_t security_id;
    struct moving_average moving;
};

static void
average_columns(const void *state, struct cells_writer *cells)
{
    const struct averaging *averaging = state;

    cells_add(cells, STR("security_id"));
    cells_add(cells, STR("date"));
    cells_add(cells, str_of(bar_field_names[averaging->field]));
    for (unsigned i = 0; i < averaging->windows.count; i++) {
        char name[CELL_NAME_BYTES_MAX];
        int len = snprintf(name, sizeof name, "ma_%u",
                           averaging->windows.windows[i].bars);

        cells_add(cells, (struct str){ name, (size_t)len });
    }
}

/* What stands around averages is the same in all rows. */
static void
make_ready(struct averaging *averaging, enum media media)
{
    struct moving_windows *windows = &averaging->windows;
    struct cells_writer cells;

    cells_init(&cells, media);
    average_columns(averaging, &cells);
    for (unsigned i = 0; i < windows->count; i++)
        windows->windows[i].front =
            cell_text_of(cells_row_before(&cells, COLUMNS_BEFORE + i));
    windows->none = cell_text_of(cells_none(&cells));
}

/* The field of a day's bar. */
struct value_of_day {
    struct decimal value;
    uint8_t day; /* of the month, from 0 */
    bool is_there;
};

/* What of a security and month comes in, as bar_span. */
struct values {
    int64_t security_id;
    struct date month;
    size_t wanted, count;
    struct value_of_day days[BARS_OF_MONTH_MAX];
};

/* What stands before the day in rows of a security and month, and behind it. */
struct row_texts {
    size_t begin_len, middle_len;
    char begin[BEGIN_BYTES + DATE_TEXT_BYTES];
    char middle[MIDDLE_BYTES];
};

static char *
put(char *to, struct str text)
{
    memcpy(to, text.data, text.len);
    return to + text.len;
}

static void
make_texts(const struct cells_writer *cells, const struct values *values,
           struct row_texts *out)
{
    struct str quote = cells->is_csv ? STR("") : STR("\"");
    char *to = put(out->begin, cells_row_before(cells, 0));

    to = decimal_write_whole(to, (uint64_t)values->security_id);
    to = put(put(to, cells_row_before(cells, 1)), quote);
    date_format(values->month, to);
    out->begin_len = (size_t)(to + DATE_TEXT_BYTES - 2 - out->begin);
    to = put(out->middle, quote);
    to = put(to, cells_row_before(cells, VALUE_COLUMN));
    out->middle_len = (size_t)(to - out->middle);
}

/* A row up to its field. */
static inline char *
put_day(char *to, const struct row_texts *texts, unsigned day)
{
    static const char days[] = "01020304050607080910"
                               "11121314151617181920"
                               "2122232425262728293031";

    memcpy(to, texts->begin, BEGIN_BYTES_MOSTLY);
    if (texts->begin_len > BEGIN_BYTES_MOSTLY)
        memcpy(to + BEGIN_BYTES_MOSTLY, texts->begin + BEGIN_BYTES_MOSTLY,
               BEGIN_BYTES - BEGIN_BYTES_MOSTLY);
    to += texts->begin_len;
    memcpy(to, days + 2 * (size_t)day, 2);
    memcpy(to + 2, texts->middle, MIDDLE_BYTES);
    return to + 2 + texts->middle_len;
}

static void
put_row(struct bar_table *table, const struct row_texts *texts,
        const struct value_of_day *day)
{
    const struct averaging *averaging = table->state;
    struct cells_writer *cells = &table->cells;
    char *to = cells_row_begin(cells, table->out);

    if (to == NULL)
        return;
    to = put_day(to, texts, day->day);
    to = day->is_there ? decimal_write(to, day->value)
                       : cells_row_no_number(cells, to);
    to = moving_averages_write(to, &averaging->moving, &averaging->windows);
    cells_row_go_on(cells, COLUMNS_BEFORE + averaging->windows.count);
    cells_row_end(cells, table->out, to);
}

static void
add(struct averaging *averaging, const struct value_of_day *day)
{
    moving_average_add(&averaging->moving, day->is_there ? &day->value : NULL);
}

static enum visit
average_values(struct bar_table *table, const struct values *values)
{
    struct averaging *averaging = table->state;
    struct moving_average *moving = &averaging->moving;
    struct row_texts texts;

    assert(values->wanted <= values->count);

    if (values->security_id != averaging->security_id)
        moving_average_init(moving);
    averaging->security_id = values->security_id;
    for (size_t i = 0; i < values->wanted; i++)
        add(averaging, &values->days[i]);
    if (values->wanted < values->count &&
        moving->bars + 1 < averaging->windows.longest &&
        bar_table_again(table, values->security_id)) {
        averaging->security_id = NO_SECURITY;
        return VISIT_STOP;
    }
    make_texts(&table->cells, values, &texts);
    for (size_t i = values->wanted; i < values->count; i++) {
        const struct value_of_day *day = &values->days[i];
        struct date date = { values->month.days + day->day };

        if (!bar_table_admit(table, values->security_id, date))
            return VISIT_STOP;
        add(averaging, day);
        put_row(table, &texts, day);
    }
    return VISIT_NEXT;
}

static enum visit
average(struct bar_table *table, const struct bar_span *span)
{
    const struct averaging *averaging = table->state;
    struct values values;

    assert(span->count > 0 && span->count <= BARS_OF_MONTH_MAX);

    values.security_id = span->security_id;
    values.month = bar_month(span->bars[0].date);
    values.wanted = span->wanted;
    values.count = span->count;
    for (size_t i = 0; i < span->count; i++) {
        const struct bar *bar = &span->bars[i];

        values.days[i] = (struct value_of_day){
            .value = bar_decimal(bar, averaging->field),
            .day = (uint8_t)(bar->date.days - values.month.days),
            .is_there = (bar->present & BAR_BIT(averaging->field)) != 0,
        };
    }
    return average_values(table, &values);
}

static enum visit
average_run(struct bar_table *table, const struct bar_run_span *span)
{
    const struct averaging *averaging = table->state;
    const struct bar_run *run = span->run;
    bool is_there = (run->present & BAR_BIT(averaging->field)) != 0;
    uint32_t days = run->days;
    struct values values;

    values.security_id = span->security_id;
    values.month = run->month;
    values.wanted = span->wanted;
    values.count = run->count;
    for (size_t i = 0; i < run->count; i++, days &= days - 1) {
        struct value_of_day *day = &values.days[i];

        day->day = (uint8_t)__builtin_ctz(days);
        day->is_there = is_there;
        if (is_there)
            day->value = bar_run_decimal(run, i, averaging->field);
    }
    return average_values(table, &values);
}

static const struct bar_rows rows = {
    .columns = average_columns,
    .span = average,
    .run_span = average_run,
    .free = free,
};

/* Add a window. False: it is none, or there already. */
static bool
add_window(struct averaging *averaging, struct str text)
{
    struct moving_windows *windows = &averaging->windows;
    uint64_t window;

    if (windows->count == MOVING_WINDOWS_MAX || !number_read(text, &window) ||
        window < 1 || window > MOVING_WINDOW_MAX)
        return false;
    for (unsigned i = 0; i < windows->count; i++) {
        if (windows->windows[i].bars == window)
            return false;
    }
    moving_windows_add(windows, (uint32_t)window);
    return true;
}

/* False: the response is set. */
static bool
windows_read(struct request *request, struct response *response,
             struct averaging *out)
{
    struct str rest = request_param(request, "windows");
    bool is_good = rest.data != NULL && rest.data[rest.len - 1] != ',';

    if (rest.data == NULL) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "windows is missing: numbers of bars, as 20,50,200");
        return false;
    }
    while (is_good && rest.len > 0)
        is_good = add_window(out, field_cut(&rest, ','));
    if (!is_good)
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "windows are up to %d numbers of bars from 1 to %d with "
                    "commas between them, each once",
                    MOVING_WINDOWS_MAX, MOVING_WINDOW_MAX);
    return is_good;
}

/* False: the response is set. */
static bool
field_read(struct request *request, struct response *response,
           enum bar_field *out)
{
    struct str text = request_param(request, "field");

    *out = BAR_CLOSE;
    for (unsigned i = 0; i < BAR_FIELDS && text.data != NULL; i++) {
        *out = i;
        if (str_equal(text, str_of(bar_field_names[i])))
            return true;
    }
    if (text.data == NULL)
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "field is a column of numbers that bars have, as close");
    return false;
}

static void
handle(struct request *request, struct response *response)
{
    struct averaging asked = { .security_id = NO_SECURITY };
    struct bar_question question;
    uint64_t known_tx;

    if (!bar_question_read(request, response, &question, &known_tx) ||
        !windows_read(request, response, &asked) ||
        !field_read(request, response, &asked.field))
        return;
    make_ready(&asked, request->media);
    question.rows = &rows;
    question.state = malloc(sizeof asked);
    question.state_bytes = sizeof asked;
    if (question.state == NULL) {
        problem_err(request, response, ERR_BUSY, NULL);
        return;
    }
    memcpy(question.state, &asked, sizeof asked);
    question.days_before = DAYS_OF_BARS(asked.windows.longest);
    bar_table_answer(request, response, &question, known_tx);
}

static const char *const params[] = {
    "windows",  "field", "from",   "to", "known_at",
    "known_tx", "limit", "cursor", NULL,
};

/* A page's averages are divisions by the ten thousand, so on a worker. */
const struct endpoint endpoint_security_averages = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};

const struct endpoint endpoint_prices_averages = {
    .place = ON_WORKER,
    .gives = MEDIA_TABLES,
    .params = params,
    .handle = handle,
};
