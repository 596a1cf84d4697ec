/* More candidates than are held at a time: those of many texts, in rounds. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "secmaster/bearers.h"
#include "secmaster/bounds.h"
#include "secmaster/factset.h"
#include "secmaster/xxh64.h"
#include "tests/support/batch_maker.h"
#include "tests/support/store_memory.h"

/*
 * The store in memory takes one of eight texts for another, and here each
 * security has all eight kinds. Three bear each text, one a day, about where
 * the first round ends.
 */

enum { MANY_SECURITIES = 1200, MANY_NAMES = 1000, KINDS = 8 };
#define CUT_AT (CANDIDATES_MAX % MANY_SECURITIES)
static_assert((size_t)MANY_SECURITIES * MANY_NAMES > CANDIDATES_MAX, "rounds");
static_assert(CUT_AT > 1 && CUT_AT < MANY_SECURITIES - 1, "within a text");

static void
many_text(char to[static 16], int number)
{
    (void)snprintf(to, 16, "%d.5", number);
}

/* A text that nobody asks for, of each kind. */
static void
put_kinds(struct out *payload)
{
    int number = MANY_NAMES;

    for (uint32_t kind = 0; kind < KINDS; kind++) {
        struct factset_item item = { .source = kind };
        char text[16];

        do {
            many_text(text, number++);
        } while (hash_xxh64(str_of(text)) % KINDS != kind);
        item.value = (struct value){ VALUE_STRING, str_of(text) };
        factset_put(payload, &item);
    }
}

static void
append_kinds(struct store *store)
{
    struct batch_maker maker;
    struct out payload;

    maker_init(&maker, 1, 1);
    maker_first_names(&maker);
    for (uint32_t kind = 1; kind < KINDS; kind++) {
        char name[16];

        many_text(name, (int)kind);
        maker_name(&maker, NAMES_SOURCES, kind, name);
    }
    out_init(&payload, SIZE_MAX);
    put_kinds(&payload);
    for (int i = 0; i < MANY_SECURITIES; i++)
        maker_record(&maker, i, 0, out_text(&payload));
    out_fini(&payload);
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
}

static void
append_many(struct store *store)
{
    struct batch_maker maker;

    append_kinds(store);
    maker_init(&maker, 2, 2);
    for (int i = 0; i < MANY_NAMES; i++) {
        char text[16];

        many_text(text, i);
        for (int64_t id = CUT_AT - 1; id <= (int64_t)CUT_AT + 1; id++)
            maker_fact(&maker, id, 1 + i, text);
    }
    cr_assert_eq(maker_append(store, &maker, NULL), OK);
    maker_fini(&maker);
}

static enum visit
expect_three(void *context, const struct bearers *bearers, size_t name)
{
    unsigned *shown = context;

    shown[name]++;
    cr_assert_eq(bearers->span_count, 3, "name %zu: %zu", name,
                 bearers->span_count);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(bearers->spans[i].security_id, (int64_t)(CUT_AT - 1 + i),
                     "name %zu", name);
        cr_expect_eq(bearers->spans[i].start.days, 1 + (int32_t)name,
                     "name %zu", name);
    }
    return VISIT_NEXT;
}

Test(bearers_rounds, miss_nobody_and_show_nobody_twice)
{
    static char bytes[MANY_NAMES][16];
    static struct str names_of_many[MANY_NAMES];
    static unsigned shown[MANY_NAMES];
    const struct bearers_names names = { names_of_many, MANY_NAMES };
    struct store *store = store_memory_new();
    struct bearers bearers;
    struct view view;

    append_many(store);
    for (int i = 0; i < MANY_NAMES; i++) {
        many_text(bytes[i], i);
        names_of_many[i] = str_of(bytes[i]);
    }
    cr_assert_eq(store_view_begin(store, KNOWN_NEWEST, &view, NULL), OK);
    cr_assert_eq(bearers_init(&bearers, &view, 0, WINDOW_ALL), OK);
    cr_assert_eq(bearers_find_all(&bearers, &names, expect_three, shown, NULL),
                 OK);
    for (int i = 0; i < MANY_NAMES; i++)
        cr_expect_eq(shown[i], 1, "name %d: %u times", i, shown[i]);
    bearers_fini(&bearers);
    store_view_end(&view);
    store_close(store);
}
