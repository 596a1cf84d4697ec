/* A run: a dataset's being asked for, once. */
#ifndef SECMASTER_RUN_H
#define SECMASTER_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "secmaster/bounds.h"
#include "secmaster/date.h"
#include "secmaster/err.h"
#include "secmaster/instant.h"
#include "secmaster/str.h"

/* How far a dataset's run is. */
enum run_state {
    RUN_QUEUED,
    RUN_RUNNING,
    RUN_SUCCEEDED,
    RUN_UNCHANGED, /* well, and there was nothing new */
    RUN_FAILED,
    RUN_QUARANTINED,
    RUN_CANCELLED,
};
#define RUN_STATES 7

/* "queued" ...; static. */
const char *run_state_name(enum run_state state);

/* Whether it goes no further. */
bool run_state_is_end(enum run_state state);

/* Whether it ended well. */
bool run_state_is_good(enum run_state state);

/* Why a run failed, in words that hold no key: 255 bytes at the most. */
#define RUN_ERROR_BYTES 256
#define RUN_ERROR_UPSTREAM                                                     \
    "upstream" /* what it comes after did not end well                         \
                */

/* A run as it is told. An instant of 0 is null. */
struct run_info {
    uint64_t id;                /* from 1; one counter for all vendors */
    struct str vendor, dataset; /* borrowed from the configuration; of a run
                                   that it has no more, from the poller */
    enum run_state state;
    bool has_range;
    struct date from, to; /* both included */
    struct instant queued_at, started_at, finished_at, estimated_end;
    uint64_t done, total;        /* asks; total 0: not known yet */
    uint64_t pages;              /* that came */
    uint64_t stored, unchanged;  /* rows, or facts of a listing */
    uint64_t open;               /* pages in quarantine, undecided */
    char error[RUN_ERROR_BYTES]; /* "": none */
};

#endif
