/* Every limit of a configuration of vendors, from both of its sides. */
#include <criterion/criterion.h>

#include "secmaster/bounds.h"
#include "secmaster/out.h"
#include "secmaster/vendor_config.h"

static const struct dataset_shape massive_datasets[] = {
    { "open-close", true, false },
};
static const struct dataset_shape benzinga_datasets[] = {
    { "trades", false, true },
};
static const struct adapter_shape adapters[] = {
    { "massive", massive_datasets, 1, .needs_key = true },
    { "benzinga", benzinga_datasets, 1, .needs_key = true },
    { "open", NULL, 0, .needs_key = false },
};
static const struct adapter_shapes shapes = { adapters, 3 };

#define COUNT(rows) (sizeof(rows) / sizeof(rows)[0])

static enum err
read_config(struct str text, struct why *why)
{
    struct complaints complaints;
    struct vendors_config config;
    struct arena arena;
    struct vendor_config_context context = { &shapes, &arena, &complaints };
    enum err err;

    arena_init(&arena, 8 * REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = vendor_config_read(text, &context, &config, why);
    arena_fini(&arena);
    return err;
}

Test(vendor_config_bounds, bounds_numbers_on_both_sides)
{
    static const struct {
        const char *member;
        uint32_t least, most;
    } rows[] = {
        { "requests_per_minute", 1, REQUESTS_PER_MINUTE_MAX },
        { "retry_initial_seconds", 1, RETRY_SECONDS_MAX },
        { "retry_max_seconds", 1, RETRY_SECONDS_MAX },
        { "timeout_seconds", 1, VENDOR_TIMEOUT_SECONDS_MAX },
        { "burst", 1, REQUESTS_PER_MINUTE_DEFAULT },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct {
            int64_t number;
            enum err err;
        } sides[] = {
            { (int64_t)rows[i].least - 1, ERR_INVALID },
            { rows[i].least, OK },
            { rows[i].most, OK },
            { (int64_t)rows[i].most + 1, ERR_INVALID },
            { -1, ERR_INVALID },
            { INT64_C(4294967296) + rows[i].least, ERR_INVALID },
        };

        for (size_t s = 0; s < COUNT(sides); s++) {
            struct out text;
            enum err err;

            out_init(&text, SIZE_MAX);
            out_print(&text,
                      "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"open\","
                      "\"base_url\":\"https://h\",\"%s\":%lld}]}",
                      rows[i].member, (long long)sides[s].number);
            err = read_config(out_text(&text), NULL);
            cr_expect_eq(err, sides[s].err, "%s %lld: err %d", rows[i].member,
                         (long long)sides[s].number, (int)err);
            out_fini(&text);
        }
    }
}

/* before, count times item with a number in it, and after. */
struct repeated {
    const char *name, *before, *item, *after;
    int count;
    enum err err;
};

static void
put_repeated(struct out *out, const struct repeated *row)
{
    out_print(out, "%s", row->before);
    for (int i = 0; i < row->count; i++) {
        const char *at = strchr(row->item, '#');
        size_t len = at == NULL ? strlen(row->item) : (size_t)(at - row->item);

        out_print(out, "%s%.*s", i > 0 && at != NULL ? "," : "", (int)len,
                  row->item);
        if (at != NULL)
            out_print(out, "%d%s", i, at + 1);
    }
    out_print(out, "%s", row->after);
}

#define OPEN_CLOSE(key)                                                        \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"massive\",\"base_url\":"      \
    "\"https://h\",\"key_env\":\"K\",\"datasets\":{\"open-close\":{" key
#define TRADES                                                                 \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"benzinga\",\"base_url\":"     \
    "\"https://h\",\"key_env\":\"K\",\"datasets\":{\"trades\":{"
#define FILE_OF                                                                \
    "{\"vendors\":[{\"name\":\"v\",\"adapter\":\"open\",\"base_url\":"         \
    "\"https://h\",\"key_file\":\""
#define A_VENDOR                                                               \
    "{\"name\":\"v#\",\"adapter\":\"open\",\"base_url\":\"https://h\"}"

Test(vendor_config_bounds, bounds_lists_and_texts_on_both_sides)
{
    static const struct repeated rows[] = {
        { "vendors", "{\"vendors\":[", A_VENDOR, "]}", VENDORS_MAX, OK },
        { "too many vendors", "{\"vendors\":[", A_VENDOR, "]}", VENDORS_MAX + 1,
          ERR_INVALID },
        { "tickers", OPEN_CLOSE("\"universe\":["), "\"T#\"", "]}}}]}",
          UNIVERSE_TICKERS_MAX, OK },
        { "too many tickers", OPEN_CLOSE("\"universe\":["), "\"T#\"", "]}}}]}",
          UNIVERSE_TICKERS_MAX + 1, ERR_INVALID },
        { "a ticker", OPEN_CLOSE("\"universe\":[\""), "T", "\"]}}}]}",
          TICKER_BYTES_MAX, OK },
        { "a long ticker", OPEN_CLOSE("\"universe\":[\""), "T", "\"]}}}]}",
          TICKER_BYTES_MAX + 1, ERR_INVALID },
        { "a variable", OPEN_CLOSE("}},\"webhook_path_env\":\""), "V", "\"}]}",
          ENV_NAME_BYTES_MAX, OK },
        { "a long variable", OPEN_CLOSE("}},\"webhook_path_env\":\""), "V",
          "\"}]}", ENV_NAME_BYTES_MAX + 1, ERR_INVALID },
        { "a file", FILE_OF, "f", "\"}]}", KEY_FILE_BYTES_MAX, OK },
        { "a long file", FILE_OF, "f", "\"}]}", KEY_FILE_BYTES_MAX + 1,
          ERR_INVALID },
        { "lookback", TRADES "\"lookback_days\":1", "", "}}}]}", 0, OK },
        { "no lookback", TRADES "\"lookback_days\":0", "", "}}}]}", 0,
          ERR_INVALID },
        { "a century back", TRADES "\"lookback_days\":36525", "", "}}}]}", 0,
          OK },
        { "over a century back", TRADES "\"lookback_days\":36526", "", "}}}]}",
          0, ERR_INVALID },
        { "a whole text", "{\"vendors\":[", " ", "]}", CONFIG_BYTES_MAX - 14,
          OK },
        { "a long text", "{\"vendors\":[", " ", "]}", CONFIG_BYTES_MAX - 13,
          ERR_TOO_LARGE },
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct why why = { "" };
        struct out text;
        enum err err;

        out_init(&text, SIZE_MAX);
        put_repeated(&text, &rows[i]);
        err = read_config(out_text(&text), &why);
        cr_expect_eq(err, rows[i].err, "%s: err %d, %s", rows[i].name, (int)err,
                     why.text);
        out_fini(&text);
    }
}
