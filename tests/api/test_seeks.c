/* Positions and keys in order of security and date, whatever they are. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "api/seeks.h"

#define POSITION_COUNT 5000

/* Where random ids and dates come from: few of each, or all there can be. */
static const struct {
    const char *what;
    int64_t id_first, id_step, ids;
    int32_t days_first, days_step, days;
} cases[] = {
    { "few", 0, 1, 10, 19000, 1, 10 },
    { "one security", 7, 1, 1, 19000, 1, 3000 },
    { "one day", 1, 1, 70000, 19000, 1, 1 },
    { "all the same", 1, 1, 1, 19000, 1, 1 },
    { "before and after 1970", 3, 1, 4, -300, 1, 600 },
    { "first and last day", 0, 1, 3, -719162, 3652058, 2 },
    { "largest ids", INT64_MAX - 900, 300, 4, 0, 1, 100 },
    { "ids of all sizes", 0, INT64_MAX / 1000, 1000, 0, 1, 5 },
};

static struct positions
random_positions(size_t i)
{
    struct positions positions = { .count = POSITION_COUNT };

    positions.items = calloc(POSITION_COUNT, sizeof *positions.items);
    cr_assert_not_null(positions.items);
    srand((unsigned)i);
    for (size_t at = 0; at < POSITION_COUNT; at++) {
        positions.items[at].security_id =
            cases[i].id_first + rand() % cases[i].ids * cases[i].id_step;
        positions.items[at].date.days =
            cases[i].days_first + rand() % cases[i].days * cases[i].days_step;
    }
    return positions;
}

static bool
is_before(const struct seek *a, const struct seek *b)
{
    return a->security_id < b->security_id ||
           (a->security_id == b->security_id && a->date.days < b->date.days);
}

/* Whether the seeks are what was sent, each once, in order. */
static void
check(const struct seeks *seeks, const struct positions *sent, const char *what)
{
    bool seen[POSITION_COUNT] = { false };

    cr_assert_eq(seeks->count, POSITION_COUNT, "%s", what);
    for (size_t at = 0; at < seeks->count; at++) {
        const struct seek *seek = &seeks->items[at];
        const struct position *position = &sent->items[seek->index];

        cr_expect_not(seen[seek->index], "%s: twice", what);
        seen[seek->index] = true;
        cr_expect(seek->security_id == position->security_id &&
                      seek->date.days == position->date.days,
                  "%s: another position", what);
        cr_expect(at == 0 || !is_before(seek, &seeks->items[at - 1]),
                  "%s: %zu is out of order", what, at);
    }
}

Test(seeks, are_all_by_security_and_date)
{
    static struct lookup_key keys[POSITION_COUNT];

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct positions positions = random_positions(i);
        struct seeks seeks = { 0 };

        cr_assert_eq(seeks_of_positions(&seeks, &positions), OK);
        check(&seeks, &positions, cases[i].what);
        for (size_t at = 0; at < POSITION_COUNT; at++)
            keys[at] = (struct lookup_key){ positions.items[at].security_id,
                                            positions.items[at].date, true };
        cr_assert_eq(seeks_of_keys(&seeks, keys, POSITION_COUNT), OK);
        check(&seeks, &positions, cases[i].what);
        seeks_fini(&seeks);
        free(positions.items);
    }
}

Test(seeks, may_be_none)
{
    struct positions positions = { 0 };
    struct seeks seeks = { 0 };

    cr_assert_eq(seeks_of_positions(&seeks, &positions), OK);
    cr_expect_eq(seeks.count, 0);
    seeks_fini(&seeks);
}
