/* Filters and projections: which rows, which columns, which refusals. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/api/asking_over.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

/* Four transactions. "now" is 2024-06-15. */
static void
load(struct asking *a)
{
    asking_facts(a,
                 FACT(1, "asset_class", "\"equity\"", "2024-01-01")
                     FACT(1, "sector", "\"Energy\"", "2024-01-01")
                         FACT(1, "sector", "\"Health\"", "2024-03-01")
                             FACT(1, "price", "1.0", "2024-02-01")
                                 FACT(2, "sector", "\"Energy\"", "2024-01-01")
                                     FACT(2, "price", "\"1.0\"", "2024-01-01")
                                         FACT(2, "note", "null", "2024-01-01"));
    asking_facts(a, FACT(3, "asset_class", "\"none\"", "2024-01-01")
                        FACT(3, "price", "1", "2024-01-01")
                            FACT(3, "a:b", "\"x:y,z\\\\\"", "2024-01-01")
                                FACT(3, "c,d", "true", "2024-01-01")
                                    FACT(3, "e\\\\f", "\"\"", "2024-01-01"));
    asking_facts(
        a, FACT(4, "sector", "\"Energy\"", "2024-01-01")
               FACT(4, "gone", "1", "2024-01-01")
                   FACT(5, "note", "\"collidesWithThis\"", "2024-01-01")
                       FACT(6, "note", "\"DVDMSYDASftOUlab\"", "2024-01-01"));
    asking_facts(a, RETRACT(4, "gone", "2024-01-01")
                        RETRACT(4, "sector", "2024-01-01")
                            FACT(4, "sector", "\"Late\"", "2023-01-01"));
}

#define FIXED "security_id,effective_start_date,effective_end_date"

/* As CSV, its lines ended by | here. */
static const struct {
    const char *target, *body;
} answers[] = {
    /* A row's own cell decides, not what it was or will be. */
    { "/v1/master?where=sector:Energy",
      FIXED ",asset_class,note,price,sector|"
            "1,2024-01-01,2024-02-01,equity,,,Energy|"
            "1,2024-02-01,2024-03-01,equity,,1.0,Energy|"
            "2,2024-01-01,,,,\"1.0\",Energy|" },
    { "/v1/master?where=sector:Health",
      FIXED ",asset_class,price,sector|1,2024-03-01,,equity,1.0,Health|" },
    { "/v1/master?where=sector:Late", FIXED ",sector|4,2023-01-01,,Late|" },
    { "/v1/master?where=sector:Energy&known_tx=3&where=price",
      FIXED ",asset_class,gone,sector|"
            "1,2024-01-01,2024-02-01,equity,,Energy|"
            "4,2024-01-01,,,1,Energy|" },
    { "/v1/master?where=sector:energy", FIXED "|" },
    { "/v1/master?where=sector:Energy%20", FIXED "|" },

    /* A string of these characters, or a scalar of this text. */
    { "/v1/securities?where=price:1.0&attributes=price",
      FIXED ",price|1,2024-03-01,,1.0|2,2024-01-01,,\"1.0\"|" },
    { "/v1/securities?where=price:1&attributes=price",
      FIXED ",price|3,2024-01-01,,1|" },
    { "/v1/securities?where=price:1.00", FIXED "|" },
    { "/v1/securities?where=c,d:true&attributes=sector",
      FIXED ",sector|3,2024-01-01,,|" },
    { "/v1/securities?where=note:null", FIXED "|" },
    { "/v1/securities?where=note:collidesWithThis",
      FIXED ",note|5,2024-01-01,,collidesWithThis|" },
    { "/v1/securities?where=note:DVDMSYDASftOUlab",
      FIXED ",note|6,2024-01-01,,DVDMSYDASftOUlab|" },

    /* Null, or never asserted. */
    { "/v1/securities?where=note&where=sector&attributes=price",
      FIXED ",price|3,2024-01-01,,1|" },
    { "/v1/securities?where=gone:1&where=sector", FIXED "|" },
    { "/v1/securities?where=gone&where=sector:Late",
      FIXED ",sector|4,2023-01-01,,Late|" },
    { "/v1/securities?where=gone:1&known_tx=3",
      FIXED ",gone,sector|4,2024-01-01,,1,Energy|" },

    /* Names with escapes, values without. */
    { "/v1/securities?where=a%5C:b:x:y,z%5C&attributes=a:b",
      FIXED ",a:b|3,2024-01-01,,\"x:y,z\\\"|" },
    { "/v1/securities?where=c%5C,d:true&attributes=c%5C,d,a%5C:b",
      FIXED ",\"c,d\",a:b|3,2024-01-01,,true,\"x:y,z\\\"|" },
    { "/v1/securities?where=e%5C%5Cf:&attributes=e%5C%5Cf",
      FIXED ",e\\f|3,2024-01-01,,\"\"|" },
    { "/v1/securities?where=e%5C%5Cf:x", FIXED "|" },

    /* Columns that were asked for, in that order, even without rows. */
    { "/v1/securities?attributes=sector,asset_class,note&where=price:1.0",
      FIXED ",sector,asset_class,note|1,2024-03-01,,Health,equity,|"
            "2,2024-01-01,,Energy,,|" },
    { "/v1/securities?attributes=sector,gone&as_of=2000-01-01",
      FIXED ",sector,gone|" },
    { "/v1/master?attributes=sector&to=2024-01-01",
      FIXED ",sector|4,2023-01-01,,Late|" },
    { "/v1/asset-classes/equity?attributes=note,price&from=2024-03-01",
      FIXED ",note,price|1,2024-03-01,,,1.0|" },

    /* Classes: the view's selection and its columns. */
    { "/v1/securities?asset_class=equity",
      FIXED ",asset_class,price,sector|1,2024-03-01,,equity,1.0,Health|" },
    { "/v1/master?asset_class=equity&to=2024-02-01",
      FIXED ",asset_class,sector|1,2024-01-01,2024-02-01,equity,Energy|" },
    { "/v1/asset-classes/equity?where=price:1.0&to=2024-03-01",
      FIXED ",asset_class,price,sector|"
            "1,2024-02-01,2024-03-01,equity,1.0,Energy|" },
    { "/v1/securities?asset_class=none&where=note",
      FIXED ",price,sector|2,2024-01-01,,\"1.0\",Energy|"
            "4,2023-01-01,,,Late|" },
    { "/v1/securities?asset_class=none&known_tx=0", FIXED "|" },
    { "/v1/securities?where=asset_class:none&attributes=price",
      FIXED ",price|3,2024-01-01,,1|" },
    { "/v1/securities?where=asset_class&where=note&attributes=price",
      FIXED ",price|2,2024-01-01,,\"1.0\"|4,2023-01-01,,|" },
    { "/v1/securities?asset_class=equity&where=sector:Energy", FIXED "|" },
    { "/v1/securities?asset_class=bond", FIXED "|" },
};

static void
expect_csv(struct asking *a, const char *target, const char *expected,
           const char *store)
{
    char with_format[512], body[4096];
    size_t len = 0;
    int status;

    (void)snprintf(with_format, sizeof with_format, "%s&format=csv", target);
    status = ask(a, with_format);
    for (const char *at = asking_text(a); *at != '\0'; at++) {
        cr_assert_lt(len, sizeof body - 1, "%s", target);
        if (*at != '\r')
            body[len++] = *at == '\n' ? '|' : *at;
    }
    body[len] = '\0';
    cr_expect_eq(status, 200, "%s, %s: %d %s", store, target, status, body);
    cr_expect_str_eq(body, expected, "%s, %s:\n  %s\n  %s", store, target, body,
                     expected);
}

Test(where, answers_are_these)
{
    for (enum store_kind s = 0; s < STORE_KINDS; s++) {
        struct asking_over over;

        asking_over_init(&over, s);
        load(&over.a);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
            expect_csv(&over.a, answers[i].target, answers[i].body, over.name);
        asking_over_fini(&over);
    }
}

Test(where, json_has_the_columns_without_rows)
{
    static const char *const targets[] = {
        "/v1/master?where=sector:nobody&attributes=sector,price",
        "/v1/securities?as_of=1999-01-01&attributes=sector,price",
        "/v1/asset-classes/nobody?attributes=sector,price",
    };
    struct asking a;

    asking_init(&a);
    load(&a);
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
        cr_expect_eq(ask(&a, targets[i]), 200, "%s", targets[i]);
        cr_expect_str_eq(asking_text(&a),
                         "{\"columns\":[\"security_id\","
                         "\"effective_start_date\",\"effective_end_date\","
                         "\"sector\",\"price\"],\"rows\":[],\"next_cursor\":"
                         "null}",
                         "%s: %s", targets[i], asking_text(&a));
    }
    asking_fini(&a);
}

static const struct {
    const char *target, *said; /* NULL: no handler was asked */
} refusals[] = {
    { "/v1/master?where=never:x", "nobody has asserted the attribute "
                                  "\\\"never\\\"" },
    { "/v1/master?where=never", "never" },
    { "/v1/master?where=:x", "nobody" },
    { "/v1/master?where=Sector:Energy", "Sector" },
    { "/v1/master?where=gone:1&known_tx=2", "by transaction 2 nobody" },
    { "/v1/master?where=sector:Energy&where=never:x", "never" },
    { "/v1/master?where=security_id:1", "security_id" },
    { "/v1/master?where=a:b:x", "\\\"a\\\"" },
    { "/v1/master?where=e%5Cf:", "backslash" },
    { "/v1/master?where=sector%5C", "backslash" },
    { "/v1/master?where=%5Csector:x", "backslash" },
    { "/v1/master?where=", NULL },
    { "/v1/master?where", NULL },
    { "/v1/master?attributes=never", "never" },
    { "/v1/master?attributes=sector,never", "never" },
    { "/v1/master?attributes=gone&known_tx=2", "gone" },
    { "/v1/master?attributes=sector,", "\\\"\\\"" },
    { "/v1/master?attributes=,sector", "\\\"\\\"" },
    { "/v1/master?attributes=sector,price,sector", "\\\"sector\\\" twice" },
    { "/v1/master?attributes=c,d", "\\\"c\\\"" },
    { "/v1/master?attributes=e%5Cf", "backslash" },
    { "/v1/master?attributes=sector%5C", "backslash" },
    { "/v1/master?attributes=security_id", "security_id is in every row" },
    { "/v1/master?attributes=sector,effective_start_date", "every row" },
    { "/v1/master?attributes=effective_end_date", "every row" },
    { "/v1/master?attributes=quantity", "quantity" },
    { "/v1/master?attributes=", NULL },
    { "/v1/master?attributes=sector&attributes=price", NULL },
    { "/v1/master?asset_class=", NULL },
    { "/v1/master?asset_class=a&asset_class=b", NULL },
    { "/v1/asset-classes/equity?asset_class=equity", NULL },
    { "/v1/asset-classes/equity?where=never:x", "never" },
    { "/v1/securities?where=never:x", "never" },
    { "/v1/securities?from=2024-01-01", NULL },
    { "/v1/asset-classes/equity?as_of=2024-01-01", NULL },
    { "/v1/securities/1?where=sector:Energy", NULL },
    { "/v1/securities/1?attributes=sector", NULL },
    { "/v1/securities/1/history?where=sector:Energy", NULL },
    { "/v1/asset-classes?where=sector:Energy", NULL },
};

Test(where, refusals_say_why)
{
    struct asking a;

    asking_init(&a);
    load(&a);
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        cr_expect_eq(ask(&a, refusals[i].target), 400, "%s",
                     refusals[i].target);
        if (refusals[i].said == NULL) {
            cr_expect_eq(a.response.status, 0, "%s", refusals[i].target);
            continue;
        }
        cr_expect_not_null(strstr(asking_text(&a), refusals[i].said), "%s: %s",
                           refusals[i].target, asking_text(&a));
        cr_expect_not_null(
            strstr(asking_text(&a), "/problems/malformed-parameter"), "%s: %s",
            refusals[i].target, asking_text(&a));
    }
    asking_fini(&a);
}

/* The cursor of the page just asked for, in a buffer; "": the last page. */
static void
copy_cursor(struct asking *a, char *to, size_t size)
{
    const char *found = strstr(asking_text(a), "\"next_cursor\":\"");

    to[0] = '\0';
    if (found == NULL)
        return;
    found += strlen("\"next_cursor\":\"");
    (void)snprintf(to, size, "%.*s", (int)strcspn(found, "\""), found);
}

Test(where, a_cursor_is_of_its_filters)
{
    static const char first[] = "/v1/master?where=sector:Energy"
                                "&where=price&attributes=price,sector";
    static const struct {
        const char *query;
        int status;
    } cases[] = {
        { "where=sector:Energy&where=price&attributes=price,sector", 200 },
        { "where=price&attributes=price,sector&where=sector:Energy", 200 },
        { "where=sector:Energy&attributes=price,sector", 400 },
        { "where=sector:Late&where=price&attributes=price,sector", 400 },
        { "where=sector:Energy&where=sector&attributes=price,sector", 400 },
        { "where=sector:Energy&where=price&attributes=sector,price", 400 },
        { "where=sector:Energy&where=price", 400 },
        { "where=sector:Energy&where=price&attributes=price,sector"
          "&asset_class=none",
          400 },
    };
    char target[512], cursor[64];
    struct asking a;

    asking_init(&a);
    load(&a);
    asking_facts(&a, FACT(9, "sector", "\"Energy\"", "2024-01-01"));
    (void)snprintf(target, sizeof target, "%s&limit=1", first);
    cr_assert_eq(ask(&a, target), 200, "%s", asking_text(&a));
    cr_expect_not_null(strstr(asking_text(&a), "\"security_id\":1,"));
    copy_cursor(&a, cursor, sizeof cursor);
    cr_assert_neq(cursor[0], '\0');
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)snprintf(target, sizeof target, "/v1/master?%s&cursor=%s",
                       cases[i].query, cursor);
        cr_expect_eq(ask(&a, target), cases[i].status, "%s", target);
        if (cases[i].status == 200)
            cr_expect_not_null(strstr(asking_text(&a), "\"security_id\":9,"),
                               "%s: %s", target, asking_text(&a));
    }
    asking_fini(&a);
}
