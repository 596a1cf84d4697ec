/* A small market: securities AAA, BBB, CCC ..., a trade of each, flat bars. */
#include "tests/pipeline/market.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/date.h"

const char market_config[] =
    "{\"vendors\":["
    "{\"name\":\"polygon\",\"adapter\":\"massive\","
    "\"base_url\":\"https://api.massive.com\",\"key_env\":\"POLYGON\","
    "\"requests_per_minute\":5,\"datasets\":{"
    "\"tickers\":{\"at\":\"06:00\"},"
    "\"open-close\":{\"after\":\"trades\",\"universe\":\"traded\"}}},"
    "{\"name\":\"benzinga\",\"adapter\":\"benzinga\","
    "\"base_url\":\"https://api.benzinga.com\",\"key_env\":\"BENZINGA\","
    "\"requests_per_minute\":60,\"datasets\":{"
    "\"trades\":{\"at\":\"06:30\",\"lookback_days\":70}}}]}";

const char market_all_config[] =
    "{\"vendors\":["
    "{\"name\":\"polygon\",\"adapter\":\"massive\","
    "\"base_url\":\"https://api.massive.com\",\"key_env\":\"POLYGON\","
    "\"requests_per_minute\":5,\"datasets\":{"
    "\"tickers\":{\"at\":\"06:00\"},"
    "\"open-close\":{\"after\":\"tickers\",\"universe\":\"all\"}}}]}";

int market_listed = 3;
int market_trades = 3;

static char text[16384];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void
add(const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;

    va_start(args, format);
    vsnprintf(text + len, sizeof text - len, format, args);
    va_end(args);
}

/* Two a page. */
static const char *
serve_tickers(const char *url)
{
    const char *cursor = strstr(url, "cursor=");
    int first = cursor == NULL ? 0 : (int)strtol(cursor + 7, NULL, 10);

    add("{\"status\":\"OK\",\"request_id\":\"r\",\"count\":2,\"results\":[");
    for (int i = first; i < first + 2 && i < market_listed; i++)
        add("%s{\"ticker\":\"%c%c%c\",\"name\":\"Company %d\",\"active\":true,"
            "\"cik\":\"%010d\",\"composite_figi\":\"BBG00000000%c\","
            "\"market\":\"stocks\",\"locale\":\"us\","
            "\"primary_exchange\":\"XNYS\",\"type\":\"CS\"}",
            i > first ? "," : "", 'A' + i, 'A' + i, 'A' + i, i, i + 1, 'A' + i);
    add("]");
    if (first + 2 < market_listed)
        add(",\"next_url\":\"https://api.massive.com/v3/reference/tickers?"
            "cursor=%d\"",
            first + 2);
    add("}");
    return text;
}

static const char *
serve_trades(const char *url)
{
    const char *page = strstr(url, "page=");
    int first;

    while (page != NULL && page > url && page[-1] != '?' && page[-1] != '&')
        page = strstr(page + 1, "page=");
    first = page == NULL ? 0 : 2 * (int)strtol(page + 5, NULL, 10);
    add("{\"data\":[");
    for (int i = first; i < first + 2 && i < market_trades; i++)
        add("%s{\"id\":\"%d\",\"transaction_id\":\"t%d\",\"updated\":%d,"
            "\"transaction_date\":\"2024-12-0%d\",\"amount\":\"$1,001 - "
            "$15,000\",\"security\":{\"ticker\":\"%c%c%c\"},"
            "\"filer_info\":{\"member_id\":\"M%d\",\"member_name\":\"M\","
            "\"updated\":1734000000}}",
            i > first ? "," : "", i, i, 1734000000 + i, 2 + i % 3, 'A' + i,
            'A' + i, 'A' + i, i % 2);
    add("]}");
    return text;
}

/* BBB has none on the 17th. */
static const char *
serve_bar(const char *path)
{
    char ticker[4];

    snprintf(ticker, sizeof ticker, "%.3s", path);
    if (strncmp(path, "BBB/2024-12-17", 14) == 0)
        return NULL;
    add("{\"status\":\"OK\",\"from\":\"%.10s\",\"symbol\":\"%s\",\"open\":10,"
        "\"high\":12,\"low\":9,\"close\":11,\"volume\":100}",
        path + 4, ticker);
    return text;
}

/* All that are listed, and two more that nobody lists. */
static const char *
serve_market(const char *day)
{
    struct date date;
    enum err err = date_parse((struct str){ day, DATE_TEXT_BYTES }, &date);

    if (err != OK)
        return NULL;
    add("{\"status\":\"OK\",\"resultsCount\":%d,\"results\":[",
        market_listed + 2);
    for (int i = 0; i < market_listed + 2; i++)
        add("%s{\"T\":\"%c%c%c\",\"o\":10,\"h\":12,\"l\":9,\"c\":11,\"v\":1,"
            "\"t\":%lld}",
            i > 0 ? "," : "", 'A' + i, 'A' + i, 'A' + i,
            (date.days * 24LL + 20) * 3600000);
    add("]}");
    return text;
}

const char *
market_serve(const char *url)
{
    static const char market[] = "/v2/aggs/grouped/locale/us/market/stocks/";
    const char *day = strstr(url, market);
    static const char bars[] = "/v1/open-close/";
    const char *bar = strstr(url, bars);

    text[0] = '\0';
    if (day != NULL)
        return serve_market(day + sizeof market - 1);
    if (bar != NULL)
        return serve_bar(bar + sizeof bars - 1);
    if (strstr(url, "/v3/reference/tickers") != NULL)
        return serve_tickers(url);
    if (strstr(url, "/congress/trades") != NULL)
        return serve_trades(url);
    return NULL;
}
