/* Pass over a JSON value that nobody wants; only duplicates in it count. */
#ifndef CODEC_JSON_SKIP_H
#define CODEC_JSON_SKIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "members_seen.h"
#include "secmaster/bounds.h"

/* Zero: nothing is passed over. */
struct json_skip {
    uint32_t depth;               /* of the containers that are open in it */
    struct members_seen seen;     /* of the innermost object */
    size_t outer[JSON_DEPTH_MAX]; /* see members_seen_enter */
};

/* Whether what stands here is passed over. */
static inline bool
json_skip_is_on(const struct json_skip *skip)
{
    return skip->depth > 0;
}

/* A container begins: the one to pass over, or one inside it; it ends. */
void json_skip_begin(struct json_skip *skip);
void json_skip_end(struct json_skip *skip);

/* Whether the object that is passed over had a member of this name before. */
bool json_skip_key(struct json_skip *skip, struct str name);

#endif
