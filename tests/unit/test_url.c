/* What a URL points to, and what is not even read. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MARKS "the URL has a character that must be escaped, or a fragment"
#define BEGIN "the URL must begin with \"https://\" or \"http://\""
#define HOST "the URL has no host that is a name or an address"
#define PORT "the URL's port must be from 1 to 65535"

static const struct {
    const char *url;
    const char *host;
    unsigned port;
    bool is_https, is_loopback;
} origins[] = {
    { "https://api.massive.com", "api.massive.com", 443, true, false },
    { "https://api.massive.com/", "api.massive.com", 443, true, false },
    { "https://api.massive.com?a=b", "api.massive.com", 443, true, false },
    { "https://api.massive.com:8443/x", "api.massive.com", 8443, true, false },
    { "http://API.Massive.COM/X", "api.massive.com", 80, false, false },
    { "HTTPS://A-1.b2.Example/", "a-1.b2.example", 443, true, false },
    { "https://1password.com", "1password.com", 443, true, false },
    { "http://h:1", "h", 1, false, false },
    { "http://h:65535", "h", 65535, false, false },
    { "https://h/?next=https://evil/@x", "h", 443, true, false },
    { "https://h/a@evil", "h", 443, true, false },
    { "https://h?a@evil", "h", 443, true, false },
    { "https://h?a=/x:1", "h", 443, true, false },
    { "http://localhost:1", "localhost", 1, false, true },
    { "http://LOCALHOST", "localhost", 80, false, true },
    { "http://127.0.0.1:9/x", "127.0.0.1", 9, false, true },
    { "http://127.255.1.2", "127.255.1.2", 80, false, true },
    { "http://[::1]:9/x", "[::1]", 9, false, true },
    { "http://[0:0:0:0:0:0:0:1]", "[::1]", 80, false, true },
    { "https://[2001:DB8::0001]/", "[2001:db8::1]", 443, true, false },
    { "http://[2001:0db8:0001:0002:0003:0004:0005:0006]",
      "[2001:db8:1:2:3:4:5:6]", 80, false, false },
    { "http://[::ffff:7f00:1]", "[::ffff:127.0.0.1]", 80, false, false },
    { "http://128.0.0.1", "128.0.0.1", 80, false, false },
    { "http://12.7.0.0", "12.7.0.0", 80, false, false },
    { "http://0.0.0.0", "0.0.0.0", 80, false, false },
    { "http://localhost.evil.com", "localhost.evil.com", 80, false, false },
    { "http://127.0.0.1.evil.com", "127.0.0.1.evil.com", 80, false, false },
};

static const struct {
    const char *url, *fault;
} refused[] = {
    { "", BEGIN },
    { "/v3/tickers", BEGIN },
    { "//api.massive.com/", BEGIN },
    { "api.massive.com", BEGIN },
    { "https:api.massive.com", BEGIN },
    { "https:/api.massive.com", BEGIN },
    { "ftp://h/", BEGIN },
    { "file:///etc/passwd", BEGIN },
    { "httpss://h/", BEGIN },
    { " https://h/", MARKS },
    { "https://evil\\@h/", MARKS },
    { "https://h\\.evil/", MARKS },
    { "https://h/a\\b", MARKS },
    { "https://h#@evil/", MARKS },
    { "https://h/x#y", MARKS },
    { "https://h/a b", MARKS },
    { "https://h/a\r\nX: y", MARKS },
    { "https://h\t/", MARKS },
    { "https://h/\x7f", MARKS },
    { "https://h/\xc3\xa9", MARKS },
    { "https://\xc3\xa9.com/", MARKS },
    { "https://", HOST },
    { "https:///x", HOST },
    { "https://?x", HOST },
    { "https://:443/", HOST },
    { "https://user@h/", HOST },
    { "https://api.massive.com@evil/", HOST },
    { "https://@h/", HOST },
    { "https://h%2eevil/", HOST },
    { "https://%68", HOST },
    { "https://h,evil/", HOST },
    { "https://h;evil/", HOST },
    { "https://a_b/", HOST },
    { "https://h.", HOST },
    { "http://localhost.", HOST },
    { "http://127.0.0.1.", HOST },
    { "https://.h", HOST },
    { "https://a..b", HOST },
    { "https://-a", HOST },
    { "https://a-", HOST },
    { "https://a.-b", HOST },
    { "https://a-.b", HOST },
    { "https://1", HOST },
    { "https://a.1", HOST },
    { "https://0x7f000001", HOST },
    { "https://a.0x1", HOST },
    { "http://2130706433", HOST },
    { "http://127.1", HOST },
    { "https://192.0.2", HOST },
    { "https://192.0.2.256", HOST },
    { "https://192.0.2.07", HOST },
    { "https://0300.0.2.7", HOST },
    { "https://192.0.2.7.9", HOST },
    { "https://[", HOST },
    { "https://[::1/", HOST },
    { "https://[]/", HOST },
    { "https://[1234]", HOST },
    { "https://[::1%25eth0]", HOST },
    { "https://[fe80::1%25eth0]/", HOST },
    { "https://[127.0.0.1]/", HOST },
    { "https://[::ffff:127.0.0.1]", HOST },
    { "https://[00000::1]", HOST },
    { "https://[2001:0db8:0001:0002:0003:0004:0005:0006:00007:8]", HOST },
    { "https://::1/", HOST },
    { "https://h:", PORT },
    { "https://h:/x", PORT },
    { "https://h:0/", PORT },
    { "https://h:00/", PORT },
    { "https://h:080/", PORT },
    { "https://h:65536/", PORT },
    { "https://h:99999/", PORT },
    { "https://h:100000/", PORT },
    { "https://h:99999999999", PORT },
    { "https://h:8a/", PORT },
    { "https://h:-1/", PORT },
    { "https://h:1:2/", PORT },
    { "https://h:80@evil/", PORT },
    { "https://user:secret@h", PORT },
    { "https://[::1]x/", PORT },
    { "https://[::1]:x/", PORT },
    { "https://[::1]]/", PORT },
};

/* Exactly as long as it is, so that a byte behind it is noticed. */
static struct str
copy(const char *text)
{
    size_t len = strlen(text);
    char *data = malloc(len > 0 ? len : 1);

    memcpy(data, text, len);
    return (struct str){ data, len };
}

Test(url, has_a_plain_origin)
{
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct str url = copy(origins[i].url);
        struct url_origin got = { 0 };
        const char *fault = url_origin_fault(url, &got);

        cr_expect_eq(fault, NULL, "%s: %s", origins[i].url, fault);
        cr_expect(str_equal((struct str){ got.host, got.host_len },
                            str_of(origins[i].host)),
                  "%s: %.*s", origins[i].url, (int)got.host_len, got.host);
        cr_expect_eq(got.port, origins[i].port, "%s: %u", origins[i].url,
                     got.port);
        cr_expect_eq(got.is_https, origins[i].is_https, "%s", origins[i].url);
        cr_expect_eq(got.is_loopback, origins[i].is_loopback, "%s",
                     origins[i].url);
        /* Of 8 bytes is "https://", or "http://" with the first of a host. */
        cr_expect_eq(got.len, 8 + strcspn(origins[i].url + 8, "/?"), "%s: %zu",
                     origins[i].url, got.len);
        free((char *)url.data);
    }
}

Test(url, has_no_origin_in_doubt)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct str url = copy(refused[i].url);
        struct url_origin got = { .port = 7 };
        const char *fault = url_origin_fault(url, &got);

        cr_expect_str_eq(fault == NULL ? "accepted" : fault, refused[i].fault,
                         "%s", refused[i].url);
        cr_expect_eq(got.port, 7, "%s: %u", refused[i].url, got.port);
        free((char *)url.data);
    }
}

/* Where it points to is somebody else's to judge. */
Test(url, is_absolute_whatever_its_host)
{
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct str url = copy(origins[i].url);

        cr_expect(url_is_absolute(url), "%s", origins[i].url);
        free((char *)url.data);
    }
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct str url = copy(refused[i].url);
        const bool is_begun = strcmp(refused[i].fault, MARKS) != 0 &&
                              strcmp(refused[i].fault, BEGIN) != 0;

        cr_expect_eq(url_is_absolute(url), is_begun, "%s", refused[i].url);
        free((char *)url.data);
    }
}

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    { "https://api.massive.com", "https://api.massive.com/v3?cursor=x", true },
    { "https://api.massive.com", "https://api.massive.com:443/", true },
    { "https://api.massive.com", "HTTPS://API.MASSIVE.COM:443/", true },
    { "http://h", "http://h:80/", true },
    { "http://127.0.0.1:8000", "http://127.0.0.1:8000/x", true },
    { "http://[::1]:80", "http://[0:0::1]/", true },
    { "http://[2001:db8::a]", "http://[2001:DB8:0:0::A]:80", true },

    { "https://api.massive.com", "http://api.massive.com", false },
    { "https://api.massive.com", "http://api.massive.com:443", false },
    { "https://api.massive.com", "https://api.massive.com:8443", false },
    { "https://api.massive.com", "https://api.polygon.io", false },
    { "https://api.massive.com", "https://api.massive.com.", false },
    { "https://api.massive.com", "https://api.massive.com:", false },
    { "https://api.massive.com", "https://api.massive.com:0443/", false },
    { "https://api.massive.com", "https://api.massive.com.evil.com", false },
    { "https://api.massive.com", "https://evilapi.massive.com", false },
    { "https://api.massive.com", "https://massive.com", false },
    { "https://api.massive.com", "https://api.massive.co", false },
    { "https://api.massive.com", "https://api.massive.com@evil", false },
    { "https://api.massive.com", "https://evil@api.massive.com", false },
    { "https://api.massive.com", "https://api.massive.com\\@evil", false },
    { "https://api.massive.com", "//api.massive.com/x", false },
    { "https://api.massive.com", "/v3", false },
    { "https://api.massive.com", "", false },
    { "", "", false },
    { "/x", "/x", false },
    { "http://127.0.0.1", "http://127.1", false },
    { "http://127.0.0.1", "http://localhost", false },
    { "http://127.0.0.1", "http://2130706433", false },
    { "http://[::1]", "http://[::2]", false },
    { "http://[::1]", "http://[::1]:81", false },
    { "http://[::ffff:127.0.0.1]", "http://127.0.0.1", false },
};

Test(url, same_origin_in_doubt_is_no)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        struct str a = copy(pairs[i].a), b = copy(pairs[i].b);

        cr_expect_eq(url_same_origin(a, b), pairs[i].same, "%s %s", pairs[i].a,
                     pairs[i].b);
        cr_expect_eq(url_same_origin(b, a), pairs[i].same, "%s %s", pairs[i].b,
                     pairs[i].a);
        free((char *)a.data);
        free((char *)b.data);
    }
}

Test(url, is_bounded)
{
    static const struct {
        size_t host, path;
        const char *fault;
    } rows[] = {
        { URL_HOST_BYTES_MAX, 10, NULL },
        { URL_HOST_BYTES_MAX + 1, 10, HOST },
        { 10, URL_BYTES_MAX - 17, NULL },
        { 10, URL_BYTES_MAX - 16, "the URL is too long" },
    };
    char url[URL_BYTES_MAX + 2];
    struct url_origin got;

    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t len = 7 + rows[i].host + rows[i].path;
        const char *fault;

        memset(url, 'a', sizeof url);
        memcpy(url, "http://", 7);
        url[7 + rows[i].host] = '/';
        cr_assert_leq(len, sizeof url);
        fault = url_origin_fault((struct str){ url, len }, &got);
        cr_expect_str_eq(fault == NULL ? "" : fault,
                         rows[i].fault == NULL ? "" : rows[i].fault, "row %zu",
                         i);
    }
}
