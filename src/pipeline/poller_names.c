/* The names of what a run, an entry of quarantine and a request come to. */
#include <assert.h>

#include "secmaster/poller.h"

static const char *const run_names[] = {
    [RUN_QUEUED] = "queued",       [RUN_RUNNING] = "running",
    [RUN_SUCCEEDED] = "succeeded", [RUN_UNCHANGED] = "unchanged",
    [RUN_FAILED] = "failed",       [RUN_QUARANTINED] = "quarantined",
    [RUN_CANCELLED] = "cancelled",
};
static_assert(sizeof run_names / sizeof run_names[0] == RUN_STATES);

static const char *const quarantine_names[] = {
    [QUARANTINE_OPEN] = "open",
    [QUARANTINE_RELEASED] = "released",
    [QUARANTINE_DISCARDED] = "discarded",
};

static const char *const vendor_names[] = {
    [VENDOR_IDLE] = "idle",
    [VENDOR_RUNNING] = "running",
    [VENDOR_BACKING_OFF] = "backing-off",
};

static const char *const outcome_names[] = {
    [OUTCOME_OK] = "ok",
    [OUTCOME_THROTTLED] = "throttled",
    [OUTCOME_REFUSED] = "refused",
    [OUTCOME_SERVER] = "server",
    [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_CONNECTION] = "connection",
    [OUTCOME_UNUSABLE] = "unusable",
};
static_assert(sizeof outcome_names / sizeof outcome_names[0] ==
              POLLER_OUTCOMES);

const char *
run_state_name(enum run_state state)
{
    assert(state < RUN_STATES);

    return run_names[state];
}

bool
run_state_is_end(enum run_state state)
{
    return state != RUN_QUEUED && state != RUN_RUNNING;
}

bool
run_state_is_good(enum run_state state)
{
    return state == RUN_SUCCEEDED || state == RUN_UNCHANGED;
}

const char *
quarantine_state_name(enum quarantine_state state)
{
    return quarantine_names[state];
}

const char *
poller_vendor_state_name(enum poller_vendor_state state)
{
    return vendor_names[state];
}

const char *
poller_outcome_name(enum poller_outcome outcome)
{
    assert(outcome < POLLER_OUTCOMES);

    return outcome_names[outcome];
}
