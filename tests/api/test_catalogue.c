/* The catalogue over many turns, and how many of them it takes again. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "api/catalogue.h"
#include "api/knowledge.h"
#include "tests/api/asking.h"

static size_t views; /* opened so far */
static enum err (*real_begin)(struct view *view, struct why *why);

static enum err
counted_begin(struct view *view, struct why *why)
{
    views++;
    return real_begin(view, why);
}

/* Count the views that a store opens from now on. */
static void
count_views(struct store *store, struct store_ops *ops)
{
    *ops = *store->ops;
    real_begin = ops->view_begin;
    ops->view_begin = counted_begin;
    store->ops = ops;
    views = 0;
}

/* Facts of securities from first on, each with so many days. */
static void
post_days(struct asking *a, int first, int securities, int days)
{
    struct out lines;

    out_init(&lines, SIZE_MAX);
    for (int i = 0; i < securities; i++)
        for (int day = 0; day < days; day++)
            out_print(&lines,
                      "{\"security_id\":%d,\"attribute\":\"k\",\"value\":%d,"
                      "\"effective_date\":\"%04d-%02d-01\"}\n",
                      first + i, day, 1900 + day / 12, 1 + day % 12);
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

static void
expect_entry(struct asking *a, uint64_t known_tx, uint64_t assertions,
             uint64_t securities)
{
    atomic_bool stop = false;
    struct catalogue *got;
    enum err err = catalogues_begin(a->service.catalogues, a->service.store,
                                    known_tx, &stop, &got, NULL);

    cr_assert_eq(err, OK, "tx %d: err %d", (int)known_tx, err);
    cr_expect_eq(got->known_tx, known_tx);
    cr_expect_eq(got->count, assertions > 0, "tx %d", (int)known_tx);
    if (got->count > 0) {
        cr_expect_eq(got->entries[0].assertions, assertions, "tx %d: %d",
                     (int)known_tx, (int)got->entries[0].assertions);
        cr_expect_eq(got->entries[0].securities, securities, "tx %d: %d",
                     (int)known_tx, (int)got->entries[0].securities);
    }
    catalogues_end(a->service.catalogues, got);
}

Test(catalogue, counts_in_turns_that_end_between_securities)
{
    static const struct {
        int first, securities, days;
        uint64_t assertions, all;
        size_t turns;
    } cases[] = {
        { 0, 1, 3, 3, 1, 1 },
        { 1, 40, 1000, 40003, 41, 2 },
        { 41, 1, 8000, 48003, 42, 3 },
        { 42, 30, 1000, 78003, 72, 4 },
    };
    struct store_ops ops;
    struct asking a;

    asking_init(&a);
    count_views(a.service.store, &ops);
    expect_entry(&a, 0, 0, 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        post_days(&a, cases[i].first, cases[i].securities, cases[i].days);
        views = 0;
        expect_entry(&a, i + 1, cases[i].assertions, cases[i].all);
        cr_expect_eq(views, cases[i].turns, "row %zu: %zu turns", i, views);
    }
    asking_fini(&a);
}

/* However many facts a day has, only its end says which are live. */
Test(catalogue, counts_a_day_when_it_is_whole)
{
    struct asking a;

    asking_init(&a);
    for (int tx = 1; tx <= 3; tx++) {
        struct out lines;

        out_init(&lines, SIZE_MAX);
        for (int i = 0; i < 1000; i++)
            out_print(&lines,
                      "{\"security_id\":1,\"attribute\":\"k\",\"value\":%d,"
                      "\"source\":\"%d\",\"effective_date\":\"2024-01-01\"}\n",
                      i, i % 500);
        out_char(&lines, '\0');
        cr_assert_eq(out_finish(&lines), OK);
        asking_facts(&a, lines.data);
        out_fini(&lines);
        expect_entry(&a, (uint64_t)tx, 500, 1);
    }
    asking_fini(&a);
}

Test(catalogue, remembers_those_that_were_asked_for_last)
{
    static const struct {
        uint64_t known_tx;
        bool is_counted;
    } asked[] = {
        { 1, true },  { 1, false }, { 2, true },  { 3, true },  { 4, true },
        { 1, false }, { 2, false }, { 3, false }, { 4, false }, { 5, true },
        { 2, false }, { 3, false }, { 4, false }, { 1, true },  { 5, true },
        { 4, false }, { 3, false }, { 0, true },  { 5, false },
    };
    struct store_ops ops;
    struct asking a;

    asking_init(&a);
    for (int tx = 1; tx <= 5; tx++)
        post_days(&a, tx, 1, 1);
    count_views(a.service.store, &ops);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        views = 0;
        expect_entry(&a, asked[i].known_tx, asked[i].known_tx,
                     asked[i].known_tx);
        cr_expect_eq(views > 0, asked[i].is_counted, "row %zu", i);
    }
    asking_fini(&a);
}

/* As a second worker asks while the first one counts. */
static struct asking *meanwhile;
static enum err errs_meanwhile[2];

static enum err
asked_begin(struct view *view, struct why *why)
{
    for (uint64_t tx = 1; tx <= 2; tx++) {
        atomic_bool stop = false;
        struct catalogue *got;
        enum err err =
            catalogues_begin(meanwhile->service.catalogues,
                             meanwhile->service.store, tx, &stop, &got, NULL);

        errs_meanwhile[tx - 1] = err;
        if (err == OK)
            catalogues_end(meanwhile->service.catalogues, got);
    }
    return real_begin(view, why);
}

Test(catalogue, nobody_waits_for_a_count, .timeout = 10)
{
    struct store_ops ops;
    struct asking a;

    asking_init(&a);
    post_days(&a, 1, 1, 1);
    post_days(&a, 2, 1, 1);
    expect_entry(&a, 1, 1, 1);
    count_views(a.service.store, &ops);
    ops.view_begin = asked_begin;
    meanwhile = &a;
    expect_entry(&a, 2, 2, 2);
    cr_expect_eq(errs_meanwhile[0], OK, "what is remembered: %d",
                 errs_meanwhile[0]);
    cr_expect_eq(errs_meanwhile[1], ERR_BUSY, "another: %d", errs_meanwhile[1]);
    ops.view_begin = real_begin;
    expect_entry(&a, 2, 2, 2);
    asking_fini(&a);
}

Test(catalogue, who_reads_one_keeps_nobody_from_another, .timeout = 10)
{
    atomic_bool stop = false;
    struct catalogue *held;
    struct asking a;

    asking_init(&a);
    for (int tx = 1; tx <= 6; tx++)
        post_days(&a, tx, 1, 1);
    cr_assert_eq(catalogues_begin(a.service.catalogues, a.service.store, 1,
                                  &stop, &held, NULL),
                 OK);
    for (uint64_t tx = 2; tx <= 6; tx++)
        expect_entry(&a, tx, tx, tx);
    cr_expect_eq(held->count, 1);
    cr_expect_eq(held->entries[0].assertions, 1);
    catalogues_end(a.service.catalogues, held);
    asking_fini(&a);
}

Test(catalogue, ends_when_the_service_does)
{
    struct asking a;

    asking_init(&a);
    post_days(&a, 1, 1, 1);
    atomic_store(&a.service.draining, true);
    cr_expect_eq(ask(&a, "/v1/attributes"), 503, "%s", asking_text(&a));
    atomic_store(&a.service.draining, false);
    cr_expect_eq(ask(&a, "/v1/attributes"), 200, "%s", asking_text(&a));
    atomic_store(&a.service.draining, true);
    cr_expect_eq(ask(&a, "/v1/attributes"), 200, "what is remembered: %s",
                 asking_text(&a));
    asking_fini(&a);
}

/* A cursor is checked, not signed: its attribute may be none. */
Test(catalogue, a_forged_cursor_is_refused)
{
    static const struct {
        int64_t key;
        int status;
    } cases[] = {
        { 0, 200 }, { 1, 400 }, { UINT32_MAX, 400 }, { (int64_t)1 << 32, 400 }
    };
    char target[128];
    struct asking a;

    asking_init(&a);
    post_days(&a, 1, 1, 1);
    cr_assert_eq(ask(&a, "/v1/attributes"), 200);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct cursor cursor = { .known_tx = 1, .key = cases[i].key };
        struct str text = cursor_text(&a.request, &cursor);

        (void)snprintf(target, sizeof target, "/v1/attributes?cursor=%.*s",
                       STR_ARG(text));
        cr_expect_eq(ask(&a, target), cases[i].status, "%lld: %s",
                     (long long)cases[i].key, asking_text(&a));
    }
    asking_fini(&a);
}
