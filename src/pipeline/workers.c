/* A few threads and one queue. */
#include "secmaster/workers.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "secmaster/bounds.h"

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct worker_job *first, *last; /* the queue */
    size_t waiting, running;
    bool stopping;
    size_t thread_count;
    pthread_t threads[];
};

static struct worker_job *
take_job(struct workers *workers)
{
    while (workers->first == NULL && !workers->stopping)
        pthread_cond_wait(&workers->filled, &workers->lock);

    struct worker_job *job = workers->first;

    if (job != NULL) {
        workers->first = job->next;
        workers->waiting--;
        workers->running++;
    }
    return job;
}

static void *
run(void *argument)
{
    struct workers *workers = argument;
    struct worker_job *job;

    pthread_mutex_lock(&workers->lock);
    while ((job = take_job(workers)) != NULL) {
        pthread_mutex_unlock(&workers->lock);
        job->run(job);

        /* Counted down first: whoever takes the job may look. */
        pthread_mutex_lock(&workers->lock);
        workers->running--;
        pthread_mutex_unlock(&workers->lock);
        inbox_push(job->item.home, &job->item, &job->item);
        pthread_mutex_lock(&workers->lock);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

enum err
workers_start(size_t threads, struct workers **out, struct why *why)
{
    assert(threads > 0);

    struct workers *workers =
        calloc(1, sizeof *workers + threads * sizeof workers->threads[0]);

    if (workers == NULL)
        return why_set(why, ERR_BUSY, "no memory for the workers");
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->filled, NULL);
    for (size_t i = 0; i < threads; i++) {
        if (pthread_create(&workers->threads[i], NULL, run, workers) != 0) {
            workers_stop(workers);
            return why_set(why, ERR_BUSY, "no thread for a worker");
        }
        workers->thread_count++;
    }
    *out = workers;
    return OK;
}

/* With the lock held. */
static enum err
add_job(struct workers *workers, struct worker_job *job, size_t waiting_max)
{
    if (workers->stopping || workers->waiting >= waiting_max)
        return ERR_BUSY;
    job->next = NULL;
    if (workers->first == NULL)
        workers->first = job;
    else
        workers->last->next = job;
    workers->last = job;
    workers->waiting++;
    pthread_cond_signal(&workers->filled);
    return OK;
}

static enum err
submit(struct workers *workers, struct worker_job *job, size_t waiting_max)
{
    enum err err;

    assert(job->item.home != NULL);
    assert(job->run != NULL);

    pthread_mutex_lock(&workers->lock);
    err = add_job(workers, job, waiting_max);
    pthread_mutex_unlock(&workers->lock);
    return err;
}

enum err
workers_submit(struct workers *workers, struct worker_job *job)
{
    return submit(workers, job, WORKER_QUEUE_JOBS_MAX);
}

enum err
workers_offer(struct workers *workers, struct worker_job *job)
{
    return submit(workers, job, WORKER_OFFERS_MAX);
}

/* With the lock held. */
static bool
remove_job(struct workers *workers, const struct worker_job *job)
{
    struct worker_job **at = &workers->first, *before = NULL;

    while (*at != NULL && *at != job) {
        before = *at;
        at = &before->next;
    }
    if (*at == NULL)
        return false;
    *at = job->next;
    if (workers->last == job)
        workers->last = before;
    workers->waiting--;
    return true;
}

bool
workers_withdraw(struct workers *workers, struct worker_job *job)
{
    bool is_ours;

    pthread_mutex_lock(&workers->lock);
    is_ours = remove_job(workers, job);
    pthread_mutex_unlock(&workers->lock);
    return is_ours;
}

size_t
workers_pending(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    size_t pending = workers->waiting + workers->running;
    pthread_mutex_unlock(&workers->lock);
    return pending;
}

void
workers_stop(struct workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->filled);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->thread_count; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_mutex_destroy(&workers->lock);
    pthread_cond_destroy(&workers->filled);
    free(workers);
}
