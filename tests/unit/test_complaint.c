/* Complaints about a body: kept up to a number, counted beyond it. */
#include <criterion/criterion.h>
#include <string.h>

#include "secmaster/complaint.h"

Test(complaint, keeps_place_and_words)
{
    struct complaints complaints;
    struct arena arena;
    char pointer[] = "/facts/3/effective_date";

    arena_init(&arena, 1 << 16);
    complaints_init(&complaints, &arena);
    cr_expect_eq(complaints.total, 0);
    complaints_add(&complaints, pointer, 0, "no such day: %s", "2023-02-29");
    complaints_add(&complaints, NULL, 4, "too few fields");
    memset(pointer, 'x', sizeof pointer - 1);

    cr_assert_eq(complaints.listed, 2);
    cr_expect_eq(complaints.total, 2);
    cr_expect_str_eq(complaints.items[0].pointer, "/facts/3/effective_date");
    cr_expect_eq(complaints.items[0].line, 0);
    cr_expect_str_eq(complaints.items[0].detail, "no such day: 2023-02-29");
    cr_expect_null(complaints.items[1].pointer);
    cr_expect_eq(complaints.items[1].line, 4);
    cr_expect_str_eq(complaints.items[1].detail, "too few fields");
    arena_fini(&arena);
}

Test(complaint, lists_a_hundred_and_counts_all)
{
    struct complaints complaints;
    struct arena arena;

    arena_init(&arena, 1 << 16);
    complaints_init(&complaints, &arena);
    for (uint64_t line = 1; line <= 250; line++)
        complaints_add(&complaints, NULL, line, "fault %d", (int)line);
    cr_expect_eq(complaints.listed, 100);
    cr_expect_eq(complaints.total, 250);
    cr_expect_eq(complaints.items[99].line, 100);
    cr_expect_str_eq(complaints.items[99].detail, "fault 100");
    arena_fini(&arena);
}

Test(complaint, torture_counts_what_it_cannot_keep)
{
    static const size_t listed[] = { 0, 0, 1 };

    for (size_t n = 1; n <= 3; n++) {
        struct complaints complaints;
        struct arena arena;

        arena_init(&arena, 1 << 16);
        arena.fail_after = n;
        complaints_init(&complaints, &arena);
        complaints_add(&complaints, "/facts/0", 0, "wrong type");
        cr_expect_eq(complaints.total, 1, "allocation %zu", n);
        cr_expect_eq(complaints.listed, listed[n - 1], "allocation %zu: %zu", n,
                     complaints.listed);
        arena_fini(&arena);
    }
}
