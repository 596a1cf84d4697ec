/* What a store has come to hold, batch by batch, written in a line. */
#include "tests/pipeline/history.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/pipeline/writing.h"

static void
write_batch(const char *text)
{
    struct test_job *job;

    if (text[0] == '+' || text[0] == '-')
        job = test_job_new(text);
    else
        job = text[0] == '#' ? test_bars_new(text) : test_trades_new(text);
    test_job_submit_and_wait(job);
    assert(job->job.err == OK);
    test_job_free(job);
}

void
history_write(const char *batches)
{
    char *copy = strdup(batches), *rest = copy;
    const char *batch;

    assert(copy != NULL);
    while ((batch = strsep(&rest, "|")) != NULL)
        if (batch[0] != '\0')
            write_batch(batch);
    free(copy);
}
