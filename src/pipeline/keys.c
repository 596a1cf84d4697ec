/* Whose key is in use: a request is in flight until it is answered. */
#include "keys.h"

#include <assert.h>

#include "secmaster/hash.h"

void
keys_init(struct keys *keys, uint64_t seed)
{
    *keys = (struct keys){ .seed = seed };
}

static struct write_job **
chain_of(struct keys *keys, const struct write_job *job)
{
    return &keys->chains[hash_str(keys->seed, job->once.key) % KEY_CHAINS];
}

bool
keys_add(struct keys *keys, struct write_job *job)
{
    struct write_job **chain = chain_of(keys, job);

    for (const struct write_job *at = *chain; at != NULL; at = at->next_key) {
        assert(at != job);
        if (str_equal(at->once.key, job->once.key))
            return false;
    }
    job->next_key = *chain;
    *chain = job;
    return true;
}

void
keys_remove(struct keys *keys, struct write_job *job)
{
    struct write_job **at = chain_of(keys, job);

    while (*at != job) {
        assert(*at != NULL);
        at = &(*at)->next_key;
    }
    *at = job->next_key;
}
