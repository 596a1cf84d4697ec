/* What the socket promises of lookups, of every store that plugs into it. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "secmaster/factset.h"
#include "tests/store/store_bench.h"

/* A fact of source 0, in a record of its own. */
static void
put(struct batch_maker *maker, int64_t security, int32_t day,
    uint32_t attribute, struct value value)
{
    const struct factset_item item = { .attribute = attribute, .value = value };
    struct out payload;

    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    maker_record(maker, security, day, out_text(&payload));
    out_fini(&payload);
}

#define TEXT(text) ((struct value){ VALUE_STRING, STR(text) })
#define NUMBER(text) ((struct value){ VALUE_NUMBER, STR(text) })

static void
put_retraction(struct batch_maker *maker, int64_t security, int32_t day,
               uint32_t attribute)
{
    const struct factset_item item = { attribute, 0, FACT_RETRACT,
                                       VALUE_OF_NULL };
    struct out payload;

    out_init(&payload, SIZE_MAX);
    factset_put(&payload, &item);
    maker_record(maker, security, day, out_text(&payload));
    out_fini(&payload);
}

/* Attributes 0 "price", 1 "sector", 2 "note"; two transactions. */
static void
load(struct bench *bench)
{
    struct batch_maker maker;

    maker_init(&maker, 1, 1);
    maker_first_names(&maker);
    maker_name(&maker, NAMES_ATTRIBUTES, 1, "sector");
    maker_name(&maker, NAMES_ATTRIBUTES, 2, "note");
    put(&maker, INT64_MAX, 5, 1, TEXT("Energy"));
    put(&maker, 3, 5, 1, TEXT("Energy"));
    put(&maker, 3, 9, 1, TEXT("Energy"));
    put(&maker, 1, 5, 1, TEXT("Health"));
    put(&maker, 2, 5, 0, NUMBER("1.0"));
    put(&maker, 4, 5, 0, TEXT("1.0"));
    put(&maker, 5, 5, 0, NUMBER("1"));
    put(&maker, 6, 5, 2, VALUE_OF_TRUE);
    put(&maker, 7, 5, 2, VALUE_OF_NULL);
    put(&maker, 8, 5, 2, TEXT(""));
    put(&maker, 9, 5, 2, TEXT("a\\\\b\\u0001"));
    put(&maker, 10, 5, 2, TEXT("collidesWithThis"));
    put(&maker, 11, 5, 2, TEXT("DVDMSYDASftOUlab"));
    must_append(bench, &maker);
    maker_fini(&maker);

    maker_init(&maker, 2, 2);
    put(&maker, 0, 5, 1, TEXT("Energy"));
    put(&maker, 1, 4, 1, TEXT("Energy"));
    put_retraction(&maker, 3, 5, 1);
    put(&maker, 3, 10, 1, TEXT("Health"));
    must_append(bench, &maker);
    maker_fini(&maker);
}

/* Candidates as "1 2 3 ", and when to stop. */
struct shown {
    struct out text;
    int64_t last;
    size_t count, stop_at;
};

static enum visit
note(void *context, int64_t security_id)
{
    struct shown *shown = context;

    cr_assert_gt(security_id, shown->last, "ascending, each once");
    shown->last = security_id;
    out_print(&shown->text, " %" PRId64 " ", security_id);
    return ++shown->count == shown->stop_at ? VISIT_STOP : VISIT_NEXT;
}

static void
lookup(struct bench *bench, uint64_t known_tx, const struct lookup_range *range,
       struct shown *shown)
{
    struct view view;
    enum err err;

    shown->last = -1;
    shown->count = 0;
    out_init(&shown->text, SIZE_MAX);
    begin(bench, known_tx, &view);
    err = store_lookup(&view, range, note, shown, NULL);
    cr_expect_eq(err, OK, "lookup: err %d", (int)err);
    store_view_end(&view);
    out_char(&shown->text, '\0');
    cr_assert_eq(out_finish(&shown->text), OK);
}

/* Each of " 1  2 " stands in what was shown. */
static bool
has_all(const char *shown, const char *ids)
{
    char one[32];

    while (*ids != '\0') {
        size_t len = strcspn(ids + 1, " ") + 2;

        (void)snprintf(one, sizeof one, "%.*s", (int)len, ids);
        if (strstr(shown, one) == NULL)
            return false;
        ids += len;
    }
    return true;
}

static const struct {
    uint64_t known_tx;
    uint32_t attribute;
    const char *text;
    const char *must; /* be among those shown */
    const char *only; /* are shown where no value is taken for another's */
} cases[] = {
    { 2, 1, "Energy", " 0  1  3  9223372036854775807 ",
      " 0  1  3  9223372036854775807 " },
    { 1, 1, "Energy", " 3  9223372036854775807 ",
      " 0  1  3  9223372036854775807 " },
    { 0, 1, "Energy", "", " 0  1  3  9223372036854775807 " },
    { 2, 1, "Health", " 1  3 ", " 1  3 " },
    { 2, 1, "energy", "", "" },
    { 2, 1, "", "", "" },
    { 2, 0, "1.0", " 2  4 ", " 2  4 " },
    { 2, 0, "1", " 5 ", " 5 " },
    { 2, 0, "Energy", "", "" },
    { 2, 2, "true", " 6 ", " 6 " },
    { 2, 2, "null", "", "" },
    { 2, 2, "", " 8 ", " 8 " },
    { 2, 2, "a\\\\b\\u0001", " 9 ", " 9 " },
    { 2, 2, "collidesWithThis", " 10 ", " 10  11 " },
    { 2, 2, "DVDMSYDASftOUlab", " 11 ", " 10  11 " },
};

Test(store_lookup, misses_no_candidate)
{
    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        load(&bench);
        for (int round = 0; round < 2; round++) {
            for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct shown shown = { 0 };

                lookup(&bench, cases[i].known_tx,
                       &LOOKUP_ALL(cases[i].attribute, str_of(cases[i].text)),
                       &shown);
                cr_expect(has_all(shown.text.data, cases[i].must),
                          "%s, case %zu: %s", stores[s].name, i,
                          shown.text.data);
                out_fini(&shown.text);
            }
            stores[s].reopen(&bench);
        }
        stores[s].drop(&bench);
    }
}

/* The embedded one, which is the first, shows no more than one hash's. */
Test(store_lookup, shows_few_that_are_none)
{
    struct bench bench;

    stores[0].make(&bench);
    load(&bench);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct shown shown = { 0 };

        lookup(&bench, cases[i].known_tx,
               &LOOKUP_ALL(cases[i].attribute, str_of(cases[i].text)), &shown);
        cr_expect_str_eq(shown.text.data, cases[i].only, "case %zu: %s", i,
                         shown.text.data);
        out_fini(&shown.text);
    }
    stores[0].drop(&bench);
}

Test(store_lookup, keeps_to_its_range_and_stops)
{
    static const struct {
        int64_t first, last;
        size_t stop_at;
        const char *expected;
    } ranges[] = {
        { 0, INT64_MAX, 0, " 0  1  3  9223372036854775807 " },
        { 0, INT64_MAX, 2, " 0  1 " },
        { 1, 3, 0, " 1  3 " },
        { 2, 2, 0, "" },
        { 4, INT64_MAX - 1, 0, "" },
        { INT64_MAX, INT64_MAX, 0, " 9223372036854775807 " },
        { 3, 1, 0, "" },
    };

    for (size_t s = 0; s < STORES; s++) {
        struct bench bench;

        stores[s].make(&bench);
        load(&bench);
        for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
            const struct lookup_range range = { 1, STR("Energy"),
                                                ranges[i].first,
                                                ranges[i].last };
            struct shown shown = { .stop_at = ranges[i].stop_at };

            lookup(&bench, 2, &range, &shown);
            cr_expect_str_eq(shown.text.data, ranges[i].expected,
                             "%s, range %zu: %s", stores[s].name, i,
                             shown.text.data);
            out_fini(&shown.text);
        }
        stores[s].drop(&bench);
    }
}

static enum visit
note_place(void *context, size_t name, int64_t security_id)
{
    struct out *text = context;

    out_print(text, " %zu:%" PRId64 " ", name, security_id);
    return VISIT_NEXT;
}

static const struct {
    const char *texts[3];
    int64_t first;
    const char *expected;
} repeated[] = {
    { { "Health", "Health", "Energy" },
      2,
      " 0:3  1:1  1:3  2:0  2:1  2:3  2:9223372036854775807 " },
    { { "only 0", "only 0", "only 0" }, 0, " 0:0  1:0  2:0 " },
    { { "only 0", "only 0", "only 0" }, 1, " 1:0  2:0 " },
    { { "only 0", "nobody", "only 0" }, 0, " 0:0  2:0 " },
    { { "nobody", "nobody", "only 0" }, 0, " 2:0 " },
};

static void
expect_repeated(struct bench *bench, size_t row, const char *name)
{
    struct str texts[3];
    const struct lookup_names names = { 1, texts, 3, repeated[row].first,
                                        INT64_MAX };
    struct view view;
    struct out text;
    enum err err;

    for (size_t i = 0; i < 3; i++)
        texts[i] = str_of(repeated[row].texts[i]);
    out_init(&text, SIZE_MAX);
    begin(bench, 3, &view);
    err = store_lookup_names(&view, &names, note_place, &text, NULL);
    cr_expect_eq(err, OK, "%s, row %zu: err %d", name, row, (int)err);
    store_view_end(&view);
    out_char(&text, '\0');
    cr_assert_eq(out_finish(&text), OK);
    cr_expect_str_eq(text.data, repeated[row].expected, "%s, row %zu: %s", name,
                     row, text.data);
    out_fini(&text);
}

/* In memory, and once all of it is in the index. */
Test(store_lookup, shows_a_text_as_often_as_it_is_there)
{
    for (size_t s = 0; s < STORES; s++) {
        struct batch_maker maker;
        struct bench bench;

        stores[s].make(&bench);
        load(&bench);
        maker_init(&maker, 3, 3);
        put(&maker, 0, 5, 1, TEXT("only 0"));
        must_append(&bench, &maker);
        maker_fini(&maker);
        for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++)
            expect_repeated(&bench, i, stores[s].name);
        if (strcmp(bench.store->ops->name, "lmdb") == 0)
            must_reindex(&bench);
        for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++)
            expect_repeated(&bench, i, stores[s].name);
        stores[s].drop(&bench);
    }
}
