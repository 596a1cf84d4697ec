/* Digits of numbers that are looked up: two loads in place of some twenty
 * instructions, where averages are printed by the million. */
#include "digits.h"

#define FOUR(a, b, c, d) ((a) | (b) << 8 | (c) << 16 | UINT32_C(d) << 24)
#define TEN(a, b, c)                                                           \
    FOUR(a, b, c, 0), FOUR(a, b, c, 1), FOUR(a, b, c, 2), FOUR(a, b, c, 3),    \
        FOUR(a, b, c, 4), FOUR(a, b, c, 5), FOUR(a, b, c, 6),                  \
        FOUR(a, b, c, 7), FOUR(a, b, c, 8), FOUR(a, b, c, 9)
#define HUNDRED(a, b)                                                          \
    TEN(a, b, 0), TEN(a, b, 1), TEN(a, b, 2), TEN(a, b, 3), TEN(a, b, 4),      \
        TEN(a, b, 5), TEN(a, b, 6), TEN(a, b, 7), TEN(a, b, 8), TEN(a, b, 9)
#define THOUSAND(a)                                                            \
    HUNDRED(a, 0), HUNDRED(a, 1), HUNDRED(a, 2), HUNDRED(a, 3), HUNDRED(a, 4), \
        HUNDRED(a, 5), HUNDRED(a, 6), HUNDRED(a, 7), HUNDRED(a, 8),            \
        HUNDRED(a, 9)

const uint32_t digits_four[DIGITS_FOUR_END] = {
    THOUSAND(0), THOUSAND(1), THOUSAND(2), THOUSAND(3), THOUSAND(4),
    THOUSAND(5), THOUSAND(6), THOUSAND(7), THOUSAND(8), THOUSAND(9),
};
