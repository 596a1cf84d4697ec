/* Exact decimals: text to mantissa and scale and back, order, averages. */
#include "secmaster/decimal.h"

#include <assert.h>
#include <stdbool.h>

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
static_assert(AVERAGE_PLACES == 8, "AVERAGE_ONE is 10^8, written in pairs");
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

void
decimal_put(struct out *out, struct decimal value)
{
    char digits[DECIMAL_DIGITS_MAX];
    char *end = digits + sizeof digits, *at = end;
    uint64_t rest = (uint64_t)value.mantissa;
    size_t whole;

    assert(value.mantissa >= 0 && value.mantissa < MANTISSA_END);
    assert(value.scale <= DECIMAL_SCALE_MAX);

    for (; rest >= 100; rest /= 100) {
        at -= 2;
        digits_put_two(at, (unsigned)(rest % 100));
    }
    at -= 2;
    digits_put_two(at, (unsigned)rest);
    if (*at == '0')
        at++;
    while (end - at <= value.scale)
        *--at = '0';
    whole = (size_t)(end - at) - value.scale;
    out_bytes(out, at, whole);
    if (value.scale == 0)
        return;
    /* The whole part is out: the point goes where its last digit was. */
    at[whole - 1] = '.';
    out_bytes(out, at + whole - 1, 1U + value.scale);
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

/* A point, and behind it a part of AVERAGE_ONE without zeros at its end. */
static void
put_fraction(struct out *out, uint64_t fraction)
{
    char text[1 + AVERAGE_PLACES] = { '.' };
    size_t len = sizeof text;

    for (size_t i = len; i > 1; i -= 2) {
        digits_put_two(text + i - 2, (unsigned)(fraction % 100));
        fraction /= 100;
    }
    while (text[len - 1] == '0')
        len--;
    out_bytes(out, text, len);
}

/* Half to even. */
static uint64_t
divide_rounded(uint64_t dividend, uint64_t divisor)
{
    uint64_t quotient = dividend / divisor;
    uint64_t rest = dividend % divisor;

    if (rest > divisor - rest || (rest == divisor - rest && quotient % 2 == 1))
        quotient++;
    return quotient;
}

void
decimal_sum_put_average(struct out *out, const struct decimal_sum *sum,
                        int64_t count)
{
    /* Of a whole, and then of one of the average's last places. */
    uint64_t one = SUM_ONE * (uint64_t)count;
    uint64_t place = SUM_ONE / AVERAGE_ONE * (uint64_t)count;
    wide_int units = sum->units;
    uint64_t whole = 0, places;

    assert(count > 0 && count <= DECIMAL_SUM_MAX);
    assert(units >= 0);

    /* Most sums fit 64 bits, and are divided once. */
    if (units > UINT64_MAX) {
        whole = (uint64_t)(units / one);
        units -= (wide_int)whole * one;
    }
    places = divide_rounded((uint64_t)units, place);
    whole += places / AVERAGE_ONE;
    out_int(out, (int64_t)whole);
    if (places % AVERAGE_ONE != 0)
        put_fraction(out, places % AVERAGE_ONE);
}
