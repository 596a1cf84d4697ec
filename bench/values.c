/* The values of each attribute: small pools of words, codes and numbers. */
#include "values.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* Of a hundred securities so many have the class: 60 are equity. */
static const struct {
    const char *name;
    unsigned share;
} classes[] = {
    { "equity", 60 },     { "corporate_bond", 14 }, { "etf", 9 },
    { "mutual_fund", 6 }, { "government_bond", 5 }, { "option", 3 },
    { "future", 2 },      { "fx_forward", 1 },
};

static const char *const sectors[] = {
    "Communication Services",
    "Consumer Discretionary",
    "Consumer Staples",
    "Energy",
    "Financials",
    "Health Care",
    "Industrials",
    "Information Technology",
    "Materials",
    "Real Estate",
    "Utilities",
};

static const char *const industries[] = {
    "Aerospace & Defense",
    "Air Freight & Logistics",
    "Airlines",
    "Auto Components",
    "Automobiles",
    "Banks",
    "Beverages",
    "Biotechnology",
    "Building Products",
    "Capital Markets",
    "Chemicals",
    "Construction & Engineering",
    "Consumer Finance",
    "Containers & Packaging",
    "Diversified Telecommunication Services",
    "Electric Utilities",
    "Electrical Equipment",
    "Electronic Equipment",
    "Entertainment",
    "Food Products",
    "Gas Utilities",
    "Health Care Equipment & Supplies",
    "Hotels & Restaurants",
    "Household Durables",
    "Insurance",
    "Machinery",
    "Media",
    "Metals & Mining",
    "Oil & Gas",
    "Pharmaceuticals",
    "Road & Rail",
    "Semiconductors",
    "Software",
    "Specialty Retail",
    "Trading Companies & Distributors",
    "Water Utilities",
};

static const char *const countries[] = {
    "US", "GB", "DE", "FR", "JP", "CA", "CH", "AU", "NL", "SE",
    "ES", "IT", "BR", "IN", "KR", "TW", "HK", "SG", "DK", "NO",
};

static const char *const currencies[] = {
    "USD", "EUR", "GBP", "JPY", "CAD", "CHF", "AUD", "SEK", "BRL", "INR",
};

static const char *const exchanges[] = {
    "XNYS", "XNAS", "ARCX", "BATS", "XLON", "XETR", "XPAR", "XTKS",
    "XTSE", "XSWX", "XASX", "XAMS", "XSTO", "XMAD", "XMIL", "XHKG",
};

static const char *const ratings[] = {
    "AAA", "AA+",  "AA",  "AA-", "A+",  "A",  "A-", "BBB+",
    "BBB", "BBB-", "BB+", "BB",  "BB-", "B+", "B",  "CCC",
};

static const char *const firsts[] = {
    "Allied",   "American",    "Atlantic",     "Beacon",      "Blue Ridge",
    "Cascade",  "Central",     "Consolidated", "Continental", "Crown",
    "Delta",    "Eastern",     "First",        "General",     "Global",
    "Golden",   "Great Lakes", "Harbor",       "Highland",    "Imperial",
    "Keystone", "Liberty",     "Meridian",     "Metro",       "Midland",
    "National", "Northern",    "Pacific",      "Pioneer",     "Summit",
    "Union",    "Zenith",
};

static const char *const seconds[] = {
    "Airways",  "Analytics", "Bancorp",   "Brands",   "Chemical",
    "Dynamics", "Energy",    "Foods",     "Genomics", "Holdings",
    "Labs",     "Logistics", "Materials", "Motors",   "Networks",
    "Oil",      "Paper",     "Pharma",    "Power",    "Properties",
    "Rail",     "Resources", "Retail",    "Robotics", "Semiconductor",
    "Software", "Steel",     "Systems",   "Telecom",  "Therapeutics",
    "Trust",    "Water",
};

static const char *const suffixes[] = {
    "Inc", "Corp", "PLC", "AG", "SA", "NV", "Ltd", "Group",
};

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

uint64_t
values_mix(uint64_t number)
{
    number += 0x9e3779b97f4a7c15U;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9U;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebU;
    return number ^ (number >> 31);
}

static void
set_text(struct dataset_fact *fact, const char *text)
{
    fact->is_text = true;
    fact->value_len = strlen(text);
    assert(fact->value_len <= sizeof fact->value);
    memcpy(fact->value, text, fact->value_len);
}

__attribute__((format(printf, 2, 3))) static void
print_value(struct dataset_fact *fact, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(fact->value, sizeof fact->value, format, arguments);
    va_end(arguments);
    assert(len > 0);
    assert((size_t)len < sizeof fact->value);
    fact->value_len = (size_t)len;
}

/* One of a pool, by bits that no other choice uses. */
static const char *
pick(const char *const *pool, size_t count, uint64_t bits)
{
    return pool[bits % count];
}

static void
draw_pooled(struct dataset_fact *fact, const char *const *pool, size_t count,
            uint64_t random)
{
    set_text(fact, pick(pool, count, random));
}

static void
draw_class(struct dataset_fact *fact, uint64_t random)
{
    unsigned place = (unsigned)(random % 100), passed = 0;

    for (size_t i = 0; i < LENGTH(classes); i++) {
        passed += classes[i].share;
        if (place < passed) {
            set_text(fact, classes[i].name);
            return;
        }
    }
    assert(false);
}

/* Letters, and digits where there are many kinds, behind a prefix. */
static void
draw_code(struct dataset_fact *fact, const char *prefix, unsigned count,
          uint64_t kinds, uint64_t random)
{
    set_text(fact, prefix);
    for (unsigned i = 0; i < count; i++) {
        fact->value[fact->value_len++] = letters[random % kinds];
        random /= kinds;
    }
}

static void
draw_name(struct dataset_fact *fact, uint64_t random)
{
    fact->is_text = true;
    print_value(fact, "%s %s %s", pick(firsts, LENGTH(firsts), random),
                pick(seconds, LENGTH(seconds), random >> 8),
                pick(suffixes, LENGTH(suffixes), random >> 16));
}

/* A number below whole, with so many digits behind the point. */
static void
draw_number(struct dataset_fact *fact, uint64_t whole, int places,
            uint64_t random)
{
    static const uint64_t scales[] = { 1, 10, 100, 1000, 10000 };
    uint64_t scale = scales[places], number = random % (whole * scale);

    fact->is_text = false;
    if (places == 0)
        print_value(fact, "%" PRIu64, number);
    else
        print_value(fact, "%" PRIu64 ".%0*" PRIu64, number / scale, places,
                    number % scale);
}

enum attribute {
    ASSET_CLASS,
    TICKER,
    NAME,
    GICS_SECTOR,
    GICS_INDUSTRY,
    COUNTRY,
    CURRENCY,
    EXCHANGE,
    ISIN,
    CUSIP,
    FIGI,
    RATING,
    IS_ACTIVE,
    LOT_SIZE,
    COUPON,
    DIVIDEND_YIELD,
    BETA,
    SHARES_OUTSTANDING,
    MARKET_CAP,
    AVERAGE_VOLUME,
    ATTRIBUTES,
};

static_assert(ATTRIBUTES == DATASET_ATTRIBUTES);

const char *
dataset_attribute(unsigned attribute)
{
    static const char *const names[] = {
        [ASSET_CLASS] = "asset_class",
        [TICKER] = "ticker",
        [NAME] = "name",
        [GICS_SECTOR] = "gics_sector",
        [GICS_INDUSTRY] = "gics_industry",
        [COUNTRY] = "country",
        [CURRENCY] = "currency",
        [EXCHANGE] = "exchange",
        [ISIN] = "isin",
        [CUSIP] = "cusip",
        [FIGI] = "figi",
        [RATING] = "rating",
        [IS_ACTIVE] = "is_active",
        [LOT_SIZE] = "lot_size",
        [COUPON] = "coupon",
        [DIVIDEND_YIELD] = "dividend_yield",
        [BETA] = "beta",
        [SHARES_OUTSTANDING] = "shares_outstanding",
        [MARKET_CAP] = "market_cap",
        [AVERAGE_VOLUME] = "average_volume",
    };

    static_assert(LENGTH(names) == DATASET_ATTRIBUTES);
    assert(attribute < DATASET_ATTRIBUTES);

    return names[attribute];
}

static void
draw_words(uint64_t random, struct dataset_fact *fact)
{
    switch ((enum attribute)fact->attribute) {
    case ASSET_CLASS:
        draw_class(fact, random);
        return;
    case TICKER:
        draw_code(fact, "", 3 + (unsigned)(random >> 62), 26, random);
        return;
    case NAME:
        draw_name(fact, random);
        return;
    case GICS_SECTOR:
        draw_pooled(fact, sectors, LENGTH(sectors), random);
        return;
    case GICS_INDUSTRY:
        draw_pooled(fact, industries, LENGTH(industries), random);
        return;
    case COUNTRY:
        draw_pooled(fact, countries, LENGTH(countries), random);
        return;
    case CURRENCY:
        draw_pooled(fact, currencies, LENGTH(currencies), random);
        return;
    case EXCHANGE:
        draw_pooled(fact, exchanges, LENGTH(exchanges), random);
        return;
    case ISIN:
        draw_code(fact, pick(countries, LENGTH(countries), random >> 56), 10,
                  36, random);
        return;
    case CUSIP:
        draw_code(fact, "", 9, 36, random);
        return;
    case FIGI:
        draw_code(fact, "BBG", 9, 36, random);
        return;
    case RATING:
        draw_pooled(fact, ratings, LENGTH(ratings), random);
        return;
    case IS_ACTIVE:
    case LOT_SIZE:
    case COUPON:
    case DIVIDEND_YIELD:
    case BETA:
    case SHARES_OUTSTANDING:
    case MARKET_CAP:
    case AVERAGE_VOLUME:
    case ATTRIBUTES:
        break;
    }
    assert(false);
}

void
values_draw(uint64_t random, struct dataset_fact *fact)
{
    static const struct {
        uint64_t whole;
        int places;
    } numbers[DATASET_ATTRIBUTES] = {
        [LOT_SIZE] = { 1000, 0 },
        [COUPON] = { 12, 3 },
        [DIVIDEND_YIELD] = { 10, 2 },
        [BETA] = { 3, 4 },
        [SHARES_OUTSTANDING] = { 10000000000, 0 },
        [MARKET_CAP] = { 4000000000000, 2 },
        [AVERAGE_VOLUME] = { 80000000, 0 },
    };

    assert(fact->attribute < DATASET_ATTRIBUTES);

    if (fact->attribute < IS_ACTIVE) {
        draw_words(random, fact);
        return;
    }
    if (fact->attribute == IS_ACTIVE) {
        set_text(fact, random % 16 == 0 ? "false" : "true");
        fact->is_text = false;
        return;
    }
    draw_number(fact, numbers[fact->attribute].whole,
                numbers[fact->attribute].places, random);
}
