/*
 * The poller: asks vendors for their datasets by the clock and on demand, and
 * publishes what they send once it is archived and audited.
 *
 * A thread of its own does it. Reads are of what that thread has last told, and
 * take microseconds. What changes something waits until that thread has it on
 * disk, mostly milliseconds, a release as long as its pages take: call those on
 * a worker, not on an event loop.
 */
#ifndef SECMASTER_POLLER_H
#define SECMASTER_POLLER_H

#include <stddef.h>

#include "secmaster/clock.h"
#include "secmaster/run.h"
#include "secmaster/store.h"
#include "secmaster/vendor_config.h"
#include "secmaster/writer.h"

struct poller;

struct poller_options {
    struct store *store;
    struct writer *writer;
    const struct vendors_config *config; /* borrowed while it lives */
    const struct str *keys; /* one a vendor, in its order; data NULL: none;
                               borrowed likewise, and terminated */
    const char *data_dir;   /* raw pages go below it */
    const char *user_agent;
    clock_now *now;
};

/*
 * Read what is kept of runs, quarantine and paces, and begin: runs that were
 * cut off go on, an `at` that was missed is not caught up. ERR_INVALID: the
 * datasets wait for each other, or the like (dataset_graph.h). ERR_STORE: what
 * is kept is damaged. ERR_BUSY: memory.
 */
enum err poller_start(const struct poller_options *options, struct poller **out,
                      struct why *why);

/* Whoever waits for a release gets ERR_BUSY before its next page, from now on:
 * that may take longer than a server has to end. All else goes on. NULL is
 * fine. */
void poller_drain(struct poller *poller);

/* Promptly, whatever is under way: the next start goes on from there. The
 * writer must still be there. Calls that wait get ERR_BUSY; none may come
 * later. NULL is fine. */
void poller_stop(struct poller *poller);

/* Vendors. */
enum poller_vendor_state {
    VENDOR_IDLE,
    VENDOR_RUNNING,
    VENDOR_BACKING_OFF, /* a request that failed waits to be sent again */
};
const char *poller_vendor_state_name(enum poller_vendor_state state);

#define WATERMARK_BYTES 64

/* An instant of 0 is null, a run of 0 likewise. */
struct poller_vendor {
    struct str name, adapter; /* borrowed from the configuration */
    enum poller_vendor_state state;
    uint64_t last_run; /* the newest that has begun */
    struct instant next_run_at;
    char watermark[WATERMARK_BYTES]; /* of the dataset that moved its own last;
                                        "": none so far */
    uint32_t tokens_left;
    uint32_t consecutive_failures;
    const char *breaker; /* "closed", "open" or "half-open" */
};

/* All of them, in the configuration's order; out has room for VENDORS_MAX. */
size_t poller_vendors(struct poller *poller, struct poller_vendor *out);

/* Whether a vendor of this name is configured. */
bool poller_has_vendor(const struct poller *poller, struct str vendor);

/* Runs. */
struct poller_run_page {
    struct str vendor;
    uint64_t before; /* only runs below this id; 0: any */
    size_t limit;
};

/* Newest first; out has room for limit. Returns how many there are in it. */
size_t poller_runs(struct poller *poller, const struct poller_run_page *page,
                   struct run_info *out);

/* ERR_NOT_FOUND: the vendor has no such run. */
enum err poller_run(struct poller *poller, struct str vendor, uint64_t run,
                    struct run_info *out);

struct poller_request {
    struct str vendor, dataset;
    bool has_from, has_to; /* one without the other is a fault of range */
    struct date from, to;  /* both included */
};

/* What a request came to. */
struct poller_answer {
    uint64_t run;       /* OK: it is on disk, and will begin */
    int64_t wait_us;    /* ERR_BUSY: after so long it may be asked again */
    const char *member; /* ERR_INVALID: at fault: "dataset", "from", "to" */
};

/*
 * Ask for a run. ERR_NOT_FOUND: no such vendor. ERR_INVALID: no such dataset
 * there, or a range that it cannot be asked for. ERR_CONFLICT: that dataset has
 * one that is queued or running, which answer->run then names. ERR_BUSY: the
 * vendor's breaker is open, or the poller is stopping. ERR_FULL, ERR_STORE: it
 * could not be kept.
 */
enum err poller_request(struct poller *poller,
                        const struct poller_request *request,
                        struct poller_answer *answer, struct why *why);

/* End a run that has not ended; what it has published stays. OK: it is
 * cancelled, *out tells it. ERR_NOT_FOUND: no such run of the vendor.
 * ERR_CONFLICT: it had ended. ERR_BUSY, ERR_FULL, ERR_STORE: as above. */
enum err poller_cancel(struct poller *poller, struct str vendor, uint64_t run,
                       struct run_info *out, struct why *why);

/* Quarantine. */
enum quarantine_state {
    QUARANTINE_OPEN,
    QUARANTINE_RELEASED,
    QUARANTINE_DISCARDED,
};
#define QUARANTINE_STATES 3

/* "open", "released" or "discarded"; static. */
const char *quarantine_state_name(enum quarantine_state state);

#define QUARANTINE_REASONS_MAX 8
#define QUARANTINE_REASON_BYTES 160

struct quarantine_info {
    uint64_t id;                /* from 1; one counter for all vendors */
    struct str vendor, dataset; /* as of struct run_info */
    uint64_t run;               /* 0: null, it did not come by one */
    struct date date; /* that it is about, else of the day when it came */
    uint32_t page;    /* of the run, from 1; of a whole run its last one */
    enum quarantine_state state;
    struct instant quarantined_at;
    uint32_t reason_count;
    char reasons[QUARANTINE_REASONS_MAX][QUARANTINE_REASON_BYTES];
};

struct poller_quarantine_page {
    struct str vendor, dataset; /* data NULL: any */
    uint64_t before;            /* only entries below this id; 0: any */
    size_t limit;
};

/* Newest first, whatever their state; as poller_runs. */
size_t poller_quarantine(struct poller *poller,
                         const struct poller_quarantine_page *page,
                         struct quarantine_info *out);

/* ERR_NOT_FOUND. */
enum err poller_quarantine_entry(struct poller *poller, uint64_t id,
                                 struct quarantine_info *out);

/*
 * Publish the whole run of an entry from its raw pages, audits apart: a listing
 * at once, else page by page, each in one commit with its entry. Runs of other
 * datasets go on meanwhile. When all entries are released the run has
 * succeeded. *out tells the entry. ERR_NOT_FOUND: no such entry. ERR_CONFLICT:
 * it is not open, or its dataset has a run under way. ERR_INVALID: a page
 * cannot be decoded or admitted, as why says. ERR_BUSY: memory, or the poller
 * is stopping. ERR_FULL, ERR_STORE. Whatever is not released then stays open,
 * also behind a crash: the next release goes on with it.
 */
enum err poller_release(struct poller *poller, uint64_t id,
                        struct quarantine_info *out, struct why *why);

/* Drop an entry; its raw pages go with their days. As above; ERR_CONFLICT also
 * while its run is being released. */
enum err poller_discard(struct poller *poller, uint64_t id,
                        struct quarantine_info *out, struct why *why);

#define POLLER_STRAYS "webhook" /* what stands in place of their dataset */

/* What came by another way than a run, and cannot be taken as it is. */
struct poller_stray {
    struct str vendor;  /* is configured */
    struct str dataset; /* POLLER_STRAYS */
    struct str body;    /* as it came */
    const char *reason;
    const struct state_change *guard; /* a key that is put with it; where it is
                                         there already, nothing is kept */
};

/* Put it into quarantine, the raw body first. OK: it is on disk, or the guard's
 * key was there; *id is then 0. ERR_FULL also where QUARANTINE_OPEN_MAX are
 * open. ERR_BUSY, ERR_STORE. */
enum err poller_quarantine_stray(struct poller *poller,
                                 const struct poller_stray *stray, uint64_t *id,
                                 struct why *why);

/* Metrics. How a request ended. */
enum poller_outcome {
    OUTCOME_OK,        /* an answer below 400, or a 404 that means "nothing" */
    OUTCOME_THROTTLED, /* 429 */
    OUTCOME_REFUSED,   /* any other 4xx */
    OUTCOME_SERVER,    /* 5xx */
    OUTCOME_TIMEOUT,
    OUTCOME_CONNECTION, /* refused, reset, cut off */
    OUTCOME_UNUSABLE,   /* too large, redirected, or not HTTP */
};
#define POLLER_OUTCOMES 7

/* "ok", "throttled" ...; static. */
const char *poller_outcome_name(enum poller_outcome outcome);

struct poller_vendor_stats {
    struct str vendor;
    uint64_t requests[POLLER_OUTCOMES];
    uint64_t retries;
    uint64_t backoff_us;  /* waited because of failures */
    uint64_t strays_open; /* entries of quarantine that no run brought */
};

struct poller_dataset_stats {
    struct str vendor, dataset;
    uint64_t runs[RUN_STATES];   /* ended so, since the start */
    struct instant last_success; /* succeeded or unchanged; 0: never */
    uint64_t quarantine_open;
};

struct poller_stats {
    struct poller_vendor_stats vendors[VENDORS_MAX];
    struct poller_dataset_stats datasets[POLLED_DATASETS_MAX];
    size_t vendor_count, dataset_count;
};

void poller_stats(struct poller *poller, struct poller_stats *out);

#endif
