/* Candidates of several conditions, a window at a time, over a store that
 * makes them up. */
#include <criterion/criterion.h>

#include "api/reading.h"
#include "secmaster/bounds.h"

/* Securities 0 .. SECURITIES - 1 have one record each, of one fact; the
 * multiples of attribute + 2 are an attribute's candidates. */
enum { SECURITIES = 5 * (1 << 20) };

static size_t lookups;

static enum err
fake_lookup(struct view *view, const struct lookup_names *names,
            name_visitor *visitor, void *context, struct why *why)
{
    int64_t step = names->attribute + 2;
    int64_t id = (names->first_security + step - 1) / step * step;

    (void)view;
    lookups++;
    cr_assert_eq(names->count, 1);
    if (str_equal(names->texts[0], STR("broken")))
        return why_set(why, ERR_STORE, "broken");
    for (; id < SECURITIES && id <= names->last_security; id += step)
        if (visitor(context, 0, id) == VISIT_STOP)
            break;
    return OK;
}

static enum err
fake_scan(struct view *view, const struct scan_range *range,
          record_visitor *visitor, void *context, struct why *why)
{
    struct record record = { .kind = RECORD_FACTS, .tx = 1 };

    (void)view;
    (void)why;
    /* Attribute 0 is the string "x". */
    record.payload = STR("\x04\0\x01x");
    for (int64_t id = range->first_security;
         id < SECURITIES && id <= range->last_security; id++) {
        record.security_id = id;
        if (visitor(context, &record) == VISIT_STOP)
            break;
    }
    return OK;
}

static enum err
fake_begin(struct view *view, struct why *why)
{
    (void)view;
    (void)why;
    return OK;
}

static void
fake_end(struct view *view)
{
    (void)view;
}

static const struct store_ops ops = {
    .name = "fake",
    .view_begin = fake_begin,
    .view_end = fake_end,
    .scan = fake_scan,
    .lookup = fake_lookup,
};

static void
make(struct store *store)
{
    *store = (struct store){ .ops = &ops, .attributes = names_new(0) };
    cr_assert_eq(names_add(store->attributes, STR("a")), OK);
    cr_assert_eq(names_add(store->attributes, STR("b")), OK);
    cr_assert_eq(names_add(store->attributes, STR("c")), OK);
    store->published_tx = 1;
    lookups = 0;
}

static struct condition
equality(uint32_t attribute, struct str text)
{
    return (struct condition){ attribute, false, text, text };
}

static const struct condition null = { .attribute = 0, .is_null = true };

/* Walk all windows; every id must be a multiple of step. */
static void
expect_multiples(struct store *store, const struct selection *selection,
                 int64_t step, const char *row)
{
    struct view view = { .store = store };
    struct picks picks;
    int64_t expected = 0, from = 0;

    picks_init(&picks);
    while (from < SECURITIES) {
        cr_assert_eq(picks_cover(&picks, selection, &view, from, NULL), OK);
        cr_assert_leq(picks.from, from, "%s", row);
        cr_assert_geq(picks.to, from, "%s", row);
        cr_assert_leq(picks.ids.count, CANDIDATES_MAX, "%s", row);
        for (size_t i = 0; i < picks.ids.count; i++) {
            cr_assert_eq(picks.ids.ids[i], expected, "%s: %lld, not %lld", row,
                         (long long)picks.ids.ids[i], (long long)expected);
            expected += step;
        }
        if (picks.to == INT64_MAX)
            break;
        from = picks.to + 1;
    }
    cr_expect_geq(expected, SECURITIES, "%s: up to %lld", row,
                  (long long)expected);
    picks_fini(&picks);
}

Test(selection, picks_are_what_all_equalities_share)
{
    const struct condition conditions[] = {
        equality(0, STR("x")),       /* of 2 */
        equality(1, STR("x")),       /* of 3 */
        null, equality(2, STR("x")), /* of 4 */
    };
    static const struct {
        const char *name;
        size_t first, count;
        int64_t step;
    } cases[] = {
        { "one", 0, 1, 2 },
        { "another", 1, 1, 3 },
        { "two", 0, 2, 6 },
        { "beside null", 1, 2, 3 },
        { "three and null", 0, 4, 12 },
        { "null first", 2, 2, 4 },
    };
    struct store store;

    make(&store);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct selection selection = { conditions + cases[i].first,
                                             cases[i].count };

        cr_expect(picks_are_few(&selection), "%s", cases[i].name);
        expect_multiples(&store, &selection, cases[i].step, cases[i].name);
    }
    cr_expect(!picks_are_few(&(struct selection){ &null, 1 }));
    cr_expect(!picks_are_few(&(struct selection){ NULL, 0 }));
    names_free(store.attributes);
}

Test(selection, picks_are_kept_while_they_cover)
{
    const struct condition few = equality(2, STR("x")),
                           nobody = equality(NAME_NONE, STR("x")),
                           broken = equality(0, STR("broken"));
    struct store store;
    struct view view = { .store = &store };
    struct picks picks;

    make(&store);
    picks_init(&picks);
    for (int64_t id = SECURITIES - 100; id < SECURITIES; id += 10)
        cr_expect_eq(picks_cover(&picks, &(struct selection){ &few, 1 }, &view,
                                 id, NULL),
                     OK);
    cr_expect_eq(lookups, 1, "%zu lookups", lookups);
    cr_expect_eq(picks.ids.count, 25, "%zu", picks.ids.count);
    cr_expect_eq(
        picks_cover(&picks, &(struct selection){ &broken, 1 }, &view, 7, NULL),
        ERR_STORE);
    cr_expect_eq(
        picks_cover(&picks, &(struct selection){ &few, 1 }, &view, 8, NULL), OK,
        "a failure covers nothing");
    cr_expect_eq(picks.ids.ids[0], 8);
    picks_fini(&picks);

    picks_init(&picks);
    cr_expect_eq(
        picks_cover(&picks, &(struct selection){ &nobody, 1 }, &view, 0, NULL),
        OK);
    cr_expect_eq(picks.ids.count, 0);
    cr_expect_eq(picks.to, INT64_MAX);
    picks_fini(&picks);
    names_free(store.attributes);
}

struct counter {
    int64_t step, last;
    size_t count;
};

static enum visit
count_row(void *context, const struct row *row)
{
    struct counter *counter = context;

    cr_assert_eq(row->security_id % counter->step, 0);
    cr_assert_gt(row->security_id, counter->last);
    counter->last = row->security_id;
    counter->count++;
    return VISIT_NEXT;
}

Test(selection, a_reading_goes_on_behind_a_window)
{
    const struct condition condition = equality(0, STR("x"));
    struct counter counter = { .step = 2, .last = -1 };
    struct turn turn = { 0, BEFORE_ALL, 1000000, true };
    struct reading reading;
    struct picks picks;
    struct store store;
    size_t turns = 0;

    make(&store);
    picks_init(&picks);
    reading = reading_all(&store, 1);
    reading.selection = (struct selection){ &condition, 1 };
    reading.picks = &picks;
    for (; turn.cut && turns < 1000; turns++)
        cr_assert_eq(reading_rows(&reading, &turn, count_row, &counter, NULL),
                     OK);
    cr_expect_eq(counter.count, SECURITIES / 2, "%zu rows", counter.count);
    cr_expect_eq(lookups, SECURITIES / 2 / CANDIDATES_MAX + 1, "%zu lookups",
                 lookups);
    cr_expect_geq(turns, 10, "%zu turns", turns);
    picks_fini(&picks);
    names_free(store.attributes);
}
