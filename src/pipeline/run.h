/*
 * One run as a machine that only decides: what has happened goes in, what is to
 * be done next comes out. It knows no clock, no store and no vendor.
 */
#ifndef PIPELINE_RUN_H
#define PIPELINE_RUN_H

#include "backoff.h"
#include "run_record.h"

/* Pages that may be put into quarantine before a run gives up. */
#define RUN_QUARANTINE_MAX 32

/* How its pages make up what is published. */
struct run_shape {
    bool is_whole;  /* all at once behind the last page, else page by page */
    bool is_list;   /* of asks known beforehand, a page each; else one ask, page
                       behind page */
    bool has_links; /* where a page goes on stands in the one before it: after
                       a restart the archive is read from the first page on */
    struct backoff backoff;
};

enum run_step {
    RUN_STEP_PLAN,       /* work out its asks: run_planned */
    RUN_STEP_RECALL,     /* look for the page in the archive: run_recalled */
    RUN_STEP_FETCH,      /* send, not before not_before_us: run_sent */
    RUN_STEP_WAIT,       /* for the answer: run_answered, run_missed */
    RUN_STEP_ARCHIVE,    /* the page: run_archived */
    RUN_STEP_READ,       /* decode and audit it: run_read */
    RUN_STEP_PUBLISH,    /* it, or all: run_published, run_refused */
    RUN_STEP_QUARANTINE, /* it, or all: run_quarantined */
    RUN_STEP_FINISH,     /* state end: run_finished */
    RUN_STEP_OVER,
};

struct run {
    struct run_record record; /* as it is to be kept with the next commit */
    struct run_shape shape;
    enum run_step step;
    uint64_t page;         /* at hand, from 0; of a list its ask */
    int tries;             /* that the page has taken */
    int64_t not_before_us; /* of RUN_STEP_FETCH, by the monotonic clock */
    enum run_state end;    /* of RUN_STEP_FINISH and a whole's PUBLISH */
    bool is_recalling;     /* pages still come from the archive */
    bool is_backing_off;   /* the last request failed */
    bool has_next;         /* behind the page at hand */
    bool is_empty;         /* there was no page to hand */
};

/* Begin a run, or go on with one that was kept. */
void run_begin(struct run *run, const struct run_record *record,
               const struct run_shape *shape);

/* What its asks come to. */
struct run_plan {
    uint64_t total; /* of a list: how many; else 0 */
    uint64_t print; /* other asks have another one; not 0 */
};

/* Under another configuration a number is another page: it begins anew, at each
 * start where it would go by the archive, or fails where pages of the old ones
 * are in quarantine. */
void run_planned(struct run *run, const struct run_plan *plan);
void run_recalled(struct run *run, bool is_there);
void run_sent(struct run *run);

/* It is to be asked for elsewhere, as any request by its pace. */
void run_redirected(struct run *run);

/* An answer that is not retried; is_page: it has a body to keep. */
void run_answered(struct run *run, bool is_page);

/* What did not come, or was an answer that asks for patience. */
struct run_miss {
    const char *what; /* in words for the run's error */
    struct str retry_after;
    struct instant now;
    int64_t now_us;
    uint64_t draw;
};
/* How long it waits: 0, and the run fails, behind BACKOFF_TRIES. */
int64_t run_missed(struct run *run, const struct run_miss *miss);

void run_archived(struct run *run);

enum run_verdict {
    RUN_PAGE_GOOD,
    RUN_PAGE_EMPTY, /* nothing there; of numbered pages the end */
    RUN_PAGE_BAD,   /* it goes into quarantine */
};
struct run_reading {
    enum run_verdict verdict;
    bool has_next;   /* more pages follow */
    int64_t highest; /* "updated" of its rows */
};
void run_read(struct run *run, const struct run_reading *reading);

/* What the commit of a page, or of all, came to. */
struct run_counts {
    uint64_t stored, unchanged;
};
void run_published(struct run *run, const struct run_counts *counts,
                   struct instant now);

/* What was to be published breaks a rule. */
void run_refused(struct run *run);

void run_quarantined(struct run *run);
void run_finished(struct run *run, struct instant now);

/* Before it is over; what is under way is dropped. */
void run_fail(struct run *run, const char *error);
void run_cancel(struct run *run);

/* The record behind run_published, run_quarantined or run_finished, for the
 * commit that makes it so. */
void run_preview(const struct run *run, const struct run_counts *counts,
                 struct instant now, struct run_record *out);

#endif
