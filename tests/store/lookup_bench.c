/* What a lookup must show, and what it may. */
#include "tests/store/lookup_bench.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/candidates.h"
#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "tests/store/store_bench.h"

struct asserters {
    const struct lookup_range *range;
    struct candidates ids;
};

static enum visit
note_asserter(void *context, const struct record *record)
{
    struct asserters *asserters = context;
    struct str payload = record->payload;
    struct factset_item item;
    enum err err;

    while (factset_next(&payload, &item, &err)) {
        if (item.attribute != asserters->range->attribute ||
            !str_equal(item.value.text, asserters->range->text))
            continue;
        cr_assert_eq(candidates_add(&asserters->ids, record->security_id), OK);
        return VISIT_SKIP;
    }
    return VISIT_NEXT;
}

static enum visit
note_shown(void *context, int64_t security_id)
{
    struct asserters *shown = context;
    const struct candidates *ids = &shown->ids;

    cr_assert_geq(security_id, shown->range->first_security);
    cr_assert_leq(security_id, shown->range->last_security);
    cr_assert(ids->count == 0 || ids->ids[ids->count - 1] < security_id,
              "%" PRId64 " is out of order", security_id);
    cr_assert_eq(candidates_add(&shown->ids, security_id), OK);
    return VISIT_NEXT;
}

static void
begin_at(struct store *store, uint64_t known_tx, struct view *view)
{
    struct why why = { 0 };

    cr_assert_eq(store_view_begin(store, known_tx, view, &why), OK, "%s",
                 why.text);
}

/* Who asserted it, by what a scan of the model sees. */
static void
find_asserters(struct store *model, uint64_t known_tx,
               struct asserters *asserters)
{
    struct scan_range range = SCAN_ALL(RECORD_FACTS);
    struct view view;

    range.first_security = asserters->range->first_security;
    range.last_security = asserters->range->last_security;
    candidates_init(&asserters->ids);
    begin_at(model, known_tx, &view);
    cr_assert_eq(store_scan(&view, &range, note_asserter, asserters, NULL), OK);
    store_view_end(&view);
}

static bool
is_among(const struct candidates *candidates, int64_t id)
{
    size_t at = candidates_find(candidates, id);

    return at < candidates->count && candidates->ids[at] == id;
}

void
expect_lookup(struct store *store, struct store *model, uint64_t known_tx,
              const struct lookup_range *range, const char *row)
{
    struct asserters must = { range, { 0 } }, may = must, shown = must;
    struct why why = { 0 };
    struct view view;
    enum err err;

    find_asserters(model, known_tx, &must);
    find_asserters(model, KNOWN_NEWEST, &may);
    begin_at(store, known_tx, &view);
    err = store_lookup(&view, range, note_shown, &shown, &why);
    cr_assert_eq(err, OK, "%s: err %d: %s", row, (int)err, why.text);
    store_view_end(&view);
    for (size_t i = 0; i < must.ids.count; i++)
        cr_assert(is_among(&shown.ids, must.ids.ids[i]),
                  "%s: known_tx %" PRIu64 ", %.*s: %" PRId64 " is missing", row,
                  known_tx, (int)range->text.len, range->text.data,
                  must.ids.ids[i]);
    for (size_t i = 0;
         strcmp(store->ops->name, "lmdb") == 0 && i < shown.ids.count; i++)
        cr_assert(is_among(&may.ids, shown.ids.ids[i]),
                  "%s: known_tx %" PRIu64 ", %.*s: %" PRId64 " never said it",
                  row, known_tx, (int)range->text.len, range->text.data,
                  shown.ids.ids[i]);
    candidates_fini(&must.ids);
    candidates_fini(&may.ids);
    candidates_fini(&shown.ids);
}

/* Of several values at once: as long as each one's own. */
struct names_shown {
    struct candidates ids;
    size_t *names; /* by id */
    size_t capacity;
};

static enum visit
note_named(void *context, size_t name, int64_t security_id)
{
    struct names_shown *shown = context;

    if (shown->ids.count == shown->capacity) {
        shown->capacity = 2 * shown->capacity + 64;
        shown->names =
            reallocarray(shown->names, shown->capacity, sizeof(size_t));
        cr_assert_not_null(shown->names);
    }
    shown->names[shown->ids.count] = name;
    cr_assert_eq(candidates_add(&shown->ids, security_id), OK);
    return VISIT_NEXT;
}

static void
note_one_by_one(struct view *view, const struct lookup_names *names,
                struct names_shown *shown)
{
    for (size_t i = 0; i < names->count; i++) {
        struct asserters one = { 0 };
        struct lookup_range range =
            LOOKUP_ALL(names->attribute, names->texts[i]);

        if (i == 0)
            range.first_security = names->first_security;
        if (i == names->count - 1)
            range.last_security = names->last_security;
        one.range = &range;
        cr_assert_eq(store_lookup(view, &range, note_shown, &one, NULL), OK);
        for (size_t k = 0; k < one.ids.count; k++)
            (void)note_named(shown, i, one.ids.ids[k]);
        candidates_fini(&one.ids);
    }
}

static void
expect_names(struct store *store, uint64_t known_tx,
             const struct lookup_names *names, const char *row)
{
    struct names_shown together = { 0 }, apart = { 0 };
    struct why why = { 0 };
    struct view view;
    size_t i = 0;

    begin_at(store, known_tx, &view);
    cr_assert_eq(store_lookup_names(&view, names, note_named, &together, &why),
                 OK, "%s: %s", row, why.text);
    note_one_by_one(&view, names, &apart);
    store_view_end(&view);
    while (i < together.ids.count && i < apart.ids.count &&
           together.names[i] == apart.names[i] &&
           together.ids.ids[i] == apart.ids.ids[i])
        i++;
    cr_expect(i == together.ids.count && i == apart.ids.count,
              "%s: known_tx %" PRIu64 ", %zu values: apart from candidate %zu "
              "on, of %zu and %zu",
              row, known_tx, names->count, i, together.ids.count,
              apart.ids.count);
    candidates_fini(&together.ids);
    candidates_fini(&apart.ids);
    free(together.names);
    free(apart.names);
}

/* Behind each other by hash, as a store likes them best. */
static int
compare_hashes(const void *left, const void *right)
{
    uint64_t a = hash_xxh64(*(const struct str *)left);
    uint64_t b = hash_xxh64(*(const struct str *)right);

    return a < b ? -1 : a > b;
}

/* Some of so many values and others that nobody has, some of them twice, in
 * any order or in the best. */
static void
expect_many(struct store *store, uint64_t known_tx, int values, const char *row)
{
    enum { MANY = 60 };
    char bytes[MANY][16];
    struct str texts[MANY];
    struct lookup_names names = { .texts = texts,
                                  .count = (size_t)rand() % (MANY + 1),
                                  .last_security = INT64_MAX };

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(bytes[i], sizeof bytes[i],
                       rand() % 4 == 0 ? "%d?" : "%d", rand() % values);
        texts[i] = str_of(bytes[rand() % (i + 1)]);
    }
    if (rand() % 2 == 0)
        qsort(texts, MANY, sizeof texts[0], compare_hashes);
    if (rand() % 2 == 0)
        names.first_security = rand() % VALUED_SECURITIES;
    if (rand() % 2 == 0)
        names.last_security = rand() % VALUED_SECURITIES;
    expect_names(store, known_tx, &names, row);
}

void
expect_lookups(struct store *store, struct store *model, uint64_t known_tx,
               const char *row)
{
    for (int i = 0; i < 3; i++) {
        char text[RANDOM_VALUE_BYTES];
        struct lookup_range range = { .text = { text, 0 },
                                      .last_security = INT64_MAX };

        random_value(text, rand() % RANDOM_VALUES);
        range.text.len = strlen(text);
        if (i > 0) {
            range.first_security = rand() % 9;
            range.last_security = rand() % 9;
        }
        expect_lookup(store, model, known_tx, &range, row);
    }
}

void
maker_values(struct batch_maker *maker, uint64_t tx, int count, int values)
{
    maker_init(maker, tx, (int64_t)tx);
    if (tx == 1)
        maker_first_names(maker);
    for (int i = 0; i < count; i++) {
        char text[RANDOM_VALUE_BYTES];

        (void)snprintf(text, sizeof text, "%d",
                       i % 3 == 0 ? 0 : rand() % values);
        /* A day each keeps the keys of a batch apart. */
        maker_fact(maker, rand() % VALUED_SECURITIES, i, text);
    }
}

void
expect_values(struct store *store, struct store *model, uint64_t known_tx,
              int values, const char *row)
{
    for (int i = 0; i < 6; i++) {
        char text[RANDOM_VALUE_BYTES];
        struct lookup_range range = { .text = { text, 0 },
                                      .last_security = INT64_MAX };

        (void)snprintf(text, sizeof text, "%d", i < 3 ? 0 : rand() % values);
        range.text.len = strlen(text);
        if (i % 3 == 1)
            range.first_security = rand() % VALUED_SECURITIES;
        if (i % 3 == 2)
            range.last_security = rand() % VALUED_SECURITIES;
        expect_lookup(store, model, known_tx, &range, row);
    }
    expect_many(store, known_tx, values, row);
    expect_many(store, known_tx, values, row);
}
