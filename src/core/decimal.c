/* Exact decimals: text to mantissa and scale and back, order, averages. */
#include "secmaster/decimal.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "secmaster/wire.h"

#include "digits.h"

#define MANTISSA_END INT64_C(1000000000000000000)
#define AVERAGE_ONE UINT64_C(100000000)
#define SUM_ONE UINT64_C(1000000000)
/* Far outside of all scales, and no sum of it and a text's length overflows. */
#define EXPONENT_MAX INT64_C(1000000000)

const int64_t decimal_scale_units[DECIMAL_SCALE_MAX + 1] = {
    1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1,
};
static_assert(DECIMAL_DIGITS_MAX == 18, "MANTISSA_END is 10^18");
static_assert(DECIMAL_SCALE_MAX == 9, "SUM_ONE is 10^9, AVERAGE_ONE below");
static_assert(AVERAGE_PLACES == 8, "AVERAGE_ONE is 10^8, of eight digits");
static_assert(DECIMAL_SUM_MAX <= INT64_MAX / 1000000000,
              "a divisor of 64 bits");

/* A number's text taken apart. */
struct parts {
    uint64_t mantissa; /* without the point; as much as fits */
    size_t digits;     /* of mantissa, behind zeros in front */
    int64_t exponent;  /* of ten, for the last digit of mantissa */
    bool is_negative;
};

/* Take the digits from at on; the offset behind them. */
static size_t
take_digits(struct str text, size_t at, struct parts *parts)
{
    for (; at < text.len; at++) {
        unsigned digit = (unsigned char)text.data[at] - (unsigned)'0';

        if (digit > 9)
            break;
        if (parts->digits > 0 || digit > 0)
            parts->digits++;
        if (parts->digits <= DECIMAL_DIGITS_MAX)
            parts->mantissa = parts->mantissa * 10 + digit;
    }
    return at;
}

/* Take an exponent from behind its letter on; the offset behind it, or at. */
static size_t
take_exponent(struct str text, size_t at, struct parts *parts)
{
    bool is_below = at < text.len && text.data[at] == '-';
    bool is_signed = is_below || (at < text.len && text.data[at] == '+');
    size_t from = at + (is_signed ? 1 : 0);
    size_t end = from;
    int64_t exponent = 0;

    for (; end < text.len; end++) {
        unsigned digit = (unsigned char)text.data[end] - (unsigned)'0';

        if (digit > 9)
            break;
        if (exponent < EXPONENT_MAX)
            exponent = exponent * 10 + digit;
    }
    parts->exponent += is_below ? -exponent : exponent;
    return end == from ? at : end;
}

/* False: it is not of JSON's grammar. */
static bool
take_apart(struct str text, struct parts *parts)
{
    size_t at, end;

    *parts = (struct parts){ .is_negative = false };
    parts->is_negative = text.len > 0 && text.data[0] == '-';
    at = parts->is_negative ? 1 : 0;
    end = take_digits(text, at, parts);
    if (end == at || (text.data[at] == '0' && end > at + 1))
        return false;
    if (end < text.len && text.data[end] == '.') {
        at = end + 1;
        end = take_digits(text, at, parts);
        if (end == at)
            return false;
        parts->exponent = -(int64_t)(end - at);
    }
    if (end < text.len && (text.data[end] | 0x20) == 'e') {
        at = end + 1;
        end = take_exponent(text, at, parts);
        if (end == at)
            return false;
    }
    return end == text.len;
}

enum err
decimal_parse(struct str text, struct decimal *out, struct why *why)
{
    struct parts parts;

    if (!take_apart(text, &parts))
        return why_set(why, ERR_INVALID, "must be a number");
    if (parts.is_negative)
        return why_set(why, ERR_INVALID, "must not be negative");
    if (parts.exponent < -DECIMAL_SCALE_MAX)
        return why_set(why, ERR_INVALID,
                       "must not have more than %d digits behind the point",
                       DECIMAL_SCALE_MAX);
    for (; parts.exponent > 0 && parts.digits > 0 &&
           parts.digits <= DECIMAL_DIGITS_MAX;
         parts.exponent--) {
        parts.mantissa *= 10;
        parts.digits++;
    }
    if (parts.digits > DECIMAL_DIGITS_MAX)
        return why_set(why, ERR_INVALID, "must not have more than %d digits",
                       DECIMAL_DIGITS_MAX);
    *out = (struct decimal){
        .mantissa = (int64_t)parts.mantissa,
        .scale = (uint8_t)(parts.exponent < 0 ? -parts.exponent : 0),
    };
    return OK;
}

/* Up to here eight digits are enough, which are made side by side. */
#define SMALL_END UINT64_C(100000000)
#define SMALL_DIGITS 8
#define SMALL_ZEROS UINT64_C(0x3030303030303030)

/* Write a number below SMALL_END, and seven bytes at most behind it. */
static char *
write_small(char *to, uint32_t number)
{
    uint64_t digits = digits_eight(number);
    /* The last digit is written even where it is zero. */
    unsigned zeros = (unsigned)__builtin_ctzll(digits | UINT64_C(1) << 56) / 8;

    put_le64((unsigned char *)to, (digits | SMALL_ZEROS) >> 8 * zeros);
    return to + SMALL_DIGITS - zeros;
}

/* The others. Apart, as those with a buffer set up a guard around it. */
[[gnu::noinline]] static char *
write_large(char *to, uint64_t number)
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

/* What prices mostly are: a number below TINY_END, and cents. */
#define CENTS_SCALE 2
#define CENTS_END (TINY_END * 100)

/* Numbers below TINY_END as they are written: most of what stands before a
 * point, so that it takes a copy. */
#define TINY_END 1000
struct tiny {
    char digits[3];
    uint8_t len;
};
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
static const struct tiny tiny[TINY_END] = {
    ONE_DIGIT('0'), ONE_DIGIT('1'), ONE_DIGIT('2'), ONE_DIGIT('3'),
    ONE_DIGIT('4'), ONE_DIGIT('5'), ONE_DIGIT('6'), ONE_DIGIT('7'),
    ONE_DIGIT('8'), ONE_DIGIT('9'), TENS('1'),      TENS('2'),
    TENS('3'),      TENS('4'),      TENS('5'),      TENS('6'),
    TENS('7'),      TENS('8'),      TENS('9'),      HUNDREDS('1'),
    HUNDREDS('2'),  HUNDREDS('3'),  HUNDREDS('4'),  HUNDREDS('5'),
    HUNDREDS('6'),  HUNDREDS('7'),  HUNDREDS('8'),  HUNDREDS('9'),
};
static_assert(sizeof tiny[0] == 4, "copied as one word");

static inline char *
write_whole(char *to, uint64_t number)
{
    if (number < TINY_END) {
        memcpy(to, &tiny[number], sizeof tiny[number]);
        return to + tiny[number].len;
    }
    if (number < SMALL_END)
        return write_small(to, (uint32_t)number);
    return write_large(to, number);
}

char *
decimal_write_whole(char *to, uint64_t number)
{
    return write_whole(to, number);
}

/* As write_small, with a point before the last digits, of which there are up to
 * seven; they are copied behind it. */
static char *
write_small_parts(char *to, uint32_t mantissa, unsigned scale)
{
    uint64_t digits = digits_eight(mantissa);
    uint64_t always = UINT64_C(1) << 8 * (SMALL_DIGITS - 1 - scale);
    unsigned zeros = (unsigned)__builtin_ctzll(digits | always) / 8;
    uint64_t text = (digits | SMALL_ZEROS) >> 8 * zeros;
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
    to = decimal_write_whole(to, mantissa / one);
    /* What is behind the point with a one before it, which becomes the point:
     * so its zeros in front are written. */
    end = decimal_write_whole(to, one + mantissa % one);
    *to = '.';
    return end;
}

char *
decimal_write(char *to, struct decimal value)
{
    assert(value.mantissa >= 0 && value.mantissa < MANTISSA_END);
    assert(value.scale <= DECIMAL_SCALE_MAX);

    if (value.scale == 0)
        return write_whole(to, (uint64_t)value.mantissa);
    if (value.scale == CENTS_SCALE && value.mantissa < CENTS_END) {
        to = write_whole(to, (uint64_t)value.mantissa / 100);
        *to = '.';
        digits_put_two(to + 1, (unsigned)(value.mantissa % 100));
        return to + 1 + CENTS_SCALE;
    }
    if ((uint64_t)value.mantissa < SMALL_END && value.scale < SMALL_DIGITS)
        return write_small_parts(to, (uint32_t)value.mantissa, value.scale);
    return write_large_parts(to, value);
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

/* Half to even. */
static uint64_t
divide_rounded(uint64_t dividend, uint64_t divisor)
{
    uint64_t quotient = dividend / divisor;
    uint64_t rest = dividend % divisor * 2; /* fits: a divisor is small */

    /* Which of them it is cannot be foreseen: no branches. */
    quotient += (uint64_t)(rest > divisor) |
                ((uint64_t)(rest == divisor) & quotient & 1);
    return quotient;
}

/* A whole and AVERAGE_ONEs of one. */
static inline char *
write_places(char *to, uint64_t whole, uint64_t places)
{
    uint64_t digits = digits_eight((uint32_t)(places % AVERAGE_ONE));

    to = write_whole(to, whole + places / AVERAGE_ONE);
    if (digits == 0)
        return to;
    *to++ = '.';
    put_le64((unsigned char *)to, digits | SMALL_ZEROS);
    return to + AVERAGE_PLACES - __builtin_clzll(digits) / 8;
}

/* A sum past 64 bits: whole parts come off first. */
[[gnu::noinline]] static char *
write_large_average(char *to, wide_int units, uint64_t count)
{
    uint64_t one = SUM_ONE * count;
    uint64_t whole = (uint64_t)(units / one);
    uint64_t rest = (uint64_t)(units - (wide_int)whole * one);

    return write_places(to, whole,
                        divide_rounded(rest, SUM_ONE / AVERAGE_ONE * count));
}

char *
decimal_sum_write_average(char *to, const struct decimal_sum *sum,
                          int64_t count)
{
    assert(count > 0 && count <= DECIMAL_SUM_MAX);
    assert(sum->units >= 0);

    if (sum->units > UINT64_MAX)
        return write_large_average(to, sum->units, (uint64_t)count);
    return write_places(
        to, 0,
        divide_rounded((uint64_t)sum->units,
                       SUM_ONE / AVERAGE_ONE * (uint64_t)count));
}
