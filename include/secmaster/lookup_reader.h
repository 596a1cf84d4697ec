/* What a lookup asks for, from its body. */
#ifndef SECMASTER_LOOKUP_READER_H
#define SECMASTER_LOOKUP_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secmaster/arena.h"
#include "secmaster/complaint.h"
#include "secmaster/date.h"
#include "secmaster/err.h"

/* A security and a day. */
struct lookup_key {
    int64_t security_id;
    struct date as_of;
    bool is_dated; /* else as_of is the lookup's to say */
};

struct lookup {
    struct lookup_key *keys; /* in the order sent */
    size_t key_count;
    struct date as_of; /* of keys without one */
    bool is_dated;     /* else the body does not say */
    struct str *attributes;
    size_t attribute_count;
    bool is_projected; /* the columns are to be those attributes */
};

/*
 * Read {"security_ids": [..] or "keys": [{"security_id", "as_of"}, ..],
 * "as_of", "attributes": [..]}: one of the two lists, the rest optional. What
 * it points to lives in arena. ERR_MALFORMED: outside JSON's grammar, or a
 * member twice. ERR_INVALID: there are complaints. ERR_TOO_LARGE: past the
 * arena's budget.
 */
enum err lookup_read(struct str body, struct arena *arena,
                     struct complaints *complaints, struct lookup *out,
                     struct why *why);

#endif
