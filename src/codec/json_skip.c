/* Containers inside a value that nobody wants, counted. */
#include "json_skip.h"

#include <assert.h>

void
json_skip_begin(struct json_skip *skip)
{
    /* The gate let no deeper nesting through. */
    assert(skip->depth < JSON_DEPTH_MAX);

    skip->outer[skip->depth++] = members_seen_enter(&skip->seen);
}

void
json_skip_end(struct json_skip *skip)
{
    assert(skip->depth > 0);

    members_seen_leave(&skip->seen, skip->outer[--skip->depth]);
}

bool
json_skip_key(struct json_skip *skip, struct str name)
{
    assert(skip->depth > 0);

    return members_seen_unknown(&skip->seen, name);
}
