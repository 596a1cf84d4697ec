/* The kinds of batches, a row each. */
#include "kind.h"

#include <assert.h>

static const struct job_kind *const kinds[] = {
    [BATCH_FACTS] = &kind_facts,         [BATCH_PRECEDENCE] = &kind_precedence,
    [BATCH_POSITIONS] = &kind_positions, [BATCH_PRICES] = &kind_prices,
    [BATCH_TRADES] = &kind_trades,
};

const struct job_kind *
job_kind_of(const struct write_job *job)
{
    if (job->publication != NULL)
        return &kind_publication;
    assert(job->kind < sizeof kinds / sizeof kinds[0]);
    assert(kinds[job->kind] != NULL);
    return kinds[job->kind];
}
