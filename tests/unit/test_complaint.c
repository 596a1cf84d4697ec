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

Test(complaint, a_row_is_named_by_its_number_or_its_line)
{
    static const struct {
        struct row_place place;
        const char *member, *pointer;
        uint64_t line;
        const char *detail;
    } cases[] = {
        { { "/facts", 7, 0 }, "op", "/facts/7/op", 0, "50% odd" },
        { { "/facts", 7, 0 }, NULL, "/facts/7", 0, "50% odd" },
        { { "", 7, 99 }, "op", "/7/op", 0, "50% odd" },
        { { "", UINT64_MAX, 0 }, NULL, "/18446744073709551615", 0, "50% odd" },
        { { NULL, 7, 12 }, "op", NULL, 12, "op: 50% odd" },
        { { NULL, 7, 12 }, NULL, NULL, 12, "50% odd" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct complaint *got;
        struct complaints complaints;
        struct arena arena;

        arena_init(&arena, 1 << 16);
        complaints_init(&complaints, &arena);
        complaints_add_row(&complaints, &cases[i].place, cases[i].member,
                           "50% odd");
        cr_assert_eq(complaints.listed, 1, "row %zu", i);
        got = &complaints.items[0];
        cr_expect_eq(got->line, cases[i].line, "row %zu", i);
        cr_expect_str_eq(got->detail, cases[i].detail, "row %zu: %s", i,
                         got->detail);
        if (cases[i].pointer == NULL)
            cr_expect_null(got->pointer, "row %zu", i);
        else
            cr_expect_str_eq(got->pointer, cases[i].pointer, "row %zu: %s", i,
                             got->pointer);
        arena_fini(&arena);
    }
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
