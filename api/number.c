/* Numbers in paths, parameters and headers. */
#include <assert.h>

#include "number.h"
#include "problem.h"
#include "secmaster/bounds.h"

bool
number_read(struct str text, uint64_t *out)
{
    uint64_t number = 0;

    if (text.len == 0 || (text.len > 1 && text.data[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = (unsigned char)text.data[i] - (unsigned)'0';

        if (digit > 9)
            return false;
        if (number > (UINT64_MAX - digit) / 10)
            number = UINT64_MAX;
        else
            number = number * 10 + digit;
    }
    *out = number;
    return true;
}

struct str
number_text(uint64_t number, char text[static NUMBER_TEXT_BYTES])
{
    char *end = text + NUMBER_TEXT_BYTES - 1, *at = end;

    *at = '\0';
    do
        *--at = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    return (struct str){ at, (size_t)(end - at) };
}

bool
security_id_read(struct request *request, struct response *response,
                 int64_t *out)
{
    uint64_t id;

    assert(request->segment_count > 0);
    if (!number_read(request->segments[0], &id) ||
        id > (uint64_t)SECURITY_ID_MAX) {
        problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                    "a security_id is an integer from 0 to %lld",
                    (long long)SECURITY_ID_MAX);
        return false;
    }
    *out = (int64_t)id;
    return true;
}
