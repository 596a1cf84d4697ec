/* Who bears a text, of many texts at once: as they are found one by one, and
 * as a fold of everything has them. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/bearers.h"
#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "secmaster/store_lmdb.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"
#include "tests/support/temp_dir.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    SECURITIES = 50,
    DAYS = 40,
    BATCHES = 6,
    BATCH = 400,
    NAMES_ASKED = 120,
    SPANS_MAX = 4000,
};

#define LONG "a name that is longer than what is kept of any, again and again "

/* As they are asked for. Two have one hash. */
static const char *const texts[] = {
    "",
    "A",
    "AA",
    "A\"B",
    "A\\B",
    "A\nB",
    "12",
    "12.0",
    "true",
    "null",
    "\xc3\xa9",
    "collidesWithThis",
    "DVDMSYDASftOUlab",
    LONG LONG LONG LONG LONG "1",
    LONG LONG LONG LONG LONG "2",
    LONG LONG LONG LONG LONG,
    "nobody",
    "nobody either",
    "T1",
    "T2",
    "T3",
};
enum { BORNE = COUNT(texts) };

static bool
is_borne(size_t text)
{
    return strncmp(texts[text], "nobody", 6) != 0;
}

/* A fact of attribute 0 that is at random: mostly one of the texts, as a
 * string or as what is written so; sometimes null, or taken back. */
static void
put_fact(struct batch_maker *maker, int64_t security, int32_t day)
{
    struct factset_item item = { .value = VALUE_OF_NULL };
    size_t text = (size_t)rand() % BORNE;
    struct out payload, escaped;

    out_init(&payload, SIZE_MAX);
    out_init(&escaped, SIZE_MAX);
    value_escape(&escaped, str_of(texts[text]));
    item.attribute = rand() % 8 == 0;
    item.op = rand() % 10 == 0 ? FACT_RETRACT : FACT_ASSERT;
    if (item.op == FACT_ASSERT && is_borne(text) && rand() % 10 > 0)
        item.value = (struct value){ VALUE_STRING, out_text(&escaped) };
    if (item.value.type == VALUE_STRING && value_is_number(item.value.text) &&
        rand() % 2 == 0)
        item.value.type = VALUE_NUMBER;
    if (item.value.type == VALUE_STRING &&
        str_equal(item.value.text, STR("true")) && rand() % 2 == 0)
        item.value = VALUE_OF_TRUE;
    factset_put(&payload, &item);
    maker_record(maker, security, day, out_text(&payload));
    out_fini(&payload);
    out_fini(&escaped);
}

/* A record a security and day: days go round. */
static void
append(struct store *store, uint64_t tx)
{
    struct batch_maker maker;
    struct why why = { 0 };

    maker_init(&maker, tx, (int64_t)tx);
    if (tx == 1) {
        maker_first_names(&maker);
        maker_name(&maker, NAMES_ATTRIBUTES, 1, "other");
    }
    for (int i = 0; i < BATCH; i++)
        put_fact(&maker, (int64_t)i % SECURITIES,
                 (int32_t)(tx * 7 + (uint64_t)i / SECURITIES * 5) % DAYS);
    cr_assert_eq(maker_append(store, &maker, &why), OK, "%s", why.text);
    maker_fini(&maker);
}

/* What a fold of everything says of one text. */
struct expected {
    struct str text, escaped;
    struct window window;
    struct bearing spans[SPANS_MAX];
    size_t count;
};

static enum visit
expect_row(void *context, const struct row *row)
{
    struct expected *expected = context;
    struct bearing *last =
        expected->count == 0 ? NULL : &expected->spans[expected->count - 1];
    bool is_any = false;

    for (size_t i = 0; i < row->cell_count; i++)
        is_any = is_any || (row->cells[i].attribute == 0 &&
                            value_is_text(row->cells[i].value, expected->text,
                                          expected->escaped));
    if (!is_any)
        return VISIT_NEXT;
    if (last != NULL && last->security_id == row->security_id &&
        last->end.days == row->start.days) {
        last->end = row->end;
        return VISIT_NEXT;
    }
    cr_assert_lt(expected->count, SPANS_MAX);
    expected->spans[expected->count++] =
        (struct bearing){ row->security_id, row->start, row->end };
    return VISIT_NEXT;
}

static void
fold_all(struct view *view, struct expected *expected)
{
    struct timeline *timeline =
        timeline_new(0, expected->window,
                     rulebook_precedence(view->store->rules, view->known_tx),
                     expect_row, expected);

    expected->count = 0;
    cr_assert_eq(store_scan(view, &SCAN_ALL(RECORD_FACTS), timeline_record,
                            timeline, NULL),
                 OK);
    cr_assert_eq(timeline_finish(timeline), OK);
    timeline_free(timeline);
}

/* What is within the window: no more is promised. */
static struct bearing
clamp(const struct expected *expected, struct bearing span)
{
    if (span.start.days < expected->window.from.days)
        span.start = expected->window.from;
    if (span.end.days > expected->window.to.days)
        span.end = expected->window.to;
    return span;
}

static void
expect_spans(const struct bearers *bearers, const struct expected *expected,
             const char *row)
{
    cr_assert_eq(bearers->span_count, expected->count,
                 "%s, \"%.*s\": %zu spans, not %zu", row,
                 STR_ARG(expected->text), bearers->span_count, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        const struct bearing got = clamp(expected, bearers->spans[i]);
        const struct bearing want = clamp(expected, expected->spans[i]);

        cr_expect(got.security_id == want.security_id &&
                      got.start.days == want.start.days &&
                      got.end.days == want.end.days,
                  "%s, \"%.*s\", span %zu: %" PRId64 " from %d to %d", row,
                  STR_ARG(expected->text), i, got.security_id, got.start.days,
                  got.end.days);
    }
}

/* Each day's count and bearer, by the spans. */
static void
expect_days(const struct bearers *bearers, const struct expected *expected,
            const char *row)
{
    const struct window window = expected->window;
    const int32_t first = window.from.days > -9 ? window.from.days : -9;

    for (int32_t day = first; day < window.to.days && day < DAYS + 9; day++) {
        int64_t bearer = -1, got = -1;
        unsigned count = 0;

        for (size_t i = 0; i < expected->count; i++) {
            const struct bearing *span = &expected->spans[i];

            if (span->start.days > day || span->end.days <= day)
                continue;
            bearer = span->security_id;
            count += count < 2;
        }
        cr_assert_eq(bearers_on(bearers, (struct date){ day }, &got), count,
                     "%s, \"%.*s\", day %d", row, STR_ARG(expected->text), day);
        if (count == 1)
            cr_expect_eq(got, bearer, "%s, \"%.*s\", day %d", row,
                         STR_ARG(expected->text), day);
    }
}

struct asked {
    struct str names[NAMES_ASKED];
    unsigned shown[NAMES_ASKED];
    size_t count;
    struct expected *expected; /* by text */
    const char *row;
};

static const struct expected *
expected_of(const struct asked *asked, struct str name)
{
    size_t i = 0;

    while (!str_equal(asked->expected[i].text, name))
        i++;
    return &asked->expected[i];
}

static enum visit
visit(void *context, const struct bearers *bearers, size_t name)
{
    struct asked *asked = context;
    const struct expected *expected;

    cr_assert_lt(name, asked->count, "%s", asked->row);
    asked->shown[name]++;
    expected = expected_of(asked, asked->names[name]);
    expect_spans(bearers, expected, asked->row);
    expect_days(bearers, expected, asked->row);
    return VISIT_NEXT;
}

/* Names at random, some of them more than once. */
static void
ask(struct bearers *bearers, struct asked *asked, size_t count)
{
    const struct bearers_names names = { asked->names, count };
    struct why why = { 0 };

    asked->count = count;
    memset(asked->shown, 0, sizeof asked->shown);
    for (size_t i = 0; i < count; i++)
        asked->names[i] = asked->expected[(size_t)rand() % COUNT(texts)].text;
    cr_assert_eq(bearers_find_all(bearers, &names, visit, asked, &why), OK,
                 "%s: %s", asked->row, why.text);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(asked->shown[i], 1, "%s: name %zu is shown %u times",
                     asked->row, i, asked->shown[i]);
}

static void
expect_all(struct store *store, uint64_t known_tx, struct window window,
           const char *row)
{
    static struct expected expected[COUNT(texts)];
    static struct asked asked;
    struct out escaped[COUNT(texts)];
    struct bearers bearers;
    struct view view;

    asked.expected = expected;
    asked.row = row;
    cr_assert_eq(store_view_begin(store, known_tx, &view, NULL), OK);
    cr_assert_eq(bearers_init(&bearers, &view, 0, window), OK);
    for (size_t i = 0; i < COUNT(texts); i++) {
        out_init(&escaped[i], SIZE_MAX);
        value_escape(&escaped[i], str_of(texts[i]));
        expected[i].text = str_of(texts[i]);
        expected[i].escaped = out_text(&escaped[i]);
        expected[i].window = window;
        fold_all(&view, &expected[i]);
        cr_assert_eq(bearers_find(&bearers, expected[i].text, NULL), OK);
        expect_spans(&bearers, &expected[i], row);
        expect_days(&bearers, &expected[i], row);
    }
    ask(&bearers, &asked, NAMES_ASKED);
    ask(&bearers, &asked, 7);
    ask(&bearers, &asked, 1);
    ask(&bearers, &asked, 0);
    bearers_fini(&bearers);
    store_view_end(&view);
    for (size_t i = 0; i < COUNT(texts); i++)
        out_fini(&escaped[i]);
}

static void
expect_windows(struct store *store, const char *row)
{
    static const struct window windows[] = {
        { { DATE_FIRST_DAYS }, { DATE_OPEN_DAYS } },
        { { 11 }, { 23 } },
        { { DAYS }, { DAYS + 1 } },
        { { -5 }, { -4 } },
    };

    for (size_t i = 0; i < COUNT(windows); i++) {
        char text[64];

        (void)snprintf(text, sizeof text, "%s, window %zu", row, i);
        expect_all(store, KNOWN_NEWEST, windows[i], text);
        expect_all(store, BATCHES / 2, windows[i], text);
    }
}

Test(bearers, of_many_texts_are_those_of_each)
{
    struct store_lmdb_options options = { .memtable_bytes = 64UL << 20 };
    struct store *store, *memory = store_memory_new();
    struct temp_dir dir;

    temp_dir_make(&dir);
    options.dir = dir.path;
    for (int stage = 0; stage < 3; stage++) {
        static const char *const names[] = { "in memory", "on disk", "both" };

        cr_assert_eq(store_lmdb_open(&options, &store, NULL), OK);
        for (uint64_t tx = 1; tx <= BATCHES && stage != 1; tx++) {
            srand((unsigned)tx + (stage == 0 ? 0U : 100U));
            append(store, stage == 0 ? tx : tx + BATCHES);
            srand((unsigned)tx + (stage == 0 ? 0U : 100U));
            append(memory, stage == 0 ? tx : tx + BATCHES);
        }
        expect_windows(store, names[stage]);
        if (stage == 2)
            expect_windows(memory, "a store of its own");
        store_close(store);
        if (stage == 0)
            cr_assert_eq(store_lmdb_reindex(&options, NULL, NULL), OK);
    }
    store_close(memory);
    temp_dir_remove(&dir);
}

static enum visit
stop(void *context, const struct bearers *bearers, size_t name)
{
    (void)bearers;
    (void)name;
    ++*(size_t *)context;
    return VISIT_STOP;
}

static enum visit
count_nobody(void *context, const struct bearers *bearers, size_t name)
{
    (void)name;
    cr_expect_eq(bearers->span_count, 0);
    cr_expect_eq(bearers->count, 0);
    ++*(size_t *)context;
    return VISIT_NEXT;
}

Test(bearers, end_where_the_visitor_stops_and_need_no_attribute)
{
    const struct str texts_of_three[] = { STR("A"), STR("A"), STR("T1") };
    const struct bearers_names names = { texts_of_three, 3 };
    struct store *store = store_memory_new();
    struct bearers bearers;
    struct view view;
    size_t shown = 0;

    append(store, 1);
    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_assert_eq(bearers_init(&bearers, &view, 0, WINDOW_ALL), OK);
    cr_assert_eq(bearers_find_all(&bearers, &names, stop, &shown, NULL), OK);
    cr_expect_eq(shown, 1, "%zu", shown);
    bearers_fini(&bearers);

    shown = 0;
    cr_assert_eq(bearers_init(&bearers, &view, NAME_NONE, WINDOW_ALL), OK);
    cr_assert_eq(bearers_find_all(&bearers, &names, count_nobody, &shown, NULL),
                 OK);
    cr_expect_eq(shown, 3, "%zu", shown);
    bearers_fini(&bearers);
    store_view_end(&view);
    store_close(store);
}
