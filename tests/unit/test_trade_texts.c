/* What the texts of a trade say, spelling by spelling. */
#include <criterion/criterion.h>

#include "secmaster/trade.h"

#define NONE NULL

/* Texts are in a value's escaping: "\\n" is a line break. */
static const struct {
    const char *text, *low, *high;
    enum amount_kind kind;
} amounts[] = {
    { "$1,001 - $15,000", "1001", "15000", AMOUNT_RANGE },
    { "$25,000,001 - $50,000,000", "25000001", "50000000", AMOUNT_RANGE },
    { "$1,001 \xe2\x80\x93 $15,000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001\xe2\x80\x94$15,000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001 \xe2\x88\x92 $15,000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001 -\\n$15,000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001 -\\r\\n  $15,000\\n", "1001", "15000", AMOUNT_RANGE },
    { "\\t$1,001\xc2\xa0-\xc2\xa0$15,000 ", "1001", "15000", AMOUNT_RANGE },
    { "1001-15000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001 to $15,000", "1001", "15000", AMOUNT_RANGE },
    { "$1,001 TO$15,000", "1001", "15000", AMOUNT_RANGE },
    { "$0 - $0.50", "0", "0.50", AMOUNT_RANGE },
    { "$15,000 - $15,000", "15000", "15000", AMOUNT_RANGE },
    { "$50,000,001 +", "50000001", NONE, AMOUNT_OPEN },
    { "$50,000,001+", "50000001", NONE, AMOUNT_OPEN },
    { "$50,000,001\\n+ ", "50000001", NONE, AMOUNT_OPEN },
    { "Over $50,000,000", "50000000", NONE, AMOUNT_OPEN },
    { "over\\n$50,000,000", "50000000", NONE, AMOUNT_OPEN },
    { "OVER$1,000,000 ", "1000000", NONE, AMOUNT_OPEN },
    { "More than $5", "5", NONE, AMOUNT_OPEN },
    { "> $50,000,000", "50000000", NONE, AMOUNT_OPEN },
    { "$721.63", "721.63", "721.63", AMOUNT_EXACT },
    { "$ 721.60", "721.60", "721.60", AMOUNT_EXACT },
    { "721.63", "721.63", "721.63", AMOUNT_EXACT },
    { "$999,999,999,999,999.123", "999999999999999.123", "999999999999999.123",
      AMOUNT_EXACT },
    { "$0", "0", "0", AMOUNT_EXACT },

    { "", NONE, NONE, AMOUNT_UNKNOWN },
    { "--", NONE, NONE, AMOUNT_UNKNOWN },
    { "N/A", NONE, NONE, AMOUNT_UNKNOWN },
    { "None", NONE, NONE, AMOUNT_UNKNOWN },
    { "Unknown", NONE, NONE, AMOUNT_UNKNOWN },
    { "$", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,001 -", NONE, NONE, AMOUNT_UNKNOWN },
    { "- $15,000", NONE, NONE, AMOUNT_UNKNOWN },
    { "$15,000 - $1,001", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,001 - $15,000 +", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,001 - $15,000 - $50,000", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,001 $15,000", NONE, NONE, AMOUNT_UNKNOWN },
    { "Over $1,001 - $15,000", NONE, NONE, AMOUNT_UNKNOWN },
    { "Over", NONE, NONE, AMOUNT_UNKNOWN },
    { "Over50", NONE, NONE, AMOUNT_UNKNOWN },
    { "$50,000,001 ++", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,01", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1001,001", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,001.", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,0011", NONE, NONE, AMOUNT_UNKNOWN },
    { "$01", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1e3", NONE, NONE, AMOUNT_UNKNOWN },
    { "-$5", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1,000,000,000,000,000,000", NONE, NONE, AMOUNT_UNKNOWN },
    { "$1111111111111111111111111111111111111111111111111111111111111111111",
      NONE, NONE, AMOUNT_UNKNOWN },
};

static void
expect_number(const char *text, const char *side, const char *want,
              bool is_there, struct decimal got)
{
    struct out out;

    cr_expect_eq(is_there, want != NONE, "%s: %s", text, side);
    if (!is_there || want == NONE)
        return;
    out_init(&out, 64);
    decimal_put(&out, got);
    cr_expect(str_equal(out_text(&out), str_of(want)), "%s: %s is %.*s", text,
              side, STR_ARG(out_text(&out)));
    out_fini(&out);
}

Test(trade_texts, amounts)
{
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        const char *text = amounts[i].text;
        struct amount got = amount_read(str_of(text));

        cr_expect_eq(got.kind, amounts[i].kind, "%s: %s", text,
                     amount_kind_names[got.kind]);
        expect_number(text, "low", amounts[i].low, got.has_low, got.low);
        expect_number(text, "high", amounts[i].high, got.has_high, got.high);
    }
}

static const struct {
    const char *text, *name;
} types[] = {
    { "P", "purchase" },
    { "p", "purchase" },
    { " P\\n", "purchase" },
    { "Purchase", "purchase" },
    { "PURCHASE", "purchase" },
    { "S", "sale" },
    { "Sale", "sale" },
    { "Sale (Full)", "sale" },
    { "S (Full)", "sale" },
    { "sale_full", "sale" },
    { "S (Partial)", "partial_sale" },
    { "S (partial)", "partial_sale" },
    { "S\\n(partial)", "partial_sale" },
    { "Sale (Partial)", "partial_sale" },
    { "sale_partial", "partial_sale" },
    { "Partial Sale", "partial_sale" },
    { "E", "exchange" },
    { "Exchange", "exchange" },
    { "", "unknown" },
    { "--", "unknown" },
    { "N/A", "unknown" },
    { "Received", "unknown" },
    { "P S", "unknown" },
    { "SP", "unknown" },
    { "Sale (Partial) of much more than there is room for in a spelling ..",
      "unknown" },
};

Test(trade_texts, types)
{
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        const char *got =
            trade_type_names[trade_type_read(str_of(types[i].text))];

        cr_expect_str_eq(got, types[i].name, "%s: %s", types[i].text, got);
    }
}

static const struct {
    const char *text;
    enum trade_owner owner;
} owners[] = {
    { "SP", TRADE_OWNER_SPOUSE },
    { "Spouse", TRADE_OWNER_SPOUSE },
    { "JT", TRADE_OWNER_JOINT },
    { "joint", TRADE_OWNER_JOINT },
    { "DC", TRADE_OWNER_DEPENDENT },
    { "Dependent Child", TRADE_OWNER_DEPENDENT },
    { "Self", TRADE_OWNER_SELF },
    { "self ", TRADE_OWNER_SELF },
    { "", TRADE_OWNER_NONE },
    { "None", TRADE_OWNER_NONE },
    { "--", TRADE_OWNER_NONE },
    { "N/A", TRADE_OWNER_NONE },
    { "Uncle", TRADE_OWNER_UNKNOWN },
    { "\xc3\x89poux", TRADE_OWNER_UNKNOWN },
    { "\\\"\\\"", TRADE_OWNER_UNKNOWN },
};

Test(trade_texts, owners)
{
    for (size_t i = 0; i < sizeof owners / sizeof owners[0]; i++) {
        enum trade_owner got = trade_owner_read(str_of(owners[i].text));

        cr_expect_eq(got, owners[i].owner, "%s: %d", owners[i].text, (int)got);
    }
}

#define TEXT(literal)                                                          \
    {                                                                          \
        VALUE_STRING,                                                          \
        {                                                                      \
            literal, sizeof(literal) - 1                                       \
        }                                                                      \
    }
#define NOTHING                                                                \
    {                                                                          \
        VALUE_NULL,                                                            \
        {                                                                      \
            "null", 4                                                          \
        }                                                                      \
    }

/* A number is a text too; what is not there is not unknown. */
static const struct {
    const char *name;
    struct value amount, type, owner;
    bool unknown[TRADE_UNKNOWNS];
} trades[] = {
    { "all known", TEXT("$5 +"), TEXT("P"), TEXT("JT"), { 0 } },
    { "nothing", NOTHING, NOTHING, NOTHING, { 0 } },
    { "empty", TEXT(""), TEXT(""), TEXT(""), { 0 } },
    { "a number",
      { VALUE_NUMBER, { "5.5", 3 } },
      TEXT("E"),
      TEXT("SP"),
      { 0 } },
    { "the amount",
      TEXT("Unknown"),
      TEXT("P"),
      TEXT("JT"),
      { true, false, false } },
    { "the type", TEXT("$5"), TEXT("X"), TEXT("JT"), { false, true, false } },
    { "the owner", TEXT("$5"), TEXT("P"), TEXT("X"), { false, false, true } },
    { "a placeholder",
      TEXT("--"),
      TEXT("--"),
      TEXT("--"),
      { true, true, false } },
};

Test(trade_texts, what_is_there_and_says_nothing_is_unknown)
{
    for (size_t i = 0; i < sizeof trades / sizeof trades[0]; i++) {
        struct trade trade = { 0 };

        trade.fields[TRADE_AMOUNT] = trades[i].amount;
        trade.fields[TRADE_TYPE_TEXT] = trades[i].type;
        trade.fields[TRADE_OWNERSHIP] = trades[i].owner;
        for (size_t k = 0; k < TRADE_UNKNOWNS; k++)
            cr_expect_eq(trade_is_unknown(&trade, (enum trade_unknown)k),
                         trades[i].unknown[k], "%s: text %zu", trades[i].name,
                         k);
    }
}
