/* The bars that are known, from records: the later stands, cuts, skips. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/bar_fold.h"

#define COUNT(table) (sizeof(table) / sizeof(table)[0])
#define ALL "0001-01-01"
#define OPEN_END NULL
#define RECORDS_MAX 8
#define SHOWN_MAX 64 /* bars */

/* A record: bars of one price on days of a month. */
struct source_record {
    int64_t security_id;
    const char *month; /* YYYY-MM */
    const char *days;  /* a character a day, in order: '1' to '9', 'A' is 10 */
    int64_t price;
};

/* What was shown: a letter for each call's security, then its bars. */
struct shown {
    char text[SHOWN_MAX * 8];
    size_t len;
    int calls, stop_after; /* calls, 0: never */
    enum visit then;
};

static struct date
day_of(const char *text)
{
    struct date day = { 0 };

    cr_assert_eq(date_parse(str_of(text), &day), OK, "%s", text);
    return day;
}

static struct date
month_of(const char *month)
{
    char text[DATE_TEXT_BYTES + 1];

    snprintf(text, sizeof text, "%.7s-01", month);
    return day_of(text);
}

static enum visit
note(void *context, int64_t security_id, const struct bar *bars, size_t count)
{
    struct shown *shown = context;

    cr_assert_gt(count, 0);
    shown->len += (size_t)snprintf(
        shown->text + shown->len, sizeof shown->text - shown->len,
        "%s%ld:", shown->len == 0 ? "" : " ", security_id);
    for (size_t i = 0; i < count; i++) {
        struct civil civil = date_civil(bars[i].date);

        shown->len += (size_t)snprintf(
            shown->text + shown->len, sizeof shown->text - shown->len,
            "%s%u.%u=%ld", i == 0 ? "" : ",", civil.month, civil.day,
            bars[i].mantissas[BAR_CLOSE]);
        cr_assert_lt(shown->len, sizeof shown->text);
    }
    return ++shown->calls == shown->stop_after ? shown->then : VISIT_NEXT;
}

/* As many runs as there are bars, which may be in any order then, or one. */
static void
put_days(struct out *out, const struct source_record *from, bool is_one)
{
    struct date month = month_of(from->month);
    struct bar bars[BARS_OF_MONTH_MAX + 2];
    size_t count = 0;

    for (const char *at = from->days; *at != '\0'; at++, count++) {
        int day = *at >= 'A' ? *at - 'A' + 10 : *at - '0';

        bars[count] =
            (struct bar){ .date = { month.days + day - 1 }, .source = 1 };
        for (unsigned i = 0; i < BAR_FIELDS; i++)
            bar_set(&bars[count], (enum bar_field)i,
                    (struct decimal){ from->price, 0 });
    }
    if (is_one) {
        barset_put(out, bars, count);
        return;
    }
    for (size_t i = 0; i < count; i++)
        barset_put(out, &bars[i], 1);
}

/* The same of a run. */
static enum visit
note_run(void *context, int64_t security_id, const struct bar_run *run)
{
    struct bar bars[BARS_OF_MONTH_MAX];
    size_t count = 0;

    bar_run_spread(run, bars);
    for (uint32_t days = run->days; days != 0; days &= days - 1)
        bars[count++] = bars[__builtin_ctz(days)];
    cr_assert_eq(count, run->count);
    return note(context, security_id, bars, count);
}

/* How records are made, and how they are shown. */
static const struct {
    const char *name;
    bool is_one;
    bar_run_visitor *run_visitor;
} ways[] = {
    { "one run, as bars", true, NULL },
    { "runs, as bars", false, NULL },
    { "one run, as it is", true, note_run },
    { "runs, as they are", false, note_run },
};

/* As a scan shows records: no more of a security that is skipped. */
static enum err
run(struct bar_fold *fold, const struct source_record *records, bool is_one)
{
    enum visit visit = VISIT_NEXT;
    int64_t skipped = -1;
    struct out out;

    out_init(&out, SIZE_MAX);
    for (uint64_t tx = 1; tx <= RECORDS_MAX && visit != VISIT_STOP; tx++) {
        const struct source_record *from = &records[tx - 1];
        struct record record = { .kind = RECORD_BARS,
                                 .security_id = from->security_id,
                                 .tx = tx };

        if (from->month == NULL)
            break;
        if (from->security_id == skipped)
            continue;
        out_reset(&out);
        put_days(&out, from, is_one);
        record.effective = month_of(from->month);
        record.payload = out_text(&out);
        visit = bar_fold_record(fold, &record);
        /* What was shown must not need it any more. */
        memset(out.data, 0xee, out.len);
        if (visit == VISIT_SKIP)
            skipped = from->security_id;
    }
    out_fini(&out);
    return bar_fold_end(fold);
}

static const struct {
    const char *name, *from, *to;
    struct source_record records[RECORDS_MAX];
    const char *shown;
} folds[] = {
    { "nothing", ALL, OPEN_END, { { 0 } }, "" },
    { "one record of one bar",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "5", 7 } },
      "1:3.5=7" },
    { "the first and the last day of a month",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "1V", 7 } },
      "1:3.1=7,3.31=7" },
    { "all days of a month",
      ALL,
      OPEN_END,
      { { 1, "2024-02", "123456789ABCDEFGHIJKLMNOPQRST", 7 } },
      "1:2.1=7,2.2=7,2.3=7,2.4=7,2.5=7,2.6=7,2.7=7,2.8=7,2.9=7,2.10=7,2.11=7,"
      "2.12=7,2.13=7,2.14=7,2.15=7,2.16=7,2.17=7,2.18=7,2.19=7,2.20=7,2.21=7,"
      "2.22=7,2.23=7,2.24=7,2.25=7,2.26=7,2.27=7,2.28=7,2.29=7" },
    { "a later record stands, day by day",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "2468", 7 }, { 1, "2024-03", "46", 8 } },
      "1:3.2=7,3.4=8,3.6=8,3.8=7" },
    { "a later record adds days before, between and behind",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "25", 7 }, { 1, "2024-03", "13V", 8 } },
      "1:3.1=8,3.2=7,3.3=8,3.5=7,3.31=8" },
    { "a later record of nothing but new days",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "V", 7 }, { 1, "2024-03", "1", 8 } },
      "1:3.1=8,3.31=7" },
    { "the latest of three",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "123", 7 },
        { 1, "2024-03", "2", 8 },
        { 1, "2024-03", "12", 9 } },
      "1:3.1=9,3.2=9,3.3=7" },
    { "three, with days between",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "25", 7 },
        { 1, "2024-03", "5", 8 },
        { 1, "2024-03", "8", 9 } },
      "1:3.2=7,3.5=8,3.8=9" },
    { "a month after one of many records is of one again",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "12", 7 },
        { 1, "2024-03", "2", 8 },
        { 1, "2024-04", "29", 9 } },
      "1:3.1=7,3.2=8 1:4.2=9,4.9=9" },
    { "months and securities apart",
      ALL,
      OPEN_END,
      { { 1, "2024-03", "5", 7 },
        { 1, "2024-04", "5", 8 },
        { 2, "2024-04", "5", 9 },
        { 3, "2024-03", "5", 6 } },
      "1:3.5=7 1:4.5=8 2:4.5=9 3:3.5=6" },
    { "from on, and before to",
      "2024-03-04",
      "2024-03-06",
      { { 1, "2024-03", "3456", 7 } },
      "1:3.4=7,3.5=7" },
    { "a month's first day is not the month before's",
      "2024-03-01",
      "2024-04-01",
      { { 1, "2024-02", "T", 6 },
        { 1, "2024-03", "1V", 7 },
        { 1, "2024-04", "1", 8 } },
      "1:3.1=7,3.31=7" },
    { "cut away altogether",
      "2024-03-06",
      "2024-03-09",
      { { 1, "2024-03", "5A", 7 } },
      "" },
    { "the first record cut away, the later not",
      "2024-03-06",
      OPEN_END,
      { { 1, "2024-03", "15", 7 },
        { 1, "2024-03", "158A", 8 },
        { 1, "2024-03", "5A", 9 } },
      "1:3.8=8,3.10=9" },
    { "a later record cut away changes nothing",
      ALL,
      "2024-03-06",
      { { 1, "2024-03", "25", 7 }, { 1, "2024-03", "689", 8 } },
      "1:3.2=7,3.5=7" },
    { "the ends of the calendar",
      ALL,
      OPEN_END,
      { { 0, "0001-01", "1", 7 }, { INT64_MAX, "9999-12", "V", 8 } },
      "0:1.1=7 9223372036854775807:12.31=8" },
};

Test(bar_fold, shows_of_each_day_the_newest)
{
    for (size_t i = 0; i < COUNT(ways) * COUNT(folds); i++) {
        const size_t w = i / COUNT(folds), f = i % COUNT(folds);
        struct date to = { DATE_OPEN_DAYS };
        struct shown shown = { .text = "" };
        struct bar_fold fold;

        if (folds[f].to != OPEN_END)
            to = day_of(folds[f].to);
        bar_fold_init(&fold, day_of(folds[f].from), to, note, &shown);
        fold.run_visitor = ways[w].run_visitor;
        cr_expect_eq(run(&fold, folds[f].records, ways[w].is_one), OK, "%s, %s",
                     folds[f].name, ways[w].name);
        cr_expect_str_eq(shown.text, folds[f].shown, "%s, %s: %s",
                         folds[f].name, ways[w].name, shown.text);
    }
}

Test(bar_fold, shows_no_more_than_is_wanted)
{
    static const struct source_record records[RECORDS_MAX] = {
        { 1, "2024-03", "5", 7 },  { 1, "2024-03", "6", 7 },
        { 1, "2024-04", "5", 7 },  { 1, "2024-05", "5", 7 },
        { 2, "2024-03", "5", 8 },  { 2, "2024-04", "5", 8 },
        { 3, "2024-04", "56", 9 },
    };
    static const struct {
        enum visit then;
        int after;
        const char *shown;
    } cases[] = {
        { VISIT_STOP, 0,
          "1:3.5=7,3.6=7 1:4.5=7 1:5.5=7 2:3.5=8 2:4.5=8 3:4.5=9,4.6=9" },
        { VISIT_STOP, 1, "1:3.5=7,3.6=7" },
        { VISIT_STOP, 3, "1:3.5=7,3.6=7 1:4.5=7 1:5.5=7" },
        { VISIT_SKIP, 1, "1:3.5=7,3.6=7 2:3.5=8 2:4.5=8 3:4.5=9,4.6=9" },
        { VISIT_SKIP, 2,
          "1:3.5=7,3.6=7 1:4.5=7 2:3.5=8 2:4.5=8 3:4.5=9,4.6=9" },
        /* Its last month: there is nothing left to pass over. */
        { VISIT_SKIP, 3,
          "1:3.5=7,3.6=7 1:4.5=7 1:5.5=7 2:3.5=8 2:4.5=8 3:4.5=9,4.6=9" },
        { VISIT_SKIP, 6,
          "1:3.5=7,3.6=7 1:4.5=7 1:5.5=7 2:3.5=8 2:4.5=8 3:4.5=9,4.6=9" },
    };

    for (size_t k = 0; k < COUNT(ways) * COUNT(cases); k++) {
        const size_t w = k / COUNT(cases), i = k % COUNT(cases);
        struct shown shown = { .stop_after = cases[i].after,
                               .then = cases[i].then };
        struct bar_fold fold;

        bar_fold_init(&fold, day_of(ALL), (struct date){ DATE_OPEN_DAYS }, note,
                      &shown);
        fold.run_visitor = ways[w].run_visitor;
        cr_expect_eq(run(&fold, records, ways[w].is_one), OK, "row %zu, %s", i,
                     ways[w].name);
        cr_expect_str_eq(shown.text, cases[i].shown, "row %zu, %s: %s", i,
                         ways[w].name, shown.text);
    }
}

Test(bar_fold, a_malformed_record_ends_it)
{
    static const struct {
        const char *name;
        struct source_record records[RECORDS_MAX];
        const char *shown; /* the months before */
    } cases[] = {
        { "days out of order", { { 1, "2024-03", "21", 7 } }, "" },
        { "a day twice", { { 1, "2024-03", "22", 7 } }, "" },
        { "more days than a month has",
          { { 1, "2024-03", "123456789ABCDEFGHIJKLMNOPQRSTUVV", 7 } },
          "" },
        { "in a later record of the month",
          { { 1, "2024-03", "12", 7 }, { 1, "2024-03", "21", 8 } },
          "" },
        { "in a later month",
          { { 1, "2024-02", "1", 7 }, { 1, "2024-03", "32", 8 } },
          "1:2.1=7" },
        { "the rest is not looked at",
          { { 1, "2024-03", "21", 7 }, { 2, "2024-03", "1", 8 } },
          "" },
    };

    /* What is out of order cannot be made as one run. */
    for (size_t k = 0; k < 2 * COUNT(cases); k++) {
        const size_t i = k % COUNT(cases);
        struct shown shown = { .text = "" };
        struct bar_fold fold;

        bar_fold_init(&fold, day_of(ALL), (struct date){ DATE_OPEN_DAYS }, note,
                      &shown);
        if (k >= COUNT(cases))
            fold.run_visitor = note_run;
        cr_expect_eq(run(&fold, cases[i].records, false), ERR_STORE, "%s",
                     cases[i].name);
        cr_expect_eq(fold.err, ERR_STORE, "%s", cases[i].name);
        cr_expect_str_eq(shown.text, cases[i].shown, "%s: %s", cases[i].name,
                         shown.text);
    }
}

/* A record of one bar on a day of the month, whatever days that has. */
static enum visit
fold_one(struct bar_fold *fold, struct date effective, int day)
{
    struct bar bar = { .date = { 0 } };
    struct record record = { .kind = RECORD_BARS, .effective = effective };
    enum visit visit;
    struct out out;

    for (unsigned i = 0; i < BAR_FIELDS; i++)
        bar_set(&bar, (enum bar_field)i, (struct decimal){ 7, 0 });
    out_init(&out, SIZE_MAX);
    barset_put(&out, &bar, 1);
    put_le32((unsigned char *)out.data, UINT32_C(1) << (day - 1));
    record.payload = out_text(&out);
    visit = bar_fold_record(fold, &record);
    out_fini(&out);
    return visit;
}

/* Alone, and behind the months before it, which it is counted from. */
Test(bar_fold, a_record_is_of_a_month_that_has_its_days)
{
    static const struct {
        const char *effective;
        int day;
        enum err err;
        const char *shown;
    } cases[] = {
        { "2024-01-01", 31, OK, "0:1.31=7" },
        { "2024-02-01", 29, OK, "0:2.29=7" },
        { "2024-02-01", 30, ERR_STORE, "" },
        { "2023-02-01", 28, OK, "0:2.28=7" },
        { "2023-02-01", 29, ERR_STORE, "" },
        { "1900-02-01", 29, ERR_STORE, "" },
        { "2000-02-01", 29, OK, "0:2.29=7" },
        { "2024-03-01", 31, OK, "0:3.31=7" },
        { "2024-03-02", 1, ERR_STORE, "" },
        { "2024-03-31", 1, ERR_STORE, "" },
        { "2024-04-01", 30, OK, "0:4.30=7" },
        { "2024-04-01", 31, ERR_STORE, "" },
        { "2024-12-01", 31, OK, "0:12.31=7" },
        { "0001-01-01", 31, OK, "0:1.31=7" },
        { "9999-12-01", 31, OK, "0:12.31=7" },
    };

    for (size_t k = 0; k < 2 * COUNT(cases); k++) {
        const size_t i = k / 2;
        struct date effective = day_of(cases[i].effective);
        struct shown shown = { .text = "" };
        struct bar_fold fold;

        bar_fold_init(&fold, effective, (struct date){ DATE_OPEN_DAYS }, note,
                      &shown);
        for (int32_t before = 70; before > 0 && k % 2 == 1; before--) {
            struct date day = { effective.days - before };

            if (day.days >= DATE_FIRST_DAYS && date_civil(day).day == 1)
                cr_expect_eq(fold_one(&fold, day, 1), VISIT_NEXT);
        }
        fold_one(&fold, effective, cases[i].day);
        cr_expect_eq(bar_fold_end(&fold), cases[i].err, "%s, %d",
                     cases[i].effective, cases[i].day);
        cr_expect_str_eq(shown.text, cases[i].shown, "%s, %d: %s",
                         cases[i].effective, cases[i].day, shown.text);
    }
}
