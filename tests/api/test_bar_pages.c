/* Pages of tables made of bars are the stream's rows, wherever they end. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/api/asking.h"
#include "tests/support/bar_maker.h"

#define DAYS_OF_MONTH 28
#define MONTHS 100
#define TARGET_BYTES_MAX 512

/*
 * Security 1 has 2800 bars, so that its rows take several chunks; 4 has few and
 * far apart, 7 begins in the last year, 9 has one bar.
 */
static const struct {
    int id;
    unsigned first_month, every;
} histories[] = { { 1, 0, 1 }, { 4, 0, 37 }, { 7, 90, 2 }, { 9, 99, 28 } };

static void
put_history(struct out *lines, size_t i)
{
    unsigned days = DAYS_OF_MONTH * MONTHS;

    for (unsigned day = DAYS_OF_MONTH * histories[i].first_month; day < days;
         day += histories[i].every) {
        unsigned month = day / DAYS_OF_MONTH;

        out_print(lines, "%d %04u-%02u-%02u s %u.5 %u.5 %u.25 %u.%02u - %u\n",
                  histories[i].id, 2010 + month / 12, 1 + month % 12,
                  1 + day % DAYS_OF_MONTH, day, day, day, day,
                  day * 7 % 25 + 25, day % 3 == 0 ? 0 : day * 1000);
    }
}

static void
load(struct asking *a)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (size_t i = 0; i < sizeof histories / sizeof histories[0]; i++)
        put_history(&lines, i);
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_init(a);
    bars_append(a->service.store, lines.data);
    out_fini(&lines);
}

static const struct {
    const char *target;
    bool is_long;
} targets[] = {
    { "/v1/securities/1/prices?", true },
    { "/v1/securities/1/prices?from=2018-01-05&", false },
    { "/v1/prices?date=2018-04-01&", false },
    { "/v1/prices?date=2018-04-01&columns=source,low&", false },
    { "/v1/prices/summary?period=week&", true },
    { "/v1/prices/summary?period=week&from=2017-12-06&to=2018-02-02&", false },
    { "/v1/prices/summary?period=month&from=2018-01-05&", false },
    { "/v1/prices/summary?period=month&columns=min_low,month&", false },
    { "/v1/securities/1/prices/summary?period=year&", false },
    { "/v1/prices/moving-averages?windows=2,1000,30&", true },
    { "/v1/prices/moving-averages?windows=2,90&from=2018-01-05&", false },
    { "/v1/prices/moving-averages?windows=1000&from=2018-03-05&", false },
    { "/v1/securities/4/prices/moving-averages?windows=70&from=2018-01-01&",
      false },
    { "/v1/securities/9/prices/moving-averages?windows=2&from=2018-01-01&",
      false },
};

/* The rest of an address behind the path, of the Link header; false: none. */
static bool
next_target(const struct asking *a, char *target)
{
    const char *link = asking_header(a, "Link");

    if (link == NULL)
        return false;
    snprintf(target, TARGET_BYTES_MAX, "%.*s", (int)strcspn(link + 1, ">"),
             link + 1);
    return true;
}

/* All pages' rows, one behind the other. */
static void
gather_pages(struct asking *a, const char *target, unsigned limit,
             struct out *rows)
{
    char page[TARGET_BYTES_MAX];
    unsigned pages = 0;

    snprintf(page, sizeof page, "%sformat=ndjson&limit=%u", target, limit);
    do {
        size_t lines = 0;

        cr_assert_eq(ask(a, page), 200, "%s: %s", page, asking_text(a));
        out_str(rows, out_text(&a->body));
        for (size_t i = 0; i < a->body.len; i++)
            lines += a->body.data[i] == '\n';
        cr_assert_leq(lines, limit, "%s: %zu rows", page, lines);
        if (asking_header(a, "Link") != NULL)
            cr_assert_eq(lines, limit, "%s: %zu rows", page, lines);
        cr_assert_lt(++pages, 4000U);
    } while (next_target(a, page));
}

Test(bar_pages, are_the_rows_of_the_stream)
{
    static const unsigned limits[] = { 1, 2, 7, 699, 10000 };
    struct asking a;

    load(&a);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char target[TARGET_BYTES_MAX];
        struct out stream, pages;

        out_init(&stream, SIZE_MAX);
        out_init(&pages, SIZE_MAX);
        snprintf(target, sizeof target, "%sformat=ndjson", targets[i].target);
        cr_assert_eq(ask(&a, target), 200);
        out_str(&stream, out_text(&a.body));
        cr_expect_gt(stream.len, 0U, "%s has no rows", target);
        cr_expect_eq(a.chunks > 2, targets[i].is_long, "%s: %zu chunks", target,
                     a.chunks);
        for (size_t j = 0; j < sizeof limits / sizeof limits[0]; j++) {
            if (targets[i].is_long && limits[j] < 100)
                continue;
            out_reset(&pages);
            gather_pages(&a, targets[i].target, limits[j], &pages);
            cr_expect(str_equal(out_text(&stream), out_text(&pages)),
                      "%s by %u\n%.*s\n%.*s", target, limits[j],
                      STR_ARG(out_text(&stream)), STR_ARG(out_text(&pages)));
        }
        out_fini(&stream);
        out_fini(&pages);
    }
    asking_fini(&a);
}

/* The rows of an answer are among those of another, line by line. */
static size_t
count_rows_among(struct asking *a, const char *whole)
{
    char *text = strdup(asking_text(a)), *line = text;
    size_t rows = 0;

    for (; *line != '\0'; rows++) {
        char *end = strchr(line, '\n');

        *end = '\0';
        cr_expect_not_null(strstr(whole, line), "%s", line);
        line = end + 1;
    }
    free(text);
    return rows;
}

/* Whether as many bars as a window has come in the days that are read for it,
 * or fewer, or one too few. */
Test(bar_pages, bars_before_the_first_day_count)
{
    static const char *const windows[] = { "2", "3", "4", "1,75,1000" };
    struct out whole;
    struct asking a;

    load(&a);
    out_init(&whole, SIZE_MAX);
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        char target[TARGET_BYTES_MAX];

        snprintf(target, sizeof target,
                 "/v1/prices/moving-averages?format=ndjson&windows=%s",
                 windows[i]);
        cr_assert_eq(ask(&a, target), 200);
        out_reset(&whole);
        out_str(&whole, out_text(&a.body));
        out_char(&whole, '\0');
        for (unsigned from = 1; from <= DAYS_OF_MONTH; from++) {
            snprintf(target, sizeof target,
                     "/v1/prices/moving-averages?format=ndjson&windows=%s"
                     "&from=2018-%02u-%02u",
                     windows[i], 1 + from % 4, from);
            cr_assert_eq(ask(&a, target), 200);
            cr_expect_gt(count_rows_among(&a, whole.data), 0U, "%s", target);
        }
    }
    out_fini(&whole);
    asking_fini(&a);
}

/* A store behind a counter of the records that it shows. */
static struct {
    const struct store_ops *ops;
    struct store_ops counting;
    uint64_t records;
} counter;

struct counted {
    record_visitor *visitor;
    void *context;
};

static enum visit
count_record(void *context, const struct record *record)
{
    const struct counted *counted = context;

    counter.records++;
    return counted->visitor(counted->context, record);
}

static enum err
count_scan(struct view *view, const struct scan_range *range,
           record_visitor *visitor, void *context, struct why *why)
{
    struct counted counted = { visitor, context };

    return counter.ops->scan(view, range, count_record, &counted, why);
}

/* Of the hundred months of security 1. */
static const struct {
    const char *target;
    uint64_t records_max;
} costs[] = {
    { "/v1/securities/1/prices?from=2018-04-01", 2 },
    { "/v1/securities/1/prices/summary?period=week&from=2018-04-01", 2 },
    { "/v1/securities/1/prices/moving-averages?windows=30&from=2018-04-20", 4 },
    { "/v1/prices?date=2018-04-20", 16 },
    { "/v1/prices/moving-averages?windows=20&from=2018-04-20&to=2018-04-21",
      48 }, /* of 4, 7 and 9 from the first bar on, or all there are */
};

Test(bar_pages, read_what_the_span_needs)
{
    struct asking a;

    load(&a);
    counter.ops = a.service.store->ops;
    counter.counting = *counter.ops;
    counter.counting.scan = count_scan;
    a.service.store->ops = &counter.counting;
    for (size_t i = 0; i < sizeof costs / sizeof costs[0]; i++) {
        counter.records = 0;
        cr_assert_eq(ask(&a, costs[i].target), 200);
        cr_expect_leq(counter.records, costs[i].records_max, "%s: %llu",
                      costs[i].target, (unsigned long long)counter.records);
    }
    a.service.store->ops = counter.ops;
    asking_fini(&a);
}

/* The next page begins its averages near where it begins, too. */
Test(bar_pages, a_late_page_reads_little)
{
    const char *target = "/v1/securities/1/prices/moving-averages?windows=30"
                         "&limit=2700";
    char next[TARGET_BYTES_MAX];
    struct asking a;

    load(&a);
    cr_assert_eq(ask(&a, target), 200);
    cr_assert(next_target(&a, next));
    counter.ops = a.service.store->ops;
    counter.counting = *counter.ops;
    counter.counting.scan = count_scan;
    a.service.store->ops = &counter.counting;
    counter.records = 0;
    cr_assert_eq(ask(&a, next), 200);
    cr_expect_leq(counter.records, 10U, "%llu records",
                  (unsigned long long)counter.records);
    a.service.store->ops = counter.ops;
    asking_fini(&a);
}
