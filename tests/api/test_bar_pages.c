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
    { "/v1/prices/summary?period=week&", true },
    { "/v1/prices/summary?period=week&from=2017-12-06&to=2018-02-02&", false },
    { "/v1/prices/summary?period=month&from=2018-01-05&", false },
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

/* Averages from a day on are those of the whole history. */
Test(bar_pages, bars_before_the_first_day_count)
{
    static const char *const froms[] = { "2010-01-02", "2012-09-13",
                                         "2018-01-05", "2018-04-28" };
    struct out whole;
    struct asking a;

    load(&a);
    out_init(&whole, SIZE_MAX);
    cr_assert_eq(ask(&a, "/v1/prices/moving-averages?windows=1,75,1000"
                         "&format=csv"),
                 200);
    out_str(&whole, out_text(&a.body));
    out_char(&whole, '\0');
    for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
        char target[TARGET_BYTES_MAX];
        size_t rows = 0;
        char *text, *line;

        snprintf(target, sizeof target,
                 "/v1/prices/moving-averages?windows=1,75,1000&from=%s"
                 "&format=csv",
                 froms[i]);
        cr_assert_eq(ask(&a, target), 200);
        text = strdup(asking_text(&a));
        for (line = text; *line != '\0'; rows++) {
            char *end = strchr(line, '\n');

            *end = '\0';
            cr_expect_not_null(strstr(whole.data, line), "%s: %s", froms[i],
                               line);
            line = end + 1;
        }
        cr_expect_geq(rows, 2U, "%s", froms[i]);
        free(text);
    }
    out_fini(&whole);
    asking_fini(&a);
}
