/* An engine whose clock, network and disk a test owns; the store is the one in
 * memory, the writer the real one. */
#ifndef PIPELINE_POLLING_H
#define PIPELINE_POLLING_H

#include "src/pipeline/engine.h"

#define POLLING_LOG_MAX 512
#define POLLING_PAGES_MAX 256
#define POLLING_FOREVER INT32_MAX

/* What an answer is instead of the vendor's data. */
struct scripted {
    const char *where; /* part of the URL; NULL: any */
    int from, to;      /* of the requests that have it, from 1; both included */
    int status;        /* 0: none came, as outcome says */
    enum fetch_outcome outcome;
    const char *retry_after, *body;
};

/* One a test program: the doors' data are its. */
struct polling {
    struct store *store;
    struct writer *writer;
    struct inbox inbox;
    struct board *board;
    struct engine *engine;
    struct vendors_config config;
    struct arena arena;

    int64_t now_us; /* of the monotonic clock; the wall's is it + start */
    struct instant start;
    uint64_t draw;

    /* The vendors: what a URL is answered with. */
    const char *(*serve)(const char *url);
    const struct scripted *script;
    size_t script_count;
    int met[16]; /* requests, by row of the script */

    struct {
        int64_t at_us;
        char url[256];
        bool has_bearer;
    } requests[POLLING_LOG_MAX];
    size_t request_count;
    struct {
        const void *context;
        char url[256];
    } pending[8];
    size_t pending_count;
    int sent_on;    /* redirects before the next answer */
    bool is_silent; /* nothing is answered */

    struct {
        struct archive_page page;
        char *body;
    } pages[POLLING_PAGES_MAX];
    size_t page_count;

    enum err recalled; /* what reading an archived page comes to */

    int fuse;     /* so many doors still open; then it is over */
    int refusals; /* so many commits find no room */
    bool fails;   /* each commit, as a broken store's does */
    bool is_over; /* nothing has an effect any more */
    size_t ended; /* runs, as they are told for the log */
    size_t publications, transactions_seen;
};

extern struct polling polling;

/* Begin with an empty store at a moment ("2024-12-16T05:59:00Z"). */
void polling_start(const char *config, const char *moment);
void polling_stop(void);

/* Throw the engine away and make another over the same store and archive. */
void polling_restart(void);

/* Likewise, with another configuration. */
void polling_restart_with(const char *config);

/* Go on until so many seconds after the start; the clock jumps from one thing
 * to be done to the next. */
void polling_run_until(double seconds);

/* The run with an id, of whatever vendor. */
struct run_info polling_run_info(uint64_t id);

/* The entry of quarantine with an id. */
struct quarantine_info polling_entry(uint64_t id);

/* Ask for a run; the answer's error. "": without a range. */
enum err polling_request(const char *vendor, const char *dataset,
                         const char *from, const char *to);

/* Release an entry, to its end; the release's error. */
enum err polling_release(uint64_t id, struct why *why);

/* All transactions' kinds and facts, and all trades and bars, as text in an
 * arena; without what depends on time. */
const char *polling_contents(struct arena *arena);

#endif
