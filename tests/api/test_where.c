/* Filters and projections: which rows, which columns, which refusals; and
 * random ones against a scan of everything, over both stores. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/reading.h"
#include "secmaster/bounds.h"
#include "secmaster/store_lmdb.h"
#include "tests/api/asking.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define FACT(id, name, value, date)                                            \
    "{\"security_id\":" #id ",\"attribute\":\"" name "\",\"value\":" value     \
    ",\"effective_date\":\"" date "\"}\n"
#define RETRACT(id, name, date)                                                \
    "{\"security_id\":" #id ",\"attribute\":\"" name                           \
    "\",\"op\":\"retract\",\"effective_date\":\"" date "\"}\n"

/* In memory, on disk, and on disk with memtables of a batch or two. */
enum { MEMORY, LMDB, MERGING, STORES };
static const char *const store_names[STORES] = { "memory", "lmdb", "merging" };

/* A service over each kind of store in turn. */
struct bench {
    struct asking a;
    struct temp_dir dir;
    bool has_dir;
    const char *name;
};

static void
bench_init(struct bench *bench, size_t store_index)
{
    struct store_lmdb_options options = { 0 };
    struct store *store;

    bench->has_dir = store_index != MEMORY;
    bench->name = store_names[store_index];
    if (!bench->has_dir) {
        asking_init(&bench->a);
        return;
    }
    temp_dir_make(&bench->dir);
    options.dir = bench->dir.path;
    options.memtable_bytes = store_index == MERGING ? 3000 : 0;
    cr_assert_eq(store_lmdb_open(&options, &store, NULL), OK);
    asking_init_on(&bench->a, store);
}

static void
bench_fini(struct bench *bench)
{
    asking_fini(&bench->a);
    if (bench->has_dir)
        temp_dir_remove(&bench->dir);
}

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
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        bench_init(&bench, s);
        load(&bench.a);
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
            expect_csv(&bench.a, answers[i].target, answers[i].body,
                       bench.name);
        bench_fini(&bench);
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

/* Random facts and filters. */

enum { SECURITIES = 12, ATTRIBUTES = 4, TRANSACTIONS = 30 };

static const char *const attributes[ATTRIBUTES] = { "asset_class", "ticker",
                                                    "alpha", "beta" };

/* As JSON, and as what a filter says of it; NULL: of no value. */
static const struct {
    const char *json, *text;
} values[] = {
    { "\"A\"", "A" },
    { "\"B\"", "B" },
    { "null", NULL },
    { "1", "1" },
    { "1.0", "1.0" },
    { "\"1\"", "1" },
    { "true", "true" },
    { "\"true\"", "true" },
    { "\"\"", "" },
    { "\"none\"", "none" },
    { "\"q\\\"\\\\\"", "q\"\\" },
    { "\"collidesWithThis\"", "collidesWithThis" },
    { "\"DVDMSYDASftOUlab\"", "DVDMSYDASftOUlab" },
};
enum { VALUES = sizeof values / sizeof values[0] };

/* What can be withdrawn, by the parts of a key. */
static bool live[SECURITIES][ATTRIBUTES][8][2];

/* One batch of facts, late ones and retractions among them. */
static void
post_random(struct asking *a)
{
    static const char *const sources[] = { "default", "b" };
    struct out lines;
    int count = 1 + rand() % 12;

    out_init(&lines, SIZE_MAX);
    for (int i = 0; i < count; i++) {
        int security = rand() % SECURITIES, attribute = rand() % ATTRIBUTES;
        int day = rand() % 8, source = rand() % 2;
        bool *is_live = &live[security][attribute][day][source];
        bool retracts = *is_live && rand() % 2 == 0;

        out_print(&lines,
                  "{\"security_id\":%d,\"attribute\":\"%s\",\"source\":\"%s\","
                  "\"effective_date\":\"2024-01-%02d\",",
                  security, attributes[attribute], sources[source], 1 + day);
        if (retracts)
            out_print(&lines, "\"op\":\"retract\"}\n");
        else
            out_print(&lines, "\"value\":%s}\n", values[rand() % VALUES].json);
        *is_live = !retracts;
    }
    out_char(&lines, '\0');
    cr_assert_eq(out_finish(&lines), OK);
    asking_facts(a, lines.data);
    out_fini(&lines);
}

/* A request as the query says it, and as the reference does. */
struct ask {
    struct {
        int attribute;
        const char *text; /* NULL: null or never asserted */
    } conditions[4];
    int count;
    bool is_class_view;
    const char *route;
    uint64_t known_tx;
    struct window window;
    struct out query;
};

static void
put_value(struct out *out, const char *text)
{
    for (; *text != '\0'; text++)
        out_print(out, "%%%02X", (unsigned char)*text);
}

static bool
is_asserted(struct asking *a, int attribute, uint64_t known_tx)
{
    const struct names *names = a->service.store->attributes;
    uint32_t id = names_find(names, str_of(attributes[attribute]));

    return id != NAME_NONE && names_first_assertion(names, id) <= known_tx;
}

static void
add_condition(struct ask *ask, int attribute, const char *text)
{
    ask->conditions[ask->count].attribute = attribute;
    ask->conditions[ask->count++].text = text;
}

static void
add_class(struct ask *ask)
{
    const char *text = values[rand() % VALUES].text;

    ask->is_class_view = true;
    if (text == NULL || *text == '\0')
        text = "none";
    add_condition(ask, 0, strcmp(text, "none") == 0 ? NULL : text);
    out_str(&ask->query, STR("&asset_class="));
    put_value(&ask->query, text);
}

static void
make_ask(struct ask *ask, struct asking *a, uint64_t known_tx)
{
    static const char *const routes[] = { "master", "securities" };
    int day = rand() % 9, conditions = rand() % 3;

    *ask = (struct ask){ .route = routes[rand() % 2], .known_tx = known_tx };
    out_init(&ask->query, SIZE_MAX);
    out_print(&ask->query, "/v1/%s?format=ndjson&known_tx=%llu", ask->route,
              (unsigned long long)known_tx);
    ask->window = WINDOW_ALL;
    if (ask->route == routes[1]) {
        ask->window.from.days = 19723 + day; /* 2024-01-01 */
        ask->window.to.days = ask->window.from.days + 1;
        out_print(&ask->query, "&as_of=2024-01-%02d", 1 + day);
    } else if (rand() % 2 == 0) {
        ask->window.from.days = 19723 + day;
        out_print(&ask->query, "&from=2024-01-%02d", 1 + day);
    }
    if (rand() % 3 == 0)
        add_class(ask);
    for (int i = 0; i < conditions; i++) {
        int attribute = rand() % ATTRIBUTES;
        const char *text = values[rand() % VALUES].text;

        if (!is_asserted(a, attribute, known_tx))
            continue;
        add_condition(ask, attribute, text);
        out_print(&ask->query, "&where=%s%s", attributes[attribute],
                  text == NULL ? "" : ":");
        if (text != NULL)
            put_value(&ask->query, text);
    }
    out_char(&ask->query, '\0');
    cr_assert_eq(out_finish(&ask->query), OK);
}

/* The reference: every row there is, looked at one by one. */
struct reference {
    const struct ask *ask;
    const struct names *names;
    bool is_column[ATTRIBUTES];
    bool prints; /* else: finds the columns */
    struct out out;
};

static struct value
cell_of(const struct reference *reference, const struct row *row, int attribute,
        bool *is_there)
{
    struct str name = str_of(attributes[attribute]);

    for (size_t i = 0; i < row->cell_count; i++) {
        if (str_equal(names_text(reference->names, row->cells[i].attribute),
                      name)) {
            *is_there = true;
            return row->cells[i].value;
        }
    }
    *is_there = false;
    return VALUE_OF_NULL;
}

/* Whether a value is what a filter calls by text. */
static bool
is_called(struct value value, const char *text)
{
    struct out plain;
    bool is_same;

    if (value.type == VALUE_NULL || text == NULL)
        return value.type == VALUE_NULL && text == NULL;
    if (value.type != VALUE_STRING)
        return str_equal(value.text, str_of(text));
    out_init(&plain, SIZE_MAX);
    value_unescape(&plain, value.text);
    is_same = str_equal(out_text(&plain), str_of(text));
    out_fini(&plain);
    return is_same;
}

static enum visit
refer(void *context, const struct row *row)
{
    struct reference *reference = context;
    const struct ask *ask = reference->ask;
    struct out *out = &reference->out;
    bool is_there;

    for (int i = 0; i < ask->count; i++)
        if (!is_called(cell_of(reference, row, ask->conditions[i].attribute,
                               &is_there),
                       ask->conditions[i].text))
            return VISIT_NEXT;
    if (reference->prints) {
        out_print(out, "{\"security_id\":%lld,\"effective_start_date\":\"",
                  (long long)row->security_id);
        out_date(out, row->start);
        out_str(out, STR("\",\"effective_end_date\":"));
        if (row->end.days == DATE_OPEN_DAYS) {
            out_str(out, STR("null"));
        } else {
            out_char(out, '"');
            out_date(out, row->end);
            out_char(out, '"');
        }
    }
    for (int i = 0; i < ATTRIBUTES; i++) {
        struct value value = cell_of(reference, row, i, &is_there);

        if (!reference->prints) {
            reference->is_column[i] |=
                is_there && (!ask->is_class_view || value.type != VALUE_NULL);
        } else if (reference->is_column[i]) {
            out_print(out, ",\"%s\":", attributes[i]);
            value_json(out, value);
        }
    }
    if (reference->prints)
        out_str(out, STR("}\n"));
    return VISIT_NEXT;
}

static void
compare(struct bench *bench, const struct ask *wanted, unsigned seed)
{
    struct reading all = reading_all(bench->a.service.store, wanted->known_tx);
    struct reference reference = {
        .ask = wanted,
        .names = bench->a.service.store->attributes,
    };
    struct column_memory *memory = bench->a.service.column_memory;

    all.window = wanted->window;
    out_init(&reference.out, SIZE_MAX);
    for (int pass = 0; pass < 2; pass++) {
        struct turn turn = TURN_WHOLE(0);

        reference.prints = pass == 1;
        cr_assert_eq(reading_rows(&all, &turn, refer, &reference, NULL), OK);
    }
    out_char(&reference.out, '\0');
    cr_assert_eq(out_finish(&reference.out), OK);
    for (int times = 0; times < 3; times++) {
        /* Perhaps remembered, surely so where they were read, and not. */
        bench->a.service.column_memory = times < 2 ? memory : NULL;
        cr_assert_eq(ask(&bench->a, wanted->query.data), 200, "%s, seed %u: %s",
                     bench->name, seed, wanted->query.data);
        cr_expect_str_eq(asking_text(&bench->a), reference.out.data,
                         "%s, seed %u, time %d: %s\n%s\n%s", bench->name, seed,
                         times, wanted->query.data, asking_text(&bench->a),
                         reference.out.data);
    }
    bench->a.service.column_memory = memory;
    out_fini(&reference.out);
}

/* At every transaction up to the newest. */
static void
compare_all(struct bench *bench, uint64_t newest, int times, unsigned seed)
{
    for (uint64_t tx = 0; tx <= newest; tx++) {
        for (int i = 0; i < times; i++) {
            struct ask ask;

            make_ask(&ask, &bench->a, tx);
            compare(bench, &ask, seed);
            out_fini(&ask.query);
        }
    }
}

static void
expect_remembered(struct bench *bench)
{
    struct column_figures figures;

    column_memory_figures(bench->a.service.column_memory, &figures);
    cr_expect_gt(figures.passes, COLUMN_TABLES_MAX, "%d", (int)figures.passes);
    cr_expect_gt(figures.recalls, figures.passes, "%d", (int)figures.recalls);
}

static void
expect_merged(struct bench *bench)
{
    struct store_health health;

    store_health(bench->a.service.store, &health);
    cr_expect_gt(health.merged_tx, TRANSACTIONS / 2, "%d",
                 (int)health.merged_tx);
}

Test(where, is_as_a_scan_of_everything)
{
    for (size_t s = 0; s < STORES; s++) {
        for (unsigned seed = 1; seed <= 3; seed++) {
            struct bench bench;

            srand(seed);
            memset(live, 0, sizeof live);
            bench_init(&bench, s);
            for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
                post_random(&bench.a);
                compare_all(&bench, tx, tx == TRANSACTIONS ? 20 : 1, seed);
            }
            expect_remembered(&bench);
            if (s == MERGING)
                expect_merged(&bench);
            bench_fini(&bench);
        }
    }
}
