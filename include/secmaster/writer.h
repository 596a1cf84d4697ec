/* The only thread that writes: admission in order and group commit. */
#ifndef SECMASTER_WRITER_H
#define SECMASTER_WRITER_H

#include <stdint.h>

#include "secmaster/bar_batch.h"
#include "secmaster/batch.h"
#include "secmaster/bells.h"
#include "secmaster/clock.h"
#include "secmaster/complaint.h"
#include "secmaster/digest.h"
#include "secmaster/inbox.h"
#include "secmaster/publication.h"
#include "secmaster/rule.h"
#include "secmaster/store.h"
#include "secmaster/trade_batch.h"

struct write_job;

/* What a key was found to be. */
enum once {
    ONCE_FIRST, /* not used before */
    ONCE_AGAIN, /* of this very request, which is stored: nothing more is */
    ONCE_OTHER, /* of another request */
};

/* A request that is to be stored once, however often it is sent. */
struct write_once {
    struct str key; /* 1..255 bytes, borrowed; len 0: it has none */
    unsigned char digest[DIGEST_BYTES]; /* of the whole request */
    uint16_t status;                    /* of its answer */
    /* Append the answer's body; by the writer's thread. */
    void (*print)(const struct write_job *job, struct out *out);

    /* The answer. */
    enum once found;
    struct out answer; /* ONCE_AGAIN: the first body, with status; owned by the
                          job's owner */
};

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
        struct bar_batch *bars;
        struct trade_batch *trades; /* sealed */
    };
    /* Instead of a batch of a kind, or NULL; it has no dry run and no key. */
    struct publication *publication;
    size_t bytes;                  /* about what it holds in memory */
    struct complaints *complaints; /* filled on ERR_INVALID */
    bool dry_run;                  /* judge it, store nothing: tx 0 */
    struct write_once once;
    struct write_job *next;     /* the queue's */
    struct write_job *next_key; /* the keys' */

    /* The answer. */
    enum err err; /* OK, ERR_INVALID (complaints, or ONCE_OTHER), ERR_FULL,
                     ERR_STORE, ERR_BUSY (memory), ERR_TOO_LARGE (for one
                     commit) */
    struct why why;
    bool is_known; /* nothing in it was new, nothing is stored: tx 0 */
    uint64_t tx;   /* the last that it made; 0: none, though a publication's
                      state may be stored */
    struct instant recorded_at;
    uint32_t facts; /* stored, of every transaction that it made */
    uint32_t securities;
};

struct writer;

struct writer_stats {
    uint64_t commits, batches, facts, bars, trades, refused, repeated;
    uint64_t trades_unknown[TRADE_UNKNOWNS]; /* of those trades, texts */
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

/* Queue a job. ERR_BUSY: the queue is full or the writer is stopping;
 * ERR_CONFLICT: another job has its key. It is then still the caller's. */
enum err writer_submit(struct writer *writer, struct write_job *job);

/* Any thread. */
void writer_stats(struct writer *writer, struct writer_stats *out);

/* Finish what is queued, answer it, end the thread, free. */
void writer_stop(struct writer *writer);

#endif
