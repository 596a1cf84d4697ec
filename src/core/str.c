/* Borrowed runs of bytes: compare. */
#include "secmaster/str.h"

#include <assert.h>
#include <string.h>

struct str
str_of(const char *text)
{
    assert(text != NULL);

    return (struct str){ text, strlen(text) };
}

bool
str_equal(struct str a, struct str b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 || memcmp(a.data, b.data, a.len) == 0;
}

int
str_compare(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}
