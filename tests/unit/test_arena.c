/* Memory of one request: budget, alignment, reset. */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include "secmaster/arena.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN
#endif
#endif

Test(arena, gives_aligned_space_that_nothing_else_uses)
{
    static const size_t sizes[] = {
        1, 0, 16, 17, 100, 4096, 9000, 3, 70000, 8
    };
    enum { COUNT = sizeof sizes / sizeof sizes[0] };
    unsigned char *given[COUNT];
    struct arena arena;

    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT; i++) {
        given[i] = arena_alloc(&arena, sizes[i]);
        cr_assert_not_null(given[i], "allocation %zu", i);
        cr_expect_eq((uintptr_t)given[i] % 16, 0, "allocation %zu", i);
        memset(given[i], (int)i + 1, sizes[i]);
    }
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t at = 0; at < sizes[i]; at++)
            cr_assert_eq(given[i][at], i + 1, "allocation %zu at %zu", i, at);
    }
    arena_fini(&arena);
}

Test(arena, refuses_what_is_past_the_budget)
{
    static const struct {
        size_t budget, first, second;
        bool first_fits, second_fits;
    } cases[] = {
        { 64, 64, 1, true, false },
        { 64, 48, 16, true, true },
        { 64, 48, 17, true, false },
        { 64, 65, 64, false, true },
        { 64, 33, 16, true, true },
        { 64, 33, 17, true, false },
        { 40, 33, 1, false, true },
        { 64, SIZE_MAX, 1, false, true },
        { SIZE_MAX, SIZE_MAX, 1, false, true },
        { 0, 0, 1, false, false },
        { 100000, 100000, 1, true, false },
        { 100000, 99984, 16, true, true },
        { 100000, 100001, 1, false, true },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena arena;
        bool fits;

        arena_init(&arena, cases[i].budget);
        fits = arena_alloc(&arena, cases[i].first) != NULL;
        cr_expect_eq(fits, cases[i].first_fits, "row %zu: first %d", i, fits);
        fits = arena_alloc(&arena, cases[i].second) != NULL;
        cr_expect_eq(fits, cases[i].second_fits, "row %zu: second %d", i, fits);
        arena_fini(&arena);
    }
}

Test(arena, reset_gives_the_whole_budget_again)
{
    static const size_t sizes[] = { 16, 8192, 50000, 100000 };
    struct arena arena;

    arena_init(&arena, 100000);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            unsigned char *given = arena_alloc(&arena, sizes[i]);

            cr_assert_not_null(given, "round %d, %zu", round, sizes[i]);
            memset(given, 0xff, sizes[i]);
            arena_reset(&arena);
            cr_expect_eq(arena.used, 0, "round %d, %zu", round, sizes[i]);
        }
    }
    arena_fini(&arena);
}

Test(arena, reset_keeps_a_chunk_for_the_next_request)
{
    struct arena arena;
    void *first;

    arena_init(&arena, 1 << 20);
    first = arena_alloc(&arena, 10);
    cr_assert_not_null(arena_alloc(&arena, 100000));
    arena_reset(&arena);
    cr_expect_eq(arena_alloc(&arena, 10), first);
    arena_fini(&arena);
}

Test(arena, zalloc_clears_used_space_and_refuses_an_overflow)
{
    struct arena arena;
    unsigned char *given;

    arena_init(&arena, 1 << 20);
    given = arena_alloc(&arena, 300);
    cr_assert_not_null(given);
    memset(given, 0xff, 300);
    arena_reset(&arena);
    given = arena_zalloc(&arena, 100, 3);
    cr_assert_not_null(given);
    for (size_t i = 0; i < 300; i++)
        cr_assert_eq(given[i], 0, "byte %zu", i);
    cr_expect_null(arena_zalloc(&arena, SIZE_MAX / 2, 3));
    cr_expect_null(arena_zalloc(&arena, SIZE_MAX / 4 + 1, 4));
    cr_expect_null(arena_zalloc(&arena, 1 << 20, 2));
    arena_fini(&arena);
}

Test(arena, copies_and_prints_are_terminated)
{
    struct arena arena;
    struct str text;

    arena_init(&arena, 4096);
    text = arena_copy(&arena, STR("a\0b"));
    cr_expect_eq(text.len, 3);
    cr_expect_eq(memcmp(text.data, "a\0b", 4), 0);
    text = arena_copy(&arena, (struct str){ NULL, 0 });
    cr_expect_eq(text.len, 0);
    cr_expect_str_eq(text.data, "");
    text = arena_print(&arena, "%s at line %d", "date", 12);
    cr_expect_eq(text.len, 15);
    cr_expect_str_eq(text.data, "date at line 12");
    text = arena_print(&arena, "%5000d", 1);
    cr_expect_null(text.data, "past the budget");
    cr_expect_null(arena_copy(&arena, (struct str){ "", SIZE_MAX }).data);
    arena_fini(&arena);
}

/* One of each call; false as soon as one is refused. */
static bool
use_all_calls(struct arena *arena)
{
    return arena_alloc(arena, 100) != NULL &&
           arena_zalloc(arena, 10, 1000) != NULL &&
           arena_copy(arena, STR("text")).data != NULL &&
           arena_print(arena, "%d", 7).data != NULL;
}

Test(arena, torture_fails_the_nth_allocation_only)
{
    size_t n = 0;
    bool done;

    do {
        struct arena arena;

        arena_init(&arena, 1 << 20);
        arena.fail_after = ++n;
        done = use_all_calls(&arena);
        cr_expect_eq(done, n == 5, "allocation %zu", n);
        cr_expect(use_all_calls(&arena) || n > 4, "after allocation %zu", n);
        arena_fini(&arena);
    } while (!done && n < 10);
    cr_expect_eq(n, 5, "four allocations, then success; got %zu", n);
}

/* Whether reading at would be reported; taken on trust without ASan. */
#ifdef UNDER_ASAN
static bool
is_poisoned(const char *at)
{
    return __asan_address_is_poisoned(at) != 0;
}
#else
static bool
is_poisoned(const char *at)
{
    return at != NULL;
}
#endif

Test(arena, space_not_given_is_poisoned)
{
    struct arena arena;
    char *given, *next;

    arena_init(&arena, 1 << 20);
    given = arena_alloc(&arena, 32);
    next = arena_alloc(&arena, 13);
    cr_assert_not_null(given);
    cr_assert_not_null(next);
    given[31] = next[12] = 'x';
    cr_expect(is_poisoned(given + 32), "between two allocations");
    cr_expect(is_poisoned(next + 13), "behind an odd size");
    arena_reset(&arena);
    cr_expect(is_poisoned(given), "after a reset");
    arena_fini(&arena);
}
