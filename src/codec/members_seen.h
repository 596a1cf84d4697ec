/* Which members an object has shown so far: duplicates are malformed. */
#ifndef CODEC_MEMBERS_SEEN_H
#define CODEC_MEMBERS_SEEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/str.h"

/*
 * Unknown members make a body invalid anyway; they are remembered only to
 * tell a duplicate (malformed) from two complaints. Past these limits of one
 * object that difference is given up.
 */
#define UNKNOWN_NAMES_MAX 64
#define UNKNOWN_BYTES_MAX 4096

struct members_seen {
    uint32_t known;                 /* a bit a member of the shape */
    size_t first, unknown_count;    /* of the innermost object: first and up */
    size_t ends[UNKNOWN_NAMES_MAX]; /* of unknown names in names */
    char names[UNKNOWN_BYTES_MAX];
};

void members_seen_reset(struct members_seen *seen);

/* Whether the object had member i of its shape, or an unknown one of this
 * name, before; from now on it had. */
bool members_seen_known(struct members_seen *seen, size_t i);
bool members_seen_unknown(struct members_seen *seen, struct str name);

/* Go into an object inside the object, and back out with what that gave. */
size_t members_seen_enter(struct members_seen *seen);
void members_seen_leave(struct members_seen *seen, size_t outer);

#endif
