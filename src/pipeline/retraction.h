/* Whether what a batch retracts, or asserts, is there already. */
#ifndef PIPELINE_RETRACTION_H
#define PIPELINE_RETRACTION_H

#include "commit.h"

/*
 * Judge every retraction of the job's batch in order of arrival, against what
 * the batch itself said before and against the store. ERR_INVALID: complaints
 * name those that retract what is not there. ERR_BUSY, ERR_STORE. Of a batch
 * that skips them, likewise note in commit->held which assertions say what is
 * live with this very value.
 */
enum err retraction_check(struct commit *commit, struct write_job *job);

#endif
