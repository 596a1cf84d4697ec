/* A configuration of vendors: what is accepted keeps every promise. */
#include <arpa/inet.h>
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <strings.h>

#include "secmaster/bounds.h"
#include "src/pipeline/dataset_graph.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct dataset_shape first_datasets[] = {
    { "tickers", false, false },
    { "open-close", true, false },
};
static const struct dataset_shape second_datasets[] = {
    { "trades", false, true },
};
static const struct adapter_shape adapters[] = {
    { "massive", first_datasets, 2, .needs_key = true },
    { "benzinga", second_datasets, 1, .needs_key = true, .has_path = true },
};
static const struct adapter_shapes shapes = { adapters, 2 };

static void
check_dataset(const struct dataset_config *dataset)
{
    assert(dataset->shape != NULL);
    assert(dataset->at_minute >= AT_NONE);
    assert(dataset->at_minute < 24 * 60);
    assert(dataset->at_minute == AT_NONE || dataset->after.data == NULL);
    assert((dataset->universe == UNIVERSE_LIST) == (dataset->ticker_count > 0));
    assert((dataset->lookback_days > 0) == dataset->shape->has_lookback);
    for (uint32_t i = 0; i < dataset->ticker_count; i++) {
        assert(dataset->tickers[i].len > 0);
        assert(dataset->tickers[i].len <= TICKER_BYTES_MAX);
    }
}

static bool
is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;

    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == IN_LOOPBACKNET;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcasecmp(host, "localhost") == 0;
}

/* A key may travel there. A scheme is one in any case, and an "@" in a path is
 * no user's name (RFC 3986, 3.1 and 3.3). */
static void
check_base_url(struct str url)
{
    char text[BASE_URL_BYTES_MAX + 1], *host;
    bool is_bracketed;

    assert(url.len > 0);
    assert(url.len < sizeof text);
    (void)snprintf(text, sizeof text, "%.*s", STR_ARG(url));
    assert(strlen(text) == url.len);
    assert(text[url.len - 1] != '/');
    assert(strpbrk(text, "\\?# ") == NULL);
    host = strstr(text, "://");
    assert(host != NULL);
    host += strlen("://");
    host[strcspn(host, "/")] = '\0';
    assert(strchr(host, '@') == NULL);
    if (strncasecmp(text, "https://", strlen("https://")) == 0)
        return;
    assert(strncasecmp(text, "http://", strlen("http://")) == 0);
    is_bracketed = host[0] == '[';
    host += is_bracketed ? 1 : 0;
    host[strcspn(host, is_bracketed ? "]" : ":")] = '\0';
    assert(is_loopback(host));
}

static void
check_vendor(const struct vendor_config *vendor)
{
    assert(vendor->adapter != NULL);
    assert(vendor->name.len >= 1);
    assert(vendor->name.len <= VENDOR_NAME_BYTES_MAX);
    assert(memchr(vendor->name.data, '/', vendor->name.len) == NULL);
    check_base_url(vendor->base_url);
    assert((vendor->key_env.data == NULL) != (vendor->key_file.data == NULL));
    assert(vendor->burst >= 1);
    assert(vendor->burst <= vendor->requests_per_minute);
    assert(vendor->requests_per_minute <= REQUESTS_PER_MINUTE_MAX);
    assert(vendor->retry_initial_seconds >= 1);
    for (uint32_t i = 0; i < vendor->dataset_count; i++)
        check_dataset(&vendor->datasets[i]);
}

/* Each stands behind the one it comes after, and none is missing. */
static void
check_graph(const struct vendors_config *config, struct arena *arena)
{
    struct dataset_graph graph;
    struct why why = { "" };
    size_t datasets = 0;

    if (dataset_graph_make(config, arena, &graph, &why) != OK) {
        assert(why.text[0] != '\0');
        return;
    }
    for (uint32_t i = 0; i < config->count; i++)
        datasets += config->vendors[i].dataset_count;
    assert(graph.count == datasets);
    for (size_t i = 0; i < graph.count; i++)
        assert(graph.nodes[i].after == DATASET_NONE ||
               graph.nodes[i].after < i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct complaints complaints;
    struct vendors_config config;
    struct why why = { "" };
    struct arena arena;
    struct vendor_config_context context = { &shapes, &arena, &complaints };
    enum err err;

    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    complaints_init(&complaints, &arena);
    err = vendor_config_read((struct str){ (const char *)data, size }, &context,
                             &config, &why);
    assert((err == ERR_INVALID) == (complaints.total > 0));
    if (err == OK) {
        for (uint32_t i = 0; i < config.count; i++)
            check_vendor(&config.vendors[i]);
        check_graph(&config, &arena);
    }
    arena_fini(&arena);
    return 0;
}
