/* What the engine's files share of it. */
#ifndef PIPELINE_ENGINE_INSIDE_H
#define PIPELINE_ENGINE_INSIDE_H

#include "breaker.h"
#include "dataset_graph.h"
#include "engine.h"
#include "plan.h"
#include "rate_limit.h"
#include "run.h"
#include "schedule.h"
#include "secmaster/vendor.h"

/* A commit that the store could not take is tried again so much later. */
#define STALL_US INT64_C(10000000)

/* Days that are asked again where there was no bar: some come late. */
#define BAR_DAYS_AGAIN 5

/* What the vendor's clock may be behind its own "updated". */
#define UPDATED_OVERLAP_SECONDS 5

struct engine_dataset;

struct engine_vendor {
    const struct vendor_config *config;
    const struct vendor_adapter *adapter;
    struct str key;
    struct rate_limit limit;
    struct breaker breaker;
    uint64_t last_run;
    const struct engine_dataset *moved; /* whose watermark moved last */
    struct poller_vendor_stats stats;
};

/* What a page is known again by; rows 0: there was none. */
struct page_mark {
    uint64_t page;
    uint32_t rows;
    uint64_t print;
};

/* A run that is queued, running or being released, and the page at hand. */
struct live {
    struct run run;
    struct engine_dataset *dataset;
    struct release *release; /* of a run that had ended; else NULL */
    bool has_begun;          /* the breaker has heard of it */
    bool has_heard;          /* the vendor has answered it, be it long ago */
    bool is_our_fault;       /* that it failed */
    int64_t stalled_until_us;
    int64_t went_on_us;   /* when it was begun or begun again */
    uint64_t done_before; /* and how far it was */

    struct arena plan_arena;
    struct plan plan;

    struct out asked;     /* the URL of the page at hand, without a key */
    struct out next;      /* where it goes on, likewise; empty: by number */
    struct out elsewhere; /* where the vendor has it; empty: where asked */
    int redirects;        /* up to there */
    int status;
    char content_type[FETCH_HEADER_BYTES];
    struct out body;

    struct listing listing; /* of all pages */
    struct batch *facts;    /* what of the listing is new ... */
    uint64_t judged_tx;     /* ... to who knows no later transaction */
    struct bar_batch *bars; /* of the page */
    struct trade_batch *trades;
    struct arena arena; /* of complaints; reset with each page */
    struct complaints complaints;
    struct page_mark before, circle; /* earlier pages of the run */
    struct quarantine_info entry;    /* its reasons */
};

struct engine_dataset {
    struct engine_vendor *vendor;
    const struct dataset_config *config;
    const struct vendor_dataset *shape;
    size_t after;      /* the dataset it comes after by the configuration */
    bool *is_upstream; /* by dataset: whose end it waits for */
    bool has_schedule;
    struct schedule schedule;
    struct live *live;
    struct live *queued;   /* behind it: its turn came meanwhile */
    bool is_wanted;        /* the same by the clock, which is not caught up */
    uint64_t last_request; /* of the engine's, its newest */
    bool has_ended;
    uint64_t last_ended; /* the newest run that has, and how */
    enum run_state last_end;
    char watermark[WATERMARK_BYTES];
    struct poller_dataset_stats stats;
};

struct engine {
    struct engine_options options;
    struct arena arena; /* of what lives as long */
    struct engine_vendor *vendors;
    size_t vendor_count;
    struct engine_dataset *datasets; /* in the graph's order */
    size_t dataset_count;
    bool has_listing; /* some dataset brings one */
    uint64_t next_run, next_entry;
    int64_t wake_us; /* the earliest moment at which something is to be done */
    uint64_t requests;  /* sent so far */
    struct date pruned; /* the day of the last pruning */
    bool is_broken;     /* the store has failed */
};

/* engine.c */
int64_t engine_now_us(struct engine *engine);
struct instant engine_now(struct engine *engine);
void engine_want(struct engine *engine, int64_t at_us);
struct engine_dataset *engine_find(struct engine *engine, struct str vendor,
                                   struct str dataset);

/* Where entries like it are counted while they are open; NULL: nowhere, as it
 * is of what is not configured. */
uint64_t *engine_open_count(struct engine *engine,
                            const struct quarantine_info *entry);

/* Whether one more may be open. ERR_FULL: somebody has to decide first. */
enum err engine_has_room(const struct engine *engine, struct why *why);
struct str dataset_name_of(const struct engine_dataset *dataset);

/* Tell readers of a run, with its estimated end where it has one. */
void engine_tell(struct engine *engine, const struct live *live);
void engine_tell_all(struct engine *engine);

/* engine_state.c: what is kept. Values are printed into an out that must not
 * grow any more once they are pointed at. */
enum err engine_load(struct engine *engine, struct why *why);
enum err engine_put(struct engine *engine, struct publication *publication,
                    struct complaints *complaints, struct why *why);
enum err engine_put_pace(struct engine *engine, struct engine_vendor *vendor,
                         struct why *why);

/* A record as it is on disk, its names in arena. ERR_NOT_FOUND: there is none.
 * ERR_BUSY, ERR_STORE. */
enum err engine_read_run(struct engine *engine, uint64_t id,
                         struct arena *arena, struct run_record *out,
                         struct why *why);
enum err engine_read_entry(struct engine *engine, uint64_t id,
                           struct arena *arena, struct quarantine_record *out,
                           struct why *why);

/* Whether a run was cancelled before it began: nobody has learnt anything of
 * its dataset, and nobody waits for it. */
bool engine_is_called_off(const struct run_info *info);

/* What the end of a run says of its dataset; an older one, released late, does
 * not speak for a newer one. The same whether it ends or is read back. */
void engine_learn_end(struct engine_dataset *dataset,
                      const struct run_record *record);

/* What the board has dropped goes from the store as well; 0: nothing. What is
 * left there is forgotten at the next start. */
void engine_forget(struct engine *engine, enum state_space space, uint64_t id);

/* Put what a change of runs, entries, watermarks means. */
#define STATE_BYTES_MAX (4UL << 20)
struct changes {
    struct state_change *items;
    size_t count, capacity;
    struct arena arena; /* of keys and values */
    enum err err;
};
void changes_init(struct changes *changes);
void changes_fini(struct changes *changes);
void changes_run(struct changes *changes, const struct run_record *record);
void changes_entry(struct changes *changes,
                   const struct quarantine_record *record);
void changes_watermark(struct changes *changes,
                       const struct engine_dataset *dataset, const char *text);
void changes_remove(struct changes *changes, enum state_space space,
                    uint64_t number);

/*
 * engine_call.c: begin a run, queued and on disk; request NULL: by the clock
 * or behind another one; *id may be NULL.
 */
enum err engine_begin(struct engine *engine, struct engine_dataset *dataset,
                      const struct poller_request *request, uint64_t *id);

/* engine_prune.c: remove the pages of days before a date that nobody can want
 * any more. */
void engine_prune(struct engine *engine, struct date before);

/* live_commit.c: its run or its release is over, the one behind it is next. */
void engine_pass_on(struct engine_dataset *dataset);

/* A run of the dataset has ended; put an entry, and more. */
void engine_note_end(struct engine *engine, struct engine_dataset *dataset,
                     const struct run_record *record);
enum err engine_put_entry(struct engine *engine,
                          const struct quarantine_record *entry,
                          struct changes *with);

/* live.c */
struct live *live_new(struct engine_dataset *dataset,
                      const struct run_record *record);
void live_free(struct live *live);

/* Do its next step; false: it has to wait. */
bool live_step(struct engine *engine, struct live *live);

/* engine_release.c: take its next page, or publish it; live may then be gone.
 */
void release_step(struct engine *engine, struct live *live);
void release_free(struct release *release);

/* engine_page.c: read the answer at hand. ERR_BUSY: memory. */
enum err live_read(struct engine *engine, struct live *live,
                   struct run_reading *out, struct why *why);
enum err live_decode(struct engine *engine, struct live *live,
                     struct vendor_reading *reading);

/* Of the market's bars keep those that are somebody's, where a listing says who
 * is. */
enum err live_leave_out(struct engine *engine, struct live *live,
                        struct why *why);

/* Work out the facts of a listing that is there as a whole; reasons are
 * complaints. */
enum err live_whole(struct engine *engine, struct live *live, bool is_audited,
                    struct why *why);
void live_drop_page(struct live *live);
void live_forget_elsewhere(struct live *live);
void live_reason(struct live *live, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void live_complaints(struct live *live);

#endif
