/* The answer to a batch of bars. */
#ifndef API_PRICES_H
#define API_PRICES_H

#include "secmaster/out.h"
#include "secmaster/writer.h"

/* Append the body that a job of bars is answered with when it is stored, or
 * was found good by a dry run, or has nothing new. */
void prices_answer(const struct write_job *job, struct out *out);

#endif
