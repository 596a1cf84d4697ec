/*
 * The fold, against worked cases. Facts are written as lines
 * "tx date attribute source value" with value `-` a retraction; rows as
 * "start..end a=1 b=null", in the order shown.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/factset.h"
#include "secmaster/timeline.h"

struct told {
    uint64_t tx;
    int32_t date;
    uint32_t attribute, source;
    const char *value; /* NULL: retraction */
};

struct shown {
    char text[2048];
    size_t len, rows;
    enum visit answer; /* to the first row */
};

static enum visit
show(void *context, const struct row *row)
{
    struct shown *s = context;
    enum visit answer = s->rows++ == 0 ? s->answer : VISIT_NEXT;

    s->len +=
        (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "%ld:%d..",
                         (long)row->security_id, row->start.days);
    if (row->end.days != DATE_OPEN_DAYS)
        s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len,
                                   "%d", row->end.days);
    for (size_t i = 0; i < row->cell_count; i++)
        s->len +=
            (size_t)snprintf(s->text + s->len, sizeof s->text - s->len,
                             " %c=%.*s", (char)('a' + row->cells[i].attribute),
                             STR_ARG(row->cells[i].value.text));
    s->len += (size_t)snprintf(s->text + s->len, sizeof s->text - s->len, "; ");
    return answer;
}

static void
put_fact(struct out *out, const struct told *told)
{
    struct factset_item item = { told->attribute, told->source, FACT_ASSERT,
                                 VALUE_OF_NULL };

    if (told->value == NULL)
        item.op = FACT_RETRACT;
    else if (strcmp(told->value, "null") != 0)
        item.value = (struct value){ VALUE_NUMBER, str_of(told->value) };
    factset_put(out, &item);
}

/* Push so many facts of one date and tx as a record: told stands in key order.
 * The payload is freed at once, so that a fold that borrows is caught. */
static enum visit
push_facts(struct timeline *t, int64_t security, const struct told *told,
           size_t count)
{
    struct record record = {
        RECORD_FACTS, security, { told->date }, told->tx, { NULL, 0 }
    };
    enum visit visit;
    struct out out;

    out_init(&out, 1024);
    for (size_t i = 0; i < count; i++)
        put_fact(&out, &told[i]);
    cr_assert_eq(out_finish(&out), OK);
    record.payload = out_text(&out);
    visit = timeline_record(t, &record);
    memset(out.data, 0xee, out.len);
    out_fini(&out);
    return visit;
}

static enum visit
push(struct timeline *t, int64_t security, const struct told *told)
{
    return push_facts(t, security, told, 1);
}

/* Source 1 before source 2 before the others, for attribute a. */
static uint32_t
rank_of(const void *rule, uint32_t attribute, uint32_t source)
{
    (void)rule;
    if (attribute != 0 || source == 0 || source > 2)
        return 9;
    return source;
}

#define TOLD_MAX 8
static const struct {
    const char *what;
    struct told told[TOLD_MAX];
    int32_t from, to;
    bool ranked;
    const char *rows;
} cases[] = {
    { "nothing", { { 0 } }, -9, 99, false, "" },
    { "values are carried forward",
      { { 1, 10, 0, 0, "1" }, { 1, 20, 1, 0, "2" } },
      -9,
      99,
      false,
      "7:10..20 a=1; 7:20.. a=1 b=2; " },
    { "a restated value begins a row",
      { { 1, 10, 0, 0, "1" }, { 2, 20, 0, 0, "1" } },
      -9,
      99,
      false,
      "7:10..20 a=1; 7:20.. a=1; " },
    { "an explicit null is a value",
      { { 1, 10, 0, 0, "1" }, { 1, 20, 0, 0, "null" } },
      -9,
      99,
      false,
      "7:10..20 a=1; 7:20.. a=null; " },
    { "the later arrival of a key wins",
      { { 1, 10, 0, 0, "1" }, { 2, 10, 0, 0, "2" } },
      -9,
      99,
      false,
      "7:10.. a=2; " },
    { "a retraction withdraws its own date only",
      { { 1, 10, 0, 0, "1" }, { 1, 20, 0, 0, "2" }, { 2, 20, 0, 0, NULL } },
      -9,
      99,
      false,
      "7:10.. a=1; " },
    { "what the withdrawn one had superseded does not come back",
      { { 1, 10, 0, 0, "1" }, { 2, 10, 0, 0, "2" }, { 3, 10, 0, 0, NULL } },
      -9,
      99,
      false,
      "" },
    { "asserted again after a retraction",
      { { 1, 10, 0, 0, "1" }, { 2, 10, 0, 0, NULL }, { 3, 10, 0, 0, "3" } },
      -9,
      99,
      false,
      "7:10.. a=3; " },
    { "a retraction leaves another source's assertion",
      { { 1, 10, 0, 0, "1" }, { 2, 10, 0, 1, "2" }, { 3, 10, 0, 1, NULL } },
      -9,
      99,
      false,
      "7:10.. a=1; " },
    { "equal ranks: the latest arrival of a date",
      { { 1, 10, 0, 1, "1" }, { 2, 10, 0, 0, "2" }, { 3, 10, 0, 1, "3" } },
      -9,
      99,
      false,
      "7:10.. a=3; " },
    { "a row dies with its last live assertion",
      { { 1, 10, 0, 0, "1" },
        { 1, 20, 1, 0, "2" },
        { 2, 20, 1, 0, NULL },
        { 1, 30, 0, 0, "3" } },
      -9,
      99,
      false,
      "7:10..30 a=1; 7:30.. a=3; " },
    { "a better rank beats a later date",
      { { 1, 10, 0, 1, "1" }, { 1, 20, 0, 2, "2" }, { 1, 30, 0, 1, "3" } },
      -9,
      99,
      true,
      "7:10..20 a=1; 7:20..30 a=1; 7:30.. a=3; " },
    { "a better rank beats a later arrival",
      { { 1, 10, 0, 1, "1" }, { 2, 10, 0, 2, "2" } },
      -9,
      99,
      true,
      "7:10.. a=1; " },
    { "an unlisted source ranks below",
      { { 1, 10, 0, 5, "5" }, { 2, 20, 0, 2, "2" }, { 3, 30, 0, 5, "6" } },
      -9,
      99,
      true,
      "7:10..20 a=5; 7:20..30 a=2; 7:30.. a=2; " },
    { "the window keeps rows that overlap it",
      { { 1, 10, 0, 0, "1" }, { 1, 20, 0, 0, "2" }, { 1, 30, 0, 0, "3" } },
      20,
      30,
      false,
      "7:20..30 a=2; " },
    { "the window's first day ends the row before it",
      { { 1, 10, 0, 0, "1" }, { 1, 20, 0, 0, "2" } },
      19,
      20,
      false,
      "7:10..20 a=1; " },
    { "a row that is open overlaps everything behind its start",
      { { 1, 10, 0, 0, "1" } },
      50,
      51,
      false,
      "7:10.. a=1; " },
    { "of one record the later fact of a key stands",
      { { 1, 10, 0, 0, "1" }, { 1, 10, 0, 0, "2" } },
      -9,
      99,
      false,
      "7:10.. a=2; " },
    { "of one record a retraction takes back what stands before it",
      { { 1, 10, 0, 0, "1" }, { 1, 10, 1, 0, "2" }, { 1, 10, 0, 0, NULL } },
      -9,
      99,
      false,
      "7:10.. b=2; " },
    { "of one record an assertion stands behind a retraction",
      { { 1, 10, 0, 0, "1" },
        { 1, 10, 0, 0, NULL },
        { 1, 10, 0, 0, "3" },
        { 2, 20, 0, 0, "4" },
        { 2, 20, 0, 0, NULL } },
      -9,
      99,
      false,
      "7:10.. a=3; " },
    { "nothing before the first row",
      { { 1, 10, 0, 0, "1" } },
      5,
      10,
      false,
      "" },
};

/* How many facts from the first on are of its date and tx. */
static size_t
facts_of_record(const struct told *told, size_t left)
{
    size_t count = 1;

    while (count < left && told[count].tx == told->tx &&
           told[count].date == told->date)
        count++;
    return count;
}

/* The case's facts, those of one date and tx in one record or in their own. */
static void
fold_case(size_t i, bool joined)
{
    struct shown shown = { .answer = VISIT_NEXT };
    struct precedence precedence = { cases[i].ranked ? rank_of : NULL, NULL };
    struct timeline *t =
        timeline_new(0, (struct window){ { cases[i].from }, { cases[i].to } },
                     precedence, show, &shown);
    const struct told *told = cases[i].told;

    for (size_t j = 0, n; j < TOLD_MAX && told[j].tx != 0; j += n) {
        n = joined ? facts_of_record(&told[j], TOLD_MAX - j) : 1;
        if (push_facts(t, 7, &told[j], n) != VISIT_NEXT)
            break;
    }
    cr_expect_eq(timeline_finish(t), OK, "%s", cases[i].what);
    cr_expect_str_eq(shown.text, cases[i].rows, "%s, joined %d: %s",
                     cases[i].what, joined, shown.text);
    timeline_free(t);
}

Test(timeline, folds_each_worked_case)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fold_case(i, false);
        fold_case(i, true);
    }
}

static const struct told two_rows[] = { { 1, 10, 0, 0, "1" },
                                        { 1, 20, 0, 0, "2" },
                                        { 1, 30, 0, 0, "3" } };

/* Three rows of each of two securities, to a visitor that answers. */
static void
fold_two(enum visit answer, struct shown *shown)
{
    struct timeline *t = timeline_new(
        0, WINDOW_ALL, (struct precedence){ NULL, NULL }, show, shown);

    *shown = (struct shown){ .answer = answer };
    for (int64_t security = 1; security <= 2; security++) {
        for (size_t i = 0; i < 3; i++) {
            enum visit visit = push(t, security, &two_rows[i]);

            if (visit == VISIT_STOP)
                goto out;
        }
    }
out:
    cr_expect_eq(timeline_finish(t), OK);
    timeline_free(t);
}

Test(timeline, obeys_its_visitor)
{
    static const struct {
        enum visit answer;
        const char *rows;
    } answers[] = {
        { VISIT_NEXT, "1:10..20 a=1; 1:20..30 a=2; 1:30.. a=3; "
                      "2:10..20 a=1; 2:20..30 a=2; 2:30.. a=3; " },
        { VISIT_SKIP, "1:10..20 a=1; "
                      "2:10..20 a=1; 2:20..30 a=2; 2:30.. a=3; " },
        { VISIT_STOP, "1:10..20 a=1; " },
    };

    for (size_t i = 0; i < 3; i++) {
        struct shown shown;

        fold_two(answers[i].answer, &shown);
        cr_expect_str_eq(shown.text, answers[i].rows, "answer %d: %s",
                         answers[i].answer, shown.text);
    }
}

Test(timeline, says_skip_once_the_window_is_behind)
{
    struct shown shown = { .answer = VISIT_NEXT };
    struct timeline *t =
        timeline_new(0, (struct window){ { 10 }, { 11 } },
                     (struct precedence){ NULL, NULL }, show, &shown);

    cr_expect_eq(push(t, 1, &two_rows[0]), VISIT_NEXT);
    cr_expect_eq(push(t, 1, &two_rows[1]), VISIT_NEXT);
    cr_expect_eq(push(t, 1, &two_rows[2]), VISIT_SKIP);
    cr_expect_eq(push(t, 2, &two_rows[0]), VISIT_NEXT);
    cr_expect_eq(timeline_finish(t), OK);
    cr_expect_str_eq(shown.text, "1:10..20 a=1; 2:10.. a=1; ");
    timeline_free(t);
}

Test(timeline, damage_stops_the_scan_and_is_told_at_the_end)
{
    struct shown shown = { .answer = VISIT_NEXT };
    struct timeline *t = timeline_new(
        0, WINDOW_ALL, (struct precedence){ NULL, NULL }, show, &shown);
    struct record bad = { RECORD_FACTS, 1, { 20 }, 2, STR("\x07\x01") };

    cr_expect_eq(push(t, 1, &two_rows[0]), VISIT_NEXT);
    cr_expect_eq(timeline_record(t, &bad), VISIT_STOP);
    cr_expect_eq(timeline_finish(t), ERR_STORE);
    timeline_free(t);
}

/* Attribute i has LONG - i digits up to 40, one digit from there on. */
enum { ATTRIBUTES = 1000, LONG = 5000, LONG_ONES = 40 };

static enum visit
check_long(void *context, const struct row *row)
{
    size_t *rows = context;

    ++*rows;
    cr_assert_eq(row->cell_count, ATTRIBUTES);
    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        struct value value = row->cells[i].value;

        cr_assert_eq(row->cells[i].attribute, i);
        cr_assert_eq(value.text.len, i < LONG_ONES ? LONG - i : 1);
        cr_assert_eq(value.text.data[value.text.len - 1],
                     i < LONG_ONES ? '7' : '1', "attribute %u", i);
    }
    return VISIT_NEXT;
}

Test(timeline, many_attributes_and_long_texts_grow_their_buffers)
{
    char *text = malloc(LONG + 1);
    size_t rows = 0;
    struct timeline *t =
        timeline_new(0, (struct window){ { 50 }, { 51 } },
                     (struct precedence){ NULL, NULL }, check_long, &rows);

    memset(text, '7', LONG);
    text[LONG] = 0;
    for (uint32_t i = 0; i < ATTRIBUTES; i++) {
        struct told told = { 1, 10, i, 0, "1" };

        cr_assert_eq(push(t, 1, &told), VISIT_NEXT);
    }
    for (int32_t i = 0; i < LONG_ONES; i++) {
        struct factset_item item = {
            (uint32_t)i, 0, FACT_ASSERT, { VALUE_NUMBER, { text, 1 } }
        };
        struct record record = { RECORD_FACTS, 1, { 11 + i }, 1, { 0 } };
        struct out out;

        item.value.text.len = (size_t)(LONG - i);
        out_init(&out, 8192);
        factset_put(&out, &item);
        record.payload = out_text(&out);
        cr_assert_eq(timeline_record(t, &record), VISIT_NEXT);
        out_fini(&out);
    }
    cr_expect_eq(timeline_finish(t), OK);
    cr_expect_eq(rows, 1);
    timeline_free(t);
    free(text);
}

static enum visit
count_cells(void *context, const struct row *row)
{
    *(size_t *)context = row->cell_count;
    return VISIT_NEXT;
}

/*
 * Pairs of names from one part of a table that goes by Fibonacci hashing: who
 * makes 16,000 names can choose them.
 */
Test(timeline, chosen_names_cost_no_more_than_others, .timeout = 10)
{
    enum { NAMES = 8000, FACTS = 200000, PART = 2000, TABLE = 1 << 19 };
    struct record record = { RECORD_FACTS, 1, { 1 }, 1, { NULL, 0 } };
    struct timeline *t;
    size_t facts = 0, cells = 0;
    struct out out;

    out_init(&out, 1 << 24);
    for (uint64_t i = 0; i < NAMES * NAMES && facts < FACTS; i++) {
        uint32_t attribute = (uint32_t)(i / NAMES);
        uint32_t source = (uint32_t)(i % NAMES);
        uint64_t key = (uint64_t)attribute << 32 | source;

        if ((key * 0x9e3779b97f4a7c15U >> 32 & (TABLE - 1)) >= PART)
            continue;
        factset_put(&out, &(struct factset_item){ attribute, source,
                                                  FACT_ASSERT, VALUE_OF_NULL });
        facts++;
    }
    cr_assert_eq(facts, FACTS);
    record.payload = out_text(&out);
    t = timeline_new(1, WINDOW_ALL, (struct precedence){ NULL, NULL },
                     count_cells, &cells);
    cr_expect_eq(timeline_record(t, &record), VISIT_NEXT);
    cr_expect_eq(timeline_finish(t), OK);
    cr_expect_gt(cells, NAMES / 2);
    timeline_free(t);
    out_fini(&out);
}
