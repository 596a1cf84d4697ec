/* The answer to a batch of facts. */
#ifndef API_FACTS_H
#define API_FACTS_H

#include "secmaster/out.h"
#include "secmaster/writer.h"

/* About what a batch holds in memory. */
size_t facts_bytes(const struct batch *batch);

/* Append the body that a job of facts is answered with when it is stored, or
 * was found good by a dry run. */
void facts_answer(const struct write_job *job, struct out *out);

/* Append the member `minted`: the ids of a batch's new securities by their
 * labels; a dry run gives none. */
void facts_put_minted(const struct write_job *job, const struct batch *batch,
                      struct out *out);

#endif
