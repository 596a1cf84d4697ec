/* The system's random numbers. */
#include <criterion/criterion.h>

#include "secmaster/entropy.h"

Test(entropy, draws_another_number_each_time)
{
    uint64_t first = 0, second = 0;

    cr_assert_eq(entropy_draw(&first, NULL), OK);
    cr_assert_eq(entropy_draw(&second, NULL), OK);
    cr_expect_neq(first, second);
}
