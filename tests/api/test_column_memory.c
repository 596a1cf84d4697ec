/* What is remembered of columns: under which readings, and how much of it. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reading.h"
#include "secmaster/bounds.h"

#define PASS_RECORDS 7

/* Two conditions, and each part of them changed. Text NULL: null. */
static const struct {
    uint32_t attribute;
    const char *text;
} pairs[][2] = {
    { { 2, "Energy" }, { 3, NULL } }, { { 4, "Energy" }, { 3, NULL } },
    { { 2, "Energ" }, { 3, NULL } },  { { 2, "Energz" }, { 3, NULL } },
    { { 2, "" }, { 3, NULL } },       { { 2, NULL }, { 3, NULL } },
    { { 2, "Energy" }, { 3, "" } },   { { 2, "Energy" }, { NAME_NONE, NULL } },
    { { 3, NULL }, { 2, "Energy" } },
};
#define PAIRS (sizeof pairs / sizeof pairs[0])
static struct condition conditions[PAIRS][2];
#define LAST_DAYS DATE_OPEN_DAYS

static const struct {
    const char *what;
    uint64_t known_tx;
    int64_t first_security, last_security;
    int32_t from_days, to_days;
    int pair;
    size_t count; /* of its conditions */
    bool is_class_view;
} others[] = {
    { "itself", 9, 0, INT64_MAX, 10, LAST_DAYS, 0, 2, false },
    { "the tx before", 8, 0, INT64_MAX, 10, LAST_DAYS, 0, 2, false },
    { "the tx behind", 10, 0, INT64_MAX, 10, LAST_DAYS, 0, 2, false },
    { "the same low bits", 9 + (1ULL << 32), 0, INT64_MAX, 10, LAST_DAYS, 0, 2,
      false },
    { "first_security", 9, 1, INT64_MAX, 10, LAST_DAYS, 0, 2, false },
    { "last_security", 9, 0, INT64_MAX - 1, 10, LAST_DAYS, 0, 2, false },
    { "from", 9, 0, INT64_MAX, 11, LAST_DAYS, 0, 2, false },
    { "to", 9, 0, INT64_MAX, 10, 11, 0, 2, false },
    { "a class view", 9, 0, INT64_MAX, 10, LAST_DAYS, 0, 2, true },
    { "one condition", 9, 0, INT64_MAX, 10, LAST_DAYS, 0, 1, false },
    { "no condition", 9, 0, INT64_MAX, 10, LAST_DAYS, 0, 0, false },
    { "another attribute", 9, 0, INT64_MAX, 10, LAST_DAYS, 1, 2, false },
    { "a shorter text", 9, 0, INT64_MAX, 10, LAST_DAYS, 2, 2, false },
    { "another text", 9, 0, INT64_MAX, 10, LAST_DAYS, 3, 2, false },
    { "no text", 9, 0, INT64_MAX, 10, LAST_DAYS, 4, 2, false },
    { "null", 9, 0, INT64_MAX, 10, LAST_DAYS, 5, 2, false },
    { "empty, not null", 9, 0, INT64_MAX, 10, LAST_DAYS, 6, 2, false },
    { "null of nothing", 9, 0, INT64_MAX, 10, LAST_DAYS, 7, 2, false },
    { "the other order", 9, 0, INT64_MAX, 10, LAST_DAYS, 8, 2, false },
};
#define OTHERS (sizeof others / sizeof others[0])

static struct reading
reading_of(size_t i)
{
    return (struct reading){
        .known_tx = others[i].known_tx,
        .first_security = others[i].first_security,
        .last_security = others[i].last_security,
        .window = { { others[i].from_days }, { others[i].to_days } },
        .selection = { conditions[others[i].pair], others[i].count },
        .is_class_view = others[i].is_class_view,
    };
}

static void
make_conditions(void)
{
    for (size_t i = 0; i < PAIRS; i++) {
        for (size_t j = 0; j < 2; j++) {
            struct condition *condition = &conditions[i][j];
            const char *text = pairs[i][j].text;

            condition->attribute = pairs[i][j].attribute;
            condition->is_null = text == NULL;
            if (text != NULL)
                condition->text = str_of(text);
        }
    }
}

TestSuite(column_memory, .init = make_conditions);

/* Remember count attributes from first on, falling. */
static void
keep(struct column_memory *memory, const struct reading *reading,
     uint32_t first, uint32_t count)
{
    struct columns columns;

    columns_init(&columns);
    for (uint32_t i = count; i-- > 0;)
        cr_assert_eq(columns_add(&columns, first + i), OK);
    column_memory_keep(memory, reading, &columns);
    columns_fini(&columns);
}

/* Whether the same come back, in the same order. */
static bool
has(struct column_memory *memory, const struct reading *reading, uint32_t first,
    uint32_t count)
{
    struct columns columns;
    enum err err;

    columns_init(&columns);
    err = column_memory_recall(memory, reading, &columns);
    cr_assert(err == OK || err == ERR_NOT_FOUND, "%d", (int)err);
    cr_assert_eq(columns.count, err == OK ? count : 0);
    for (uint32_t i = 0; i < columns.count; i++)
        cr_assert_eq(columns.attributes[i], first + count - 1 - i, "%u", i);
    columns_fini(&columns);
    return err == OK;
}

Test(column_memory, serves_the_same_reading_only)
{
    for (size_t kept = 0; kept < OTHERS; kept++) {
        struct column_memory *memory = column_memory_new(PASS_RECORDS);
        struct reading reading = reading_of(kept);

        cr_assert_eq(column_memory_pass_records(memory), PASS_RECORDS);
        keep(memory, &reading, 5, 3);
        for (size_t asked = 0; asked < OTHERS; asked++) {
            struct reading other = reading_of(asked);

            cr_expect_eq(has(memory, &other, 5, 3), kept == asked,
                         "kept %s, asked %s", others[kept].what,
                         others[asked].what);
        }
        column_memory_free(memory);
    }
}

Test(column_memory, keeps_each_reading_apart)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);

    for (uint32_t i = 0; i < OTHERS; i++) {
        struct reading reading = reading_of(i);

        keep(memory, &reading, 100 * i, i);
        keep(memory, &reading, 100 * i, i); /* two at the same time */
    }
    for (uint32_t i = 0; i < OTHERS; i++) {
        struct reading reading = reading_of(i);

        cr_expect(has(memory, &reading, 100 * i, i), "%s", others[i].what);
    }
    column_memory_free(memory);
}

/* The texts may be gone when the next one asks. */
Test(column_memory, borrows_nothing)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct condition condition = { .attribute = 1 };
    struct reading reading = reading_of(0);
    char text[] = "Energy";

    condition.text = (struct str){ text, strlen(text) };
    reading.selection = (struct selection){ &condition, 1 };
    keep(memory, &reading, 5, 3);
    memset(text, 'x', strlen(text));
    cr_expect_not(has(memory, &reading, 5, 3));
    condition.text = STR("Energy");
    cr_expect(has(memory, &reading, 5, 3));
    column_memory_free(memory);
}

static struct reading
known_at(uint64_t tx)
{
    struct reading reading = reading_of(0);

    reading.known_tx = tx;
    return reading;
}

Test(column_memory, forgets_what_was_not_asked_for_longest)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct column_figures figures;
    struct reading reading;

    for (uint64_t tx = 0; tx < COLUMN_TABLES_MAX; tx++) {
        reading = known_at(tx);
        keep(memory, &reading, 1, 2);
    }
    for (uint64_t tx = 0; tx < COLUMN_TABLES_MAX; tx++) {
        reading = known_at(tx);
        cr_expect(has(memory, &reading, 1, 2), "%d", (int)tx);
    }
    reading = known_at(0);
    cr_expect(has(memory, &reading, 1, 2));
    reading = known_at(COLUMN_TABLES_MAX);
    keep(memory, &reading, 1, 2);
    for (uint64_t tx = 0; tx <= COLUMN_TABLES_MAX; tx++) {
        reading = known_at(tx);
        cr_expect_eq(has(memory, &reading, 1, 2), tx != 1, "%d", (int)tx);
    }
    column_memory_figures(memory, &figures);
    cr_expect_eq(figures.tables, COLUMN_TABLES_MAX);
    cr_expect_eq(figures.passes, COLUMN_TABLES_MAX + 1);
    cr_expect_eq(figures.recalls, 2 * COLUMN_TABLES_MAX + 1);
    column_memory_free(memory);
}

/* An attribute and a day. */
enum { COLUMN_BYTES = 8 };

Test(column_memory, has_a_bound_in_bytes)
{
    static const struct condition ab = { .attribute = 1, .text = { "ab", 2 } };
    struct reading reading = known_at(0), other = known_at(1);
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct column_figures figures;
    uint32_t most, key_bytes, both;

    /* So that keys and columns fit to the byte. */
    reading.selection = other.selection = (struct selection){ &ab, 1 };
    keep(memory, &reading, 0, 0);
    column_memory_figures(memory, &figures);
    cr_assert_eq(figures.bytes % COLUMN_BYTES, 0);
    key_bytes = (uint32_t)figures.bytes;
    cr_expect(has(memory, &reading, 0, 0), "no columns are columns too");
    most = ((uint32_t)COLUMN_MEMORY_BYTES_MAX - key_bytes) / COLUMN_BYTES;
    both = ((uint32_t)COLUMN_MEMORY_BYTES_MAX - 2 * key_bytes) / COLUMN_BYTES;

    keep(memory, &other, 0, most);
    cr_expect(has(memory, &other, 0, most));
    cr_expect_not(has(memory, &reading, 0, 0), "both are too much");
    keep(memory, &reading, 0, most + 1);
    cr_expect_not(has(memory, &reading, 0, most + 1));
    cr_expect(has(memory, &other, 0, most), "what is too large is not kept");

    keep(memory, &reading, 0, 1);
    cr_expect_not(has(memory, &other, 0, most));
    keep(memory, &other, 0, both - 1);
    cr_expect(has(memory, &reading, 0, 1), "both fit");
    cr_expect(has(memory, &other, 0, both - 1));
    column_memory_figures(memory, &figures);
    cr_expect_eq(figures.tables, 2);
    cr_expect_eq(figures.bytes, COLUMN_MEMORY_BYTES_MAX);

    keep(memory, &reading, 0, 2);
    cr_expect(has(memory, &reading, 0, 1), "it is there already");
    column_memory_figures(memory, &figures);
    cr_expect_eq(figures.tables, 2);
    column_memory_free(memory);
}

/* Attributes 7 and 5, from days 20 and 10 on, of every row at a transaction. */
static void
keep_days(struct column_memory *memory, const struct reading *reading)
{
    const struct date since[] = { [5] = { 10 }, [7] = { 20 } };
    struct columns columns;

    columns_init(&columns);
    cr_assert_eq(columns_add(&columns, 7), OK);
    cr_assert_eq(columns_add(&columns, 5), OK);
    column_memory_keep_days(memory, reading, &columns, since);
    columns_fini(&columns);
}

static const struct {
    int32_t from_days, to_days;
    const char *columns;
} windows[] = {
    { INT32_MIN, INT32_MIN + 1, "" },
    { 9, 10, "" },
    { 10, 11, " 5" },
    { 19, 20, " 5" },
    { 20, 21, " 7 5" },
    { INT32_MIN, 20, " 5" },
    { 5, DATE_OPEN_DAYS, " 7 5" },
    { 30, 31, " 7 5" },
};

Test(column_memory, days_serve_every_window)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct reading reading = reading_all(NULL, 9);

    keep_days(memory, &reading);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        char got[32] = "";
        struct columns columns;

        reading.window =
            (struct window){ { windows[i].from_days }, { windows[i].to_days } };
        columns_init(&columns);
        cr_assert_eq(column_memory_recall(memory, &reading, &columns), OK, "%d",
                     (int)i);
        for (uint32_t j = 0; j < columns.count; j++)
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), " %u",
                           columns.attributes[j]);
        cr_expect_str_eq(got, windows[i].columns, "%d:%s", (int)i, got);
        columns_fini(&columns);
    }
    column_memory_free(memory);
}

/* Nothing but the window may differ, and no row be left out. */
Test(column_memory, days_serve_all_rows_of_one_transaction)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct reading kept = reading_all(NULL, 9);

    keep_days(memory, &kept);
    for (size_t i = 0; i < OTHERS; i++) {
        struct reading reading = reading_of(i);
        bool is_all = strcmp(others[i].what, "no condition") == 0;
        struct columns columns;

        columns_init(&columns);
        cr_expect_eq(column_memory_recall(memory, &reading, &columns),
                     is_all ? OK : ERR_NOT_FOUND, "%s", others[i].what);
        columns_fini(&columns);
        if (reading.selection.count > 0)
            continue;
        reading.known_tx++;
        columns_init(&columns);
        cr_expect_eq(column_memory_recall(memory, &reading, &columns),
                     ERR_NOT_FOUND);
        columns_fini(&columns);
    }
    column_memory_free(memory);
}

Test(column_memory, counts_the_days_of_a_transaction)
{
    struct column_memory *memory = column_memory_new(PASS_RECORDS);
    struct reading all = reading_all(NULL, 9), before = reading_all(NULL, 8);
    struct reading one = reading_all(NULL, 9);

    one.last_security = 0;
    for (size_t i = 0; i < OTHERS; i++) {
        struct reading reading = reading_of(i);

        keep(memory, &reading, 1, 1);
    }
    keep(memory, &before, 1, 1);
    keep(memory, &one, 1, 1);
    cr_expect_eq(column_memory_days(memory, &all), 1, "no condition");
    all.window.from.days = 4;
    keep(memory, &all, 1, 1);
    all.window.to.days = 5;
    keep(memory, &all, 1, 1);
    cr_expect_eq(column_memory_days(memory, &all), 3);
    cr_expect_eq(column_memory_days(memory, &before), 1);
    column_memory_free(memory);
}
