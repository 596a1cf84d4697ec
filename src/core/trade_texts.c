/* What the texts of a trade say: its amount, its type, its owner. */
#include <assert.h>
#include <string.h>

#include "secmaster/trade.h"

const char *const amount_kind_names[AMOUNT_KINDS] = {
    [AMOUNT_UNKNOWN] = "unknown",
    [AMOUNT_RANGE] = "range",
    [AMOUNT_EXACT] = "exact",
    [AMOUNT_OPEN] = "open",
};

const char *const trade_type_names[TRADE_TYPES] = {
    [TRADE_TYPE_UNKNOWN] = "unknown",
    [TRADE_PURCHASE] = "purchase",
    [TRADE_SALE] = "sale",
    [TRADE_PARTIAL_SALE] = "partial_sale",
    [TRADE_EXCHANGE] = "exchange",
};

/* Longer than any spelling that we know; longer texts are unknown. */
#define SPELLING_BYTES_MAX 64

/* In a value's escaping; the last is U+00A0. */
static const struct str blanks[] = {
    { " ", 1 }, { "\\t", 2 }, { "\\n", 2 }, { "\\r", 2 }, { "\xc2\xa0", 2 },
};

/* The hyphens and dashes U+2010 to U+2015, and the minus sign. */
static const struct str dashes[] = {
    { "-", 1 },
    { "\xe2\x80\x90", 3 },
    { "\xe2\x80\x91", 3 },
    { "\xe2\x80\x92", 3 },
    { "\xe2\x80\x93", 3 },
    { "\xe2\x80\x94", 3 },
    { "\xe2\x80\x95", 3 },
    { "\xe2\x88\x92", 3 },
};

static bool
take_text(struct str *from, struct str text)
{
    if (from->len < text.len || memcmp(from->data, text.data, text.len) != 0)
        return false;
    from->data += text.len;
    from->len -= text.len;
    return true;
}

static bool
take_any(struct str *from, const struct str *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (take_text(from, texts[i]))
            return true;
    return false;
}

static void
skip_blanks(struct str *from)
{
    while (take_any(from, blanks, sizeof blanks / sizeof blanks[0]))
        continue;
}

static bool
take_dash(struct str *from)
{
    return take_any(from, dashes, sizeof dashes / sizeof dashes[0]);
}

static char
lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A word in lower case, in any case in the text, and what parts it from what
 * follows. */
static bool
take_word(struct str *from, struct str word)
{
    struct str rest = *from, text;

    if (rest.len < word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (lower(rest.data[i]) != word.data[i])
            return false;
    rest.data += word.len;
    rest.len -= word.len;
    text = rest;
    skip_blanks(&text);
    if (text.len == rest.len && !(text.len > 0 && text.data[0] == '$'))
        return false;
    *from = text;
    return true;
}

/* Take the digits that come next; how many of them go behind to[0..count). */
static size_t
take_run(struct str *from, char to[static SPELLING_BYTES_MAX], size_t count)
{
    size_t taken = 0;

    while (from->len > 0 && is_digit(from->data[0]) &&
           count + taken < SPELLING_BYTES_MAX) {
        to[count + taken++] = from->data[0];
        from->data++;
        from->len--;
    }
    return taken;
}

/* "1,001.50" without commas, each of which has three digits behind it; 0: it
 * is none. */
static size_t
take_number(struct str *from, char to[static SPELLING_BYTES_MAX])
{
    size_t count = take_run(from, to, 0);
    size_t places;

    if (count > 3 && from->len > 0 && from->data[0] == ',')
        return 0;
    while (count > 0 && take_text(from, STR(","))) {
        if (take_run(from, to, count) != 3)
            return 0;
        count += 3;
    }
    if (count == 0 || count == SPELLING_BYTES_MAX || !take_text(from, STR(".")))
        return count;
    to[count++] = '.';
    places = take_run(from, to, count);
    return places == 0 ? 0 : count + places;
}

/* "$1,001", "$721.63", also without the sign, and blanks behind it. */
static bool
take_money(struct str *from, struct decimal *out)
{
    char digits[SPELLING_BYTES_MAX];
    size_t count;

    if (take_text(from, STR("$")))
        skip_blanks(from);
    count = take_number(from, digits);
    if (count == 0)
        return false;
    skip_blanks(from);
    return decimal_parse((struct str){ digits, count }, out, NULL) == OK;
}

static const struct str over[] = {
    { "over", 4 },
    { "above", 5 },
    { "more than", 9 },
    { "greater than", 12 },
};

static bool
take_over(struct str *from)
{
    for (size_t i = 0; i < sizeof over / sizeof over[0]; i++)
        if (take_word(from, over[i]))
            return true;
    if (!take_text(from, STR(">")))
        return false;
    skip_blanks(from);
    return true;
}

static struct amount
open_amount(struct decimal low)
{
    return (struct amount){ .kind = AMOUNT_OPEN, .has_low = true, .low = low };
}

/* What follows "$1,001": nothing, "+", or "- $15,000". */
static struct amount
amount_from(struct decimal low, struct str rest)
{
    const struct amount unknown = { .kind = AMOUNT_UNKNOWN };
    struct amount amount = { AMOUNT_EXACT, true, true, low, low };

    if (rest.len == 0)
        return amount;
    if (take_text(&rest, STR("+"))) {
        skip_blanks(&rest);
        return rest.len == 0 ? open_amount(low) : unknown;
    }
    if (take_dash(&rest))
        skip_blanks(&rest);
    else if (!take_word(&rest, STR("to")))
        return unknown;
    amount.kind = AMOUNT_RANGE;
    if (!take_money(&rest, &amount.high) || rest.len > 0 ||
        decimal_compare(amount.low, amount.high) > 0)
        return unknown;
    return amount;
}

struct amount
amount_read(struct str text)
{
    const struct amount unknown = { .kind = AMOUNT_UNKNOWN };
    struct decimal low;
    bool is_over;

    skip_blanks(&text);
    is_over = take_over(&text);
    if (!take_money(&text, &low))
        return unknown;
    if (!is_over)
        return amount_from(low, text);
    return text.len == 0 ? open_amount(low) : unknown;
}

struct spelling {
    const char *text; /* folded */
    int means;
};

static bool
is_separator(char c)
{
    return memchr("_()-/.", c, 6) != NULL;
}

/*
 * Fold a text to its words in lower case, a space between two: "Sale (Partial)"
 * and "sale_partial" are one spelling. False: too long for any.
 */
static bool
fold(struct str text, char out[static SPELLING_BYTES_MAX], size_t *out_len)
{
    bool parted = false;
    size_t len = 0;

    while (text.len > 0) {
        char c;

        if (take_any(&text, blanks, sizeof blanks / sizeof blanks[0])) {
            parted = true;
            continue;
        }
        c = lower(text.data[0]);
        text.data++;
        text.len--;
        if (is_separator(c)) {
            parted = true;
            continue;
        }
        if (len + 2 > SPELLING_BYTES_MAX)
            return false;
        if (parted && len > 0)
            out[len++] = ' ';
        parted = false;
        out[len++] = c;
    }
    *out_len = len;
    return true;
}

/* What a text means by a list that ends with NULL, whose first entry is what
 * every other text means. */
static int
spelling_find(const struct spelling *list, struct str text)
{
    char folded[SPELLING_BYTES_MAX];
    size_t len;

    if (!fold(text, folded, &len))
        return list[0].means;
    for (const struct spelling *at = list + 1; at->text != NULL; at++)
        if (strlen(at->text) == len && memcmp(at->text, folded, len) == 0)
            return at->means;
    return list[0].means;
}

static const struct spelling types[] = {
    { "", TRADE_TYPE_UNKNOWN },
    { "p", TRADE_PURCHASE },
    { "purchase", TRADE_PURCHASE },
    { "buy", TRADE_PURCHASE },
    { "s", TRADE_SALE },
    { "s full", TRADE_SALE },
    { "sale", TRADE_SALE },
    { "sale full", TRADE_SALE },
    { "sell", TRADE_SALE },
    { "s partial", TRADE_PARTIAL_SALE },
    { "sale partial", TRADE_PARTIAL_SALE },
    { "partial sale", TRADE_PARTIAL_SALE },
    { "e", TRADE_EXCHANGE },
    { "exchange", TRADE_EXCHANGE },
    { NULL, 0 },
};

enum trade_type
trade_type_read(struct str text)
{
    return (enum trade_type)spelling_find(types, text);
}

static const struct spelling owners[] = {
    { "", TRADE_OWNER_UNKNOWN },
    { "", TRADE_OWNER_NONE },
    { "none", TRADE_OWNER_NONE },
    { "n a", TRADE_OWNER_NONE },
    { "self", TRADE_OWNER_SELF },
    { "sp", TRADE_OWNER_SPOUSE },
    { "spouse", TRADE_OWNER_SPOUSE },
    { "jt", TRADE_OWNER_JOINT },
    { "joint", TRADE_OWNER_JOINT },
    { "dc", TRADE_OWNER_DEPENDENT },
    { "child", TRADE_OWNER_DEPENDENT },
    { "dependent", TRADE_OWNER_DEPENDENT },
    { "dependent child", TRADE_OWNER_DEPENDENT },
    { NULL, 0 },
};

enum trade_owner
trade_owner_read(struct str text)
{
    return (enum trade_owner)spelling_find(owners, text);
}

static bool
says_something(struct value value)
{
    return (value.type == VALUE_STRING || value.type == VALUE_NUMBER) &&
           value.text.len > 0;
}

bool
trade_is_unknown(const struct trade *trade, enum trade_unknown what)
{
    const struct value *fields = trade->fields;

    switch (what) {
    case TRADE_UNKNOWN_AMOUNT:
        return says_something(fields[TRADE_AMOUNT]) &&
               amount_read(fields[TRADE_AMOUNT].text).kind == AMOUNT_UNKNOWN;
    case TRADE_UNKNOWN_TYPE:
        return says_something(fields[TRADE_TYPE_TEXT]) &&
               trade_type_read(fields[TRADE_TYPE_TEXT].text) ==
                   TRADE_TYPE_UNKNOWN;
    case TRADE_UNKNOWN_OWNER:
        return says_something(fields[TRADE_OWNERSHIP]) &&
               trade_owner_read(fields[TRADE_OWNERSHIP].text) ==
                   TRADE_OWNER_UNKNOWN;
    }
    assert(false);
    return false;
}
