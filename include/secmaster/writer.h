/* The only thread that writes: admission in order and group commit. */
#ifndef SECMASTER_WRITER_H
#define SECMASTER_WRITER_H

#include <stdint.h>

#include "secmaster/batch.h"
#include "secmaster/bells.h"
#include "secmaster/clock.h"
#include "secmaster/complaint.h"
#include "secmaster/inbox.h"
#include "secmaster/rule.h"
#include "secmaster/store.h"

/* What a portfolio holds on a day, instead of what was stored for it before. */
struct portfolio_day {
    struct str portfolio; /* its name */
    struct date date;
    struct str payload; /* positionset.h */
};

/*
 * One batch on its way through the writer. The submitter owns it before
 * writer_submit and again once it comes out of item.home; in between it
 * touches nothing of it.
 */
struct write_job {
    struct inbox_item item; /* home: the submitter's inbox */
    enum batch_kind kind;
    union {                  /* by kind; owned by the job's owner */
        struct batch *batch; /* facts, sealed */
        const struct rule_names *rule;
        const struct portfolio_day *day;
    };
    size_t bytes;                  /* about what it holds in memory */
    struct complaints *complaints; /* filled on ERR_INVALID */
    struct write_job *next;        /* the queue's */

    /* The answer. */
    enum err err; /* OK, ERR_INVALID (complaints), ERR_FULL, ERR_STORE,
                     ERR_BUSY (memory), ERR_TOO_LARGE (for one commit) */
    struct why why;
    uint64_t tx;
    struct instant recorded_at;
    uint32_t facts, securities;
};

struct writer;

struct writer_stats {
    uint64_t commits, batches, facts, refused;
    uint64_t commit_us_total;
    uint64_t queue_jobs, queue_bytes; /* now */
};

/* failed is called once, on the writer's thread, when the store has failed
 * and the process must stop. */
struct writer_options {
    struct store *store;
    clock_now *now;
    void (*failed)(void *context, const char *why);
    void *context;
    struct bells *commits; /* rung by every commit; may be NULL */
};

enum err writer_start(const struct writer_options *options, struct writer **out,
                      struct why *why);

/* Queue a job. ERR_BUSY: the queue is full or the writer is stopping; the
 * job is then still the caller's. */
enum err writer_submit(struct writer *writer, struct write_job *job);

/* Any thread. */
void writer_stats(struct writer *writer, struct writer_stats *out);

/* Finish what is queued, answer it, end the thread, free. */
void writer_stop(struct writer *writer);

#endif
