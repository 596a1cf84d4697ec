/* The idempotency keys of jobs that the writer has in hand. */
#ifndef PIPELINE_KEYS_H
#define PIPELINE_KEYS_H

#include "secmaster/writer.h"

/* As many chains as there are jobs in a full queue, about. */
#define KEY_CHAINS 4096

/* Chained through the jobs, so that nothing is allocated. */
struct keys {
    uint64_t seed;
    struct write_job *chains[KEY_CHAINS];
};

void keys_init(struct keys *keys, uint64_t seed);

/* False: another job has the key. */
bool keys_add(struct keys *keys, struct write_job *job);

/* The job was added. */
void keys_remove(struct keys *keys, struct write_job *job);

#endif
