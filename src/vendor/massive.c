/* Massive (once Polygon.io): tickers, daily bars, splits. */
#include "massive.h"

#include "ask.h"

#define TICKERS_PAGE 1000
#define SPLITS_PAGE 1000 /* of either path to them */

static void
ask_tickers(const struct vendor_ask *ask, struct out *url)
{
    out_str(url, STR("/v3/reference/tickers"));
    ask_param(url, "market", STR("stocks"));
    ask_param(url, "active", STR("true"));
    ask_day_param(url, "date", ask->from);
    ask_int_param(url, "limit", TICKERS_PAGE);
}

/* Unadjusted: what is adjusted is another fact after each split. */
static void
ask_prices(const struct vendor_ask *ask, struct out *url)
{
    if (ask->ticker.data == NULL) {
        out_str(url, STR("/v2/aggs/grouped/locale/us/market/stocks"));
    } else {
        out_str(url, STR("/v1/open-close"));
        ask_segment(url, ask->ticker);
    }
    ask_day_segment(url, ask->from);
    ask_param(url, "adjusted", STR("false"));
}

static void
ask_splits(const struct vendor_ask *ask, struct out *url)
{
    out_str(url, STR("/stocks/v1/splits"));
    ask_day_param(url, "execution_date.gte", ask->from);
    ask_day_param(url, "execution_date.lte", ask->to);
    ask_int_param(url, "limit", SPLITS_PAGE);
}

bool
massive_is_nothing(const struct tree_node *root)
{
    const struct tree_node *status = json_tree_member(root, STR("status"));

    return status != NULL && status->type == TREE_STRING &&
           str_equal(status->text, STR("NOT_FOUND"));
}

static const struct vendor_dataset datasets[] = {
    {
        .shape = { .name = "tickers" },
        .brings = BRINGS_LISTING,
        .days = DAYS_ONE,
        .paging = PAGING_LINK,
        .ask = ask_tickers,
        .decode = massive_read_tickers,
    },
    {
        .shape = { .name = "open-close", .has_universe = true },
        .brings = BRINGS_BARS,
        .days = DAYS_ONE,
        .paging = PAGING_NONE,
        .ask = ask_prices,
        .decode = massive_read_prices,
    },
    {
        .shape = { .name = "splits" },
        .brings = BRINGS_SPLITS,
        .days = DAYS_RANGE,
        .paging = PAGING_LINK,
        .ask = ask_splits,
        .decode = massive_read_splits,
    },
};

const struct vendor_adapter massive_adapter = {
    .name = "massive",
    .decode_bars = massive_decode_bars,
    .key = KEY_BEARER,
    .key_parameter = MASSIVE_KEY_PARAMETER,
    .is_nothing = massive_is_nothing,
    .datasets = datasets,
    .dataset_count = sizeof datasets / sizeof datasets[0],
};
