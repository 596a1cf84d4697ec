/* The pass over noted securities that makes their keyframes. */
#ifndef STORE_KEYFRAME_PASS_H
#define STORE_KEYFRAME_PASS_H

#include "index.h"

struct keyframe_pass;

/* NULL: out of memory. */
struct keyframe_pass *keyframe_pass_new(struct index *index);
void keyframe_pass_free(struct keyframe_pass *pass);

/*
 * Whether there is anything to do: only where no merge was cut off, since a
 * keyframe must not stand for records of which a part is still to come.
 */
bool keyframe_pass_is_due(struct keyframe_pass *pass);

/*
 * One transaction. Errors as index_merge_step's; after ERR_FULL and ERR_BUSY
 * there is nothing to mend, and another call goes on.
 */
enum err keyframe_pass_step(struct keyframe_pass *pass, struct why *why);

#endif
