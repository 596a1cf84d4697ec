/* Lists of candidates: order, each once, what two lists share. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "secmaster/candidates.h"

enum { IDS_MAX = 8 };
#define END (-1)

static void
fill(struct candidates *candidates, const int64_t *ids)
{
    candidates_init(candidates);
    for (size_t i = 0; i < IDS_MAX && ids[i] != END; i++)
        cr_assert_eq(candidates_add(candidates, ids[i]), OK);
}

static void
expect_ids(const struct candidates *candidates, const int64_t *ids,
           const char *row)
{
    size_t count = 0;

    while (count < IDS_MAX && ids[count] != END)
        count++;
    cr_assert_eq(candidates->count, count, "%s: %zu ids", row,
                 candidates->count);
    for (size_t i = 0; i < count; i++)
        cr_expect_eq(candidates->ids[i], ids[i], "%s: place %zu: %lld", row, i,
                     (long long)candidates->ids[i]);
}

Test(candidates, sort_ascending_and_each_once)
{
    static const struct {
        const char *name;
        int64_t given[IDS_MAX], sorted[IDS_MAX];
    } cases[] = {
        { "none", { END }, { END } },
        { "one", { 7, END }, { 7, END } },
        { "in order", { 0, 1, 300, END }, { 0, 1, 300, END } },
        { "backwards", { 300, 1, 0, END }, { 0, 1, 300, END } },
        { "twice side by side", { 5, 5, 5, END }, { 5, END } },
        { "twice apart", { 5, 1, 5, 1, END }, { 1, 5, END } },
        { "every byte",
          { INT64_MAX, 1LL << 55, 1LL << 47, 256, 65536, 255, END },
          { 255, 256, 65536, 1LL << 47, 1LL << 55, INT64_MAX, END } },
        { "high bytes alone",
          { 3LL << 40, 1LL << 40, 2LL << 40, END },
          { 1LL << 40, 2LL << 40, 3LL << 40, END } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct candidates candidates;

        fill(&candidates, cases[i].given);
        cr_expect_eq(candidates_sort(&candidates), OK, "%s", cases[i].name);
        expect_ids(&candidates, cases[i].sorted, cases[i].name);
        candidates_fini(&candidates);
    }
}

Test(candidates, sort_many)
{
    struct candidates candidates;

    candidates_init(&candidates);
    srand(1);
    for (int i = 0; i < 100000; i++)
        cr_assert_eq(candidates_add(&candidates, rand() % 50000 * 77777LL), OK);
    cr_assert_eq(candidates_sort(&candidates), OK);
    cr_expect_gt(candidates.count, 40000);
    cr_expect_leq(candidates.count, 50000);
    for (size_t i = 1; i < candidates.count; i++)
        cr_assert_lt(candidates.ids[i - 1], candidates.ids[i], "place %zu", i);
    candidates_fini(&candidates);
}

Test(candidates, intersect_keeps_what_both_have)
{
    static const struct {
        const char *name;
        int64_t left[IDS_MAX], right[IDS_MAX], both[IDS_MAX];
    } cases[] = {
        { "nothing with nothing", { END }, { END }, { END } },
        { "something with nothing", { 1, 2, END }, { END }, { END } },
        { "nothing with something", { END }, { 1, 2, END }, { END } },
        { "the same", { 1, 2, END }, { 1, 2, END }, { 1, 2, END } },
        { "apart", { 1, 3, END }, { 2, 4, END }, { END } },
        { "ends", { 1, 5, 9, END }, { 1, 9, END }, { 1, 9, END } },
        { "middle", { 5, END }, { 1, 5, 9, END }, { 5, END } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct candidates left, right;

        fill(&left, cases[i].left);
        fill(&right, cases[i].right);
        candidates_intersect(&left, &right);
        expect_ids(&left, cases[i].both, cases[i].name);
        candidates_fini(&left);
        candidates_fini(&right);
    }
}

Test(candidates, find_the_first_not_below)
{
    static const int64_t ids[IDS_MAX] = { 2, 4, 4000, INT64_MAX, END };
    static const struct {
        int64_t sought;
        size_t place;
    } cases[] = {
        { 0, 0 }, { 2, 0 },    { 3, 1 },    { 4, 1 },
        { 5, 2 }, { 4000, 2 }, { 4001, 3 }, { INT64_MAX, 3 },
    };
    struct candidates candidates, none;

    fill(&candidates, ids);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        cr_expect_eq(candidates_find(&candidates, cases[i].sought),
                     cases[i].place, "%lld", (long long)cases[i].sought);
    candidates_fini(&candidates);
    candidates_init(&none);
    cr_expect_eq(candidates_find(&none, 1), 0);
}
