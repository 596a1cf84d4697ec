/* A security that nobody asked for by its id must not come without a word. */
#include "load_made.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "commands.h"

void
load_made_note(struct load_result *result, struct str ticker,
               int64_t security_id)
{
    struct load_made *made = &result->made[result->made_count];

    assert(ticker.len <= TICKER_BYTES_MAX);

    if (result->made_count++ >= LOAD_MADE_LISTED_MAX)
        return;
    memcpy(made->ticker, ticker.data, ticker.len);
    made->ticker[ticker.len] = '\0';
    made->security_id = security_id;
}

enum err
load_made_split(struct str ticker, int64_t security_id, struct why *why)
{
    return why_set(why, ERR_CONFLICT,
                   "the ticker \"%.*s\" is borne from a later day on, by "
                   "security %" PRId64 ": --create would make a second one",
                   STR_ARG(ticker), security_id);
}

void
load_made_tell(const struct load_result *result, uint64_t *made)
{
    for (uint64_t i = 0; i < result->made_count; i++)
        if (*made + i < LOAD_MADE_LISTED_MAX)
            complain("load", "made %" PRId64 " for %s",
                     result->made[i].security_id, result->made[i].ticker);
    *made += result->made_count;
}

void
load_made_end(uint64_t made)
{
    if (made > LOAD_MADE_LISTED_MAX)
        complain("load",
                 "made %" PRIu64 " securities, the first %d named above", made,
                 LOAD_MADE_LISTED_MAX);
}
