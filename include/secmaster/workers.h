/* A small pool for what computes long before its first byte. */
#ifndef SECMASTER_WORKERS_H
#define SECMASTER_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "secmaster/err.h"
#include "secmaster/inbox.h"

/* The submitter owns it before workers_submit and again once it comes out
 * of item.home. */
struct worker_job {
    struct inbox_item item;              /* home: the submitter's inbox */
    void (*run)(struct worker_job *job); /* on a worker's thread */
    struct worker_job *next;             /* the queue's */
};

struct workers;

enum err workers_start(size_t threads, struct workers **out, struct why *why);

/* ERR_BUSY: the queue is full or the pool is stopping. */
enum err workers_submit(struct workers *workers, struct worker_job *job);

/*
 * The same for a job that its submitter would do itself sooner than have
 * requests wait for it. ERR_BUSY: as above, or WORKER_OFFERS_MAX jobs wait.
 */
enum err workers_offer(struct workers *workers, struct worker_job *job);

/* Take a job back that waits: it is the submitter's, and does not come home.
 * False: it is running, or on its way home. */
bool workers_withdraw(struct workers *workers, struct worker_job *job);

/* Jobs waiting or running, now. Any thread. */
size_t workers_pending(struct workers *workers);

/* Finish what is queued, end the threads, free. */
void workers_stop(struct workers *workers);

#endif
