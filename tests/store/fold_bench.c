/* Folds that begin late, of two stores, compared. */
#include "tests/store/fold_bench.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/factset.h"

struct printer {
    const struct fold_case *fold;
    struct out text;
};

static int
by_attribute(const void *left, const void *right)
{
    const struct cell *a = *(const struct cell *const *)left;
    const struct cell *b = *(const struct cell *const *)right;

    return a->attribute < b->attribute ? -1 : a->attribute > b->attribute;
}

/* In order of attributes: in which one the cells stand is not promised. */
static enum visit
print_row(void *context, const struct row *row)
{
    struct printer *printer = context;
    struct out *text = &printer->text;
    const struct cell *cells[64];

    if (row->security_id == printer->fold->first_security &&
        row->start.days <= printer->fold->passed.days)
        return VISIT_NEXT;
    cr_assert_leq(row->cell_count, sizeof cells / sizeof cells[0]);
    for (size_t i = 0; i < row->cell_count; i++)
        cells[i] = &row->cells[i];
    qsort(cells, row->cell_count, sizeof cells[0], by_attribute);
    out_print(text, "%" PRId64 "[%d,%d)", row->security_id, row->start.days,
              row->end.days);
    for (size_t i = 0; i < row->cell_count; i++)
        out_print(text, " %u=%u:%d'%.*s'@%d#%" PRIu64, cells[i]->attribute,
                  cells[i]->source, (int)cells[i]->value.type,
                  STR_ARG(cells[i]->value.text), cells[i]->effective.days,
                  cells[i]->tx);
    out_char(text, '\n');
    return VISIT_NEXT;
}

/* rule: a bool, whether the precedence is reversed. */
static uint32_t
rank(const void *rule, uint32_t attribute, uint32_t source)
{
    const bool *is_reversed = rule;

    /* One attribute of which all sources rank the same. */
    if (attribute == 0)
        return 0;
    return *is_reversed ? UINT32_MAX - source : source;
}

char *
fold_text(struct store *store, uint64_t known_tx, const struct fold_case *fold)
{
    struct date from = fold->window.from;
    const struct scan_fold late = {
        fold->passed.days > from.days ? fold->passed : from,
        from,
    };
    const struct scan_range range = {
        .kind = RECORD_FACTS,
        .first_security = fold->first_security,
        .last_security = fold->last_security,
        .first_date = { DATE_FIRST_DAYS },
        .last_date = { DATE_LAST_DAYS },
        .fold = &late,
    };
    struct precedence precedence = { rank, &fold->is_reversed };
    struct printer printer = { .fold = fold };
    struct timeline *timeline =
        timeline_new(1, fold->window, precedence, print_row, &printer);
    struct why why = { 0 };
    struct view view;
    enum err err;

    cr_assert_not_null(timeline);
    out_init(&printer.text, SIZE_MAX);
    err = store_view_begin(store, known_tx, &view, &why);
    cr_assert_eq(err, OK, "view: err %d: %s", (int)err, why.text);
    err = store_scan(&view, &range, timeline_record, timeline, &why);
    cr_assert_eq(err, OK, "fold: err %d: %s", (int)err, why.text);
    store_view_end(&view);
    cr_assert_eq(timeline_finish(timeline), OK);
    timeline_free(timeline);
    out_char(&printer.text, '\0');
    cr_assert_eq(out_finish(&printer.text), OK);
    return printer.text.data;
}

static void
compare(struct store *const two[2], uint64_t known_tx,
        const struct fold_case *fold, const char *row)
{
    char *texts[2] = { fold_text(two[0], known_tx, fold),
                       fold_text(two[1], known_tx, fold) };

    cr_assert_str_eq(texts[0], texts[1],
                     "%s: known_tx %" PRIu64 ", %" PRId64 " to %" PRId64
                     ", [%d,%d), passed %d:\n%sagainst\n%s",
                     row, known_tx, fold->first_security, fold->last_security,
                     fold->window.from.days, fold->window.to.days,
                     fold->passed.days, texts[0], texts[1]);
    free(texts[0]);
    free(texts[1]);
}

static void
compare_day(struct store *const two[2], uint64_t known_tx, int32_t day,
            const char *row)
{
    const struct date none = { INT32_MIN };

    for (int64_t security = 0; security <= FOLD_SECURITIES; security++) {
        /* All of them at last, from the second on. */
        bool is_last = security == FOLD_SECURITIES;
        struct fold_case fold = {
            .first_security = is_last ? 1 : security,
            .last_security = is_last ? INT64_MAX : security,
            .window = { { day }, { day + 1 } },
            .passed = none,
            .is_reversed = day % 2 == 0,
        };

        compare(two, known_tx, &fold, row);
        fold.window = WINDOW_ALL;
        fold.passed.days = day;
        compare(two, known_tx, &fold, row);
        fold.window.from.days = day;
        fold.passed = none;
        compare(two, known_tx, &fold, row);
    }
}

void
expect_same_folds(struct store *a, struct store *b, uint64_t known_tx,
                  const char *row)
{
    struct store *const two[] = { a, b };

    for (int32_t day = -1; day <= FOLD_DAYS; day++)
        compare_day(two, known_tx, day, row);
    compare_day(two, known_tx, DATE_FIRST_DAYS, row);
    compare_day(two, known_tx, DATE_LAST_DAYS, row);
}

void
expect_same_fold(struct store *a, struct store *b, uint64_t known_tx,
                 const char *row)
{
    struct store *const two[] = { a, b };
    int32_t day = rand() % 1200;
    struct fold_case fold = {
        .first_security = rand() % 9,
        .window = { { day }, { day + 1 + rand() % 300 } },
        .passed = { rand() % 1200 },
    };

    fold.last_security = fold.first_security + rand() % 3;
    compare(two, known_tx, &fold, row);
}

static struct factset_item
random_fact(void)
{
    static char digits[8];
    struct factset_item item = {
        .attribute = (uint32_t)rand() % FOLD_NAMES,
        .source = (uint32_t)rand() % FOLD_NAMES,
        .op = rand() % 4 == 0 ? FACT_RETRACT : FACT_ASSERT,
        .value = VALUE_OF_NULL,
    };

    (void)snprintf(digits, sizeof digits, "%d", rand() % 1000);
    if (item.op == FACT_ASSERT && rand() % 6 > 0)
        item.value = (struct value){ VALUE_NUMBER, str_of(digits) };
    return item;
}

static void
put_random_record(struct batch_maker *maker, int64_t security, int32_t day)
{
    struct out payload;

    out_init(&payload, SIZE_MAX);
    for (int i = rand() % 4; i >= 0; i--) {
        const struct factset_item item = random_fact();

        factset_put(&payload, &item);
    }
    cr_assert_eq(out_finish(&payload), OK);
    maker_record(maker, security, day, out_text(&payload));
    out_fini(&payload);
}

void
maker_random_facts(struct batch_maker *maker, uint64_t tx)
{
    static const char *const names[FOLD_NAMES] = { "a", "b", "c" };

    maker_init(maker, tx, (int64_t)tx);
    for (uint32_t i = 0; i < FOLD_NAMES && tx == 1; i++) {
        maker_name(maker, NAMES_ATTRIBUTES, i, names[i]);
        maker_name(maker, NAMES_SOURCES, i, names[i]);
    }
    for (int64_t security = 0; security < FOLD_SECURITIES; security++) {
        for (int32_t day = 0; day < FOLD_DAYS; day++)
            if (rand() % 24 == 0)
                put_random_record(maker, security, day);
        if (rand() % 24 == 0)
            put_random_record(maker, security, DATE_FIRST_DAYS);
        if (rand() % 24 == 0)
            put_random_record(maker, security, DATE_LAST_DAYS);
    }
    if (maker->batch.record_count == 0)
        put_random_record(maker, 0, 0);
}

static enum visit
count_record(void *context, const struct record *record)
{
    size_t *count = context;

    (void)record;
    (*count)++;
    return VISIT_NEXT;
}

size_t
fold_records(struct store *store, uint64_t known_tx, int64_t security,
             int32_t day)
{
    const struct scan_fold fold = { { day }, { day } };
    struct scan_range range = SCAN_SECURITY(RECORD_FACTS, security);
    struct why why = { 0 };
    struct view view;
    size_t count = 0;
    enum err err = store_view_begin(store, known_tx, &view, &why);

    cr_assert_eq(err, OK, "view: err %d: %s", (int)err, why.text);
    range.fold = &fold;
    err = store_scan(&view, &range, count_record, &count, &why);
    cr_assert_eq(err, OK, "scan: err %d: %s", (int)err, why.text);
    store_view_end(&view);
    return count;
}
