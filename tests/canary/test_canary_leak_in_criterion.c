/* A Criterion test that leaks: it passes, and only its text tells. */
#include <criterion/criterion.h>
#include <stdlib.h>

static void *volatile kept;

Test(canary, passes_although_it_leaks)
{
    kept = malloc(100);
    cr_assert_not_null(kept);
    kept = NULL;
}
