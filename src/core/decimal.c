/* Exact decimals: a text taken apart into mantissa and scale. */
#include "secmaster/decimal.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Far outside of all scales, and no sum of it and a text's length overflows. */
#define EXPONENT_MAX INT64_C(1000000000)

const int64_t decimal_scale_units[DECIMAL_SCALE_MAX + 1] = {
    1000000000, 100000000, 10000000, 1000000, 100000, 10000, 1000, 100, 10, 1,
};

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
