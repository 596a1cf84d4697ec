/* URLs: where a key would be sent is where curl would send it. */
#include <assert.h>
#include <curl/curl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "secmaster/url.h"
#include "src/codec/base_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect_part(CURLU *curl, CURLUPart part, const char *expected)
{
    char *text = NULL;

    if (curl_url_get(curl, part, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
        abort();
    if (strcasecmp(text, expected) != 0) {
        fprintf(stderr, "curl reads %s, not %s\n", text, expected);
        abort();
    }
    curl_free(text);
}

/* Not every URL that has an origin is one for curl; but where it is, both mean
 * one server. */
static void
expect_curls(const char *url, const struct url_origin *origin)
{
    CURLU *curl = curl_url();
    char host[URL_HOST_BYTES_MAX + 1], port[16];

    assert(curl != NULL);
    if (curl_url_set(curl, CURLUPART_URL, url, 0) == CURLUE_OK) {
        (void)snprintf(host, sizeof host, "%.*s", (int)origin->host_len,
                       origin->host);
        (void)snprintf(port, sizeof port, "%u", origin->port);
        expect_part(curl, CURLUPART_SCHEME,
                    origin->is_https ? "https" : "http");
        expect_part(curl, CURLUPART_PORT, port);
        /* Of an address in brackets it has another spelling. */
        if (origin->host[0] != '[')
            expect_part(curl, CURLUPART_HOST, host);
    }
    curl_url_cleanup(curl);
}

/* An origin written out is that origin. */
static void
expect_written(const struct url_origin *origin)
{
    char text[URL_HOST_BYTES_MAX + 32];
    struct url_origin again;

    /* Nobody writes IPv4 into brackets, but that is how some are shortened. */
    if (memchr(origin->host, '.', origin->host_len) != NULL &&
        origin->host[0] == '[')
        return;
    (void)snprintf(text, sizeof text, "http%s://%.*s:%u",
                   origin->is_https ? "s" : "", (int)origin->host_len,
                   origin->host, origin->port);
    assert(url_origin_fault(str_of(text), &again) == NULL);
    assert(again.is_https == origin->is_https);
    assert(again.is_loopback == origin->is_loopback);
    assert(again.port == origin->port);
    assert(again.host_len == origin->host_len);
    assert(memcmp(again.host, origin->host, origin->host_len) == 0);
}

static void
check(struct str url)
{
    struct url_origin origin;
    const bool is_base = base_url_fault(url) == NULL;
    char *text;

    if (url_origin_fault(url, &origin) != NULL) {
        assert(!is_base);
        assert(!url_same_origin(url, url));
        return;
    }
    assert(url_same_origin(url, url));
    assert(origin.len <= url.len);
    assert(origin.port >= 1);
    assert(origin.port <= 65535);
    assert(origin.host_len >= 1);
    if (is_base) {
        assert(origin.is_https || origin.is_loopback);
        assert(memchr(url.data, '@', origin.len) == NULL);
        assert(memchr(url.data, '?', url.len) == NULL);
        assert(url.len <= BASE_URL_BYTES_MAX);
    }
    expect_written(&origin);
    text = strndup(url.data, url.len);
    assert(text != NULL);
    expect_curls(text, &origin);
    free(text);
}

/* Two URLs with a line break between, or one. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str one = { (const char *)data, size }, other = { "", 0 };
    const char *at = size == 0 ? NULL : memchr(data, '\n', size);

    if (at != NULL) {
        one.len = (size_t)(at - one.data);
        other = (struct str){ at + 1, size - one.len - 1 };
    }
    check(one);
    check(other);
    assert(url_same_origin(one, other) == url_same_origin(other, one));
    (void)url_path_fault(one);
    return 0;
}
