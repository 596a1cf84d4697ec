/* Exact decimals: to be replaced in this branch's next commit. */
#include "secmaster/decimal.h"

int
decimal_compare(struct decimal a, struct decimal b)
{
    wide_int x = a.mantissa, y = b.mantissa;

    for (; a.scale < b.scale; a.scale++)
        x *= 10;
    for (; b.scale < a.scale; b.scale++)
        y *= 10;
    return x < y ? -1 : x > y;
}
