/* Random filters and projections over random facts, against a scan of
 * everything, over each kind of store. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/column_memory.h"
#include "api/reading.h"
#include "secmaster/bounds.h"
#include "tests/api/asking_over.h"

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
compare(struct asking_over *over, const struct ask *wanted, unsigned seed)
{
    struct reading all = reading_all(over->a.service.store, wanted->known_tx);
    struct reference reference = {
        .ask = wanted,
        .names = over->a.service.store->attributes,
    };
    struct column_memory *memory = over->a.service.column_memory;

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
        over->a.service.column_memory = times < 2 ? memory : NULL;
        cr_assert_eq(ask(&over->a, wanted->query.data), 200, "%s, seed %u: %s",
                     over->name, seed, wanted->query.data);
        cr_expect_str_eq(asking_text(&over->a), reference.out.data,
                         "%s, seed %u, time %d: %s\n%s\n%s", over->name, seed,
                         times, wanted->query.data, asking_text(&over->a),
                         reference.out.data);
    }
    over->a.service.column_memory = memory;
    out_fini(&reference.out);
}

/* At every transaction up to the newest. */
static void
compare_all(struct asking_over *over, uint64_t newest, int times, unsigned seed)
{
    for (uint64_t tx = 0; tx <= newest; tx++) {
        for (int i = 0; i < times; i++) {
            struct ask ask;

            make_ask(&ask, &over->a, tx);
            compare(over, &ask, seed);
            out_fini(&ask.query);
        }
    }
}

static void
expect_remembered(struct asking_over *over)
{
    struct column_figures figures;

    column_memory_figures(over->a.service.column_memory, &figures);
    cr_expect_gt(figures.passes, COLUMN_TABLES_MAX, "%d", (int)figures.passes);
    cr_expect_gt(figures.recalls, figures.passes, "%d", (int)figures.recalls);
}

static void
expect_merged(struct asking_over *over)
{
    struct store_health health;

    store_health(over->a.service.store, &health);
    cr_expect_gt(health.merged_tx, TRANSACTIONS / 2, "%d",
                 (int)health.merged_tx);
}

Test(where, is_as_a_scan_of_everything)
{
    for (enum store_kind s = 0; s < STORE_KINDS; s++) {
        for (unsigned seed = 1; seed <= 3; seed++) {
            struct asking_over over;

            srand(seed);
            memset(live, 0, sizeof live);
            asking_over_init(&over, s);
            for (uint64_t tx = 1; tx <= TRANSACTIONS; tx++) {
                post_random(&over.a);
                compare_all(&over, tx, tx == TRANSACTIONS ? 20 : 1, seed);
            }
            expect_remembered(&over);
            if (s == STORE_MERGING)
                expect_merged(&over);
            asking_over_fini(&over);
        }
    }
}
