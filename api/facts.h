/* The answer to a batch of facts. */
#ifndef API_FACTS_H
#define API_FACTS_H

#include "secmaster/out.h"
#include "secmaster/writer.h"

/* Append the body that a job of facts is answered with when it is stored, or
 * was found good by a dry run. */
void facts_answer(const struct write_job *job, struct out *out);

#endif
