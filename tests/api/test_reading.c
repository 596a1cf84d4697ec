/* The columns of a reading: which they are, and what is read for them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reading.h"
#include "secmaster/bounds.h"
#include "tests/api/asking.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

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

static void
count_init(struct asking *a)
{
    asking_init(a);
    counter.ops = a->service.store->ops;
    counter.counting = *counter.ops;
    counter.counting.scan = count_scan;
    a->service.store->ops = &counter.counting;
}

/* The records read for an answer. */
static uint64_t
read_for(struct asking *a, const char *target)
{
    counter.records = 0;
    cr_assert_eq(ask(a, target), 200, "%s: %s", target, asking_text(a));
    return counter.records;
}

/* Securities first to last, a date each, with a class and a price. */
static void
post_securities(struct asking *a, int first, int last)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (int id = first; id <= last; id++) {
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"asset_class\","
                  "\"value\":\"equity\",\"effective_date\":\"2024-01-01\"}\n",
                  id);
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"price\",\"value\":%d,"
                  "\"effective_date\":\"2024-01-01\"}\n",
                  id, id);
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

enum { SECURITIES = 300, FEW = 12 };

static const char *const tables[] = {
    "/v1/securities?limit=1",
    "/v1/securities?limit=1&as_of=2024-01-01",
    "/v1/securities?limit=1&where=asset_class:equity",
    "/v1/securities?limit=1&asset_class=equity",
    "/v1/master?limit=1",
    "/v1/master?limit=1&to=2024-01-05",
    "/v1/asset-classes/equity?limit=1",
    "/v1/asset-classes/equity?limit=1&to=2024-01-05",
};
#define TABLES (sizeof tables / sizeof tables[0])

Test(reading, stops_when_no_other_column_can_come)
{
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    for (size_t i = 0; i < TABLES; i++)
        cr_expect_leq(read_for(&a, tables[i]), FEW, "%s: %d", tables[i],
                      (int)counter.records);

    cr_expect_leq(read_for(&a, "/v1/master?limit=1&from=2024-01-05"), FEW);

    /* What came later does not count for what was known before. */
    asking_facts(&a, FACT(300, "late", "1", "2030-01-01"));
    cr_expect_leq(read_for(&a, "/v1/securities?limit=1&known_tx=1"), FEW);
    cr_expect_geq(read_for(&a, "/v1/securities?limit=1"), SECURITIES);
    asking_fini(&a);
}

/* What must be null is no column of a class view, and is not waited for. */
Test(reading, waits_for_no_column_that_is_left_out)
{
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    asking_facts(&a, FACT(1, "asset_class", "null", "2024-02-01")
                         FACT(2, "asset_class", "null", "2024-02-01"));
    cr_expect_leq(read_for(&a, "/v1/securities?limit=1&asset_class=none"), FEW,
                  "%d", (int)counter.records);
    cr_expect_geq(read_for(&a, "/v1/securities?limit=1&where=asset_class"
                               "&asset_class=equity"),
                  SECURITIES, "no row: nothing ends it");
    asking_fini(&a);
}

/* The path of the page behind the one just asked for. */
static void
next_page(struct asking *a, char *to, size_t size)
{
    const char *link = asking_header(a, "Link");

    cr_assert_not_null(link);
    (void)snprintf(to, size, "%.*s", (int)strcspn(link + 1, ">"), link + 1);
}

Test(reading, passes_once_for_a_table)
{
    char page[256];
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    asking_facts(&a, FACT(300, "rare", "1", "2024-01-01") FACT(300, "rare", "2",
                                                               "2024-01-02")
                         FACT(300, "asset_class", "\"equity\"", "2024-01-02"));
    asking_facts(&a, RETRACT(300, "rare", "2024-01-02"));
    for (size_t i = 0; i < TABLES; i++) {
        cr_expect_geq(read_for(&a, tables[i]), SECURITIES, "%s", tables[i]);
        for (int next = 0; next < 2; next++) {
            next_page(&a, page, sizeof page);
            cr_expect_leq(read_for(&a, page), FEW, "%s: %d", page,
                          (int)counter.records);
        }
        cr_expect_leq(read_for(&a, tables[i]), FEW, "%s again: %d", tables[i],
                      (int)counter.records);
    }

    /* Where a span that stays open begins makes no difference. */
    cr_expect_leq(read_for(&a, "/v1/master?limit=1&from=2024-01-02"), FEW);

    /* Another transaction is another table; the one before is still there. */
    next_page(&a, page, sizeof page);
    asking_facts(&a, FACT(1, "price", "0", "2024-01-01"));
    cr_expect_geq(read_for(&a, tables[TABLES - 1]), SECURITIES);
    cr_expect_leq(read_for(&a, page), FEW);
    asking_fini(&a);
}

/* A join has the columns of the whole master. */
Test(reading, passes_once_for_joins)
{
    static const char positions[] =
        "{\"positions\":[{\"security_id\":1,\"quantity\":1,"
        "\"date\":\"2024-01-01\"}]}";
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    asking_facts(&a, FACT(300, "rare", "1", "2024-01-02"));
    asking_facts(&a, RETRACT(300, "rare", "2024-01-02"));
    for (int i = 0; i < 2; i++) {
        counter.records = 0;
        cr_assert_eq(
            ask_post(&a, "/v1/positions/join", MEDIA_JSON, positions, 0), 200);
        cr_expect_eq(counter.records >= SECURITIES, i == 0, "%d: %d", i,
                     (int)counter.records);
    }
    cr_expect_leq(read_for(&a, "/v1/master?limit=1"), FEW);
    asking_fini(&a);
}

Test(reading, ends_between_turns_when_the_service_does)
{
    static const char positions[] =
        "{\"positions\":[{\"security_id\":1,\"quantity\":1,"
        "\"date\":\"2024-01-01\"}]}";
    char target[64] = "";
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    asking_facts(&a, FACT(300, "late", "1", "2030-01-01"));
    for (int day = 0; day <= COLUMN_DAYS_APART; day++) {
        (void)snprintf(target, sizeof target,
                       "/v1/securities?limit=1&as_of=2024-02-%02d", day + 1);
        atomic_store(&a.service.draining, true);
        cr_expect_eq(ask(&a, target), 503, "%s", target);
        atomic_store(&a.service.draining, false);
        cr_expect_eq(ask(&a, target), 200, "%s", target);
    }
    asking_facts(&a, RETRACT(300, "late", "2030-01-01"));
    atomic_store(&a.service.draining, true);
    cr_expect_eq(ask_post(&a, "/v1/positions/join", MEDIA_JSON, positions, 0),
                 503);
    cr_expect_eq(ask(&a, "/v1/securities/1"), 200, "one turn is enough");
    asking_fini(&a);
}

/* A pass of as many records as cost nothing is made again. */
Test(reading, remembers_long_passes_only)
{
    enum { RECORDS = 100 };
    static const struct {
        int securities;
        uint64_t passes;
    } cases[] = { { RECORDS, 0 }, { RECORDS + 1, 1 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct column_figures figures;
        struct asking a;

        count_init(&a);
        column_memory_free(a.service.column_memory);
        a.service.column_memory = column_memory_new(RECORDS);
        post_securities(&a, 1, cases[i].securities - 1);
        asking_facts(&a, FACT(999, "late", "1", "2030-01-01"));
        for (int times = 0; times < 3; times++)
            (void)read_for(&a, "/v1/securities?limit=1");
        column_memory_figures(a.service.column_memory, &figures);
        cr_expect_eq(figures.passes, cases[i].passes, "%d: %d",
                     cases[i].securities, (int)figures.passes);
        cr_expect_eq(figures.recalls, 2 * cases[i].passes, "%d: %d",
                     cases[i].securities, (int)figures.recalls);
        asking_fini(&a);
    }
}

/* One security is read again, and pushes nothing out. */
Test(reading, remembers_no_history)
{
    struct column_figures figures;
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, 2);
    asking_facts(&a, FACT(2, "late", "1", "2030-01-01"));
    (void)read_for(&a, "/v1/securities/1/history");
    (void)read_for(&a, "/v1/securities/1/history");
    column_memory_figures(a.service.column_memory, &figures);
    cr_expect_eq(figures.passes, 0);
    cr_expect_eq(figures.recalls, 0);
    asking_fini(&a);
}

/* Three transactions: the last security has what no other has. */
static void
load(struct asking *a)
{
    post_securities(a, 1, 20);
    asking_facts(a, FACT(20, "rare", "1",
                         "2024-02-01") FACT(19, "empty", "null", "2024-01-01")
                        FACT(20, "empty", "null", "2024-02-01")
                            FACT(20, "late", "1", "2030-01-01")
                                FACT(21, "asset_class", "null", "2024-01-01")
                                    FACT(21, "rate", "1", "2024-01-01"));
    asking_facts(a, RETRACT(20, "rare", "2024-02-01")
                        FACT(20, "price", "1.50", "2024-02-01")
                            FACT(21, "price", "null", "2024-03-01"));
}

static const struct {
    const char *target, *columns;
} columns[] = {
    { "/v1/securities", "asset_class,empty,price,rate" },
    { "/v1/securities?known_tx=2", "asset_class,empty,price,rare,rate" },
    { "/v1/securities?known_tx=1", "asset_class,price" },
    { "/v1/securities?known_tx=0", "" },
    { "/v1/securities?as_of=2023-12-31", "" },
    { "/v1/securities?as_of=2024-01-31&known_tx=2",
      "asset_class,empty,price,rate" },
    { "/v1/securities?as_of=2024-02-01&known_tx=2",
      "asset_class,empty,price,rare,rate" },
    { "/v1/securities?as_of=2030-01-01", "asset_class,empty,late,price,rate" },
    { "/v1/securities?as_of=2030-01-01&asset_class=equity",
      "asset_class,late,price" },
    { "/v1/securities?asset_class=equity", "asset_class,price" },
    { "/v1/securities?asset_class=equity&known_tx=2",
      "asset_class,price,rare" },
    { "/v1/securities?where=asset_class:equity", "asset_class,empty,price" },
    { "/v1/securities?where=price:1.50", "asset_class,empty,price" },
    { "/v1/securities?where=price:1.50&known_tx=2", "" },
    { "/v1/securities?where=price:1.50&asset_class=equity",
      "asset_class,price" },
    { "/v1/securities?where=price:20&known_tx=2",
      "asset_class,empty,price,rare" },
    { "/v1/securities?where=price:20&known_tx=1", "asset_class,price" },
    { "/v1/securities?asset_class=none", "rate" },
    { "/v1/securities?where=asset_class", "asset_class,price,rate" },
    { "/v1/securities?where=asset_class&as_of=2024-02-29", "asset_class,rate" },
    { "/v1/securities?where=rate&where=empty", "asset_class,empty,price" },
    { "/v1/master", "asset_class,empty,late,price,rate" },
    { "/v1/master?known_tx=2", "asset_class,empty,late,price,rare,rate" },
    { "/v1/master?from=2024-03-01", "asset_class,empty,late,price,rate" },
    { "/v1/master?to=2024-02-01&known_tx=2", "asset_class,empty,price,rate" },
    { "/v1/master?to=2024-02-02&known_tx=2",
      "asset_class,empty,price,rare,rate" },
    { "/v1/master?to=2024-01-01", "" },
    { "/v1/asset-classes/equity?known_tx=2", "asset_class,late,price,rare" },
    { "/v1/asset-classes/none", "rate" },
};

/* Each alone, behind the others of the same store, remembered or not, in any
 * order: the answer is the same. */
Test(reading, columns_are_what_rows_carry)
{
    enum { TIMES = 4, COUNT = sizeof columns / sizeof columns[0] };
    struct column_memory *memory;
    struct asking a;

    asking_init(&a);
    load(&a);
    memory = a.service.column_memory;
    for (size_t i = 0; i < TIMES * COUNT; i++) {
        size_t at = i / COUNT % 2 == 0 ? i % COUNT : COUNT - 1 - i % COUNT;
        char target[128], expected[256];
        const char *text;

        (void)snprintf(target, sizeof target, "%s%cformat=csv",
                       columns[at].target,
                       strchr(columns[at].target, '?') != NULL ? '&' : '?');
        (void)snprintf(expected, sizeof expected,
                       "security_id,effective_start_date,effective_end_date"
                       "%s%s\r\n",
                       columns[at].columns[0] != '\0' ? "," : "",
                       columns[at].columns);
        a.service.column_memory = i < 3 * COUNT ? memory : NULL;
        cr_assert_eq(ask(&a, target), 200, "%s", target);
        text = asking_text(&a);
        cr_expect_eq(strncmp(text, expected, strlen(expected)), 0,
                     "%s, time %d: %.*s", target, (int)(i / COUNT),
                     (int)strcspn(text, "\r"), text);
    }
    a.service.column_memory = memory;
    asking_fini(&a);
}

/* One attribute comes last: day after day is asked for, but not read. */
Test(reading, passes_once_for_all_days)
{
    enum { DAYS = 3 * COLUMN_DAYS_APART };
    char target[64];
    struct asking a;

    count_init(&a);
    post_securities(&a, 1, SECURITIES);
    asking_facts(&a, FACT(300, "late", "1", "2030-01-01"));
    for (int day = 0; day < DAYS; day++) {
        (void)snprintf(target, sizeof target,
                       "/v1/securities?limit=1&as_of=2024-02-%02d", day + 1);
        cr_expect_eq(read_for(&a, target) <= FEW, day > COLUMN_DAYS_APART,
                     "%s: %d", target, (int)counter.records);
    }
    cr_expect_leq(read_for(&a, "/v1/master?limit=1&to=2024-03-01"), FEW);
    cr_expect_leq(read_for(&a, "/v1/securities?limit=1&as_of=2030-01-01"), FEW);
    cr_expect_not_null(strstr(asking_text(&a), "\"late\""));
    cr_expect_geq(read_for(&a, "/v1/securities?limit=1&asset_class=equity"),
                  SECURITIES);
    asking_fini(&a);
}

enum { TRANSACTIONS = 12, IDS = 6, NAMES = 5, SPAN = 12 };

/* One batch of random facts; what is live can be withdrawn. */
static void
post_random(struct asking *a, bool live[IDS][NAMES][SPAN])
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (int i = 1 + rand() % 6; i > 0; i--) {
        int id = rand() % IDS, name = rand() % NAMES, day = rand() % SPAN;
        bool *is_live = &live[id][name][day];

        *is_live = !*is_live;
        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"%c\","
                  "\"effective_date\":\"2024-01-%02d\",%s}\n",
                  id, 'a' + name, day + 1,
                  *is_live ? "\"value\":null" : "\"op\":\"retract\"");
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

/* The answer is the same without the memory. */
static void
compare_day(struct asking *a, uint64_t tx, int day, unsigned seed)
{
    static const char *const targets[] = {
        "/v1/securities?format=csv&known_tx=%llu&as_of=2024-01-%02d",
        "/v1/master?format=csv&known_tx=%llu&to=2024-01-%02d",
    };
    struct column_memory *memory = a->service.column_memory;

    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        char target[128], *with;

        (void)snprintf(target, sizeof target, targets[i],
                       (unsigned long long)tx, day + 1);
        cr_assert_eq(ask(a, target), 200, "%s", target);
        with = strdup(asking_text(a));
        a->service.column_memory = NULL;
        cr_assert_eq(ask(a, target), 200, "%s", target);
        cr_expect_str_eq(with, asking_text(a), "seed %u: %s", seed, target);
        a->service.column_memory = memory;
        free(with);
    }
}

Test(reading, all_days_are_as_each_alone)
{
    for (unsigned seed = 1; seed <= 4; seed++) {
        bool live[IDS][NAMES][SPAN] = { 0 };
        struct column_figures figures;
        struct asking a;

        srand(seed);
        asking_init(&a);
        for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
            post_random(&a, live);
            for (int i = 0; i < SPAN; i++)
                compare_day(&a, tx, rand() % SPAN, seed);
        }
        for (uint64_t tx = 0; tx <= TRANSACTIONS; tx++)
            for (int day = 0; day < SPAN; day++)
                compare_day(&a, tx, tx % 2 == 0 ? day : SPAN - 1 - day, seed);
        column_memory_figures(a.service.column_memory, &figures);
        cr_expect_gt(figures.recalls, figures.passes, "seed %u", seed);
        asking_fini(&a);
    }
}
