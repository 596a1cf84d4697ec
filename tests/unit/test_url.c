/* What a URL points to, and what is not even read. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "secmaster/url.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *url;
    const char *host; /* NULL: refused */
    unsigned port;
    bool is_https, is_loopback;
} origins[] = {
    { "https://api.massive.com", "api.massive.com", 443, true, false },
    { "https://api.massive.com/", "api.massive.com", 443, true, false },
    { "https://api.massive.com?a=b", "api.massive.com", 443, true, false },
    { "https://api.massive.com:/x", "api.massive.com", 443, true, false },
    { "https://api.massive.com:8443/x", "api.massive.com", 8443, true, false },
    { "http://API.Massive.COM/X", "api.massive.com", 80, false, false },
    { "HTTPS://a_b-c.1/", "a_b-c.1", 443, true, false },
    { "http://h:65535", "h", 65535, false, false },
    { "http://h:00080", "h", 80, false, false },
    { "https://h/?next=https://evil/@x", "h", 443, true, false },
    { "https://h/a@evil", "h", 443, true, false },
    { "https://h?a@evil", "h", 443, true, false },
    { "http://localhost:1", "localhost", 1, false, true },
    { "http://LOCALHOST", "localhost", 80, false, true },
    { "http://127.0.0.1:9/x", "127.0.0.1", 9, false, true },
    { "http://127.255.1.2", "127.255.1.2", 80, false, true },
    { "http://[::1]:9/x", "[::1]", 9, false, true },
    { "http://[0:0:0:0:0:0:0:1]", "[::1]", 80, false, true },
    { "https://[2001:DB8::0001]/", "[2001:db8::1]", 443, true, false },
    { "http://128.0.0.1", "128.0.0.1", 80, false, false },
    { "http://localhost.evil.com", "localhost.evil.com", 80, false, false },
    { "http://127.0.0.1.evil.com", "127.0.0.1.evil.com", 80, false, false },
    { "http://127.1", "127.1", 80, false, false },
    { "http://localhost.", "localhost.", 80, false, false },

    { "", NULL, 0, false, false },
    { "/v3/tickers", NULL, 0, false, false },
    { "//api.massive.com/", NULL, 0, false, false },
    { "api.massive.com", NULL, 0, false, false },
    { "https:api.massive.com", NULL, 0, false, false },
    { "https:/api.massive.com", NULL, 0, false, false },
    { "ftp://h/", NULL, 0, false, false },
    { "file:///etc/passwd", NULL, 0, false, false },
    { "httpss://h/", NULL, 0, false, false },
    { " https://h/", NULL, 0, false, false },
    { "https://", NULL, 0, false, false },
    { "https:///x", NULL, 0, false, false },
    { "https://?x", NULL, 0, false, false },
    { "https://:443/", NULL, 0, false, false },
    { "https://h:0/", NULL, 0, false, false },
    { "https://h:65536/", NULL, 0, false, false },
    { "https://h:000080/", NULL, 0, false, false },
    { "https://h:8a/", NULL, 0, false, false },
    { "https://h:-1/", NULL, 0, false, false },
    { "https://h:1:2/", NULL, 0, false, false },
    { "https://user@h/", NULL, 0, false, false },
    { "https://api.massive.com@evil/", NULL, 0, false, false },
    { "https://api.massive.com:443@evil/", NULL, 0, false, false },
    { "https://@h/", NULL, 0, false, false },
    { "https://evil\\@h/", NULL, 0, false, false },
    { "https://h\\.evil/", NULL, 0, false, false },
    { "https://h/a\\b", NULL, 0, false, false },
    { "https://h#@evil/", NULL, 0, false, false },
    { "https://h/x#y", NULL, 0, false, false },
    { "https://h%2eevil/", NULL, 0, false, false },
    { "https://h/a b", NULL, 0, false, false },
    { "https://h/a\r\nX: y", NULL, 0, false, false },
    { "https://h\t/", NULL, 0, false, false },
    { "https://h/\x7f", NULL, 0, false, false },
    { "https://h/\xc3\xa9", NULL, 0, false, false },
    { "https://\xc3\xa9.com/", NULL, 0, false, false },
    { "https://h,evil/", NULL, 0, false, false },
    { "https://h;evil/", NULL, 0, false, false },
    { "https://[::1/", NULL, 0, false, false },
    { "https://[]/", NULL, 0, false, false },
    { "https://[", NULL, 0, false, false },
    { "https://[::1]x/", NULL, 0, false, false },
    { "https://[::1]:x/", NULL, 0, false, false },
    { "https://[fe80::1%25eth0]/", NULL, 0, false, false },
    { "https://[127.0.0.1]/", NULL, 0, false, false },
    { "https://::1/", NULL, 0, false, false },
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

Test(url, has_a_plain_origin_or_none)
{
    for (size_t i = 0; i < COUNT(origins); i++) {
        struct str url = copy(origins[i].url);
        struct url_origin got = { 0 };
        struct why why = { "" };
        enum err err = url_origin_read(url, &got, &why);

        if (origins[i].host == NULL) {
            cr_expect_eq(err, ERR_INVALID, "%s: %d", origins[i].url, err);
            cr_expect_neq(why.text[0], '\0', "%s", origins[i].url);
        } else {
            cr_expect_eq(err, OK, "%s: %s", origins[i].url, why.text);
            cr_expect(str_equal((struct str){ got.host, got.host_len },
                                str_of(origins[i].host)),
                      "%s: %.*s", origins[i].url, (int)got.host_len, got.host);
            cr_expect_eq(got.port, origins[i].port, "%s: %u", origins[i].url,
                         got.port);
            cr_expect_eq(got.is_https, origins[i].is_https, "%s",
                         origins[i].url);
            cr_expect_eq(got.is_loopback, origins[i].is_loopback, "%s",
                         origins[i].url);
        }
        free((char *)url.data);
    }
}

static const struct {
    const char *a, *b;
    bool same;
} pairs[] = {
    { "https://api.massive.com", "https://api.massive.com/v3?cursor=x", true },
    { "https://api.massive.com", "https://api.massive.com:443/", true },
    { "https://api.massive.com", "https://API.MASSIVE.COM:0443/", true },
    { "https://api.massive.com", "HtTpS://api.massive.com", true },
    { "http://h", "http://h:80/", true },
    { "http://127.0.0.1:8000", "http://127.0.0.1:8000/x", true },
    { "http://[::1]:80", "http://[0:0::1]/", true },
    { "http://[2001:db8::a]", "http://[2001:DB8:0:0::A]:80", true },

    { "https://api.massive.com", "http://api.massive.com", false },
    { "https://api.massive.com", "http://api.massive.com:443", false },
    { "https://api.massive.com", "https://api.massive.com:8443", false },
    { "https://api.massive.com", "https://api.polygon.io", false },
    { "https://api.massive.com", "https://api.massive.com.", false },
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

/* A limit is met from both sides, and a key is in no words. */
Test(url, is_bounded_and_not_repeated)
{
    static const struct {
        size_t host, path;
        enum err err;
    } lengths[] = {
        { URL_HOST_BYTES_MAX, 10, OK },
        { URL_HOST_BYTES_MAX + 1, 10, ERR_INVALID },
        { 10, URL_BYTES_MAX - 17, OK },
        { 10, URL_BYTES_MAX - 16, ERR_INVALID },
    };
    char url[URL_BYTES_MAX + 2];
    struct url_origin got;
    struct why why;

    for (size_t i = 0; i < COUNT(lengths); i++) {
        size_t len = 7 + lengths[i].host + lengths[i].path;

        memset(url, 'a', sizeof url);
        memcpy(url, "http://", 7);
        url[7 + lengths[i].host] = '/';
        cr_assert_leq(len, sizeof url);
        cr_expect_eq(url_origin_read((struct str){ url, len }, &got, NULL),
                     lengths[i].err, "row %zu", i);
    }
    cr_expect_eq(url_origin_read(STR("ftp://h/?token=SESAME"), &got, &why),
                 ERR_INVALID);
    cr_expect_eq(strstr(why.text, "SESAME"), NULL, "%s", why.text);
    cr_expect_eq(url_origin_read(STR("http://h,/?token=SESAME"), &got, &why),
                 ERR_INVALID);
    cr_expect_eq(strstr(why.text, "SESAME"), NULL, "%s", why.text);
}
