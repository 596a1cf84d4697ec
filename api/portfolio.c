/* Portfolios by their names, as paths have them. */
#include "portfolio.h"

#include <assert.h>
#include <string.h>

#include "problem.h"
#include "service.h"

static const char name_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz"
                                 "0123456789._-";

static bool
is_name(struct str text)
{
    if (text.len == 0 || text.len > PORTFOLIO_BYTES_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (memchr(name_bytes, text.data[i], sizeof name_bytes - 1) == NULL)
            return false;
    return true;
}

bool
portfolio_name_read(struct request *request, struct response *response,
                    struct str *out)
{
    assert(request->segment_count > 0);

    *out = request->segments[0];
    if (is_name(*out))
        return true;
    problem_set(request, response, PROBLEM_MALFORMED_PARAMETER,
                "a portfolio's name is 1 to %d of A-Z, a-z, 0-9, '.', '_' and "
                "'-'",
                PORTFOLIO_BYTES_MAX);
    return false;
}

bool
portfolio_is_known(const struct request *request, uint32_t portfolio,
                   uint64_t known_tx)
{
    const struct names *names = request->service->store->portfolios;

    return names_first_assertion(names, portfolio) <= known_tx;
}

bool
portfolio_find(struct request *request, struct response *response,
               uint64_t known_tx, uint32_t *out)
{
    const struct names *names = request->service->store->portfolios;
    struct str name;

    if (!portfolio_name_read(request, response, &name))
        return false;
    *out = names_find(names, name);
    if (*out != NAME_NONE && portfolio_is_known(request, *out, known_tx))
        return true;
    problem_set(request, response, PROBLEM_NOT_FOUND,
                *out == NAME_NONE
                    ? "there is no portfolio %.*s"
                    : "portfolio %.*s was not known at that transaction",
                STR_ARG(name));
    return false;
}
