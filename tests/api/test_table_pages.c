/* Pages of tables: together they are the whole, of one snapshot. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/knowledge.h"

#include "tests/api/three_batches.h"

/* The text of next_cursor, in place; NULL: null. */
static char *
next_cursor(char *body)
{
    char *at = strstr(body, "\"next_cursor\":\"");

    if (at == NULL)
        return NULL;
    at += strlen("\"next_cursor\":\"");
    at[strcspn(at, "\"")] = '\0';
    return at;
}

/* The rows of a JSON page, as they stand between the brackets. */
static void
append_rows(char *to, size_t size, const char *body)
{
    const char *from = strstr(body, "\"rows\":[");
    const char *end = strstr(body, "],\"next_cursor\"");

    cr_assert_not_null(from);
    cr_assert_not_null(end);
    from += strlen("\"rows\":[");
    if (to[0] != '\0')
        strncat(to, ",", size - strlen(to) - 1);
    cr_assert_lt(strlen(to) + (size_t)(end - from), size - 1);
    strncat(to, from, (size_t)(end - from));
}

/* Go through all pages of a target and gather their rows. */
static void
walk(struct asking *a, const char *target, char *rows, size_t size,
     size_t *pages)
{
    char next[512], *cursor;

    rows[0] = '\0';
    snprintf(next, sizeof next, "%s", target);
    for (*pages = 0; *pages < 100; (*pages)++) {
        char *body;
        int status = ask(a, next);

        cr_assert_eq(status, 200, "%s: %d %s", next, status, asking_text(a));
        body = strdup(asking_text(a));
        append_rows(rows, size, body);
        cursor = next_cursor(body);
        cr_expect_eq(asking_header(a, "Link") != NULL, cursor != NULL, "%s",
                     next);
        if (cursor != NULL)
            snprintf(next, sizeof next, "%s&cursor=%s", target, cursor);
        free(body);
        if (cursor == NULL)
            break;
    }
    (*pages)++;
}

Test(table_pages, pages_together_are_the_whole)
{
    static const struct {
        const char *target, *whole;
        size_t pages;
    } cases[] = {
        { "/v1/master?limit=1", "/v1/master?limit=10000", 5 },
        { "/v1/master?limit=2", "/v1/master?limit=99999999999999999999", 3 },
        { "/v1/master?limit=5", "/v1/master?limit=6", 1 },
        { "/v1/securities?limit=1", "/v1/securities?limit=3", 2 },
        { "/v1/securities/1/history?limit=1",
          "/v1/securities/1/history?limit=3", 3 },
        { "/v1/asset-classes/equity?limit=1",
          "/v1/asset-classes/equity?limit=2", 2 },
        { "/v1/master?from=2024-02-01&limit=1",
          "/v1/master?from=2024-02-01&limit=9", 4 },
    };
    struct asking a;

    three_batches(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static char rows[65536], whole[65536];
        size_t pages;

        walk(&a, cases[i].whole, whole, sizeof whole, &pages);
        cr_expect_eq(pages, 1, "%s: %zu pages", cases[i].whole, pages);
        walk(&a, cases[i].target, rows, sizeof rows, &pages);
        cr_expect_eq(pages, cases[i].pages, "%s: %zu pages", cases[i].target,
                     pages);
        cr_expect_str_eq(rows, whole, "%s:\n  %s\n  %s", cases[i].target, rows,
                         whole);
    }
    asking_fini(&a);
}

Test(table_pages, a_cursor_pins_what_is_known_and_the_columns_with_it)
{
    char target[512], *body, *cursor;
    struct asking a;

    three_batches(&a);
    cr_assert_eq(ask(&a, "/v1/master?limit=4"), 200);
    body = strdup(asking_text(&a));
    cursor = next_cursor(body);
    cr_assert_not_null(cursor);
    asking_facts(&a, FACT(2, "beta", "1", "2024-02-15"));

    snprintf(target, sizeof target, "/v1/master?cursor=%s", cursor);
    cr_expect_eq(ask(&a, target), 200);
    cr_expect_eq(a.response.tx, 3);
    cr_expect_str_eq(asking_text(&a),
                     TABLE(",\"asset_class\",\"ticker\",\"alpha\",\"price\"",
                           KEY(3, "2024-07-01",
                               "null") ",\"asset_class\":1.0,\"ticker\":null,"
                                       "\"alpha\":null,\"price\":null}"));
    snprintf(target, sizeof target, "/v1/master?from=2024-01-01&cursor=%s",
             cursor);
    cr_expect_eq(ask(&a, target), 400, "another query");
    snprintf(target, sizeof target, "/v1/securities?cursor=%s", cursor);
    cr_expect_eq(ask(&a, target), 400, "another route");
    free(body);
    asking_fini(&a);
}

/* A cursor is checked, not signed: whoever makes one reads no other rows. */
Test(table_pages, a_forged_cursor_does_not_leave_its_security)
{
    static const int64_t forged[] = { 0, 1, 3, INT64_MAX };
    char target[512];
    struct asking a;

    three_batches(&a);
    cr_assert_eq(ask(&a, "/v1/securities/2/history"), 200);
    for (size_t i = 0; i < sizeof forged / sizeof forged[0]; i++) {
        struct cursor cursor = { .known_tx = 3, .key = forged[i] };
        struct str text = cursor_text(&a.request, &cursor);

        snprintf(target, sizeof target, "/v1/securities/2/history?cursor=%.*s",
                 STR_ARG(text));
        cr_expect_eq(ask(&a, target), 400, "%lld: %s", (long long)forged[i],
                     asking_text(&a));
    }
    asking_fini(&a);
}

Test(table_pages, the_link_repeats_the_query_encoded)
{
    static const struct {
        const char *target, *link; /* up to the cursor */
    } cases[] = {
        { "/v1/asset-classes/equity?limit=1&from=2024-01-01",
          "</v1/asset-classes/equity?limit=1&from=2024-01-01&cursor=" },
        { "/v1/%6daster?%6cimit=1&format=csv",
          "</v1/%6daster?limit=1&format=csv&cursor=" },
        { "/v1/master?known_at=2027-01-01T00%3A00:00Z&limit=1",
          "</v1/master?known_at=2027-01-01T00%3A00%3A00Z&limit=1&cursor=" },
    };
    struct asking a;

    three_batches(&a);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *link;

        cr_expect_eq(ask(&a, cases[i].target), 200, "%s", cases[i].target);
        link = asking_header(&a, "Link");
        cr_expect_not_null(link, "%s", cases[i].target);
        if (link == NULL)
            continue;
        cr_expect_eq(strncmp(link, cases[i].link, strlen(cases[i].link)), 0,
                     "%s: %s", cases[i].target, link);
        cr_expect_str_eq(link + strlen(link) - 13, ">; rel=\"next\"", "%s",
                         link);
    }
    asking_fini(&a);
}

static struct instant
next_year(void)
{
    return (struct instant){ 1750000000000000 };
}

Test(table_pages, a_cursor_pins_the_day_that_as_of_defaulted_to)
{
    char target[512], *body, *cursor;
    struct asking a;

    three_batches(&a);
    cr_assert_eq(ask(&a, "/v1/securities?limit=1"), 200);
    body = strdup(asking_text(&a));
    cursor = next_cursor(body);
    cr_assert_not_null(cursor);
    a.service.now = next_year;
    snprintf(target, sizeof target, "/v1/securities?format=csv&cursor=%s",
             cursor);
    cr_expect_eq(ask(&a, target), 200);
    cr_expect_str_eq(asking_text(&a),
                     "security_id,effective_start_date,effective_end_date,"
                     "asset_class,ticker,alpha,price\r\n"
                     "2,2024-01-15,,,,true,\r\n",
                     "%s", asking_text(&a));
    free(body);
    asking_fini(&a);
}
