/* Decimals, sums and averages as text. */
#include "decimal_text.h"

#define MANTISSA_END INT64_C(1000000000000000000)
static_assert(DECIMAL_DIGITS_MAX == 18, "MANTISSA_END is 10^18");

#define ONE_DIGIT(a)                                                           \
    {                                                                          \
        { a }, 1                                                               \
    }
#define TWO_DIGITS(a, b)                                                       \
    {                                                                          \
        { a, b }, 2                                                            \
    }
#define THREE_DIGITS(a, b, c)                                                  \
    {                                                                          \
        { a, b, c }, 3                                                         \
    }
#define TENS(a)                                                                \
    TWO_DIGITS(a, '0'), TWO_DIGITS(a, '1'), TWO_DIGITS(a, '2'),                \
        TWO_DIGITS(a, '3'), TWO_DIGITS(a, '4'), TWO_DIGITS(a, '5'),            \
        TWO_DIGITS(a, '6'), TWO_DIGITS(a, '7'), TWO_DIGITS(a, '8'),            \
        TWO_DIGITS(a, '9')
#define TENS_OF(a, b)                                                          \
    THREE_DIGITS(a, b, '0'), THREE_DIGITS(a, b, '1'), THREE_DIGITS(a, b, '2'), \
        THREE_DIGITS(a, b, '3'), THREE_DIGITS(a, b, '4'),                      \
        THREE_DIGITS(a, b, '5'), THREE_DIGITS(a, b, '6'),                      \
        THREE_DIGITS(a, b, '7'), THREE_DIGITS(a, b, '8'),                      \
        THREE_DIGITS(a, b, '9')
#define HUNDREDS(a)                                                            \
    TENS_OF(a, '0'), TENS_OF(a, '1'), TENS_OF(a, '2'), TENS_OF(a, '3'),        \
        TENS_OF(a, '4'), TENS_OF(a, '5'), TENS_OF(a, '6'), TENS_OF(a, '7'),    \
        TENS_OF(a, '8'), TENS_OF(a, '9')
const struct tiny decimal_tiny[TINY_END] = {
    ONE_DIGIT('0'), ONE_DIGIT('1'), ONE_DIGIT('2'), ONE_DIGIT('3'),
    ONE_DIGIT('4'), ONE_DIGIT('5'), ONE_DIGIT('6'), ONE_DIGIT('7'),
    ONE_DIGIT('8'), ONE_DIGIT('9'), TENS('1'),      TENS('2'),
    TENS('3'),      TENS('4'),      TENS('5'),      TENS('6'),
    TENS('7'),      TENS('8'),      TENS('9'),      HUNDREDS('1'),
    HUNDREDS('2'),  HUNDREDS('3'),  HUNDREDS('4'),  HUNDREDS('5'),
    HUNDREDS('6'),  HUNDREDS('7'),  HUNDREDS('8'),  HUNDREDS('9'),
};

#define PLACES(a, b, c)                                                        \
    {                                                                          \
        { a, b, c }, (c) != '0' ? 4 : (b) != '0' ? 3 : (a) != '0' ? 2 : 0      \
    }
#define PLACES_OF(a, b)                                                        \
    PLACES(a, b, '0'), PLACES(a, b, '1'), PLACES(a, b, '2'),                   \
        PLACES(a, b, '3'), PLACES(a, b, '4'), PLACES(a, b, '5'),               \
        PLACES(a, b, '6'), PLACES(a, b, '7'), PLACES(a, b, '8'),               \
        PLACES(a, b, '9')
#define ALL_PLACES(a)                                                          \
    PLACES_OF(a, '0'), PLACES_OF(a, '1'), PLACES_OF(a, '2'),                   \
        PLACES_OF(a, '3'), PLACES_OF(a, '4'), PLACES_OF(a, '5'),               \
        PLACES_OF(a, '6'), PLACES_OF(a, '7'), PLACES_OF(a, '8'),               \
        PLACES_OF(a, '9')
const struct tiny decimal_thousandths[TINY_END] = {
    ALL_PLACES('0'), ALL_PLACES('1'), ALL_PLACES('2'), ALL_PLACES('3'),
    ALL_PLACES('4'), ALL_PLACES('5'), ALL_PLACES('6'), ALL_PLACES('7'),
    ALL_PLACES('8'), ALL_PLACES('9'),
};

/* Up to here eight digits are enough, which are made side by side. */
#define SMALL_END UINT64_C(100000000)
#define SMALL_DIGITS 8

/* Write a number below SMALL_END, and seven bytes at most behind it. */
static char *
write_small(char *to, uint32_t number)
{
    uint64_t digits = digits_eight(number);
    /* The last digit is written even where it is zero. */
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

    put_le64((unsigned char *)to, (digits | EIGHT_ZEROS) >> 8 * zeros);
    return to + SMALL_DIGITS - zeros;
}

/* The others. Apart, as those with a buffer set up a guard around it. */
[[gnu::noinline]] static char *
write_long(char *to, uint64_t number)
{
    char digits[DECIMAL_ROOM];
    char *end = digits + sizeof digits, *at = end;

    for (; number >= 100; number /= 100) {
        at -= 2;
        digits_put_two(at, (unsigned)(number % 100));
    }
    at -= 2;
    digits_put_two(at, (unsigned)number);
    if (*at == '0')
        at++;
    memcpy(to, at, (size_t)(end - at));
    return to + (end - at);
}

char *
decimal_text_large(char *to, uint64_t number)
{
    assert(number >= TINY_END);

    if (number >= SMALL_END)
        return write_long(to, number);
    if (number >= CENTS_END)
        return write_small(to, (uint32_t)number);
    to = decimal_text_whole(to, number / 100);
    digits_put_two(to, (unsigned)(number % 100));
    return to + 2;
}

char *
decimal_write_whole(char *to, uint64_t number)
{
    return decimal_text_whole(to, number);
}

/* As write_small, with a point before the last digits, of which there are up to
 * seven; they are copied behind it. */
static char *
write_small_parts(char *to, uint32_t mantissa, unsigned scale)
{
    uint64_t digits = digits_eight(mantissa);
    uint64_t always = UINT64_C(1) << 8 * (SMALL_DIGITS - 1 - scale);
    unsigned zeros = (unsigned)__builtin_ctzll(digits | always) / 8;
    uint64_t text = (digits | EIGHT_ZEROS) >> 8 * zeros;
    unsigned whole = SMALL_DIGITS - zeros - scale;

    put_le64((unsigned char *)to, text);
    to[whole] = '.';
    put_le64((unsigned char *)to + whole + 1, text >> 8 * whole);
    return to + whole + 1 + scale;
}

static char *
write_large_parts(char *to, struct decimal value)
{
    uint64_t mantissa = (uint64_t)value.mantissa, one = 1;
    char *end;

    for (unsigned i = 0; i < value.scale; i++)
        one *= 10;
    to = decimal_text_whole(to, mantissa / one);
    /* What is behind the point with a one before it, which becomes the point:
     * so its zeros in front are written. */
    end = decimal_text_whole(to, one + mantissa % one);
    *to = '.';
    return end;
}

char *
decimal_text_other(char *to, struct decimal value)
{
    assert(value.mantissa >= 0 && value.mantissa < MANTISSA_END);
    assert(value.scale <= DECIMAL_SCALE_MAX);

    if (value.scale == 0)
        return decimal_text_whole(to, (uint64_t)value.mantissa);
    if ((uint64_t)value.mantissa < SMALL_END && value.scale < SMALL_DIGITS)
        return write_small_parts(to, (uint32_t)value.mantissa, value.scale);
    return write_large_parts(to, value);
}

char *
decimal_write(char *to, struct decimal value)
{
    return decimal_text(to, value);
}

/* Digits of any number that a sum may be. */
#define SUM_DIGITS_MAX 39

void
decimal_sum_put(struct out *out, const struct decimal_sum *sum, uint8_t scale)
{
    char text[SUM_DIGITS_MAX + 1];
    char *end = text + sizeof text, *at = end;
    wide_int rest = sum->units / decimal_scale_units[scale];

    assert(sum->units >= 0);
    assert(rest * decimal_scale_units[scale] == sum->units);

    for (unsigned digits = 0; rest > 0 || digits <= scale; digits++) {
        if (digits == scale && scale > 0)
            *--at = '.';
        *--at = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    out_bytes(out, at, (size_t)(end - at));
}

void
decimal_put(struct out *out, struct decimal value)
{
    char text[DECIMAL_ROOM];

    out_bytes(out, text, (size_t)(decimal_write(text, value) - text));
}

char *
decimal_text_large_places(char *to, uint64_t whole, uint64_t places)
{
    uint64_t digits = digits_eight((uint32_t)(places % AVERAGE_ONE));

    to = decimal_text_whole(to, whole + places / AVERAGE_ONE);
    return decimal_text_behind_point(to, digits);
}

/* A sum past 64 bits: whole parts come off first. */
char *
decimal_text_large_average(char *to, wide_int units, uint64_t count)
{
    uint64_t one = SUM_ONE * count;
    uint64_t whole = (uint64_t)(units / one);
    uint64_t rest = (uint64_t)(units - (wide_int)whole * one);

    return decimal_text_large_places(
        to, whole, decimal_divide_rounded(rest, SUM_ONE / AVERAGE_ONE * count));
}

char *
decimal_sum_write_average(char *to, const struct decimal_sum *sum,
                          int64_t count)
{
    return decimal_text_average(to, sum, count);
}
