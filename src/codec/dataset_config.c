/* When a dataset is asked for, for which tickers, and how far back. */
#include "dataset_config.h"

#include <assert.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

static const char *const members[] = { "at", "after", "universe",
                                       "lookback_days", NULL };

static_assert(VENDOR_NAME_BYTES_MAX <= CONFIG_NAME_BYTES_MAX,
              "a dataset's name can be a place");

/* "HH:MM" as a minute of the day; -1: it is none. */
static int32_t
minute_of(struct str text)
{
    int32_t digits[5];
    int32_t hour, minute;

    if (text.len != 5 || text.data[2] != ':')
        return -1;
    for (size_t i = 0; i < 5; i++) {
        digits[i] = text.data[i] - '0';
        if (i != 2 && (digits[i] < 0 || digits[i] > 9))
            return -1;
    }
    hour = digits[0] * 10 + digits[1];
    minute = digits[3] * 10 + digits[4];
    return hour > 23 || minute > 59 ? -1 : hour * 60 + minute;
}

static void
read_at(struct config_reader *reader, const struct json_node *node,
        struct dataset_config *dataset)
{
    const char *text;

    if (!json_string(node, &text)) {
        config_complain(reader, "at", "must be a string");
        return;
    }
    dataset->at_minute = minute_of(str_of(text));
    if (dataset->at_minute == AT_NONE)
        config_complain(reader, "at",
                        "must be \"HH:MM\", a time of the day in UTC");
}

static const char *
asked_ticker_fault(struct str text)
{
    static_assert(TICKER_BYTES_MAX == 128, "the fault names the limit");

    if (text.len == 0 || text.len > TICKER_BYTES_MAX)
        return "a ticker must be 1 to 128 bytes long";
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            return "a ticker must be of visible ASCII characters";
    return NULL;
}

static enum err
read_ticker(struct config_reader *reader, const struct json_node *node,
            struct str *out)
{
    const char *text, *fault;

    if (!json_string(node, &text)) {
        config_complain(reader, NULL, "must be a string");
        return OK;
    }
    fault = asked_ticker_fault(str_of(text));
    if (fault != NULL) {
        config_complain(reader, NULL, "%s", fault);
        return OK;
    }
    *out = arena_copy(reader->arena, str_of(text));
    return out->data == NULL ? ERR_TOO_LARGE : OK;
}

static int
compare_tickers(const void *a, const void *b)
{
    const struct str *left = *(const struct str *const *)a;
    const struct str *right = *(const struct str *const *)b;
    int texts = str_compare(*left, *right);

    if (texts != 0)
        return texts;
    return left < right ? -1 : left > right;
}

/* Sorted, so that a long list costs no square of it. */
static enum err
check_tickers_twice(struct config_reader *reader,
                    const struct dataset_config *dataset)
{
    const struct str **sorted =
        arena_zalloc(reader->arena, dataset->ticker_count, sizeof *sorted);

    if (sorted == NULL)
        return ERR_TOO_LARGE;
    for (uint32_t i = 0; i < dataset->ticker_count; i++)
        sorted[i] = &dataset->tickers[i];
    qsort(sorted, dataset->ticker_count, sizeof *sorted, compare_tickers);
    for (uint32_t i = 1; i < dataset->ticker_count; i++) {
        size_t place_len;

        if (sorted[i]->data == NULL || !str_equal(*sorted[i - 1], *sorted[i]))
            continue;
        place_len =
            config_enter_item(reader, (uint32_t)(sorted[i] - dataset->tickers));
        config_complain(reader, NULL, "the ticker is in this list already");
        config_leave(reader, place_len);
    }
    return OK;
}

/* In the place of the list. */
static enum err
read_tickers(struct config_reader *reader, const struct json_node *node,
             struct dataset_config *dataset)
{
    uint32_t count = config_count(node, UNIVERSE_TICKERS_MAX), i = 0;
    struct str *tickers;

    if (count == 0 || count > UNIVERSE_TICKERS_MAX) {
        config_complain(reader, NULL, "must have 1 to %d tickers",
                        UNIVERSE_TICKERS_MAX);
        return OK;
    }
    tickers = arena_zalloc(reader->arena, count, sizeof *tickers);
    if (tickers == NULL)
        return ERR_TOO_LARGE;
    for (node = json_first(node); node != NULL; node = json_next(node), i++) {
        size_t place_len = config_enter_item(reader, i);

        TRY(read_ticker(reader, node, &tickers[i]));
        config_leave(reader, place_len);
    }
    dataset->universe = UNIVERSE_LIST;
    dataset->tickers = tickers;
    dataset->ticker_count = count;
    return check_tickers_twice(reader, dataset);
}

static enum err
read_universe(struct config_reader *reader, const struct json_node *node,
              struct dataset_config *dataset)
{
    const char *text = "";
    size_t place_len;
    enum err err;

    if (!dataset->shape->has_universe) {
        config_complain(reader, "universe", "the dataset has no universe");
        return OK;
    }
    if (json_is_array(node)) {
        place_len = config_enter(reader, STR("universe"));
        err = read_tickers(reader, node, dataset);
        config_leave(reader, place_len);
        return err;
    }
    (void)json_string(node, &text);
    if (strcmp(text, "all") == 0)
        dataset->universe = UNIVERSE_ALL;
    else if (strcmp(text, "traded") != 0)
        config_complain(reader, "universe",
                        "must be \"traded\", \"all\" or an array of tickers");
    return OK;
}

static void
read_lookback(struct config_reader *reader, const struct json_node *node,
              struct dataset_config *dataset)
{
    static const struct config_number lookback = {
        "lookback_days", offsetof(struct dataset_config, lookback_days), 1,
        LOOKBACK_DAYS_MAX, LOOKBACK_DAYS_DEFAULT
    };

    if (dataset->shape->has_lookback)
        config_read_number(reader, node, &lookback, dataset);
    else if (json_member(node, "lookback_days") != NULL)
        config_complain(reader, "lookback_days", "the dataset has no lookback");
}

static enum err
read_members(struct config_reader *reader, const struct json_node *node,
             struct dataset_config *dataset)
{
    static const struct config_text after = {
        "after", config_name_fault, offsetof(struct dataset_config, after),
        false
    };
    const struct json_node *at = json_member(node, "at");
    const struct json_node *universe = json_member(node, "universe");

    if (at != NULL && json_member(node, "after") != NULL)
        config_complain(reader, NULL, "has both \"at\" and \"after\"");
    if (at != NULL)
        read_at(reader, at, dataset);
    TRY(config_read_text(reader, node, &after, dataset));
    if (universe != NULL)
        TRY(read_universe(reader, universe, dataset));
    read_lookback(reader, node, dataset);
    return OK;
}

static const struct dataset_shape *
find_shape(const struct adapter_shape *adapter, struct str name)
{
    for (uint32_t i = 0; i < adapter->dataset_count; i++)
        if (str_equal(name, str_of(adapter->datasets[i].name)))
            return &adapter->datasets[i];
    return NULL;
}

/* In the place of the dataset; one that is unknown is left out. */
static enum err
read_dataset(struct config_reader *reader, const struct json_node *node,
             struct vendor_config *vendor, struct dataset_config *dataset)
{
    dataset->shape = find_shape(vendor->adapter, json_name(node));
    if (dataset->shape == NULL) {
        config_complain(reader, NULL, "adapter %s has no such dataset",
                        vendor->adapter->name);
        return OK;
    }
    vendor->dataset_count++;
    dataset->at_minute = AT_NONE;
    if (!json_is_object(node)) {
        config_complain(reader, NULL, "must be an object");
        return OK;
    }
    config_check_members(reader, node, members);
    return read_members(reader, node, dataset);
}

enum err
dataset_config_read(struct config_reader *reader, const struct json_node *node,
                    struct vendor_config *vendor)
{
    struct dataset_config *datasets = arena_zalloc(
        reader->arena, vendor->adapter->dataset_count + 1, sizeof *datasets);

    if (datasets == NULL)
        return ERR_TOO_LARGE;
    vendor->datasets = datasets;
    for (node = json_first(node); node != NULL; node = json_next(node)) {
        struct str name = json_name(node);
        size_t place_len;

        if (name.len > CONFIG_NAME_BYTES_MAX) {
            config_complain(reader, NULL, "a dataset with a long name");
            continue;
        }
        place_len = config_enter(reader, name);
        TRY(read_dataset(reader, node, vendor,
                         &datasets[vendor->dataset_count]));
        config_leave(reader, place_len);
    }
    return OK;
}
