/* Periods that are printed once for many rows: whatever the table has room
 * for, a row says what it says alone. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/bar_periods.h"
#include "tests/api/asking_over.h"
#include "tests/support/bar_maker.h"

#define TARGET_BYTES_MAX 256

/* A text that names the period, and is about as long as one can be. */
static size_t
text_of(const struct period_span *span, char text[PERIOD_TEXT_BYTES + 1])
{
    int len = snprintf(text, PERIOD_TEXT_BYTES + 1, "%d %d %u %u %050d",
                       span->start.days, span->end.days, span->year,
                       span->number, span->start.days);

    cr_assert_leq(len, PERIOD_TEXT_BYTES);
    return (size_t)len;
}

/* Ask for a day's text, printed where it is not there. True: it was. */
static bool
visit(struct bar_periods *periods, struct bar_period *table, struct date day)
{
    struct period_span span = period_of(periods->period, day);
    char text[PERIOD_TEXT_BYTES + 1], got[PERIOD_TEXT_BYTES + 1], *end;
    size_t len = text_of(&span, text);
    struct bar_period *period;
    bool was_there;

    bar_periods_seek(periods, table, day);
    cr_assert_lt(periods->at, periods->slots);
    period = &table[periods->at];
    cr_assert_eq(memcmp(&period->span, &span, sizeof span), 0,
                 "%s of %d in %d slots: from %d", period_names[periods->period],
                 day.days, periods->slots, period->span.start.days);
    was_there = period->len > 0;
    if (!was_there)
        bar_period_keep(period, text, text + len);
    end = bar_period_copy(period, got);
    cr_assert_eq((size_t)(end - got), len);
    cr_assert_eq(memcmp(got, text, len), 0, "%s of %d in %d slots: %.*s",
                 period_names[periods->period], day.days, periods->slots,
                 (int)len, got);
    return was_there;
}

/* A history that goes on by up to so many days, some of them far. */
static size_t
visit_history(struct bar_periods *periods, struct bar_period *table,
              int32_t step, unsigned *seed)
{
    int64_t day = DATE_FIRST_DAYS + rand_r(seed) % 3;
    size_t there = 0;

    while (day <= DATE_LAST_DAYS) {
        there += visit(periods, table, (struct date){ (int32_t)day });
        day += rand_r(seed) % 50 == 0 ? 1 + rand_r(seed) % 100000
                                      : 1 + rand_r(seed) % step;
    }
    there += visit(periods, table, (struct date){ DATE_LAST_DAYS });
    return there;
}

Test(bar_periods, are_those_of_the_calendar_in_any_table)
{
    static const uint16_t slots[] = { 1, 2, 3, 7, 100, BAR_PERIODS_SHARED };

    for (enum period kind = PERIOD_WEEK; kind <= PERIOD_YEAR; kind++) {
        for (size_t i = 0; i < sizeof slots / sizeof slots[0]; i++) {
            struct bar_periods periods = { .period = kind, .slots = slots[i] };
            struct bar_period *table = calloc(slots[i], sizeof *table);
            unsigned seed = (unsigned)i;
            size_t there = 0;

            cr_assert_not_null(table);
            for (int security = 0; security < 20; security++)
                there += visit_history(&periods, table,
                                       period_days_least[kind] * 3 / 2, &seed);
            cr_expect_gt(there, 0U, "%s, %d slots", period_names[kind],
                         slots[i]);
            free(table);
        }
    }
}

/* How many periods that begin so many of the least days behind another one
 * are there when they are asked for again. */
static const struct {
    int32_t apart;
    bool is_there;
} shared[] = {
    { 1, true },
    { 2, true },
    { BAR_PERIODS_SHARED - 1, true },
    { BAR_PERIODS_SHARED, false },
    { BAR_PERIODS_SHARED + 1, true },
    { 2 * BAR_PERIODS_SHARED, false },
};

Test(bar_periods, share_a_slot_far_apart)
{
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++) {
        struct bar_periods periods = { PERIOD_WEEK, BAR_PERIODS_SHARED, 0 };
        struct bar_period *table = calloc(periods.slots, sizeof *table);
        struct date near = { 10001 };
        struct date far = { near.days +
                            shared[i].apart * period_days_least[PERIOD_WEEK] };

        cr_assert_not_null(table);
        cr_expect(!visit(&periods, table, near), "%d", shared[i].apart);
        cr_expect(!visit(&periods, table, far), "%d", shared[i].apart);
        for (unsigned again = 0; again < 2; again++) {
            cr_expect_eq(visit(&periods, table, near), shared[i].is_there, "%d",
                         shared[i].apart);
            cr_expect_eq(visit(&periods, table, far), shared[i].is_there, "%d",
                         shared[i].apart);
        }
        free(table);
    }
}

/* All of a history that another one had, the first day of time among them. */
Test(bar_periods, are_there_for_the_next_history)
{
    for (enum period kind = PERIOD_WEEK; kind <= PERIOD_YEAR; kind++) {
        struct bar_periods periods = { kind, BAR_PERIODS_SHARED, 0 };
        struct bar_period *table = calloc(periods.slots, sizeof *table);

        cr_assert_not_null(table);
        for (unsigned again = 0; again < 3; again++) {
            struct period_span span = { .end = { -200 } };

            for (unsigned i = 0; i < 1000; i++) {
                span = period_of(kind, span.end);
                cr_assert_eq(visit(&periods, table, span.start), again > 0,
                             "%s from %d", period_names[kind], span.start.days);
            }
        }
        free(table);
    }
}

static const int64_t ids[] = { 0, 3, 1234567, INT64_MAX };
#define SECURITIES (sizeof ids / sizeof ids[0])

/* Where some weeks of each history begin. Of these the second is 2000 weeks
 * behind the first: they share slots. */
static const int32_t begins[] = {
    DATE_FIRST_DAYS, 13920, 13920 + 14000, 13920 + 56000, DATE_LAST_DAYS - 80,
};
#define WEEKS 12

/* Each history has gaps of its own, all begin and end with the calendar. */
static void
load(struct store *store)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (size_t i = 0; i < SECURITIES; i++) {
        for (size_t j = 0; j < sizeof begins / sizeof begins[0]; j++) {
            for (int32_t week = 0; week < WEEKS; week++) {
                struct date day = { begins[j] + 7 * week };

                if (week > 0 && ((size_t)week + i + j) % 4 == 0)
                    continue;
                if (j + 1 == sizeof begins / sizeof begins[0] &&
                    week + 1 == WEEKS)
                    day.days = DATE_LAST_DAYS;
                out_print(&lines, "%lld ", (long long)ids[i]);
                out_date(&lines, day);
                out_print(&lines, " s %d.%zu 9 1 2 2 %zu\n", week, i, j);
            }
        }
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    bars_append(store, lines.data);
    out_fini(&lines);
}

static const char *const targets[] = {
    "period=week",
    "period=month",
    "period=quarter",
    "period=year",
    "period=week&from=2008-02-20&to=2046-05-01",
    "period=week&columns=days,period_end",
    "period=week&columns=period_end,days,year,week",
    "period=quarter&columns=quarter,year,period_end,first_open",
    "period=month&columns=year",
    "period=month&columns=average_volume",
};

/* What of a text is between the first of a head and the last of a tail. */
static struct str
between(const char *text, const char *head, const char *tail)
{
    const char *from = strstr(text, head);
    const char *to = tail == NULL ? text + strlen(text) : strstr(text, tail);

    cr_assert_not_null(from, "%s", text);
    cr_assert_not_null(to, "%s", text);
    from += strlen(head);
    return (struct str){ from, (size_t)(to - from) };
}

static const struct {
    const char *format, *head, *tail, *separator;
} formats[] = {
    { "csv", "\r\n", NULL, "" },
    { "ndjson", "", NULL, "" },
    { "json&limit=10000", "\"rows\":[", "],\"next_cursor\":null", "," },
};

static void
compare(struct asking *a, const char *target, size_t format, const char *store)
{
    const char *head = formats[format].head, *tail = formats[format].tail;
    char text[TARGET_BYTES_MAX];
    struct out want;

    out_init(&want, SIZE_MAX);
    for (size_t i = 0; i < SECURITIES; i++) {
        snprintf(text, sizeof text,
                 "/v1/securities/%lld/prices/summary?%s&format=%s",
                 (long long)ids[i], target, formats[format].format);
        cr_assert_eq(ask(a, text), 200, "%s: %s", text, asking_text(a));
        if (i > 0)
            out_str(&want, str_of(formats[format].separator));
        out_str(&want, between(asking_text(a), head, tail));
    }
    snprintf(text, sizeof text, "/v1/prices/summary?%s&format=%s", target,
             formats[format].format);
    cr_assert_eq(ask(a, text), 200, "%s: %s", text, asking_text(a));
    cr_expect(str_equal(between(asking_text(a), head, tail), out_text(&want)),
              "%s, %s: %s\n%.*s", store, text, asking_text(a),
              STR_ARG(out_text(&want)));
    cr_expect_gt(want.len, 200U, "%s", text);
    out_fini(&want);
}

/* Each security's own rows, which have nothing in common. */
Test(bar_periods, all_rows_are_those_of_each_security)
{
    for (enum store_kind kind = 0; kind < STORE_KINDS; kind++) {
        struct asking_over over;

        asking_over_init(&over, kind);
        load(over.a.service.store);
        for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
            for (size_t j = 0; j < sizeof formats / sizeof formats[0]; j++)
                compare(&over.a, targets[i], j, over.name);
        }
        asking_over_fini(&over);
    }
}

#define START ",\"period_start\":\"0001-01-01\",\"days\":"

/* The least and the greatest id, and the first period. */
Test(bar_periods, first_rows_are_whole)
{
    struct asking_over over;

    asking_over_init(&over, STORE_MEMORY);
    load(over.a.service.store);
    cr_assert_eq(ask(&over.a, "/v1/prices/summary?period=year&columns=days"
                              "&to=0001-01-29&format=ndjson"),
                 200);
    cr_expect_str_eq(asking_text(&over.a),
                     "{\"security_id\":0" START "4}\n"
                     "{\"security_id\":3" START "3}\n"
                     "{\"security_id\":1234567" START "3}\n"
                     "{\"security_id\":9223372036854775807" START "3}\n");
    cr_assert_eq(ask(&over.a, "/v1/securities/0/prices/summary?period=week"
                              "&columns=period_end&from=9999-12-31&format=csv"),
                 200);
    cr_expect_str_eq(asking_text(&over.a),
                     "security_id,period_start,period_end\r\n"
                     "0,9999-12-27,\r\n");
    asking_over_fini(&over);
}
