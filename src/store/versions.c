/* The list of memtables: who may use it, and when one is freed. */
#include "versions.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#define NS_PER_MS 1000000L
#define NS_PER_S 1000000000L

void
versions_init(struct versions *versions, struct memtable *active)
{
    pthread_condattr_t attributes;

    *versions = (struct versions){ .active = active };
    versions->ring[0].memtables[0] = active;
    versions->ring[0].count = 1;
    pthread_mutex_init(&versions->lock, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&versions->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void
versions_fini(struct versions *versions)
{
    for (size_t i = 0; i < VERSIONS_MAX; i++)
        assert(versions->ring[i].pins == 0);

    memtable_free(versions->sealed);
    memtable_free(versions->active);
    pthread_mutex_destroy(&versions->lock);
    pthread_cond_destroy(&versions->changed);
}

static struct timespec
deadline(unsigned wait_ms)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * NS_PER_MS;
    if (at.tv_nsec >= NS_PER_S) {
        at.tv_nsec -= NS_PER_S;
        at.tv_sec++;
    }
    return at;
}

const struct version *
versions_pin(struct versions *versions)
{
    struct version *version;

    pthread_mutex_lock(&versions->lock);
    version = &versions->ring[versions->current];
    version->pins++;
    pthread_mutex_unlock(&versions->lock);
    return version;
}

void
versions_unpin(struct versions *versions, const struct version *version)
{
    struct version *pinned;
    size_t at = (size_t)(version - versions->ring);

    pthread_mutex_lock(&versions->lock);
    pinned = &versions->ring[at];
    assert(pinned->pins > 0);
    pinned->pins--;
    if (pinned->pins == 0 && at != versions->current)
        pthread_cond_broadcast(&versions->changed);
    pthread_mutex_unlock(&versions->lock);
}

/* The next version of the ring, which nobody has pinned. Under the lock. */
static void
publish(struct versions *versions, const struct version *next)
{
    size_t at = (versions->current + 1) % VERSIONS_MAX;

    assert(versions->ring[at].pins == 0);

    versions->ring[at] = *next;
    versions->current = at;
}

bool
versions_await_room(struct versions *versions, unsigned wait_ms)
{
    const struct timespec until = deadline(wait_ms);
    bool has_room;
    int rc = 0;

    pthread_mutex_lock(&versions->lock);
    while (versions->sealed != NULL && !versions->has_ended && rc == 0)
        rc =
            pthread_cond_timedwait(&versions->changed, &versions->lock, &until);
    has_room = versions->sealed == NULL;
    pthread_mutex_unlock(&versions->lock);
    return has_room;
}

bool
versions_have_ended(struct versions *versions)
{
    bool has_ended;

    pthread_mutex_lock(&versions->lock);
    has_ended = versions->has_ended;
    pthread_mutex_unlock(&versions->lock);
    return has_ended;
}

void
versions_seal(struct versions *versions, struct memtable *fresh,
              const struct index_mark *mark)
{
    const struct version next = { { versions->active, fresh }, 2, 0 };

    pthread_mutex_lock(&versions->lock);
    assert(versions->sealed == NULL);
    versions->sealed = versions->active;
    versions->sealed_mark = *mark;
    publish(versions, &next);
    pthread_cond_broadcast(&versions->changed);
    pthread_mutex_unlock(&versions->lock);
    versions->active = fresh;
}

struct memtable *
versions_await_sealed(struct versions *versions, struct index_mark *mark)
{
    struct memtable *sealed;

    pthread_mutex_lock(&versions->lock);
    while (versions->sealed == NULL && !versions->is_stopping)
        pthread_cond_wait(&versions->changed, &versions->lock);
    sealed = versions->is_stopping ? NULL : versions->sealed;
    *mark = versions->sealed_mark;
    pthread_mutex_unlock(&versions->lock);
    return sealed;
}

bool
versions_are_waiting(struct versions *versions, unsigned wait_ms)
{
    const struct timespec until = deadline(wait_ms);
    bool are_waiting;
    int rc = 0;

    pthread_mutex_lock(&versions->lock);
    while (versions->sealed == NULL && !versions->is_stopping && rc == 0)
        rc =
            pthread_cond_timedwait(&versions->changed, &versions->lock, &until);
    are_waiting = versions->sealed != NULL || versions->is_stopping;
    pthread_mutex_unlock(&versions->lock);
    return are_waiting;
}

void
versions_publish(struct versions *versions)
{
    const struct version *now;
    struct version next = { .count = 1 };

    pthread_mutex_lock(&versions->lock);
    now = &versions->ring[versions->current];
    assert(now->count == 2);
    assert(now->memtables[0] == versions->sealed);
    next.memtables[0] = now->memtables[1];
    publish(versions, &next);
    pthread_mutex_unlock(&versions->lock);
}

static size_t
old_pins(const struct versions *versions)
{
    size_t pins = 0;

    for (size_t i = 0; i < VERSIONS_MAX; i++)
        if (i != versions->current)
            pins += versions->ring[i].pins;
    return pins;
}

void
versions_free_sealed(struct versions *versions)
{
    struct memtable *sealed;

    pthread_mutex_lock(&versions->lock);
    assert(versions->ring[versions->current].count == 1);
    while (old_pins(versions) > 0)
        pthread_cond_wait(&versions->changed, &versions->lock);
    sealed = versions->sealed;
    pthread_mutex_unlock(&versions->lock);

    /* It counts as memory until it is given back. */
    memtable_free(sealed);
    pthread_mutex_lock(&versions->lock);
    versions->sealed = NULL;
    pthread_cond_broadcast(&versions->changed);
    pthread_mutex_unlock(&versions->lock);
}

void
versions_pause(struct versions *versions, unsigned wait_ms)
{
    const struct timespec until = deadline(wait_ms);
    int rc = 0;

    pthread_mutex_lock(&versions->lock);
    while (!versions->is_stopping && rc == 0)
        rc =
            pthread_cond_timedwait(&versions->changed, &versions->lock, &until);
    pthread_mutex_unlock(&versions->lock);
}

bool
versions_are_stopping(struct versions *versions)
{
    bool is_stopping;

    pthread_mutex_lock(&versions->lock);
    is_stopping = versions->is_stopping;
    pthread_mutex_unlock(&versions->lock);
    return is_stopping;
}

void
versions_end(struct versions *versions)
{
    pthread_mutex_lock(&versions->lock);
    versions->has_ended = true;
    pthread_cond_broadcast(&versions->changed);
    pthread_mutex_unlock(&versions->lock);
}

void
versions_stop(struct versions *versions)
{
    pthread_mutex_lock(&versions->lock);
    versions->is_stopping = true;
    pthread_cond_broadcast(&versions->changed);
    pthread_mutex_unlock(&versions->lock);
}
