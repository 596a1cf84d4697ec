/* Bars a turn at a time: the same however it is cut, and no more is read for a
 * short span than has to be. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/bar_reading.h"
#include "tests/support/bar_maker.h"
#include "tests/support/store_memory.h"

#define SECURITIES 6
#define MONTHS 60 /* from January 2000 on, of each security */

/* Some ids are neighbours and some apart, so that a security is found neither
 * by counting nor by looking far. */
static const int64_t ids[SECURITIES] = { 0, 10, 20, 21, 22, 50 };

/* The bar of a month is on its 15th; every third has another one of another
 * batch. */
static void
append_all(struct store *store, unsigned every, const char *day)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (unsigned i = 0; i < SECURITIES; i++) {
        for (unsigned month = 0; month < MONTHS; month += every)
            out_print(&lines, "%d %04u-%02u-%s s 1 1 1 1\n", (int)ids[i],
                      2000 + month / 12, 1 + month % 12, day);
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    bars_append(store, lines.data);
    out_fini(&lines);
}

static struct store *
store_of_bars(void)
{
    struct store *store = store_memory_new();

    append_all(store, 1, "15");
    append_all(store, 3, "28");
    return store;
}

static enum visit
note_bars(void *context, int64_t security_id, const struct bar *bars,
          size_t count)
{
    struct out *out = context;

    for (size_t i = 0; i < count; i++) {
        out_int(out, security_id);
        out_char(out, ' ');
        out_date(out, bars[i].date);
        out_char(out, '\n');
    }
    return VISIT_NEXT;
}

static enum visit
note_one_month(void *context, int64_t security_id, const struct bar *bars,
               size_t count)
{
    (void)note_bars(context, security_id, bars, count);
    return VISIT_STOP;
}

/* The bars of a reading, a turn of so many records at a time. */
static void
read_all(struct store *store, const struct bar_reading *from, uint64_t records,
         bars_visitor *visitor, struct out *out)
{
    struct bar_reading reading = *from;
    unsigned turns = 0;
    bool more = true;

    reading.store = store;
    while (more) {
        uint64_t records_left = records;

        cr_assert_eq(bar_reading_turn(&reading, &records_left, visitor, out,
                                      &more, NULL),
                     OK);
        cr_assert_lt(++turns, 100000U);
    }
    out_char(out, '\0');
    cr_assert_eq(out_finish(out), OK);
}

static struct date
day(const char *text)
{
    struct date date;

    cr_assert_eq(date_parse(str_of(text), &date), OK);
    return date;
}

static struct bar_reading
reading_of(const char *from, const char *to, int64_t last)
{
    return (struct bar_reading){
        .known_tx = 2,
        .last_security = last,
        .from = day(from),
        .to = day(to),
        .day = day(from),
    };
}

static const struct {
    const char *from, *to;
    size_t bars; /* of a security */
} spans[] = {
    { "0001-01-01", "9999-12-31", 80 }, { "2000-01-15", "2000-01-16", 1 },
    { "2000-01-16", "2000-02-15", 2 },  { "2002-06-01", "2002-08-01", 3 },
    { "2004-12-31", "2005-01-01", 1 },  { "2005-01-01", "2006-01-01", 0 },
    { "1990-01-01", "2000-01-15", 0 },
};

/* The month of from is shown whole, to cuts to the day. */
Test(bar_reading, is_the_same_however_it_is_cut)
{
    struct store *store = store_of_bars();

    for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
        struct bar_reading reading =
            reading_of(spans[i].from, spans[i].to, INT64_MAX);
        struct out whole, cut;
        size_t lines = 0;

        out_init(&whole, SIZE_MAX);
        out_init(&cut, SIZE_MAX);
        read_all(store, &reading, 1000000, note_bars, &whole);
        for (const char *at = whole.data; *at != '\0'; at++)
            lines += *at == '\n';
        cr_expect_eq(lines, SECURITIES * spans[i].bars, "%s: %zu",
                     spans[i].from, lines);
        for (uint64_t records = 0; records < 10; records++) {
            out_reset(&cut);
            read_all(store, &reading, records, note_bars, &cut);
            cr_expect_str_eq(cut.data, whole.data, "%s by %llu", spans[i].from,
                             (unsigned long long)records);
        }
        out_reset(&cut);
        read_all(store, &reading, 1000000, note_one_month, &cut);
        cr_expect_str_eq(cut.data, whole.data, "%s by months", spans[i].from);
        out_fini(&whole);
        out_fini(&cut);
    }
    store_close(store);
}

/* It ends with the last security, and begins in the midst of the first. */
Test(bar_reading, keeps_to_its_securities)
{
    struct store *store = store_of_bars();
    struct bar_reading reading = reading_of("2004-10-01", "2005-01-01", 20);
    struct out out;

    out_init(&out, SIZE_MAX);
    reading.security_id = 10;
    reading.day = day("2004-12-20");
    read_all(store, &reading, 1, note_bars, &out);
    cr_expect_str_eq(out.data, "10 2004-12-15\n20 2004-10-15\n20 2004-10-28\n"
                               "20 2004-11-15\n20 2004-12-15\n");
    store_close(store);
    out_fini(&out);
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

/* Of 60 months a day takes a few records a security. */
Test(bar_reading, passes_over_what_is_not_asked_for)
{
    struct store *store = store_of_bars();
    struct bar_reading reading =
        reading_of("2002-06-01", "2002-06-30", INT64_MAX);
    struct out out;

    counter.ops = store->ops;
    counter.counting = *store->ops;
    counter.counting.scan = count_scan;
    store->ops = &counter.counting;
    out_init(&out, SIZE_MAX);
    read_all(store, &reading, 1000000, note_bars, &out);
    cr_expect_leq(counter.records, SECURITIES * 10U, "%llu records",
                  (unsigned long long)counter.records);
    store->ops = counter.ops;
    store_close(store);
    out_fini(&out);
}
