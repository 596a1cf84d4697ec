/* The pass over noted securities that makes their keyframes. */
#ifndef STORE_KEYFRAME_PASS_H
#define STORE_KEYFRAME_PASS_H

#include "index.h"

struct keyframe_pass;

/* NULL: out of memory. */
struct keyframe_pass *keyframe_pass_new(struct index *index);
void keyframe_pass_free(struct keyframe_pass *pass);

/* Whether there is anything to do: not where a merge was cut off, as a keyframe
 * with records that are half merged would be of use to nobody. */
bool keyframe_pass_is_due(struct keyframe_pass *pass);

/*
 * One transaction. *has_removed: it did no more than remove a damaged keyframe,
 * which why names; it is made anew by another call. Errors as
 * index_merge_step's; after ERR_FULL and ERR_BUSY there is nothing to mend, and
 * another call goes on.
 */
enum err keyframe_pass_step(struct keyframe_pass *pass, bool *has_removed,
                            struct why *why);

#endif
