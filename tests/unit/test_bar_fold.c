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

static void
put_days(struct out *out, const struct source_record *from)
{
    struct date month = month_of(from->month);

    for (const char *at = from->days; *at != '\0'; at++) {
        int day = *at >= 'A' ? *at - 'A' + 10 : *at - '0';
        struct bar bar = { .date = { month.days + day - 1 }, .source = 1 };

        for (unsigned i = 0; i < BAR_FIELDS; i++)
            bar_set(&bar, (enum bar_field)i,
                    (struct decimal){ from->price, 0 });
        barset_put(out, &bar);
    }
}

/* As a scan shows records: no more of a security that is skipped. */
static enum err
run(struct bar_fold *fold, const struct source_record *records)
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
        put_days(&out, from);
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
    for (size_t i = 0; i < COUNT(folds); i++) {
        struct date to = { DATE_OPEN_DAYS };
        struct shown shown = { .text = "" };
        struct bar_fold fold;

        if (folds[i].to != OPEN_END)
            to = day_of(folds[i].to);
        bar_fold_init(&fold, day_of(folds[i].from), to, note, &shown);
        cr_expect_eq(run(&fold, folds[i].records), OK, "%s", folds[i].name);
        cr_expect_str_eq(shown.text, folds[i].shown, "%s: %s", folds[i].name,
                         shown.text);
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

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shown shown = { .stop_after = cases[i].after,
                               .then = cases[i].then };
        struct bar_fold fold;

        bar_fold_init(&fold, day_of(ALL), (struct date){ DATE_OPEN_DAYS }, note,
                      &shown);
        cr_expect_eq(run(&fold, records), OK, "row %zu", i);
        cr_expect_str_eq(shown.text, cases[i].shown, "row %zu: %s", i,
                         shown.text);
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

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct shown shown = { .text = "" };
        struct bar_fold fold;

        bar_fold_init(&fold, day_of(ALL), (struct date){ DATE_OPEN_DAYS }, note,
                      &shown);
        cr_expect_eq(run(&fold, cases[i].records), ERR_STORE, "%s",
                     cases[i].name);
        cr_expect_eq(fold.err, ERR_STORE, "%s", cases[i].name);
        cr_expect_str_eq(shown.text, cases[i].shown, "%s: %s", cases[i].name,
                         shown.text);
    }
}
