/* Accept-Encoding and Content-Encoding, read as RFC 9110 says. */
#include <criterion/criterion.h>

#include "api/coding.h"

#define TWICE "\n" /* parts the lines of a header that came twice */

static void
set_header(struct request *request, struct pair headers[2], const char *name,
           const char *value)
{
    const char *second = value == NULL ? NULL : strstr(value, TWICE);

    *request = (struct request){ .headers = headers };
    if (value == NULL)
        return;
    headers[0] = (struct pair){ str_of(name), str_of(value) };
    request->header_count = 1;
    if (second == NULL)
        return;
    headers[0].value.len = (size_t)(second - value);
    headers[1] = (struct pair){ str_of(name), str_of(second + 1) };
    request->header_count = 2;
}

Test(coding, weighs_what_is_accepted)
{
    static const struct {
        const char *value; /* NULL: no such header */
        bool gzip, identity;
        enum coding best;
    } rows[] = {
        { NULL, false, true, CODING_IDENTITY },
        { "", false, true, CODING_IDENTITY },
        { "gzip", true, true, CODING_GZIP },
        { "GZip", true, true, CODING_GZIP },
        { "x-gzip", true, true, CODING_GZIP },
        { "gzip, deflate, br, zstd", true, true, CODING_GZIP },
        { "deflate" TWICE "gzip", true, true, CODING_GZIP },
        { " , gzip ,", true, true, CODING_GZIP },
        { "gzip;q=1.0", true, true, CODING_GZIP },
        { "gzip ; q=0.001", true, true, CODING_GZIP },
        { "gzip;Q=0.5", true, true, CODING_GZIP },
        { "gzip;level=9;q=0", false, true, CODING_IDENTITY },
        { "gzip;q=0", false, true, CODING_IDENTITY },
        { "gzip;q=0.000", false, true, CODING_IDENTITY },
        { "gzip;q=0, *", false, true, CODING_IDENTITY },
        { "*", true, true, CODING_GZIP },
        { "*;q=0.1", true, true, CODING_GZIP },
        { "br", false, true, CODING_IDENTITY },
        { "br, *;q=0.1", true, true, CODING_GZIP },
        { "deflate, gzip;q=0.5, identity;q=0.8", true, true, CODING_IDENTITY },
        { "identity;q=0.5, gzip;q=0.5", true, true, CODING_GZIP },
        { "identity, *;q=0.5", true, true, CODING_IDENTITY },
        { "identity", false, true, CODING_IDENTITY },
        { "gzip, identity;q=0", true, false, CODING_GZIP },
        { "gzip, *;q=0", true, false, CODING_GZIP },
        { "*, identity;q=0", true, false, CODING_GZIP },
        { "identity;q=0", false, false, CODING_IDENTITY },
        { "br, identity;q=0", false, false, CODING_IDENTITY },
        { "*;q=0", false, false, CODING_IDENTITY },
        { "gzip;q=0, identity;q=0", false, false, CODING_IDENTITY },
        { "identity, *;q=0", false, true, CODING_IDENTITY },
        { "gzip;q=2", false, true, CODING_IDENTITY },
        { "gzip;q=", false, true, CODING_IDENTITY },
        { "gzip;q=-1", false, true, CODING_IDENTITY },
        { "gzip;q=0.0001", false, true, CODING_IDENTITY },
        { "gzipp", false, true, CODING_IDENTITY },
        { "gzi", false, true, CODING_IDENTITY },
        { "gzip deflate", false, true, CODING_IDENTITY },
        { ";q=0", false, true, CODING_IDENTITY },
        { ";;;,,,===,q=", false, true, CODING_IDENTITY },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *row = rows[i].value == NULL ? "none" : rows[i].value;
        struct request request;
        struct pair headers[2];
        bool any;

        set_header(&request, headers, "accept-encoding", rows[i].value);
        any = coding_accepted(&request);
        cr_expect_eq(any, rows[i].gzip || rows[i].identity, "%s: any", row);
        cr_expect_eq(request.codings[CODING_GZIP], rows[i].gzip, "%s: gzip",
                     row);
        cr_expect_eq(request.codings[CODING_IDENTITY], rows[i].identity,
                     "%s: identity", row);
        cr_expect_eq(request.coding, rows[i].best, "%s: best", row);
    }
}

Test(coding, takes_one_gzip_at_most_of_a_body)
{
    static const struct {
        const char *value;
        bool is_taken;
        enum coding coding;
    } rows[] = {
        { NULL, true, CODING_IDENTITY },
        { "", true, CODING_IDENTITY },
        { "identity", true, CODING_IDENTITY },
        { "gzip", true, CODING_GZIP },
        { " GZIP ", true, CODING_GZIP },
        { "x-gzip", true, CODING_GZIP },
        { "identity, gzip", true, CODING_GZIP },
        { "identity" TWICE "gzip", true, CODING_GZIP },
        { "gzip, gzip", false, CODING_IDENTITY },
        { "gzip" TWICE "gzip", false, CODING_IDENTITY },
        { "identity" TWICE "br", false, CODING_IDENTITY },
        { "deflate", false, CODING_IDENTITY },
        { "gzip, deflate", false, CODING_IDENTITY },
        { "br", false, CODING_IDENTITY },
        { "zstd", false, CODING_IDENTITY },
        { "gzip;q=1", false, CODING_IDENTITY },
        { "*", false, CODING_IDENTITY },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *row = rows[i].value == NULL ? "none" : rows[i].value;
        struct request request;
        struct pair headers[2];
        bool is_taken;

        set_header(&request, headers, "Content-Encoding", rows[i].value);
        is_taken = coding_of_body(&request);
        cr_expect_eq(is_taken, rows[i].is_taken, "%s", row);
        if (is_taken)
            cr_expect_eq(request.body_coding, rows[i].coding, "%s", row);
    }
}
