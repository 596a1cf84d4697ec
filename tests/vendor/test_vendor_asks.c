/* What vendors are asked: URLs to the byte, and where keys go. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/vendor.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BASE STR("https://vendor.test/v")
#define TEXT(literal)                                                          \
    {                                                                          \
        literal, sizeof(literal) - 1                                           \
    }
#define FIRST                                                                  \
    {                                                                          \
        19724                                                                  \
    } /* 2024-01-02 */
#define LAST                                                                   \
    {                                                                          \
        19727                                                                  \
    }

static const struct {
    const char *vendor, *dataset;
    struct vendor_ask ask;
    const char *url; /* behind the base; absolute where a link leads */
} cases[] = {
    { "massive",
      "tickers",
      { .from = FIRST, .to = FIRST },
      "/v3/reference/tickers?market=stocks&active=true&date=2024-01-02"
      "&limit=1000" },
    { "massive",
      "open-close",
      { .ticker = TEXT("KIMpL"), .from = FIRST, .to = FIRST },
      "/v1/open-close/KIMpL/2024-01-02?adjusted=false" },
    { "massive",
      "open-close",
      { .ticker = TEXT("A/b?c=d&e%#\xc3\xa9.-_~"), .from = FIRST },
      "/v1/open-close/A%2Fb%3Fc%3Dd%26e%25%23%C3%A9.-_~/2024-01-02"
      "?adjusted=false" },
    { "massive",
      "open-close",
      { .from = FIRST },
      "/v2/aggs/grouped/locale/us/market/stocks/2024-01-02?adjusted=false" },
    { "massive",
      "splits",
      { .from = FIRST, .to = LAST },
      "/stocks/v1/splits?execution_date.gte=2024-01-02"
      "&execution_date.lte=2024-01-05&limit=1000" },
    { "massive",
      "tickers",
      { .from = FIRST, .next = TEXT("https://vendor.test/x?cursor=a%3D") },
      "https://vendor.test/x?cursor=a%3D" },
    { "benzinga",
      "trades",
      { .from = FIRST, .to = LAST },
      "/api/v1/gov/usa/congress/trades?pagesize=1000&page=0"
      "&date_from=2024-01-02&date_to=2024-01-05" },
    { "benzinga",
      "trades",
      { .from = { INT32_MIN },
        .updated_since = 1734012108,
        .page = 3,
        .path = TEXT("/api/v1/government_trades") },
      "/api/v1/government_trades?pagesize=1000&page=3"
      "&updated_since=1734012108" },
    { "senate-stock-watcher",
      "trades",
      { .from = { INT32_MIN } },
      "/aggregate/all_transactions.json" },
    { "senate-stock-watcher",
      "trades",
      { .from = { INT32_MIN }, .path = TEXT("/x.json") },
      "/x.json" },
};

static const struct vendor_dataset *
dataset_of(const char *vendor, const char *name)
{
    const struct vendor_adapter *adapter = vendor_find(str_of(vendor));
    const struct vendor_dataset *dataset;

    cr_assert_not_null(adapter, "%s", vendor);
    dataset = vendor_dataset(adapter, str_of(name));
    cr_assert_not_null(dataset, "%s %s", vendor, name);
    return dataset;
}

Test(vendor_asks, urls_to_the_byte)
{
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct vendor_ask ask = cases[i].ask;
        struct out wanted, got;

        ask.base_url = BASE;
        out_init(&wanted, SIZE_MAX);
        out_init(&got, SIZE_MAX);
        if (ask.next.data == NULL)
            out_str(&wanted, BASE);
        out_str(&wanted, str_of(cases[i].url));
        vendor_ask_put(dataset_of(cases[i].vendor, cases[i].dataset), &ask,
                       &got);
        cr_expect(str_equal(out_text(&got), out_text(&wanted)),
                  "%zu: %.*s, wanted: %.*s", i, STR_ARG(out_text(&got)),
                  STR_ARG(out_text(&wanted)));
        out_fini(&wanted);
        out_fini(&got);
    }
}

/* How a key goes into a URL, or by a header, which is another's affair. */
static const struct {
    const char *vendor;
    enum vendor_key key;
    const char *before, *behind;
} keys[] = {
    { "massive", KEY_BEARER, "https://x/a?b=c", "https://x/a?b=c" },
    { "benzinga", KEY_QUERY, "https://x/a", "https://x/a?token=s%26%20e" },
    { "benzinga", KEY_QUERY, "https://x/a?b=c",
      "https://x/a?b=c&token=s%26%20e" },
    { "senate-stock-watcher", KEY_NONE, "https://x/a", "https://x/a" },
};

Test(vendor_asks, a_key_goes_where_the_vendor_wants_it)
{
    for (size_t i = 0; i < COUNT(keys); i++) {
        const struct vendor_adapter *vendor =
            vendor_find(str_of(keys[i].vendor));
        struct out url;

        cr_assert_not_null(vendor);
        out_init(&url, SIZE_MAX);
        out_str(&url, str_of(keys[i].before));
        vendor_key_put(vendor, STR("s& e"), &url);
        cr_expect_eq(vendor->key, keys[i].key, "%s", keys[i].vendor);
        cr_expect(str_equal(out_text(&url), str_of(keys[i].behind)), "%s: %.*s",
                  keys[i].vendor, STR_ARG(out_text(&url)));
        out_fini(&url);
    }
}

static const struct {
    struct str text;
    bool can;
} tickers[] = {
    { TEXT("A"), true },
    { TEXT("KIMpL"), true },
    { TEXT("BRK.B"), true },
    { TEXT("BRK/B"), true },
    { TEXT("7203"), true },
    { TEXT("NA"), true },
    { TEXT("NONEX"), true },
    { TEXT(""), false },
    { TEXT("--"), false },
    { TEXT(".."), false },
    { TEXT("N/A"), false },
    { TEXT("n/a"), false },
    { TEXT("None"), false },
    { TEXT("A B"), false },
    { TEXT("A\n"), false },
    { TEXT("\xc3\xa9"
           "A"),
      false },
    { TEXT("A\0"), false },
};

Test(vendor_asks, what_people_write_for_none_is_no_ticker)
{
    char longest[TICKER_BYTES_MAX + 1];

    for (size_t i = 0; i < COUNT(tickers); i++)
        cr_expect_eq(vendor_can_ask(tickers[i].text), tickers[i].can, "%.*s",
                     STR_ARG(tickers[i].text));
    memset(longest, 'A', sizeof longest);
    cr_expect(vendor_can_ask((struct str){ longest, TICKER_BYTES_MAX }));
    cr_expect_not(vendor_can_ask((struct str){ longest, sizeof longest }));
}

/* "NAME KEY PATH: DATASET+universe+lookback" of each. */
Test(vendor_asks, all_that_can_be_configured)
{
    static const char wanted[] =
        "benzinga key path: trades+lookback\n"
        "massive key: tickers open-close+universe splits\n"
        "senate-stock-watcher path: trades\n";
    struct adapter_shapes shapes;
    struct arena arena;
    struct out got;

    arena_init(&arena, 1UL << 20);
    out_init(&got, SIZE_MAX);
    cr_assert_eq(vendor_shapes(&arena, &shapes), OK);
    for (uint32_t i = 0; i < shapes.count; i++) {
        const struct adapter_shape *shape = &shapes.items[i];

        out_print(&got, "%s%s%s:", shape->name, shape->needs_key ? " key" : "",
                  shape->has_path ? " path" : "");
        for (uint32_t j = 0; j < shape->dataset_count; j++) {
            const struct dataset_shape *dataset = &shape->datasets[j];

            out_print(&got, " %s%s%s", dataset->name,
                      dataset->has_universe ? "+universe" : "",
                      dataset->has_lookback ? "+lookback" : "");
        }
        out_char(&got, '\n');
    }
    cr_expect(str_equal(out_text(&got), str_of(wanted)), "%.*s",
              STR_ARG(out_text(&got)));
    out_fini(&got);
    arena_fini(&arena);
    arena_init(&arena, 16);
    cr_expect_eq(vendor_shapes(&arena, &shapes), ERR_TOO_LARGE);
    arena_fini(&arena);
}

Test(vendor_asks, a_dataset_is_found_by_its_name_alone)
{
    const struct vendor_adapter *massive = vendor_find(STR("massive"));

    cr_assert_not_null(massive);
    cr_expect_not_null(vendor_dataset(massive, STR("tickers")));
    cr_expect_null(vendor_dataset(massive, STR("Tickers")));
    cr_expect_null(vendor_dataset(massive, STR("ticker")));
    cr_expect_null(vendor_dataset(massive, STR("trades")));
}
