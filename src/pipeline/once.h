/* Keys under which a request is stored once (docs/storage.md). */
#ifndef PIPELINE_ONCE_H
#define PIPELINE_ONCE_H

#include "commit.h"

/*
 * Look for what a job's key was used for and set job->once: the first answer
 * where it is this very request. ERR_INVALID: it is another one. A key that
 * is too old counts as none. ERR_BUSY, ERR_STORE.
 */
enum err once_find(struct commit *commit, struct write_job *job,
                   struct instant now);

/* Keep the key of a job that has just been admitted, with its answer. */
enum err once_keep(struct commit *commit, const struct write_job *job);

/*
 * Put the removal of keys that are too old in front of what the commit is
 * about to store, at least two for each key that it may keep; so they cannot
 * pile up.
 */
void once_expire(struct commit *commit);

/* The commit is over; is_stored: well. */
void once_end(struct commit *commit, bool is_stored);

#endif
