/* URLs and paths that a key may be sent to, and those that it may not. */
#include <criterion/criterion.h>
#include <stdlib.h>

#include "secmaster/bounds.h"
#include "src/codec/base_url.h"

#define BEGIN "the URL must begin with \"https://\" or \"http://\""
#define MARKS "the URL has a character that must be escaped, or a fragment"
#define HOST "the URL has no host that is a name or an address"
#define PLAIN                                                                  \
    "the URL must begin with \"https://\": only this machine may be asked by " \
    "\"http://\""
#define PORT "the URL's port must be from 1 to 65535"
#define SLASH "the path must begin with \"/\""
#define CHARACTER "the path has a character that does not belong in one"
#define ESCAPE "the path has a broken escape"
#define HIDDEN "the path has an escaped \".\" or \"/\""
#define DOTS "the path has a segment \".\" or \"..\""

#define LABEL63                                                                \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

struct row {
    const char *text, *fault;
};

static void
expect_faults(const char *(*fault)(struct str), const struct row *rows,
              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = fault(str_of(rows[i].text));

        if (rows[i].fault == NULL || got == NULL)
            cr_expect_eq(got, rows[i].fault, "\"%s\": %s", rows[i].text,
                         got == NULL ? "accepted" : got);
        else
            cr_expect_str_eq(got, rows[i].fault, "\"%s\"", rows[i].text);
    }
}

Test(base_url, is_https_or_this_machine)
{
    static const struct row rows[] = {
        { "https://api.massive.com", NULL },
        { "https://api.massive.com/", NULL },
        { "https://api.massive.com:443/v3/reference", NULL },
        { "HTTPS://h", NULL },
        { "https://192.0.2.7:8443", NULL },
        { "https://[2001:db8::7]:8443/x", NULL },
        { "http://localhost", NULL },
        { "http://LOCALHOST", NULL },
        { "http://localhost:8080/base", NULL },
        { "http://127.0.0.1:1", NULL },
        { "http://127.255.255.255", NULL },
        { "http://[::1]:8080", NULL },

        { "", BEGIN },
        { "api.massive.com", BEGIN },
        { "ftp://localhost", BEGIN },
        { "https://", HOST },
        { "https://a_b", HOST },
        { "https://192.0.2", HOST },
        { "https://h@evil.com", HOST },
        { "https://h:", PORT },
        { "https://h:80@evil.com", PORT },
        { "https://user:secret@h", PORT },
        { " https://h", MARKS },
        { "https://h x", MARKS },
        { "https://h\\@evil.com", MARKS },
        { "https://h#x", MARKS },
        { "https://h/#x", MARKS },
        { "https://h?x", SLASH },
        { "https://h/?apiKey=x", CHARACTER },
        { "https://h:1/a%2fb", HIDDEN },
        { "https://h/../x", DOTS },
        { "http://api.massive.com", PLAIN },
        { "http://192.0.2.7", PLAIN },
        { "http://128.0.0.1", PLAIN },
        { "http://127.0.0.1.evil.com", PLAIN },
        { "http://localhost.evil.com", PLAIN },
        { "http://[::2]", PLAIN },
        { "http://[::ffff:7f00:1]", PLAIN },
        { "http://0.0.0.0", PLAIN },
        { "http://127.1", HOST },
        { "http://2130706433", HOST },
        { "http://localhost@evil.com", HOST },
    };

    expect_faults(base_url_fault, rows, sizeof rows / sizeof rows[0]);
}

Test(base_url, takes_plain_paths_only)
{
    static const struct row rows[] = {
        { "/", NULL },
        { "/api/v1/government_trades", NULL },
        { "/a//b/", NULL },
        { "/a.b/..c/d../...", NULL },
        { "/-._~!$&'()*+,;=:@", NULL },
        { "/a%20b%C3%a9", NULL },
        { "", SLASH },
        { "api", SLASH },
        { "/a b", CHARACTER },
        { "/a?b", CHARACTER },
        { "/a#b", CHARACTER },
        { "/a\\b", CHARACTER },
        { "/\xc3\xa9", CHARACTER },
        { "/a\nb", CHARACTER },
        { "/\x7f", CHARACTER },
        { "/a%", ESCAPE },
        { "/a%2", ESCAPE },
        { "/a%2g", ESCAPE },
        { "/a%g0", ESCAPE },
        { "/a%2eb", HIDDEN },
        { "/a%2Eb", HIDDEN },
        { "/a%2fb", HIDDEN },
        { "/a%2Fb", HIDDEN },
        { "/.", DOTS },
        { "/..", DOTS },
        { "/a/../b", DOTS },
        { "/a/./b", DOTS },
        { "/a/..", DOTS },
        { "//./", DOTS },
    };

    expect_faults(url_path_fault, rows, sizeof rows / sizeof rows[0]);
}

Test(base_url, bounds_urls_paths_and_hosts)
{
    static const struct {
        const char *name, *prefix;
        size_t len;
        const char *fault;
    } rows[] = {
        { "a URL", "https://h/", BASE_URL_BYTES_MAX, NULL },
        { "a long URL", "https://h/", BASE_URL_BYTES_MAX + 1,
          "the URL is too long" },
        { "a path", "/", BASE_URL_BYTES_MAX, NULL },
        { "a long path", "/", BASE_URL_BYTES_MAX + 1, "the path is too long" },
        { "a host", "https://" LABEL63 "." LABEL63 "." LABEL63 ".a", 8 + 253,
          NULL },
        { "a long host", "https://" LABEL63 "." LABEL63 "." LABEL63 ".a",
          8 + 254, HOST },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *text = malloc(rows[i].len);
        struct str url = { text, rows[i].len };
        const char *got;

        memset(text, 'a', rows[i].len);
        memcpy(text, rows[i].prefix, strlen(rows[i].prefix));
        got = rows[i].prefix[0] == '/' ? url_path_fault(url)
                                       : base_url_fault(url);
        cr_expect_str_eq(got == NULL ? "" : got,
                         rows[i].fault == NULL ? "" : rows[i].fault, "%s",
                         rows[i].name);
        free(text);
    }
}
