/* A store whose merger stops before each of its steps. */
#include "tests/store/held_merger.h"

/* On the merger's thread. */
static void
stop_here(void *context, enum merge_step step)
{
    struct held_merger *held = context;

    pthread_mutex_lock(&held->lock);
    held->step = step;
    held->is_held = !held->is_free;
    pthread_cond_broadcast(&held->changed);
    while (held->is_held)
        pthread_cond_wait(&held->changed, &held->lock);
    pthread_mutex_unlock(&held->lock);
}

void
held_merger_init(struct held_merger *held)
{
    *held = (struct held_merger){ .testing = { .step = stop_here,
                                               .context = held } };
    pthread_mutex_init(&held->lock, NULL);
    pthread_cond_init(&held->changed, NULL);
}

void
held_merger_fini(struct held_merger *held)
{
    pthread_mutex_destroy(&held->lock);
    pthread_cond_destroy(&held->changed);
}

enum merge_step
held_merger_await(struct held_merger *held)
{
    enum merge_step step;

    pthread_mutex_lock(&held->lock);
    while (!held->is_held)
        pthread_cond_wait(&held->changed, &held->lock);
    step = held->step;
    pthread_mutex_unlock(&held->lock);
    return step;
}

void
held_merger_step(struct held_merger *held)
{
    pthread_mutex_lock(&held->lock);
    held->is_held = false;
    pthread_cond_broadcast(&held->changed);
    pthread_mutex_unlock(&held->lock);
}

void
held_merger_release(struct held_merger *held)
{
    pthread_mutex_lock(&held->lock);
    held->is_free = true;
    held->is_held = false;
    pthread_cond_broadcast(&held->changed);
    pthread_mutex_unlock(&held->lock);
}
