/* A price or a volume: exact, with the digits that it was sent with. */
#ifndef SECMASTER_DECIMAL_H
#define SECMASTER_DECIMAL_H

#include <stdint.h>

#include "secmaster/err.h"
#include "secmaster/out.h"
#include "secmaster/str.h"

/* A mantissa fits an int64_t, and sums of them 128 bits. */
#define DECIMAL_DIGITS_MAX 18
#define DECIMAL_SCALE_MAX 9 /* of them behind the point */

/* mantissa / 10^scale. 1.50 is 150 and 2: it is not 1.5. Never below zero. */
struct decimal {
    int64_t mantissa;
    uint8_t scale;
};

/*
 * Read a number of JSON's grammar; an exponent is expanded: 1.50e1 is 15.0,
 * 1e3 is 1000, 5e-1 is 0.5. Zeros in front are no digits, so 0e9 is 0, but
 * those behind the point are, so 0e-10 is refused. ERR_INVALID: no such number,
 * below zero or -0, or more digits than there may be once it is expanded; why
 * says which.
 */
enum err decimal_parse(struct str text, struct decimal *out, struct why *why);

/* Append the plain decimal: no exponent, all its digits. */
void decimal_put(struct out *out, struct decimal value);

/*
 * An exact sum of up to DECIMAL_SUM_MAX decimals of any scale, in units of
 * 10^-DECIMAL_SCALE_MAX.
 */
#define DECIMAL_SUM_MAX INT64_C(2147483647)
__extension__ typedef __int128 wide_int; /* of both compilers, not of C */
struct decimal_sum {
    wide_int units;
};

/* By scale: 10^(DECIMAL_SCALE_MAX - scale). */
extern const int64_t decimal_scale_units[DECIMAL_SCALE_MAX + 1];

static inline wide_int
decimal_units(struct decimal value)
{
    return (wide_int)value.mantissa * decimal_scale_units[value.scale];
}

/* <0, 0, >0 by value: 1.5 and 1.50 compare equal. */
static inline int
decimal_compare(struct decimal a, struct decimal b)
{
    wide_int x, y;

    if (a.scale == b.scale)
        return a.mantissa < b.mantissa ? -1 : a.mantissa > b.mantissa;
    x = decimal_units(a);
    y = decimal_units(b);
    return x < y ? -1 : x > y;
}

/* Inline, as all above: histories are summed bar by bar. */
static inline void
decimal_sum_add(struct decimal_sum *sum, struct decimal value)
{
    sum->units += decimal_units(value);
}

static inline void
decimal_sum_subtract(struct decimal_sum *sum, struct decimal value)
{
    sum->units -= decimal_units(value);
}

/* Append the sum, exact, with scale digits behind the point: no part of it has
 * more. */
void decimal_sum_put(struct out *out, const struct decimal_sum *sum,
                     uint8_t scale);

/*
 * Append sum / count, rounded half to even at AVERAGE_PLACES, without zeros at
 * its end: 66, 65.5, 65.33333333. A sum of count decimals, at least one.
 */
#define AVERAGE_PLACES 8
void decimal_sum_put_average(struct out *out, const struct decimal_sum *sum,
                             int64_t count);

#endif
