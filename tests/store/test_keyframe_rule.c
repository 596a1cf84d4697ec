/*
 * Keyframes as the program itself makes them, against a model without any.
 * Other tests make them everywhere, so a merge need not look for who has some:
 * here only even securities have them, and it must pass by the others.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "secmaster/factset.h"
#include "tests/store/fold_bench.h"
#include "tests/store/index_bench.h"
#include "tests/store/watched_store.h"
#include "tests/support/store_memory.h"

enum {
    SECURITIES = 6,
    DAYS = 2000,
    ROUNDS = 25,
    LONG_ROUNDS = 5, /* make the histories; the others are late facts */
    LONG_RECORDS = 3000,
    FOLDS = 60, /* compared in a round */
};

static struct factset_item
random_fact(uint32_t attribute)
{
    static char digits[8];
    struct factset_item item = {
        .attribute = attribute,
        .source = (uint32_t)rand() % FOLD_NAMES,
        .op = rand() % 4 == 0 ? FACT_RETRACT : FACT_ASSERT,
        .value = VALUE_OF_NULL,
    };

    (void)snprintf(digits, sizeof digits, "%d", rand() % 1000);
    if (item.op == FACT_ASSERT)
        item.value = (struct value){ VALUE_NUMBER, str_of(digits) };
    return item;
}

/* A late one is of an attribute of its own, of which a fact wins for long. */
static void
put_record(struct batch_maker *maker, int64_t security, int32_t day,
           bool is_late)
{
    struct out payload;

    out_init(&payload, SIZE_MAX);
    for (int i = rand() % 3; i >= 0; i--) {
        const struct factset_item item =
            random_fact(is_late ? 2 : (uint32_t)rand() % 2);

        factset_put(&payload, &item);
    }
    cr_assert_eq(out_finish(&payload), OK);
    maker_record(maker, security, day, out_text(&payload));
    out_fini(&payload);
}

static void
make_batch(struct batch_maker *maker, uint64_t tx, bool is_late)
{
    static const char *const names[FOLD_NAMES] = { "a", "b", "c" };
    static bool is_used[SECURITIES][DAYS];
    int count = is_late ? 1 + rand() % 4 : LONG_RECORDS;

    maker_init(maker, tx, (int64_t)tx);
    for (uint32_t i = 0; i < FOLD_NAMES && tx == 1; i++) {
        maker_name(maker, NAMES_ATTRIBUTES, i, names[i]);
        maker_name(maker, NAMES_SOURCES, i, names[i]);
    }
    memset(is_used, 0, sizeof is_used);
    for (int i = 0; i < count; i++) {
        int64_t security =
            is_late ? rand() % SECURITIES : rand() % (SECURITIES / 2) * 2;
        int32_t day = rand() % DAYS;

        if (!is_used[security][day])
            put_record(maker, security, day, is_late);
        is_used[security][day] = true;
    }
}

static void
expect_same_anywhere(struct watched *watched, struct store *model,
                     const char *row)
{
    struct fold_case fold = { .first_security = rand() % SECURITIES };
    uint64_t known_tx = watched->newest;
    int32_t day = rand() % (DAYS + 100);
    char *shown, *expected;

    fold.last_security = fold.first_security + rand() % 3;
    fold.window = (struct window){ { day }, { day + 1 + rand() % 300 } };
    fold.passed.days = rand() % (DAYS + 100);
    if (rand() % 2 == 0)
        known_tx = (uint64_t)rand() % watched->newest + 1;
    shown = fold_text(watched->store, known_tx, &fold);
    expected = fold_text(model, known_tx, &fold);
    cr_assert_str_eq(shown, expected, "%s: %sagainst\n%s", row, shown,
                     expected);
    free(shown);
    free(expected);
}

static void
play_round(struct watched *watched, struct store *model, int round,
           unsigned seed)
{
    struct batch_maker maker;
    struct why why = { 0 };
    char row[64];

    (void)snprintf(row, sizeof row, "seed %u, round %d", seed, round);
    make_batch(&maker, ++watched->newest, round >= LONG_ROUNDS);
    cr_assert_eq(maker_append(watched->store, &maker, &why), OK, "%s: %s", row,
                 why.text);
    cr_assert_eq(maker_append(model, &maker, NULL), OK, "%s", row);
    maker_fini(&maker);
    if (rand() % 2 == 0)
        while (!watched_is_quiet(watched))
            (void)usleep(100);
    for (int i = 0; i < FOLDS; i++)
        expect_same_anywhere(watched, model, row);
}

Test(keyframe_rule, shows_what_none_would)
{
    for (unsigned seed = 1; seed <= 2; seed++) {
        struct store *model = store_memory_new();
        struct watched watched;

        srand(seed);
        watched_make(&watched, 0, 1);
        for (int round = 0; round < ROUNDS; round++)
            play_round(&watched, model, round, seed);
        while (!watched_is_quiet(&watched))
            (void)usleep(100);
        /* The newest one is still in memory, and may lie before them. */
        cr_expect_lt(fold_records(watched.store, watched.newest - 1, 2, DAYS),
                     1000, "seed %u: there are keyframes", seed);
        watched_drop(&watched);
        store_close(model);
    }
}
