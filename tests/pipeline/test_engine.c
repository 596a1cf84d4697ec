/* The engine by a clock of our own: a day of runs, and days that go wrong. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/pipeline/market.h"
#include "tests/pipeline/polling.h"

Test(engine, a_day)
{
    polling_start(market_config, "2024-12-17T05:59:00Z");
    polling.serve = market_serve;
    polling_run_until(86400 + 7200);
    for (size_t i = 0; i < polling.request_count; i++)
        fprintf(stderr, "%10.3f %s %d\n",
                (double)polling.requests[i].at_us / 1e6,
                polling.requests[i].url, polling.requests[i].has_bearer);
    for (uint64_t id = 1; id < 8; id++) {
        struct run_info run = polling_run_info(id);

        if (run.id == 0)
            break;
        fprintf(
            stderr,
            "run %d %.*s %s done %d/%d pages %d stored %d unchanged %d %s\n",
            (int)run.id, STR_ARG(run.dataset), run_state_name(run.state),
            (int)run.done, (int)run.total, (int)run.pages, (int)run.stored,
            (int)run.unchanged, run.error);
    }
    polling_stop();
}
