/* Decimal digits in fixed columns, for the writers of dates and numbers. */
#ifndef CORE_DIGITS_H
#define CORE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Write n < 100 as two digits; a table halves the divisions of a number. */
static inline void
digits_put_two(char *to, unsigned n)
{
    static const char pairs[] = "00010203040506070809"
                                "10111213141516171819"
                                "20212223242526272829"
                                "30313233343536373839"
                                "40414243444546474849"
                                "50515253545556575859"
                                "60616263646566676869"
                                "70717273747576777879"
                                "80818283848586878889"
                                "90919293949596979899";

    memcpy(to, pairs + 2 * (size_t)n, 2);
}

/* The four digits of n < 10^4, as numbers, the first in the lowest byte. */
#define DIGITS_FOUR_END 10000
extern const uint32_t digits_four[DIGITS_FOUR_END];

/* The eight digits of n < 10^8, likewise. */
static inline uint64_t
digits_eight(uint32_t n)
{
    return digits_four[n / DIGITS_FOUR_END] |
           (uint64_t)digits_four[n % DIGITS_FOUR_END] << 32;
}

/* Read exactly len <= 9 digits; false where another character stands. */
static inline bool
digits_read(const char *from, size_t len, unsigned *out)
{
    unsigned n = 0;

    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)from[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        n = n * 10 + digit;
    }
    *out = n;
    return true;
}

#endif
