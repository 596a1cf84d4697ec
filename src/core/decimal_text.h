/*
 * Decimals and averages as text, where they are printed by the million: what
 * prices mostly are takes a few instructions, all else a call.
 */
#ifndef CORE_DECIMAL_TEXT_H
#define CORE_DECIMAL_TEXT_H

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "secmaster/decimal.h"
#include "secmaster/wire.h"

#include "digits.h"

/* Numbers below TINY_END as they are written: most of what stands before a
 * point, so that it takes a copy. */
#define TINY_END 1000
struct tiny {
    char digits[3];
    uint8_t len;
};
extern const struct tiny decimal_tiny[TINY_END];
static_assert(sizeof(struct tiny) == 4, "copied as one word");

/* Thousandths behind a point, without zeros at their end; len is with the
 * point, 0 of none. */
extern const struct tiny decimal_thousandths[TINY_END];

/* What prices mostly are: a number below TINY_END, and cents. */
#define CENTS_SCALE 2
#define CENTS_END (TINY_END * 100)

#define AVERAGE_ONE UINT64_C(100000000)
#define SUM_ONE UINT64_C(1000000000)
static_assert(DECIMAL_SCALE_MAX == 9, "SUM_ONE is 10^9, AVERAGE_ONE below");
static_assert(AVERAGE_PLACES == 8, "AVERAGE_ONE is 10^8, of eight digits");
static_assert(DECIMAL_SUM_MAX <= INT64_MAX / 1000000000,
              "a divisor of 64 bits");
__extension__ typedef unsigned __int128 wide_uint; /* as wide_int */
#define EIGHT_ZEROS UINT64_C(0x3030303030303030)

/* decimal_write and decimal_sum_write_average of what is rare. */
char *decimal_text_other(char *to, struct decimal value);
char *decimal_text_large_average(char *to, wide_int units, uint64_t count);

/* decimal_write_whole from TINY_END on. */
char *decimal_text_large(char *to, uint64_t number);

/* The same below. */
static inline char *
decimal_text_tiny(char *to, uint64_t number)
{
    memcpy(to, &decimal_tiny[number], sizeof decimal_tiny[number]);
    return to + decimal_tiny[number].len;
}

static inline char *
decimal_text_whole(char *to, uint64_t number)
{
    return number < TINY_END ? decimal_text_tiny(to, number)
                             : decimal_text_large(to, number);
}

/* decimal_write */
static inline char *
decimal_text(char *to, struct decimal value)
{
    uint64_t mantissa = (uint64_t)value.mantissa;

    if (value.scale != CENTS_SCALE || mantissa >= CENTS_END)
        return decimal_text_other(to, value);
    to = decimal_text_whole(to, mantissa / 100);
    *to = '.';
    digits_put_two(to + 1, (unsigned)(mantissa % 100));
    return to + 1 + CENTS_SCALE;
}

/* Half to even. */
static inline uint64_t
decimal_divide_rounded(uint64_t dividend, uint64_t divisor)
{
    uint64_t quotient = dividend / divisor;
    uint64_t rest = dividend % divisor * 2; /* fits: a divisor is small */

    /* Which of them it is cannot be foreseen: no branches. */
    quotient += (uint64_t)(rest > divisor) |
                ((uint64_t)(rest == divisor) & quotient & 1);
    return quotient;
}

/* A point and digits_eight behind it, without zeros at their end. */
static inline char *
decimal_text_behind_point(char *to, uint64_t digits)
{
    if (digits == 0)
        return to;
    *to = '.';
    put_le64((unsigned char *)to + 1, digits | EIGHT_ZEROS);
    return to + 1 + AVERAGE_PLACES - (unsigned)__builtin_clzll(digits) / 8;
}

/* A whole and AVERAGE_ONEs of one: any. */
char *decimal_text_large_places(char *to, uint64_t whole, uint64_t places);

/*
 * AVERAGE_ONEs of one. Times a reciprocal of AVERAGE_ONE, which is too large by
 * less than AVERAGE_ONE / 2^64 of itself, the upper half is the whole part, and
 * the lower one what is behind the point in units of 2^-64: too large by less
 * than one of AVERAGE_ONE, so that four digits and four more come off right.
 */
#define AVERAGE_RECIPROCAL (UINT64_MAX / AVERAGE_ONE + 1)
#define TINY_PLACES_END (TINY_END * AVERAGE_ONE)
static_assert(TINY_PLACES_END <=
                  UINT64_MAX / (AVERAGE_RECIPROCAL * AVERAGE_ONE),
              "less than one of AVERAGE_ONE; the product wraps to its excess");
static_assert((uint64_t)DIGITS_FOUR_END * DIGITS_FOUR_END == AVERAGE_ONE,
              "four digits and four more");

static inline char *
decimal_text_places(char *to, uint64_t places)
{
    wide_uint whole = (wide_uint)places * AVERAGE_RECIPROCAL;
    wide_uint four = (wide_uint)(uint64_t)whole * DIGITS_FOUR_END;
    wide_uint more = (wide_uint)(uint64_t)four * DIGITS_FOUR_END;
    uint64_t digits;

    if (places >= TINY_PLACES_END)
        return decimal_text_large_places(to, 0, places);
    digits = digits_four[(uint64_t)(four >> 64)] |
             (uint64_t)digits_four[(uint64_t)(more >> 64)] << 32;
    to = decimal_text_tiny(to, (uint64_t)(whole >> 64));
    return decimal_text_behind_point(to, digits);
}

/* decimal_sum_write_average */
static inline char *
decimal_text_average(char *to, const struct decimal_sum *sum, int64_t count)
{
    assert(count > 0 && count <= DECIMAL_SUM_MAX);
    assert(sum->units >= 0);

    if (sum->units > UINT64_MAX)
        return decimal_text_large_average(to, sum->units, (uint64_t)count);
    return decimal_text_places(
        to, decimal_divide_rounded((uint64_t)sum->units,
                                   SUM_ONE / AVERAGE_ONE * (uint64_t)count));
}

/* The average of five numbers: exact, with one digit more than they have. sum
 * is of mantissas, less than 2^56. */
#define FIFTHS_SCALE_MAX 2
static inline char *
decimal_text_fifth(char *to, uint64_t sum, uint8_t scale)
{
    static const uint8_t thousandths[FIFTHS_SCALE_MAX + 1] = { 200, 20, 2 };
    uint64_t places;

    assert(scale <= FIFTHS_SCALE_MAX);
    assert(sum >> 56 == 0);

    places = sum * thousandths[scale];
    to = decimal_text_whole(to, places / 1000);
    places %= 1000;
    *to = '.';
    memcpy(to + 1, &decimal_thousandths[places],
           sizeof decimal_thousandths[places]);
    return to + decimal_thousandths[places].len;
}

#endif
